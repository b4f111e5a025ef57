"""The page of an object: what it shows of every kind of file, who may see and change it, and what happens when two change it at once."""

import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from nats.aio.client import Client

from buckets.objectstore import Link, ObjectNotFound, ObjectStore
from buckets.services import damaged

from .browsers import browser_of, submit
from .conftest import Cast
from .test_pages import HOSTILE, put_metadata

HTML = b"<script>alert(1)</script><b>bold</b>"


@pytest.fixture
def viewer(cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    return browser_of(cast.colleague, visit)


@pytest.fixture
def outsider(cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    return browser_of(cast.outsider, visit)


@pytest.fixture
def editor(cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    return browser_of(cast.editor, visit)


def address(bucket: str, name: str, part: str = "", **more: str) -> str:
    return f"/buckets/{bucket}/object{part}?{urlencode({'name': name, **more})}"


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("in/<b>side.txt", b"x" * 777)
        made.writestr("large", bytes(3_000_000))
    return file.getvalue()


def tarred() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as made:
        for number in range(5):
            member = tarfile.TarInfo(f"part-{number}")
            member.size = 600_000
            made.addfile(member, io.BytesIO(bytes(600_000)))
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "parts"),
    [
        ("code.py", b"def f(): return '<b>'", ('<span class="k">def</span>', "&lt;b&gt;", "Edit text")),
        ("notes.md", b"# Hello\n\n<b>raw</b>", ("<h3>Hello</h3>", "&lt;b&gt;raw")),
        ("table.csv", b"name,<b>\nx,<i>\n", ('<th scope="col">name</th>', "<td>&lt;i&gt;</td>")),
        ("tree.json", b'{"<b>": [1, 2]}', ('<span class="na">&lt;b&gt;</span>', "[2]")),
        ("page.html", HTML, ("&lt;", "HTML")),
        ("all.zip", zipped(), ("in/&lt;b&gt;side.txt", "777 B", "2.86 MiB", "2 entries")),
        ("all.tar", tarred(), ("part-0", "part-4", "5 entries")),
        ("bytes.bin", bytes(range(256)), ("00000010", "10 11 12 13")),
        ("no-ending", b"just text", ("just text",)),
        ("image.png", b"no matter", ("<img src=", "image.png")),
        ("film.mp4", b"no matter", ("<video src=",)),
        ("song.mp3", b"no matter", ("<audio src=",)),
        ("paper.pdf", b"no matter", ("<object", "application/pdf")),
        ("empty.txt", b"", ("This file is empty",)),
    ],
)
async def test_every_kind_of_file_has_its_preview(
    bucket: str, site: ObjectStore, browser: httpx.AsyncClient, name: str, data: bytes, parts: tuple[str, ...]
) -> None:
    await site.put(bucket, name, data)
    page = await browser.get(address(bucket, name))
    assert page.status_code == 200
    assert [part for part in parts if part not in page.text] == []
    assert "<b>bold" not in page.text
    assert "alert(1)</script>" not in page.text
    assert "unsafe" not in page.headers["Content-Security-Policy"]


async def test_of_large_files_only_the_beginning_is_read_and_shown(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    for name, data in (("log.txt", b"line\n" * 1_000_000), ("big.json", b"[" + b"1," * 1_000_000 + b"1]"), ("big.csv", b"a,b\n" * 500_000)):
        await site.put(bucket, name, data)
        page = await browser.get(address(bucket, name))
        assert "only the beginning is shown" in page.text
        assert len(page.content) < 1_500_000


async def test_an_image_that_is_too_large_is_not_given_to_the_browser(
    bucket: str, foreign: Client, site: ObjectStore, browser: httpx.AsyncClient
) -> None:
    await put_metadata(foreign, bucket, "huge.png", nuid="N", size=10**9, chunks=1000)
    page = await browser.get(address(bucket, "huge.png"))
    assert "too large to be shown" in page.text
    assert "<img" not in page.text


async def test_every_name_has_a_page(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    for name in HOSTILE:
        await site.put(bucket, name, b"content")
        page = await browser.get(f"/buckets/{bucket}/object?name={quote(name, safe='')}")
        assert page.status_code == 200, name
        assert "content" in page.text
        assert "<b>bold" not in page.text
        assert "\u202e" not in page.text
        assert (await browser.get(f"/buckets/{bucket}/object/details?name={quote(name, safe='')}")).status_code == 200, name


async def test_the_details_are_those_of_the_object_with_hostile_ones_escaped(
    bucket: str, site: ObjectStore, browser: httpx.AsyncClient
) -> None:
    info = await site.put(
        bucket, "x.txt", b"12345", description="<i>first</i>\nsecond", headers={"X-<b>": ["one", "two"]}, metadata={"key\u202e": "a\nb\0"}
    )
    page = (await browser.get(address(bucket, "x.txt"))).text
    for part in (
        "5 bytes",
        info.nuid,
        "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5",
        "&lt;i&gt;first",
        "X-&lt;b&gt;",
        "⟨RLO⟩",
        "␀",
    ):
        assert part in page
    assert "<i>first" not in page


async def test_who_may_see_it_and_who_may_change_it(
    bucket: str,
    site: ObjectStore,
    viewer: httpx.AsyncClient,
    outsider: httpx.AsyncClient,
    visit: Callable[..., httpx.AsyncClient],
) -> None:
    info = await site.put(bucket, "x.png", b"text")
    page = await viewer.get(address(bucket, "x.png"))
    assert page.status_code == 200
    assert not [word for word in ("object/text", "object/details", "object/delete", "Delete…") if word in page.text]
    for part in ("", "/raw"):
        assert (await outsider.get(address(bucket, "x.png", part))).status_code == 404
        assert (await visit().get(address(bucket, "x.png", part))).status_code == 302
    for part in ("/text", "/details", "/delete", "/undelete"):
        assert (await submit(viewer, address(bucket, "x.png", part), [("text", "mine"), ("name", "y")])).status_code == 403
        assert (await submit(outsider, address(bucket, "x.png", part), [("text", "mine"), ("name", "y")])).status_code == 404
    assert (await submit(outsider, address(bucket, "x.png", "/verify"), [])).status_code == 404
    assert (await site.info(bucket, "x.png")).revision == info.revision


@pytest.mark.parametrize(
    "query", ["", "name=", "name=" + "x" * 5000, "name=not-there", "name=x&version=nonsense", "name=x&version=" + "9" * 300]
)
async def test_an_address_that_names_nothing_is_not_found(bucket: str, site: ObjectStore, browser: httpx.AsyncClient, query: str) -> None:
    await site.put(bucket, "x", b"1")
    await site.history.enable(bucket)
    for part in ("", "/raw"):
        assert (await browser.get(f"/buckets/{bucket}/object{part}?{query}")).status_code in (404, 422)


@pytest.mark.parametrize(
    ("name", "stated", "given"),
    [
        ("a.svg", "", "image/svg+xml"),
        ("a.png", "text/html", "image/png"),
        ("a.pdf", "text/html", "application/pdf"),
        ("a.mp4", "", "video/mp4"),
    ],
)
async def test_raw_bytes_come_as_a_type_that_cannot_run_and_under_a_policy_of_their_own(
    bucket: str, site: ObjectStore, browser: httpx.AsyncClient, name: str, stated: str, given: str
) -> None:
    await site.put(bucket, name, HTML, headers={"Content-Type": [stated]} if stated else None)
    answer = await browser.get(address(bucket, name, "/raw"))
    assert answer.content == HTML
    assert answer.headers["Content-Type"] == given
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("inline")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert ("sandbox" in policy) == (given != "application/pdf")
    part = await browser.get(address(bucket, name, "/raw"), headers={"Range": "bytes=1-6"})
    assert (part.status_code, part.content) == (206, HTML[1:7])


@pytest.mark.parametrize("name", ["a.html", "a.txt", "a.js", "a.xml", "a", "a.zip", "a.css"])
async def test_nothing_else_is_handed_out_as_it_is(bucket: str, site: ObjectStore, browser: httpx.AsyncClient, name: str) -> None:
    await site.put(bucket, name, HTML, headers={"Content-Type": ["text/html"]})
    assert (await browser.get(address(bucket, name, "/raw"))).status_code == 422


@pytest.mark.parametrize("place", ["script", "style", "worker", "iframe"])
async def test_raw_bytes_are_no_part_of_a_page_that_could_run_them(
    bucket: str, site: ObjectStore, browser: httpx.AsyncClient, place: str
) -> None:
    await site.put(bucket, "a.svg", HTML)
    assert (await browser.get(address(bucket, "a.svg", "/raw"), headers={"Sec-Fetch-Dest": place})).status_code == 403


async def test_a_link_leads_to_its_target_which_tells_who_links_to_it(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await site.put(bucket, "target.txt", b"1")
    await site.add_link(bucket, "a link", Link(bucket, "target.txt"))
    link, target = (await browser.get(address(bucket, "a link"))).text, (await browser.get(address(bucket, "target.txt"))).text
    assert f'href="/buckets/{bucket}/object?name=target.txt"' in link
    assert f'href="/buckets/{bucket}/object?name=a%20link"' in target


async def test_broken_metadata_has_a_page_that_says_what_is_wrong(
    bucket: str, foreign: Client, site: ObjectStore, browser: httpx.AsyncClient
) -> None:
    await put_metadata(foreign, bucket, "broken", b"{")
    page = await browser.get(address(bucket, "broken"))
    assert page.status_code == 200
    assert "its metadata is not JSON" in page.text


async def test_verifying_tells_how_far_it_is_and_that_all_is_well(bucket: str, site: ObjectStore, viewer: httpx.AsyncClient) -> None:
    await site.put(bucket, "x", bytes(20_000_000))
    steps = await verified(viewer, bucket, "x")
    assert [step["ok"] for step in steps[:-1]] == [None] * (len(steps) - 1)
    assert [step["done"] for step in steps] == sorted(step["done"] for step in steps)
    assert len(steps) > 2
    assert (steps[-1]["ok"], steps[-1]["done"]) == (True, 20_000_000)
    plain = await submit(viewer, address(bucket, "x", "/verify"), [])
    assert plain.status_code == 302
    assert "Every byte is what its SHA-256 says" in (await viewer.get(plain.headers["Location"])).text


async def test_verifying_finds_what_is_damaged_and_the_page_says_so(
    bucket: str, site: ObjectStore, foreign: Client, browser: httpx.AsyncClient
) -> None:
    info = await site.put(bucket, "x.txt", b"12345")
    digest = "SHA-256=" + "A" * 43 + "="
    await put_metadata(foreign, bucket, "x.txt", nuid=info.nuid, size=5, chunks=1, digest=digest)
    steps = await verified(browser, bucket, "x.txt")
    assert steps[-1]["ok"] is False
    assert "damaged" in steps[-1]["message"]
    page = (await browser.get(address(bucket, "x.txt"))).text
    assert "Something is wrong with this file" in page
    damaged.clear(await site.info(bucket, "x.txt"))


async def verified(browser: httpx.AsyncClient, bucket: str, name: str) -> list[dict[str, Any]]:
    answer = await submit(browser, address(bucket, name, "/verify"), [], Accept="application/x-ndjson")
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_a_text_is_edited_and_all_else_stays(bucket: str, site: ObjectStore, editor: httpx.AsyncClient) -> None:
    headers = {"Content-Type": ["text/plain; charset=utf-8"], "Uploaded-By": ["maya"], "X": ["1", "2"]}
    info = await site.put(bucket, "x.txt", b"one\r\ntwo\r\n", description="d", headers=headers, metadata={"m": "n"})
    assert "one\ntwo\n</textarea>" in (await editor.get(address(bucket, "x.txt", "/text"))).text
    saved = await submit(editor, address(bucket, "x.txt", "/text"), [("revision", str(info.revision)), ("text", "one\r\nthree\r\n")])
    assert saved.status_code == 302
    assert await content(site, bucket, "x.txt") == b"one\r\nthree\r\n"
    after = await site.info(bucket, "x.txt")
    assert (after.description, after.metadata, after.headers["X"]) == ("d", {"m": "n"}, ("1", "2"))
    assert after.content_type == "text/plain; charset=utf-8"
    assert after.header("Uploaded-By") == "editor"


async def test_who_was_slower_keeps_the_text_and_is_told_who_was_faster(bucket: str, site: ObjectStore, editor: httpx.AsyncClient) -> None:
    old = await site.put(bucket, "x.txt", b"old")
    new = await site.put(bucket, "x.txt", b"<theirs>", headers={"Uploaded-By": ["maya"]})
    answer = await submit(editor, address(bucket, "x.txt", "/text"), [("revision", str(old.revision)), ("text", "<mine>")])
    assert answer.status_code == 412
    for part in ("<bdi>maya</bdi> changed this file", "&lt;mine&gt;</textarea>", "&lt;theirs&gt;</textarea>", f'value="{new.revision}"'):
        assert part in answer.text
    assert await content(site, bucket, "x.txt") == b"<theirs>"
    again = await submit(editor, address(bucket, "x.txt", "/text"), [("revision", str(new.revision)), ("text", "<mine>")])
    assert again.status_code == 302
    assert await content(site, bucket, "x.txt") == b"<mine>"


@pytest.mark.parametrize("data", [b"\0", b"\xff", b"a\r\nb\n", b"a\rb", b"x" * (1024 * 1024 + 1)])
async def test_what_an_editor_would_damage_cannot_be_edited(bucket: str, site: ObjectStore, editor: httpx.AsyncClient, data: bytes) -> None:
    info = await site.put(bucket, "x.txt", data)
    assert (await editor.get(address(bucket, "x.txt", "/text"))).status_code == 400
    posted = await submit(editor, address(bucket, "x.txt", "/text"), [("revision", str(info.revision)), ("text", "mine")])
    assert posted.status_code == 400
    assert (await site.info(bucket, "x.txt")).revision == info.revision


async def test_a_text_may_not_become_too_long(bucket: str, site: ObjectStore, editor: httpx.AsyncClient) -> None:
    info = await site.put(bucket, "x.txt", b"short")
    fields = [("revision", str(info.revision)), ("text", "x" * (1024 * 1024 + 1))]
    answer = await submit(editor, address(bucket, "x.txt", "/text"), fields)
    assert answer.status_code == 400
    assert "1,024 KiB at most" in answer.text
    assert await content(site, bucket, "x.txt") == b"short"


def form(
    revision: int, name: str, description: str = "", headers: Sequence[tuple[str, str]] = (), meta: Sequence[tuple[str, str]] = ()
) -> list[tuple[str, str]]:
    fields = [("revision", str(revision)), ("name", name), ("description", description)]
    for key, value in headers:
        fields += [("header_name", key), ("header_value", value)]
    for key, value in [*meta, ("", "")]:
        fields += [("meta_name", key), ("meta_value", value)]
    return fields


async def test_name_description_headers_and_metadata_change_together(bucket: str, site: ObjectStore, editor: httpx.AsyncClient) -> None:
    info = await site.put(bucket, "old.txt", b"1", headers={"A": ["1"]}, metadata={"gone": "x"})
    fields = form(info.revision, "dir/new.txt", "said\r\ntwice", [("A", "2"), ("B", "3"), ("B", "4")], [("k", "v")])
    answer = await submit(editor, address(bucket, "old.txt", "/details"), fields)
    assert (answer.status_code, answer.headers["Location"]) == (302, address(bucket, "dir/new.txt"))
    after = await site.info(bucket, "dir/new.txt")
    assert (after.description, dict(after.headers), after.metadata) == ("said\ntwice", {"A": ("2",), "B": ("3", "4")}, {"k": "v"})
    with pytest.raises(ObjectNotFound):
        await site.info(bucket, "old.txt")


async def test_what_a_browser_changes_on_the_way_and_nobody_touched_stays(
    bucket: str, site: ObjectStore, editor: httpx.AsyncClient
) -> None:
    info = await site.put(bucket, "a\nb", b"1", description="x\ny\rz", headers={"H": ["1\n2"]}, metadata={"k\n": "nul\0"})
    fields = form(info.revision, "ab", "x\r\ny\r\nz", [("H", "1\r\n2")], [("k", "nul\ufffd")])
    assert (await submit(editor, address(bucket, "a\nb", "/details"), fields)).status_code == 302
    assert (await site.info(bucket, "a\nb")).revision == info.revision


async def test_details_that_changed_meanwhile_are_not_overwritten(bucket: str, site: ObjectStore, editor: httpx.AsyncClient) -> None:
    old = await site.put(bucket, "x", b"1")
    new = await site.update_meta(bucket, "x", description="theirs")
    answer = await submit(editor, address(bucket, "x", "/details"), form(old.revision, "x", "mine"))
    assert answer.status_code == 412
    assert "mine</textarea>" in answer.text
    assert f'value="{new.revision}"' in answer.text
    assert (await site.info(bucket, "x")).description == "theirs"


@pytest.mark.parametrize(
    ("name", "meta", "words"),
    [
        ("taken", [], "already there"),
        ("", [], "A file needs a name"),
        ("y" * 3000, [], "name"),
        ("x", [("", "v")], "A value has no name"),
        ("x", [("k", "v"), ("k", "w")], "stands here twice"),
    ],
)
async def test_details_that_cannot_be_are_refused_beside_their_field_and_change_nothing(
    bucket: str, site: ObjectStore, editor: httpx.AsyncClient, name: str, meta: list[tuple[str, str]], words: str
) -> None:
    await site.put(bucket, "taken", b"1")
    info = await site.put(bucket, "x", b"1")
    answer = await submit(editor, address(bucket, "x", "/details"), form(info.revision, name, meta=meta))
    assert answer.status_code == 400
    assert words in answer.text
    assert (await site.info(bucket, "x")).revision == info.revision
    assert await content(site, bucket, "taken") == b"1"


async def test_what_is_deleted_where_there_is_a_history_can_be_undone(bucket: str, site: ObjectStore, editor: httpx.AsyncClient) -> None:
    await site.history.enable(bucket)
    info = await site.put(bucket, "dir/x y.txt", b"1")
    answer = await submit(editor, address(bucket, "dir/x y.txt", "/delete"), [("revision", str(info.revision))])
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/buckets/{bucket}/?prefix=dir%2F")
    undo = address(bucket, "dir/x y.txt", "/undelete")
    assert undo.replace("&", "&amp;") in (await editor.get(answer.headers["Location"])).text
    back = await submit(editor, undo, [])
    assert back.status_code == 302
    assert await content(site, bucket, "dir/x y.txt") == b"1"


async def test_deleting_what_changed_meanwhile_or_without_a_history_does_nothing(
    bucket: str, site: ObjectStore, editor: httpx.AsyncClient
) -> None:
    old = await site.put(bucket, "x", b"1")
    assert (await submit(editor, address(bucket, "x", "/delete"), [("revision", str(old.revision))])).status_code == 409
    assert "Delete…" in (await editor.get(address(bucket, "x"))).text
    await site.history.enable(bucket)
    await site.put(bucket, "x", b"2")
    assert (await submit(editor, address(bucket, "x", "/delete"), [("revision", str(old.revision))])).status_code == 302
    assert await content(site, bucket, "x") == b"2"


async def test_an_earlier_version_is_shown_and_cannot_be_changed(bucket: str, site: ObjectStore, editor: httpx.AsyncClient) -> None:
    await site.history.enable(bucket)
    await site.put(bucket, "x.txt", b"first")
    await site.put(bucket, "x.txt", b"second")
    version = (await site.history.versions(bucket, "x.txt"))[-1].id
    page = (await editor.get(address(bucket, "x.txt", version=version))).text
    assert "first" in page
    assert "earlier version" in page
    assert "Edit text" not in page
    assert f"version={version}" in page


async def content(store: ObjectStore, bucket: str, name: str) -> bytes:
    async with await store.get(bucket, name) as reader:
        return b"".join([piece async for piece in reader])


async def test_the_drawer_and_the_news_are_for_those_who_may_look(
    bucket: str, site: ObjectStore, browser: httpx.AsyncClient, viewer: httpx.AsyncClient, outsider: httpx.AsyncClient
) -> None:
    info = await site.put(bucket, "x.txt", b"some text", description="<b>said</b>")
    for part in ("/drawer", "/news"):
        assert (await outsider.get(address(bucket, "x.txt", part))).status_code == 404
    shown = await viewer.get(address(bucket, "x.txt", "/drawer"))
    assert "some text" in shown.text
    assert "&lt;b&gt;said" in shown.text
    assert "<html" not in shown.text
    unchanged = await viewer.get(address(bucket, "x.txt", "/news", revision=str(info.revision)))
    assert "changed" not in unchanged.text
    assert "This file was changed." in (await viewer.get(address(bucket, "x.txt", "/news", revision="1"))).text
    await site.delete(bucket, "x.txt")
    assert "not there any more" in (await viewer.get(address(bucket, "x.txt", "/drawer"))).text
    deleted = (await browser.get(address(bucket, "x.txt", "/news", revision=str(info.revision)))).text
    assert "This file was deleted." in deleted
    assert "Restore" not in deleted


async def test_raw_bytes_are_kept_by_the_browser_only_of_the_state_that_the_page_showed(
    bucket: str, site: ObjectStore, browser: httpx.AsyncClient
) -> None:
    await site.put(bucket, "a.png", b"one")
    source = (await browser.get(address(bucket, "a.png"))).text.split('<img src="')[1].split('"')[0].replace("&amp;", "&")
    first = await browser.get(source)
    assert first.headers["Cache-Control"] == "private, max-age=3600"
    again = await browser.get(source, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    await site.put(bucket, "a.png", b"two")
    assert "max-age" not in (await browser.get(source)).headers["Cache-Control"]
