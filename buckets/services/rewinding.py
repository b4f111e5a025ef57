"""Taking a bucket, or a folder of it, back to a moment: authorise, act, record."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime

from ..access import AnyUser, Role, require
from ..objectstore import ObjectStoreError, Restored, Unavailable
from . import background
from .audit import record
from .errors import RestoreRunning
from .runtime import store

WAITING = 1000
PATIENCE_SECONDS = 60.0

_running: set[str] = set()


async def restore_moment(
    user: AnyUser, bucket: str, moment: datetime, *, prefix: str = "", remove_newer: bool = False
) -> AsyncGenerator[Restored, None]:
    """EDITOR. Bring back all that was there at ``moment`` and has a name beginning with ``prefix``; one result each, as it comes.

    remove_newer: delete what was not there then; the history keeps it. What is begun runs to its end, also when nobody takes the results
    any more (closed, or none taken for a minute); only when the site stops it ends early. One at a time in a bucket.
    Raises ``RestoreRunning``, ``HistoryOff``, ``BucketNotFound`` and the store's other errors.
    """
    await require(user, bucket, Role.EDITOR)
    objects = await store()
    await objects.bucket(bucket)
    if bucket in _running:
        raise RestoreRunning(bucket)
    _running.add(bucket)
    results = objects.history.restore_at(bucket, moment, prefix=prefix, remove_newer=remove_newer, writer=user.get_username())
    restoration = _Restoration(user, bucket, moment, prefix, results)
    background.start(restoration.run(), f"restoring of {bucket}")
    try:
        async for restored in restoration.results():
            yield restored
    finally:
        restoration.leave()


class _Restoration:
    """``run`` does it, in a task of its own, and ``results`` gives what it did to whoever asked for it."""

    def __init__(self, user: AnyUser, bucket: str, moment: datetime, prefix: str, source: AsyncIterator[Restored]) -> None:
        self._user = user
        self._bucket = bucket
        self._facts = {"at": moment.isoformat(), "prefix": prefix}
        self._source = source
        self._counts: Counter[str] = Counter()
        self._queue: asyncio.Queue[Restored | None] = asyncio.Queue(WAITING)
        self._watched = True
        self._error: Exception | None = None

    async def run(self) -> None:
        try:
            async for restored in self._source:
                self._counts["failed" if restored.error else restored.action] += 1
                await self._tell(restored)
        except Exception as error:
            self._error = error
            if not isinstance(error, ObjectStoreError):
                raise
        except asyncio.CancelledError:
            self._error = Unavailable("The site was stopped before the moment was restored.")
            self._drop()
            raise
        finally:
            _running.discard(self._bucket)
            record("history.restore", self._user, self._bucket, **self._facts, **self._counts)
            await self._tell(None)

    async def results(self) -> AsyncIterator[Restored]:
        while (restored := await self._queue.get()) is not None:
            yield restored
        if self._error is not None:
            raise self._error

    def leave(self) -> None:
        """Nobody takes the results any more."""
        self._watched = False
        self._drop()

    def _drop(self) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()

    async def _tell(self, restored: Restored | None) -> None:
        if not self._watched:
            return
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._queue.put(restored)
        except TimeoutError:
            self._watched = False
