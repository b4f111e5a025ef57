"""What a change of a bucket, or of its history, would do, looked up before it is done: nothing is changed here.

How the server does it was measured (nats-server 2.15.1). A lower TTL removes at once whatever is older, message by message: with its
metadata an object is gone, and one whose metadata was written later than its data keeps its name and loses its content. A lower size limit
removes nothing of a bucket (its stream discards what is new), which is why a limit below what is stored is refused; of a history it
removes the oldest.
"""

import asyncio
import time
from dataclasses import dataclass

from ..access import AnyUser, Role, require
from ..objectstore import BucketChange, BucketStatus, HistoryChange, HistoryStatus, Index, ObjectStoreError
from .history import HistoryWish, check_history
from .runtime import store

LOADING_SECONDS = 5.0
COUNTING_SECONDS = 3.0
SLICE = 500


@dataclass(frozen=True, slots=True)
class Expiring:
    """Objects that are older than a new TTL, with their bytes."""

    objects: int
    size: int


@dataclass(frozen=True, slots=True)
class Effects:
    """``refusal``: why the change would not be made, as far as that can be known without trying, None for no reason that is known.
    ``expiring`` None: the TTL does not get shorter, or (``uncounted``) there is too much to count. ``kept``: a history keeps what expires.

    ``pruned``: how many old versions the history's new rules would remove, ``discarded`` how many bytes its new limit; None as above.
    """

    status: BucketStatus
    history: HistoryStatus | None
    refusal: Exception | None = None
    expiring: Expiring | None = None
    uncounted: bool = False
    pruned: int | None = None
    discarded: int | None = None

    @property
    def kept(self) -> bool:
        return self.history is not None and self.history.enabled


async def of_settings(user: AnyUser, bucket: str, change: BucketChange) -> Effects:
    """ADMIN. Raises ``BucketNotFound``."""
    await require(user, bucket, Role.ADMIN)
    files = await store()
    status, history = await asyncio.gather(files.bucket(bucket), files.history.status(bucket))
    try:
        await files.check_update(bucket, change)
    except ObjectStoreError as error:
        return Effects(status, history, error)
    shorter = bool(change.ttl) and (not status.config.ttl or change.ttl < status.config.ttl)  # type: ignore[operator]  # it is a number then
    if not shorter or not change.ttl:
        return Effects(status, history)
    found = await _expiring(bucket, status.time_ns - round(change.ttl * 1_000_000_000))
    return Effects(status, history, expiring=found, uncounted=found is None)


async def of_history(user: AnyUser, bucket: str, wish: HistoryWish) -> Effects:
    """ADMIN. Raises ``BucketNotFound``."""
    await require(user, bucket, Role.ADMIN)
    files = await store()
    status, history = await asyncio.gather(files.bucket(bucket), files.history.status(bucket))
    try:
        await check_history(user, bucket, wish)
    except ObjectStoreError as error:
        return Effects(status, history, error)
    if history is None:
        return Effects(status, history)
    pruned = await _prunable(bucket, history, wish.change)
    limit = wish.change.max_bytes
    discarded = max(0, history.size_bytes - limit) if limit else None
    return Effects(status, history, pruned=pruned, uncounted=pruned is None and _rules_change(wish.change), discarded=discarded)


async def _prunable(bucket: str, history: HistoryStatus, change: HistoryChange) -> int | None:
    if not _rules_change(change):
        return None
    try:
        async with asyncio.timeout(COUNTING_SECONDS):
            return await (await store()).history.prunable(bucket, change)
    except TimeoutError:
        return None


def _rules_change(change: HistoryChange) -> bool:
    return change.keep_versions is not None or change.keep_days is not None


async def _expiring(bucket: str, before_ns: int) -> Expiring | None:
    live = await (await store()).live(bucket)
    if not await live.wait_ready(LOADING_SECONDS):
        return None
    return await count_older(live.index, before_ns)


async def count_older(index: Index, before_ns: int) -> Expiring | None:
    """In slices, so that nobody else waits; None when it takes more than three seconds."""
    objects = size = 0
    until = time.monotonic() + COUNTING_SECONDS
    for number, name in enumerate(index.names()):
        if number % SLICE == 0:
            await asyncio.sleep(0)
            if time.monotonic() >= until:
                return None
        entry = index.entry(name)
        if entry is not None and entry.time_ns < before_ns:
            objects += 1
            size += entry.size
    return Expiring(objects, size)
