"""A put that is cancelled at each of its await points: the object is wholly there or wholly not, and no chunk is left over."""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any

import pytest
from nats.aio.client import Client
from nats.js.api import ObjectStoreConfig

from buckets.objectstore import BucketConfig, ObjectInfo, ObjectStore
from tests.faults.helpers import chunks_by_nuid, cleaned_up, content, exists, holds_exactly
from tests.store.helpers import pieces, read

CHUNK = 1000
SIZES = {"no chunk": 0, "one chunk": 900, "some chunks": 5 * CHUNK}


class Stepped:
    """Awaits a coroutine, and cancels the task that does so when it is suspended for the ``cancel_at``-th time."""

    def __init__(self, work: Coroutine[Any, Any, ObjectInfo], cancel_at: int) -> None:
        self._work = work
        self._cancel_at = cancel_at
        self.suspended = 0

    def __await__(self) -> Generator[Any, Any, ObjectInfo]:
        steps = self._work.__await__()
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                waiting = steps.throw(error) if error is not None else steps.send(value)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            self.suspended += 1
            if self.suspended == self._cancel_at:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            value = error = None
            try:
                value = yield waiting
            except BaseException as thrown:
                error = thrown


async def cancelled_at(point: int, work: Coroutine[Any, Any, ObjectInfo]) -> bool:
    """Whether the work was still going on at its ``point``-th await."""
    stepped = Stepped(work, point)

    async def awaiting() -> ObjectInfo:
        return await stepped

    await asyncio.gather(asyncio.create_task(awaiting()), return_exceptions=True)
    return stepped.suspended >= point


@pytest.fixture(params=["fast ingest", "window", "history"])
async def bucket(request: pytest.FixtureRequest, store: ObjectStore, foreign: Client) -> str:
    name = f"cancelled-{abs(hash(request.node.name))}"
    if request.param == "window":
        await foreign.jetstream().create_object_store(name, ObjectStoreConfig())
    else:
        await store.create_bucket(BucketConfig(name))
    if request.param == "history":
        await store.history.enable(name)
    return name


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
async def test_a_new_object_is_whole_or_nothing(store: ObjectStore, foreign: Client, bucket: str, size: int) -> None:
    await store.put(bucket, "before", b"")  # what is asked once is known then, and all that follow await the same
    await store.delete(bucket, "before")
    outcomes: set[bool] = set()
    point = 1
    while await cancelled_at(point, store.put(bucket, "x", pieces(content(size)), chunk_size=CHUNK)):
        await cleaned_up(store)
        there = await exists(store, bucket, "x")
        outcomes.add(there)
        await holds_exactly(store, foreign, bucket, *(["x"] if there else []))
        assert not there or await read(store, bucket, "x") == content(size)
        await store.delete(bucket, "x")
        point += 1
    assert point > 3
    assert outcomes == {False, True}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
async def test_an_overwrite_leaves_the_old_or_the_new(store: ObjectStore, foreign: Client, bucket: str, size: int) -> None:
    old, new = content(3 * CHUNK, seed=1), content(size, seed=2)
    seen: set[bool] = set()
    point, going_on = 1, True
    while going_on:
        await store.put(bucket, "x", pieces(old), chunk_size=CHUNK)
        going_on = await cancelled_at(point, store.put(bucket, "x", pieces(new), chunk_size=CHUNK))
        await cleaned_up(store)
        found = await read(store, bucket, "x")
        assert found in (old, new)
        seen.add(found == new)
        await holds_exactly(store, foreign, bucket, "x")
        point += 1
    assert seen == {False, True}
    if await store.history.status(bucket) is not None:  # each time, the old one was written; whatever was there has been kept
        versions = await store.history.versions(bucket, "x")
        assert len(versions) >= point
        assert all(version.complete for version in versions)


async def test_a_deletion_leaves_all_or_nothing(store: ObjectStore, foreign: Client, bucket: str) -> None:
    async def delete() -> ObjectInfo:
        await store.delete(bucket, "x")
        return info

    point, going_on = 1, True
    while going_on:
        info = await store.put(bucket, "x", pieces(content(3 * CHUNK)), chunk_size=CHUNK)
        going_on = await cancelled_at(point, delete())
        await cleaned_up(store)
        there = await exists(store, bucket, "x")
        assert await chunks_by_nuid(foreign, bucket) == ({info.nuid: 3} if there else {})
        point += 1
    assert point > 2
