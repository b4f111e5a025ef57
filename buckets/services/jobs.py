"""Long work on a bucket that nobody has to wait for: it runs in the process that was asked, and its state is in the database, where every
process of the site sees it, and can have it stopped. One of a kind at a time in a bucket; the last one's outcome stays to be seen.
"""

import asyncio
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextvars import Context
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import DatabaseError, IntegrityError, connections
from django.db.models import Q
from django.utils import timezone

from ..access import AnyUser, Role, require
from ..models import Job
from ..objectstore import ObjectStoreError
from . import background
from .errors import JobRunning, ServiceError

log = logging.getLogger("buckets.errors")

TELL_SECONDS = 1.0
# Who has said nothing for so long (seconds) has died.
SILENCE = 30.0


class Kind(StrEnum):
    ORPHANS = "orphans"
    MARKERS = "markers"
    VERIFY = "verify"
    RESTORE = "restore"


class State(StrEnum):
    """DIED: its process ended, or was stopped, before the work was done."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DIED = "died"


@dataclass(slots=True)
class Progress:
    """How far it is, kept by the work itself. Of what is not known the total is 0. ``size``: bytes."""

    done: int = 0
    total: int = 0
    size: int = 0
    total_size: int = 0


# What does it, and gives its outcome: facts that JSON can hold.
Work = Callable[[Progress], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as it is now. ``speed``: bytes, or where it has none things, a second; ``left``: seconds, None while that is not known."""

    job: Job
    state: State
    seconds: float
    speed: float
    left: float | None

    @property
    def part(self) -> float | None:
        """How much of it is done, 0 to 1; None: that is not known."""
        job = self.job
        if job.total_size:
            return min(1.0, job.size / job.total_size)
        return min(1.0, job.done / job.total) if job.total else None


async def start(user: AnyUser, bucket: str, kind: Kind, action: str, work: Work) -> None:
    """ADMIN. Begin ``work``. Raises ``JobRunning`` when one of its kind runs in the bucket, in whichever process."""
    await require(user, bucket, Role.ADMIN)
    run = await _claim(bucket, kind, action, user.get_username())
    runner = _Runner(bucket, kind, run, work)
    # Not in the request's context: the thread that asks the database for that goes back with it.
    background.start(runner.run(), f"{kind} of {bucket}", context=Context())


async def cancel(user: AnyUser, bucket: str, kind: Kind) -> None:
    """ADMIN. Have it stopped, within a second or two, wherever it runs. None that runs is no error."""
    await require(user, bucket, Role.ADMIN)
    await Job.objects.filter(bucket=bucket, kind=kind, ended=None).aupdate(cancel=True)


async def jobs(user: AnyUser, bucket: str) -> dict[Kind, JobView]:
    """ADMIN. The newest of each kind, those that run among them."""
    await require(user, bucket, Role.ADMIN)
    return {Kind(job.kind): view(job) async for job in Job.objects.filter(bucket=bucket, kind__in=list(Kind))}


async def forget(bucket: str) -> None:
    """The bucket is gone."""
    await Job.objects.filter(bucket=bucket).adelete()


def view(job: Job) -> JobView:
    now = timezone.now()
    state = _state(job)
    seconds = max(0.0, ((job.ended or (now if state is State.RUNNING else job.updated)) - job.started).total_seconds())
    done, total = (job.size, job.total_size) if job.total_size else (job.done, job.total)
    left = max(0.0, (total - done) * seconds / done) if state is State.RUNNING and total and done else None
    return JobView(job, state, seconds, (job.size or job.done) / seconds if seconds else 0.0, left)


def _state(job: Job) -> State:
    if job.ended is not None:
        return State(job.outcome.get("state", State.DONE))
    return State.RUNNING if timezone.now() - job.updated < timedelta(seconds=SILENCE) else State.DIED


async def _claim(bucket: str, kind: Kind, action: str, user: str) -> str:
    """The run's own mark, which it alone writes under. Of many who ask at once one gets it."""
    run, now = secrets.token_hex(16), timezone.now()
    fields: dict[str, Any] = {"action": action, "run": run, "user": user, "started": now, "updated": now, "ended": None}
    fields |= {"cancel": False, "done": 0, "total": 0, "size": 0, "total_size": 0, "outcome": {}}
    over = Q(ended__isnull=False) | Q(updated__lt=now - timedelta(seconds=SILENCE))
    if await Job.objects.filter(over, bucket=bucket, kind=kind).aupdate(**fields):
        return run
    try:
        await Job.objects.acreate(bucket=bucket, kind=kind, **fields)
    except IntegrityError:
        raise JobRunning(bucket) from None
    return run


class _Runner:
    """Runs the work, and keeps what the database says of it true."""

    def __init__(self, bucket: str, kind: Kind, run: str, work: Work) -> None:
        self._row = Job.objects.filter(bucket=bucket, kind=kind, run=run, ended=None)
        self._name = f"{kind} of {bucket}"
        self._work = work
        self._progress = Progress()

    async def run(self) -> None:
        async with ThreadSensitiveContext():
            try:
                await self._watched()
            finally:
                await sync_to_async(connections.close_all)()

    async def _watched(self) -> None:
        task = asyncio.ensure_future(self._work(self._progress))
        cancelled = False
        try:
            while not (await asyncio.wait([task], timeout=TELL_SECONDS))[0]:
                if await self._told_to_stop():
                    cancelled = task.cancel()
                    await asyncio.wait([task])
            await self._end(self._outcome(task, cancelled=cancelled))
        except asyncio.CancelledError:  # the site stops
            task.cancel()
            await asyncio.wait([task])
            await self._end({"state": State.DIED})
            raise

    def _outcome(self, task: "asyncio.Future[Mapping[str, Any]]", *, cancelled: bool) -> dict[str, Any]:
        if task.cancelled():
            return {"state": State.CANCELLED}
        error = task.exception()
        if error is None:
            return {"state": State.DONE, **task.result()}
        if isinstance(error, ObjectStoreError | ServiceError):
            return {"state": State.FAILED, "code": str(error.code), "error": str(error)}
        log.error("%s failed", self._name, exc_info=error)
        return {"state": State.CANCELLED if cancelled else State.FAILED, "code": "internal_error", "error": ""}

    async def _told_to_stop(self) -> bool:
        """Write how far it is. A database that is away now is asked again; another run, or none, in this one's place ends this one."""
        try:
            if not await self._row.aupdate(updated=timezone.now(), **self._numbers()):
                return True
            return await self._row.filter(cancel=True).aexists()
        except DatabaseError:
            log.warning("%s: its state could not be written", self._name, exc_info=True)
            await sync_to_async(connections.close_all)()
            return False

    async def _end(self, outcome: Mapping[str, Any]) -> None:
        now = timezone.now()
        kept = json.loads(json.dumps(dict(outcome)).replace("\\u0000", "\\u2400"))  # PostgreSQL keeps no U+0000
        try:
            await self._row.aupdate(updated=now, ended=now, outcome=kept, **self._numbers())
        except DatabaseError:
            log.exception("%s: its end could not be written: %s", self._name, kept)

    def _numbers(self) -> dict[str, int]:
        progress = self._progress
        return {"done": progress.done, "total": progress.total, "size": progress.size, "total_size": progress.total_size}
