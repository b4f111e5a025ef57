"""Histories in the API: switched, listed, read, restored, removed."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from buckets.models import Grant
from buckets.objectstore import ObjectStore
from buckets.roles import Role

from .asgi import Exchange
from .conftest import Cast, Visitors

URL = "/api/v1/buckets"


@pytest.fixture
async def kept(bucket: str, base: str, owner: httpx.AsyncClient) -> str:
    """The address of the test's bucket, which has a history."""
    response = await owner.patch(base, json={"history": True})
    assert response.json()["history"]["enabled"], response.text
    return base


@pytest.fixture
def editor(visitors: Visitors) -> httpx.AsyncClient:
    return visitors["editor"]


async def put(client: httpx.AsyncClient, base: str, name: str, *contents: bytes) -> None:
    for content in contents:
        assert (await client.put(f"{base}/objects", params={"name": name}, content=content)).status_code == 201


async def versions(client: httpx.AsyncClient, base: str, name: str) -> list[dict[str, Any]]:
    response = await client.get(f"{base}/versions/{quote(name, safe='')}")
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["versions"]
    return found


async def now(site: ObjectStore, bucket: str) -> str:
    """A moment after all that is there, and before all that comes."""
    for info in await site.list(bucket, deleted=True):
        await site.history.versions(bucket, info.name)
    moment = datetime.now(UTC)
    await asyncio.sleep(0.002)
    return moment.isoformat()


