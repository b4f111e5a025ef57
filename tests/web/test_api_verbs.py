"""Changing, moving, copying and deleting objects in the API."""

import json
from typing import Any

import httpx
import pytest

from buckets.models import Grant
from buckets.objectstore import BucketConfig, ObjectStore
from buckets.roles import Role

from .conftest import Cast, Visitors


@pytest.fixture
async def other(bucket: str, site: ObjectStore, cast: Cast) -> str:
    """Another bucket, in which the editor is an editor, the colleague a viewer, and the owner nobody."""
    name = f"{bucket}-other"
    await site.create_bucket(BucketConfig(name))
    for user, role in ((cast.editor, Role.EDITOR), (cast.colleague, Role.VIEWER)):
        await Grant.objects.acreate(bucket=name, user=user, role=role)
    return name


@pytest.fixture
def editor(visitors: Visitors) -> httpx.AsyncClient:
    return visitors["editor"]


async def put(client: httpx.AsyncClient, base: str, *names: str) -> None:
    for name in names:
        assert (await client.put(f"{base}/objects", params={"name": name}, content=name.encode())).status_code == 201


async def names(client: httpx.AsyncClient, base: str, **query: str) -> list[str]:
    return [item["name"] for item in (await client.get(f"{base}/objects", params=query)).json()["objects"]]


def outcomes(response: httpx.Response) -> list[tuple[str, str | None]]:
    """Each result's name, and the code of its error."""
    assert response.status_code == 200, response.text
    return [(result["name"], result["error"] and result["error"]["code"]) for result in response.json()["results"]]


async def test_it_changes_metadata_and_leaves_the_rest(base: str, editor: httpx.AsyncClient) -> None:
    await put(editor, base, "x")
    before = (await editor.patch(f"{base}/objects/x", json={"metadata": {"k": "v"}})).json()
    headers = {"Content-Type": ["text/plain"], "Tags": ["one", "two"]}
    response = await editor.patch(f"{base}/objects/x", json={"description": "of the year ☃", "headers": headers})
    assert response.status_code == 200
    after = response.json()
    assert (after["description"], after["headers"], after["metadata"]) == ("of the year ☃", headers, {"k": "v"})
    assert (after["content_type"], after["nuid"], after["digest"]) == ("text/plain", before["nuid"], before["digest"])
    assert (await editor.get(f"{base}/objects/x")).content == b"x"
    emptied = (await editor.patch(f"{base}/objects/x", json={"description": None, "headers": None, "metadata": {}})).json()
    assert (emptied["description"], emptied["headers"], emptied["metadata"]) == ("", {}, {})


async def test_it_renames_an_object_and_says_where_it_is(base: str, editor: httpx.AsyncClient) -> None:
    await put(editor, base, "x", "taken")
    response = await editor.patch(f"{base}/objects/x", json={"name": "folder/y", "description": "d"})
    assert (response.status_code, response.headers["Location"]) == (200, f"{base}/objects/folder%2Fy")
    assert (response.json()["name"], response.json()["description"]) == ("folder/y", "d")
    assert await names(editor, base) == ["folder/y", "taken"]
    taken = await editor.patch(f"{base}/objects/folder%2Fy", json={"name": "taken"})
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "object_exists")
    assert await names(editor, base) == ["folder/y", "taken"]


async def test_it_changes_only_the_revision_that_was_meant(base: str, editor: httpx.AsyncClient) -> None:
    await put(editor, base, "x")
    first = (await editor.patch(f"{base}/objects/x", json={"description": "1"})).json()
    second = await editor.patch(f"{base}/objects/x", json={"description": "2", "revision": first["revision"]})
    assert second.status_code == 200
    late = await editor.patch(f"{base}/objects/x", json={"name": "y", "revision": first["revision"]})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "conflict")
    assert await names(editor, base) == ["x"]


