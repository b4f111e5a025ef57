"""Uploads in pieces, gone on with by any process."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from itertools import pairwise

import pytest
from nats.aio.client import Client

from buckets.objectstore import (
    BucketNotFound,
    Conflict,
    DigestMismatch,
    InvalidObjectName,
    ObjectStore,
    UploadLocked,
    UploadNotFound,
    UploadOffsetMismatch,
)
from buckets.objectstore.uploads import uploads as uploads_module
from buckets.objectstore.uploads.piece import Piece
from tests.conftest import running_store
from tests.natsserver import NatsServer
from tests.store.helpers import chunk_messages, digest, pieces, read

CHUNK = 1000


def soon() -> float:
    return time.time() + 3600


async def begin(
    store: ObjectStore, bucket: str, name: str = "x", *, length: int | None = None, expected_revision: int | None = None
) -> str:
    state = await store.uploads.create(
        bucket,
        name,
        expires=soon(),
        length=length,
        chunk_size=CHUNK,
        description="d",
        headers={"H": ["h"]},
        metadata={"m": "ü"},
        facts={"f": "1"},
        owner="7",
        expected_revision=expected_revision,
    )
    return state.id


@pytest.fixture
async def other(nats_server: NatsServer) -> AsyncIterator[ObjectStore]:
    """Another process, as far as the store is concerned."""
    async with running_store(nats_server) as store:
        yield store


@pytest.mark.parametrize("cuts", [[], [1], [CHUNK], [CHUNK - 1, CHUNK], [1, 2, 3], [2500, 2500, 9999]])
async def test_an_upload_in_pieces_is_an_object_in_the_end(
    store: ObjectStore, other: ObjectStore, bucket: str, foreign: Client, cuts: list[int]
) -> None:
    data = os.urandom(10_000)
    upload = await begin(store, bucket, length=len(data))
    for number, (start, end) in enumerate(pairwise([0, *cuts, len(data)])):
        current = (store, other)[number % 2]
        assert (await current.uploads.get(upload)).offset == start
        appended = await current.uploads.append(upload, start, pieces(data[start:end], 777))
    assert appended.info is not None
    assert appended.info == await store.info(bucket, "x")
    assert (appended.info.digest, appended.info.size, appended.info.description) == (digest(data), len(data), "d")
    assert (appended.info.headers, appended.info.metadata, appended.info.chunk_size) == ({"H": ("h",)}, {"m": "ü"}, CHUNK)
    assert await read(store, bucket, "x") == data
    assert await chunk_messages(foreign, bucket) == appended.info.chunks
    for some in (store, other):  # for who has missed the answer
        state = await some.uploads.get(upload)
        assert (state.done, state.offset, state.length) == (True, len(data), len(data))
        assert (await some.uploads.append(upload, len(data), pieces(b""))).state.done
    await other.uploads.terminate(upload)
    with pytest.raises(UploadNotFound):
        await store.uploads.get(upload)
    assert await read(store, bucket, "x") == data


async def test_nothing_is_seen_before_all_is_there(store: ObjectStore, bucket: str) -> None:
    upload = await begin(store, bucket, length=10)
    await store.uploads.append(upload, 0, pieces(b"12345"))
    assert await store.list(bucket, deleted=True) == []
    state = await store.uploads.get(upload)
    assert (state.offset, state.length, state.owner, state.facts) == (5, 10, "7", {"f": "1"})


async def test_an_empty_upload_needs_one_empty_piece(store: ObjectStore, bucket: str) -> None:
    upload = await begin(store, bucket, length=0)
    assert (await store.uploads.append(upload, 0, pieces(b""))).info is not None
    assert await read(store, bucket, "x") == b""


async def test_the_length_may_be_told_later(store: ObjectStore, bucket: str) -> None:
    upload = await begin(store, bucket)
    assert (await store.uploads.append(upload, 0, pieces(b"12345"))).info is None
    assert (await store.uploads.append(upload, 5, pieces(b"678"), length=8)).info is not None
    assert await read(store, bucket, "x") == b"12345678"


async def broken(data: bytes) -> AsyncIterator[bytes]:
    yield data
    raise ConnectionError("gone")


async def test_what_came_before_the_source_broke_off_is_kept(store: ObjectStore, bucket: str) -> None:
    upload = await begin(store, bucket, length=5000)
    data = os.urandom(5000)
    appended = await store.uploads.append(upload, 0, broken(data[:2345]))
    assert (appended.state.offset, type(appended.broken)) == (2345, ConnectionError)
    assert (await store.uploads.append(upload, 2345, pieces(data[2345:]))).info is not None
    assert await read(store, bucket, "x") == data


async def test_a_cancelled_caller_leaves_what_came(store: ObjectStore, bucket: str) -> None:
    upload = await begin(store, bucket, length=5000)
    data = os.urandom(5000)
    came = asyncio.Event()

    async def source() -> AsyncIterator[bytes]:
        yield data[:2345]
        came.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(store.uploads.append(upload, 0, source()))
    await came.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    while (state := await store.uploads.get(upload)).offset == 0 or state.lock:
        await asyncio.sleep(0)
    assert state.offset == 2345
    assert (await store.uploads.append(upload, 2345, pieces(data[2345:]))).info is not None


async def test_only_one_may_write_at_a_time(store: ObjectStore, other: ObjectStore, bucket: str) -> None:
    upload = await begin(store, bucket, length=4000)
    data = os.urandom(4000)
    results = await asyncio.gather(
        *(some.uploads.append(upload, 0, pieces(data, 100)) for some in (store, other, store, other)), return_exceptions=True
    )
    done = [result for result in results if not isinstance(result, BaseException)]
    assert len(done) == 1
    assert all(isinstance(result, UploadLocked | UploadOffsetMismatch | UploadNotFound) for result in results if result not in done)
    assert await read(store, bucket, "x") == data


async def test_a_wrong_offset_is_refused(store: ObjectStore, bucket: str) -> None:
    upload = await begin(store, bucket, length=10)
    await store.uploads.append(upload, 0, pieces(b"12345"))
    for offset in (0, 4, 6):
        with pytest.raises(UploadOffsetMismatch):
            await store.uploads.append(upload, offset, pieces(b"x"))
    assert (await store.uploads.get(upload)).offset == 5


@pytest.mark.servers(since="2.11")  # 2.10 loses sight of a subject whose last message was removed
async def test_an_upload_goes_on_after_its_process_died(
    nats_server: NatsServer, store: ObjectStore, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had stored chunks that it could not tell of any more, and holds the lock."""
    monkeypatch.setattr(uploads_module, "LOCK_SECONDS", 0.5)
    data = os.urandom(20_000)
    dying: AbstractAsyncContextManager[ObjectStore] = running_store(nats_server)
    upload = await begin(store, bucket, length=len(data))
    await store.uploads.append(upload, 0, pieces(data[:1500]))
    async with dying as victim:

        async def source() -> AsyncIterator[bytes]:
            yield data[1500:11_600]
            await asyncio.Event().wait()

        monkeypatch.setattr(victim.uploads, "_save", never_again(victim))
        task = asyncio.create_task(victim.uploads._append(upload, 1500, Piece(source(), None), None, None))
        while await store._streams.messages(bucket, f"$O.{bucket}.C.{(await store.uploads.get(upload)).nuid}") < 2 + 9:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    while True:
        try:
            state = await store.uploads.get(upload)
            appended = await store.uploads.append(upload, state.offset, pieces(data[state.offset :]))
        except (UploadLocked, UploadOffsetMismatch):  # as the lock ends, what was stored shows
            await asyncio.sleep(0.05)
        else:
            break
    assert state.offset >= 10_500
    assert appended.info is not None
    assert await read(store, bucket, "x") == data


