"""nats-server killed (SIGKILL) or stopped, and started again, under a put, a read and a watch."""

import asyncio
from collections.abc import AsyncIterator

import nats
import pytest
from nats.aio.client import Client
from nats.js.api import ObjectStoreConfig

from buckets.objectstore import BucketConfig, ObjectStore, Unavailable
from buckets.objectstore.writing import cleanup
from buckets.objectstore.writing.chunkwriter import ChunkWriter
from tests.conftest import running_store
from tests.faults.helpers import at, cleaned_up, content, exists, holds_exactly, slowly
from tests.natsserver import NatsServer
from tests.store.helpers import pieces, read

MB = 1_000_000
PATIENCE = 30


class Restarts:
    """What befalls a server, as actions for ``at``."""

    def __init__(self, server: NatsServer) -> None:
        self._server = server

    async def kill(self) -> None:
        await asyncio.to_thread(self._server.kill)
        await asyncio.to_thread(self._server.start)

    async def stop(self) -> None:
        await asyncio.to_thread(self._server.stop)
        await asyncio.to_thread(self._server.start)

    async def kill_and_start_later(self) -> None:
        """The put goes on meanwhile, and meets nobody."""
        await asyncio.to_thread(self._server.kill)
        self._later = asyncio.create_task(self._start_later())

    async def _start_later(self) -> None:
        await asyncio.sleep(1)
        await asyncio.to_thread(self._server.start)


@pytest.fixture
def restarts(fresh_nats_server: NatsServer) -> Restarts:
    return Restarts(fresh_nats_server)


@pytest.fixture
async def breaking_store(fresh_nats_server: NatsServer) -> AsyncIterator[ObjectStore]:
    async with running_store(fresh_nats_server, connect_wait=0.3) as store:
        yield store


@pytest.fixture
async def other(breaking_store: ObjectStore, fresh_nats_server: NatsServer) -> AsyncIterator[Client]:
    """Another client, which also comes back."""
    client = await nats.connect(fresh_nats_server.url, max_reconnect_attempts=-1, reconnect_time_wait=0)
    yield client
    await client.close()


@pytest.fixture(params=["fast ingest", "window"])
async def bucket(request: pytest.FixtureRequest, breaking_store: ObjectStore, other: Client) -> str:
    if request.param == "window":
        await other.jetstream().create_object_store("stays", ObjectStoreConfig())
    else:
        await breaking_store.create_bucket(BucketConfig("stays"))
    return "stays"


async def test_a_put_goes_on_over_every_kind_of_restart(
    breaking_store: ObjectStore, bucket: str, restarts: Restarts, other: Client
) -> None:
    data = content(20 * MB)
    troubles = at((2 * MB, restarts.kill), (7 * MB, restarts.stop), (15 * MB, restarts.kill_and_start_later))
    info = await breaking_store.put(bucket, "x", slowly(data, troubles), chunk_size=100_000)
    assert (info.size, info.chunks) == (20 * MB, 200)
    assert await read(breaking_store, bucket, "x") == data
    await holds_exactly(breaking_store, other, bucket, "x")


@pytest.mark.parametrize("pieces_before", [0, 1, 2, 3])
async def test_a_put_of_few_chunks_goes_on_as_well(
    breaking_store: ObjectStore, bucket: str, restarts: Restarts, other: Client, pieces_before: int
) -> None:
    data = content(300_000)
    info = await breaking_store.put(bucket, "x", slowly(data, at((pieces_before * 100_000, restarts.kill))), chunk_size=100_000)
    assert info.chunks == 3
    assert await read(breaking_store, bucket, "x") == data
    await holds_exactly(breaking_store, other, bucket, "x")


async def test_a_put_of_one_chunk_goes_on_as_well(breaking_store: ObjectStore, bucket: str, restarts: Restarts, other: Client) -> None:
    data = content(100)
    await breaking_store.put(bucket, "x", slowly(data, at((0, restarts.kill_and_start_later))))
    assert await read(breaking_store, bucket, "x") == data
    await holds_exactly(breaking_store, other, bucket, "x")


