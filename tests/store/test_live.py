"""The live bucket: what every client does is in the index, whatever happens to the connection."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import nats
import pytest
from nats.aio.client import Client

from buckets.objectstore import BucketConfig, BucketNotFound, LiveBucket, ObjectStore, WatchEvent
from buckets.objectstore.names import metadata_subject
from tests.conftest import running_store
from tests.natsserver import NatsServer
from tests.store.helpers import pieces

PATIENCE = 20


async def until(live: LiveBucket, holds: Callable[[], bool]) -> None:
    """Wait for changes of ``live`` until ``holds``."""
    async with asyncio.timeout(PATIENCE):
        with live.subscribe() as changes:
            while not holds():
                await changes.next()


def names(live: LiveBucket) -> set[str]:
    return {entry.name for entry in live.index.entries()}


async def test_it_starts_with_what_is_there(store: ObjectStore, bucket: str) -> None:
    for name in ("a", "b", "gone"):
        await store.put(bucket, name, pieces(b"data"))
    await store.delete(bucket, "gone")
    live = await store.live(bucket)
    assert await live.wait_ready(PATIENCE)
    assert names(live) == {"a", "b"}
    assert (live.loaded, live.expected) == (3, 3)


async def test_an_empty_bucket_is_ready_at_once(store: ObjectStore, bucket: str) -> None:
    live = await store.live(bucket)
    assert await live.wait_ready(PATIENCE)
    assert len(live.index) == 0


async def test_a_missing_bucket_is_not_live(store: ObjectStore) -> None:
    with pytest.raises(BucketNotFound):
        await store.live("missing")


async def test_all_callers_share_one_watch(store: ObjectStore, bucket: str) -> None:
    first, second = await asyncio.gather(store.live(bucket), store.live(bucket))
    assert first is second


async def test_writes_and_deletions_of_other_clients_arrive(store: ObjectStore, bucket: str, foreign: Client) -> None:
    live = await store.live(bucket)
    objects = await foreign.jetstream().object_store(bucket)
    with live.subscribe() as changes:
        await live.wait_ready(PATIENCE)
        await objects.put("theirs", b"data")
        await until(live, lambda: names(live) == {"theirs"})
        assert "theirs" in (await changes.next()).names
    await objects.delete("theirs")
    await until(live, lambda: not names(live))


async def test_a_burst_is_merged_for_a_slow_subscriber(store: ObjectStore, bucket: str, foreign: Client) -> None:
    live = await store.live(bucket)
    await live.wait_ready(PATIENCE)
    with live.subscribe() as changes:
        for number in range(1000):
            await foreign.publish(metadata_subject(bucket, f"n{number}"), b'{"name": "n%d", "nuid": "x"}' % number)
        await foreign.flush()
        await until(live, lambda: len(live.index) == 1000)
        merged = await changes.next()
        assert len(merged.names) == 1000
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(changes.next(), 0.05)


async def test_too_many_changes_are_told_as_everything(store: ObjectStore, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("buckets.objectstore.watching.subscriptions.MAX_CHANGED_NAMES", 3)
    live = await store.live(bucket)
    await live.wait_ready(PATIENCE)
    with live.subscribe() as changes:
        for name in "abcd":
            await store.put(bucket, name, pieces(b""))
        await until(live, lambda: len(live.index) == 4)
        assert (await changes.next()).everything


async def test_a_deleted_bucket_is_told(store: ObjectStore, bucket: str) -> None:
    live = await store.live(bucket)
    with live.subscribe() as changes:
        await store.delete_bucket(bucket)
        assert (await asyncio.wait_for(changes.next(), PATIENCE)).gone
    with pytest.raises(BucketNotFound):
        await store.live(bucket)


async def test_a_bucket_deleted_by_another_client_is_told(store: ObjectStore, bucket: str, foreign: Client) -> None:
    live = await store.live(bucket)
    await live.wait_ready(PATIENCE)
    await foreign.jetstream().delete_object_store(bucket)
    await until(live, lambda: live.gone)


async def test_a_bucket_made_anew_starts_anew(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "old", pieces(b"data"))
    live = await store.live(bucket)
    await live.wait_ready(PATIENCE)
    await foreign.jetstream().delete_stream(f"OBJ_{bucket}")
    await store.create_bucket(BucketConfig(bucket))
    await store.put(bucket, "new", pieces(b"data"))
    await until(live, lambda: live.gone or names(live) == {"new"})
    again = await store.live(bucket)
    await again.wait_ready(PATIENCE)
    await until(again, lambda: names(again) == {"new"})


async def test_it_goes_on_without_a_gap_after_a_kill_of_the_server(fresh_nats_server: NatsServer) -> None:
    async with running_store(fresh_nats_server) as store:
        await store.create_bucket(BucketConfig("live"))
        await store.put("live", "before", pieces(b"data"))
        live = await store.live("live")
        assert await live.wait_ready(PATIENCE)
        await asyncio.to_thread(fresh_nats_server.kill)
        await asyncio.to_thread(fresh_nats_server.start)
        other = await nats.connect(fresh_nats_server.url)
        objects = await other.jetstream().object_store("live")
        await objects.put("after", b"data")
        await objects.delete("before")
        await other.close()
        await until(live, lambda: names(live) == {"after"})


async def test_objects_that_expire_leave_the_index(store: ObjectStore) -> None:
    await store.create_bucket(BucketConfig("short", ttl=1.0))
    live = await store.live("short")
    await store.put("short", "x", pieces(b"data"))
    await until(live, lambda: names(live) == {"x"})
    await until(live, lambda: not names(live))


async def test_a_clock_that_is_ahead_of_the_servers_expires_nothing(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    skew_clock(monkeypatch, 600)
    monkeypatch.setattr("buckets.objectstore.watching.livebuckets.SWEEP_SECONDS", 0.01)
    await store.create_bucket(BucketConfig("ahead", ttl=300))
    live = await store.live("ahead")
    swept, expire = asyncio.Event(), live.expire

    async def expired(now_ns: int) -> None:
        await expire(now_ns)
        swept.set()

    monkeypatch.setattr(live, "expire", expired)
    await store.put("ahead", "x", pieces(b"data"))
    await until(live, lambda: names(live) == {"x"})
    swept.clear()
    await asyncio.wait_for(swept.wait(), PATIENCE)
    assert names(live) == {"x"}
    await store.delete_bucket("ahead")


async def test_a_clock_that_is_behind_the_servers_expires_in_time(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    skew_clock(monkeypatch, -600)
    monkeypatch.setattr("buckets.objectstore.watching.livebuckets.SETTINGS_SECONDS", 1000)
    await store.create_bucket(BucketConfig("behind", ttl=1.0))
    live = await store.live("behind")
    await store.put("behind", "x", pieces(b"data"))
    await until(live, lambda: names(live) == {"x"})
    await until(live, lambda: not names(live))
    await store.delete_bucket("behind")


async def test_the_servers_time_is_asked_for_again(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock that goes on in between may stand still for a while, as in a computer that is suspended."""
    monkeypatch.setattr("buckets.objectstore.watching.clock.time.monotonic_ns", lambda: 0)
    monkeypatch.setattr("buckets.objectstore.watching.livebuckets.SWEEP_SECONDS", 0.01)
    monkeypatch.setattr("buckets.objectstore.watching.livebuckets.SETTINGS_SECONDS", 0.02)
    monkeypatch.setattr("buckets.objectstore.watching.livebuckets._Tended._check", nothing_vanished)
    await store.create_bucket(BucketConfig("standing", ttl=1.0))
    live = await store.live("standing")
    await store.put("standing", "x", pieces(b"data"))
    await until(live, lambda: names(live) == {"x"})
    await until(live, lambda: not names(live))
    await store.delete_bucket("standing")


