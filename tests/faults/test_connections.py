"""A connection that is cut or stalls in the middle of an upload, by a proxy."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from nats.aio.client import Client
from nats.js.api import ObjectStoreConfig

from buckets.objectstore import BucketConfig, ConnectOptions, ObjectStore
from tests.faults.helpers import at, cleaned_up, content, exists, holds_exactly, slowly
from tests.faults.proxy import Proxy
from tests.natsserver import NatsServer
from tests.store.helpers import pieces, read

MB = 1_000_000

# nats-py leaves a connection that is cut before it is established to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


@pytest.fixture
async def proxy(nats_server: NatsServer) -> AsyncIterator[Proxy]:
    async with Proxy(nats_server.url) as proxy:
        yield proxy


@pytest.fixture
async def cut_off(proxy: Proxy, store: ObjectStore) -> AsyncIterator[ObjectStore]:
    """A store whose connections go through the proxy; ``store`` goes around it."""
    store = ObjectStore(ConnectOptions(servers=(proxy.url,), reconnect_wait=0.05, request_timeout=2))
    await store.start()
    yield store
    await store.close()


@pytest.fixture(params=["fast ingest", "window"])
async def bucket(request: pytest.FixtureRequest, store: ObjectStore, foreign: Client) -> str:
    name = f"cut-{abs(hash(request.node.name))}"
    if request.param == "window":
        await foreign.jetstream().create_object_store(name, ObjectStoreConfig())
    else:
        await store.create_bucket(BucketConfig(name))
    return name


@pytest.mark.parametrize("chunk_size", [9_000, 524_288])
async def test_a_put_goes_on_however_often_it_is_cut(
    cut_off: ObjectStore, proxy: Proxy, foreign: Client, bucket: str, chunk_size: int
) -> None:
    data = content(24 * MB)

    async def cut_soon() -> None:
        proxy.cut_after(700_000)

    cuts = at(*((part * 2 * MB, cut_soon) for part in range(1, 11)))
    await cut_off.put(bucket, "x", slowly(data, cuts), chunk_size=chunk_size)
    assert proxy.cuts >= 2  # how many of the ten fall together is a matter of speed
    assert await read(cut_off, bucket, "x") == data
    await holds_exactly(cut_off, foreign, bucket, "x")


async def test_a_put_whose_answers_do_not_come_goes_on_when_they_do(
    cut_off: ObjectStore, proxy: Proxy, foreign: Client, bucket: str
) -> None:
    data = content(24 * MB)

    async def stall() -> None:
        proxy.stall()
        asyncio.get_running_loop().call_later(3, proxy.resume)

    await cut_off.put(bucket, "x", slowly(data, at((6 * MB, stall))), chunk_size=100_000)
    assert await read(cut_off, bucket, "x") == data
    await holds_exactly(cut_off, foreign, bucket, "x")


async def test_a_lost_answer_stores_nothing_twice(cut_off: ObjectStore, proxy: Proxy, foreign: Client, bucket: str) -> None:
    """The connection is cut when all is sent and the answer is held back."""
    for number, size in enumerate((1_000, 50_000, 250_000)):
        data = content(size)

        async def hold(size: int = size) -> None:
            proxy.stall()
            proxy.cut_after(size // 2)
            asyncio.get_running_loop().call_later(0.3, proxy.cut)
            asyncio.get_running_loop().call_later(0.4, proxy.resume)

        await cut_off.put(bucket, f"{number}", slowly(data, at((0, hold))), chunk_size=100_000)
        assert await read(cut_off, bucket, f"{number}") == data
    await holds_exactly(cut_off, foreign, bucket, "0", "1", "2")


async def test_many_puts_at_once_go_on(cut_off: ObjectStore, proxy: Proxy, foreign: Client, bucket: str) -> None:
    data = [content(3 * MB, seed=number) for number in range(8)]
    putting = [asyncio.create_task(cut_off.put(bucket, f"{number}", pieces(data[number]), chunk_size=50_000)) for number in range(8)]
    for _ in range(3):
        proxy.cut_after(5 * MB)
        await asyncio.sleep(0.3)
    await asyncio.gather(*putting)
    for number in range(8):
        assert await read(cut_off, bucket, f"{number}") == data[number]
    await holds_exactly(cut_off, foreign, bucket, *map(str, range(8)))


@pytest.mark.parametrize("size", [500, 150_000, 350_000])
async def test_a_chunk_whose_answer_is_lost_is_stored_once(
    cut_off: ObjectStore, proxy: Proxy, foreign: Client, bucket: str, size: int
) -> None:
    data = content(size)
    proxy.lose_the_answer_to(f"$O.{bucket}.C.".encode())
    await cut_off.put(bucket, "x", pieces(data), chunk_size=100_000)
    assert proxy.cuts
    assert await read(cut_off, bucket, "x") == data
    await holds_exactly(cut_off, foreign, bucket, "x")


@pytest.mark.parametrize("size", [0, 500, 250_000])
@pytest.mark.parametrize("on_condition", [False, True])
async def test_an_overwrite_whose_last_answer_is_lost_is_done_all_the_same(
    cut_off: ObjectStore, proxy: Proxy, foreign: Client, bucket: str, size: int, on_condition: bool
) -> None:
    before = await cut_off.put(bucket, "x", pieces(content(400_000, seed=1)), chunk_size=100_000)
    data = content(size, seed=2)
    proxy.lose_the_answer_to(b"Nats-Rollup")
    info = await cut_off.put(bucket, "x", pieces(data), chunk_size=100_000, expected_revision=before.revision if on_condition else None)
    assert proxy.cuts
    assert await cut_off.info(bucket, "x") == info
    assert await read(cut_off, bucket, "x") == data
    await cleaned_up(cut_off)
    await holds_exactly(cut_off, foreign, bucket, "x")


async def test_a_deletion_whose_answer_is_lost_is_done_all_the_same(
    cut_off: ObjectStore, proxy: Proxy, foreign: Client, bucket: str
) -> None:
    await cut_off.put(bucket, "x", pieces(content(400_000)), chunk_size=100_000)
    proxy.lose_the_answer_to(b"Nats-Rollup")
    await cut_off.delete(bucket, "x")
    assert proxy.cuts
    assert not await exists(cut_off, bucket, "x")
    await cleaned_up(cut_off)
    await holds_exactly(cut_off, foreign, bucket)


async def test_an_upload_in_pieces_goes_on_whichever_answer_about_its_state_is_lost(
    cut_off: ObjectStore, proxy: Proxy, foreign: Client, bucket: str
) -> None:
    data = content(300_000)
    proxy.lose_the_answer_to(b"HPUB $KV.")
    upload = await cut_off.uploads.create(bucket, "x", expires=time.time() + 1000, length=len(data))
    proxy.lose_the_answer_to(b"HPUB $KV.")  # the lock's
    await cut_off.uploads.append(upload.id, 0, pieces(data[:100_000]))
    proxy.lose_the_answer_to(b"HPUB $KV.")
    done = await cut_off.uploads.append(upload.id, 100_000, pieces(data[100_000:]))
    assert proxy.cuts == 3
    assert done.info is not None
    assert await read(cut_off, bucket, "x") == data
    await holds_exactly(cut_off, foreign, bucket, "x")


async def test_a_connection_that_breaks_while_it_is_made_again_leaves_no_tasks(
    cut_off: ObjectStore, proxy: Proxy, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cut_off.put(bucket, "x", pieces(b"data"))
    client = cut_off._bulk._client
    assert client is not None
    before = client_tasks()
    flush, failures = client.flush, [ConnectionResetError("once"), ConnectionResetError("twice")]

    async def failing(timeout: int = 10) -> None:
        if failures:
            raise failures.pop()
        await flush(timeout)

    monkeypatch.setattr(client, "flush", failing)
    proxy.cut()
    async with asyncio.timeout(20):
        while failures or not cut_off.state.connected:
            await asyncio.sleep(0.01)
        while client_tasks() != before:
            await asyncio.sleep(0.01)
    await cut_off.put(bucket, "x", pieces(b"data"))


def client_tasks() -> Counter[str]:
    names = (getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks())
    return Counter(name for name in names if name.startswith("Client."))
