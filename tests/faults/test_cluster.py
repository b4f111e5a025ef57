"""Three servers, three replicas: the stream's leader goes in the middle of an upload."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import nats
import pytest
from nats.aio.client import Client

from buckets.objectstore import BucketConfig, ConnectOptions, ObjectStore
from buckets.objectstore.names import stream_name
from tests.cluster import Cluster
from tests.faults.helpers import at, content, holds_exactly, slowly
from tests.store.helpers import read

MIB = 1024 * 1024
SIZE = 64 * MIB
BUCKETS = ("fast", "windowed")


@pytest.fixture
async def clustered_store(cluster: Cluster) -> AsyncIterator[ObjectStore]:
    """With a bucket that has fast ingest and one that has not, three replicas each."""
    store = ObjectStore(ConnectOptions(servers=cluster.urls, reconnect_wait=0.1))
    await store.start()
    await store.create_bucket(BucketConfig("fast", replicas=3))
    client = await nats.connect(list(cluster.urls))
    await client.jetstream().add_stream(
        name=stream_name("windowed"),
        subjects=["$O.windowed.C.>", "$O.windowed.M.>"],
        num_replicas=3,
        allow_rollup_hdrs=True,
        allow_direct=True,
        discard="new",
    )
    await client.close()
    yield store
    await store.close()


@pytest.fixture
async def survivor(cluster: Cluster, clustered_store: ObjectStore) -> AsyncIterator[Client]:
    """Another client, that stays connected to whoever is alive."""
    client = await nats.connect(list(cluster.urls), max_reconnect_attempts=-1, reconnect_time_wait=0)
    yield client
    await client.close()


async def uploaded(store: ObjectStore, other: Client, bucket: str, *troubles: tuple[int, Callable[[], Awaitable[None]]]) -> None:
    """Put ``SIZE`` bytes under these troubles; all of it is there, once."""
    data = content(SIZE)
    info = await store.put(bucket, "x", slowly(data, at(*troubles), piece=MIB))
    assert (info.size, info.chunks) == (SIZE, 128)
    assert await read(store, bucket, "x") == data
    await holds_exactly(store, other, bucket, "x")


async def test_the_leader_is_killed_in_the_middle_of_uploads(clustered_store: ObjectStore, cluster: Cluster, survivor: Client) -> None:
    leader = await cluster.leader(stream_name("fast"))
    await cluster.lead(stream_name("windowed"), leader)
    both = asyncio.Barrier(len(BUCKETS))

    async def kill_the_leader() -> None:
        await both.wait()
        await asyncio.to_thread(leader.kill)

    uploads = (uploaded(clustered_store, survivor, bucket, (SIZE // 3, kill_the_leader)) for bucket in BUCKETS)
    await asyncio.gather(*uploads)


async def test_the_leader_steps_down_again_and_again(clustered_store: ObjectStore, cluster: Cluster, survivor: Client) -> None:
    for bucket in BUCKETS:

        async def step_down(bucket: str = bucket) -> None:
            await survivor.request(f"$JS.API.STREAM.LEADER.STEPDOWN.{stream_name(bucket)}", b"", timeout=5)

        await uploaded(clustered_store, survivor, bucket, (SIZE // 3, step_down), (SIZE * 2 // 3, step_down))
