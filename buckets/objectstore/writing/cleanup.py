"""Removing chunks that nothing refers to, whatever happens to the caller meanwhile."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from ..errors import BucketRestricted, BucketSealed, ObjectStoreError, PermissionDenied
from ..stream.streams import Streams

logger = logging.getLogger(__name__)
T = TypeVar("T")

CALLER_WAITS = 5.0
PAUSES = (0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300)


class Cleanups:
    """Purges that are shielded from their caller's cancellation and go on (for minutes) while NATS is away.

    What a process that dies leaves behind is found by looking for chunks without metadata.
    """

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._tasks: set[asyncio.Task[Any]] = set()

    async def purge(self, bucket: str, subject: str) -> None:
        """Purge ``subject`` until nothing is on it. Never raises what NATS says; returns after 5 s at the latest and goes on behind."""
        await self.run(self._purge(bucket, subject))

    async def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` to its end in any case; wait for it 5 s at most."""
        await asyncio.wait([self._start(work)], timeout=CALLER_WAITS)

    async def shielded(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of ``work``, which runs to its end also when the caller is cancelled."""
        return await asyncio.shield(self._start(work))

    def _start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.debug("ended with an error, which its caller has got if it still waits: %s", error)

    async def close(self, timeout: float = CALLER_WAITS) -> None:
        """Give what is running ``timeout`` seconds, then cancel it."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=timeout)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _purge(self, bucket: str, subject: str) -> None:
        for pause in PAUSES:
            with contextlib.suppress(ObjectStoreError):
                if await self._purged(bucket, subject):
                    return
            await asyncio.sleep(pause)
        logger.error("chunks are left over", extra={"bucket": bucket, "subject": subject})

    async def _purged(self, bucket: str, subject: str) -> bool:
        try:
            await self._streams.purge(bucket, subject)
        except (BucketRestricted, BucketSealed, PermissionDenied) as error:
            logger.error("chunks cannot be removed: %s", error, extra={"bucket": bucket, "subject": subject})
            return True
        return await self._streams.messages(bucket, subject) == 0
