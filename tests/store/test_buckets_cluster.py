"""Buckets in a cluster of three servers: replicas, their leader and lag, placement, what a cluster cannot do."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from buckets.objectstore import (
    BucketChange,
    BucketConfig,
    BucketStatus,
    ConnectOptions,
    InvalidBucketConfig,
    ObjectStore,
    Placement,
    Unavailable,
)
from tests.cluster import Cluster
from tests.store.helpers import pieces, read


@pytest.fixture
async def clustered(cluster: Cluster) -> AsyncIterator[ObjectStore]:
    store = ObjectStore(ConnectOptions(servers=cluster.urls, reconnect_wait=0.1))
    await store.start()
    yield store
    await store.close()


async def current(store: ObjectStore, bucket: str, replicas: int) -> BucketStatus:
    """Wait until all of the bucket's replicas have everything: there is no event that tells."""
    async with asyncio.timeout(30):
        while True:
            status = await store.bucket(bucket)
            if len(status.stream.replicas) == replicas - 1 and all(one.current for one in status.stream.replicas):
                return status
            await asyncio.sleep(0.05)


async def update(store: ObjectStore, bucket: str, change: BucketChange) -> BucketStatus:
    """As soon as the last change of the bucket's replicas has come to its end."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await store.update_bucket(bucket, change)
            except Unavailable as error:
                assert "still being moved" in str(error)  # noqa: PT017 - anything else is a failure


async def test_a_bucket_grows_shrinks_and_is_placed(clustered: ObjectStore) -> None:
    """One test of many steps: the cluster takes seconds to start."""
    store = clustered
    await store.create_bucket(BucketConfig("grows"))
    await store.put("grows", "x", pieces(b"a" * 5000), chunk_size=1000)
    assert (await update(store, "grows", BucketChange(replicas=3))).config.replicas == 3
    status = await current(store, "grows", 3)
    assert status.stream.cluster == "test"
    assert {status.stream.leader, *(one.name for one in status.stream.replicas)} == {"n0", "n1", "n2"}
    assert [(one.offline, one.lag) for one in status.stream.replicas] == [(False, 0)] * 2
    assert await read(store, "grows", "x") == b"a" * 5000

    before = await store.bucket("grows")
    for change in (
        BucketChange(replicas=5),
        BucketChange(placement=Placement(cluster="elsewhere")),
        BucketChange(placement=Placement(tags=("none-has-this",))),
    ):
        with pytest.raises(InvalidBucketConfig, match="not enough NATS servers"):
            await update(store, "grows", change)
    assert (await store.bucket("grows")).config == before.config

    placed = await update(store, "grows", BucketChange(placement=Placement(cluster="test"), description="placed"))
    assert (placed.config.placement, placed.config.description) == (Placement("test"), "placed")
    anywhere = await update(store, "grows", BucketChange(placement=Placement()))
    assert anywhere.config.placement == Placement()

    assert (await update(store, "grows", BucketChange(replicas=1))).config.replicas == 1
    await current(store, "grows", 1)
    assert await read(store, "grows", "x") == b"a" * 5000

    with pytest.raises(InvalidBucketConfig, match="not enough NATS servers"):
        await store.create_bucket(BucketConfig("too-many", replicas=5))
    await store.create_bucket(BucketConfig("placed", replicas=3, placement=Placement("test")))
    assert (await store.bucket("placed")).config.placement == Placement("test")
    assert (await store.seal_bucket("placed")).sealed
    assert [one.name for one in await store.buckets()] == ["grows", "placed"]