def never_again(store: ObjectStore):  # type: ignore[no-untyped-def]
    """Saves the lock, and then nothing more: as a process that is killed."""
    save = store.uploads._save
    saved = 0

    async def once(state):  # type: ignore[no-untyped-def]
        nonlocal saved
        saved += 1
        if saved > 1:
            raise ConnectionError("killed")
        return await save(state)

    return once


@pytest.mark.servers(before="2.11")
async def test_a_checksum_that_does_not_fit_ends_the_upload_on_old_servers(store: ObjectStore, bucket: str, foreign: Client) -> None:
    upload = await begin(store, bucket, length=5000)
    with pytest.raises(DigestMismatch):
        await store.uploads.append(upload, 0, pieces(os.urandom(3500)), checksum=("sha256", hashlib.sha256(b"").digest()))
    with pytest.raises(UploadNotFound):
        await store.uploads.get(upload)
    assert await chunk_messages(foreign, bucket) == 0


@pytest.mark.servers(since="2.11")
async def test_a_checksum_that_does_not_fit_leaves_nothing_of_its_piece(store: ObjectStore, bucket: str, foreign: Client) -> None:
    data = os.urandom(5000)
    upload = await begin(store, bucket, length=len(data))
    await store.uploads.append(upload, 0, pieces(data[:1500]), checksum=("sha256", hashlib.sha256(data[:1500]).digest()))
    with pytest.raises(DigestMismatch):
        await store.uploads.append(upload, 1500, pieces(os.urandom(3500)), checksum=("sha256", hashlib.sha256(data[1500:]).digest()))
    assert (await store.uploads.get(upload)).offset == 1500
    assert await chunk_messages(foreign, bucket) == 2
    await store.uploads.append(upload, 1500, pieces(data[1500:]), checksum=("sha256", hashlib.sha256(data[1500:]).digest()))
    assert await read(store, bucket, "x") == data


