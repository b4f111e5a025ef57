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
    assert (shown["history"]["enabled"], shown["history"]["kept"]) == (False, False)
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
    ({"history": "yes"}, "history"),
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
    response = await owner.put(base, content=b"")
    assert (response.status_code, response.json()["error"]["code"]) == (405, "method_not_allowed")
    assert response.headers["Allow"] == "GET, PATCH, DELETE"
    assert (await owner.post(f"{base}/objects/x")).headers["Allow"] == "GET, HEAD, PUT, PATCH, DELETE"


async def test_it_changes_what_can_be_changed(base: str, owner: httpx.AsyncClient) -> None:
    wanted = {
        "description": "Reports of the year ☃",
        "ttl_seconds": 3600,
        "max_bytes": 10_000_000,
        "replicas": 1,
        "compression": True,
        "metadata": {"owner": "finance"},
        "placement": None,
        "fast_ingest": False,
        "atomic": False,
        "direct": False,
        "rollup": True,
    }
    response = await owner.patch(base, json=wanted)
    assert response.status_code == 200, response.text
    assert wanted.items() <= response.json().items()
    assert wanted.items() <= (await owner.get(base)).json().items()


async def test_it_leaves_what_is_not_named(base: str, owner: httpx.AsyncClient) -> None:
    await owner.patch(base, json={"description": "first", "metadata": {"a": "b"}, "ttl_seconds": 60, "max_bytes": 1_000_000})
    response = await owner.patch(base, json={"ttl_seconds": None, "max_bytes": 0})
    shown = response.json()
    assert (shown["description"], shown["metadata"], shown["ttl_seconds"], shown["max_bytes"]) == ("first", {"a": "b"}, None, None)
    assert (await owner.patch(base, json={})).json()["description"] == "first"


UNCHANGEABLE: list[tuple[dict[str, Any], str, str]] = [
    ({"name": "other"}, "bad_request", "“name” cannot be changed"),
    ({"storage": "memory"}, "bad_request", "“storage” cannot be changed"),
    ({"sealed": True}, "bad_request", "“sealed” cannot be set"),
    ({"history": 1}, "bad_request", "“history”"),
    ({"replicas": None}, "bad_request", "“replicas” needs a value"),
    ({"fast_ingest": None}, "bad_request", "“fast_ingest” needs a value"),
    ({"compression": 1}, "bad_request", "“compression” is true or false"),
    ({"placement": "east"}, "bad_request", "“placement” is an object"),
    ({"placement": {"tags": "ssd"}}, "bad_request", "“tags” is a list"),
    ({"placement": {"tags": [""]}}, "bad_request", "“tags” is a list"),
    ({"placement": {"cluster": 5}}, "bad_request", "“cluster” is a text"),
    ({"placement": {"servers": []}}, "bad_request", "“servers” cannot be set"),
    ({"\ud800": 1}, "bad_request", "cannot be set"),
    ({"placement": {"cluster": "east"}}, "invalid_bucket_config", "stands alone"),
    ({"replicas": 3}, "invalid_bucket_config", "stands alone"),
    ({"ttl_seconds": 0.01}, "invalid_bucket_config", "seconds at least"),
    ({"max_bytes": 10}, "invalid_bucket_config", "bytes that the bucket holds"),
    ({"rollup": False}, "invalid_bucket_config", "cannot be switched off"),
]


@pytest.mark.parametrize(("fields", "code", "words"), UNCHANGEABLE)
async def test_it_refuses_in_words_what_cannot_be_changed(
    base: str, owner: httpx.AsyncClient, fields: dict[str, Any], code: str, words: str
) -> None:
    await owner.put(f"{base}/objects/one", content=b"12345")
    before = (await owner.get(base)).json()
    response = await owner.patch(base, content=json.dumps(fields), headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["error"]["code"]) == (400, code)
    assert words in response.json()["error"]["message"]
    assert (await owner.get(base)).json() == before


async def test_it_seals_a_bucket_when_its_name_is_confirmed(base: str, bucket: str, owner: httpx.AsyncClient) -> None:
    await owner.put(f"{base}/objects/one", content=b"12345")
    for body in ({}, {"confirm": ""}, {"confirm": "another"}, {"confirm": None}):
        refused = await owner.post(f"{base}/seal", json=body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "not_confirmed")
    assert (await owner.get(base)).json()["sealed"] is False
    sealed = await owner.post(f"{base}/seal", json={"confirm": bucket})
    assert (sealed.status_code, sealed.json()["sealed"]) == (200, True)
    written = await owner.put(f"{base}/objects/two", content=b"12345")
    assert (written.status_code, written.json()["error"]["code"]) == (409, "bucket_sealed")
    changed = await owner.patch(base, json={"ttl_seconds": 60})
    assert (changed.status_code, changed.json()["error"]["code"]) == (409, "bucket_sealed")
    assert (await owner.get(f"{base}/objects/one")).content == b"12345"


async def test_it_records_who_changed_and_sealed_what(
    base: str, bucket: str, owner: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="buckets.audit")
    await owner.patch(base, json={"description": "x", "max_bytes": 1_000_000})
    await owner.post(f"{base}/seal", json={"confirm": bucket})
    lines = [record.getMessage() for record in caplog.records if record.name == "buckets.audit"]
    assert lines == [
        f'bucket.update user="owner" bucket="{bucket}" changed="description, max_bytes"',
        f'bucket.seal user="owner" bucket="{bucket}"',
    ]
