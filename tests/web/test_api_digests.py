"""Digests over HTTP (RFC 9530): told, demanded, and found to be wrong."""

import base64
import hashlib
import logging
from typing import Any

import httpx
import orjson
import pytest
from nats.aio.client import Client

from buckets.objectstore import DigestMismatch, ObjectStore
from buckets.objectstore.names import metadata_subject
from buckets.services import counters

from .asgi import Exchange
from .helpers import listed, messages

DATA = b"the data" * 200_000
LINK = {"Content-Type": "application/vnd.nats-files.link+json"}


def field(data: bytes, *algorithms: str) -> str:
    hashes = {name: hashlib.new(name.replace("-", ""), data).digest() for name in algorithms}
    return ", ".join(f"{name}=:{base64.b64encode(digest).decode()}:" for name, digest in hashes.items())


async def test_it_tells_the_digest_of_what_it_sends(base: str, owner: httpx.AsyncClient) -> None:
    await owner.put(f"{base}/objects/x", content=DATA)
    whole = await owner.get(f"{base}/objects/x")
    assert whole.headers["Repr-Digest"] == whole.headers["Content-Digest"] == field(DATA, "sha-256")
    head = await owner.head(f"{base}/objects/x")
    assert (head.headers["Repr-Digest"], "Content-Digest" in head.headers) == (field(DATA, "sha-256"), False)
    for wanted in ("bytes=0-4", "bytes=0-4,8-9"):
        part = await owner.get(f"{base}/objects/x", headers={"Range": wanted})
        assert (part.headers["Repr-Digest"], "Content-Digest" in part.headers) == (field(DATA, "sha-256"), False)


async def test_it_tells_no_digest_where_there_is_none(bucket: str, base: str, owner: httpx.AsyncClient, foreign: Client) -> None:
    js = foreign.jetstream()
    await js.publish(f"$O.{bucket}.C.plain", b"data")
    info = {"name": "x", "bucket": bucket, "nuid": "plain", "size": 4, "chunks": 1}
    await js.publish(metadata_subject(bucket, "x"), orjson.dumps(info))
    got = await owner.get(f"{base}/objects/x")
    assert (got.content, "Repr-Digest" in got.headers, "Content-Digest" in got.headers) == (b"data", False, False)


@pytest.mark.parametrize("header", ["Content-Digest", "Repr-Digest"])
@pytest.mark.parametrize("algorithms", [["sha-256"], ["sha-512"], ["sha-256", "sha-512"], ["sha-512", "md5"]])
async def test_it_stores_what_has_its_digest(base: str, owner: httpx.AsyncClient, header: str, algorithms: list[str]) -> None:
    stored = await owner.put(f"{base}/objects/x", content=DATA, headers={header: field(DATA, *algorithms)})
    assert stored.status_code == 201


@pytest.mark.parametrize("header", ["Content-Digest", "Repr-Digest"])
@pytest.mark.parametrize("algorithm", ["sha-256", "sha-512"])
async def test_it_stores_nothing_of_what_has_not(
    bucket: str, base: str, owner: httpx.AsyncClient, foreign: Client, header: str, algorithm: str
) -> None:
    await owner.put(f"{base}/objects/x", content=b"old")
    refused = await owner.put(f"{base}/objects/x", content=DATA, headers={header: field(b"other", algorithm)})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "upload_digest_mismatch")
    assert algorithm in refused.json()["error"]["message"]
    assert (await owner.get(f"{base}/objects/x")).content == b"old"
    assert await messages(foreign, bucket) == 2


async def test_every_digest_must_be_right(base: str, owner: httpx.AsyncClient) -> None:
    wrong = f"{field(DATA, 'sha-256')}, {field(b'other', 'sha-512')}"
    assert (await owner.put(f"{base}/objects/x", content=DATA, headers={"Repr-Digest": wrong})).status_code == 400
    apart = {"Content-Digest": field(DATA, "sha-256"), "Repr-Digest": field(b"other", "sha-256")}
    assert (await owner.put(f"{base}/objects/x", content=DATA, headers=apart)).json()["error"]["code"] == "bad_request"


