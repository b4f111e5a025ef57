"""How the site and NATS are doing: authorise, then what is known, a second old at most and asked once for all who want to know.

It answers in a few seconds whatever NATS does, and says what NATS does not tell."""

import asyncio
import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar
from weakref import WeakKeyDictionary

from ..access import AnyUser, Role, require_everywhere
from ..health.findings import findings
from ..health.model import BucketHealth, Health, IndexFacts, Orphans
from ..objectstore import HistoryStatus, LiveBucket, ObjectStore, ObjectStoreError, Unavailable, UploadState
from . import background, found_orphans, jetstream, overview
from .overview import Counted, Overview
from .processfacts import facts
from .runtime import store

T = TypeVar("T")

FRESH_SECONDS = 1.0
LIST_SECONDS = 3.0
PATIENCE = 0.3
UPLOADS_FRESH_SECONDS = 15.0
# Measured for an index of a million objects in 10,000 folders, with all orders made (bench/RESULTS.md).
BYTES_OF_AN_OBJECT = 1060
BUCKET, HISTORY = "OBJ_", "HISTORY_OBJ_"


@dataclass(slots=True)
class _Kept:
    """What was found last, and what has to be known of before."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    last: Health | None = None
    at: float = 0.0
    replicas: dict[str, int] = field(default_factory=dict)
    behind_since: dict[str, float] = field(default_factory=dict)
    uploads: list[UploadState] = field(default_factory=list)
    uploads_error: str = ""
    uploads_at: float = -UPLOADS_FRESH_SECONDS
    asking: asyncio.Task[None] | None = None


_kept: WeakKeyDictionary[ObjectStore, _Kept] = WeakKeyDictionary()


async def health(user: AnyUser) -> Health:
    """For admins of every bucket."""
    await require_everywhere(user, Role.ADMIN)
    return await glance(FRESH_SECONDS)


async def glance(fresh: float) -> Health:
    """For the operator and for those who were authorised. ``fresh``: so old (seconds) it may be at most, but for the process's own facts,
    which are of now."""
    files = await store()
    kept = _kept.setdefault(files, _Kept())
    async with kept.lock:
        if kept.last is None or time.monotonic() - kept.at >= fresh:
            kept.last = await _look(files, kept)
            kept.at = time.monotonic()
        return kept.last if time.monotonic() - kept.at < FRESH_SECONDS else replace(kept.last, process=facts())


async def _look(files: ObjectStore, kept: _Kept) -> Health:
    connections, account, seen, _ = await asyncio.gather(
        files.connections(),
        _tried(jetstream.account()),
        _tried(_within(LIST_SECONDS, overview.glance())),
        _uploads(files, kept),
    )
    now = asyncio.get_running_loop().time()
    buckets = None if isinstance(seen, ObjectStoreError) else _buckets(files, kept, seen)
    found = Health(
        at=datetime.now(UTC),
        age=0.0 if isinstance(seen, ObjectStoreError) else max(0.0, now - seen.at),
        connections=tuple(connections),
        account=None if isinstance(account, ObjectStoreError) else account,
        account_error=account.code if isinstance(account, ObjectStoreError) else "",
        buckets=buckets,
        buckets_error=seen.code if isinstance(seen, ObjectStoreError) else "",
        uploads_error=kept.uploads_error,
        process=facts(),
    )
    return replace(found, findings=findings(found))


async def _tried(work: Awaitable[T]) -> T | ObjectStoreError:
    try:
        return await work
    except ObjectStoreError as error:
        return error


async def _within(seconds: float, work: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError:
        raise Unavailable(f"NATS did not answer in {seconds:g} s.") from None


async def _uploads(files: ObjectStore, kept: _Kept) -> None:
    """Each costs a request, so they are not asked for each time, and nobody waits for long: else they are those of before."""
    if kept.asking is None and time.monotonic() - kept.uploads_at >= UPLOADS_FRESH_SECONDS:
        kept.asking = background.start(_ask_uploads(files, kept), "the uploads under way")
    if kept.asking is not None:
        await asyncio.wait([kept.asking], timeout=PATIENCE)


async def _ask_uploads(files: ObjectStore, kept: _Kept) -> None:
    try:
        kept.uploads, kept.uploads_error = await _within(LIST_SECONDS, files.uploads.under_way()), ""
    except ObjectStoreError as error:
        kept.uploads_error = error.code
    finally:
        kept.uploads_at, kept.asking = time.monotonic(), None


def _buckets(files: ObjectStore, kept: _Kept, seen: Overview) -> tuple[BucketHealth, ...]:
    listed = {each.status.name: each for each in seen.buckets}
    kept.replicas |= {name: each.status.config.replicas for name, each in listed.items()}
    leaderless = {name.removeprefix(BUCKET) for name in seen.leaderless if name.startswith(BUCKET)}
    live = {each.bucket: each for each in files.live_buckets()}
    names = sorted({*listed, *leaderless})
    return tuple(_bucket(name, kept, seen, listed.get(name), live.get(name)) for name in names)


def _bucket(name: str, kept: _Kept, seen: Overview, counted: Counted | None, live: LiveBucket | None) -> BucketHealth:
    begun = [upload for upload in kept.uploads if upload.bucket == name]
    return BucketHealth(
        name=name,
        replicas=kept.replicas.get(name, 0),
        status=counted.status if counted else None,
        objects=counted.objects if counted else None,
        history=seen.histories.get(name),
        history_leaderless=HISTORY + name in seen.leaderless,
        behind=_behind(name, seen.histories, counted, kept.behind_since),
        index=_index(live) if live else None,
        uploads=len(begun),
        upload_bytes=sum(upload.offset for upload in begun),
        orphans=_orphans(name),
    )


def _behind(name: str, histories: Mapping[str, HistoryStatus], counted: Counted | None, since: dict[str, float]) -> float:
    """For how long the history has not been complete: since it was first seen so, and at least since the bucket's newest message."""
    history = histories.get(name)
    if history is None or not history.enabled or not history.lag:
        since.pop(name, None)
        return 0.0
    seen = time.monotonic() - since.setdefault(name, time.monotonic())
    newest = counted.status.stream.last_time if counted else None
    return max(seen, (datetime.now(UTC) - newest).total_seconds() if newest else 0.0)


def _index(live: LiveBucket) -> IndexFacts:
    objects = len(live.index)
    return IndexFacts(
        ready=live.ready,
        objects=objects,
        loaded=live.loaded,
        expected=live.expected,
        memory=objects * BYTES_OF_AN_OBJECT,
        pending=live.pending,
        silent=live.silent,
        readers=live.readers,
    )


def _orphans(name: str) -> Orphans | None:
    found = found_orphans.last(name)
    return Orphans(found.at, found.purged.chunks, found.purged.nuids, found.purged.doubtful) if found else None