async def test_an_overwrite_goes_on_and_takes_the_old_chunks_with_it(
    breaking_store: ObjectStore, bucket: str, restarts: Restarts, other: Client
) -> None:
    await breaking_store.put(bucket, "x", pieces(content(2 * MB, seed=1)))
    data = content(4 * MB, seed=2)
    await breaking_store.put(bucket, "x", slowly(data, at((2 * MB, restarts.kill))), chunk_size=100_000)
    assert await read(breaking_store, bucket, "x") == data
    await holds_exactly(breaking_store, other, bucket, "x")


async def test_a_put_gives_up_when_nothing_comes_back_and_cleans_up_when_it_does(
    breaking_store: ObjectStore, bucket: str, fresh_nats_server: NatsServer, other: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ChunkWriter, "patience", 0.5)

    monkeypatch.setattr(cleanup, "CALLER_WAITS", 0.5)

    async def kill() -> None:
        await asyncio.to_thread(fresh_nats_server.kill)

    with pytest.raises(Unavailable):
        await breaking_store.put(bucket, "x", slowly(content(9 * MB), at((5 * MB, kill))), chunk_size=100_000)
    await asyncio.to_thread(fresh_nats_server.start)
    async with asyncio.timeout(PATIENCE):
        await cleaned_up(breaking_store)
    assert not await exists(breaking_store, bucket, "x")
    await holds_exactly(breaking_store, other, bucket)


async def test_a_put_cancelled_while_it_waits_for_its_server_leaves_nothing(
    breaking_store: ObjectStore, bucket: str, fresh_nats_server: NatsServer, other: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleanup, "CALLER_WAITS", 0.5)
    killed = asyncio.Event()

    async def kill() -> None:
        await asyncio.to_thread(fresh_nats_server.kill)
        killed.set()

    putting = asyncio.create_task(breaking_store.put(bucket, "x", slowly(content(9 * MB), at((5 * MB, kill))), chunk_size=100_000))
    await killed.wait()
    await asyncio.sleep(0.3)  # into the middle of its waiting
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    await asyncio.to_thread(fresh_nats_server.start)
    async with asyncio.timeout(PATIENCE):
        await cleaned_up(breaking_store)
    await holds_exactly(breaking_store, other, bucket)


@pytest.mark.parametrize("how", ["kill", "stop", "kill_and_start_later"])
async def test_a_read_goes_on(breaking_store: ObjectStore, bucket: str, restarts: Restarts, how: str) -> None:
    data = content(30 * MB)
    await breaking_store.put(bucket, "x", pieces(data), chunk_size=100_000)
    received = bytearray()
    trouble = at((10 * MB, getattr(restarts, how)))
    async with await breaking_store.get(bucket, "x") as reader:
        async for piece in reader:
            received += piece
            await trouble(len(received))
    assert received == data


async def test_a_watch_goes_on_without_a_gap(breaking_store: ObjectStore, bucket: str, restarts: Restarts) -> None:
    live = await breaking_store.live(bucket)
    assert await live.wait_ready(PATIENCE)
    for number, trouble in enumerate((restarts.kill, restarts.stop, restarts.kill)):
        await breaking_store.put(bucket, f"before {number}", pieces(b"x"))
        await trouble()
        await put_as_soon_as_possible(breaking_store, bucket, f"after {number}")
    expected = {f"{when} {number}" for number in range(3) for when in ("before", "after")}
    async with asyncio.timeout(PATIENCE):
        while any(live.index.get(name) is None for name in expected):
            await asyncio.sleep(0.01)
    assert len(live.index) == len(expected)


async def put_as_soon_as_possible(store: ObjectStore, bucket: str, name: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await store.put(bucket, name, pieces(b"x"))
                return
            except Unavailable:
                continue
