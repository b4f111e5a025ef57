"""What other clients wrote, whole and broken: read where it can be, told as what it is where not."""

import base64
import json
from typing import Any

import httpx
import pytest
from django.http import StreamingHttpResponse
from django.test import RequestFactory
from nats.aio.client import Client

from buckets.api.download import download
from buckets.objectstore import DigestMismatch

from .conftest import Cast
from .helpers import listed


async def foreign_object(foreign: Client, bucket: str, name: str, info: Any) -> None:
    token = base64.urlsafe_b64encode(name.encode()).decode()
    raw = info if isinstance(info, bytes) else json.dumps({"name": name, "bucket": bucket, "nuid": "N1", **info}).encode()
    await foreign.jetstream().publish(f"$O.{bucket}.M.{token}", raw, headers={"Nats-Rollup": "sub"})


async def test_it_answers_422_for_an_object_that_cannot_be_read(bucket: str, base: str, owner: httpx.AsyncClient, foreign: Client) -> None:
    await foreign_object(foreign, bucket, "odd", b"not json")
    response = await owner.get(f"{base}/objects/odd")
    assert (response.status_code, response.json()["error"]["code"]) == (422, "object_unreadable")


async def test_it_answers_422_for_an_object_of_an_absurd_size(bucket: str, base: str, owner: httpx.AsyncClient, foreign: Client) -> None:
    await foreign.jetstream().publish(f"$O.{bucket}.C.N1", b"data")
    await foreign_object(foreign, bucket, "huge", {"size": 2**60, "chunks": 1})
    for method in ("GET", "HEAD"):
        assert (await owner.request(method, f"{base}/objects/huge")).status_code == 422
    assert (await owner.get(f"{base}/objects/huge")).json()["error"]["code"] == "object_unreadable"


async def test_it_lists_an_odd_object_with_its_problem(bucket: str, base: str, owner: httpx.AsyncClient, foreign: Client) -> None:
    await owner.put(f"{base}/objects/fine", content=b"x")
    await foreign_object(foreign, bucket, "odd", {"size": -5, "headers": {"Content-Type": 7}})
    await listed(bucket, "fine", "odd")
    found = {item["name"]: item for item in (await owner.get(f"{base}/objects")).json()["objects"]}
    assert found["fine"]["problem"] is None
    assert found["odd"]["problem"]


async def test_it_answers_502_when_the_data_is_not_what_the_metadata_says(
    bucket: str, base: str, owner: httpx.AsyncClient, foreign: Client
) -> None:
    await foreign.jetstream().publish(f"$O.{bucket}.C.N1", b"data")
    digest = "SHA-256=" + "A" * 43 + "="
    await foreign_object(foreign, bucket, "damaged", {"size": 4, "chunks": 1, "digest": digest})
    response = await owner.get(f"{base}/objects/damaged")
    assert (response.status_code, response.json()["error"]["code"]) == (502, "digest_mismatch")


async def test_it_breaks_off_when_an_object_turns_out_to_be_damaged(bucket: str, cast: Cast, foreign: Client, rf: RequestFactory) -> None:
    for piece in (b"one", b"two", b"three"):
        await foreign.jetstream().publish(f"$O.{bucket}.C.N1", piece)
    await foreign_object(foreign, bucket, "damaged", {"size": 11, "chunks": 3, "digest": "SHA-256=" + "A" * 43 + "="})
    response = await download(rf.get("/"), cast.owner, bucket, "damaged")
    assert isinstance(response, StreamingHttpResponse)
    sent: list[bytes] = []
    with pytest.raises(DigestMismatch):
        await collect(response, sent)
    assert sent == [b"one", b"two"]


async def collect(response: StreamingHttpResponse, into: list[bytes]) -> None:
    async for part in response:
        into.append(part)  # noqa: PERF401 - what came before the error is kept


@pytest.mark.parametrize("stated", ["text/html\r\nX-Evil: 1", "text", "a/b; c", "é/x", "x" * 300 + "/y", ""])
async def test_it_does_not_send_a_foreign_type_that_is_none(
    bucket: str, base: str, owner: httpx.AsyncClient, foreign: Client, stated: str
) -> None:
    await foreign_object(foreign, bucket, "odd.html", {"size": 0, "chunks": 0, "headers": {"Content-Type": [stated]}})
    headers = (await owner.get(f"{base}/objects/odd.html")).headers
    assert headers["Content-Type"] == "application/octet-stream"
    assert "X-Evil" not in headers


async def test_it_tags_an_object_without_a_digest_by_its_nuid(bucket: str, base: str, owner: httpx.AsyncClient, foreign: Client) -> None:
    await foreign_object(foreign, bucket, "odd", {"size": 0, "chunks": 0})
    assert (await owner.get(f"{base}/objects/odd")).headers["ETag"] == '"N1"'


async def test_it_follows_a_link_only_to_where_one_may_look(
    bucket: str, base: str, owner: httpx.AsyncClient, admin: httpx.AsyncClient, foreign: Client
) -> None:
    secret = f"{bucket}-secret"
    await admin.post("/api/v1/buckets", json={"name": secret})
    await admin.put(f"/api/v1/buckets/{secret}/objects/plan", content=b"secret")
    await admin.put(f"{base}/objects/own", content=b"mine")
    await foreign_object(foreign, bucket, "away", {"options": {"link": {"bucket": secret, "name": "plan"}}})
    await foreign_object(foreign, bucket, "here", {"options": {"link": {"bucket": bucket, "name": "own"}}})
    assert (await admin.get(f"{base}/objects/away")).content == b"secret"
    for method in ("GET", "HEAD"):
        assert (await owner.request(method, f"{base}/objects/away")).status_code == 404
    assert (await owner.get(f"{base}/objects/here")).content == b"mine"


@pytest.mark.parametrize("options", [{"name": "plan"}, {"name": "absent"}, {"name": "link"}, {"name": "odd"}, {}], ids=str)
async def test_a_link_to_where_one_may_not_look_does_not_tell_what_is_there(
    bucket: str, base: str, owner: httpx.AsyncClient, admin: httpx.AsyncClient, foreign: Client, options: dict[str, str]
) -> None:
    secret = f"{bucket}-secret"
    await admin.post("/api/v1/buckets", json={"name": secret})
    await admin.put(f"/api/v1/buckets/{secret}/objects/plan", content=b"secret")
    await foreign_object(foreign, secret, "link", {"options": {"link": {"bucket": secret, "name": "plan"}}})
    await foreign_object(foreign, secret, "odd", b"not json")
    answers = []
    for target in (secret, f"{bucket}-absent"):
        await foreign_object(foreign, bucket, "away", {"options": {"link": {"bucket": target, **options}}})
        response = await owner.get(f"{base}/objects/away")
        error = response.json()["error"]
        assert error.pop("request_id") == response.headers["X-Request-ID"]
        answers.append((response.status_code, error))
    message = "“away” is a link to an object that is not there or that you may not see."
    assert answers == [(404, {"code": "object_not_found", "message": message})] * 2
