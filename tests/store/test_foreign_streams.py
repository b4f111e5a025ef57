"""Streams that other clients made or changed: missing flags, flags switched off in the middle, mirrors that answer with old data."""

import asyncio
import contextlib
import os
import uuid
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from nats.aio.client import Client

from buckets.objectstore import (
    BucketChange,
    BucketRestricted,
    BucketSealed,
    DigestMismatch,
    InvalidMetadata,
    ObjectChanged,
    ObjectNotFound,
    ObjectStore,
)
from buckets.objectstore.names import latin1_subject
from tests.store.helpers import chunk_messages, pieces, read

CHUNK = 1000


async def api(foreign: Client, endpoint: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = orjson.loads((await foreign.request(f"$JS.API.{endpoint}", orjson.dumps(body) if body else b"")).data)
    assert "error" not in answer, answer
    return answer


async def make(foreign: Client, **settings: Any) -> str:
    """A bucket whose stream has the two subjects and ``settings``, and nothing else."""
    name = f"raw-{uuid.uuid4().hex[:12]}"
    await api(foreign, f"STREAM.CREATE.OBJ_{name}", {"name": f"OBJ_{name}", "subjects": [f"$O.{name}.C.>", f"$O.{name}.M.>"]} | settings)
    return name


async def change(foreign: Client, bucket: str, **settings: Any) -> None:
    config = (await api(foreign, f"STREAM.INFO.OBJ_{bucket}"))["config"]
    await api(foreign, f"STREAM.UPDATE.OBJ_{bucket}", config | settings)


async def switch_off(foreign: Client, bucket: str, *flags: str) -> None:
    config = (await api(foreign, f"STREAM.INFO.OBJ_{bucket}"))["config"]
    await api(foreign, f"STREAM.UPDATE.OBJ_{bucket}", {key: value for key, value in config.items() if key not in flags})


async def use(store: ObjectStore, bucket: str, foreign: Client) -> None:
    """Every verb, on names of its own; nothing is left over."""
    before = await chunk_messages(foreign, bucket)
    one, two = (f"{uuid.uuid4().hex}-{end}" for end in ("one", "two"))
    first, second = os.urandom(20_500), os.urandom(7_300)
    await store.put(bucket, one, pieces(first), chunk_size=CHUNK)
    assert await read(store, bucket, one) == first
    info = await store.put(bucket, one, pieces(second), chunk_size=CHUNK)
    assert await read(store, bucket, one) == second
    assert (await store.info(bucket, one)).revision == info.revision
    assert (await store.update_meta(bucket, one, description="changed")).description == "changed"
    await store.rename(bucket, one, two)
    assert await read(store, bucket, two) == second
    with pytest.raises(ObjectNotFound):
        await store.info(bucket, one)
    assert [info.name for info in await store.list(bucket) if info.name in (one, two)] == [two]
    live = await store.live(bucket)
    assert await live.wait_ready(10)
    await store.put(bucket, one, pieces(b"small"))
    await store.delete(bucket, one)
    await store.delete(bucket, two)
    assert [info.name for info in await store.list(bucket) if info.name in (one, two)] == []
    assert (live.index.get(one), live.index.get(two)) == (None, None)
    assert await chunk_messages(foreign, bucket) == before


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"allow_rollup_hdrs": True},
        {"allow_direct": True},
        {"allow_rollup_hdrs": True, "allow_direct": True, "storage": "memory", "max_msgs_per_subject": -1, "discard": "new"},
        {"allow_rollup_hdrs": True, "max_age": 3_600_000_000_000, "duplicate_window": 1_000_000_000, "deny_delete": True},
    ],
    ids=["nothing", "roll-up only", "direct only", "as ADR-20", "expiring"],
)
async def test_a_bucket_of_any_settings_works(store: ObjectStore, foreign: Client, settings: dict[str, Any]) -> None:
    bucket = await make(foreign, **settings)
    await use(store, bucket, foreign)
    assert (await store.bucket(bucket)).rollup == settings.get("allow_rollup_hdrs", False)


