"""What a hostile client can put into a bucket, and what must not come of it."""

import asyncio
import socket

import orjson
import pytest
from nats.aio.client import Client

from buckets.objectstore import ObjectNotFound, ObjectStore, ObjectUnreadable
from buckets.objectstore.names import metadata_subject
from tests.natsserver import NatsServer
from tests.store.helpers import pieces, read
from tests.store.test_live import names, until


async def publish_info(foreign: Client, bucket: str, name: str, **fields: object) -> None:
    raw = orjson.dumps({"name": name, "bucket": bucket, **fields})
    await foreign.jetstream().publish(metadata_subject(bucket, name), raw, headers={"Nats-Rollup": "sub"})


def publish_raw(server: NatsServer, subject: bytes, payload: bytes) -> None:
    """Publish on a subject that no client library would send."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        lines = connection.makefile("rb")
        lines.readline()
        connection.sendall(b"CONNECT {}\r\nPUB " + subject + b" %d\r\n" % len(payload) + payload + b"\r\nPING\r\n")
        while lines.readline() != b"PONG\r\n":
            pass


async def test_a_subject_that_is_not_utf_8_stops_nothing(store: ObjectStore, bucket: str, nats_server: NatsServer) -> None:
    live = await store.live(bucket)
    await live.wait_ready(10)
    await asyncio.to_thread(publish_raw, nats_server, f"$O.{bucket}.M.".encode() + b"\xff\xfe", b'{"nuid": "x"}')
    await store.put(bucket, "fine", pieces(b"data"))
    await until(live, lambda: len(live.index) == 2)
    assert names(live) == {"fine", r"\xff\xfe"}
    with pytest.raises(ObjectUnreadable, match="cannot be reached"):
        await store.delete(bucket, r"\xff\xfe")


@pytest.mark.parametrize("nuid", [">", "*", "a.b", "x y", "x" * 65])
async def test_a_nuid_with_a_wildcard_reaches_no_other_object(store: ObjectStore, bucket: str, foreign: Client, nuid: str) -> None:
    await store.put(bucket, "innocent", pieces(b"x" * 5000), chunk_size=1000)
    await publish_info(foreign, bucket, "trap", nuid=nuid, size=1, chunks=1)
    with pytest.raises(ObjectUnreadable):
        await store.get(bucket, "trap")
    await store.put(bucket, "trap", pieces(b"replaced"))
    await publish_info(foreign, bucket, "trap", nuid=nuid, size=1, chunks=1)
    await store.delete(bucket, "trap")
    assert await read(store, bucket, "innocent") == b"x" * 5000
    with pytest.raises(ObjectNotFound):
        await store.info(bucket, "trap")


@pytest.mark.parametrize("token", ["a.b.Zm9v", "é", "not-base64!"])
async def test_an_odd_subject_shadows_nothing_and_can_be_deleted(store: ObjectStore, bucket: str, foreign: Client, token: str) -> None:
    await store.put(bucket, "foo", pieces(b"data"))
    await foreign.jetstream().publish(f"$O.{bucket}.M.{token}", b'{"name": "foo", "nuid": "x"}')
    live = await store.live(bucket)
    await live.wait_ready(10)
    await until(live, lambda: len(live.index) == 2)
    assert names(live) == {"foo", token}
    await store.delete(bucket, token)
    assert names(live) == {"foo"}
    assert await read(store, bucket, "foo") == b"data"


async def test_huge_metadata_is_not_kept_in_the_listing_and_can_be_deleted(store: ObjectStore, bucket: str, foreign: Client) -> None:
    huge = "x" * 900_000
    await publish_info(foreign, bucket, "huge", nuid="N", size=3, headers={"Content-Type": ["text/plain"], "X": [huge]})
    live = await store.live(bucket)
    await live.wait_ready(10)
    (entry,) = live.index.entries()
    assert len(entry.raw) < 1000
    listed = live.index.get("huge")
    assert listed is not None
    assert (listed.size, listed.content_type) == (3, "text/plain")
    assert (await store.info(bucket, "huge")).headers["X"] == (huge,)
    await store.delete(bucket, "huge")
    assert not names(live)


@pytest.mark.parametrize("fields", [{"size": 2**62, "chunks": 3}, {"size": -1}, {"size": "3"}, {"size": 3, "chunks": 1.5}])
async def test_sizes_that_cannot_be_are_refused_before_anything_is_sent(
    store: ObjectStore, bucket: str, foreign: Client, fields: dict[str, object]
) -> None:
    await publish_info(foreign, bucket, "absurd", nuid="N", **fields)
    assert (await store.info(bucket, "absurd")).problem
    with pytest.raises(ObjectUnreadable):
        await store.get(bucket, "absurd")
    live = await store.live(bucket)
    await live.wait_ready(10)
    assert live.index.size < 100


async def test_a_bucket_name_that_is_too_long_is_not_listed(store: ObjectStore, foreign: Client) -> None:
    name = "L" * 180
    await foreign.jetstream().add_stream(name=f"OBJ_{name}", subjects=[f"$O.{name}.C.>", f"$O.{name}.M.>"])
    try:
        assert name not in [status.name for status in await store.buckets()]
    finally:
        await foreign.jetstream().delete_stream(f"OBJ_{name}")
