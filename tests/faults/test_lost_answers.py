"""The message was stored, and the connection broke before its answer came: no verb may take that for a failure and destroy something."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from nats.aio.client import Client

from buckets.objectstore import BucketChange, BucketConfig, BucketFull, Conflict, ObjectNotFound, ObjectStore, ServerError, Unavailable
from buckets.objectstore.writing import commit, put
from tests.conftest import running_store
from tests.faults.helpers import chunks_by_nuid, cleaned_up
from tests.faults.proxy import Proxy
from tests.natsserver import NatsServer
from tests.store.helpers import read


@pytest.fixture
async def proxy(nats_server: NatsServer) -> AsyncIterator[Proxy]:
    async with Proxy(nats_server.url) as proxy:
        yield proxy


@pytest.fixture
async def shaky(proxy: Proxy) -> AsyncIterator[ObjectStore]:
    """A store whose connections go through the proxy."""
    async with running_store(proxy) as store:  # type: ignore[arg-type]
        yield store


async def names(store: ObjectStore, bucket: str) -> list[str]:
    return [info.name for info in await store.list(bucket)]


async def holds(store: ObjectStore, foreign: Client, bucket: str, *objects: str) -> None:
    """Assert that these are all objects, that they can be read, and that the bucket has no other chunks."""
    assert await names(store, bucket) == sorted(objects)
    for name in objects:
        await read(store, bucket, name)
    infos = [await store.info(bucket, name) for name in objects]
    assert await chunks_by_nuid(foreign, bucket) == {info.nuid: info.chunks for info in infos if info.chunks}


async def test_a_deletion_on_condition(shaky: ObjectStore, proxy: Proxy, store: ObjectStore, bucket: str, foreign: Client) -> None:
    info = await shaky.put(bucket, "x", b"data")
    proxy.lose_the_answer_to(b'"deleted":true')
    await shaky.delete(bucket, "x", expected_revision=info.revision)
    await holds(store, foreign, bucket)


async def test_a_move_to_another_bucket(shaky: ObjectStore, proxy: Proxy, store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.create_bucket(BucketConfig(f"{bucket}-2"))
    await shaky.put(bucket, "x", b"data")
    proxy.lose_the_answer_to(b'"deleted":true')
    await shaky.move(bucket, "x", f"{bucket}-2", "y")
    await holds(store, foreign, bucket)
    await holds(store, foreign, f"{bucket}-2", "y")


@pytest.mark.parametrize("atomic", [True, False])
@pytest.mark.parametrize("lost", [b"Nats-Files-Renamed-From", b'"deleted":true'])
async def test_a_rename(
    shaky: ObjectStore, proxy: Proxy, store: ObjectStore, bucket: str, foreign: Client, atomic: bool, lost: bytes
) -> None:
    await store.update_bucket(bucket, BucketChange(atomic=atomic))
    await shaky.put(bucket, "old", b"data")
    proxy.lose_the_answer_to(lost)
    try:
        await shaky.rename(bucket, "old", "new")
    except Unavailable:  # the first half of a batch is nothing
        assert atomic
        await holds(store, foreign, bucket, "old")
    else:
        await holds(store, foreign, bucket, "new")


async def other_writes(case: str, other: ObjectStore, bucket: str) -> None:
    """What somebody else does between the two steps of a rename from "a" to "b"."""
    if "a overwritten" in case:
        await other.put(bucket, "a", b"another a")
    if "a changed" in case:
        await other.update_meta(bucket, "a", description="changed")
    if "b overwritten" in case:
        await other.put(bucket, "b", b"another b")
    if "b changed" in case:
        await other.update_meta(bucket, "b", description="changed")
    if "b renamed" in case:
        await other.rename(bucket, "b", "c")
    if "b deleted" in case:
        await other.delete(bucket, "b")


@pytest.mark.parametrize("conditional", [True, False])
@pytest.mark.parametrize(
    "case",
    [
        "a overwritten, b overwritten",
        "b renamed, a overwritten",
        "b overwritten",
        "b renamed",
        "b deleted",
        "a changed",
        "a changed, b changed",
        "b overwritten, a changed",
        "a overwritten, b deleted",
    ],
)
async def test_a_rename_without_atomic_batches_beside_others_loses_no_data(
    shaky: ObjectStore, store: ObjectStore, bucket: str, foreign: Client, monkeypatch: pytest.MonkeyPatch, case: str, conditional: bool
) -> None:
    await store.update_bucket(bucket, BucketChange(atomic=False))
    info = await store.put(bucket, "a", b"first a" * 100, chunk_size=100)
    await store.put(bucket, "b", b"first b" * 100, chunk_size=100)
    real, between = shaky._js.publish, False

    async def publish(subject: str, payload: bytes, headers: Any = None) -> dict[str, Any]:
        nonlocal between
        if b'"deleted":true' in payload and not between:
            between = True
            await other_writes(case, store, bucket)
        return await real(subject, payload, headers)

    monkeypatch.setattr(shaky._js, "publish", publish)
    with contextlib.suppress(Conflict):
        await shaky.rename(bucket, "a", "b", overwrite=True, expected_revision=info.revision if conditional else None)
    await cleaned_up(shaky)
    assert between
    await holds(store, foreign, bucket, *await names(store, bucket))
    contents = [await read(store, bucket, name) for name in await names(store, bucket)]
    if "overwritten, b" not in case:  # whose rename then goes on with the other's
        assert b"first a" * 100 in contents or b"another b" in contents or "deleted" in case


async def test_a_change_of_metadata_on_condition(shaky: ObjectStore, proxy: Proxy, bucket: str) -> None:
    info = await shaky.put(bucket, "x", b"data")
    proxy.lose_the_answer_to(b'"description":"new"')
    changed = await shaky.update_meta(bucket, "x", description="new", expected_revision=info.revision)
    assert changed == await shaky.info(bucket, "x")


def after_the_first(act: Callable[[], Awaitable[object]]) -> Callable[..., Awaitable[dict[str, Any]]]:
    """A publish whose answer is lost once, and ``act`` comes before its second try."""

    def wrap(publish: Callable[..., Awaitable[dict[str, Any]]]) -> Callable[..., Awaitable[dict[str, Any]]]:
        lost = False

        async def once(*arguments: Any) -> dict[str, Any]:
            nonlocal lost
            answer = await publish(*arguments)
            if not lost and "Nats-Rollup" in (arguments[2] or {}):
                lost = True
                await act()
                raise Unavailable("the answer was lost")
            return answer

        return once

    return wrap  # type: ignore[return-value]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit, "PUBLISH_PAUSES", (0.01, 0.01))
    monkeypatch.setattr(put, "SETTLE_PAUSES", (0, 0.05))
    monkeypatch.setattr(put, "SURELY_LOST", 0.05)


async def test_a_put_that_was_overwritten_before_its_second_try(
    store: ObjectStore, shaky: ObjectStore, bucket: str, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writer has purged our data by then: to go on top of theirs would leave an object without any."""
    await store.put(bucket, "x", b"original")
    wrap = after_the_first(lambda: store.put(bucket, "x", b"theirs"))
    monkeypatch.setattr(shaky._js, "publish", wrap(shaky._js.publish))
    with pytest.raises(Unavailable):
        await shaky.put(bucket, "x", b"ours")
    await cleaned_up(shaky)
    assert await read(store, bucket, "x") == b"theirs"
    await holds(store, foreign, bucket, "x")


