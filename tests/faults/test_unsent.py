"""What a connection still had to send when it broke: it is never sent late, and nobody waits for it."""

import asyncio
import signal
from collections.abc import AsyncIterator

import nats
import pytest
from nats.aio.client import Client
from nats.js.api import ObjectStoreConfig

from buckets.objectstore import ObjectStore, Unavailable
from buckets.objectstore.transport.connection import Connection
from buckets.objectstore.writing import cleanup
from tests.conftest import running_store
from tests.faults.helpers import cleaned_up, content
from tests.natsserver import NatsServer

MB = 1_000_000
PATIENCE = 30


@pytest.fixture
async def store(fresh_nats_server: NatsServer) -> AsyncIterator[ObjectStore]:
    async with running_store(fresh_nats_server, connect_wait=0.3) as store:
        yield store


@pytest.fixture
async def other(store: ObjectStore, fresh_nats_server: NatsServer) -> AsyncIterator[Client]:
    """Another client, which also comes back."""
    client = await nats.connect(fresh_nats_server.url, max_reconnect_attempts=-1, reconnect_time_wait=0)
    await client.jetstream().create_object_store("window", ObjectStoreConfig())
    yield client
    await client.close()


def freeze(server: NatsServer) -> None:
    """It reads nothing any more, so that what is sent to it piles up in the connection."""
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)


async def fill(connection: Connection) -> None:
    """Publish until the system takes no more."""
    client = await connection.client()
    async with asyncio.timeout(PATIENCE):
        while client._pending_data_size < MB:
            await connection.publish("$O.window.C.LATE", b"x" * 500_000)
            await asyncio.sleep(0)


async def connected(connection: Connection) -> None:
    async with asyncio.timeout(PATIENCE):
        while not connection.state.connected:
            await asyncio.sleep(0.01)


async def lost(connection: Connection) -> None:
    async with asyncio.timeout(PATIENCE):
        while connection.state.connected:
            await asyncio.sleep(0.01)


async def test_what_was_not_sent_when_the_server_died_is_not_sent_to_its_successor(
    store: ObjectStore, other: Client, fresh_nats_server: NatsServer
) -> None:
    bulk = store._bulk
    await connected(bulk)
    freeze(fresh_nats_server)
    await fill(bulk)
    await asyncio.to_thread(fresh_nats_server.kill)
    await lost(bulk)
    await asyncio.to_thread(fresh_nats_server.start)
    await connected(bulk)
    await store._bulk_js.publish("$O.window.C.MARK", b"behind all that")
    await holds_orphans(other, MARK=1)


async def holds_orphans(client: Client, **nuids: int) -> None:
    info = await client.jetstream().stream_info("OBJ_window", subjects_filter="$O.window.C.>")
    assert info.state.subjects == {f"$O.window.C.{nuid}": count for nuid, count in nuids.items()}


async def test_nothing_comes_after_the_cleaning_up_of_a_put_whose_server_died(
    store: ObjectStore, other: Client, fresh_nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection for chunks comes back last, and has had a lot to send."""
    monkeypatch.setattr(cleanup, "CALLER_WAITS", 0.5)
    sent = asyncio.Event()

    async def source() -> AsyncIterator[bytes]:
        yield content(300_000)
        freeze(fresh_nats_server)
        for number in range(70):
            yield content(100_000, seed=number)
            await asyncio.sleep(0.001)
        sent.set()
        await asyncio.Event().wait()

    putting = asyncio.create_task(store.put("window", "x", source(), chunk_size=100_000))
    await sent.wait()
    assert store._bulk._client is not None
    async with asyncio.timeout(PATIENCE):
        while store._bulk._client._pending_data_size <= MB:
            await asyncio.sleep(0.01)
    store._bulk._client.options["reconnect_time_wait"] = 1
    await asyncio.to_thread(fresh_nats_server.kill)
    await lost(store._bulk)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    await asyncio.to_thread(fresh_nats_server.start)
    async with asyncio.timeout(PATIENCE):
        await cleaned_up(store)
    await connected(store._bulk)
    await store._bulk_js.publish("$O.window.C.MARK", b"behind all that")
    await holds_orphans(other, MARK=1)


async def test_a_connection_to_a_server_that_takes_nothing_is_given_up(
    store: ObjectStore, other: Client, fresh_nats_server: NatsServer
) -> None:
    """Closing it would wait for what nobody takes, as long as the system tries: a quarter of an hour."""
    bulk = store._bulk
    await connected(bulk)
    client = bulk._client
    assert client is not None
    freeze(fresh_nats_server)
    await fill(bulk)
    client.options["ping_interval"] = 0.1
    assert client._ping_interval_task is not None
    client._ping_interval_task.cancel()
    client._ping_interval_task = asyncio.create_task(client._ping_interval())
    await lost(bulk)
    with pytest.raises(Unavailable):
        await bulk.publish("$O.window.C.LATE", b"x")
    assert fresh_nats_server.process is not None
    fresh_nats_server.process.send_signal(signal.SIGCONT)
    await connected(bulk)
