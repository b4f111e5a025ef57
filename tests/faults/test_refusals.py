"""A put that NATS will not take any further: it fails at once, in words, and leaves nothing."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator

import nats
import pytest
from nats.aio.client import Client
from nats.js.api import ObjectStoreConfig

from buckets.objectstore import (
    BucketConfig,
    BucketFull,
    BucketNotFound,
    BucketSealed,
    ObjectStore,
    PermissionDenied,
    ServerError,
    Unavailable,
)
from buckets.objectstore.names import chunk_subject, stream_name
from buckets.objectstore.writing.ingest import FastIngest, Ingest, WindowedIngest
from buckets.objectstore.writing.stored import StoredChunks
from tests.conftest import running_store
from tests.faults.helpers import at, chunks_by_nuid, cleaned_up, content, holds_exactly, slowly
from tests.natsserver import NatsServer
from tests.store.helpers import pieces, read

MB = 1_000_000
AT_ONCE = 8


def users(denied: str) -> str:
    """Two users: ``files`` may publish to all but ``denied``, ``other`` to all."""
    deny = f'permissions {{ publish {{ deny: ["{denied}"] }} }}' if denied else ""
    return f"authorization {{ users: [ {{ user: files, password: a, {deny} }}, {{ user: other, password: b }} ] }}"


@pytest.fixture
def guarded_server() -> Iterator[NatsServer]:
    server = NatsServer(users(""))
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def other(guarded_server: NatsServer) -> AsyncIterator[Client]:
    client = await nats.connect(guarded_server.url, user="other", password="b", max_reconnect_attempts=-1, reconnect_time_wait=0)
    yield client
    await client.close()


async def make(store: ObjectStore, other: Client, kind: str, name: str, max_bytes: int = 0) -> None:
    if kind == "window":
        await other.jetstream().create_object_store(name, ObjectStoreConfig(max_bytes=max_bytes or -1))
    else:
        await store.create_bucket(BucketConfig(name, max_bytes=max_bytes))


KINDS = pytest.mark.parametrize("kind", ["fast ingest", "window"])


@KINDS
async def test_a_bucket_that_fills_up(store: ObjectStore, foreign: Client, kind: str) -> None:
    bucket = f"fills-{len(kind)}"
    await make(store, foreign, kind, bucket, max_bytes=6 * MB)
    await store.put(bucket, "stays", pieces(content(2 * MB)), chunk_size=50_000)
    for chunk_size in (1_000, 50_000, 500_000):
        began = time.monotonic()
        with pytest.raises(BucketFull):
            await store.put(bucket, "x", pieces(content(20 * MB)), chunk_size=chunk_size)
        assert time.monotonic() - began < AT_ONCE
        await cleaned_up(store)
        await holds_exactly(store, foreign, bucket, "stays")


@KINDS
async def test_a_permission_that_is_taken_away(guarded_server: NatsServer, other: Client, kind: str) -> None:
    async with running_store(guarded_server, user="files", password="a") as store:
        await make(store, other, kind, "guarded")

        async def forbid() -> None:
            guarded_server.configure(users("$O.guarded.C.>"))
            guarded_server.reload()

        began = time.monotonic()
        with pytest.raises(PermissionDenied):
            await store.put("guarded", "x", slowly(content(200 * MB), at((5 * MB, forbid))), chunk_size=100_000)
        assert time.monotonic() - began < AT_ONCE
        await cleaned_up(store)
        assert await chunks_by_nuid(other, "guarded") == {}


@KINDS
@pytest.mark.parametrize("size", [100, 5 * MB])
async def test_a_permission_that_was_never_there(guarded_server: NatsServer, other: Client, kind: str, size: int) -> None:
    guarded_server.configure(users("$O.guarded.C.>"))
    await asyncio.to_thread(guarded_server.stop)
    await asyncio.to_thread(guarded_server.start)
    async with running_store(guarded_server, user="files", password="a") as store:
        await make(store, other, kind, "guarded")
        began = time.monotonic()
        with pytest.raises(PermissionDenied):
            await store.put("guarded", "x", pieces(content(size)), chunk_size=100_000)
        assert time.monotonic() - began < AT_ONCE
        assert await chunks_by_nuid(other, "guarded") == {}


@KINDS
async def test_a_bucket_that_is_deleted_meanwhile(store: ObjectStore, foreign: Client, kind: str) -> None:
    bucket = f"goes-{len(kind)}"
    await make(store, foreign, kind, bucket)

    async def delete() -> None:
        await foreign.jetstream().delete_stream(stream_name(bucket))

    with pytest.raises(BucketNotFound):
        await store.put(bucket, "x", slowly(content(40 * MB), at((5 * MB, delete))), chunk_size=100_000)


@KINDS
async def test_a_bucket_that_is_sealed_meanwhile(store: ObjectStore, foreign: Client, kind: str) -> None:
    bucket = f"sealed-{len(kind)}"
    await make(store, foreign, kind, bucket)

    async def seal() -> None:
        info = await foreign.jetstream().stream_info(stream_name(bucket))
        info.config.sealed = True
        await foreign.jetstream().update_stream(info.config)

    with pytest.raises(BucketSealed):
        await store.put(bucket, "x", slowly(content(40 * MB), at((5 * MB, seal))), chunk_size=100_000)


@KINDS
async def test_chunks_that_somebody_removes_during_a_restart_are_missed(fresh_nats_server: NatsServer, kind: str) -> None:
    async with running_store(fresh_nats_server) as store:
        client = await nats.connect(fresh_nats_server.url, max_reconnect_attempts=-1, reconnect_time_wait=0)
        await make(store, client, kind, "robbed")

        async def rob() -> None:
            await client.jetstream().purge_stream(stream_name("robbed"))
            await asyncio.to_thread(fresh_nats_server.kill)
            await asyncio.to_thread(fresh_nats_server.start)

        with pytest.raises(ServerError, match="somebody removed"):
            await store.put("robbed", "x", slowly(content(40 * MB), at((30 * MB, rob))), chunk_size=100_000)
        await cleaned_up(store)
        assert await chunks_by_nuid(client, "robbed") == {}
        await client.close()


async def test_a_source_slower_than_the_servers_patience_is_no_trouble() -> None:
    """The server gives up a batch that says nothing for long (10 s unless configured)."""
    server = NatsServer()
    server._config.write_text(server._config.read_text().replace("jetstream {", 'jetstream { limits { batch { timeout: "200ms" } },'))
    server.start()
    try:
        async with running_store(server) as store:
            client = await nats.connect(server.url)
            await store.create_bucket(BucketConfig("slow"))
            data = content(1_000_000)
            waits = at(*((part * 200_000, lambda: asyncio.sleep(0.5)) for part in range(1, 5)))
            await store.put("slow", "x", slowly(data, waits), chunk_size=100_000)
            assert await read(store, "slow", "x") == data
            await holds_exactly(store, client, "slow", "x")
            await client.close()
    finally:
        server.remove()


async def test_a_source_that_is_unavailable_itself_is_not_taken_for_nats(store: ObjectStore, bucket: str, foreign: Client) -> None:
    async def source() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x" * 100_000
        raise Unavailable("the source is another store, and that is away")

    with pytest.raises(Unavailable, match="another store"):
        await store.put(bucket, "x", source(), chunk_size=100_000)
    await cleaned_up(store)
    await holds_exactly(store, foreign, bucket)


async def test_chunks_behind_a_missing_one_are_removed(store: ObjectStore, bucket: str, foreign: Client) -> None:
    """As a leader leaves them that took over while messages were on their way."""
    subject = chunk_subject(bucket, "nuid")
    stored = [b"0", b"1", b"2", b"4", b"5", b"3"]
    sequences = [(await foreign.jetstream().publish(subject, data)).seq for data in stored]
    chunks = StoredChunks(store._streams, store._messages, bucket, subject)
    assert await chunks.keep_what_continues(sequences[0], deque([b"1", b"2", b"3", b"4"])) == 3
    assert await chunks.count() == 4
    assert await chunks.last() == sequences[5]


@pytest.mark.parametrize("fast", [True, False])
async def test_a_start_that_comes_late_stores_nothing(store: ObjectStore, bucket: str, foreign: Client, fast: bool) -> None:
    subject = chunk_subject(bucket, "nuid")
    await foreign.jetstream().publish(subject, b"the chunk that the first try stored")
    ingest: Ingest = FastIngest(store._bulk, subject, 1000, 5) if fast else WindowedIngest(store._bulk, subject, 5)
    await ingest.open()
    with pytest.raises(Unavailable):
        await ingest.send(b"the first chunk again")
    await ingest.end()
    await ingest.close()
    assert await chunks_by_nuid(foreign, bucket) == {"nuid": 1}
