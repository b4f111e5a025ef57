"""Objects in the API: in, out, listed, gone."""

import base64
import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from buckets.objectstore import ObjectStore

from .conftest import Cast
from .helpers import listed


async def in_pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def test_it_stores_and_returns_what_was_sent(base: str, owner: httpx.AsyncClient) -> None:
    data = bytes(range(256)) * 6000
    response = await owner.put(f"{base}/objects/a%2Fblob.bin", content=data)
    assert response.status_code == 201
    stored = response.json()
    digest = urlsafe_b64encode(hashlib.sha256(data).digest()).decode()
    assert (stored["name"], stored["size"], stored["digest"]) == ("a/blob.bin", len(data), f"SHA-256={digest}")
    assert response.headers["ETag"] == f'"{digest}"'
    assert (await owner.get(response.headers["Location"])).content == data


async def test_it_takes_a_body_of_unknown_length(base: str, owner: httpx.AsyncClient) -> None:
    response = await owner.put(f"{base}/objects/x", content=in_pieces(b"one", b"", b"two"))
    assert "Content-Length" not in response.request.headers
    assert (response.status_code, response.json()["size"]) == (201, 6)
    assert (await owner.get(f"{base}/objects/x")).content == b"onetwo"


async def test_it_stores_an_empty_object(base: str, owner: httpx.AsyncClient) -> None:
    response = await owner.put(f"{base}/objects/empty", content=b"")
    assert (response.status_code, response.json()["size"], response.json()["chunks"]) == (201, 0, 0)
    got = await owner.get(f"{base}/objects/empty")
    assert (got.status_code, got.content, got.headers["Content-Length"]) == (200, b"", "0")


async def test_it_replaces_an_object_and_answers_201_again(base: str, owner: httpx.AsyncClient) -> None:
    await owner.put(f"{base}/objects/x", content=b"old")
    assert (await owner.put(f"{base}/objects/x", content=b"new!")).status_code == 201
    assert (await owner.get(f"{base}/objects/x")).content == b"new!"


async def test_it_records_type_name_user_and_time(bucket: str, base: str, owner: httpx.AsyncClient, site: ObjectStore, cast: Cast) -> None:
    await owner.put(f"{base}/objects/data%2Ftable.parquet", content=b"x")
    info = await site.info(bucket, "data/table.parquet")
    assert info.header("Content-Type") == "application/vnd.apache.parquet"
    assert info.header("Original-Name") == "table.parquet"
    assert info.header("Uploaded-By") == "owner"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", info.header("Upload-Timestamp"))


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        ("image/png", "image/png"),
        ('text/plain; charset="utf-8"', 'text/plain; charset="utf-8"'),
        ("nonsense", "text/markdown"),
        ("text/html\u00e9", "text/markdown"),
        ("application/x-www-form-urlencoded", "text/markdown"),
        ("", "text/markdown"),
    ],
)
async def test_it_keeps_a_stated_type_if_it_is_one(base: str, owner: httpx.AsyncClient, stated: str, kept: str) -> None:
    headers = [(b"Content-Type", stated.encode("latin-1"))] if stated else []
    assert (await owner.put(f"{base}/objects/notes.md", content=b"x", headers=headers)).json()["content_type"] == kept


async def test_it_stores_only_what_is_new_with_if_none_match(base: str, owner: httpx.AsyncClient) -> None:
    condition = {"If-None-Match": "*"}
    assert (await owner.put(f"{base}/objects/x", content=b"first", headers=condition)).status_code == 201
    again = await owner.put(f"{base}/objects/x", content=b"second", headers=condition)
    assert (again.status_code, again.json()["error"]["code"]) == (412, "precondition_failed")
    assert (await owner.get(f"{base}/objects/x")).content == b"first"
    await owner.delete(f"{base}/objects/x")
    assert (await owner.put(f"{base}/objects/x", content=b"third", headers=condition)).status_code == 201


async def test_it_refuses_a_part_of_an_object(base: str, owner: httpx.AsyncClient) -> None:
    await owner.put(f"{base}/objects/x", content=b"first")
    response = await owner.put(f"{base}/objects/x", content=b"second", headers={"Content-Range": "bytes 0-5/10"})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")
    assert (await owner.get(f"{base}/objects/x")).content == b"first"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_it_changes_an_object_only_on_the_stated_condition(base: str, owner: httpx.AsyncClient, method: str) -> None:
    first = await owner.put(f"{base}/objects/x", content=b"first")
    bodies: dict[str, dict[str, Any]] = {"PUT": {"content": b"second"}, "PATCH": {"json": {"description": "new"}}}
    body = bodies.get(method, {})
    for headers in ({"If-Match": '"other"'}, {"If-None-Match": first.headers["ETag"]}, {"If-None-Match": "*"}):
        refused = await owner.request(method, f"{base}/objects/x", headers=headers, **body)
        assert (headers, refused.status_code, refused.json()["error"]["code"]) == (headers, 412, "precondition_failed")
        assert (await owner.get(f"{base}/objects/x")).content == b"first"
    done = await owner.request(method, f"{base}/objects/x", headers={"If-Match": first.headers["ETag"]}, **body)
    assert done.status_code in (200, 201, 204)


