"""The grid: the same rows as tiles, with small pictures of images, remembered, live, and for a thousand of them."""

import asyncio
import io
import random
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Page, expect

from buckets.objectstore import ObjectStore

from .conftest import Window
from .test_accessibility import findings

both = pytest.mark.parametrize("scheme", ["light", "dark"], indirect=True)
PICTURES = 1200
# Of what can be seen: name, place in its view, left and top edge.
TILES = """() => {
  const list = document.getElementById('list'), box = list.getBoundingClientRect();
  const top = box.top + list.querySelector('thead').offsetHeight;
  return [...document.querySelectorAll('#rows > tr')].map((row) => [row, row.getBoundingClientRect()])
    .filter(([, rect]) => rect.bottom > top + 1 && rect.top < box.bottom - 1)
    .map(([row, rect]) => [row.querySelector('.label').textContent, row.ariaRowIndex - 2, Math.round(rect.left), Math.round(rect.top)]);
}"""


def image(width: int = 90, height: int = 60, colour: Any = "teal") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "PNG")
    return file.getvalue()


async def fill(store: ObjectStore, bucket: str) -> None:
    files = {"wide.png": image(), "tall.jpg": image(60, 90), "broken.png": b"no image", "notes.txt": b"text", "folder/deep.txt": b"x"}
    for name, data in files.items():
        await store.put(bucket, name, data)
    await store.folders.create(bucket, ["empty/"])


async def to_grid(window: Window) -> None:
    await window.page.get_by_role("button", name="Grid").click()
    await expect(window.page.locator("#listing")).to_have_attribute("data-view", "grid")


def picture(window: Window, name: str) -> Any:
    return window.row(name).locator("img.thumb")


async def focused(page: Page) -> str:
    return str(await page.evaluate("document.activeElement.querySelector('.label')?.textContent"))


@both
async def test_images_are_seen_in_the_grid_and_it_is_remembered(window: Window, bucket: str, store: ObjectStore) -> None:
    await fill(store, bucket)
    page, asked = window.page, []
    page.on("request", lambda request: asked.append(request.url) if "/thumbnail" in request.url else None)
    await window.open_bucket(bucket)
    await expect(page.locator("#rows > tr")).to_have_count(6)
    assert asked == []
    await to_grid(window)
    await expect(page.get_by_role("button", name="Grid")).to_have_attribute("aria-pressed", "true")
    await expect(picture(window, "wide.png")).to_have_class("thumb there")
    await expect(picture(window, "tall.jpg")).to_have_class("thumb there")
    await expect(window.row("broken.png").locator("svg.kind-image")).to_be_visible()
    await expect(picture(window, "broken.png")).to_have_css("opacity", "0")
    assert await picture(window, "notes.txt").count() == 0
    assert not await findings(window)
    roles = await page.get_by_role("table", name="Files").get_by_role("row").count()
    assert roles == 7

    await page.keyboard.press("Home")
    assert await focused(page) == "empty"
    await page.keyboard.press("ArrowRight")
    assert await focused(page) == "folder"
    await page.keyboard.press("ArrowDown")
    assert await focused(page) == "wide.png"
    await page.keyboard.press("Space")
    await page.keyboard.press("Shift+ArrowLeft")
    await expect(page.locator("#selection")).to_contain_text("2 selected")
    assert not await findings(window)

    source = await (await page.request.get(f"{window.url}/buckets/{bucket}/")).text()
    assert 'data-view="grid"' in source
    await page.reload()
    await expect(picture(window, "wide.png")).to_have_class("thumb there")
    await page.get_by_role("button", name="List").click()
    await expect(picture(window, "wide.png")).to_be_hidden()
    await page.reload()
    await expect(page.locator("#listing")).to_have_attribute("data-view", "list")


