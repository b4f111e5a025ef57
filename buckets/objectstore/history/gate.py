"""Waiting until the history has what is about to be overwritten: nothing is purged from a bucket before its copy is safe."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from itertools import chain, repeat

from ..entry import Entry
from ..errors import BucketNotFound, HistoryBehind, HistoryOff
from .streams import HistoryStreams

PAUSES = (0.005, 0.01, 0.02, 0.05)
LONG_PAUSE = 0.1
# Of so many looks one begins with a look at the bucket: whether it is the one that is copied.
MEND_EVERY = 4
# After the loss of a leader it takes the server up to 20 s to notice that it has stopped copying (its health check comes every ten).
PATIENCE = 30.0


class Gate:
    """``wait`` before every message that rolls up another one. Without a history it costs one request. ``mend`` is called for a history
    that does not copy because its bucket was made anew or went back."""

    def __init__(self, streams: HistoryStreams) -> None:
        self._streams = streams
        self.mend: Callable[[str], Awaitable[bool]] | None = None
        self.patience = PATIENCE

    async def wait(self, bucket: str, entry: Entry | None) -> None:
        """Return when the history of the bucket has this metadata message, and thus the data before it, or if there is no history.

        Raises HistoryBehind when that takes longer than 30 seconds.
        """
        if entry is None:
            return
        started = time.monotonic()
        for number, pause in enumerate(chain(PAUSES, repeat(LONG_PAUSE))):
            try:
                if await self._streams.has(bucket, entry) or await self._is_past(bucket, entry, mend=number % MEND_EVERY == 0):
                    return
            except (BucketNotFound, HistoryOff):
                return
            if time.monotonic() - started > self.patience:
                raise await self._behind(bucket, entry)
            await asyncio.sleep(pause)

    async def _is_past(self, bucket: str, entry: Entry, *, mend: bool) -> bool:
        """Whether nothing is to be waited for: it is switched off, or it had the message and has dropped it since (limits, pruning)."""
        info = await self._streams.info(bucket)
        if not info["config"].get("sources"):
            return True
        if mend and self.mend is not None and await self.mend(bucket):
            return False
        return await self._streams.last_copied(bucket) >= entry.revision

    async def _behind(self, bucket: str, entry: Entry) -> HistoryBehind:
        status = await self._streams.status(bucket)
        why = f"NATS says: {status.error}. " if status.error else f"{status.lag:,} messages are still to be copied. " if status.lag else ""
        return HistoryBehind(
            f"The history of {bucket!r} has not copied {entry.name!r} yet, so it was left as it is. {why}Try again in a moment."
        )
