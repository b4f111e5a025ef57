"""All buckets with their histories and numbers of objects, for the pages, each of which shows them at its side.

NATS is asked each time, once for all who ask meanwhile. A server that is busy with one stream (it purges large objects, say) may keep all
who ask for it waiting for seconds: then what it said before is good enough for a side bar.
"""

import asyncio
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from ..objectstore import BucketNotFound, BucketStatus, HistoryStatus, ObjectStore, ObjectStoreError
from . import background
from .runtime import store

COUNTING_AT_ONCE = 16
PATIENCE = 0.1
# What is older than this (seconds) is not shown any more.
STALE = 60.0


@dataclass(frozen=True, slots=True)
class Counted:
    """``objects`` None: the bucket does not tell now."""

    status: BucketStatus
    objects: int | None


@dataclass(frozen=True, slots=True)
class Overview:
    """``at``: the loop's time when it was asked for. ``leaderless``: the streams of buckets and histories that are missing in it, because
    they had no leader."""

    buckets: list[Counted]
    histories: Mapping[str, HistoryStatus]
    at: float = 0.0
    leaderless: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Kept:
    last: Overview | None = None
    asking: asyncio.Future[Overview] | None = None


_kept: WeakKeyDictionary[ObjectStore, _Kept] = WeakKeyDictionary()


async def overview(known: Overview | None = None) -> Overview:
    """As it is now. ``known``: an earlier one; the objects of streams that are as they were then need not be counted again.

    Raises what the store raises.
    """
    files = await store()
    at = asyncio.get_running_loop().time()
    statuses, histories = await asyncio.gather(files.buckets(), files.history.statuses())
    leaderless = files.leaderless
    slots = asyncio.Semaphore(COUNTING_AT_ONCE)
    counts = {_state(each.status): each.objects for each in known.buckets if each.objects is not None} if known else {}

    async def counted(status: BucketStatus) -> Counted | None:
        if (objects := counts.get(_state(status))) is not None:
            return Counted(status, objects)
        async with slots:
            try:
                return Counted(status, await count(files, status.name))
            except BucketNotFound:  # deleted since the list was made
                return None

    found = await asyncio.gather(*(counted(status) for status in statuses))
    return Overview([each for each in found if each], histories, at, leaderless)


async def glance(patience: float | None = PATIENCE) -> Overview:
    """The same, or after a tenth of a second (``patience``, None: never) what it was within the last minute. Raises what the store
    raises."""
    files = await store()
    kept = _kept.setdefault(files, _Kept())
    if kept.asking is None or kept.asking.done():
        kept.asking = _ask(kept)
    try:
        async with asyncio.timeout(patience if _is_fresh(kept.last) and files.state.connected else None):
            return await asyncio.shield(kept.asking)
    except TimeoutError:
        assert kept.last is not None
        return kept.last


def forget() -> None:
    """Buckets are there, or gone, that nobody may be told otherwise about."""
    for kept in _kept.values():
        kept.last = kept.asking = None


async def count(files: ObjectStore, bucket: str) -> int | None:
    """Raises BucketNotFound. None: it has no leader, say, which is nothing that those who look at other buckets should suffer from."""
    try:
        return await files.count_objects(bucket)
    except BucketNotFound:
        raise
    except ObjectStoreError:
        return None


def _state(status: BucketStatus) -> Hashable:
    return status.name, status.created, status.stream.last_seq, status.stream.messages


def _is_fresh(last: Overview | None) -> bool:
    return last is not None and asyncio.get_running_loop().time() - last.at < STALE


def _ask(kept: _Kept) -> asyncio.Future[Overview]:
    answer: asyncio.Future[Overview] = asyncio.get_running_loop().create_future()
    answer.add_done_callback(lambda done: done.cancelled() or done.exception())  # whether or not anybody still waits for it

    async def ask() -> None:
        try:
            found = await overview(kept.last)
        except asyncio.CancelledError:
            answer.cancel()
            raise
        except ObjectStoreError as error:
            answer.set_exception(error)
        else:
            if kept.asking is answer:
                kept.last = found
            answer.set_result(found)

    background.start(ask(), "the overview of the buckets")
    return answer
