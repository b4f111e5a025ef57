"""A film in a bucket plays in a video element and can be sought in, through ranges."""

import base64

from playwright.async_api import Page, Response

from buckets.objectstore import ObjectStore

from .conftest import Window

PAGE = "<!doctype html><title>Film</title><video muted></video>"
# Two seconds of noise, so that it is some MiB: what the player has not read it must ask for.
RECORD = """async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 480, height: 360 });
  const context = canvas.getContext("2d");
  const picture = context.createImageData(480, 360);
  const paint = () => {
    const pixels = new Uint32Array(picture.data.buffer);
    for (let i = 0; i < pixels.length; i += 1) pixels[i] = (Math.random() * 0x1000000) | 0xff000000;
    context.putImageData(picture, 0, 0);
  };
  const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: "video/webm;codecs=vp8", videoBitsPerSecond: 20_000_000 });
  const pieces = [];
  recorder.ondataavailable = ({ data }) => pieces.push(data);
  const stopped = new Promise((resolve) => { recorder.onstop = resolve; });
  paint();
  recorder.start();
  const painting = setInterval(paint, 40);
  setTimeout(() => recorder.stop(), 2000);
  await stopped;
  clearInterval(painting);
  const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}"""
SHOW = """(address) => {
  const video = document.querySelector("video");
  return new Promise((resolve, reject) => {
    video.onloadeddata = () => resolve();
    video.onerror = () => reject(new Error(video.error.message));
    video.src = address;
  });
}"""
SEEK = """(second) => {
  const video = document.querySelector("video");
  return new Promise((resolve) => {
    video.onseeked = () => resolve(video.currentTime);
    video.currentTime = second;
  });
}"""
PLAY = """async () => {
  const video = document.querySelector("video");
  const played = new Promise((resolve) => { video.ontimeupdate = () => video.currentTime > 0 && resolve(video.currentTime); });
  await video.play();
  const reached = await played;
  video.pause();
  return reached;
}"""


async def record_film(page: Page) -> bytes:
    return base64.b64decode(await page.evaluate(RECORD))


async def test_a_video_element_plays_and_seeks_through_ranges(window: Window, bucket: str, store: ObjectStore) -> None:
    answers: list[Response] = []
    window.page.on("response", lambda response: answers.append(response) if "film.webm" in response.url else None)
    await window.page.route("**/a-page-with-a-film", lambda route: route.fulfill(content_type="text/html", body=PAGE))
    await window.open("/a-page-with-a-film")
    film = await record_film(window.page)
    await store.put(bucket, "film.webm", film, headers={"Content-Type": ["video/webm"]})
    await window.page.evaluate(SHOW, f"/api/v1/buckets/{bucket}/objects/film.webm")
    assert await window.page.evaluate(PLAY) > 0
    assert abs(await window.page.evaluate(SEEK, 1.5) - 1.5) < 0.1
    assert abs(await window.page.evaluate(SEEK, 0.5) - 0.5) < 0.1
    assert {answer.status for answer in answers} == {206}
    assert answers[0].headers["content-range"].endswith(f"/{len(film)}")
