"""The pages on a bucket's history: versions, trash and rewind; who may do what there, and what becomes of it."""

import asyncio
import html
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx
import pytest

from buckets.objectstore import BucketConfig, Deed, Link, Note, ObjectInfo, ObjectNotFound, ObjectStore
from buckets.roles import Role
from buckets.services import rewind_preview
from buckets.views.history import comparing, rewind, trash, versions

from .browsers import browser_of, submit
from .conftest import Cast
from .helpers import listed
from .test_pages import HOSTILE

STEP = re.compile(r'<li tabindex="-1" class="step kind-(\w+)([^"]*)" id="v(\d+)">')
ROW = re.compile(r'<a class="name" href="[^"]*" title="([^"]*)">')
TICK = re.compile(r'name="(object|folder)" value="([^"]*)" aria-label="Tick')


@pytest.fixture
async def kept(bucket: str, site: ObjectStore) -> str:
    """The address of the test's bucket, which has a history."""
    await site.history.enable(bucket)
    return f"/buckets/{bucket}"


@pytest.fixture
def editor(cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    return browser_of(cast.editor, visit)


@pytest.fixture
def viewer(cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    return browser_of(cast.colleague, visit)


@pytest.fixture
def admin_browser(cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    return browser_of(cast.admin, visit)


@pytest.fixture
def outsider(cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    return browser_of(cast.outsider, visit)


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def put(site: ObjectStore, bucket: str, name: str, *contents: bytes, writer: str = "") -> None:
    for content in contents:
        await site.put(bucket, name, pieces(content), writer=writer)


async def content(site: ObjectStore, bucket: str, name: str) -> bytes:
    async with await site.get(bucket, name) as reader:
        return b"".join([piece async for piece in reader])


async def moment(site: ObjectStore, bucket: str) -> str:
    """A time after all that is there, and before all that comes."""
    for info in await site.list(bucket, deleted=True):
        await site.history.versions(bucket, info.name)
    now = datetime.now(UTC)
    await asyncio.sleep(0.002)
    return now.isoformat()


def at(address: str, **fields: str) -> str:
    return f"{address}?" + "&".join(f"{key}={quote(value, safe='')}" for key, value in fields.items())


async def timeline(browser: httpx.AsyncClient, base: str, name: str, **more: str) -> tuple[httpx.Response, list[tuple[str, str]]]:
    """The page, and each step's kind and version."""
    page = await browser.get(at(f"{base}/versions", name=name, **more))
    return page, [(kind, version) for kind, _, version in STEP.findall(page.text)]


def names(page: str) -> list[str]:
    """What the rows of a page of the past are called."""
    return [html.unescape(each) for each in ROW.findall(page)]


async def after(browser: httpx.AsyncClient, answer: httpx.Response) -> str:
    """What the page says to which a form leads."""
    assert answer.status_code == 302, answer.text
    return (await browser.get(answer.headers["Location"])).text


async def test_the_timeline_tells_every_change_newest_first(bucket: str, kept: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await put(site, bucket, "old.txt", b"one", b"longer", writer="maya")
    await site.update_meta(bucket, "old.txt", description="words", metadata={"team": "ops"}, writer="jo")
    before, older = await timeline(browser, kept, "old.txt")
    assert [kind for kind, _ in older] == ["metadata", "put", "put"]
    for words in ("metadata team added", "description", "3 B larger", "by <bdi>maya</bdi>", "by <bdi>jo</bdi>", 'chip accent">current'):
        assert words in before.text, words
    assert "by another client" not in before.text
    await site.rename(bucket, "old.txt", "new.txt", writer="jo")
    await put(site, bucket, "new.txt", b"one")
    await site.delete(bucket, "new.txt", writer="kim")
    page, steps = await timeline(browser, kept, "new.txt")
    assert [kind for kind, _ in steps] == ["delete", "put", "rename", "metadata", "put", "put"]
    for words in (
        "by <bdi>kim</bdi>",
        "by another client",
        "from <a href=",
        "><bdi>old.txt</bdi></a>",
        "Bring it back",
        "3 B smaller",
        "metadata team added",
    ):
        assert words in page.text, words
    assert 'chip accent">current' not in page.text


def titles(page: str) -> list[str]:
    """What happened, newest first."""
    return re.findall(r'<p class="line"><b>([^<]*)</b>', page)


async def test_versions_are_found_under_both_names_after_a_rename(
    bucket: str, kept: str, site: ObjectStore, editor: httpx.AsyncClient
) -> None:
    await put(site, bucket, "dir/a.txt", b"one", b"three")
    await site.rename(bucket, "dir/a.txt", "dir/b.txt", writer="jo")
    page, steps = await timeline(editor, kept, "dir/b.txt")
    assert titles(page.text) == ["Renamed", "Replaced", "Uploaded"]
    assert page.text.count('title="What it was called then"') == 2
    assert page.text.count("Restore the version of") == 2
    old, _ = await timeline(editor, kept, "dir/a.txt")
    assert titles(old.text) == ["Renamed", "Replaced", "Uploaded"]
    assert f'to <a href="{kept}/versions?name=dir%2Fb.txt">' in old.text
    assert "This file is called" in old.text
    assert "This file is deleted." not in old.text
    first = steps[-1][1]
    seen = (await editor.get(at(f"{kept}/object", name="dir/b.txt", version=first))).text
    for words in ("called <bdi>dir/a.txt</bdi> then", "The current one", f'<a href="{kept}/versions?name=dir%2Fb.txt">Versions</a>'):
        assert words in seen, words
    compared = (await editor.get(f"{kept}/versions/compare?name=dir%2Fb.txt&v={first}&v={steps[0][1]}")).text
    assert (compared.count("Restore the version of"), 'chip accent">current' in compared) == (1, True)
    assert f'name="version" value="{first}"' in seen
    said = await after(editor, await submit(editor, f"{kept}/versions/restore", [("object", "dir%2Fb.txt"), ("version", first)]))
    assert f'<a class="btn small" href="{kept}/object?name=dir%2Fb.txt">Show</a>' in said
    assert titles(said)[0] == "Restored"
    assert f'from <a href="#v{first}">' in said
    assert await content(site, bucket, "dir/b.txt") == b"one"
    _, steps = await timeline(editor, kept, "dir/b.txt")
    newest = (await editor.get(at(f"{kept}/object", name="dir/b.txt", version=steps[0][1]))).text
    assert ('chip accent">current' in newest, "versions/restore" in newest) == (True, False)
    await site.rename(bucket, "dir/b.txt", "top.txt")
    await site.rename(bucket, "top.txt", "dir/top.txt")
    assert titles((await timeline(editor, kept, "dir/top.txt"))[0].text)[:2] == ["Moved here", "Renamed"]
    assert titles((await timeline(editor, kept, "top.txt"))[0].text)[0] == "Moved away"


async def test_what_happened_is_named_as_exactly_as_is_known(bucket: str, kept: str, site: ObjectStore, viewer: httpx.AsyncClient) -> None:
    hidden = f"{bucket}-hidden"
    await site.create_bucket(BucketConfig(hidden))
    await site.history.enable(hidden)
    await put(site, bucket, "a", b"1")
    await site.put(bucket, "a", b"2", note=Note(Deed.EDITED, "a"))
    await site.copy(bucket, "a", bucket, "copy")
    await site.add_link(bucket, "link", Link(bucket, "a"))
    await site.add_link(bucket, "link", Link(bucket, "copy"))
    await site.move(bucket, "a", hidden, "secret")
    await put(site, bucket, "a", b"3")
    await site.move(hidden, "secret", bucket, "back")

    async def told(name: str) -> list[str]:
        return titles((await timeline(viewer, kept, name))[0].text)

    assert await told("a") == ["Uploaded", "Moved away", "Text edited", "Uploaded"]
    assert await told("copy") == ["Copied here"]
    assert await told("link") == ["Link changed", "Link made"]
    assert await told("back") == ["Moved here"]
    assert "secret" not in (await timeline(viewer, kept, "back"))[0].text, "where it was is nothing for those who may not see that bucket"


async def test_older_versions_come_in_portions(
    bucket: str, kept: str, site: ObjectStore, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "PAGE_SIZE", 2)
    await put(site, bucket, "x", b"1", b"22", b"333", b"4444", b"55555")
    seen: list[str] = []
    address: str | None = at(f"{kept}/versions", name="x")
    while address:
        page = await browser.get(address)
        seen += [version for _, _, version in STEP.findall(page.text)]
        assert "1 B larger" in page.text or len(seen) == 5, "each is compared with the one before it, also across portions"
        older = re.search(r'href="([^"]+)" rel="next">Older', page.text)
        address = html.unescape(older[1]) if older else None
    assert len(seen) == len(set(seen)) == 5


async def test_two_versions_are_compared_line_by_line(bucket: str, kept: str, site: ObjectStore, viewer: httpx.AsyncClient) -> None:
    await put(site, bucket, "x", b"a\n<i>old</i>\nc\n", b"a\nnew\nc\n")
    _, ((_, newer), (_, older)) = await timeline(viewer, kept, "x")
    page = (await viewer.get(f"{kept}/versions/compare?name=x&v={newer}&v={older}")).text
    removed, added = page.index("&lt;i&gt;old&lt;/i&gt;"), page.index("<bdi>new</bdi>")
    assert removed < added
    assert ("+1</span>" in page, "−1</span>" in page) == (True, True)


@pytest.mark.parametrize("old", [b"\0binary", b"\xff\xfe", b"x" * (comparing.MAX_BYTES + 1)])
async def test_what_is_no_text_or_too_long_is_compared_by_size_and_digest(
    bucket: str, kept: str, site: ObjectStore, viewer: httpx.AsyncClient, old: bytes
) -> None:
    await put(site, bucket, "x", old, b"text")
    _, ((_, newer), (_, older)) = await timeline(viewer, kept, "x")
    page = (await viewer.get(f"{kept}/versions/compare?name=x&v={newer}&v={older}")).text
    assert "These cannot be shown line by line" in page
    assert page.count("SHA-256=") == 2


async def test_comparing_takes_two_versions(bucket: str, kept: str, site: ObjectStore, viewer: httpx.AsyncClient) -> None:
    await put(site, bucket, "x", b"1", b"2")
    for ticked, words in (("", "Tick two versions to compare."), ("&v=1", "Tick another one"), ("&v=1&v=2&v=3", "3 versions are ticked.")):
        assert words in await after(viewer, await viewer.get(f"{kept}/versions/compare?object=x{ticked}"))
    assert (await viewer.get(f"{kept}/versions/compare?name=x&v=1&v=<b>")).status_code == 400
    assert (await viewer.get(f"{kept}/versions/compare?name=x&v=1&v=99999")).status_code == 404


async def test_a_version_is_restored_as_a_new_one(bucket: str, kept: str, site: ObjectStore, editor: httpx.AsyncClient) -> None:
    await put(site, bucket, "a\nb", b"first", b"second")
    _, ((_, _), (_, first)) = await timeline(editor, kept, "a\nb")
    done = await submit(editor, f"{kept}/versions/restore", [("object", "a%0Ab"), ("version", first)])
    page = await after(editor, done)
    assert "is restored" in page
    assert len(STEP.findall(page)) == 3
    assert "the content of an earlier version" in page
    assert await content(site, bucket, "a\nb") == b"first"


async def test_a_restoration_that_fails_says_why(bucket: str, kept: str, site: ObjectStore, editor: httpx.AsyncClient) -> None:
    await put(site, bucket, "x", b"1")
    page = await after(editor, await submit(editor, f"{kept}/versions/restore", [("object", "x"), ("version", "4711")]))
    assert "x was not restored: There is no version" in page


async def test_a_version_is_removed_for_good_after_a_question(
    bucket: str, kept: str, site: ObjectStore, browser: httpx.AsyncClient
) -> None:
    await put(site, bucket, "x", b"1", b"2")
    _, ((_, current), (_, first)) = await timeline(browser, kept, "x")
    fields = [("object", "x"), ("version", first)]
    question = await submit(browser, f"{kept}/versions/remove", fields)
    assert "Remove this version for good?" in question.text
    assert len((await timeline(browser, kept, "x"))[1]) == 2
    assert "removed for good" in await after(browser, await submit(browser, f"{kept}/versions/remove", [*fields, ("confirm", "yes")]))
    assert [version for _, version in (await timeline(browser, kept, "x"))[1]] == [current]
    refused = await submit(browser, f"{kept}/versions/remove", [("object", "x"), ("version", current), ("confirm", "yes")])
    await after(browser, refused)
    assert await content(site, bucket, "x") == b"2"


async def test_the_trash_names_every_file_groups_searches_and_sorts(
    bucket: str, kept: str, site: ObjectStore, viewer: httpx.AsyncClient
) -> None:
    for name in ("d/one", "d/two", "b.txt", "a.txt", "stays"):
        await put(site, bucket, name, b"x")
    for name in ("d/one", "d/two", "a.txt", "b.txt"):
        await site.delete(bucket, name)
    page = (await viewer.get(f"{kept}/trash")).text
    assert names(page) == ["b.txt", "a.txt", "two", "one"], "what was deleted last comes first, whatever folder it was in"
    assert page.count('<span class="path"><bdi>d/</bdi></span>') == 2
    assert "4 deleted files" in page
    (by_folder,) = re.findall(r'href="([^"]*)">[^<]*<svg[^>]*>.{,80}</svg>Group by folder', page)
    grouped = (await viewer.get(html.unescape(by_folder))).text
    assert names(grouped) == ["d", "b.txt", "a.txt"]
    assert "2 files" in grouped
    inside = html.unescape(re.findall(r'<a class="name" href="([^"]*prefix=d%2F[^"]*)"', grouped)[0])
    assert sorted(names((await viewer.get(inside)).text)) == ["one", "two"]
    assert "List all files" in (await viewer.get(inside)).text
    assert names((await viewer.get(f"{kept}/trash?sort=name")).text) == ["a.txt", "b.txt", "one", "two"]
    assert sorted(names((await viewer.get(f"{kept}/trash?prefix=d%2F")).text)) == ["one", "two"]
    assert names((await viewer.get(f"{kept}/trash?q=TWO")).text) == ["two"]
    assert "Nothing in the trash is called" in (await viewer.get(f"{kept}/trash?q=stays")).text


async def test_files_and_folders_come_back_from_the_trash(bucket: str, kept: str, site: ObjectStore, editor: httpx.AsyncClient) -> None:
    for name in ("d/one", "d/two", "x\ny", "other"):
        await put(site, bucket, name, b"was " + name.encode())
        await site.delete(bucket, name)
    page = await after(editor, await submit(editor, f"{kept}/trash/restore", [("folder", "d%2F"), ("object", "x%0Ay")]))
    assert "3 files restored." in page
    assert names(page) == ["other"]
    assert await content(site, bucket, "x\ny") == b"was x\ny"
    one = await submit(editor, f"{kept}/trash/restore", [("object", "never-there"), ("one-object", "other")])
    assert "other is restored." in await after(editor, one)
    assert "Tick the files to restore." in await after(editor, await submit(editor, f"{kept}/trash/restore", []))


async def test_a_row_that_came_back_meanwhile_is_left_alone(bucket: str, kept: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await put(site, bucket, "x", b"old")
    await site.delete(bucket, "x")
    await put(site, bucket, "x", b"new")
    for path in ("restore", "erase"):
        await submit(browser, f"{kept}/trash/{path}", [("object", "x"), ("confirm", "yes")])
    assert await content(site, bucket, "x") == b"new"


async def test_what_fails_is_named_in_words(
    bucket: str, kept: str, site: ObjectStore, editor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        await put(site, bucket, name, b"x")
        await site.delete(bucket, name)

    undelete = site.history.undelete

    async def half(bucket: str, name: str, *, writer: str) -> ObjectInfo:
        if name == "two":
            raise ObjectNotFound("Gone since.")
        return await undelete(bucket, name, writer=writer)

    monkeypatch.setattr(site.history, "undelete", half)
    page = await after(editor, await submit(editor, f"{kept}/trash/restore", [("object", "one"), ("object", "two")]))
    assert "1 file restored." in page
    assert "two was not restored: Gone since." in page


async def test_erasing_asks_first_and_then_leaves_nothing(bucket: str, kept: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    for name in ("d/one", "two"):
        await put(site, bucket, name, b"x")
        await site.delete(bucket, name)
    chosen = [("folder", "d%2F"), ("object", "two")]
    question = await submit(browser, f"{kept}/trash/erase", chosen)
    assert "Erase 2 files for good?" in question.text
    assert len(names((await browser.get(f"{kept}/trash")).text)) == 2
    page = await after(browser, await submit(browser, f"{kept}/trash/erase", [("confirm", "yes"), *chosen]))
    assert "2 files erased for good." in page
    assert "The trash is empty" in page
    assert not await site.history.versions(bucket, "two")


async def test_more_than_can_be_chosen_at_once_is_refused(
    bucket: str, kept: str, site: ObjectStore, editor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trash, "MOST", 1)
    for name in ("d/1", "d/2"):
        await put(site, bucket, name, b"x")
        await site.delete(bucket, name)
    answer = await submit(editor, f"{kept}/trash/restore", [("folder", "d%2F")])
    assert (answer.status_code, "That is 2 files" in answer.text) == (400, True)


async def test_a_bucket_is_shown_as_it_was_with_its_folders(bucket: str, kept: str, site: ObjectStore, viewer: httpx.AsyncClient) -> None:
    await put(site, bucket, "d/one", b"first")
    await put(site, bucket, "x", b"1")
    then = await moment(site, bucket)
    await put(site, bucket, "new", b"1")
    await site.delete(bucket, "x")
    page = (await viewer.get(at(f"{kept}/rewind", at=then))).text
    assert names(page) == ["d", "x"]
    assert names((await viewer.get(at(f"{kept}/rewind", at=then, prefix="d/"))).text) == ["one"]
    assert names((await viewer.get(at(f"{kept}/rewind", at=then, q="ON"))).text) == ["one"]
    address = html.unescape(next(each for each in re.findall(r'href="([^"]+)" download', page) if "version=" in each))
    assert (await viewer.get(address)).content == b"1"
    early = await viewer.get(at(f"{kept}/rewind", at=(datetime.now(UTC) - timedelta(days=7)).isoformat()))
    assert "Of the time before nothing is known." in early.text


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("", 200),
        ("2026-01-31T12:00", 200),
        ("2026-01-31T12:00:00+01:00", 200),
        ("soon", 400),
        ("9999-12-31T23:59", 400),
        ("2" * 99, 400),
        ("2150-01-01", 400),
    ],
)
async def test_times_are_bounded(kept: str, viewer: httpx.AsyncClient, asked: str, status: int) -> None:
    answer = await viewer.get(at(f"{kept}/rewind", at=asked))
    assert (answer.status_code, 'role="alert"' in answer.text) == (status, status == 400)


async def test_a_folder_is_taken_back_and_the_counts_are_told(bucket: str, kept: str, site: ObjectStore, editor: httpx.AsyncClient) -> None:
    for name in ("d/same", "d/changed", "d/gone", "out"):
        await put(site, bucket, name, b"then")
    then = await moment(site, bucket)
    for name in ("d/changed", "out", "d/newer"):
        await put(site, bucket, name, b"now")
    await site.delete(bucket, "d/gone")
    await listed(bucket, "d/newer")
    question = (await editor.get(at(f"{kept}/rewind/restore", at=then, prefix="d/"))).text
    assert re.findall(r"<dd>(\d+)</dd>", question) == ["2", "1", "1"]
    fields = [("at", then), ("prefix", "d%2F")]
    kept_newer = (await submit(editor, f"{kept}/rewind/restore", fields)).text
    assert re.findall(r"<dd>(\d+)</dd>", kept_newer) == ["2", "1", "0"]
    assert await content(site, bucket, "d/newer") == b"now"
    again = (await submit(editor, f"{kept}/rewind/restore", [*fields, ("remove_newer", "on")])).text
    assert re.findall(r"<dd>(\d+)</dd>", again) == ["0", "3", "1"]
    assert [await content(site, bucket, name) for name in ("d/changed", "d/gone", "out")] == [b"then", b"then", b"now"]


async def test_what_would_take_long_to_count_is_described(
    bucket: str, kept: str, site: ObjectStore, editor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewind_preview, "MOST", 0)
    await put(site, bucket, "x", b"1")
    then = await moment(site, bucket)
    page = await editor.get(at(f"{kept}/rewind/restore", at=then))
    assert "There are too many to count them first." in page.text


async def test_hostile_names_are_shown_escaped_and_found_again(
    bucket: str, kept: str, site: ObjectStore, browser: httpx.AsyncClient
) -> None:
    for name in HOSTILE:
        await put(site, bucket, name, b"1", name.encode())
        page, steps = await timeline(browser, kept, name)
        assert (page.status_code, len(steps)) == (200, 2)
        assert_escaped(page.text)
    then = await moment(site, bucket)
    for name in HOSTILE:
        await site.delete(bucket, name)
    chosen: list[tuple[str, str]] = []
    for address in (f"{kept}/trash", at(f"{kept}/rewind", at=then)):
        page = await browser.get(address)
        assert_escaped(page.text)
        chosen += TICK.findall(page.text)
    await after(browser, await submit(browser, f"{kept}/trash/restore", chosen))
    assert [await content(site, bucket, name) for name in HOSTILE] == [name.encode() for name in HOSTILE]


def assert_escaped(page: str) -> None:
    assert "<b>bold" not in page
    assert "\u202e" not in page


POSTS = {
    "versions/restore": Role.EDITOR,
    "trash/restore": Role.EDITOR,
    "rewind/restore": Role.EDITOR,
    "versions/remove": Role.ADMIN,
    "trash/erase": Role.ADMIN,
    "history/on": Role.ADMIN,
}


@pytest.mark.parametrize(("path", "role"), POSTS.items())
async def test_each_act_needs_its_role_and_its_token(
    bucket: str,
    kept: str,
    site: ObjectStore,
    editor: httpx.AsyncClient,
    viewer: httpx.AsyncClient,
    outsider: httpx.AsyncClient,
    browser: httpx.AsyncClient,
    path: str,
    role: Role,
) -> None:
    await put(site, bucket, "x", b"1", b"2")
    await site.delete(bucket, "x")
    fields = [("object", "x"), ("version", "1"), ("confirm", "yes"), ("at", datetime.now(UTC).isoformat())]
    assert (await submit(outsider, f"{kept}/{path}", fields)).status_code == 404
    assert (await submit(viewer, f"{kept}/{path}", fields)).status_code == 403
    assert ((await submit(editor, f"{kept}/{path}", fields)).status_code == 403) == (role is Role.ADMIN)
    assert (await browser.post(f"{kept}/{path}", data=dict(fields))).status_code == 403


@pytest.mark.parametrize("path", ["versions?name=x", "versions/compare?name=x&v=1&v=2", "trash", "rewind", "rewind?at=2026-11-01T12:00"])
async def test_the_pages_are_for_those_who_may_see_the_bucket(
    bucket: str, kept: str, visit: Callable[..., httpx.AsyncClient], outsider: httpx.AsyncClient, path: str
) -> None:
    assert (await outsider.get(f"{kept}/{path}")).status_code == 404
    assert (await visit().get(f"{kept}/{path}")).headers["Location"].startswith("/login")


async def test_a_viewer_sees_no_buttons_that_change_anything(bucket: str, kept: str, site: ObjectStore, viewer: httpx.AsyncClient) -> None:
    await put(site, bucket, "x", b"1", b"2")
    then = await moment(site, bucket)
    await site.delete(bucket, "x")
    for address in (at(f"{kept}/versions", name="x"), f"{kept}/trash", at(f"{kept}/rewind", at=then)):
        page = (await viewer.get(address)).text
        main = page[page.index('id="main"') : page.index("</main>")]
        assert 'method="post"' not in main.replace('id="ticked" method="post"', "")
        assert ("Restore" in main, "Tick " in main) == (False, False)


@pytest.mark.parametrize(("path", "back"), [("trash", "trash"), ("rewind", "rewind"), ("versions?name=x", "")])
async def test_where_history_is_off_an_admin_switches_it_on(
    bucket: str, site: ObjectStore, browser: httpx.AsyncClient, viewer: httpx.AsyncClient, path: str, back: str
) -> None:
    base = f"/buckets/{bucket}"
    told = (await viewer.get(f"{base}/{path}")).text
    assert "An administrator of this bucket can switch it on." in told
    assert "history/on" not in told
    offered = (await browser.get(f"{base}/{path}")).text
    assert "What it costs" in offered
    section = re.search(r'name="section" value="(\w*)"', offered)
    assert section
    answer = await submit(browser, f"{base}/history/on", [("section", section[1]), ("keep", "30")])
    assert answer.headers["Location"] == f"{base}/{back}"
    assert "History is on." in await after(browser, answer)
    status = await site.history.status(bucket)
    assert status
    assert (status.enabled, status.config.keep_days) == (True, 30)


async def test_what_was_kept_stays_readable_when_history_is_off_again(
    bucket: str, kept: str, site: ObjectStore, browser: httpx.AsyncClient
) -> None:
    await put(site, bucket, "x", b"1", b"2")
    await timeline(browser, kept, "x")
    await site.history.disable(bucket)
    page, steps = await timeline(browser, kept, "x")
    assert len(steps) == 2
    assert "History is off." in page.text
    assert "Switch on again" in page.text


async def test_the_archive_of_a_deleted_bucket_can_be_looked_at(
    bucket: str, kept: str, site: ObjectStore, admin_browser: httpx.AsyncClient, outsider: httpx.AsyncClient
) -> None:
    await put(site, bucket, "x", b"1")
    then = await moment(site, bucket)
    await site.delete_bucket(bucket)
    admin = admin_browser
    page, steps = await timeline(admin, kept, "x")
    assert len(steps) == 1
    for text in (page.text, (await admin.get(f"{kept}/trash")).text, (await admin.get(at(f"{kept}/rewind", at=then))).text):
        assert "This bucket was deleted." in text
        assert "Restore" not in text[text.index('id="main"') : text.index("</main>")]
    assert (await outsider.get(f"{kept}/trash")).status_code == 404
    assert (await admin.get("/buckets/never-was/trash")).status_code == 404


@pytest.mark.parametrize("query", ["", "name=", "name=" + "x" * 5000, "name=x&before=" + "1" * 50, "name=x&before="])
async def test_addresses_that_make_no_sense_are_refused_in_words(kept: str, viewer: httpx.AsyncClient, query: str) -> None:
    answer = await viewer.get(f"{kept}/versions?{query}")
    assert (answer.status_code, "That cannot be done" in answer.text) == (400, True)


async def test_a_name_that_never_was_is_told(kept: str, viewer: httpx.AsyncClient) -> None:
    page, steps = await timeline(viewer, kept, "never")
    assert (page.status_code, steps) == (404, [])
    assert "Nothing is known of this file" in page.text


def test_lines_are_compared_within_bounds() -> None:
    many = "\n".join(map(str, range(50_000)))
    found = comparing.compare(many, many.replace("777\n", "seven\n", 1))
    assert found
    assert (found.added, found.removed, len(found.lines)) == (1, 1, 10)
    assert comparing.compare("a\n" * 2000, "b\n" * 2000) is None
    whole = comparing.compare("a\nb\n", "a\nb")
    assert whole
    assert (whole.added, whole.removed) == (0, 0)


def test_a_comparison_gives_back_both_texts() -> None:
    old, new = "a\nb\nc\nd", "a\nx\nc\ny\nd\nz"
    found = comparing.compare(old, new)
    assert found
    assert "\n".join(line.text for line in found.lines if line.kind != "added") == old
    assert "\n".join(line.text for line in found.lines if line.kind != "removed") == new


@pytest.mark.parametrize(("history", "words"), [(True, "go to the trash"), (False, "cannot be undone")])
async def test_the_question_before_a_deletion_says_whether_it_can_be_undone(
    editor: httpx.AsyncClient, bucket: str, site: ObjectStore, history: bool, words: str
) -> None:
    await put(site, bucket, "x", b"data")
    if history:
        await site.history.enable(bucket)
    answer = await submit(editor, f"/buckets/{bucket}/delete", [("object", "x")])
    assert words in answer.text


@pytest.mark.parametrize(
    ("oldest", "last", "expected"),
    [
        (timedelta(days=9), timedelta(hours=1), timedelta(days=1, seconds=30)),
        (timedelta(hours=5), timedelta(minutes=3, milliseconds=-400), timedelta(minutes=3)),
        (timedelta(hours=5), timedelta(minutes=3), timedelta(minutes=3, seconds=1)),
        (timedelta(seconds=1), timedelta(seconds=1), timedelta()),
    ],
)
def test_the_time_that_is_suggested_is_one_of_which_something_is_known(oldest: timedelta, last: timedelta, expected: timedelta) -> None:
    now = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
    assert rewind.suggested(now, now - oldest, now - last) == now - expected


async def test_a_time_to_look_at_is_filled_in(bucket: str, kept: str, site: ObjectStore, viewer: httpx.AsyncClient) -> None:
    await put(site, bucket, "x", b"1")
    page = (await viewer.get(f"{kept}/rewind")).text
    (filled_in, sent) = re.findall(r'name="at" required value="([^"]+)" data-at="([^"]+)"', page)[0]
    assert sent == f"{filled_in}Z"
    assert (await viewer.get(at(f"{kept}/rewind", at=filled_in))).status_code == 200