async def test_it_stores_only_what_has_the_stated_digest(base: str, owner: httpx.AsyncClient) -> None:
    digest = base64.b64encode(hashlib.sha256(b"data").digest()).decode()
    refused = await owner.put(f"{base}/objects/x", content=b"other", headers={"Content-Digest": f"sha-256=:{digest}:"})
    assert refused.status_code == 400
    assert (await owner.get(f"{base}/objects/x")).status_code == 404
    stored = await owner.put(f"{base}/objects/x", content=b"data", headers={"Repr-Digest": f"sha-256=:{digest}:"})
    assert stored.status_code == 201


@pytest.mark.parametrize(
    ("asked", "status", "content", "told"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=5-100", 206, b"56789", "bytes 5-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
async def test_it_gives_a_part_of_an_object(
    base: str, owner: httpx.AsyncClient, asked: str, status: int, content: bytes | None, told: str | None
) -> None:
    await owner.put(f"{base}/objects/x", content=b"0123456789")
    part = await owner.get(f"{base}/objects/x", headers={"Range": asked})
    assert (part.status_code, part.headers.get("Content-Range")) == (status, told)
    assert content is None or part.content == content


async def test_it_deletes_and_deleting_twice_is_no_error(base: str, owner: httpx.AsyncClient) -> None:
    await owner.put(f"{base}/objects/x", content=b"data")
    for _ in range(2):
        response = await owner.delete(f"{base}/objects/x")
        assert (response.status_code, response.content) == (204, b"")
    assert (await owner.get(f"{base}/objects/x")).json()["error"]["code"] == "object_not_found"


async def test_it_asks_for_a_name(base: str, owner: httpx.AsyncClient) -> None:
    for method in ("PUT", "DELETE"):
        response = await owner.request(method, f"{base}/objects", content=b"")
        assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")
    empty = await owner.put(f"{base}/objects?name=", content=b"")
    assert (empty.status_code, empty.json()["error"]["code"]) == (400, "invalid_object_name")


async def test_it_lists_with_prefix_query_sort_and_limit(bucket: str, base: str, owner: httpx.AsyncClient) -> None:
    sizes = {"a/1.txt": 3, "a/2.csv": 1, "b/1.txt": 2, "top": 4}
    for name, size in sizes.items():
        await owner.put(f"{base}/objects", params={"name": name}, content=b"x" * size)
    await listed(bucket, *sizes)

    async def names(**query: str) -> list[str]:
        return [item["name"] for item in (await owner.get(f"{base}/objects", params=query)).json()["objects"]]

    assert await names() == sorted(sizes)
    assert await names(prefix="a/") == ["a/1.txt", "a/2.csv"]
    assert sorted(await names(q="TXT")) == ["a/1.txt", "b/1.txt"]
    assert await names(sort="-size") == ["top", "a/1.txt", "b/1.txt", "a/2.csv"]
    answer = (await owner.get(f"{base}/objects", params={"delimiter": "/"})).json()
    assert [item["name"] for item in answer["objects"]] == ["top"]
    assert [(item["prefix"], item["objects"], item["size"]) for item in answer["prefixes"]] == [("a/", 2, 4), ("b/", 1, 2)]


async def test_it_goes_on_from_a_cursor(bucket: str, base: str, owner: httpx.AsyncClient) -> None:
    names = [f"{number:02}" for number in range(7)]
    for name in names:
        await owner.put(f"{base}/objects/{name}", content=b"")
    await listed(bucket, *names)
    found: list[str] = []
    query = {"limit": "3"}
    for _ in range(3):
        answer = (await owner.get(f"{base}/objects", params=query)).json()
        assert answer["total"] == 7
        found += [item["name"] for item in answer["objects"]]
        query["cursor"] = answer["cursor"]
    assert (found, answer["cursor"]) == (names, None)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "limit=-1", "limit=٣", "sort=colour", "delimiter=.", "cursor=%F0%9F%9A"]
)
async def test_it_refuses_bad_list_parameters(base: str, owner: httpx.AsyncClient, query: str) -> None:
    response = await owner.get(f"{base}/objects?{query}")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")


async def test_it_refuses_a_cursor_that_it_did_not_give(base: str, owner: httpx.AsyncClient) -> None:
    response = await owner.get(f"{base}/objects?cursor=nonsense!")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")