@pytest.mark.parametrize(
    "flags",
    [
        ("allow_batched",),
        ("allow_atomic",),
        ("allow_direct",),
        ("allow_rollup_hdrs",),
        ("allow_batched", "allow_atomic", "allow_direct", "allow_rollup_hdrs"),
    ],
    ids=lambda flags: flags[0] if len(flags) == 1 else "all",
)
async def test_flags_switched_off_by_another_client_are_noticed(
    store: ObjectStore, bucket: str, foreign: Client, flags: tuple[str, ...]
) -> None:
    await use(store, bucket, foreign)
    data = os.urandom(5000)
    await store.put(bucket, "kept", pieces(data), chunk_size=CHUNK)
    await switch_off(foreign, bucket, *flags)
    await use(store, bucket, foreign)
    assert await read(store, bucket, "kept") == data
    await store.update_bucket(bucket, BucketChange(direct=True, rollup=True))
    await use(store, bucket, foreign)
    assert await read(store, bucket, "kept") == data


async def test_without_roll_up_only_the_newest_metadata_stays(store: ObjectStore, foreign: Client) -> None:
    bucket = await make(foreign)
    for number in range(5):
        await store.put(bucket, "x", pieces(b"data"), description=str(number))
    assert (await store.bucket(bucket)).stream.messages == 2
    await store.delete(bucket, "x")
    with pytest.raises(ObjectNotFound):
        await store.info(bucket, "x")
    assert (await store.bucket(bucket)).stream.messages == 1


@pytest.mark.servers(since="2.11")  # before, a direct get that is off is only noticed by its silence
async def test_a_bucket_that_refuses_purges_is_written_and_read_and_keeps_what_was(store: ObjectStore, foreign: Client) -> None:
    bucket = await make(foreign, deny_purge=True, deny_delete=True)
    async with asyncio.timeout(4):  # nothing is tried again and again
        await store.put(bucket, "x", pieces(b"a" * 3000), chunk_size=CHUNK)
        await store.put(bucket, "x", pieces(b"b" * 3000), chunk_size=CHUNK)
        assert await read(store, bucket, "x") == b"b" * 3000
        await store.delete(bucket, "x")
    with pytest.raises(ObjectNotFound):
        await store.info(bucket, "x")
    assert await chunk_messages(foreign, bucket) == 6
    with pytest.raises(BucketRestricted, match="deny_purge"):
        await store.repair.purge_orphans(bucket, older_than=0)


@pytest.mark.servers(since="2.14")
async def test_fast_ingest_switched_off_in_the_middle_of_a_put_is_survived(store: ObjectStore, bucket: str, foreign: Client) -> None:
    data = os.urandom(60_000)

    async def source() -> AsyncIterator[bytes]:
        yield data[:30_000]
        await switch_off(foreign, bucket, "allow_batched")
        yield data[30_000:]

    await store.put(bucket, "x", source(), chunk_size=CHUNK)
    assert await read(store, bucket, "x") == data
    assert await chunk_messages(foreign, bucket) == 60


@pytest.mark.servers(since="2.14")
async def test_fast_ingest_switched_on_is_used_at_once_when_we_did_it(store: ObjectStore, foreign: Client) -> None:
    bucket = await make(foreign, allow_rollup_hdrs=True)
    await store.put(bucket, "x", pieces(b"a" * 5000), chunk_size=CHUNK)
    assert bucket in store._putter.windowed
    await store.update_bucket(bucket, BucketChange(fast_ingest=True))
    assert bucket not in store._putter.windowed
    await store.put(bucket, "x", pieces(b"a" * 5000), chunk_size=CHUNK)
    assert bucket not in store._putter.windowed


MIRRORS: dict[str, dict[str, Any]] = {
    "complete": {},
    "cut off": {"max_msgs": 7, "discard": "old"},
    "only metadata": {"mirror": {"filter_subject": "$O.*.M.>"}},
    "only chunks": {"mirror": {"filter_subject": "$O.*.C.>"}},
}


@pytest.mark.parametrize("kind", MIRRORS)
async def test_a_foreign_mirror_misleads_nobody(store: ObjectStore, bucket: str, foreign: Client, kind: str) -> None:
    """It joins those who answer the bucket's direct gets, and keeps what was purged, or lacks what is there."""
    settings = dict(MIRRORS[kind])
    origin = {"name": f"OBJ_{bucket}"} | settings.pop("mirror", {})
    mirror = f"mirror-{bucket}"
    await store.put(bucket, "before", pieces(b"a" * 5000), chunk_size=CHUNK)
    await api(foreign, f"STREAM.CREATE.{mirror}", {"name": mirror, "mirror": origin} | settings)
    await store.put(bucket, "deleted", pieces(b"b" * 5000), chunk_size=CHUNK)
    await caught_up(foreign, mirror)
    for number in range(20):
        data = os.urandom(4_500)
        info = await store.put(bucket, "x", pieces(data), chunk_size=CHUNK)
        assert await store.info(bucket, "x") == info
        assert await read(store, bucket, "x") == data
        assert await read(store, bucket, "before") == b"a" * 5000
        if number == 10:
            await store.delete(bucket, "deleted")
        assert [one.name for one in await store.list(bucket)] == ["before", "x"] if number >= 10 else ["before", "deleted", "x"]
        assert await store.count_objects(bucket) == 3
    await api(foreign, f"STREAM.DELETE.{mirror}")


