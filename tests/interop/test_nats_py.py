"""nats-py's own ObjectStore and ours, each reading what the other wrote."""

import os

import pytest
from nats.aio.client import Client
from nats.js.api import ObjectMeta, ObjectStoreConfig

from buckets.objectstore import ObjectStore
from tests.store.helpers import ODD_NAMES, digest, pieces, read


@pytest.mark.parametrize("size", [0, 10, 131_072, 1_000_000])
async def test_nats_py_reads_what_we_wrote(store: ObjectStore, bucket: str, foreign: Client, size: int) -> None:
    data = os.urandom(size)
    await store.put(bucket, "ours", pieces(data), description="by us", headers={"Content-Type": ["text/plain"]})
    objects = await foreign.jetstream().object_store(bucket)
    result = await objects.get("ours")
    assert (result.data or b"") == data
    assert (result.info.digest, result.info.description) == (digest(data), "by us")


@pytest.mark.parametrize("size", [0, 10, 131_072, 1_000_000])
async def test_we_read_what_nats_py_wrote(store: ObjectStore, foreign: Client, size: int) -> None:
    data = os.urandom(size)
    objects = await foreign.jetstream().create_object_store(f"theirs-{size}", ObjectStoreConfig())
    await objects.put("theirs", data, meta=ObjectMeta(description="by nats-py"))
    assert await read(store, f"theirs-{size}", "theirs") == data
    info = await store.info(f"theirs-{size}", "theirs")
    assert (info.size, info.description, info.problem) == (size, "by nats-py", None)
    assert info.digest is not None
    assert info.digest.rstrip("=") == digest(data).rstrip("=")


@pytest.mark.parametrize("name", [name for name in ODD_NAMES if len(name.encode()) < 1000])
async def test_odd_names_mean_the_same_to_both(store: ObjectStore, bucket: str, foreign: Client, name: str) -> None:
    objects = await foreign.jetstream().object_store(bucket)
    await objects.put(name, b"theirs")
    assert await read(store, bucket, name) == b"theirs"
    await store.put(bucket, name, pieces(b"ours"))
    assert (await objects.get(name)).data == b"ours"