def outcome(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def outcomes(response: httpx.Response) -> list[tuple[str, str | None]]:
    assert response.status_code == 200, response.text
    return [(result["name"], result["error"] and result["error"]["code"]) for result in response.json()["results"]]


SETTINGS = {"storage": "memory", "replicas": 1, "compression": True, "max_bytes": 10_000_000, "keep_versions": 5, "keep_days": 2.5}


async def test_a_bucket_is_made_with_a_history(site: ObjectStore, admin: httpx.AsyncClient, bucket_name: str) -> None:
    response = await admin.post(URL, json={"name": bucket_name, "history": SETTINGS})
    assert response.status_code == 201
    shown = response.json()["history"]
    assert SETTINGS.items() <= shown.items()
    assert (shown["enabled"], shown["kept"], shown["lag"], shown["error"]) == (True, True, 0, None)
    (listed,) = [item for item in (await admin.get(URL)).json()["buckets"] if item["name"] == bucket_name]
    for other in (listed, (await admin.get(f"{URL}/{bucket_name}")).json()):
        assert {**other["history"], "stream": None} == {**shown, "stream": None}


async def test_a_bucket_that_cannot_have_its_history_is_not_made(site: ObjectStore, admin: httpx.AsyncClient, bucket_name: str) -> None:
    response = await admin.post(URL, json={"name": bucket_name, "history": {"replicas": 3}})
    assert outcome(response) == (400, "invalid_bucket_config")
    assert (await admin.get(f"{URL}/{bucket_name}")).status_code == 404
    assert await site.history.status(bucket_name) is None


async def test_settings_are_changed_one_by_one(base: str, owner: httpx.AsyncClient) -> None:
    async def change(history: object) -> Any:
        response = await owner.patch(base, json={"history": history})
        assert response.status_code == 200, response.text
        return response.json()["history"]

    assert outcome(await owner.patch(base, json={"history": {"keep_days": 1}})) == (409, "history_off")
    first = await change({"enabled": True, "keep_versions": 3})
    assert (first["enabled"], first["keep_versions"], first["keep_days"], first["max_bytes"]) == (True, 3, None, None)
    second = await change({"keep_days": 0.5, "keep_versions": None})
    assert (second["enabled"], second["keep_versions"], second["keep_days"]) == (True, None, 0.5)
    off = await change(False)
    assert (off["enabled"], off["kept"], off["keep_days"]) == (False, True, 0.5)
    assert (await change({"max_bytes": 1_000_000}))["enabled"] is False
    again = await change(True)
    assert (again["enabled"], again["keep_days"], again["max_bytes"]) == (True, 0.5, 1_000_000)
    changed = await change({"enabled": True, "compression": True})
    assert (changed["enabled"], changed["compression"], changed["keep_days"]) == (True, True, 0.5)
    assert (await change(None))["enabled"] is False
    assert outcome(await owner.patch(base, json={"history": {"storage": "memory"}})) == (400, "invalid_bucket_config")


WISHES: list[object] = [
    1,
    "on",
    [],
    {"size": 1},
    {"replicas": 0},
    {"keep_versions": 1.5},
    {"keep_days": -1},
    {"storage": "tape"},
    {"enabled": 1},
]


@pytest.mark.parametrize("history", WISHES)
async def test_it_refuses_settings_that_make_no_sense(base: str, owner: httpx.AsyncClient, history: object) -> None:
    assert outcome(await owner.patch(base, json={"history": history})) == (400, "bad_request")


async def test_versions_come_newest_first_with_all_that_is_known(kept: str, bucket: str, editor: httpx.AsyncClient) -> None:
    await put(editor, kept, "x", b"1", b"22")
    await editor.patch(f"{kept}/objects/x", json={"description": "d"})
    await editor.patch(f"{kept}/objects/x", json={"name": "y"})
    first, second = await versions(editor, kept, "x"), await versions(editor, kept, "y")
    assert [(item["kind"], item["size"], item["current"]) for item in first] == [
        ("rename", 0, False),
        ("metadata", 2, False),
        ("put", 2, False),
        ("put", 1, False),
    ]
    assert (first[0]["renamed_to"], first[0]["deleted"]) == ("y", True)
    assert [(item["name"], item["kind"], item["current"], item["renamed_from"], item["description"]) for item in second] == [
        ("y", "rename", True, "x", "d"),
        ("x", "metadata", False, None, "d"),
        ("x", "put", False, None, ""),
        ("x", "put", False, None, ""),
    ]
    assert {item["writer"] for item in first + second} == {"editor"}
    assert [item["replaced"] is None for item in second] == [True, False, False, False]
    assert first[3]["replaced"] is not None
    assert not first[3]["before"]
    current = (await editor.get(f"{kept}/objects?prefix=y")).json()["objects"][0]
    assert current.items() <= second[0].items()
    old = await editor.get(f"{kept}/objects/y", params={"version": second[3]["version"]})
    assert (old.status_code, old.content) == (200, b"1"), "what it was under its name before is read by its name of now"
    await editor.post(f"{kept}/versions/y/restore", json={"version": second[3]["version"]})
    restored = (await versions(editor, kept, "y"))[0]
    assert (restored["kind"], restored["origin"], restored["restored"]) == ("put", "restored", second[3]["version"])


async def test_versions_of_a_name_that_never_was_are_none(kept: str, editor: httpx.AsyncClient) -> None:
    assert (await editor.get(f"{kept}/versions/never")).json() == {"versions": [], "more": False}


async def test_it_says_when_there_are_more_versions(kept: str, editor: httpx.AsyncClient) -> None:
    await put(editor, kept, "x", b"1", b"2", b"3")
    answer = (await editor.get(f"{kept}/versions/x?limit=2")).json()
    assert ([item["size"] for item in answer["versions"]], answer["more"]) == ([1, 1], True)
    assert outcome(await editor.get(f"{kept}/versions/x?limit=0")) == (400, "bad_request")


async def test_without_a_history_there_are_no_versions(base: str, owner: httpx.AsyncClient) -> None:
    for path in ("versions/x", "trash", "objects?at=2026-01-01T00:00:00Z", "objects/x?version=1"):
        assert outcome(await owner.get(f"{base}/{path}")) == (409, "history_off"), path
    assert outcome(await owner.post(f"{base}/rewind", json={"at": "2026-01-01T00:00:00Z"})) == (409, "history_off")
    assert outcome(await owner.post(f"{base}/history/prune")) == (409, "history_off")


async def test_any_version_can_be_read(kept: str, editor: httpx.AsyncClient) -> None:
    await put(editor, kept, "x", b"one", b"three")
    await editor.delete(f"{kept}/objects/x")
    gone, three, one = await versions(editor, kept, "x")
    for version, content in ((one, b"one"), (three, b"three")):
        response = await editor.get(f"{kept}/objects/x", params={"version": version["version"]})
        assert (response.content, response.headers["Content-Length"]) == (content, str(len(content)))
        head = await editor.head(f"{kept}/objects/x", params={"version": version["version"]})
        assert (head.status_code, head.headers["ETag"]) == (200, response.headers["ETag"])
        unchanged = {"If-None-Match": head.headers["ETag"]}
        assert (await editor.get(f"{kept}/objects/x", params={"version": version["version"]}, headers=unchanged)).status_code == 304
    for missing in (gone["version"], "999999", "nonsense", "0"):
        assert outcome(await editor.get(f"{kept}/objects/x", params={"version": missing})) == (404, "version_not_found")
    assert outcome(await editor.get(f"{kept}/objects/x", params={"version": "1" * 100})) == (400, "bad_request")
    assert outcome(await editor.get(f"{kept}/objects/y", params={"version": one["version"]})) == (404, "version_not_found")


async def test_a_version_is_restored_as_a_new_one(kept: str, editor: httpx.AsyncClient) -> None:
    await put(editor, kept, "x", b"1", b"2")
    (second, first) = await versions(editor, kept, "x")
    late = await editor.post(f"{kept}/versions/x/restore", json={"version": first["version"], "revision": first["revision"]})
    assert outcome(late) == (409, "conflict")
    response = await editor.post(f"{kept}/versions/x/restore", json={"version": first["version"], "revision": second["revision"]})
    assert (response.status_code, response.json()["digest"]) == (200, first["digest"])
    assert (await editor.get(f"{kept}/objects/x")).content == b"1"
    assert len(await versions(editor, kept, "x")) == 3
    assert outcome(await editor.post(f"{kept}/versions/x/restore", json={"version": "999"})) == (404, "version_not_found")


async def test_a_deleted_object_comes_back_without_a_version(kept: str, editor: httpx.AsyncClient) -> None:
    await put(editor, kept, "x", b"1", b"2")
    await editor.delete(f"{kept}/objects/x")
    bodies: list[dict[str, str] | None] = [{}, None]
    for body in bodies:
        restored = await editor.post(f"{kept}/versions/x/restore", json=body)
        assert (restored.status_code, (await editor.get(f"{kept}/objects/x")).content) == (200, b"2")
        assert outcome(await editor.post(f"{kept}/versions/x/restore")) == (409, "object_exists")
        await editor.delete(f"{kept}/objects/x")
    assert outcome(await editor.post(f"{kept}/versions/never/restore")) == (404, "version_not_found")
    assert outcome(await editor.post(f"{kept}/versions/x/restore", json={"revision": 1})) == (400, "bad_request")


@pytest.mark.parametrize("name", ["a/b", "a/restore", "restore", "..", "a b/ü☃", "x/restore/restore"])
async def test_versions_of_odd_names(kept: str, editor: httpx.AsyncClient, owner: httpx.AsyncClient, name: str) -> None:
    await put(editor, kept, name, b"1", b"2")
    listed = (await editor.get(f"{kept}/versions", params={"name": name})).json()["versions"]
    assert [item["name"] for item in listed] == [name, name]
    if name != "..":
        assert await versions(editor, kept, name) == listed
    first = listed[1]["version"]
    path, query = (f"{kept}/versions", {"name": name}) if name == ".." else (f"{kept}/versions/{quote(name, safe='')}/restore", {})
    assert (await editor.post(path, params=query, json={"version": first})).status_code == 200
    assert (await editor.get(f"{kept}/objects", params={"name": name})).content == b"1"
    path, query = (f"{kept}/versions", {"name": name}) if name == ".." else (f"{kept}/versions/{quote(name, safe='')}", {})
    assert (await owner.delete(path, params=query | {"version": first})).status_code == 204
    assert len((await editor.get(f"{kept}/versions", params={"name": name})).json()["versions"]) == 2


async def test_one_version_is_removed_for_good(kept: str, owner: httpx.AsyncClient) -> None:
    await put(owner, kept, "x", b"1", b"2")
    (second, first) = await versions(owner, kept, "x")
    assert outcome(await owner.delete(f"{kept}/versions/x")) == (400, "bad_request")
    assert outcome(await owner.delete(f"{kept}/versions/x?version={second['version']}")) == (409, "conflict")
    assert (await owner.delete(f"{kept}/versions/x?version={first['version']}")).status_code == 204
    assert outcome(await owner.delete(f"{kept}/versions/x?version={first['version']}")) == (404, "version_not_found")
    assert [item["version"] for item in await versions(owner, kept, "x")] == [second["version"]]


async def test_erasing_takes_the_versions_along(kept: str, owner: httpx.AsyncClient) -> None:
    await put(owner, kept, "x", b"1", b"2")
    assert outcomes(await owner.post(f"{kept}/delete", json={"names": ["x"], "for_good": True})) == [("x", None)]
    assert await versions(owner, kept, "x") == []
    assert (await owner.get(f"{kept}/trash")).json()["objects"] == []


async def test_the_trash_lists_what_was_deleted_in_folders(kept: str, editor: httpx.AsyncClient) -> None:
    for name in ("dir/a", "dir/b", "c", "stays"):
        await put(editor, kept, name, name.encode())
    await editor.post(f"{kept}/delete", json={"names": ["dir/a", "dir/b", "c"]})
    trash = (await editor.get(f"{kept}/trash", params={"delimiter": "/"})).json()
    assert ([item["name"] for item in trash["objects"]], [item["prefix"] for item in trash["prefixes"]]) == (["c"], ["dir/"])
    listed = (await editor.get(f"{kept}/trash", params={"prefix": "dir/", "limit": "1"})).json()
    (first,) = listed["objects"]
    assert (first["name"], first["deleted"], first["revision"], first["size"]) == ("dir/a", True, None, 5)
    read = await editor.get(f"{kept}/objects/dir%2Fa", params={"version": first["version"]})
    assert read.content == b"dir/a"
    rest = (await editor.get(f"{kept}/trash", params={"prefix": "dir/", "cursor": listed["cursor"]})).json()
    assert [item["name"] for item in rest["objects"]] == ["dir/b"]
    assert outcome(await editor.get(f"{kept}/trash?cursor=nonsense")) == (400, "bad_request")


async def test_many_come_back_from_the_trash(kept: str, editor: httpx.AsyncClient) -> None:
    for name in ("a", "b", "c"):
        await put(editor, kept, name, name.encode())
    await editor.post(f"{kept}/delete", json={"names": ["a", "b"]})
    response = await editor.post(f"{kept}/undelete", json={"names": ["a", "b", "c", "never"]})
    assert outcomes(response) == [("a", None), ("b", None), ("c", "object_exists"), ("never", "version_not_found")]
    assert response.json()["results"][0]["object"]["size"] == 1
    assert (await editor.get(f"{kept}/trash")).json()["objects"] == []


async def test_many_versions_are_restored(kept: str, editor: httpx.AsyncClient) -> None:
    for name in ("a", "b"):
        await put(editor, kept, name, b"old", b"new")
    items = [{"name": name, "version": (await versions(editor, kept, name))[1]["version"]} for name in ("a", "b")]
    response = await editor.post(f"{kept}/restore", json={"items": [*items, {"name": "a", "version": "999"}]})
    assert outcomes(response) == [("a", None), ("b", None), ("a", "version_not_found")]
    assert (await editor.get(f"{kept}/objects/b")).content == b"old"


async def test_the_bucket_is_listed_and_read_as_it_was(kept: str, bucket: str, site: ObjectStore, editor: httpx.AsyncClient) -> None:
    await put(editor, kept, "dir/a", b"old")
    await put(editor, kept, "b", b"b")
    at = await now(site, bucket)
    await put(editor, kept, "dir/a", b"new!")
    await editor.delete(f"{kept}/objects/b")
    await put(editor, kept, "c", b"c")
    listed = (await editor.get(f"{kept}/objects", params={"at": at})).json()
    assert [(item["name"], item["size"], item["revision"]) for item in listed["objects"]] == [("b", 1, None), ("dir/a", 3, None)]
    folders = (await editor.get(f"{kept}/objects", params={"at": at, "delimiter": "/", "sort": "-size"})).json()
    assert [item["prefix"] for item in folders["prefixes"]] == ["dir/"]
    assert (await editor.get(f"{kept}/objects", params={"at": at, "q": "A"})).json()["total"] == 1
    assert (await editor.get(f"{kept}/objects/dir%2Fa", params={"at": at})).content == b"old"
    assert (await editor.get(f"{kept}/objects/dir%2Fa", params={"version": listed["objects"][1]["version"]})).content == b"old"
    assert outcome(await editor.get(f"{kept}/objects/c", params={"at": at})) == (404, "version_not_found")
    long_ago = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    assert (await editor.get(f"{kept}/objects", params={"at": long_ago})).json()["objects"] == []


@pytest.mark.parametrize("at", ["", "now", "2026-01-01", "2026-01-01T00:00:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "x" * 100])
async def test_it_refuses_moments_that_are_none(kept: str, editor: httpx.AsyncClient, at: str) -> None:
    assert outcome(await editor.get(f"{kept}/objects", params={"at": at})) == (400, "bad_request")
    assert outcome(await editor.get(f"{kept}/objects/x", params={"at": at})) == (400, "bad_request")
    assert outcome(await editor.post(f"{kept}/rewind", json={"at": at})) == (400, "bad_request")


async def test_it_refuses_questions_that_do_not_go_together(kept: str, editor: httpx.AsyncClient) -> None:
    at = "2026-01-01T00:00:00Z"
    assert outcome(await editor.get(f"{kept}/objects", params={"at": at, "deleted": "true"})) == (400, "bad_request")
    assert outcome(await editor.get(f"{kept}/objects/x", params={"at": at, "version": "1"})) == (400, "bad_request")
    assert outcome(await editor.get(f"{kept}/objects", params={"deleted": "maybe"})) == (400, "bad_request")


def lines(response: httpx.Response) -> list[dict[str, Any]]:
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/x-ndjson"), response.text
    return [json.loads(line) for line in response.text.splitlines()]


async def test_a_moment_is_restored_with_a_line_for_each_object(
    kept: str, bucket: str, site: ObjectStore, editor: httpx.AsyncClient
) -> None:
    for name in ("dir/a", "dir/b", "c"):
        await put(editor, kept, name, name.encode())
    at = await now(site, bucket)
    await put(editor, kept, "dir/a", b"changed")
    await editor.delete(f"{kept}/objects/c")
    await put(editor, kept, "dir/new", b"new")
    folder = lines(await editor.post(f"{kept}/rewind", json={"at": at, "prefix": "dir/"}))
    assert folder == [
        {"name": "dir/a", "action": "restored", "error": None},
        {"name": "dir/b", "action": "unchanged", "error": None},
        {"done": True, "restored": 1, "unchanged": 1, "removed": 0, "failed": 0},
    ]
    everything = lines(await editor.post(f"{kept}/rewind", json={"at": at, "remove_newer": True}))
    assert everything[-1] == {"done": True, "restored": 1, "unchanged": 2, "removed": 1, "failed": 0}
    assert [info.name for info in await site.list(bucket)] == ["c", "dir/a", "dir/b"]
    assert (await versions(editor, kept, "dir/a"))[0]["writer"] == "editor"


async def test_taking_a_bucket_back_goes_on_when_the_client_goes_away(
    kept: str, bucket: str, site: ObjectStore, editor: httpx.AsyncClient, application: Any
) -> None:
    for number in range(50):
        await site.put(bucket, f"{number:02}", b"old")
    at = await now(site, bucket)
    for number in range(50):
        await site.put(bucket, f"{number:02}", b"new!")
    headers = {"Authorization": editor.headers["Authorization"], "Content-Type": "application/json"}
    exchange = Exchange("POST", f"{kept}/rewind", headers=headers, body=[json.dumps({"at": at}).encode()], leave_after=1)
    answer = await exchange.run(application)
    assert (answer.status, answer.complete) == (200, False)
    assert json.loads(answer.body.splitlines()[0]) == {"name": "00", "action": "restored", "error": None}
    async with asyncio.timeout(20):
        while any(info.size != 3 for info in await site.list(bucket)):
            await asyncio.sleep(0.01)
        while (await editor.post(f"{kept}/rewind", json={"at": at})).status_code == 409:
            await asyncio.sleep(0.01)


async def test_a_moment_with_nothing_restores_nothing(kept: str, editor: httpx.AsyncClient) -> None:
    answer = lines(await editor.post(f"{kept}/rewind", json={"at": "2026-01-01T00:00:00+01:00"}))
    assert answer == [{"done": True, "restored": 0, "unchanged": 0, "removed": 0, "failed": 0}]


async def test_the_keep_rules_are_applied_on_request(kept: str, owner: httpx.AsyncClient) -> None:
    await put(owner, kept, "x", b"1", b"2", b"3", b"4")
    await versions(owner, kept, "x")
    assert (await owner.post(f"{kept}/history/prune")).json() == {"versions": 0, "data": 0}
    await owner.patch(kept, json={"history": {"keep_versions": 1}})
    assert (await owner.post(f"{kept}/history/prune")).json() == {"versions": 2, "data": 2}
    assert len(await versions(owner, kept, "x")) == 2


async def test_a_history_is_removed_for_good(kept: str, owner: httpx.AsyncClient) -> None:
    await put(owner, kept, "x", b"1", b"2")
    for _ in range(2):
        assert (await owner.delete(f"{kept}/history")).status_code == 204
    assert (await owner.get(kept)).json()["history"]["kept"] is False
    assert (await owner.get(f"{kept}/objects/x")).content == b"2"


async def test_a_deleted_bucket_leaves_an_archive_to_admins_of_everything(
    kept: str, bucket: str, owner: httpx.AsyncClient, admin: httpx.AsyncClient, cast: Cast, visitors: Visitors
) -> None:
    await put(owner, kept, "x", b"1", b"2")
    assert (await owner.get("/api/v1/archives")).json() == {"archives": []}
    assert outcome(await owner.delete(f"/api/v1/archives/{bucket}")) == (409, "bucket_exists")
    assert (await owner.delete(kept)).status_code == 204
    (archive,) = [item for item in (await admin.get("/api/v1/archives")).json()["archives"] if item["bucket"] == bucket]
    assert (archive["enabled"], archive["kept"], archive["size_bytes"] > 0) == (False, True, True)
    assert (await owner.get("/api/v1/archives")).json() == {"archives": []}
    assert outcome(await owner.get(f"{kept}/versions/x")) == (404, "bucket_not_found")
    (second, first) = await versions(admin, kept, "x")
    assert (await admin.get(f"{kept}/objects/x", params={"version": first["version"]})).content == b"1"
    assert [item["name"] for item in (await admin.get(f"{kept}/trash")).json()["objects"]] == ["x"]
    assert outcome(await admin.post(f"{kept}/versions/x/restore", json={"version": second["version"]})) == (404, "bucket_not_found")
    await Grant.objects.acreate(bucket="*", user=cast.colleague, role=Role.VIEWER)
    assert len(await versions(visitors["colleague"], kept, "x")) == 2
    assert (await visitors["colleague"].get("/api/v1/archives")).json() == {"archives": []}
    assert (await visitors["colleague"].delete(f"/api/v1/archives/{bucket}")).status_code == 403
    assert (await admin.delete(f"/api/v1/archives/{bucket}")).status_code == 204
    assert outcome(await admin.delete(f"/api/v1/archives/{bucket}")) == (404, "archive_not_found")
    assert outcome(await admin.get(f"{kept}/versions/x")) == (409, "history_off")


async def test_a_bucket_made_again_goes_on_in_its_archive(
    kept: str, bucket: str, owner: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    await put(owner, kept, "x", b"1")
    await owner.delete(kept)
    made = (await admin.post(URL, json={"name": bucket})).json()
    assert (made["history"]["enabled"], made["history"]["kept"]) == (False, True)
    assert (await admin.patch(kept, json={"history": True})).json()["history"]["enabled"]
    await put(admin, kept, "x", b"2")
    assert [(item["size"], item["writer"]) for item in await versions(admin, kept, "x")] == [(1, "admin"), (1, "owner")]


async def test_a_bucket_is_deleted_with_its_history(kept: str, bucket: str, site: ObjectStore, owner: httpx.AsyncClient) -> None:
    await put(owner, kept, "x", b"1")
    assert outcome(await owner.delete(f"{kept}?history=burn")) == (400, "bad_request")
    assert (await owner.delete(f"{kept}?history=remove")).status_code == 204
    assert await site.history.status(bucket) is None


async def test_the_list_of_buckets_costs_no_request_for_each_history(
    kept: str, site: ObjectStore, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    status = site.history.status

    async def counted(bucket: str) -> object:
        asked.append(bucket)
        return await status(bucket)

    monkeypatch.setattr(site.history, "status", counted)
    assert any(item["history"]["enabled"] for item in (await admin.get(URL)).json()["buckets"])
    assert asked == []
    await admin.get(kept)
    assert len(asked) == 1


async def test_a_history_says_what_it_missed(kept: str, base: str, bucket: str, owner: httpx.AsyncClient, site: ObjectStore) -> None:
    told = (await owner.get(f"{kept}/history")).json()
    assert told == {**(await owner.get(kept)).json()["history"], "missed": 0}
    await site.history.disable(bucket, remove=True)
    off = (await owner.get(f"{base}/history")).json()
    assert (off["enabled"], off["kept"], off["missed"]) == (False, False, 0)