@pytest.mark.servers(since="2.14")  # before, a mirror stops at the first roll-up
@pytest.mark.parametrize("kept", [2, 3, 4, 7, 9])
async def test_a_mirror_that_has_a_part_of_an_object_only_hides_nothing(
    store: ObjectStore, bucket: str, foreign: Client, kept: int
) -> None:
    mirror = f"mirror-{bucket}"
    data = {name: os.urandom(5000) for name in "ab"}
    for name, content in data.items():
        await store.put(bucket, name, pieces(content), chunk_size=CHUNK)
    await api(foreign, f"STREAM.CREATE.{mirror}", {"name": mirror, "mirror": {"name": f"OBJ_{bucket}"}, "max_msgs": kept})
    await caught_up(foreign, mirror)
    await answers(foreign, bucket)
    for _ in range(20):
        for name, content in data.items():
            assert await read(store, bucket, name) == content
    await api(foreign, f"STREAM.DELETE.{mirror}")


@pytest.mark.servers(since="2.14")
async def test_a_mirror_that_keeps_what_was_purged_revives_nothing(store: ObjectStore, bucket: str, foreign: Client) -> None:
    mirror = f"mirror-{bucket}"
    await api(foreign, f"STREAM.CREATE.{mirror}", {"name": mirror, "mirror": {"name": f"OBJ_{bucket}"}})
    for _ in range(10):
        await store.put(bucket, "x", pieces(b"a" * 5000), chunk_size=CHUNK)
        reader = await store.get(bucket, "x")
        await caught_up(foreign, mirror)
        await store.put(bucket, "x", pieces(b"b" * 5000), chunk_size=CHUNK)
        try:
            async with reader:
                assert b"".join([piece async for piece in reader]) == b"a" * 5000  # from the mirror, and right
        except (ObjectChanged, DigestMismatch):
            pass
        await store.delete(bucket, "x")
        with pytest.raises(ObjectNotFound):
            await store.get(bucket, "x")
    await api(foreign, f"STREAM.DELETE.{mirror}")


async def caught_up(foreign: Client, mirror: str) -> None:
    """Wait until the mirror has all that it will get: everything, or what it had when it got stuck (on a roll-up, before 2.14)."""
    unchanged, last = 0, -1
    async with asyncio.timeout(10):
        while unchanged < 5:
            answer = await api(foreign, f"STREAM.INFO.{mirror}")
            told, now = answer["mirror"], answer["state"]["last_seq"]
            if told.get("active", -1) >= 0 and told.get("lag") == 0:
                return
            unchanged, last = unchanged + 1 if now == last else 0, now
            await asyncio.sleep(0.02)


async def answers(foreign: Client, bucket: str) -> None:
    """Wait until a mirror that lacks the first message answers the bucket's direct gets."""
    query = orjson.dumps({"seq": 1, "next_by_subj": f"$O.{bucket}.>"})
    async with asyncio.timeout(10):
        while True:
            answer = await foreign.request(f"$JS.API.DIRECT.GET.OBJ_{bucket}", query)
            if (answer.headers or {}).get("Nats-Sequence") != "1":
                return


async def noted(asked: list[str]) -> AsyncIterator[bytes]:
    """Data, and whether it was asked for."""
    asked.append("data")
    yield b"data"


