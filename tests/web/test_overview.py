"""What pages show beside themselves of all buckets, also while the server is slow to answer."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest
from pytest_django import Settings

from buckets.objectstore import BucketConfig, ConnectOptions, ObjectStore
from buckets.services import overview, runtime
from tests.natsserver import NatsServer


@pytest.fixture
async def store(settings: Settings, fresh_nats_server: NatsServer) -> AsyncIterator[ObjectStore]:
    """The site works on a server of the test's own, with a bucket "first" of one object."""
    settings.NATS = ConnectOptions(servers=(fresh_nats_server.url,), reconnect_wait=0.1)
    store = await runtime.store()
    await store.create_bucket(BucketConfig("first"))
    await store.put("first", "a", b"1")
    yield store
    await runtime.close_store()


def names(seen: overview.Overview) -> list[str]:
    return [each.status.name for each in seen.buckets]


def freeze(server: NatsServer) -> None:
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)
    os.waitpid(server.process.pid, os.WUNTRACED)  # all of its threads stand still


def thaw(server: NatsServer) -> None:
    assert server.process is not None
    server.process.send_signal(signal.SIGCONT)


async def test_each_glance_asks_again(store: ObjectStore) -> None:
    assert names(await overview.glance()) == ["first"]
    await store.create_bucket(BucketConfig("second"))
    assert names(await overview.glance()) == ["first", "second"]


async def test_those_who_look_at_once_ask_once(store: ObjectStore) -> None:
    assert len({id(seen) for seen in await asyncio.gather(*(overview.glance() for _ in range(20)))}) == 1


async def test_objects_are_counted_again_after_each_change(store: ObjectStore) -> None:
    assert [each.objects for each in (await overview.glance()).buckets] == [1]
    await store.put("first", "b", b"2")
    assert [each.objects for each in (await overview.glance()).buckets] == [2]
    assert [each.objects for each in (await overview.glance()).buckets] == [2]


async def test_while_the_server_is_slow_a_glance_gives_what_was_there(store: ObjectStore, fresh_nats_server: NatsServer) -> None:
    before = await overview.glance()
    freeze(fresh_nats_server)
    try:
        async with asyncio.timeout(2):
            assert await overview.glance() is before
            assert await overview.glance() is before
    finally:
        thaw(fresh_nats_server)
    await store.create_bucket(BucketConfig("second"))
    overview.forget()
    assert names(await overview.glance()) == ["first", "second"]


async def test_who_made_a_bucket_is_not_told_that_it_is_not_there(store: ObjectStore, fresh_nats_server: NatsServer) -> None:
    await overview.glance()
    await store.create_bucket(BucketConfig("second"))
    overview.forget()
    freeze(fresh_nats_server)
    look = asyncio.create_task(overview.glance())
    try:
        done, _ = await asyncio.wait([look], timeout=3 * overview.PATIENCE)
        assert not done
    finally:
        thaw(fresh_nats_server)
    assert names(await look) == ["first", "second"]
