"""Buckets in the API."""

import json
from typing import Any

import httpx
import pytest

from buckets.models import Grant
from buckets.objectstore import InvalidBucketName, ObjectStore
from buckets.roles import Role

from .conftest import Cast, Visitors

URL = "/api/v1/buckets"


async def test_it_creates_a_bucket_with_all_that_can_be_set(site: ObjectStore, admin: httpx.AsyncClient, bucket_name: str) -> None:
    wanted = {
        "name": bucket_name,
        "description": "Reports of the year ☃",
        "ttl_seconds": 3600,
        "max_bytes": 10_000_000,
        "storage": "memory",
        "replicas": 1,
        "compression": True,
        "metadata": {"owner": "finance"},
    }
    response = await admin.post(URL, json=wanted)
    assert response.status_code == 201, response.text
    assert response.headers["Location"] == f"{URL}/{bucket_name}"
    assert wanted.items() <= response.json().items()
    shown = (await admin.get(f"{URL}/{bucket_name}")).json()
    assert wanted.items() <= shown.items()


async def test_it_shows_every_field_of_a_bucket(base: str, owner: httpx.AsyncClient) -> None:
    await owner.put(f"{base}/objects/one", content=b"12345")
    shown = (await owner.get(base)).json()
    assert shown["objects"] == 1
    assert shown["size_bytes"] > 5
    assert shown["stream"]["messages"] == 2
    assert shown["history"] == {"enabled": False}
    assert (shown["ttl_seconds"], shown["max_bytes"], shown["sealed"], shown["role"]) == (None, None, False, "admin")
    assert shown["created"].endswith("Z")
    assert shown["stream"]["last_time"].endswith("Z")


async def test_it_lists_a_bucket_that_cannot_be_counted(
    bucket: str, base: str, site: ObjectStore, owner: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: str) -> int:
        raise InvalidBucketName("odd")

    monkeypatch.setattr(site, "count_objects", fail)
    (listed,) = (await owner.get(URL)).json()["buckets"]
    assert (listed["name"], listed["objects"]) == (bucket, None)
    assert (await owner.get(base)).json()["objects"] is None


async def test_it_makes_the_creator_its_admin(site: ObjectStore, visitors: Visitors, cast: Cast, bucket_name: str) -> None:
    await Grant.objects.acreate(bucket="*", user=cast.outsider, role=Role.ADMIN)
    name = f"{bucket_name}-own"
    assert (await visitors["outsider"].post(URL, json={"name": name})).status_code == 201
    assert (await Grant.objects.aget(bucket=name)).role == Role.ADMIN


async def test_it_forgets_the_grants_of_a_deleted_bucket(
    bucket: str, base: str, owner: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    assert (await owner.delete(base)).status_code == 204
    assert not await Grant.objects.filter(bucket=bucket).aexists()
    assert (await admin.get(base)).json()["error"]["code"] == "bucket_not_found"


async def test_it_answers_409_to_a_bucket_that_exists(bucket: str, admin: httpx.AsyncClient) -> None:
    response = await admin.post(URL, json={"name": bucket})
    assert (response.status_code, response.json()["error"]["code"]) == (409, "bucket_exists")


@pytest.mark.parametrize("name", ["", "a b", "a.b", "ä", "a/b", "x" * 129, "*"])
async def test_it_tells_the_rule_for_a_bad_name(site: ObjectStore, admin: httpx.AsyncClient, name: str) -> None:
    response = await admin.post(URL, json={"name": name})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid_bucket_name")
    assert "letters, digits" in response.json()["error"]["message"]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": 5}, "name"),
    ({"description": "x" * 5000}, "description"),
    ({"description": "\ud800"}, "description"),
    ({"metadata": {"\udfff": "a"}}, "metadata"),
    ({"ttl_seconds": -1}, "ttl_seconds"),
    ({"ttl_seconds": "1"}, "ttl_seconds"),
    ({"ttl_seconds": True}, "ttl_seconds"),
    ({"ttl_seconds": 1e300}, "ttl_seconds"),
    ({"max_bytes": 1.5}, "max_bytes"),
    ({"max_bytes": 2**64}, "max_bytes"),
    ({"storage": "tape"}, "storage"),
    ({"storage": []}, "storage"),
    ({"replicas": 0}, "replicas"),
    ({"replicas": 6}, "replicas"),
    ({"compression": "yes"}, "compression"),
    ({"metadata": ["a"]}, "metadata"),
    ({"metadata": {"a": 1}}, "a"),
    ({"metadata": {"": "a"}}, "metadata"),
    ({"metadata": {str(i): "" for i in range(101)}}, "metadata"),
    ({"sealed": True}, "sealed"),
    ({"history": True}, "history"),
]


@pytest.mark.parametrize(("fields", "named"), BAD)
async def test_it_names_the_field_that_is_wrong(site: ObjectStore, admin: httpx.AsyncClient, fields: dict[str, Any], named: str) -> None:
    body = json.dumps({"name": "never-made", **fields})
    response = await admin.post(URL, content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")
    assert f"“{named}”" in response.json()["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"1", b"[" * 50_000, b'{"ttl_seconds": NaN, "name": "x"}'])
async def test_it_refuses_what_is_not_a_json_object(site: ObjectStore, admin: httpx.AsyncClient, body: bytes) -> None:
    response = await admin.post(URL, content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")


async def test_it_refuses_json_that_is_too_long(site: ObjectStore, admin: httpx.AsyncClient) -> None:
    for size in (70_000, 4_000_000):
        body = b'{"name": "' + b"x" * size + b'"}'
        response = await admin.post(URL, content=body, headers={"Content-Type": "application/json"})
        assert (response.status_code, response.json()["error"]["code"]) == (413, "too_large")


async def test_it_takes_null_and_zero_as_no_limit(site: ObjectStore, admin: httpx.AsyncClient, bucket_name: str) -> None:
    response = await admin.post(URL, json={"name": bucket_name, "ttl_seconds": 0, "max_bytes": None, "history": False, "metadata": None})
    assert response.status_code == 201
    assert (response.json()["ttl_seconds"], response.json()["max_bytes"]) == (None, None)


async def test_it_says_what_is_allowed_when_a_method_is_not(base: str, owner: httpx.AsyncClient) -> None:
    response = await owner.patch(base, json={})
    assert (response.status_code, response.json()["error"]["code"]) == (405, "method_not_allowed")
    assert response.headers["Allow"] == "GET, DELETE"
    assert (await owner.post(f"{base}/objects/x")).headers["Allow"] == "GET, HEAD, PUT, DELETE"
