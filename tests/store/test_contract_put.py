"""ADR-20: the order of a put, and what is left of one that fails."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from nats.aio.client import Client

from buckets.objectstore import BucketConfig, BucketFull, Conflict, ObjectNotFound, ObjectStore
from tests.store.helpers import chunk_messages, pieces, read
from tests.store.stored import chunks, metadata, only_metadata, stored

CHUNK = 1000


class Held:
    """A source that stops in its middle until it is let go; ``reached`` once the first half has been taken."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        half = len(self._data) // 2
        yield self._data[:half]
        self.reached.set()
        await self.go_on.wait()
        yield self._data[half:]


async def some_chunks(foreign: Client, bucket: str, more_than: int = 0) -> None:
    async with asyncio.timeout(10):
        while await chunk_messages(foreign, bucket) <= more_than:
            await asyncio.sleep(0.01)


async def test_the_metadata_comes_last_and_rolls_up(store: ObjectStore, bucket: str, foreign: Client) -> None:
    info = await store.put(bucket, "x", pieces(b"a" * 5 * CHUNK), chunk_size=CHUNK)
    *data, last = await stored(foreign, f"OBJ_{bucket}")
    assert [message.subject for message in data] == [f"$O.{bucket}.C.{info.nuid}"] * 5
    assert (last.sequence, last.name, last.headers["Nats-Rollup"]) == (info.revision, "x", "sub")
    assert last.sequence == data[-1].sequence + 1


async def test_every_metadata_message_says_which_one_it_replaces(store: ObjectStore, bucket: str, foreign: Client) -> None:
    revision = 0
    for _ in range(3):
        info = await store.put(bucket, "x", pieces(b"data"))
        message = await only_metadata(foreign, bucket)
        assert message.headers["Nats-Expected-Last-Subject-Sequence"] == str(revision)
        revision = info.revision
    await store.delete(bucket, "x")
    marker = await only_metadata(foreign, bucket)
    assert marker.headers["Nats-Expected-Last-Subject-Sequence"] == str(revision)
    await store.put(bucket, "x", pieces(b"again"))
    assert (await only_metadata(foreign, bucket)).headers["Nats-Expected-Last-Subject-Sequence"] == str(marker.sequence)


async def test_nobody_sees_an_object_before_it_is_whole(store: ObjectStore, bucket: str, foreign: Client) -> None:
    live = await store.live(bucket)
    assert await live.wait_ready(10)
    source = Held(b"n" * 20 * CHUNK)
    putting = asyncio.create_task(store.put(bucket, "x", source, chunk_size=CHUNK))
    await source.reached.wait()
    await some_chunks(foreign, bucket)
    assert await metadata(foreign, bucket) == []
    assert (await store.list(bucket), len(live.index)) == ([], 0)
    with pytest.raises(ObjectNotFound):
        await store.info(bucket, "x")
    source.go_on.set()
    await putting
    assert live.index.get("x") == await store.info(bucket, "x")


async def test_the_old_object_is_there_until_the_new_one_is(store: ObjectStore, bucket: str, foreign: Client) -> None:
    old = await store.put(bucket, "x", pieces(b"o" * 3 * CHUNK), chunk_size=CHUNK)
    source = Held(b"n" * 20 * CHUNK)
    putting = asyncio.create_task(store.put(bucket, "x", source, chunk_size=CHUNK))
    await source.reached.wait()
    await some_chunks(foreign, bucket, more_than=3)
    assert await store.info(bucket, "x") == old
    assert await read(store, bucket, "x") == b"o" * 3 * CHUNK
    source.go_on.set()
    new = await putting
    assert await read(store, bucket, "x") == b"n" * 20 * CHUNK
    assert {message.subject for message in await chunks(foreign, bucket)} == {f"$O.{bucket}.C.{new.nuid}"}


async def test_the_loser_of_a_race_purges_its_own_chunks(store: ObjectStore, bucket: str, foreign: Client) -> None:
    old = await store.put(bucket, "x", pieces(b"o" * CHUNK), chunk_size=CHUNK)
    source = Held(b"l" * 20 * CHUNK)
    losing = asyncio.create_task(store.put(bucket, "x", source, chunk_size=CHUNK, expected_revision=old.revision))
    await source.reached.wait()
    winner = await store.put(bucket, "x", pieces(b"w" * 2 * CHUNK), chunk_size=CHUNK, expected_revision=old.revision)
    source.go_on.set()
    with pytest.raises(Conflict):
        await losing
    assert [message.subject for message in await chunks(foreign, bucket)] == [f"$O.{bucket}.C.{winner.nuid}"] * 2
    assert await read(store, bucket, "x") == b"w" * 2 * CHUNK


async def test_an_object_that_was_deleted_meanwhile_is_a_conflict_too(store: ObjectStore, bucket: str, foreign: Client) -> None:
    old = await store.put(bucket, "x", pieces(b"o" * CHUNK), chunk_size=CHUNK)
    source = Held(b"l" * 20 * CHUNK)
    losing = asyncio.create_task(store.put(bucket, "x", source, chunk_size=CHUNK, expected_revision=old.revision))
    await source.reached.wait()
    await store.delete(bucket, "x")
    source.go_on.set()
    with pytest.raises(Conflict):
        await losing
    assert await chunks(foreign, bucket) == []


async def test_a_put_without_a_condition_goes_on_top_of_whatever_came_meanwhile(store: ObjectStore, bucket: str, foreign: Client) -> None:
    source = Held(b"l" * 20 * CHUNK)
    last = asyncio.create_task(store.put(bucket, "x", source, chunk_size=CHUNK))
    await source.reached.wait()
    await store.put(bucket, "x", pieces(b"m" * 5 * CHUNK), chunk_size=CHUNK)
    source.go_on.set()
    info = await last
    assert await read(store, bucket, "x") == b"l" * 20 * CHUNK
    assert {message.subject for message in await chunks(foreign, bucket)} == {f"$O.{bucket}.C.{info.nuid}"}


async def test_an_overwrite_needs_room_for_old_and_new_together(store: ObjectStore, foreign: Client, bucket: str) -> None:
    name = f"{bucket}-small"
    await store.create_bucket(BucketConfig(name, max_bytes=100_000))
    old = await store.put(name, "x", pieces(b"o" * 60_000), chunk_size=CHUNK)
    with pytest.raises(BucketFull):
        await store.put(name, "x", pieces(b"n" * 60_000), chunk_size=CHUNK)
    assert await store.info(name, "x") == old
    assert await read(store, name, "x") == b"o" * 60_000
    assert await chunk_messages(foreign, name) == 60


async def test_an_upload_that_is_cut_short_is_nowhere(store: ObjectStore, bucket: str, foreign: Client) -> None:
    source = Held(b"n" * 20 * CHUNK)
    putting = asyncio.create_task(store.put(bucket, "x", source, chunk_size=CHUNK))
    await source.reached.wait()
    await some_chunks(foreign, bucket)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert await stored(foreign, f"OBJ_{bucket}") == []


async def test_who_writes_is_said_beside_the_metadata_and_not_in_it(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", pieces(b"data"), writer="Jürgen @ desk")
    message = await only_metadata(foreign, bucket)
    assert message.headers["Nats-Files-Writer"].isascii()
    assert b"desk" not in message.data