async def test_it_passes_over_algorithms_that_it_does_not_know(base: str, owner: httpx.AsyncClient) -> None:
    headers = {"Content-Digest": f"{field(b'other', 'md5')}, blake9=:AAAA:"}
    assert (await owner.put(f"{base}/objects/x", content=DATA, headers=headers)).status_code == 201


@pytest.mark.parametrize("value", ["sha-256", "sha-256=abc", "sha-256=:AAAA:", "SHA-256=:AAAA:", "sha-256=:" + "A" * 43 + "=: x"])
async def test_it_refuses_a_digest_that_cannot_be_read(base: str, owner: httpx.AsyncClient, value: str) -> None:
    refused = await owner.put(f"{base}/objects/x", content=b"data", headers={"Content-Digest": value})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "bad_request")
    assert (await owner.get(f"{base}/objects/x")).status_code == 404


async def test_the_digest_of_a_link_is_that_of_its_json(bucket: str, base: str, owner: httpx.AsyncClient) -> None:
    body = orjson.dumps({"bucket": bucket})
    wrong = await owner.put(f"{base}/objects/l", content=body, headers={**LINK, "Content-Digest": field(b"other", "sha-256")})
    assert wrong.json()["error"]["code"] == "upload_digest_mismatch"
    right = await owner.put(f"{base}/objects/l", content=body, headers={**LINK, "Content-Digest": field(body, "sha-256")})
    assert right.status_code == 201


@pytest.fixture
async def damaged(bucket: str, base: str, owner: httpx.AsyncClient, site: ObjectStore, foreign: Client) -> str:
    """The address of an object of three chunks whose digest is another one's."""
    info = await site.put(bucket, "x", b"a" * 3000, chunk_size=1000)
    other = (await site.put(bucket, "other", b"b" * 3000)).digest
    lying = {"name": "x", "bucket": bucket, "nuid": info.nuid, "size": 3000, "chunks": 3, "digest": other}
    await foreign.jetstream().publish(metadata_subject(bucket, "x"), orjson.dumps(lying), headers={"Nats-Rollup": "sub"})
    return f"{base}/objects/x"


async def problem(base: str, owner: httpx.AsyncClient) -> str | None:
    found = (await owner.get(f"{base}/objects", params={"prefix": "x"})).json()["objects"][0]["problem"]
    assert found is None or isinstance(found, str)
    return found


async def test_a_damaged_object_is_broken_off_counted_logged_and_marked(
    bucket: str,
    base: str,
    damaged: str,
    owner: httpx.AsyncClient,
    site: ObjectStore,
    application: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await listed(bucket, "x")
    before = counters.counts()[counters.DAMAGED_READS]
    assert await problem(base, owner) is None
    exchange = Exchange("GET", damaged, headers={"Authorization": owner.headers["Authorization"]})
    with caplog.at_level(logging.ERROR, "buckets.errors"), pytest.raises(DigestMismatch):  # which makes the server break the connection off
        await exchange.run(application)
    assert len(exchange.answer.body) < 3000
    assert not exchange.answer.complete
    assert counters.counts()[counters.DAMAGED_READS] == before + 1
    nuid = (await site.info(bucket, "x")).nuid
    assert any(all(repr(fact) in line for fact in (bucket, "x", nuid)) for line in caplog.messages)
    assert "damaged" in str(await problem(base, owner))


async def test_a_mark_goes_when_the_object_changes(bucket: str, base: str, damaged: str, owner: httpx.AsyncClient) -> None:
    with pytest.raises(DigestMismatch):
        await owner.get(damaged)
    assert "damaged" in str(await problem(base, owner))
    await owner.put(damaged, content=b"whole again")
    assert await problem(base, owner) is None
