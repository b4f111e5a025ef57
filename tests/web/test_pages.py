"""The pages: who gets in, what they show of a bucket, and how they fail."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from asgiref.sync import sync_to_async
from nats.aio.client import Client
from pytest_django import Settings

from buckets.objectstore import ConnectOptions, Link, ObjectStore, Unavailable
from buckets.objectstore.names import metadata_subject
from buckets.services import runtime

from .browsers import browser_of
from .conftest import Cast
from .helpers import listed

ROW = re.compile(r'<tr id="([rf][0-9a-f]{20})" data-rev="[^"]+" data-kind="(object|folder)" data-name="([^"]*)"')
HOSTILE = [
    "/abs",
    "../x",
    "a//b",
    "a/",
    "sp ace",
    "quo\"te'",
    "<b>bold</b>",
    "line\nbreak",
    "cr\r",
    "nul\0",
    "tab\t",
    "\u202egpj.exe",
    "🚀",
    "x" * 500,
    "?a=b&c#d%20",
]


def shown(page: httpx.Response) -> list[str]:
    return [name for _, _, name in ROW.findall(page.text)]


async def fill(store: ObjectStore, bucket: str, *names: str) -> None:
    for name in names:
        await store.put(bucket, name, pieces(b"content"))
    await listed(bucket, *names)


async def pieces(*data: bytes) -> Any:
    for piece in data:
        yield piece


@pytest.mark.parametrize("path", ["/", "/buckets/new", "/buckets/{}/", "/sidebar", "/buckets/{}/upload"])
async def test_a_page_asks_for_a_login_first(bucket: str, visit: Callable[..., httpx.AsyncClient], path: str) -> None:
    answer = await visit().get(path.format(bucket))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login?next=")


async def test_htmx_is_told_to_go_to_the_login_as_a_whole_page(bucket: str, visit: Callable[..., httpx.AsyncClient]) -> None:
    answer = await visit().get(f"/buckets/{bucket}/?q=x", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == f"/login?next={quote(f'/buckets/{bucket}/?q=x', safe='')}"


async def test_a_bucket_that_is_not_shared_looks_like_one_that_does_not_exist(bucket: str, outsider_browser: httpx.AsyncClient) -> None:
    hidden, missing = await outsider_browser.get(f"/buckets/{bucket}/"), await outsider_browser.get("/buckets/nothing-here/")
    assert (hidden.status_code, missing.status_code) == (404, 404)
    assert hidden.text.replace(bucket, "nothing-here").count("There is no bucket") == missing.text.count("There is no bucket") == 1


async def test_home_shows_only_the_buckets_that_are_shared(
    bucket: str, browser: httpx.AsyncClient, outsider_browser: httpx.AsyncClient
) -> None:
    assert f"bucket-{bucket}" in (await browser.get("/")).text
    page = await outsider_browser.get("/")
    assert bucket not in page.text
    assert "Nothing has been shared with you" in page.text


async def test_a_viewer_gets_no_way_to_change_anything(bucket: str, site: ObjectStore, viewer_browser: httpx.AsyncClient) -> None:
    await fill(site, bucket, "one.txt")
    page = await viewer_browser.get(f"/buckets/{bucket}/")
    assert shown(page) == ["one.txt"]
    assert "view only" in page.text
    assert not [word for word in ("upload-files", "delete-row", "new-folder", "delete-selected") if word in page.text]


async def test_it_shows_a_folders_own_files_and_the_sums_of_those_below(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await fill(site, bucket, "a.txt", "d/b.txt", "d/e/c.txt")
    assert shown(await browser.get(f"/buckets/{bucket}/")) == ["d%2F", "a.txt"]
    page = await browser.get(f"/buckets/{bucket}/?prefix=d/")
    assert shown(page) == ["d%2Fe%2F", "d%2Fb.txt"]
    assert "2 items" in page.text
    assert "1 file<" in page.text


async def test_search_finds_names_at_any_depth(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await fill(site, bucket, "report.txt", "d/Report-2.txt", "other")
    page = await browser.get(f"/buckets/{bucket}/?q=rEPORT")
    assert sorted(shown(page)) == ["d%2FReport-2.txt", "report.txt"]
    assert "2 matches" in page.text


async def test_the_headers_sort_both_ways(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await fill(site, bucket, "a", "b", "c")
    page = await browser.get(f"/buckets/{bucket}/?sort=-name")
    assert shown(page) == ["c", "b", "a"]
    assert 'aria-sort="descending"' in page.text
    assert 'href="?sort=-size"' in page.text
    assert 'href="?"' in page.text


async def test_a_long_listing_has_pages_of_100(bucket: str, site: ObjectStore, foreign: Client, browser: httpx.AsyncClient) -> None:
    names = [f"n{number:03}" for number in range(205)]
    for name in names:
        await put_metadata(foreign, bucket, name)
    await listed(bucket, *names)
    first, last = await browser.get(f"/buckets/{bucket}/"), await browser.get(f"/buckets/{bucket}/?page=3")
    assert shown(first) == names[:100]
    assert shown(last) == names[200:]
    assert "1–100 of 205" in first.text
    assert shown(await browser.get(f"/buckets/{bucket}/?page=99")) == names[200:]


async def test_every_name_is_shown_escaped_and_links_to_its_own_bytes(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await fill(site, bucket, *HOSTILE)
    for name in HOSTILE:
        prefix = name[: name.rfind("/") + 1]
        page = await browser.get(f"/buckets/{bucket}/?prefix={quote(prefix, safe='')}")
        assert quote(name, safe="") in shown(page), name
        assert "<b>bold" not in page.text
        assert "\u202e" not in page.text
        asked = f"?name={quote(name, safe='')}"
        assert f'href="/buckets/{bucket}/object{asked}"' in page.text
        assert (await browser.get(f"/api/v1/buckets/{bucket}/objects{asked}")).content == b"content"


async def test_control_characters_are_made_visible(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await fill(site, bucket, "line\nbreak", "folder/")
    assert 'line<span class="control">␊</span>break' in (await browser.get(f"/buckets/{bucket}/")).text
    assert "(no name)" in (await browser.get(f"/buckets/{bucket}/?prefix=folder/")).text


async def test_odd_metadata_and_links_are_shown_as_what_they_are(
    bucket: str, site: ObjectStore, foreign: Client, browser: httpx.AsyncClient
) -> None:
    await put_metadata(foreign, bucket, "broken", b"{")
    await put_metadata(foreign, bucket, "link", options={"link": {"bucket": "other", "name": "target.txt"}})
    await put_metadata(foreign, bucket, "whole", options={"link": {"bucket": "other"}})
    await listed(bucket, "broken", "link", "whole")
    page = (await browser.get(f"/buckets/{bucket}/")).text
    assert "its metadata is not JSON" in page
    assert "→ other / <bdi>target.txt</bdi>" in page
    assert page.count("Leads where you may not see") == 2
    assert f'href="/buckets/{bucket}/object?name=whole"' in page
    await site.add_link(bucket, "here", Link(bucket, None))
    await listed(bucket, "here")
    assert f'<a class="name" href="/buckets/{bucket}/" title="here">' in (await browser.get(f"/buckets/{bucket}/")).text


async def test_the_fragment_is_a_part_of_the_page(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await fill(site, bucket, "a", "d/b")
    whole = (await browser.get(f"/buckets/{bucket}/")).text
    part = await browser.get(f"/buckets/{bucket}/", headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert "HX-Request" in part.headers["Vary"]
    rows = re.search(r'<tbody id="rows">.*?</tbody>', part.text, re.DOTALL)
    assert rows
    assert rows[0] in whole


@pytest.mark.parametrize(
    "query",
    ["?page=-1", "?page=x", "?page=99999999999999999999", "?sort=nonsense", "?q=" + "x" * 5000, "?prefix=%FF", "?prefix=" + "p" * 9000],
)
async def test_nonsense_in_the_address_shows_the_page_anyway(bucket: str, browser: httpx.AsyncClient, query: str) -> None:
    assert (await browser.get(f"/buckets/{bucket}/{query}")).status_code == 200


async def test_the_page_of_a_very_deep_folder_is_small(bucket: str, browser: httpx.AsyncClient) -> None:
    page = await browser.get(f"/buckets/{bucket}/?prefix={'/' * 3000}")
    assert '<span class="muted">…</span>' in page.text
    assert len(page.content) < 300_000


async def test_a_bucket_that_cannot_be_counted_is_listed_anyway(
    bucket: str, site: ObjectStore, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: str) -> int:
        raise Unavailable("no leader")

    monkeypatch.setattr(site, "count_objects", fail)
    page = await browser.get("/")
    assert page.status_code == 200
    assert f"bucket-{bucket}" in page.text
    assert "– files" in page.text
    assert (await browser.get(f"/buckets/{bucket}/")).status_code == 200


async def test_no_page_has_inline_script_or_style(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await fill(site, bucket, "a", "d/b")
    for path in ("/", "/buckets/new", f"/buckets/{bucket}/", f"/buckets/{bucket}/upload", "/buckets/none/", "/nowhere"):
        text = (await browser.get(path)).text
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|hx-on|<script(?![^>]*\ssrc=)", text), path


async def test_only_superusers_see_the_error_of_nats(cast: Cast, settings: Settings, visit: Callable[..., httpx.AsyncClient]) -> None:
    settings.NATS = ConnectOptions(servers=("nats://127.0.0.1:9",), connect_wait=0.1)
    titles = []
    try:
        for user in (cast.admin, cast.owner):
            page = (await (await sync_to_async(browser_of)(user, visit)).get("/")).text
            titles.append('title="' in page.partition('id="banner"')[2].partition(">")[0])
    finally:
        await runtime.close_store()
    assert titles == [True, False]


async def test_while_nats_is_away_the_page_says_so_and_comes_back(
    cast: Cast, settings: Settings, visit: Callable[..., httpx.AsyncClient]
) -> None:
    settings.NATS = ConnectOptions(servers=("nats://127.0.0.1:9",), connect_wait=0.1)
    browser = await signed_in(cast, visit)
    try:
        answer = await browser.get("/")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert "NATS cannot be reached" in answer.text
        assert 'data-controller="recover"' in answer.text
    finally:
        await runtime.close_store()


@pytest.fixture
def outsider_browser(cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    return browser_of(cast.outsider, visit)


@pytest.fixture
def viewer_browser(cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    return browser_of(cast.colleague, visit)


async def signed_in(cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    return await sync_to_async(browser_of)(cast.owner, visit)


async def put_metadata(foreign: Client, bucket: str, name: str, raw: bytes | None = None, **fields: object) -> None:
    document = {"name": name, "bucket": bucket, "nuid": "N", "size": 0, "chunks": 0, **fields}
    body = json.dumps(document).encode() if raw is None else raw
    await foreign.jetstream().publish(metadata_subject(bucket, name), body, headers={"Nats-Rollup": "sub"})


async def test_the_middleware_that_stands_in_for_djangos_protects_as_that_does(cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> None:
    async with visit() as client:
        response = await client.get("/login")
        assert response.headers["X-Frame-Options"] == "DENY"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "same-origin"
        assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "default-src" in response.headers["Content-Security-Policy"]
        assert (await client.post("/login", data={"username": "x", "password": "y"})).status_code == 403


async def test_a_buckets_size_is_that_of_its_files_once_they_are_known(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await site.put(bucket, "x", b"12345")
    stored = (await site.bucket(bucket)).size_bytes

    async def shown() -> list[str]:
        page = (await browser.get("/sidebar")).text
        return re.findall(rf'class="name">{bucket}</span><small title="[^"]*">([^<]*)</small>', page)

    assert await shown() == [f"{stored} B"]
    assert await (await site.live(bucket)).wait_ready(10)
    assert await shown() == ["5 B"]
