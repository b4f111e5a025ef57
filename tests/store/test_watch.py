"""Watching a bucket: the state, a marker, then every change once and in order."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import aclosing

import nats
import pytest
from nats.aio.client import Client

from buckets.objectstore import BucketConfig, BucketNotFound, ObjectStore, Unavailable, WatchEvent
from buckets.objectstore.names import metadata_subject
from buckets.objectstore.watching import events
from tests.conftest import running_store
from tests.natsserver import NatsServer
from tests.store.helpers import pieces

PATIENCE = 20


def told(event: WatchEvent) -> tuple[str, bool]:
    assert event.info is not None
    return event.info.name, event.info.deleted


async def take(watch: AsyncIterator[WatchEvent], count: int) -> list[WatchEvent]:
    async with asyncio.timeout(PATIENCE):
        return [await anext(watch) for _ in range(count)]


async def until_caught_up(watch: AsyncIterator[WatchEvent]) -> list[WatchEvent]:
    found = []
    async with asyncio.timeout(PATIENCE):
        async for event in watch:
            if event.caught_up:
                break
            found.append(event)
    return found


def put(number: int) -> bytes:
    return b'{"name":"n%d","nuid":"x","size":%d,"chunks":1}' % (number, number)


async def test_the_state_comes_first_then_each_change(store: ObjectStore, bucket: str, foreign: Client) -> None:
    for name in ("a", "b", "gone"):
        await store.put(bucket, name, pieces(b"data"))
    await store.delete(bucket, "gone")
    async with aclosing(store.watch(bucket)) as watch:
        assert sorted(map(told, await until_caught_up(watch))) == [("a", False), ("b", False)]
        objects = await foreign.jetstream().object_store(bucket)
        await objects.put("c", b"data")
        await objects.delete("a")
        found = await take(watch, 2)
        assert list(map(told, found)) == [("c", False), ("a", True)]
        assert 0 < found[0].revision < found[1].revision


async def test_the_marker_says_where_to_go_on(store: ObjectStore, bucket: str) -> None:
    for name in ("b", "a"):
        await store.put(bucket, name, pieces(b"data"))
    async with aclosing(store.watch(bucket)) as watch:
        *state, marker = await take(watch, 3)
    assert [event.revision for event in state] == [0, 0]
    later = await store.put(bucket, "c", pieces(b"data"))
    async with aclosing(store.watch(bucket, after=marker.revision)) as watch:
        assert [event.revision for event in await take(watch, 2)] == [later.revision, later.revision]


async def test_an_empty_bucket_is_caught_up_at_once(store: ObjectStore, bucket: str) -> None:
    async with aclosing(store.watch(bucket)) as watch:
        assert await take(watch, 1) == [WatchEvent(caught_up=True, revision=0)]


async def test_it_goes_on_after_a_revision_deletions_included(store: ObjectStore, bucket: str) -> None:
    await store.put(bucket, "before", pieces(b"data"))
    seen = await store.put(bucket, "seen", pieces(b"data"))
    await store.put(bucket, "later", pieces(b"data"))
    await store.delete(bucket, "before")
    async with aclosing(store.watch(bucket, after=seen.revision)) as watch:
        assert list(map(told, await until_caught_up(watch))) == [("later", False), ("before", True)]
        await store.put(bucket, "new", pieces(b"data"))
        assert list(map(told, await take(watch, 1))) == [("new", False)]
    async with aclosing(store.watch(bucket, after=0)) as watch:
        assert {("before", True), ("seen", False)} < set(map(told, await until_caught_up(watch)))


async def test_after_the_newest_revision_there_is_nothing_to_tell(store: ObjectStore, bucket: str) -> None:
    newest = await store.put(bucket, "a", pieces(b"data"))
    async with aclosing(store.watch(bucket, after=newest.revision)) as watch:
        assert await take(watch, 1) == [WatchEvent(caught_up=True, revision=newest.revision)]


async def test_a_revision_that_the_bucket_never_had_means_all_anew(
    store: ObjectStore, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "CATCH_UP_SECONDS", 0.01)
    await store.put(bucket, "a", pieces(b"data"))
    async with aclosing(store.watch(bucket, after=1_000_000)) as watch:
        found = await until_caught_up(watch)
    assert found[0] == WatchEvent(refresh=True)
    assert list(map(told, found[1:])) == [("a", False)]


async def test_a_long_catch_up_is_read_as_it_is_taken(
    store: ObjectStore, bucket: str, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MAX_QUEUED", 10)
    for number in range(1, 301):
        await foreign.publish(metadata_subject(bucket, f"n{number}"), put(number))
    await foreign.jetstream().publish(metadata_subject(bucket, "n301"), put(301))
    async with aclosing(store.watch(bucket, after=5)) as watch:
        assert [event.revision for event in await until_caught_up(watch)] == list(range(6, 302))


async def test_a_slow_reader_is_told_to_refresh(store: ObjectStore, bucket: str, foreign: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_QUEUED", 10)
    live = await store.live(bucket)
    async with aclosing(store.watch(bucket)) as slow, aclosing(store.watch(bucket)) as quick:
        await until_caught_up(slow)
        await until_caught_up(quick)
        for number in range(1, 31):
            await foreign.jetstream().publish(metadata_subject(bucket, f"n{number}"), put(number))
            assert list(map(told, await take(quick, 1))) == [(f"n{number}", False)]
        assert await live.wait_revision(30, PATIENCE)
        found = await until_caught_up(slow)
        assert found[0] == WatchEvent(refresh=True)
        assert {told(event)[0] for event in found[1:]} == {f"n{number}" for number in range(1, 31)}
        await store.put(bucket, "z", pieces(b"data"))
        assert list(map(told, await take(slow, 1))) == [("z", False)]


async def test_a_kill_of_the_server_leaves_no_gap_and_no_double(fresh_nats_server: NatsServer) -> None:
    async with running_store(fresh_nats_server, connect_wait=10.0) as store:
        await store.create_bucket(BucketConfig("killed"))
        seen: list[int] = []
        caught_up = asyncio.Event()

        async def listen() -> None:
            async with aclosing(store.watch("killed")) as watch:
                async for event in watch:
                    caught_up.set() if event.caught_up else seen.append(event.revision)
                    assert not event.refresh
                    if seen and seen[-1] == 60:
                        return

        listening = asyncio.create_task(listen())
        await caught_up.wait()
        for part in range(3):
            other = await nats.connect(fresh_nats_server.url)
            for number in range(part * 20 + 1, part * 20 + 21):
                await other.jetstream().publish(metadata_subject("killed", f"n{number % 7}"), put(number))
            await other.close()
            if part < 2:
                await asyncio.to_thread(fresh_nats_server.kill)
                await asyncio.to_thread(fresh_nats_server.start)
        await asyncio.wait_for(listening, PATIENCE)
        assert seen == list(range(1, 61))


async def test_any_number_of_watches_and_live_pages_is_one_consumer(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", b"data")
    assert await (await store.live(bucket)).wait_ready(10)
    async with contextlib.AsyncExitStack() as stack:
        watches = [await stack.enter_async_context(aclosing(store.watch(bucket))) for _ in range(20)]
        for watch in watches:
            assert len(await until_caught_up(watch)) == 1
        await store.live(bucket)
        assert (await foreign.jetstream().stream_info(f"OBJ_{bucket}")).state.consumer_count == 1


async def test_a_missing_bucket_is_an_error(store: ObjectStore) -> None:
    with pytest.raises(BucketNotFound):
        await anext(aiter(store.watch("missing")))


async def test_it_ends_at_once_when_another_client_deletes_the_bucket(store: ObjectStore, bucket: str, foreign: Client) -> None:
    async with aclosing(store.watch(bucket)) as watch:
        await until_caught_up(watch)
        await foreign.jetstream().delete_object_store(bucket)
        with pytest.raises(BucketNotFound):
            async with asyncio.timeout(1):
                await anext(watch)


async def test_it_ends_when_the_store_is_closed(fresh_nats_server: NatsServer) -> None:
    async with running_store(fresh_nats_server) as store:
        await store.create_bucket(BucketConfig("closed"))
        watch = store.watch("closed")
        await until_caught_up(watch)
        waiting = asyncio.ensure_future(anext(watch))
        await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await asyncio.wait_for(waiting, PATIENCE)


async def test_an_expired_object_is_told_as_deleted(store: ObjectStore) -> None:
    await store.create_bucket(BucketConfig("short-watch", ttl=1.0))
    async with aclosing(store.watch("short-watch")) as watch:
        await until_caught_up(watch)
        await store.put("short-watch", "x", pieces(b"data"))
        found = await take(watch, 2)
        assert list(map(told, found)) == [("x", False), ("x", True)]
        assert found[0].revision == found[1].revision
    await store.delete_bucket("short-watch")


async def test_without_the_permission_to_hear_advisories_it_works_all_the_same() -> None:
    server = NatsServer('authorization { users: [{user: a, password: b, permissions: {subscribe: {deny: "$JS.EVENT.>"}, publish: ">"}}] }')
    server.start()
    try:
        async with running_store(server, user="a", password="b") as store:
            await store.create_bucket(BucketConfig("denied"))
            async with aclosing(store.watch("denied")) as watch:
                await until_caught_up(watch)
                await store.put("denied", "x", pieces(b"data"))
                assert list(map(told, await take(watch, 1))) == [("x", False)]
    finally:
        server.remove()
