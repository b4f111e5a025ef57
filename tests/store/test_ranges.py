"""Parts of objects: exact, whoever wrote them and however long their chunks are."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256

import orjson
import pytest
from nats.aio.client import Client

from buckets.objectstore import BucketConfig, DigestMismatch, Link, ObjectChanged, ObjectReader, ObjectStore
from buckets.objectstore.names import metadata_subject
from buckets.objectstore.reading import layout as layouts
from buckets.objectstore.reading.layout import Contiguous, Scattered, Table
from tests.store.helpers import digest, pieces

SIZE = 3_000_000  # more than is read whole
CHUNK = 10_000
DATA = random.Random(7).randbytes(SIZE)
SPANS = [
    (0, 1),
    (0, CHUNK),
    (1, CHUNK),
    (CHUNK - 1, 2),
    (CHUNK, 1),
    (1_000_000, 1),
    (1_234_567, 70_001),
    (SIZE // 2, SIZE // 2),
    (SIZE - CHUNK, CHUNK),
    (SIZE - 1, 1),
    (1, SIZE - 1),
    (0, SIZE - 1),
    (0, SIZE),
]


async def part(reader: ObjectReader, start: int, length: int) -> bytes:
    return b"".join([piece async for piece in reader.within(start, length)])


async def check(reader: ObjectReader, data: bytes, spans: Sequence[tuple[int, int]] = SPANS) -> None:
    async with reader:
        for start, length in spans:
            assert await part(reader, start, length) == data[start : start + length], (start, length)


def found(store: ObjectStore, stream: str, nuid: str) -> object:
    return type(store._context.seeker._known[stream, nuid])


def uneven(data: bytes, largest: int, seed: int = 1) -> list[bytes]:
    """``data`` in pieces of all lengths from 0 to ``largest``."""
    lengths, cut, position = random.Random(seed), [], 0
    while position < len(data):
        length = lengths.choice([0, 1, largest, lengths.randint(1, largest)])
        cut.append(data[position : position + length])
        position += length
    return cut


async def write(foreign: Client, bucket: str, name: str, chunks: Sequence[bytes], nuid: str, stated: int | None, between: int = 0) -> None:
    """An object as another client may write it; ``between``: so many other messages after each chunk."""
    js = foreign.jetstream(publish_async_max_pending=10_000)
    for chunk in chunks:
        await js.publish_async(f"$O.{bucket}.C.{nuid}", chunk)
        for number in range(between):
            await js.publish_async(f"$O.{bucket}.C.other{number}", b"other")
    await js.publish_async_completed()
    data = b"".join(chunks)
    info = {"name": name, "bucket": bucket, "nuid": nuid, "size": len(data), "chunks": len(chunks), "digest": digest(data)}
    if stated is not None:
        info["options"] = {"max_chunk_size": stated}
    await js.publish(metadata_subject(bucket, name), orjson.dumps(info), headers={"Nats-Rollup": "sub"})


def equal(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


async def test_any_part_of_an_object_is_exact(store: ObjectStore, bucket: str) -> None:
    info = await store.put(bucket, "x", pieces(DATA), chunk_size=CHUNK)
    await check(await store.get(bucket, "x"), DATA)
    assert found(store, f"OBJ_{bucket}", info.nuid) is Contiguous


async def test_a_part_of_a_large_chunk_is_exact(store: ObjectStore, bucket: str) -> None:
    await store.put(bucket, "x", pieces(DATA))
    await check(await store.get(bucket, "x"), DATA)


@pytest.mark.parametrize("size", [1, 999, CHUNK, 35_000, 1024 * 1024, 1024 * 1024 + 1])
async def test_every_offset_class_of_every_size(store: ObjectStore, bucket: str, size: int) -> None:
    data = DATA[:size]
    await store.put(bucket, "x", pieces(data), chunk_size=CHUNK)
    ends = sorted({0, 1, CHUNK - 1, CHUNK, CHUNK + 1, size // 2, size - CHUNK, size - 1, size})
    spans = [(start, end - start) for start in ends for end in ends if 0 <= start < end <= size]
    await check(await store.get(bucket, "x"), data, spans)


@pytest.mark.parametrize("stated", [None, CHUNK])
async def test_chunks_of_unequal_length(store: ObjectStore, bucket: str, foreign: Client, stated: int | None) -> None:
    await write(foreign, bucket, "x", uneven(DATA, CHUNK), "unequal", stated)
    await check(await store.get(bucket, "x"), DATA)
    assert found(store, f"OBJ_{bucket}", "unequal") is Table


async def test_chunks_that_are_short_although_there_are_as_few_as_can_be(store: ObjectStore, bucket: str, foreign: Client) -> None:
    """The last one is longer than what full ones before it would leave: so one of those must be short."""
    data = DATA[:1_100_000]
    await write(foreign, bucket, "x", [data[:500_000], data[500_000:900_000], data[900_000:]], "short", 500_000)
    await check(await store.get(bucket, "x"), data, [(start, 1000) for start in (0, 400_000, 600_000, 899_500, 900_000, 1_099_000)])
    assert found(store, f"OBJ_{bucket}", "short") is Table


async def test_more_chunks_than_the_table_has_anchors(
    store: ObjectStore, bucket: str, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layouts, "MAX_ANCHORS", 16)
    await write(foreign, bucket, "x", uneven(DATA, CHUNK), "many", None)
    await check(await store.get(bucket, "x"), DATA)


@pytest.mark.parametrize("between", [1, 7])
async def test_chunks_with_others_between_them(store: ObjectStore, bucket: str, foreign: Client, between: int) -> None:
    await write(foreign, bucket, "x", equal(DATA, 30_000), "scattered", 30_000, between)
    await check(await store.get(bucket, "x"), DATA)
    assert found(store, f"OBJ_{bucket}", "scattered") is Scattered


async def test_chunks_that_lie_most_unevenly_are_found_in_few_requests(store: ObjectStore, bucket: str, foreign: Client) -> None:
    """Half of them in a row, then a thousand others, and so on: what interpolation likes least."""
    cut, nuid = equal(DATA, 10_000), "lumps"
    js = foreign.jetstream(publish_async_max_pending=10_000)
    for number, chunk in enumerate(cut):
        await js.publish_async(f"$O.{bucket}.C.{nuid}", chunk)
        if number in (150, 152, 290):
            for _ in range(2000):
                await js.publish_async(f"$O.{bucket}.C.other", b"")
    await js.publish_async_completed()
    info = {"name": "x", "bucket": bucket, "nuid": nuid, "size": SIZE, "chunks": len(cut), "options": {"max_chunk_size": 10_000}}
    await js.publish(metadata_subject(bucket, "x"), orjson.dumps(info), headers={"Nats-Rollup": "sub"})
    spans = [(start, 5) for start in range(0, SIZE, 250_001)]
    before = store._control._next_token
    await check(await store.get(bucket, "x"), DATA, spans)
    assert store._control._next_token - before < 20 * len(spans)


async def test_two_uploads_at_once_lie_between_each_other(store: ObjectStore, bucket: str) -> None:
    other = bytes(reversed(DATA))
    await asyncio.gather(store.put(bucket, "x", pieces(DATA), chunk_size=20_000), store.put(bucket, "y", pieces(other), chunk_size=20_000))
    await check(await store.get(bucket, "x"), DATA)
    await check(await store.get(bucket, "y"), other)


async def test_parts_are_read_through_links(store: ObjectStore, bucket: str) -> None:
    await store.put(bucket, "x", pieces(DATA), chunk_size=CHUNK)
    await store.create_bucket(BucketConfig(f"{bucket}-links"))
    await store.add_link(f"{bucket}-links", "link", Link(bucket, "x"))
    await check(await store.get(f"{bucket}-links", "link"), DATA, SPANS[5:9])


async def test_a_bucket_without_direct_get_has_parts_too(store: ObjectStore, foreign: Client) -> None:
    await foreign.jetstream().add_stream(
        name="OBJ_undirect-parts", subjects=["$O.undirect-parts.C.>", "$O.undirect-parts.M.>"], allow_rollup_hdrs=True, allow_direct=False
    )
    await store.put("undirect-parts", "x", pieces(DATA), chunk_size=128 * 1024)
    await check(await store.get("undirect-parts", "x"), DATA, SPANS[:9])


async def test_many_parts_at_once_are_all_exact(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await write(foreign, bucket, "x", uneven(DATA, CHUNK), "once", None)
    where = random.Random(3)

    async def one() -> None:
        start = where.randrange(SIZE)
        length = where.randint(1, SIZE - start)
        async with await store.get(bucket, "x") as reader:
            assert await part(reader, start, length) == DATA[start : start + length]

    await asyncio.gather(*(one() for _ in range(40)))


@pytest.mark.parametrize("span", [(0, 0), (-1, 5), (SIZE, 1), (0, SIZE + 1), (5, -2)])
async def test_what_is_not_within_the_object_is_refused(store: ObjectStore, bucket: str, span: tuple[int, int]) -> None:
    await store.put(bucket, "x", pieces(DATA), chunk_size=CHUNK)
    async with await store.get(bucket, "x") as reader:
        with pytest.raises(ValueError, match="not within"):
            reader.within(*span)


async def test_a_short_part_does_not_read_far_beyond_it(store: ObjectStore, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    received: list[int] = []
    count = ObjectReader._chunks_from

    async def counting(self: ObjectReader, *args: object) -> AsyncIterator[object]:
        async for at, data in count(self, *args):  # type: ignore[arg-type]
            received.append(len(data))
            yield at, data

    monkeypatch.setattr(ObjectReader, "_chunks_from", counting)
    await store.put(bucket, "x", pieces(DATA), chunk_size=CHUNK)
    await check(await store.get(bucket, "x"), DATA, [(1_500_000, 10)])
    assert received == [CHUNK]


@pytest.mark.servers(since="2.14")
async def test_parts_of_versions_come_from_the_history(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.history.enable(bucket)
    await store.put(bucket, "x", pieces(DATA), chunk_size=CHUNK)
    other = bytes(reversed(DATA))
    await write(foreign, bucket, "x", uneven(other, CHUNK), "uneven", None)
    await store.put(bucket, "x", pieces(b"new"))
    newest, second, first = await store.history.versions(bucket, "x")
    await check(await store.history.open(bucket, "x", first.id), DATA)
    await check(await store.history.open(bucket, "x", second.id), other)
    await check(await store.history.open(bucket, "x", newest.id), b"new", [(0, 3), (1, 1)])
    await store.delete_bucket(bucket)
    await check(await store.history.open(bucket, "x", first.id), DATA)


@pytest.mark.servers(since="2.14")
@pytest.mark.parametrize("read_before", [0, 1, 5, 100])
async def test_a_part_of_what_is_replaced_meanwhile_goes_on_from_the_history(store: ObjectStore, bucket: str, read_before: int) -> None:
    await store.history.enable(bucket)
    large = DATA * 20
    await store.put(bucket, "x", pieces(large), chunk_size=CHUNK)
    start, length = 1_234_567, len(large) - 2_000_000
    async with await store.get(bucket, "x") as reader:
        got = reader.within(start, length)
        received = [await anext(got) for _ in range(read_before)]
        await store.put(bucket, "x", pieces(b"new"))
        received += [piece async for piece in got]
    assert b"".join(received) == large[start : start + length]


async def collect(source: AsyncIterator[bytes], into: list[bytes]) -> None:
    async for piece in source:
        into.append(piece)  # noqa: PERF401 - what came before the error counts


@pytest.mark.parametrize("read_before", [0, 1, 100])
@pytest.mark.parametrize("known", [False, True])
async def test_a_part_of_what_is_replaced_meanwhile_ends_in_an_error_without_one(
    store: ObjectStore, bucket: str, read_before: int, known: bool
) -> None:
    large = DATA * 20
    await store.put(bucket, "x", pieces(large), chunk_size=CHUNK)
    start = 1_234_567
    async with await store.get(bucket, "x") as reader:
        if known:
            await part(reader, start, 5)
        got = reader.within(start, len(large) - start - 5)
        received = [await anext(got) for _ in range(read_before)]
        await store.put(bucket, "x", pieces(bytes(reversed(large))), chunk_size=CHUNK)
        with pytest.raises(ObjectChanged):
            await collect(got, received)
    assert large[start:].startswith(b"".join(received))


@pytest.mark.parametrize("stated", [None, CHUNK])
@pytest.mark.parametrize("missing", [0, 1, 150, 299])
async def test_an_object_that_lacks_a_chunk_gives_no_wrong_bytes(
    store: ObjectStore, bucket: str, foreign: Client, missing: int, stated: int | None
) -> None:
    await write(foreign, bucket, "x", equal(DATA, CHUNK), "lacking", stated)
    async with await store.get(bucket, "x") as reader:
        if missing == 150:
            assert await part(reader, 2_000_000, 5) == DATA[2_000_000:2_000_005]  # it is known where the chunks lie
        first = (await foreign.jetstream().stream_info(f"OBJ_{bucket}")).state.first_seq
        await foreign.jetstream().delete_msg(f"OBJ_{bucket}", first + missing)
        with pytest.raises(DigestMismatch, match="incomplete"):
            await part(reader, missing * CHUNK + 5, 5)
        received: list[bytes] = []
        with pytest.raises(DigestMismatch):
            await collect(reader.within(1, SIZE - 1), received)
    assert DATA[1:].startswith(b"".join(received))


async def test_where_a_bucket_s_chunks_lay_before_it_was_made_anew_does_not_matter(
    store: ObjectStore, bucket: str, foreign: Client
) -> None:
    """As after a backup was restored: the same nuid at other sequences."""
    await write(foreign, bucket, "x", equal(DATA, CHUNK), "same", CHUNK)
    await check(await store.get(bucket, "x"), DATA, SPANS[5:8])
    await store.delete_bucket(bucket)
    await store.create_bucket(BucketConfig(bucket))
    await store.put(bucket, "before", os.urandom(50_000), chunk_size=CHUNK)
    await write(foreign, bucket, "x", equal(DATA, CHUNK), "same", CHUNK)
    await check(await store.get(bucket, "x"), DATA)


async def test_a_reader_of_parts_that_stops_early_gives_its_share_back(store: ObjectStore, bucket: str) -> None:
    data = DATA * 10
    await store.put(bucket, "x", pieces(data))
    for _ in range(20):
        async with await store.get(bucket, "x") as reader:
            async for _piece in reader.within(5, len(data) - 5):
                break
    await check(await store.get(bucket, "x"), data, [(5, len(data) - 5)])
    assert store._context.budget._used == 0


async def test_a_digest_that_was_stated_is_checked_before_anything_is_seen(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", pieces(b"old"))
    with pytest.raises(DigestMismatch):
        await store.put(bucket, "x", pieces(DATA), chunk_size=CHUNK, expected_digest=sha256(b"other").digest())
    state = (await foreign.jetstream().stream_info(f"OBJ_{bucket}")).state
    assert state.messages == 2
    stored = await store.put(bucket, "x", pieces(DATA), chunk_size=CHUNK, expected_digest=sha256(DATA).digest())
    assert stored.digest == digest(DATA)