@pytest.mark.parametrize("conditional", [True, False])
async def test_a_put_that_was_renamed_before_its_second_try(
    store: ObjectStore, shaky: ObjectStore, bucket: str, foreign: Client, monkeypatch: pytest.MonkeyPatch, conditional: bool
) -> None:
    wrap = after_the_first(lambda: store.rename(bucket, "x", "y"))
    monkeypatch.setattr(shaky._js, "publish", wrap(shaky._js.publish))
    with pytest.raises((Unavailable, Conflict)):
        await shaky.put(bucket, "x", b"ours", expected_revision=0 if conditional else None)
    await cleaned_up(shaky)
    await holds(store, foreign, bucket, "y")
    assert await read(store, bucket, "y") == b"ours"


async def test_a_put_that_was_deleted_before_its_second_try(
    store: ObjectStore, shaky: ObjectStore, bucket: str, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrap = after_the_first(lambda: store.delete(bucket, "x"))
    monkeypatch.setattr(shaky._js, "publish", wrap(shaky._js.publish))
    with pytest.raises(Unavailable):
        await shaky.put(bucket, "x", b"ours")
    await cleaned_up(shaky)
    await holds(store, foreign, bucket)


async def test_a_failure_to_read_back_what_was_stored_is_none(
    store: ObjectStore, shaky: ObjectStore, bucket: str, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.put(bucket, "x", b"old")
    last = shaky._messages.last
    asked = 0

    async def failing(*arguments: str) -> Any:
        nonlocal asked
        asked += 1
        if asked > 1:
            raise ServerError("no")
        return await last(*arguments)

    monkeypatch.setattr(shaky._messages, "last", failing)
    await shaky.put(bucket, "x", b"new")
    assert await read(store, bucket, "x") == b"new"
    await holds(store, foreign, bucket, "x")


async def test_a_move_whose_original_changes_meanwhile_keeps_all_that_is_wanted(
    store: ObjectStore, bucket: str, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = f"{bucket}-2"
    await store.create_bucket(BucketConfig(other))
    for occupied in (False, True):
        await store.put(bucket, "x", b"old")
        if occupied:
            await store.put(other, "y", b"occupied")
        delete = store._changer.delete

        async def changed_first(*arguments: Any, delete: Any = delete, **options: Any) -> int:
            monkeypatch.setattr(store._changer, "delete", delete)
            await store.put(bucket, "x", b"changed")
            return int(await delete(*arguments, **options))

        monkeypatch.setattr(store._changer, "delete", changed_first)
        with pytest.raises(Conflict):
            await store.move(bucket, "x", other, "y", overwrite=True)
        assert await read(store, bucket, "x") == b"changed"
        if occupied:
            assert await read(store, other, "y") == b"old"
        else:
            with pytest.raises(ObjectNotFound):
                await store.info(other, "y")


async def test_a_deletion_in_a_full_bucket_leaves_alone_what_was_renamed_just_then(
    store: ObjectStore, shaky: ObjectStore, bucket: str, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:

    await store.put(bucket, "x", b"data")
    publish = shaky._js.publish

    async def full(*arguments: Any) -> dict[str, Any]:
        if b'"deleted":true' in arguments[1] and await names(store, bucket) == ["x"]:
            await store.rename(bucket, "x", "y")
            raise BucketFull("full")
        return await publish(*arguments)

    monkeypatch.setattr(shaky._js, "publish", full)
    await shaky.delete(bucket, "x")
    await holds(store, foreign, bucket, "y")


async def test_names_that_lie_under_two_subjects_are_deleted_under_both(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "Ü", b"ours")
    raw = b'{"name":"\xc3\x9c","bucket":"b","nuid":"latin1","size":0,"chunks":0}'
    await foreign.jetstream().publish(f"$O.{bucket}.M.3A==", raw)
    await store.delete(bucket, "Ü")
    assert await names(store, bucket) == []
