"""Thumbnails over HTTP: who gets them, what a browser may do with them, and that each is made once."""

import asyncio
import io
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from PIL import Image
from pytest_django import Settings

from buckets.objectstore import Link, ObjectStore
from buckets.previews import SLOW, ask
from buckets.services import thumbnails
from buckets.services.slots import transfer

from .browsers import browser_of
from .conftest import Cast, Visitors


def image(colour: str = "red", form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (900, 600), colour).save(file, form)
    return file.getvalue()


@pytest.fixture
def browsers(cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> Visitors:
    people = {name: browser_of(getattr(cast, name), visit) for name in ("owner", "colleague", "outsider")}
    return people | {"anonymous": visit()}


def address(bucket: str, name: str, **more: str) -> str:
    return f"/buckets/{bucket}/object/thumbnail?{urlencode({'name': name, **more})}"


def size_of(answer: httpx.Response) -> tuple[int, int]:
    assert answer.headers["Content-Type"] == "image/webp"
    return Image.open(io.BytesIO(answer.content)).size


async def test_only_who_may_see_the_bucket_gets_one(bucket: str, site: ObjectStore, browsers: Visitors) -> None:
    await site.put(bucket, "a/ü?.png", image())
    for who, status in (("owner", 200), ("colleague", 200), ("outsider", 404), ("anonymous", 302)):
        assert (await browsers[who].get(address(bucket, "a/ü?.png"))).status_code == status, who
    assert (await browsers["owner"].get(address(bucket, "none.png"))).status_code == 404
    assert (await browsers["owner"].get(address(bucket, ""))).status_code == 404
    assert (await browsers["owner"].post(address(bucket, "a/ü?.png"), headers={"X-CSRFToken": "c" * 32})).status_code == 405


async def test_it_is_kept_for_good_where_the_address_names_the_content(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    info = await site.put(bucket, "a.png", image())
    named = address(bucket, "a.png", digest=info.digest or "")
    answer = await browser.get(named)
    assert size_of(answer) == (256, 171)
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert size_of(await browser.get(f"{named}&scale=2")) == (512, 341)
    for other in (address(bucket, "a.png"), address(bucket, "a.png", digest="SHA-256=x")):
        assert (await browser.get(other)).headers["Cache-Control"] == "private, no-cache"
    tag = answer.headers["ETag"]
    again = await browser.get(named, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    await site.put(bucket, "a.png", image("blue"))
    changed = await browser.get(named, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["Cache-Control"] == "private, no-cache"
    assert changed.content != answer.content


@pytest.mark.parametrize(
    ("name", "data"),
    [("damaged.png", image()[:200]), ("text.png", b"just text"), ("a.svg", b"<svg/>"), ("a.txt", image()), ("empty.png", b"")],
)
async def test_what_has_no_picture_says_so_without_an_error(
    name: str, data: bytes, bucket: str, site: ObjectStore, browser: httpx.AsyncClient
) -> None:
    info = await site.put(bucket, name, data)
    answer = await browser.get(address(bucket, name, digest=info.digest or ""))
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Cache-Control"] == "private, no-cache"


async def test_a_link_shows_what_it_leads_to_and_only_to_who_may_see_that(
    bucket: str, site: ObjectStore, browser: httpx.AsyncClient, browsers: Visitors
) -> None:
    await site.put(bucket, "a.png", image())
    await site.add_link(bucket, "b.png", Link(bucket, "a.png"))
    assert size_of(await browser.get(address(bucket, "b.png"))) == (256, 171)
    assert (await browsers["outsider"].get(address(bucket, "b.png"))).status_code == 404


async def test_who_ask_at_the_same_time_get_one_picture(
    bucket: str, site: ObjectStore, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.put(bucket, "a.png", image())
    made, real = [], ask

    async def counted(*args: object) -> object:
        made.append(args)
        await asyncio.sleep(0.05)
        return await real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(thumbnails, "ask", counted)
    answers = await asyncio.gather(*(browser.get(address(bucket, "a.png")) for _ in range(8)))
    assert {size_of(answer) for answer in answers} == {(256, 171)}
    assert len(made) == 1
    await browser.get(address(bucket, "a.png"))
    assert len(made) == 1


async def test_it_is_there_after_a_restart_without_being_made_again(
    bucket: str, site: ObjectStore, browser: httpx.AsyncClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.put(bucket, "a.png", image())
    await site.put(bucket, "broken.png", image()[:200])
    first = await browser.get(address(bucket, "a.png"))
    assert (await browser.get(address(bucket, "broken.png"))).status_code == 204
    (kept,) = [path for path in settings.THUMBNAIL_FOLDER.glob("*/*") if path.is_file()]
    assert (kept.stat().st_mode & 0o777, kept.parent.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    made: list[object] = []

    async def noted(*args: Any) -> Any:
        made.append(args)
        return await ask(*args)

    monkeypatch.setattr(thumbnails, "ask", noted)
    thumbnails._makers.clear()  # what a restart forgets
    again = await browser.get(address(bucket, "a.png"))
    assert (again.content, made) == (first.content, [])
    kept.write_bytes(kept.read_bytes()[:-1])
    thumbnails._makers.clear()
    repaired = await browser.get(address(bucket, "a.png"))
    assert (repaired.content, len(made)) == (first.content, 1)
    settings.THUMBNAIL_FOLDER = kept  # no folder: nothing can be kept, and all goes on
    thumbnails._makers.clear()
    assert (await browser.get(address(bucket, "a.png"))).content == first.content


async def test_what_nobody_waits_for_any_more_is_not_made(
    bucket: str, site: ObjectStore, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.put(bucket, "a.png", image())
    began, ended = asyncio.Event(), asyncio.Event()

    async def endless(*_: object) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    monkeypatch.setattr(thumbnails, "ask", endless)
    owner = cast.owner
    reader = await thumbnails.open_image(owner, bucket, "a.png")
    waiting = [asyncio.create_task(thumbnails.thumbnail(owner, reader)) for _ in range(2)]
    await began.wait()
    waiting[0].cancel()
    await asyncio.wait(waiting[:1])
    assert not ended.is_set()
    waiting[1].cancel()
    await asyncio.wait_for(ended.wait(), 5)


async def test_a_worker_that_is_late_once_is_asked_again_later(
    bucket: str, site: ObjectStore, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.put(bucket, "a.png", image())

    async def late(*_: object) -> object:
        return SLOW

    monkeypatch.setattr(thumbnails, "TRY_AGAIN", -1.0)
    with monkeypatch.context() as now:
        now.setattr(thumbnails, "ask", late)
        answer = await browser.get(address(bucket, "a.png"))
    assert answer.status_code == 204
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert size_of(await browser.get(address(bucket, "a.png"))) == (256, 171)


async def test_whose_transfers_are_all_taken_keeps_nobody_else_from_a_picture(
    bucket: str, site: ObjectStore, cast: Cast, settings: Settings
) -> None:
    settings.MAX_TRANSFERS_PER_USER = 1
    for number in range(2 * thumbnails.READ_AT_ONCE):
        await site.put(bucket, f"{number}.png", image())
    readers = [await thumbnails.open_image(cast.owner, bucket, f"{number}.png") for number in range(2 * thumbnails.READ_AT_ONCE)]
    async with transfer(cast.colleague):
        waiting = [asyncio.create_task(thumbnails.thumbnail(cast.colleague, reader)) for reader in readers[1:]]
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            assert await thumbnails.thumbnail(cast.owner, readers[0])
    assert all(await asyncio.gather(*waiting))


def test_the_cache_keeps_to_its_bytes_and_forgets_what_held_for_a_while() -> None:
    cache, keys = thumbnails.Cache(3000), [("b", str(number), "", 1) for number in range(4)]
    for key in keys:
        cache.put(key, thumbnails.Made(bytes(1000)))
        cache.put(key, thumbnails.Made(bytes(500)))
    assert cache.size == 2 * 900
    assert [cache.get(key) is not None for key in keys] == [False, False, True, True]
    cache.put(keys[3], thumbnails.Made(None, until=10.0))
    assert cache.get(keys[3], 9.0) == thumbnails.Made(None, 10.0)
    assert cache.get(keys[3], 11.0) is None