@pytest.mark.servers(since="2.11")
async def test_a_piece_with_a_checksum_that_breaks_off_is_not_kept(store: ObjectStore, bucket: str, foreign: Client) -> None:
    data = os.urandom(5000)
    upload = await begin(store, bucket, length=len(data))
    appended = await store.uploads.append(upload, 0, broken(data[:3000]), checksum=("sha1", hashlib.sha1(data).digest()))
    assert (appended.state.offset, type(appended.broken)) == (0, ConnectionError)
    assert await chunk_messages(foreign, bucket) == 0
    await store.uploads.append(upload, 0, pieces(data), checksum=("sha1", hashlib.sha1(data).digest()))
    assert await read(store, bucket, "x") == data


@pytest.mark.servers(since="2.14")
async def test_uploads_under_way_are_neither_pruned_nor_orphans(store: ObjectStore, bucket: str) -> None:
    await store.history.enable(bucket)
    upload = await begin(store, bucket, length=5000)
    data = os.urandom(5000)
    await store.uploads.append(upload, 0, pieces(data[:2500]))
    assert await store.repair.orphans(bucket, older_than=0) == []
    assert (await store.repair.purge_orphans(bucket, older_than=0)).chunks == 0
    status = await store.history.status(bucket)
    assert status is not None
    assert (await store.history._pruner.prune(status, time.time_ns() + 10**13)).data == 0
    await store.uploads.append(upload, 2500, pieces(data[2500:]))
    await store.delete(bucket, "x")
    await store.history.undelete(bucket, "x")
    assert await read(store, bucket, "x") == data


@pytest.mark.servers(since="2.14")
async def test_a_wrong_piece_is_not_in_the_history_either(store: ObjectStore, bucket: str) -> None:
    await store.history.enable(bucket)
    data = os.urandom(5000)
    upload = await begin(store, bucket, length=len(data))
    with pytest.raises(DigestMismatch):
        await store.uploads.append(upload, 0, pieces(os.urandom(3500)), checksum=("sha256", hashlib.sha256(b"").digest()))
    await store.uploads.append(upload, 0, pieces(data))
    await store.delete(bucket, "x")
    (_, version) = await store.history.versions(bucket, "x")
    async with await store.history.open(bucket, "x", version.id) as reader:
        assert b"".join([piece async for piece in reader]) == data


