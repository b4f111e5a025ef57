"""A shared bound on what all readers of one connection have asked for and not yet received.

The server cuts a connection to which it cannot hand what it was asked for (``max_pending``, 64 MiB by default);
so the readers together ask for much less.
"""

import asyncio
from collections import deque

READ_BUDGET = 16 * 1024 * 1024


class ReadBudget:
    """First come, first served. A request larger than the whole budget is let through alone."""

    def __init__(self, total: int = READ_BUDGET) -> None:
        self._total = total
        self._used = 0
        self._readers = 0
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()

    def enter(self) -> None:
        self._readers += 1

    def leave(self) -> None:
        self._readers -= 1

    @property
    def share(self) -> int:
        """Bytes that one reader may hold, asked for and buffered, so that all of them together stay within the budget."""
        return self._total // max(2, self._readers)

    def try_acquire(self, amount: int) -> bool:
        """Take ``amount`` if that is possible at once and nobody waits."""
        if self._queue or not self._fits(amount):
            return False
        self._used += amount
        return True

    async def acquire(self, amount: int) -> None:
        if self.try_acquire(amount):
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((amount, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release(amount)
            raise

    def release(self, amount: int) -> None:
        self._used -= amount
        while self._queue and (self._queue[0][1].done() or self._fits(self._queue[0][0])):
            waiting, turn = self._queue.popleft()
            if not turn.done():
                self._used += waiting
                turn.set_result(None)

    def _fits(self, amount: int) -> bool:
        return self._used == 0 or self._used + amount <= self._total
