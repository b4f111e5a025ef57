"""ADR-20: a deletion is a marker."""

from datetime import datetime

import pytest
from nats.aio.client import Client

from buckets.objectstore import BucketConfig, Link, ObjectNotFound, ObjectStore
from tests.store.helpers import chunk_messages, pieces, read
from tests.store.stored import chunks, metadata, only_metadata, stored


async def test_the_marker_says_deleted_and_nothing_of_the_content(store: ObjectStore, bucket: str, foreign: Client) -> None:
    info = await store.put(bucket, "x", pieces(b"data"), description="d", headers={"A": ["1"]}, metadata={"k": "v"})
    await store.delete(bucket, "x")
    marker = await only_metadata(foreign, bucket)
    document = marker.document
    assert datetime.fromisoformat(document.pop("mtime")) > info.modified.replace(microsecond=0)
    assert document.pop("options", {}) in ({}, {"max_chunk_size": info.chunk_size})
    assert document == {"name": "x", "bucket": bucket, "nuid": info.nuid, "size": 0, "chunks": 0, "deleted": True}
    assert marker.headers["Nats-Rollup"] == "sub"
    assert await chunks(foreign, bucket) == []


async def test_the_marker_comes_before_the_chunks_go(store: ObjectStore, bucket: str, foreign: Client) -> None:
    """So that nobody finds an object without its data: the stream's last message is the marker, and purges leave no trace."""
    await store.put(bucket, "x", pieces(b"a" * 5000), chunk_size=1000)
    before = (await foreign.jetstream().stream_info(f"OBJ_{bucket}")).state.last_seq
    await store.delete(bucket, "x")
    [marker] = await stored(foreign, f"OBJ_{bucket}")
    assert marker.sequence == before + 1


async def test_deleting_what_is_deleted_writes_nothing(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", pieces(b"data"))
    await store.delete(bucket, "x")
    before = await stored(foreign, f"OBJ_{bucket}")
    await store.delete(bucket, "x")
    await store.delete(bucket, "never there")
    assert await stored(foreign, f"OBJ_{bucket}") == before


async def test_deleting_again_removes_chunks_that_a_deletion_cut_short_has_left(store: ObjectStore, bucket: str, foreign: Client) -> None:
    info = await store.put(bucket, "x", pieces(b"data"))
    await store.delete(bucket, "x")
    await foreign.jetstream().publish(f"$O.{bucket}.C.{info.nuid}", b"left over")
    await store.delete(bucket, "x")
    assert await chunks(foreign, bucket) == []


@pytest.mark.parametrize("room", [20, 40, 150, 290, 400])
async def test_deleting_works_in_a_bucket_with_no_room_for_the_marker(store: ObjectStore, foreign: Client, bucket: str, room: int) -> None:
    """nats-server#4011: the marker may not fit, whether or not the object has chunks that make room for it."""
    name = f"{bucket}-{room}"
    await store.create_bucket(BucketConfig(name, max_bytes=100_000))
    await store.put(name, "data", pieces(b"a" * 20_000), chunk_size=1000)
    await store.put(name, "empty", pieces(b""))
    left = 100_000 - (await store.bucket(name)).size_bytes
    await foreign.jetstream().publish(f"$O.{name}.C.filler", b"f" * (left - room - 60))
    await store.delete(name, "empty")
    await store.delete(name, "data")
    assert await store.list(name) == []
    assert [message.document["deleted"] for message in await metadata(foreign, name)] == [True, True]
    assert await chunk_messages(foreign, name) == 1


async def test_deleting_a_link_leaves_what_it_leads_to(store: ObjectStore, bucket: str) -> None:
    await store.put(bucket, "target", pieces(b"content"))
    await store.add_link(bucket, "link", Link(bucket, "target"))
    await store.delete(bucket, "link")
    assert await read(store, bucket, "target") == b"content"
    with pytest.raises(ObjectNotFound):
        await store.get(bucket, "link")


async def test_the_marker_stays_and_can_be_asked_for(store: ObjectStore, bucket: str) -> None:
    await store.put(bucket, "x", pieces(b"data"))
    await store.delete(bucket, "x")
    marker = await store.info(bucket, "x", deleted=True)
    assert (marker.name, marker.deleted, marker.size, marker.problem) == ("x", True, 0, None)
    assert await store.list(bucket, deleted=True) == [marker]
    assert await store.list(bucket) == []
