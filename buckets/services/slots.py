"""Turns for transfers: so many at once in all and for each user (``MAX_TRANSFERS``, ``MAX_TRANSFERS_PER_USER``); the rest wait.

Uploads, downloads and archives hold one slot each while bytes move: ``async with transfer(user): …``. Whoever waits gets the next free slot
in turn with the other users, whatever the number of transfers that each of them waits with.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from django.conf import settings

from ..access import AnyUser
from ..metrics.instruments import TRANSFERS, Direction, Outcome, moving
from . import draining
from .errors import Busy, Stopping


@dataclass(frozen=True, slots=True)
class Limits:
    """total, per_user: transfers at once. waiting: how many may wait in all, and for how many ``seconds``."""

    total: int
    per_user: int
    waiting: int
    seconds: float


class Slots:
    """The slots of one event loop. Nobody waits as long as there is a slot that the user may have."""

    def __init__(self) -> None:
        self._active: Counter[Hashable] = Counter()
        self._running = 0
        self._queues: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()  # whose turn it is stands first

    @property
    def running(self) -> int:
        return self._running

    @property
    def waiting(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

    def turn_away(self) -> None:
        """Whoever waits gets ``Stopping``."""
        for queue in self._queues.values():
            for turn in queue:
                if not turn.done():
                    turn.set_exception(Stopping())

    @asynccontextmanager
    async def hold(self, user: Hashable, limits: Limits) -> AsyncIterator[None]:
        """A slot, from when there is one to the end of the block. Raises ``Busy`` after ``limits.seconds``, or at once when too many wait.

        Cancelled while it waits, it leaves nothing behind.
        """
        await self._acquire(user, limits)
        try:
            yield
        finally:
            self._release(user, limits)

    async def _acquire(self, user: Hashable, limits: Limits) -> None:
        if user not in self._queues and self._is_free(user, limits):
            self._take(user)
            return
        if self.waiting >= limits.waiting:
            raise Busy
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(user, deque()).append(turn)
        try:
            async with asyncio.timeout(limits.seconds):
                await turn
        except BaseException as error:
            self._give_up(user, turn, limits)
            if isinstance(error, TimeoutError):
                raise Busy from None
            raise

    def _give_up(self, user: Hashable, turn: asyncio.Future[None], limits: Limits) -> None:
        if turn.done() and not turn.cancelled() and turn.exception() is None:  # it came in the same moment
            self._release(user, limits)
            return
        queue = self._queues.get(user)
        if queue is not None and turn in queue:
            queue.remove(turn)
            self._forget_if_empty(user)

    def _release(self, user: Hashable, limits: Limits) -> None:
        self._running -= 1
        self._active[user] -= 1
        if not self._active[user]:
            del self._active[user]
        while (following := self._next(limits)) is not None:
            self._admit(following)

    def _next(self, limits: Limits) -> Hashable | None:
        """The first in the round who may have one more."""
        return next((user for user in self._queues if self._is_free(user, limits)), None)

    def _admit(self, user: Hashable) -> None:
        """Give the first who waits of ``user`` a slot; the user's next turn comes after everybody else's."""
        turn = self._queues[user].popleft()
        self._queues.move_to_end(user)
        self._forget_if_empty(user)
        if not turn.done():
            self._take(user)
            turn.set_result(None)

    def _forget_if_empty(self, user: Hashable) -> None:
        if not self._queues[user]:
            del self._queues[user]

    def _is_free(self, user: Hashable, limits: Limits) -> bool:
        return self._running < limits.total and self._active[user] < limits.per_user

    def _take(self, user: Hashable) -> None:
        self._running += 1
        self._active[user] += 1


_slots: WeakKeyDictionary[asyncio.AbstractEventLoop, Slots] = WeakKeyDictionary()


def slots() -> Slots:
    """Those of the running event loop."""
    return _slots.setdefault(asyncio.get_running_loop(), Slots())


@asynccontextmanager
async def transfer(user: AnyUser, direction: Direction = Direction.READ) -> AsyncIterator[None]:
    """A slot for one transfer of ``user`` in this ``direction``. Visitors who are not logged in share the slots of one user.

    Raises ``Busy`` when none comes free in ``TRANSFER_WAIT_SECONDS``, or too many wait already, and ``Stopping`` when the process begins
    nothing new. Not to be nested: whoever holds the last slot would wait for itself.
    """
    limits = Limits(settings.MAX_TRANSFERS, settings.MAX_TRANSFERS_PER_USER, settings.MAX_WAITING_TRANSFERS, settings.TRANSFER_WAIT_SECONDS)
    async with AsyncExitStack() as held:
        try:
            draining.check()
            await held.enter_async_context(slots().hold(user.pk, limits))
        except (Busy, Stopping):
            TRANSFERS.labels(direction, Outcome.REFUSED).inc()
            raise
        with moving(direction):
            yield
