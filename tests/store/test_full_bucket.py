"""What goes and what does not in a bucket without any room; nothing that fails there changes anything."""

import os
import uuid

import orjson
import pytest
from nats.aio.client import Client

from buckets.objectstore import BucketChange, BucketConfig, BucketFull, ObjectNotFound, ObjectStore
from tests.store.helpers import chunk_messages, pieces, read

LIMIT = 100_000
DATA = os.urandom(60_000)


@pytest.fixture
async def full(store: ObjectStore, foreign: Client) -> str:
    """A bucket with the object "x" of 60,000 bytes and not room for one byte more."""
    name = f"full-{uuid.uuid4().hex[:12]}"
    await store.create_bucket(BucketConfig(name, max_bytes=LIMIT))
    await store.put(name, "x", pieces(DATA), chunk_size=10_000)
    for size in (5000, 500, 50, 1):
        while "error" not in orjson.loads((await foreign.request(f"$O.{name}.C.FILL", b"f" * size)).data):
            pass
    return name


async def test_an_overwrite_in_place_fails_and_leaves_the_old_object(store: ObjectStore, full: str, foreign: Client) -> None:
    before = await chunk_messages(foreign, full)
    for data in (DATA, b"small", b""):
        with pytest.raises(BucketFull, match="full"):
            await store.put(full, "x", pieces(data), chunk_size=10_000)
        assert await read(store, full, "x") == DATA
    assert await chunk_messages(foreign, full) == before


async def test_a_rename_fails_and_leaves_the_old_name(store: ObjectStore, full: str) -> None:
    with pytest.raises(BucketFull):
        await store.rename(full, "x", "y")
    assert [info.name for info in await store.list(full)] == ["x"]
    assert await read(store, full, "x") == DATA


async def test_a_change_of_metadata_fails_and_leaves_the_old(store: ObjectStore, full: str) -> None:
    before = await store.info(full, "x")
    with pytest.raises(BucketFull):
        await store.update_meta(full, "x", description="changed")
    assert await store.info(full, "x") == before


async def test_deleting_works_and_makes_room(store: ObjectStore, full: str) -> None:
    await store.delete(full, "x")
    with pytest.raises(ObjectNotFound):
        await store.info(full, "x")
    await store.put(full, "x", pieces(DATA[:50_000]), chunk_size=10_000)
    assert await read(store, full, "x") == DATA[:50_000]


async def test_orphans_can_be_removed_and_make_room(store: ObjectStore, full: str) -> None:
    """For a rename too, but not where that copies 60,000 bytes."""
    purged = await store.repair.purge_orphans(full, older_than=0)
    assert purged.nuids == 1
    await store.put(full, "z", pieces(b"small"))
    if (await store.bucket(full)).atomic:
        await store.rename(full, "x", "y")
        assert await read(store, full, "y") == DATA
    else:
        with pytest.raises(BucketFull):
            await store.rename(full, "x", "y")
        assert sorted(info.name for info in await store.list(full)) == ["x", "z"]


async def test_a_higher_limit_makes_room(store: ObjectStore, full: str) -> None:
    await store.update_bucket(full, BucketChange(max_bytes=3 * LIMIT))
    await store.put(full, "x", pieces(DATA[::-1]), chunk_size=10_000)
    assert await read(store, full, "x") == DATA[::-1]