async def test_it_changes_only_the_content_that_was_meant(base: str, editor: httpx.AsyncClient) -> None:
    await put(editor, base, "x")
    tag = (await editor.head(f"{base}/objects/x")).headers["ETag"]
    for condition in (tag, f'"other", {tag}', "*"):
        response = await editor.patch(f"{base}/objects/x", json={"description": condition}, headers={"If-Match": condition})
        assert response.status_code == 200
    await editor.put(f"{base}/objects/x", content=b"new")
    for condition in (tag, f"W/{tag}", '"other"'):
        response = await editor.patch(f"{base}/objects/x", json={"description": "late"}, headers={"If-Match": condition})
        assert (response.status_code, response.json()["error"]["code"]) == (412, "precondition_failed")
    assert (await editor.patch(f"{base}/objects/x", json={})).json()["description"] == ""


CHANGES: list[dict[str, Any]] = [
    {"size": 3},
    {"name": None},
    {"name": 3},
    {"description": 3},
    {"description": "x" * 5000},
    {"description": "\ud800"},
    {"headers": []},
    {"headers": {"A": "text"}},
    {"headers": {"A": [3]}},
    {"headers": {"": ["x"]}},
    {"headers": {str(number): [] for number in range(101)}},
    {"metadata": {"k": 3}},
    {"revision": 0},
    {"revision": "1"},
]


