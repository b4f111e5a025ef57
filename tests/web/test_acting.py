"""What the files page's scripts and forms do with what is chosen: rights, bounds, conflicts, and taking it back."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from buckets.models import Grant
from buckets.objectstore import BucketConfig, Link, ObjectNotFound, ObjectStore
from buckets.roles import Role
from buckets.services import carrying
from buckets.views import acting

from .browsers import browser_of, submit
from .conftest import CSRF, Cast
from .helpers import listed
from .test_pages import fill

Browser = httpx.AsyncClient


@pytest.fixture
def viewer(cast: Cast, visit: Callable[..., Browser]) -> Browser:
    return browser_of(cast.colleague, visit)


@pytest.fixture
def outsider(cast: Cast, visit: Callable[..., Browser]) -> Browser:
    return browser_of(cast.outsider, visit)


@pytest.fixture
async def other(bucket: str, site: ObjectStore, cast: Cast) -> str:
    """Another bucket, in which the viewer of the first is an editor."""
    name = f"{bucket}-other"
    await site.create_bucket(BucketConfig(name))
    for user, role in ((cast.owner, Role.ADMIN), (cast.colleague, Role.EDITOR)):
        await Grant.objects.acreate(bucket=name, user=user, role=role)
    return name


async def send(browser: Browser, bucket: str, document: dict[str, Any], path: str = "act") -> httpx.Response:
    return await browser.post(f"/buckets/{bucket}/{path}", json=document, headers={"X-CSRFToken": CSRF})


async def names(site: ObjectStore, bucket: str) -> list[str]:
    return sorted(info.name for info in await site.list(bucket))


async def test_a_folder_is_moved_a_few_at_a_time(bucket: str, site: ObjectStore, browser: Browser) -> None:
    await fill(site, bucket, *(f"a/{number}" for number in range(5)), "b/x")
    order = {"act": "move", "folder": "a/", "to": "b/a/", "limit": 2}
    seen: list[int] = []
    after, upto = None, 0
    while True:
        answer = (await send(browser, bucket, order | {"after": after, "upto": upto})).json()
        seen.append(len(answer["results"]))
        after, upto = answer["after"], answer["upto"]
        if not answer["more"]:
            break
    assert seen == [2, 2, 1]
    assert await names(site, bucket) == ["b/a/0", "b/a/1", "b/a/2", "b/a/3", "b/a/4", "b/x"]


async def test_a_folder_moves_up_into_a_folder_of_the_same_name_once(bucket: str, site: ObjectStore, browser: Browser) -> None:
    """What has just been moved lies below the folder that is still being moved."""
    await fill(site, bucket, "a/a/a/x", "a/a/y")
    order = {"act": "move", "folder": "a/a/", "to": "a/", "limit": 1}
    after, upto = None, 0
    for _ in range(5):
        answer = (await send(browser, bucket, order | {"after": after, "upto": upto})).json()
        after, upto = answer["after"], answer["upto"]
        if not after:
            break
    assert await names(site, bucket) == ["a/a/x", "a/y"]


async def test_what_cannot_be_done_is_said_for_each_and_stops_no_other(bucket: str, site: ObjectStore, browser: Browser) -> None:
    await fill(site, bucket, "one", "two", "taken")
    items = [{"name": "one", "to": "taken"}, {"name": "never", "to": "x"}, {"name": "two", "to": "moved"}, {"name": "taken", "to": "taken"}]
    answer = (await send(browser, bucket, {"act": "move", "items": items})).json()
    told = [(each["name"], each["taken"], each["skipped"], (each["error"] or {}).get("code")) for each in answer["results"]]
    assert told == [
        ("one", True, False, "object_exists"),
        ("never", False, False, "object_not_found"),
        ("two", False, False, None),
        ("taken", False, True, None),
    ]


@pytest.mark.parametrize(
    ("act", "taken", "left", "size"),
    [
        ("move", "keep", ["one (2)", "there", "there (2)"], 3),
        ("move", "skip", ["one", "one (2)", "there"], 3),
        ("move", "replace", ["one (2)", "there"], 7),
        ("copy", "keep", ["one", "one (2)", "there", "there (2)"], 3),
    ],
)
async def test_a_taken_name_is_kept_skipped_or_replaced(
    bucket: str, site: ObjectStore, browser: Browser, act: str, taken: str, left: list[str], size: int
) -> None:
    await fill(site, bucket, "one (2)")
    for name, length in (("one", 7), ("there", 3)):
        await browser.put(f"/api/v1/buckets/{bucket}/objects/{name}", content=b"x" * length, headers={"X-CSRFToken": CSRF})
    answer = (await send(browser, bucket, {"act": act, "taken": taken, "items": [{"name": "one", "to": "there"}]})).json()
    assert answer["results"][0]["error"] is None
    assert await names(site, bucket) == left
    assert (await site.info(bucket, "there")).size == size


async def test_undo_moves_back_and_brings_back_what_was_replaced(bucket: str, other: str, site: ObjectStore, browser: Browser) -> None:
    await site.history.enable(other)
    await fill(site, bucket, "one", "two")
    await fill(site, other, "one")
    was = (await site.info(other, "one")).nuid
    items = [{"name": name, "to": name} for name in ("one", "two")]
    done = (await send(browser, bucket, {"act": "move", "bucket": other, "taken": "replace", "items": items})).json()["results"]
    assert [bool(each["replaced"]) for each in done] == [True, False]
    await fill(site, other, "two")  # somebody has written there since
    back = [{key: each[key] for key in ("name", "to", "revision", "replaced")} for each in done]
    answer = (await send(browser, bucket, {"act": "move", "bucket": other, "items": back}, "act/undo")).json()
    assert [(each["error"] or {}).get("code") for each in answer["results"]] == [None, "conflict"]
    assert await names(site, bucket) == ["one"]
    assert await names(site, other) == ["one", "two"]
    assert (await site.info(other, "one")).nuid != was  # a new version of what was there
    assert (await site.info(other, "one")).digest == (await site.info(bucket, "one")).digest


async def test_links_lead_to_what_a_link_leads_to_and_never_replace_a_file(
    bucket: str, other: str, site: ObjectStore, browser: Browser
) -> None:
    await fill(site, bucket, "one")
    await fill(site, other, "file")
    order = {"act": "link", "bucket": other}
    first = (await send(browser, bucket, order | {"items": [{"name": "one", "to": "first"}]})).json()["results"][0]
    assert first["error"] is None
    second = await send(browser, other, {"act": "link", "bucket": bucket, "items": [{"name": "first", "to": "second"}]})
    assert second.json()["results"][0]["error"] is None
    link = (await site.info(bucket, "second")).link
    assert (link and link.bucket, link and link.name) == (bucket, "one")
    refused = (await send(browser, bucket, order | {"taken": "replace", "items": [{"name": "one", "to": "file"}]})).json()["results"][0]
    assert refused["error"]["code"] == "object_exists"
    asked = (await send(browser, bucket, order | {"items": [{"name": "one", "to": "first"}]})).json()["results"][0]
    assert asked["taken"]
    taken_back = {"name": "one", "to": "first", "revision": first["revision"]}
    await send(browser, bucket, order | {"items": [taken_back]}, "act/undo")
    with pytest.raises(ObjectNotFound):
        await site.info(other, "first")


async def test_scripts_delete_a_folder_and_bring_it_back(bucket: str, site: ObjectStore, browser: Browser) -> None:
    await site.history.enable(bucket)
    await fill(site, bucket, "d/1", "d/2", "one")
    answer = (await send(browser, bucket, {"act": "delete", "folder": "d/"})).json()
    assert [each["name"] for each in answer["results"]] == ["d/1", "d/2"]
    assert (await send(browser, bucket, {"act": "delete", "items": ["one", "never"]})).json()["results"][1]["error"] is None
    assert await names(site, bucket) == []
    undone = (await send(browser, bucket, {"act": "delete", "items": ["d/1", "d/2", "one"]}, "act/undo")).json()
    assert [each["error"] for each in undone["results"]] == [None] * 3
    assert await names(site, bucket) == ["d/1", "d/2", "one"]


async def test_a_viewer_may_copy_elsewhere_but_change_nothing_here(bucket: str, other: str, site: ObjectStore, viewer: Browser) -> None:
    await fill(site, bucket, "one", "d/two")
    items = [{"name": "one", "to": "new"}]
    for document in (
        {"act": "move", "items": items},
        {"act": "move", "bucket": other, "items": items},
        {"act": "copy", "items": items},
        {"act": "link", "items": items},
        {"act": "delete", "items": ["one"]},
        {"act": "delete", "folder": "d/"},
    ):
        assert (await send(viewer, bucket, document)).status_code == 403
    assert (await send(viewer, bucket, {"act": "delete", "items": ["one"]}, "act/undo")).status_code == 403
    assert (await send(viewer, bucket, {"act": "move", "items": []}, "act/undo")).status_code == 403
    assert await names(site, bucket) == ["d/two", "one"]
    assert (await send(viewer, bucket, {"act": "copy", "bucket": other, "items": items})).json()["results"][0]["error"] is None
    assert await names(site, other) == ["new"]
    assert [each["name"] for each in (await viewer.get("/destinations")).json()["buckets"]] == [other]
    page = (await viewer.get(f"/buckets/{bucket}/")).text
    assert 'data-action="copy-selected"' in page
    assert 'data-action="move-selected"' not in page
    assert 'data-action="delete-selected"' not in page


async def test_who_may_edit_nothing_is_offered_no_copying(bucket: str, viewer: Browser) -> None:
    page = (await viewer.get(f"/buckets/{bucket}/")).text
    assert 'data-action="download-selected"' in page
    assert 'data-action="copy-selected"' not in page


async def test_outsiders_and_strangers_get_nothing(
    bucket: str, other: str, outsider: Browser, visit: Callable[..., Browser], browser: Browser
) -> None:
    for path in ("act", "act/undo"):
        assert (await send(outsider, bucket, {"act": "copy", "bucket": other, "items": []}, path)).status_code == 404
        assert (await visit().post(f"/buckets/{bucket}/{path}", json={})).status_code == 401
        assert (await browser.post(f"/buckets/{bucket}/{path}", json={})).status_code == 403  # no token
    assert (await outsider.get(f"/buckets/{bucket}/folders")).status_code == 404
    assert (await outsider.get("/destinations")).json() == {"buckets": []}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"act": "burn", "items": []},
        {"act": "move"},
        {"act": "move", "items": [{"name": "x"}]},
        {"act": "move", "items": [{"name": "x", "to": "y"}] * 1001},
        {"act": "delete", "items": ["x"] * 1001},
        {"act": "move", "taken": "perhaps", "items": []},
        {"act": "move", "folder": "a", "to": "b/"},
        {"act": "move", "folder": "a/", "to": "b"},
        {"act": "move", "folder": "a/", "to": "a/b/"},
        {"act": "copy", "folder": "a/", "to": "a/"},
        {"act": "delete", "folder": ""},
        {"act": "delete", "folder": "a/", "after": "nonsense"},
        {"act": "delete", "folder": "a/", "limit": 5000},
        {"act": "delete", "items": [], "more": 1},
    ],
)
async def test_nonsense_is_refused(bucket: str, browser: Browser, document: dict[str, Any]) -> None:
    answer = await send(browser, bucket, document)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_request"


async def test_folders_are_listed_and_narrowed(bucket: str, site: ObjectStore, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(site, bucket, "docs/a/1", "docs/a/2", "docs/b/3", "docs/x", "dot/y")
    await listed(bucket, "dot/y")
    answer = (await browser.get(f"/buckets/{bucket}/folders", params={"prefix": "docs/"})).json()
    assert [(each["name"], each["objects"]) for each in answer["folders"]] == [("a", 2), ("b", 1)]
    begins = (await browser.get(f"/buckets/{bucket}/folders", params={"starts": "do"})).json()
    assert [each["prefix"] for each in begins["folders"]] == ["docs/", "dot/"]
    deeper = (await browser.get(f"/buckets/{bucket}/folders", params={"prefix": "docs/", "starts": "A"})).json()
    assert ([each["prefix"] for each in deeper["folders"]], deeper["more"]) == (["docs/a/"], False)
    monkeypatch.setattr(acting, "MAX_FOLDERS", 1)
    fewer = (await browser.get(f"/buckets/{bucket}/folders")).json()
    assert ([each["prefix"] for each in fewer["folders"]], fewer["more"]) == (["docs/"], True)
    assert (await browser.get(f"/buckets/{bucket}/folders", params={"prefix": "docs"})).status_code == 400


async def test_without_scripts_a_form_moves_copies_and_links(bucket: str, other: str, site: ObjectStore, browser: Browser) -> None:
    await fill(site, bucket, "in/one", "in/d/two", "in/d/e/three")
    await fill(site, other, "to/one")
    chosen = [("object", "in%2Fone"), ("folder", "in%2Fd%2F"), ("prefix", "in%2F")]
    question = await submit(browser, f"/buckets/{bucket}/carry", chosen)
    assert f"<option>{other}</option>" in question.text
    fields = [("confirm", "yes"), *chosen, ("act", "copy"), ("bucket", other), ("folder_to", "to"), ("taken", "keep")]
    answer = await submit(browser, f"/buckets/{bucket}/carry", fields)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/buckets/{bucket}/?prefix=in%2F")
    assert "3 files done." in (await browser.get(answer.headers["Location"])).text
    assert await names(site, other) == ["to/d/e/three", "to/d/two", "to/one", "to/one (2)"]
    itself = [("confirm", "yes"), ("folder", "in%2F"), ("act", "move"), ("bucket", bucket), ("folder_to", "in/d")]
    assert (await submit(browser, f"/buckets/{bucket}/carry", itself)).status_code == 400
    assert len(await names(site, bucket)) == 3


async def test_without_scripts_a_viewer_may_not_move(bucket: str, other: str, site: ObjectStore, viewer: Browser) -> None:
    await fill(site, bucket, "one")
    fields = [("confirm", "yes"), ("object", "one"), ("act", "move"), ("bucket", other)]
    assert (await submit(viewer, f"/buckets/{bucket}/carry", fields)).status_code == 403
    assert (await submit(viewer, f"/buckets/{bucket}/carry", [*fields[:2], ("act", "copy"), ("bucket", bucket)])).status_code == 403
    assert await names(site, bucket) == ["one"]


async def test_without_scripts_a_form_gives_a_zip(bucket: str, site: ObjectStore, viewer: Browser) -> None:
    await fill(site, bucket, "one", "d/two", "three")
    answer = await submit(viewer, f"/buckets/{bucket}/zip", [("object", "one"), ("folder", "d%2F")])
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert sorted(archive.namelist()) == ["d/two", "one"]
    nothing = await submit(viewer, f"/buckets/{bucket}/zip", [])
    assert "Nothing was ticked." in (await viewer.get(nothing.headers["Location"])).text


async def content(site: ObjectStore, bucket: str, name: str) -> bytes:
    async with await site.get(bucket, name) as reader:
        return b"".join([bytes(piece) async for piece in reader])


async def write(site: ObjectStore, bucket: str, *paths: str) -> None:
    """Each with its own name as its content."""
    for path in paths:
        await site.put(bucket, path, path.encode())
        await listed(bucket, path)


def undoing(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: each[key] for key in ("name", "to", "revision", "replaced")} for each in results if not each["error"]]


@pytest.mark.parametrize("act", ["move", "copy"])
async def test_replacing_never_takes_one_of_the_chosen_for_another(bucket: str, site: ObjectStore, browser: Browser, act: str) -> None:
    await write(site, bucket, "x/a", "y/a", "1", "2", "in", "out")
    wanted = {"x/a": "z/a", "y/a": "z/a", "1": "2", "2": "3", "in": "out", "out": "in"}
    order = {"act": act, "taken": "replace", "items": [{"name": name, "to": to} for name, to in wanted.items()]}
    results = (await send(browser, bucket, order)).json()["results"]
    assert [each["name"] for each in results] == list(wanted)
    alike, chain, circle = results[:2], results[2:4], results[4:]
    assert sorted(each["taken"] for each in alike) == [False, True]
    assert [each["taken"] for each in chain] == [act == "copy", False]
    assert [each["taken"] for each in circle] == [True, True]
    left = {name: await content(site, bucket, name) for name in await names(site, bucket)}
    assert set(left.values()) == {b"x/a", b"y/a", b"1", b"2", b"in", b"out"}
    assert left["3"] == b"2"
    await send(browser, bucket, {"act": act, "items": undoing(results)}, "act/undo")
    assert {name: await content(site, bucket, name) for name in await names(site, bucket)} == {name: name.encode() for name in wanted}


@pytest.mark.parametrize("limit", [1, 20])
async def test_replacing_keeps_what_of_a_moving_folder_has_its_turn_later(
    bucket: str, site: ObjectStore, browser: Browser, limit: int
) -> None:
    await write(site, bucket, "b/b/b/x", "b/b/x", "b/x")
    order = {"act": "move", "taken": "replace", "folder": "b/b/", "to": "b/", "limit": limit}
    taken: list[dict[str, Any]] = []
    after, upto, more = None, 0, True
    while more:
        answer = (await send(browser, bucket, order | {"after": after, "upto": upto})).json()
        taken += [each for each in answer["results"] if each["taken"]]
        after, upto, more = answer["after"], answer["upto"], answer["more"]
    assert await content(site, bucket, "b/x") == b"b/b/x"
    again = {"act": "move", "taken": "replace", "items": [{"name": each["name"], "to": each["to"]} for each in taken]}
    await send(browser, bucket, again)
    assert await names(site, bucket) == ["b/b/x", "b/x"]
    assert await content(site, bucket, "b/b/x") == b"b/b/b/x"


async def test_without_scripts_two_folders_of_one_name_lose_nothing(bucket: str, site: ObjectStore, browser: Browser) -> None:
    await write(site, bucket, "x/d/f", "y/d/f", "y/one")
    fields = [("confirm", "yes"), ("act", "move"), ("taken", "replace"), ("bucket", bucket), ("folder_to", "z")]
    await submit(browser, f"/buckets/{bucket}/carry", [*fields, ("folder", "x%2Fd%2F"), ("folder", "y%2Fd%2F"), ("object", "y%2Fone")])
    left = [await content(site, bucket, name) for name in await names(site, bucket)]
    assert sorted(left) == [b"x/d/f", b"y/d/f", b"y/one"]


@pytest.mark.parametrize("act", ["move", "copy", "link"])
async def test_what_somebody_writes_just_then_is_not_replaced(
    bucket: str, site: ObjectStore, browser: Browser, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(site, bucket, "one", "theirs")
    if act == "link":
        await site.add_link(bucket, "there", Link(bucket, "theirs"))
    else:
        await write(site, bucket, "there")
    looked = carrying._Carrier._there

    async def there(carrier: carrying._Carrier, name: str) -> int:
        found = await looked(carrier, name)
        await (site.add_link(bucket, name, Link(bucket, "theirs")) if act == "link" else site.put(bucket, name, b"newer"))
        return found

    monkeypatch.setattr(carrying._Carrier, "_there", there)
    order = {"act": act, "taken": "replace", "items": [{"name": "one", "to": "there"}]}
    (result,) = (await send(browser, bucket, order)).json()["results"]
    assert result["taken"]
    assert await names(site, bucket) == ["one", "theirs", "there"]
    info = await site.info(bucket, "there")
    assert (info.link == Link(bucket, "theirs")) if act == "link" else (await content(site, bucket, "there") == b"newer")
