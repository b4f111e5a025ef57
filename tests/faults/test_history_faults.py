"""The history under faults: no version that was acknowledged is ever lost, and what is restored is right or not there."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from buckets.objectstore import BucketConfig, ConnectOptions, HistoryBehind, ObjectStore, Restored, Unavailable
from buckets.objectstore.names import history_stream, stream_name
from tests.cluster import Cluster
from tests.conftest import running_store
from tests.faults.helpers import content
from tests.natsserver import NatsServer
from tests.store.helpers import read

MIB = 1024 * 1024


@pytest.fixture
async def clustered_store(cluster: Cluster) -> AsyncIterator[ObjectStore]:
    store = ObjectStore(ConnectOptions(servers=cluster.urls, reconnect_wait=0.1))
    await store.start()
    yield store
    await store.close()


async def contents(store: ObjectStore, bucket: str, name: str) -> list[bytes]:
    found = []
    for version in await store.history.versions(bucket, name):
        async with await store.history.open(bucket, name, version.id) as reader:
            found.append(b"".join([piece async for piece in reader]))
    return found


async def put_until_done(store: ObjectStore, bucket: str, name: str, data: bytes) -> None:
    """What a patient user does: the same again, as long as NATS is away or the history behind."""
    for _ in range(60):
        try:
            await store.put(bucket, name, data)
        except (Unavailable, HistoryBehind):
            await asyncio.sleep(0.2)
        else:
            return
    raise AssertionError("NATS did not come back")


async def test_the_leader_is_killed_between_overwrites_and_every_version_is_kept(clustered_store: ObjectStore, cluster: Cluster) -> None:
    store = clustered_store
    await store.create_bucket(BucketConfig("kept", replicas=3))
    status = await store.history.enable("kept")
    assert (status.config.replicas, status.enabled) == (3, True)
    done: list[bytes] = []

    async def overwrite(times: int) -> None:
        for _ in range(times):
            data = f"version {len(done)}".encode()
            await put_until_done(store, "kept", "x", data)
            done.append(data)

    await overwrite(5)
    leader = await cluster.leader(stream_name("kept"))
    writing = asyncio.create_task(overwrite(10))
    await asyncio.to_thread(leader.kill)
    await writing
    await asyncio.to_thread(leader.start)
    for stream in (stream_name("kept"), history_stream("kept")):
        await cluster.current(stream)
    kept = await contents(store, "kept", "x")
    # A put whose answer was lost may be there twice: once more than it was asked for, never once less.
    assert list(dict.fromkeys(kept)) == done[::-1]


async def test_the_server_is_killed_while_a_version_is_restored(fresh_nats_server: NatsServer) -> None:
    async with running_store(fresh_nats_server) as store:
        await store.create_bucket(BucketConfig("files"))
        await store.history.enable("files")
        old, new = content(32 * MIB), content(MIB, seed=1)
        await store.put("files", "x", old)
        await store.put("files", "x", new)
        version = (await store.history.versions("files", "x"))[1]
        restoring = asyncio.create_task(store.history.restore("files", "x", version.id))
        await store_grows(store, "files")
        await asyncio.to_thread(fresh_nats_server.kill)
        await asyncio.to_thread(fresh_nats_server.start)
        await restoring
        assert await read(store, "files", "x") == old
        assert await contents(store, "files", "x") == [old, new, old]


async def test_the_server_is_killed_while_a_moment_is_restored(fresh_nats_server: NatsServer) -> None:
    names = [f"{number:03}" for number in range(100)]
    async with running_store(fresh_nats_server) as store:
        await store.create_bucket(BucketConfig("files"))
        await store.history.enable("files")
        for name in names:
            await store.put("files", name, f"old {name}".encode())
        await contents(store, "files", names[-1])
        moment = datetime.now(UTC)
        for name in names:
            await store.put("files", name, b"new")
        outcomes: list[Restored] = []
        restarted: asyncio.Task[None] | None = None
        async for outcome in store.history.restore_at("files", moment):
            outcomes.append(outcome)
            if restarted is None:
                restarted = asyncio.create_task(killed_and_started(fresh_nats_server))
        assert restarted is not None
        await restarted
        assert [(outcome.name, outcome.error) for outcome in outcomes] == [(name, None) for name in names]
        for name in names:
            assert await read(store, "files", name) == f"old {name}".encode()
            assert await contents(store, "files", name) == [f"old {name}".encode(), b"new", f"old {name}".encode()]


async def killed_and_started(server: NatsServer) -> None:
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)


async def store_grows(store: ObjectStore, bucket: str) -> None:
    """Return when the restored chunks begin to arrive."""
    messages = (await store.bucket(bucket)).stream.messages
    while (await store.bucket(bucket)).stream.messages <= messages:
        await asyncio.sleep(0)