async def test_chunks_fit_a_limit_for_messages_that_another_client_has_set(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await change(foreign, bucket, max_msg_size=2000)
    asked: list[str] = []
    data = os.urandom(20_000)
    info = await store.put(bucket, "x", pieces(data))
    assert (info.chunk_size, info.chunks) == (1744, 12)
    assert await read(store, bucket, "x") == data
    with pytest.raises(InvalidMetadata, match="1,744"):
        await store.put(bucket, "y", pieces(data), chunk_size=1900)
    assert (await store.copy(bucket, "x", bucket, "copy")).chunks == 12
    with pytest.raises(BucketRestricted, match="max_msg_size"):
        await store.put(bucket, "y", noted(asked), description="a" * 2000)
    assert not asked
    with pytest.raises(BucketRestricted, match="max_msg_size"):
        await store.update_meta(bucket, "x", description="a" * 2000)


async def test_a_limit_for_messages_that_is_new_is_told_in_words(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", pieces(b"data"))
    await change(foreign, bucket, max_msg_size=200)
    for data in (b"a" * 300, b"a" * 3000):
        with pytest.raises(BucketRestricted, match="max_msg_size"):
            await store.put(bucket, "x", pieces(data), chunk_size=CHUNK)
    store._putter.limits.forget(bucket)
    with pytest.raises(BucketRestricted, match="max_msg_size"):
        await store.put(bucket, "x", pieces(b"data"))
    assert await read(store, bucket, "x") == b"data"
    assert await chunk_messages(foreign, bucket) == 1


@pytest.mark.servers(since="2.11")
async def test_the_marker_that_a_server_leaves_for_what_has_expired_is_a_deletion(store: ObjectStore, foreign: Client) -> None:
    """Of the name that its subject says, and nothing else is known of it."""
    settings = {"allow_rollup_hdrs": True, "allow_direct": True, "allow_msg_ttl": True, "duplicate_window": 10**9}
    bucket = await make(foreign, max_age=10**9, subject_delete_marker_ttl=60 * 10**9, **settings)
    latin1 = latin1_subject(bucket, "é")
    assert latin1 is not None
    live = await store.live(bucket)
    assert await live.wait_ready(10)
    await store.put(bucket, "x", pieces(b"data"))
    await foreign.jetstream().publish(latin1, orjson.dumps({"name": "é", "nuid": "N", "size": 1}))
    async with asyncio.timeout(20), contextlib.aclosing(store.watch(bucket, after=0)) as events:
        deleted = set()
        async for event in events:
            if event.info is not None and event.info.deleted:
                deleted.add((event.info.name, event.info.problem))
            if len(deleted) == 2:
                break
        while len(live.index):
            await asyncio.sleep(0.05)
    assert deleted == {("x", None), ("é", None)}
    async with asyncio.timeout(20):  # a listing goes by the clock, and may be ahead of the server's marker
        while (await foreign.jetstream().get_last_msg(f"OBJ_{bucket}", latin1)).data:
            await asyncio.sleep(0.05)
    assert await store.list(bucket) == []
    assert [(info.name, info.deleted) for info in await store.list(bucket, deleted=True)] == [("x", True), ("é", True)]
    for name in ("x", "é"):
        with pytest.raises(ObjectNotFound):
            await store.info(bucket, name)
    await store.put(bucket, "x", pieces(b"again"), expected_revision=0)
    assert await read(store, bucket, "x") == b"again"


async def test_nothing_is_moved_out_of_a_sealed_bucket_and_nothing_copied(store: ObjectStore, bucket: str, foreign: Client) -> None:
    source = await make(foreign, allow_rollup_hdrs=True, allow_direct=True)
    await store.put(source, "x", pieces(b"data"))
    await store.seal_bucket(source)
    with pytest.raises(BucketSealed):
        await store.move(source, "x", bucket, "x")
    assert await store.list(bucket, deleted=True) == []
    assert await read(store, source, "x") == b"data"


@pytest.mark.parametrize("before", [False, True])
async def test_a_copy_goes_when_the_original_cannot_be_deleted(
    store: ObjectStore, bucket: str, foreign: Client, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    """Unless it has replaced something. The bucket is sealed in the moment in which the copy is done."""
    source = await make(foreign, allow_rollup_hdrs=True, allow_direct=True)
    await store.put(source, "x", pieces(b"data"))
    if before:
        await store.put(bucket, "x", pieces(b"before"))
    put = store._putter.put

    async def put_and_seal(*arguments: Any, **more: Any) -> Any:
        copied = await put(*arguments, **more)
        await store.seal_bucket(source)
        return copied

    monkeypatch.setattr(store._putter, "put", put_and_seal)
    with pytest.raises(BucketSealed):
        await store.move(source, "x", bucket, "x", overwrite=before)
    assert await read(store, source, "x") == b"data"
    assert [info.name for info in await store.list(bucket)] == (["x"] if before else [])
    assert await chunk_messages(foreign, bucket) == before