async def test_a_picture_changes_with_its_image_whoever_writes_it(window: Window, bucket: str, store: ObjectStore) -> None:
    await fill(store, bucket)
    await window.open_bucket(bucket)
    await to_grid(window)
    await expect(picture(window, "wide.png")).to_have_js_property("naturalHeight", 60)
    place = await window.row("wide.png").bounding_box()
    await store.put(bucket, "wide.png", image(90, 30, "red"))
    await expect(picture(window, "wide.png")).to_have_js_property("naturalHeight", 30)
    await expect(picture(window, "wide.png")).to_have_class("thumb there")
    assert await window.row("wide.png").bounding_box() == place
    await store.put(bucket, "wide.png", b"no image any more")
    await expect(picture(window, "wide.png")).to_have_css("opacity", "0")
    await store.put(bucket, "new.gif", image())
    await expect(picture(window, "new.gif")).to_have_class("thumb there")
    await store.delete(bucket, "new.gif")
    await expect(window.row("new.gif")).to_have_count(0)


@both
async def test_on_a_phone_two_tiles_stand_side_by_side(window: Window, bucket: str, store: ObjectStore) -> None:
    await fill(store, bucket)
    page = window.page
    await page.set_viewport_size({"width": 390, "height": 844})
    await window.open_bucket(bucket)
    await to_grid(window)
    await expect(picture(window, "tall.jpg")).to_have_class("thumb there")
    tiles = await page.evaluate(TILES)
    assert len({left for _, _, left, _ in tiles}) == 2
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    assert not await findings(window)


async def test_a_thousand_images_scroll_in_lines_that_stay_aligned(window: Window, bucket: str, store: ObjectStore) -> None:
    seeds = random.Random(1)
    pictures = [image(8, 6, tuple(seeds.randrange(256) for _ in "rgb")) for _ in range(20)]
    names = [f"picture-{number:04}.png" for number in range(PICTURES)]
    for start in range(0, PICTURES, 50):
        await asyncio.gather(*(store.put(bucket, name, pictures[int(name[-6:-4]) % 20]) for name in names[start : start + 50]))
    page = window.page
    await window.open_bucket(bucket)
    await to_grid(window)

    async def seen(first: int | None = None, last: int | None = None) -> list[Any]:
        """The tiles in sight, once they are all there: in whole lines, each in its place, with its picture."""
        await page.wait_for_function(
            f"([first, last]) => {{ const seen = ({TILES})(); return seen.length > 15"
            " && (first === null || seen[0][1] === first) && (last === null || seen.at(-1)[1] === last); }",
            arg=[first, last],
        )
        tiles: list[Any] = await page.evaluate(TILES)
        lefts = sorted({left for _, _, left, _ in tiles})
        assert [name for name, *_ in tiles] == [names[place] for _, place, _, _ in tiles]
        assert all(lefts[place % len(lefts)] == left for _, place, left, _ in tiles)
        assert [place for _, place, _, _ in tiles] == list(range(tiles[0][1], tiles[-1][1] + 1))
        assert await page.locator("#rows > tr").count() <= 320
        return tiles

    await seen(first=0)
    await page.locator("#list").evaluate("(list) => { list.scrollTop = list.scrollHeight / 2; }")
    await page.wait_for_function(f"() => {{ const seen = ({TILES})(); return seen.length > 15 && seen[0][1] > 300; }}")
    middle = await seen()
    await expect(picture(window, middle[7][0])).to_have_class("thumb there")
    await store.put(bucket, "a-new-one.png", pictures[0])
    names.insert(0, "a-new-one.png")
    await expect(page.locator("#facts")).to_contain_text(f"{PICTURES + 1:,} items")
    again = await page.evaluate(TILES)
    assert middle[7][0] in [name for name, *_ in again]
    await page.keyboard.press("End")
    await seen(last=PICTURES)
    assert await focused(page) == names[-1]
    await page.keyboard.press("Home")
    await seen(first=0)
    await page.get_by_role("button", name="List").click()
    await expect(page.locator("#rows > tr").first.locator(".label")).to_have_text("a-new-one.png")
