"""Every name that NATS permits, in the path and in the query."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from buckets.objectstore import ObjectStore
from tests.store.helpers import ODD_NAMES

from .asgi import Exchange


async def send(application: Any, owner: httpx.AsyncClient, method: str, path: str, *body: bytes) -> Any:
    headers = {"Authorization": owner.headers["Authorization"]}
    return await Exchange(method, path, headers=headers, body=body).run(application)


def as_segment(name: str) -> str:
    return "/" + quote(name, safe="")


def as_query(name: str) -> str:
    return "?name=" + quote(name, safe="")


def with_slashes(name: str) -> str:
    return "/" + quote(name, safe="/")


@pytest.mark.parametrize("address", [as_segment, as_query, with_slashes])
@pytest.mark.parametrize("name", ODD_NAMES, ids=range(len(ODD_NAMES)))
async def test_it_stores_reads_and_deletes_any_name(
    bucket: str, base: str, owner: httpx.AsyncClient, application: Any, site: ObjectStore, name: str, address: Any
) -> None:
    path = f"{base}/objects{address(name)}"
    stored = await send(application, owner, "PUT", path, b"data of ", b"it")
    assert stored.status == 201, stored.body
    assert (await site.info(bucket, name)).size == 10
    got = await send(application, owner, "GET", path)
    assert (got.status, got.body) == (200, b"data of it")
    assert (await send(application, owner, "GET", stored.headers["location"])).body == b"data of it"
    assert (await send(application, owner, "HEAD", path)).status == 200
    assert (await send(application, owner, "DELETE", path)).status == 204
    assert (await send(application, owner, "GET", path)).status == 404


async def test_it_keeps_names_apart_that_look_alike(base: str, owner: httpx.AsyncClient, application: Any) -> None:
    names = ["a", "/a", "a/", "a//b", "a/b", "a%2Fb", "./a", "a\n", "a ", " a", "A", "a?name=b", "é", "e\u0301"]
    for name in names:
        await send(application, owner, "PUT", f"{base}/objects{as_segment(name)}", name.encode())
    for name in names:
        assert (await send(application, owner, "GET", f"{base}/objects{as_segment(name)}")).body == name.encode()


@pytest.mark.parametrize("path", ["/%FF", "/a%C3", "?name=%FF", "?name=a&x=%C3%28"])
async def test_it_refuses_names_that_are_not_utf8(base: str, owner: httpx.AsyncClient, application: Any, path: str) -> None:
    answer = await send(application, owner, "PUT", f"{base}/objects{path}", b"x")
    assert (answer.status, b'"bad_request"' in answer.body) == (400, True)


async def test_it_refuses_a_name_that_is_too_long(base: str, owner: httpx.AsyncClient) -> None:
    response = await owner.put(f"{base}/objects/{'x' * 4000}", content=b"")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid_object_name")


async def test_it_points_to_the_object_in_a_way_that_clients_keep(base: str, owner: httpx.AsyncClient, application: Any) -> None:
    dots = await send(application, owner, "PUT", f"{base}/objects?name=..", b"x")
    assert dots.headers["location"] == f"{base}/objects?name=.."
    slash = await send(application, owner, "PUT", f"{base}/objects?name=../up", b"x")
    assert slash.headers["location"] == f"{base}/objects/..%2Fup"
