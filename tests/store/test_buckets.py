"""Buckets: create, list, status, delete."""

import pytest
from nats.aio.client import Client
from nats.js.api import ObjectStoreConfig, StorageType

from buckets.objectstore import (
    BucketConfig,
    BucketExists,
    BucketNotFound,
    InvalidBucketConfig,
    InvalidBucketName,
    ObjectStore,
    Storage,
)


async def test_a_bucket_is_created_as_asked(store: ObjectStore) -> None:
    config = BucketConfig(
        "as-asked",
        description="Quarterly",
        ttl=3600,
        max_bytes=10_000_000,
        storage=Storage.MEMORY,
        compression=True,
        metadata={"team": "ops"},
    )
    created = await store.create_bucket(config)
    assert created.config == config
    assert (await store.bucket("as-asked")).config == config


async def test_a_new_bucket_has_fast_ingest_and_atomic_batches(store: ObjectStore, bucket: str) -> None:
    status = await store.bucket(bucket)
    assert status.fast_ingest
    assert status.atomic
    assert status.direct


async def test_creating_it_twice_is_refused_even_with_equal_settings(store: ObjectStore, bucket: str) -> None:
    with pytest.raises(BucketExists):
        await store.create_bucket(BucketConfig(bucket))
    with pytest.raises(BucketExists):
        await store.create_bucket(BucketConfig(bucket, description="other"))


@pytest.mark.parametrize("name", ["", "a.b", "a b", "a/b", "ü", "a\n", "*", ">", "x" * 129])
async def test_a_bad_name_is_refused_with_the_rule(store: ObjectStore, name: str) -> None:
    with pytest.raises(InvalidBucketName, match="letters, digits"):
        await store.create_bucket(BucketConfig(name))
    with pytest.raises(InvalidBucketName):
        await store.bucket(name)


@pytest.mark.parametrize(
    "config",
    [
        BucketConfig("bad", ttl=0.01),
        BucketConfig("bad", max_bytes=-5),
        BucketConfig("bad", replicas=0),
        BucketConfig("bad", replicas=6),
        BucketConfig("bad", replicas=3),  # a single server has no peers
        BucketConfig("bad", description="x" * 5000),
    ],
)
async def test_settings_that_cannot_work_are_refused_in_words(store: ObjectStore, config: BucketConfig) -> None:
    with pytest.raises(InvalidBucketConfig):
        await store.create_bucket(config)


async def test_buckets_of_other_clients_are_listed_and_other_streams_are_not(store: ObjectStore, foreign: Client) -> None:
    js = foreign.jetstream()
    await js.create_object_store("made-elsewhere", ObjectStoreConfig(description="by nats-py"))
    await js.add_stream(name="orders", subjects=["orders.>"])
    await js.add_stream(name="OBJ_impostor", subjects=["impostor.>"])
    names = [status.name for status in await store.buckets()]
    assert "made-elsewhere" in names
    assert names == sorted(names)
    assert not {"orders", "impostor"} & set(names)
    assert not (await store.bucket("made-elsewhere")).fast_ingest
    with pytest.raises(BucketNotFound):
        await store.bucket("impostor")
    with pytest.raises(BucketNotFound):
        await store.delete_bucket("impostor")


async def test_more_buckets_than_one_answer_holds_are_all_listed(store: ObjectStore, foreign: Client) -> None:
    for number in range(260):
        await foreign.jetstream().create_object_store(f"many-{number:03}", ObjectStoreConfig(storage=StorageType.MEMORY))
    try:
        assert sum(status.name.startswith("many-") for status in await store.buckets()) == 260
    finally:
        for number in range(260):
            await foreign.jetstream().delete_object_store(f"many-{number:03}")


async def test_a_deleted_bucket_is_gone(store: ObjectStore, bucket: str) -> None:
    await store.delete_bucket(bucket)
    with pytest.raises(BucketNotFound):
        await store.bucket(bucket)
    with pytest.raises(BucketNotFound):
        await store.delete_bucket(bucket)
    with pytest.raises(BucketNotFound):
        await store.info(bucket, "x")
