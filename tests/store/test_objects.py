"""Objects: put, get, info, delete."""

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator

import orjson
import pytest
from nats.aio.client import Client
from nats.js.api import ObjectStoreConfig, StorageType

from buckets.objectstore import (
    BucketConfig,
    BucketFull,
    BucketNotFound,
    Conflict,
    DigestMismatch,
    InvalidMetadata,
    InvalidObjectName,
    ObjectChanged,
    ObjectNotFound,
    ObjectStore,
    ObjectUnreadable,
)
from buckets.objectstore.names import metadata_subject
from tests.store.helpers import ODD_NAMES, chunk_messages, digest, pieces, read

CHUNK = 1000


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 100 * CHUNK + 7])
@pytest.mark.parametrize("piece", [1, 999, 1000, 70_000])
async def test_what_is_put_is_what_is_got(store: ObjectStore, bucket: str, foreign: Client, size: int, piece: int) -> None:
    data = os.urandom(size)
    info = await store.put(bucket, "x", pieces(data, piece), chunk_size=CHUNK)
    assert (info.size, info.chunks, info.digest, info.chunk_size) == (size, -(-size // CHUNK), digest(data), CHUNK)
    assert await store.info(bucket, "x") == info
    assert await read(store, bucket, "x") == data
    assert await chunk_messages(foreign, bucket) == info.chunks


async def test_a_large_object_takes_chunks_of_512_kib(store: ObjectStore, bucket: str) -> None:
    data = os.urandom(5_000_000)
    info = await store.put(bucket, "large", pieces(data))
    assert (info.chunks, info.chunk_size) == (10, 524_288)
    assert await read(store, bucket, "large") == data


async def test_description_headers_and_metadata_are_kept(store: ObjectStore, bucket: str) -> None:
    info = await store.put(
        bucket, "x", pieces(b"data"), description="Ünï", headers={"Content-Type": ["text/plain"], "X": ["1", "2"]}, metadata={"k": "v"}
    )
    assert info == await store.info(bucket, "x")
    assert (info.description, info.content_type, info.headers["X"], info.metadata) == ("Ünï", "text/plain", ("1", "2"), {"k": "v"})


@pytest.mark.parametrize("name", ODD_NAMES)
async def test_every_name_works(store: ObjectStore, bucket: str, name: str) -> None:
    await store.put(bucket, name, pieces(name.encode()))
    assert (await store.info(bucket, name)).name == name
    assert await read(store, bucket, name) == name.encode()
    await store.delete(bucket, name)
    with pytest.raises(ObjectNotFound):
        await store.info(bucket, name)


@pytest.mark.parametrize("name", ["", "\ud800", "x" * 3000])
async def test_a_name_that_nats_cannot_hold_is_refused(store: ObjectStore, bucket: str, name: str) -> None:
    with pytest.raises(InvalidObjectName):
        await store.put(bucket, name, pieces(b""))


async def test_metadata_that_cannot_be_stored_is_refused_before_any_data(store: ObjectStore, bucket: str, foreign: Client) -> None:
    with pytest.raises(InvalidMetadata):
        await store.put(bucket, "x", pieces(b"data"), description="x" * 600_000)
    with pytest.raises(InvalidMetadata):
        await store.put(bucket, "x", pieces(b"data"), metadata={"k": "\ud800"})
    with pytest.raises(InvalidMetadata):
        await store.put(bucket, "x", pieces(b"data"), chunk_size=100_000_000)
    assert await chunk_messages(foreign, bucket) == 0


async def test_an_overwrite_replaces_and_frees_the_old_chunks(store: ObjectStore, bucket: str, foreign: Client) -> None:
    first = await store.put(bucket, "x", pieces(b"a" * 5000), chunk_size=CHUNK)
    second = await store.put(bucket, "x", pieces(b"b" * 3000), chunk_size=CHUNK)
    assert second.revision > first.revision
    assert await read(store, bucket, "x") == b"b" * 3000
    assert await chunk_messages(foreign, bucket) == 3


async def test_a_put_into_a_missing_bucket_says_so(store: ObjectStore) -> None:
    with pytest.raises(BucketNotFound):
        await store.put("missing", "x", pieces(b"data"))


async def test_an_expected_revision_is_kept(store: ObjectStore, bucket: str, foreign: Client) -> None:
    info = await store.put(bucket, "x", pieces(b"1" * 5000), chunk_size=CHUNK, expected_revision=0)
    with pytest.raises(Conflict):
        await store.put(bucket, "x", pieces(b"2"), expected_revision=0)
    with pytest.raises(Conflict):
        await store.put(bucket, "x", pieces(b"2"), expected_revision=info.revision + 1)
    assert await read(store, bucket, "x") == b"1" * 5000
    await store.put(bucket, "x", pieces(b"2"), expected_revision=info.revision)
    await store.delete(bucket, "x")
    await store.put(bucket, "x", pieces(b"3"), expected_revision=0)
    assert await chunk_messages(foreign, bucket) == 1


async def test_of_two_writers_who_want_it_new_one_wins_and_nothing_is_left(store: ObjectStore, bucket: str, foreign: Client) -> None:
    both = asyncio.Barrier(2)

    async def source(data: bytes) -> AsyncIterator[bytes]:
        yield data
        await both.wait()
        yield data

    results = await asyncio.gather(
        store.put(bucket, "x", source(b"a" * 5000), chunk_size=CHUNK, expected_revision=0),
        store.put(bucket, "x", source(b"b" * 5000), chunk_size=CHUNK, expected_revision=0),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "ObjectInfo"]
    assert await chunk_messages(foreign, bucket) == 10


async def test_of_many_writers_the_last_wins_and_nothing_is_left(store: ObjectStore, bucket: str, foreign: Client) -> None:
    writers = [store.put(bucket, "x", pieces(bytes([number]) * 2500), chunk_size=CHUNK) for number in range(8)]
    infos = await asyncio.gather(*writers)
    last = max(infos, key=lambda info: info.revision)
    assert (await store.info(bucket, "x")).nuid == last.nuid
    assert await chunk_messages(foreign, bucket) == 3


async def test_deleting_leaves_a_marker_that_other_clients_understand(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", pieces(b"data"))
    await store.delete(bucket, "x")
    await store.delete(bucket, "x")
    await store.delete(bucket, "never there")
    objects = await foreign.jetstream().object_store(bucket)
    info = await objects.get_info("x", show_deleted=True)
    assert (info.deleted, info.size, info.chunks) == (True, 0, 0)
    assert await chunk_messages(foreign, bucket) == 0


async def test_a_full_bucket_takes_nothing_more_but_can_be_emptied(store: ObjectStore, foreign: Client) -> None:
    await store.create_bucket(BucketConfig("full", max_bytes=3_000_000))
    await store.put("full", "x", pieces(b"a" * 2_000_000), chunk_size=50_000)
    with pytest.raises(BucketFull, match="full"):
        await store.put("full", "y", pieces(b"b" * 2_000_000), chunk_size=50_000)
    assert await chunk_messages(foreign, "full") == 40
    left = 3_000_000 - (await store.bucket("full")).size_bytes
    await foreign.jetstream().publish("$O.full.C.filler", b"f" * (left - 60))
    await store.delete("full", "x")
    with pytest.raises(ObjectNotFound):
        await store.info("full", "x")
    await store.put("full", "y", pieces(b"b" * 1_000_000))


@pytest.mark.parametrize("chunk_size", [CHUNK, 400_000])
async def test_a_source_that_fails_leaves_nothing(store: ObjectStore, bucket: str, foreign: Client, chunk_size: int) -> None:
    async def failing() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * 100_000
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError, match="the disk is gone"):
        await store.put(bucket, "x", failing(), chunk_size=chunk_size)
    assert await chunk_messages(foreign, bucket) == 0
    with pytest.raises(ObjectNotFound):
        await store.info(bucket, "x")


@pytest.mark.parametrize("after", [0, 1, 2, 7, 40])
async def test_a_cancelled_put_leaves_nothing(store: ObjectStore, bucket: str, foreign: Client, after: int) -> None:
    reached = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(after):
            yield b"x" * 100_000
        reached.set()
        await asyncio.Event().wait()
        yield b""

    putting = asyncio.create_task(store.put(bucket, "x", endless(), chunk_size=100_000))
    await reached.wait()
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert await chunk_messages(foreign, bucket) == 0


async def test_a_put_cancelled_while_it_writes_at_full_speed_leaves_nothing(store: ObjectStore, bucket: str, foreign: Client) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 500_000

    for turns in range(5, 60, 5):
        putting = asyncio.create_task(store.put(bucket, "x", endless()))
        for _ in range(turns * 4):
            await asyncio.sleep(0)
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting
        assert await chunk_messages(foreign, bucket) == 0


def moments(until: Callable[[], bool]) -> Iterator[int]:
    """Turns of the event loop after which to cancel: close together at first, then ever later until ``until`` holds."""
    yield from range(0, 160, 4)
    turns = 160
    while not until():
        assert turns < 1_000_000
        turns *= 2
        yield turns


@pytest.mark.parametrize("cancellations", [1, 2])
@pytest.mark.parametrize("size", [100, 3 * CHUNK])
async def test_a_put_cancelled_anywhere_is_whole_or_nothing(
    store: ObjectStore, bucket: str, foreign: Client, size: int, cancellations: int
) -> None:
    outcomes: set[str] = set()
    for turns in moments(until=lambda: "whole" in outcomes):
        putting = asyncio.create_task(store.put(bucket, f"x{turns}", pieces(b"x" * size), chunk_size=CHUNK))
        for _ in range(turns):
            await asyncio.sleep(0)
        for _ in range(cancellations):
            putting.cancel()
            await asyncio.sleep(0)
        await asyncio.gather(putting, return_exceptions=True)
        await store._cleanups.close(10)
        outcomes.add(await whole_or_nothing(store, bucket, f"x{turns}", foreign))
    assert outcomes == {"nothing", "whole"}


async def whole_or_nothing(store: ObjectStore, bucket: str, name: str, foreign: Client) -> str:
    try:
        info = await store.info(bucket, name)
    except ObjectNotFound:
        assert await chunk_messages(foreign, bucket) == 0
        return "nothing"
    assert len(await read(store, bucket, name)) == info.size
    await store.delete(bucket, name)
    return "whole"


async def test_an_overwrite_cancelled_anywhere_keeps_the_old_or_has_the_new(store: ObjectStore, bucket: str, foreign: Client) -> None:
    seen: set[bytes] = set()
    old = b"o" * (2 * CHUNK)
    for turns in moments(until=lambda: b"n" in seen):
        await store.put(bucket, "x", pieces(old), chunk_size=CHUNK)
        putting = asyncio.create_task(store.put(bucket, "x", pieces(b"n" * (3 * CHUNK)), chunk_size=CHUNK))
        for _ in range(turns):
            await asyncio.sleep(0)
        putting.cancel()
        await asyncio.gather(putting, return_exceptions=True)
        await store._cleanups.close(10)
        content = await read(store, bucket, "x")
        seen.add(content[:1])
        assert content in (old, b"n" * (3 * CHUNK))
        assert await chunk_messages(foreign, bucket) == len(content) // CHUNK
    assert seen == {b"o", b"n"}


async def test_what_was_put_is_in_the_live_listing_on_return(store: ObjectStore, bucket: str) -> None:
    live = await store.live(bucket)
    await live.wait_ready(10)
    for number in range(50):
        await store.put(bucket, f"n{number}", pieces(b"data"))
        assert live.index.get(f"n{number}") is not None
        await store.delete(bucket, f"n{number}")
        assert live.index.get(f"n{number}") is None


async def test_a_bucket_without_fast_ingest_is_written_through_a_window(store: ObjectStore, foreign: Client) -> None:
    await foreign.jetstream().create_object_store("without-fast-ingest", ObjectStoreConfig(storage=StorageType.MEMORY))
    data = os.urandom(20_000_000)
    for name in ("first", "second"):
        await store.put("without-fast-ingest", name, pieces(data))
        assert await read(store, "without-fast-ingest", name) == data


async def test_a_window_that_fails_leaves_nothing(store: ObjectStore, foreign: Client) -> None:
    await foreign.jetstream().create_object_store("plain-full", ObjectStoreConfig(max_bytes=5_000_000))
    with pytest.raises(BucketFull):
        await store.put("plain-full", "x", pieces(b"x" * 20_000_000))
    assert await chunk_messages(foreign, "plain-full") == 0


async def test_a_bucket_without_direct_get_is_read_from_its_leader(store: ObjectStore, foreign: Client) -> None:
    await foreign.jetstream().add_stream(
        name="OBJ_undirect", subjects=["$O.undirect.C.>", "$O.undirect.M.>"], allow_rollup_hdrs=True, allow_direct=False
    )
    data = os.urandom(2_000_000)
    await store.put("undirect", "x", pieces(data), chunk_size=128 * 1024)
    assert await read(store, "undirect", "x") == data
    assert await store.count_objects("undirect") == 1


async def test_many_readers_at_once_all_get_everything(store: ObjectStore, bucket: str) -> None:
    data = os.urandom(6_000_000)
    await store.put(bucket, "x", pieces(data))
    for content in await asyncio.gather(*(read(store, bucket, "x") for _ in range(24))):
        assert content == data


async def test_a_reader_that_stops_early_gives_its_share_back(store: ObjectStore, bucket: str) -> None:
    data = os.urandom(30_000_000)
    await store.put(bucket, "x", pieces(data))
    for _ in range(20):
        async with await store.get(bucket, "x") as reader:
            async for _piece in reader:
                break
    assert await read(store, bucket, "x") == data


async def only(source: AsyncIterable[bytes], byte: bytes) -> None:
    async for piece in source:
        assert set(piece) == set(byte)


async def collect(source: AsyncIterable[bytes], into: list[bytes]) -> None:
    async for piece in source:
        into.append(piece)  # noqa: PERF401 - what came before the error counts


async def test_an_object_replaced_while_it_is_read_ends_in_an_error(store: ObjectStore, bucket: str) -> None:
    await store.put(bucket, "x", pieces(b"a" * 40_000_000))
    async with await store.get(bucket, "x") as reader:
        iterator = aiter(reader)
        await anext(iterator)
        await store.put(bucket, "x", pieces(b"b" * 40_000_000))
        with pytest.raises(ObjectChanged):
            await only(iterator, b"a")


async def test_damaged_content_is_never_handed_out_whole(store: ObjectStore, bucket: str, foreign: Client) -> None:
    info = await store.put(bucket, "x", pieces(b"a" * 3000), chunk_size=CHUNK)
    lying = {"name": "x", "bucket": bucket, "nuid": info.nuid, "size": 3000, "chunks": 3, "digest": digest(b"b" * 3000)}
    await foreign.jetstream().publish(metadata_subject(bucket, "x"), orjson.dumps(lying), headers={"Nats-Rollup": "sub"})
    received: list[bytes] = []
    async with await store.get(bucket, "x") as reader:
        with pytest.raises(DigestMismatch):
            await collect(reader, received)
    assert sum(map(len, received)) < 3000


async def test_missing_chunks_are_an_error_and_not_a_short_file(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", pieces(b"a" * 3000), chunk_size=CHUNK)
    info = await foreign.jetstream().stream_info(f"OBJ_{bucket}")
    await foreign.jetstream().delete_msg(f"OBJ_{bucket}", info.state.first_seq + 2)
    with pytest.raises(DigestMismatch, match="incomplete"):
        await read(store, bucket, "x")


async def test_links_are_read_through_and_bucket_links_are_not(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "target", pieces(b"content"))
    js = foreign.jetstream()
    for name, link in (
        ("link", {"bucket": bucket, "name": "target"}),
        ("all", {"bucket": bucket}),
        ("again", {"bucket": bucket, "name": "link"}),
        ("circle", {"bucket": bucket, "name": "circle"}),
    ):
        await js.publish(metadata_subject(bucket, name), orjson.dumps({"name": name, "bucket": bucket, "options": {"link": link}}))
    assert await read(store, bucket, "link") == b"content"
    assert await read(store, bucket, "again") == b"content"
    for name in ("all", "circle"):
        with pytest.raises(ObjectUnreadable):
            await store.get(bucket, name)


async def test_metadata_without_a_nuid_is_listed_but_not_read(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await foreign.jetstream().publish(metadata_subject(bucket, "odd"), b'{"name": "odd", "size": -3}')
    assert (await store.info(bucket, "odd")).problem
    with pytest.raises(ObjectUnreadable):
        await store.get(bucket, "odd")


async def test_objects_are_counted(store: ObjectStore, bucket: str) -> None:
    assert await store.count_objects(bucket) == 0
    for name in ("a", "b", "c"):
        await store.put(bucket, name, pieces(b""))
    assert await store.count_objects(bucket) == 3
    await store.delete(bucket, "a")
    live = await store.live(bucket)
    assert await live.wait_ready(5)
    assert await store.count_objects(bucket) == 2