async def test_an_upload_can_be_taken_back_and_expires(store: ObjectStore, bucket: str, foreign: Client) -> None:
    first, second = [await begin(store, bucket, name, length=5000) for name in ("a", "b")]
    for upload in (first, second):
        await store.uploads.append(upload, 0, pieces(os.urandom(2500)))
    assert await store.uploads.in_use(bucket) == {(await store.uploads.get(upload)).nuid for upload in (first, second)}
    await store.uploads.terminate(first)
    with pytest.raises(UploadNotFound):
        await store.uploads.append(first, 2500, pieces(b"x"))
    assert await chunk_messages(foreign, bucket) == 3
    short = await store.uploads.create(bucket, "c", expires=time.time() - 1, length=10)
    await store.uploads.append(short.id, 0, pieces(b"12345"))
    assert await store.uploads.expire() >= 1
    with pytest.raises(UploadNotFound):
        await store.uploads.get(short.id)
    assert (await store.uploads.get(second)).offset == 2500
    assert await chunk_messages(foreign, bucket) == 3
    assert await store.list(bucket) == []


async def test_the_loser_of_a_race_is_told_and_leaves_nothing(store: ObjectStore, bucket: str, foreign: Client) -> None:
    upload = await begin(store, bucket, length=5, expected_revision=0)
    await store.put(bucket, "x", b"faster")
    with pytest.raises(Conflict):
        await store.uploads.append(upload, 0, pieces(b"12345"))
    assert await read(store, bucket, "x") == b"faster"
    assert await chunk_messages(foreign, bucket) == 1
    with pytest.raises(UploadNotFound):
        await store.uploads.get(upload)


async def test_an_upload_replaces_what_has_its_name(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", b"old")
    upload = await begin(store, bucket, length=5)
    await store.uploads.append(upload, 0, pieces(b"12345"))
    assert await read(store, bucket, "x") == b"12345"
    assert await chunk_messages(foreign, bucket) == 1


async def test_what_cannot_become_an_object_is_refused_first(store: ObjectStore, bucket: str) -> None:
    with pytest.raises(BucketNotFound):
        await store.uploads.create("missing", "x", expires=soon())
    with pytest.raises(InvalidObjectName):
        await store.uploads.create(bucket, "", expires=soon())
    info = await store.put(bucket, "x", b"there")
    with pytest.raises(Conflict):
        await store.uploads.create(bucket, "x", expires=soon(), expected_revision=0)
    await store.uploads.create(bucket, "x", expires=soon(), expected_revision=info.revision)


@pytest.mark.parametrize("upload", ["", "x", "../y", "a.b", "*", ">", "x" * 200, "ü"])
async def test_uploads_that_never_were(store: ObjectStore, upload: str) -> None:
    with pytest.raises(UploadNotFound):
        await store.uploads.get(upload)
    with pytest.raises(UploadNotFound):
        await store.uploads.terminate(upload)


async def test_somebody_elses_chunk_is_noticed(store: ObjectStore, bucket: str, foreign: Client) -> None:
    upload = await begin(store, bucket, length=5000)
    await store.uploads.append(upload, 0, pieces(os.urandom(2000)))
    nuid = (await store.uploads.get(upload)).nuid
    first = await foreign.jetstream().get_last_msg(f"OBJ_{bucket}", f"$O.{bucket}.C.{nuid}")
    await foreign.jetstream().delete_msg(f"OBJ_{bucket}", first.seq or 0)
    with pytest.raises(UploadNotFound):
        await store.uploads.append(upload, 2000, pieces(os.urandom(3000)))