@pytest.mark.parametrize("change", CHANGES)
async def test_it_refuses_changes_that_make_no_sense(base: str, editor: httpx.AsyncClient, change: dict[str, Any]) -> None:
    await put(editor, base, "x")
    response = await editor.patch(f"{base}/objects/x", content=json.dumps(change), headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")


async def test_it_moves_many_each_for_itself(base: str, editor: httpx.AsyncClient) -> None:
    await put(editor, base, "a", "b", "taken")
    items = [{"name": "a", "to": "folder/a"}, {"name": "b", "to": "taken"}, {"name": "gone", "to": "c"}, {"name": "b", "to": ""}]
    response = await editor.post(f"{base}/move", json={"items": items})
    assert outcomes(response) == [("a", None), ("b", "object_exists"), ("gone", "object_not_found"), ("b", "invalid_object_name")]
    assert response.json()["results"][0]["object"]["name"] == "folder/a"
    assert await names(editor, base) == ["b", "folder/a", "taken"]
    over = await editor.post(f"{base}/move", json={"items": [{"name": "b", "to": "taken"}], "overwrite": True})
    assert outcomes(over) == [("b", None)]
    assert (await editor.get(f"{base}/objects/taken")).content == b"b"


async def test_it_moves_and_copies_to_another_bucket(base: str, other: str, editor: httpx.AsyncClient) -> None:
    await put(editor, base, "a", "b")
    there = f"/api/v1/buckets/{other}"
    assert outcomes(await editor.post(f"{base}/copy", json={"items": [{"name": "a", "to": "copied"}], "bucket": other})) == [("a", None)]
    assert outcomes(await editor.post(f"{base}/move", json={"items": [{"name": "b", "to": "b"}], "bucket": other})) == [("b", None)]
    assert (await names(editor, base), await names(editor, there)) == (["a"], ["b", "copied"])
    assert (await editor.get(f"{there}/objects/copied")).content == b"a"


async def test_moving_needs_both_roles_and_copying_one_of_each(
    bucket: str, base: str, other: str, owner: httpx.AsyncClient, visitors: Visitors
) -> None:
    await put(owner, base, "a")
    body = {"items": [{"name": "a", "to": "a"}], "bucket": other}
    back = {"items": [{"name": "a", "to": "a"}], "bucket": bucket}
    for act in ("move", "copy"):
        hidden = await owner.post(f"{base}/{act}", json=body)
        assert (hidden.status_code, hidden.json()["error"]["code"]) == (404, "bucket_not_found")
        assert (await visitors["colleague"].post(f"{base}/{act}", json=body)).status_code == 403
    editor, there = visitors["editor"], f"/api/v1/buckets/{other}"
    await put(editor, there, "a")
    assert (await visitors["colleague"].post(f"{there}/copy", json=back)).status_code == 403
    await Grant.objects.filter(bucket=bucket, user__username="editor").aupdate(role=Role.VIEWER)
    assert (await editor.post(f"{base}/move", json=body)).status_code == 403
    assert (await editor.post(f"{base}/copy", json=body | {"overwrite": True})).status_code == 200


async def test_it_deletes_many_and_only_admins_for_good(base: str, editor: httpx.AsyncClient, owner: httpx.AsyncClient) -> None:
    await put(editor, base, "a", "b", "c")
    assert outcomes(await editor.post(f"{base}/delete", json={"names": ["a", "", "never"]})) == [
        ("a", None),
        ("", "invalid_object_name"),
        ("never", None),
    ]
    assert await names(editor, base) == ["b", "c"]
    assert (await editor.post(f"{base}/delete", json={"names": ["b"], "for_good": True})).status_code == 403
    assert outcomes(await owner.post(f"{base}/delete", json={"names": ["a", "b"], "for_good": True})) == [("a", None), ("b", None)]
    assert await names(owner, base, deleted="true") == ["c"]


async def test_it_lists_deletion_markers_on_request(base: str, editor: httpx.AsyncClient) -> None:
    await put(editor, base, "a", "dir/b", "dir/c")
    assert await names(editor, base, deleted="true") == ["a", "dir/b", "dir/c"]
    await editor.delete(f"{base}/objects/dir%2Fb")
    listed = (await editor.get(f"{base}/objects", params={"deleted": "true", "prefix": "dir/", "limit": "1"})).json()
    assert [(item["name"], item["deleted"]) for item in listed["objects"]] == [("dir/b", True)]
    assert await names(editor, base, deleted="true", prefix="dir/", cursor=listed["cursor"]) == ["dir/c"]
    assert await names(editor, base) == ["a", "dir/c"]
    folder = (await editor.get(f"{base}/objects", params={"deleted": "true", "delimiter": "/"})).json()
    assert [(item["prefix"], item["objects"]) for item in folder["prefixes"]] == [("dir/", 2)]


BODIES: list[tuple[str, Any]] = [
    ("delete", {}),
    ("delete", {"names": "a"}),
    ("delete", {"names": [3]}),
    ("delete", {"names": ["\ud800"]}),
    ("delete", {"names": ["x"] * 1001}),
    ("delete", {"names": [], "for_good": "yes"}),
    ("delete", {"names": [], "other": 1}),
    ("undelete", {"names": None}),
    ("move", {"items": ["a"]}),
    ("move", {"items": [{"name": "a"}]}),
    ("move", {"items": [{"name": "a", "to": "b", "x": 1}]}),
    ("copy", {"items": [], "bucket": 3}),
    ("copy", {"items": [], "overwrite": 1}),
    ("restore", {"items": [{"name": "a", "version": ""}]}),
    ("restore", {"items": [{"name": "a", "version": 3}]}),
]


@pytest.mark.parametrize(("act", "body"), BODIES)
async def test_it_refuses_lists_that_make_no_sense(base: str, editor: httpx.AsyncClient, act: str, body: Any) -> None:
    response = await editor.post(f"{base}/{act}", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request"), response.text


async def test_it_takes_a_thousand_long_names_and_no_endless_body(base: str, editor: httpx.AsyncClient) -> None:
    long_names = [f"{number:04}" + "x" * 2000 for number in range(1000)]
    assert len(outcomes(await editor.post(f"{base}/delete", json={"names": long_names}))) == 1000
    endless = await editor.post(f"{base}/delete", json={"names": ["x" * 9_000_000]})
    assert (endless.status_code, endless.json()["error"]["code"]) == (413, "too_large")


async def test_it_records_who_did_what(base: str, bucket: str, owner: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    await put(owner, base, "a")
    caplog.clear()
    await owner.patch(f"{base}/objects/a", json={"description": "d"})
    await owner.patch(f"{base}/objects/a", json={"name": "b"})
    await owner.post(f"{base}/move", json={"items": [{"name": "b", "to": "c"}, {"name": "gone", "to": "x"}]})
    await owner.post(f"{base}/copy", json={"items": [{"name": "c", "to": "d"}]})
    await owner.post(f"{base}/delete", json={"names": ["c"], "for_good": True})
    who = f'user="owner" bucket="{bucket}"'
    assert [record.getMessage() for record in caplog.records if record.name == "buckets.audit"] == [
        f'object.update {who} name="a"',
        f'object.rename {who} name="a" to="b"',
        f'object.move {who} name="b" to_bucket="{bucket}" to="c"',
        f'object.copy {who} name="c" to_bucket="{bucket}" to="d"',
        f'object.erase {who} name="c"',
    ]
