"""Folders without files: who may make, move and delete them, and what the page and the acts on files make of them."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from buckets.objectstore import BucketConfig, ObjectStore

from .browsers import browser_of
from .conftest import CSRF, Cast, Visitors
from .helpers import listed


@pytest.fixture
def people(cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> Visitors:
    return {name: browser_of(getattr(cast, name), visit) for name in ("owner", "editor", "colleague", "outsider")}


async def post(browser: httpx.AsyncClient, address: str, document: Any) -> httpx.Response:
    return await browser.post(address, json=document, headers={"X-CSRFToken": CSRF})


async def make(browser: httpx.AsyncClient, bucket: str, folder: Any) -> httpx.Response:
    return await post(browser, f"/buckets/{bucket}/folders/new", {"folder": folder})


async def act(browser: httpx.AsyncClient, bucket: str, what: str = "", **document: Any) -> Any:
    answer = await post(browser, f"/buckets/{bucket}/act{what}", document)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_only_who_may_edit_makes_one(bucket: str, site: ObjectStore, people: Visitors) -> None:
    for who, status in (("outsider", 404), ("colleague", 403), ("editor", 201), ("owner", 409)):
        assert (await make(people[who], bucket, "a/")).status_code == status, who
    assert list(await site.folders.list(bucket)) == ["a/"]
    page = await people["colleague"].get(f"/buckets/{bucket}/")
    assert "prefix=a%2F" in page.text
    without_token = await people["editor"].post(f"/buckets/{bucket}/folders/new", json={"folder": "b/"})
    assert without_token.status_code == 403


@pytest.mark.parametrize("folder", ["", "a", 7, None, "x" * 4000 + "/"])
async def test_what_is_no_folder_is_refused(bucket: str, browser: httpx.AsyncClient, folder: Any) -> None:
    assert (await make(browser, bucket, folder)).status_code == 400


async def test_a_folder_with_files_is_there_already(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await site.put(bucket, "a/b/file", b"x")
    await listed(bucket, "a/b/file")
    answer = await make(browser, bucket, "a/")
    assert answer.status_code == 409
    assert "folder of this name" in answer.json()["error"]["message"]
    assert (await make(browser, bucket, "a/b/c/d/")).status_code == 201
    assert sorted(await site.folders.list(bucket)) == ["a/b/c/", "a/b/c/d/"]


async def test_a_sealed_bucket_takes_none(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await site.seal_bucket(bucket)
    assert (await make(browser, bucket, "a/")).status_code == 409
    assert await site.folders.list(bucket) == {}


async def test_deleting_a_folder_with_files_takes_what_is_empty_in_it_and_undo_brings_it_back(
    bucket: str, site: ObjectStore, browser: httpx.AsyncClient
) -> None:
    await site.folders.create(bucket, ["a/", "a/empty/", "b/"])
    await site.put(bucket, "a/file", b"x")
    await listed(bucket, "a/file")
    done = await act(browser, bucket, act="delete", folder="a/")
    assert [each["name"] for each in done["results"]] == ["a/file"]
    assert [each["name"] for each in done["folders"]] == ["a/", "a/empty/"]
    assert list(await site.folders.list(bucket)) == ["b/"]
    await act(browser, bucket, "/undo", act="delete", items=[], folders=done["folders"])
    assert sorted(await site.folders.list(bucket)) == ["a/", "a/empty/", "b/"]


async def test_an_empty_folder_is_renamed_and_moved_to_another_bucket_and_back(
    bucket: str, site: ObjectStore, admin: httpx.AsyncClient
) -> None:
    await site.create_bucket(BucketConfig(f"{bucket}-2"))
    await site.folders.create(bucket, ["a/", "a/b/", "c/"])
    renamed = (await admin.post(f"/buckets/{bucket}/act", json={"act": "move", "folder": "a/", "to": "new/", "fresh": True})).json()
    assert renamed["folders"] == [{"name": "a/", "to": "new/"}, {"name": "a/b/", "to": "new/b/"}]
    taken = await admin.post(f"/buckets/{bucket}/act", json={"act": "move", "folder": "new/", "to": "c/", "fresh": True})
    assert taken.status_code == 409
    order = {"act": "move", "bucket": f"{bucket}-2"}
    moved = (await admin.post(f"/buckets/{bucket}/act", json=order | {"folder": "new/", "to": "x/"})).json()
    assert sorted(await site.folders.list(f"{bucket}-2")) == ["x/", "x/b/"]
    assert list(await site.folders.list(bucket)) == ["c/"]
    await admin.post(f"/buckets/{bucket}/act/undo", json=order | {"items": [], "folders": moved["folders"]})
    assert await site.folders.list(f"{bucket}-2") == {}
    assert sorted(await site.folders.list(bucket)) == ["c/", "new/", "new/b/"]


async def test_the_picker_lists_them_and_the_api_does_not(bucket: str, site: ObjectStore, browser: httpx.AsyncClient, base: str) -> None:
    await site.folders.create(bucket, ["a/"])
    await site.put(bucket, "b/file", b"x")
    await listed(bucket, "b/file")
    found = (await browser.get(f"/buckets/{bucket}/folders")).json()
    assert [each["prefix"] for each in found["folders"]] == ["a/", "b/"]
    for sort in ("name", "-name", "size", "-modified"):
        answer = (await browser.get(f"{base}/objects?delimiter=/&sort={sort}")).json()
        assert ([each["prefix"] for each in answer["prefixes"]], answer["total"]) == (["b/"], 1)


async def test_what_stops_an_empty_folder_leaves_the_results_of_its_files(bucket: str, site: ObjectStore, admin: httpx.AsyncClient) -> None:
    other = f"{bucket}-full"
    await site.create_bucket(BucketConfig(other))
    await site.folders.create(other, [f"{number}/" for number in range(1000)])
    await site.folders.create(bucket, ["d/"])
    await site.put(bucket, "d/file", b"x")
    await listed(bucket, "d/file")
    answer = await admin.post(f"/buckets/{bucket}/act", json={"act": "move", "bucket": other, "folder": "d/", "to": "d/"})
    assert answer.status_code == 200
    assert [(each["to"], each["error"]) for each in answer.json()["results"]] == [("d/file", None)]
    assert (answer.json()["folders"], answer.json()["folders_error"]["code"]) == ([], "conflict")
    assert list(await site.folders.list(bucket)) == ["d/"]


async def test_a_folder_is_emptied_into_the_one_it_is_in_and_back(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    for folder, to, left in (("d/", "", ["d/", "e/"]), ("b/b/", "b/", ["b/", "b/b/"])):
        kept = [folder, f"{folder}e/"] if not to else ["b/b/", "b/b/b/"]
        await site.folders.create(bucket, kept)
        await site.put(bucket, f"{folder}file", b"x")
        await listed(bucket, f"{folder}file")
        done = await act(browser, bucket, act="move", folder=folder, to=to)
        assert [each["to"] for each in done["results"]] == [f"{to}file"]
        assert sorted(await site.folders.list(bucket)) == [name for name in left if name != "d/"]
        await act(browser, bucket, "/undo", act="move", items=[], folders=done["folders"])
        assert sorted(await site.folders.list(bucket)) == kept
        await site.folders.remove(bucket, kept)


@pytest.mark.parametrize("what", ["move", "copy"])
async def test_undo_leaves_the_folders_of_others(bucket: str, site: ObjectStore, browser: httpx.AsyncClient, what: str) -> None:
    before = ["dst/", "dst/theirs/", "src/", "src/mine/"]
    await site.folders.create(bucket, before)
    done = await act(browser, bucket, act=what, folder="src/", to="dst/")
    assert "dst/mine/" in await site.folders.list(bucket)
    await site.folders.create(bucket, ["dst/mine/later/"])
    refused = await post(browser, f"/buckets/{bucket}/act/undo", {"act": "junk", "items": [], "folders": done["folders"]})
    assert refused.status_code == 400
    assert "dst/mine/" in await site.folders.list(bucket)
    await act(browser, bucket, "/undo", act=what, items=[], folders=done["folders"])
    assert sorted(await site.folders.list(bucket)) == sorted([*before, "dst/mine/later/"])