def skew_clock(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """Of this process, not of the server."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + seconds * 10**9)
    monkeypatch.setattr(time, "time", lambda: now() / 1e9 + seconds)


async def nothing_vanished(_: object) -> bool:
    return True


async def test_a_stream_that_went_back_is_followed_from_there(fresh_nats_server: NatsServer) -> None:
    """As after a power loss: the newest messages are gone, and their sequences are given out again."""
    async with running_store(fresh_nats_server) as store:
        await store.create_bucket(BucketConfig("live"))
        await store.put("live", "kept", pieces(b"data"))
        await asyncio.to_thread(fresh_nats_server.back_up)
        live = await store.live("live")
        for name in ("kept", "lost", "lost"):
            info = await store.put("live", name, pieces(b"data"))
        assert await live.wait_revision(info.revision, PATIENCE)
        async with aclosing(store.watch("live")) as watch:
            await told_state(watch, {"kept", "lost"})
            await asyncio.to_thread(fresh_nats_server.go_back)
            await told_state(watch, {"kept"})
            new = await store.put("live", "new", pieces(b"data"))
            assert (await asyncio.wait_for(anext(watch), PATIENCE)).info == new
        await until(live, lambda: names(live) == {"kept", "new"})
        assert list(live.index.infos()) == await store.list("live")


async def told_state(watch: AsyncIterator[WatchEvent], wanted: set[str]) -> None:
    """Take events until these are all objects that there are."""
    objects: set[str] = set()
    async with asyncio.timeout(PATIENCE):
        async for event in watch:
            if event.refresh:
                objects.clear()
            elif event.info is not None:
                objects.add(event.info.name)
            elif objects == wanted:
                return


async def test_a_bucket_that_nobody_uses_is_dropped(store: ObjectStore, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("buckets.objectstore.watching.live.IDLE_SECONDS", 0.01)
    monkeypatch.setattr("buckets.objectstore.watching.livebuckets.SWEEP_SECONDS", 0.01)
    first = await store.live(bucket)
    task = next(task for task in asyncio.all_tasks() if task.get_name() == f"live-{bucket}")
    await asyncio.wait_for(task, PATIENCE)
    assert await store.live(bucket) is not first


@pytest.mark.parametrize(
    "raw", [b"[]", b"not json", b'{"name": 5}', b'{"headers": [1], "size": "x"}', b'{"options": {"link": 7}}', b"\xff\xfe"]
)
async def test_broken_metadata_is_shown_as_such_and_breaks_nothing(store: ObjectStore, bucket: str, foreign: Client, raw: bytes) -> None:
    live = await store.live(bucket)
    await foreign.jetstream().publish(metadata_subject(bucket, "broken"), raw)
    await foreign.jetstream().publish(f"$O.{bucket}.M.not-base64!", raw)
    await store.put(bucket, "fine", pieces(b"data"))
    await until(live, lambda: len(live.index) == 3)
    broken = live.index.get("broken")
    assert broken is not None
    assert broken.problem


async def test_an_expired_deletion_marker_is_not_taken_for_a_purge(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("buckets.objectstore.watching.livebuckets.SWEEP_SECONDS", 0.01)
    monkeypatch.setattr("buckets.objectstore.watching.livebuckets.SETTINGS_SECONDS", 0.02)
    monkeypatch.setattr("buckets.objectstore.watching.livebuckets.CHECK_SHARE", 1)
    await store.create_bucket(BucketConfig("short-markers", ttl=1.0))
    await store.put("short-markers", "before", pieces(b"data"))
    await store.delete("short-markers", "before")
    live = await store.live("short-markers")
    assert await live.wait_ready(PATIENCE)
    await store.put("short-markers", "after", pieces(b"data"))
    await store.delete("short-markers", "after")
    assert live.index.subjects == 2
    loaded = live.loaded
    async with asyncio.timeout(PATIENCE):
        while live.index.subjects:
            await asyncio.sleep(0.05)
    assert live.loaded == loaded
    await store.delete_bucket("short-markers")
