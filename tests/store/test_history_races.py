"""A history beside others that write, switch and remove at the same moment; and one that has fallen behind."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from nats.aio.client import Client

from buckets.objectstore import (
    BucketConfig,
    Conflict,
    HistoryBehind,
    HistoryConfig,
    Link,
    ObjectStore,
    VersionNotFound,
)
from buckets.objectstore.history import history
from buckets.objectstore.history.config import copied_mark
from buckets.objectstore.history.prune import DAY
from tests.conftest import running_store
from tests.natsserver import NatsServer
from tests.store.helpers import contents, history_messages, read

pytestmark = pytest.mark.servers(since="2.14")


@pytest.fixture
async def other(nats_server: NatsServer, store: ObjectStore) -> AsyncIterator[ObjectStore]:
    """Another process's store."""
    async with running_store(nats_server) as other:
        yield other


async def stall(foreign: Client, bucket: str) -> None:
    """Let the history take nothing more, as when the disk is full."""
    jetstream = foreign.jetstream()
    info = await jetstream.stream_info(f"HISTORY_OBJ_{bucket}")
    config = info.config.evolve(max_msgs=max(1, info.state.messages), discard="new")
    await jetstream.update_stream(config)


def before(owner: Any, method: str, act: Callable[[], Awaitable[object]], monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Let ``act`` happen right before the method is called for the first time; the list is not empty when it was."""
    real = getattr(owner, method)
    done: list[bool] = []

    async def call(*arguments: object, **options: object) -> object:
        if not done:
            done.append(True)
            await act()
        return await real(*arguments, **options)

    monkeypatch.setattr(owner, method, call)
    return done


async def remake(foreign: Client, store: ObjectStore, bucket: str) -> None:
    await foreign.jetstream().delete_stream(f"OBJ_{bucket}")
    await store.create_bucket(BucketConfig(bucket))


async def test_what_comes_while_it_is_pruned_stays(
    store: ObjectStore, other: ObjectStore, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.history.enable(bucket, HistoryConfig(keep_days=1))
    await store.put(bucket, "x", b"old")
    await store.delete(bucket, "x")
    status = await store.history.status(bucket)
    assert status is not None

    async def write() -> None:
        await other.put(bucket, "x", b"new")
        assert (await contents(other, bucket, "x"))[0] == b"new"

    pruner = store.history._pruner
    done = before(pruner._streams, "note_copied", write, monkeypatch)
    now_ns = await pruner._streams.now_ns(bucket) + 2 * DAY
    await pruner.prune(status, now_ns)
    assert done
    assert await contents(other, bucket, "x") == [b"new"]
    await other.put(bucket, "x", b"newer")
    assert await contents(other, bucket, "x") == [b"newer", b"new"]


async def test_an_upload_that_is_slow_keeps_its_data_in_the_history(store: ObjectStore, other: ObjectStore, kept: str) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def source() -> AsyncIterator[bytes]:
        yield b"a" * 1000
        yield b"b" * 1000
        started.set()
        await go_on.wait()
        yield b"c" * 1000

    upload = asyncio.create_task(store.put(kept, "x", source(), chunk_size=1000))
    await started.wait()
    status = await other.history.status(kept)
    assert status is not None
    in_an_hour = await other.history._streams.now_ns(kept) + DAY
    await other.history._pruner.prune(status, in_an_hour)
    go_on.set()
    await upload
    await other.put(kept, "x", b"next")
    assert [version.complete for version in await other.history.versions(kept, "x")] == [True, True]


async def test_a_put_beside_an_erasure_is_kept(store: ObjectStore, other: ObjectStore, kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await store.put(kept, "x", b"secret")
    done = before(store.history, "forget", lambda: other.put(kept, "x", b"new"), monkeypatch)
    await store.erase(kept, "x")
    assert done
    await other.put(kept, "x", b"newer")
    assert await contents(other, kept, "x") == [b"newer", b"new"]


async def test_the_mark_of_an_earlier_bucket_says_nothing_of_the_next(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.history.enable(bucket, HistoryConfig(keep_days=0.000001))
    for number in range(20):
        await store.put(bucket, f"{number}", b"data")
    await store.put(bucket, "last", b"data")
    await store.erase(bucket, "last")
    config = (await store.history._streams.info(bucket))["config"]
    assert copied_mark(config) > 40
    await remake(foreign, store, bucket)
    assert await store.history._streams.last_copied(bucket) == 0
    await store.put(bucket, "x", b"1")
    await store.history.mend(bucket)
    await contents(store, bucket, "x")
    await stall(foreign, bucket)
    await store.put(bucket, "y", b"1")
    store._gate.patience = 0.5
    with pytest.raises(HistoryBehind):
        await store.put(bucket, "y", b"2")
    assert await read(store, bucket, "y") == b"1"


async def test_what_a_new_bucket_lost_before_its_history_went_on_is_counted(store: ObjectStore, kept: str, foreign: Client) -> None:
    await store.put(kept, "x", b"1")
    await contents(store, kept, "x")
    await remake(foreign, store, kept)
    objects = await foreign.jetstream().object_store(kept)
    for data in (b"1", b"2", b"3"):
        await objects.put("x", data)
    await store.history.mend(kept)
    found = await contents(store, kept, "x")
    assert found[0] == b"3"
    lost = 4 - len(found)
    assert await store.history.missed(kept) == 2 * lost > 0


async def test_many_mend_at_once_and_nothing_is_copied_twice(store: ObjectStore, other: ObjectStore, kept: str, foreign: Client) -> None:
    for number in range(10):
        await store.put(kept, f"old-{number}", b"data")
    await contents(store, kept, "old-9")
    await remake(foreign, store, kept)
    await store.put(kept, "x", b"0")
    await asyncio.gather(
        *(each.put(kept, "x", data) for each, data in ((store, b"1"), (other, b"2"))), store.history.mend(kept), other.history.mend(kept)
    )
    versions = await contents(store, kept, "x")
    assert sorted(versions) == [b"0", b"1", b"2"]
    assert len([subject for subject in await history_messages(foreign, kept) if ".M." in subject]) == 11


async def test_the_trash_and_a_moment_forget_what_was_removed(store: ObjectStore, kept: str) -> None:
    await store.put(kept, "x", b"1")
    await contents(store, kept, "x")
    moment = datetime.now(UTC)
    assert [info.name for info in (await store.history.at(kept, moment)).infos()] == ["x"]
    await store.delete(kept, "x")
    (found,) = (await store.history.trash(kept)).infos()
    await store.history.remove(kept, "x", str(found.revision))
    assert list((await store.history.trash(kept)).infos()) == []
    assert list((await store.history.at(kept, moment)).infos()) == []
    with pytest.raises(VersionNotFound):
        await store.history.undelete(kept, "x")


async def test_a_moment_before_the_history_was_made_anew_restores_nothing_else(store: ObjectStore, kept: str) -> None:
    await store.put(kept, "x", b"1")
    await contents(store, kept, "x")
    moment = datetime.now(UTC)
    assert len(await store.history.at(kept, moment)) == 1
    await store.history.disable(kept, remove=True)
    await store.history.enable(kept)
    await store.put(kept, "x", b"22")
    await store.put(kept, "x", b"333")
    restored = [outcome async for outcome in store.history.restore_at(kept, moment)]
    assert all(outcome.error is not None for outcome in restored)
    assert await read(store, kept, "x") == b"333"


async def test_a_bucket_that_went_back_is_copied_anew_though_it_has_grown_past(fresh_nats_server: NatsServer) -> None:
    async with running_store(fresh_nats_server) as store:
        await store.create_bucket(BucketConfig("b"))
        await store.history.enable("b")
        await store.put("b", "x", b"before")
        await contents(store, "b", "x")
    await asyncio.to_thread(fresh_nats_server.back_up)
    async with running_store(fresh_nats_server) as store:
        for number in range(3):
            await store.put("b", f"lost-{number}", b"data")
        await contents(store, "b", "lost-2")
    await asyncio.to_thread(fresh_nats_server.go_back, "OBJ_b")
    async with running_store(fresh_nats_server) as store:
        for number in range(5):  # as many messages as were lost, and more
            await store.put("b", f"new-{number}", b"data")
        await store.put("b", "x", b"after")
        await store.put("b", "x", b"last")
        assert await contents(store, "b", "x") == [b"last", b"after", b"before"]
        for number in range(5):
            assert await contents(store, "b", f"new-{number}") == [b"data"]


async def test_a_version_goes_only_when_the_history_has_the_current_one(store: ObjectStore, kept: str, foreign: Client) -> None:
    await store.put(kept, "x", b"1")
    (version,) = await store.history.versions(kept, "x")
    await stall(foreign, kept)
    await store.update_meta(kept, "x", description="new")
    store._gate.patience = 0.5
    with pytest.raises(HistoryBehind):
        await store.history.remove(kept, "x", version.id)


@pytest.mark.parametrize("verb", ["put", "delete", "erase", "update", "rename", "rename onto", "copy onto", "move onto", "link onto"])
async def test_no_verb_takes_what_the_history_does_not_have(store: ObjectStore, kept: str, foreign: Client, verb: str) -> None:
    await store.put(kept, "there", b"1")
    await contents(store, kept, "there")
    await stall(foreign, kept)
    if verb == "link onto":
        await store.add_link(kept, "x", Link(kept, "there"))
    else:
        await store.put(kept, "x", b"1")
    store._gate.patience = 0.1
    verbs: dict[str, Callable[[], Awaitable[object]]] = {
        "put": lambda: store.put(kept, "x", b"2"),
        "delete": lambda: store.delete(kept, "x"),
        "erase": lambda: store.erase(kept, "x"),
        "update": lambda: store.update_meta(kept, "x", description="new"),
        "rename": lambda: store.rename(kept, "x", "y"),
        "rename onto": lambda: store.rename(kept, "there", "x", overwrite=True),
        "copy onto": lambda: store.copy(kept, "there", kept, "x", overwrite=True),
        "move onto": lambda: store.move(kept, "there", kept, "x", overwrite=True),
        "link onto": lambda: store.add_link(kept, "x", Link(kept, "there")),
    }
    before = await store.info(kept, "x")
    with pytest.raises(HistoryBehind):
        await verbs[verb]()
    assert await store.info(kept, "x") == before
    assert sorted(info.name for info in await store.list(kept)) == ["there", "x"]


async def test_a_bucket_whose_history_is_behind_is_not_deleted_for_an_archive(
    store: ObjectStore, kept: str, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stall(foreign, kept)
    await store.put(kept, "x", b"1")
    await store.put(kept, "y", b"1")
    monkeypatch.setattr(history, "COMPLETE_SECONDS", 0.2)
    with pytest.raises(HistoryBehind):
        await store.delete_bucket(kept)
    assert await read(store, kept, "y") == b"1"
    await store.delete_bucket(kept, remove_history=True)


async def test_what_is_written_while_a_moment_is_restored_stays(
    store: ObjectStore, other: ObjectStore, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.put(kept, "changed", b"old")
    await contents(store, kept, "changed")
    moment = datetime.now(UTC)
    await store.put(kept, "changed", b"new")
    await store.put(kept, "newer", b"1")

    async def write() -> None:
        await other.put(kept, "changed", b"just now")
        await other.put(kept, "newer", b"just now")

    done = before(store.history._restorer, "_restore_one", write, monkeypatch)
    outcomes = [outcome async for outcome in store.history.restore_at(kept, moment, remove_newer=True)]
    assert done
    assert [(outcome.name, type(outcome.error)) for outcome in outcomes] == [("changed", Conflict), ("newer", Conflict)]
    assert await read(store, kept, "changed") == await read(store, kept, "newer") == b"just now"


async def test_nothing_is_undeleted_from_a_history_that_is_behind(store: ObjectStore, kept: str, foreign: Client) -> None:
    await store.put(kept, "x", b"1")
    await contents(store, kept, "x")
    await stall(foreign, kept)
    objects = await foreign.jetstream().object_store(kept)
    await objects.put("x", b"2, the last")
    await objects.delete("x")
    with pytest.raises(HistoryBehind):
        await store.history.undelete(kept, "x")
