"""A live bucket: its index, kept true by a watch, for any number of pages."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from operator import itemgetter

from ..entry import Entry
from ..folders import FoldersState
from ..index import Index
from ..index.bulk import Builder
from ..index.stepsort import sort
from ..stream.consumer import Delivery
from ..times import NANOSECONDS
from .activity import Activity, nuid_of
from .subscriptions import LiveSubscription, Subscriber

IDLE_SECONDS = 600.0
LATE_AT_ONCE = 200
EXPIRED_AT_ONCE = 200
AGES_AT_ONCE = 5_000
MAX_NEWCOMERS = 10_000
LOOKED_AT_ONCE = 2_000
Age = tuple[int, str, int]


class LiveBucket:
    """A bucket's index, kept true by its watch. ``loaded`` of ``expected`` metadata messages have come while it is not ``ready``.

    ``index`` is another one after the whole state was read anew: do not keep it.
    """

    def __init__(self, bucket: str, ttl: float = 0.0) -> None:
        self.bucket = bucket
        self.index = Index(bucket)
        self.activity = Activity()
        self.loaded = 0
        self.expected = 0
        self.gone = False
        self.used = time.monotonic()
        self.ttl = ttl
        self.drained = asyncio.Event()
        self._ready = asyncio.Event()
        self._subscribers: set[Subscriber] = set()
        self._revision = 0
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._ages: deque[Age] = deque()
        self._builder: Builder | None = None
        self._late: list[Entry] | None = None
        self._folders = FoldersState()
        self.folders_stale = asyncio.Event()
        self.pending = 0  # messages that the server has for us and has not delivered yet
        self.heard = time.monotonic()
        self.newcomers: dict[bytes, str] = {}  # names that were new since ``former_names`` was last asked, by the nuid of their data

    @property
    def ready(self) -> bool:
        return self._ready.is_set()

    @property
    def revision(self) -> int:
        """The stream sequence of the newest message that the index has seen."""
        return self._revision

    @property
    def filling(self) -> bool:
        """The whole state is being read."""
        return self._builder is not None

    @property
    def whole(self) -> bool:
        """``index`` has all that the watch has told."""
        return self.ready and not self.filling

    @property
    def idle(self) -> bool:
        return not self._subscribers and time.monotonic() - self.used > IDLE_SECONDS

    @property
    def readers(self) -> int:
        """How many follow its changes."""
        return len(self._subscribers)

    @property
    def silent(self) -> float:
        """Seconds since the watch gave a sign of life; the server gives one every two seconds."""
        return time.monotonic() - self.heard

    async def wait_ready(self, timeout: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._ready.wait()
        return self.ready

    async def wait_revision(self, revision: int, timeout: float) -> bool:
        """Wait until the index has seen the message with this stream sequence; False when it does not come in time."""
        if self._revision >= revision:
            return True
        arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((revision, arrived))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await arrived
        self._waiting = [(wanted, future) for wanted, future in self._waiting if not future.done()]
        return self._revision >= revision

    @contextlib.contextmanager
    def subscribe(self) -> Iterator[LiveSubscription]:
        subscription = LiveSubscription()
        with self.subscribed(subscription):
            yield subscription

    @contextlib.contextmanager
    def subscribed(self, subscriber: Subscriber) -> Iterator[None]:
        """Tell ``subscriber`` while the context lasts."""
        self._subscribers.add(subscriber)
        try:
            yield
        finally:
            self._subscribers.discard(subscriber)
            self.used = time.monotonic()

    async def restore(self, index: Index) -> None:
        """Begin with an index of an earlier run."""
        self._use(index)
        self._revision = index.revision
        await self._remember_ages()

    def keep(self, state: FoldersState) -> None:
        """These folders are there without an object in them, unless something newer is known."""
        if state.revision < self._folders.revision:
            return
        self._folders = state
        if self.index.keep(state.folders):
            self._tell(lambda subscriber: subscriber.add_folders())

    def _use(self, index: Index) -> None:
        self.index = index
        index.keep(self._folders.folders)

    # What the watch tells (Follower).

    def on_start(self, resumed: bool, same: bool) -> None:
        self.folders_stale.set()  # nobody has told of those that changed meanwhile
        if resumed:
            return
        self.loaded = self.expected = 0
        self.drained.clear()
        self._builder, self._late = Builder(self.bucket, like=self.index if same else None), None
        if not same:
            self._folders = FoldersState()
            self.activity = Activity()
        if not same or not self.ready:
            self._revision = 0
            self._ready.clear()
            self._ages.clear()
            if len(self.index):
                self._use(Index(self.bucket))
                self._tell_everything()

    def on_expected(self, messages: int) -> None:
        if not self.ready:
            self.expected = max(self.loaded, messages)

    def on_message(self, token: str, raw: bytes, delivery: Delivery) -> None:
        entry = Entry.read(token, raw, delivery.stream, delivery.time_ns).for_listing(self.bucket)
        self.loaded += 1
        self.pending = delivery.pending
        self.heard = time.monotonic()
        if self._late is not None:
            self._late.append(entry)
        elif self._builder is not None:
            self._builder.take(entry)
        if self.ready or self._builder is None:
            self._apply(entry, delivery.headers)

    def on_drained(self) -> None:
        self.pending = 0
        self.heard = time.monotonic()
        if not self.whole:
            self.drained.set()

    def on_gone(self) -> None:
        self.gone = True
        self._ready.set()
        self.drained.set()
        for subscriber in self._subscribers:
            subscriber.add_gone()

    def on_closed(self) -> None:
        """Nobody watches any more."""
        self._tell(lambda subscriber: subscriber.add_closed())

    async def settle(self) -> None:
        """After ``drained``: make the index of what has come, a few milliseconds at a time."""
        builder = self._builder
        if builder is None:
            return
        self._late = []
        for _ in builder.steps():
            await asyncio.sleep(0)
            if self._builder is not builder:
                return
        markers = builder.markers
        while self._late:
            some, self._late[:LATE_AT_ONCE] = self._late[:LATE_AT_ONCE], []
            for entry in some:
                builder.index.apply(entry)
            markers += [(entry.name, entry.time_ns) for entry in some if entry.deleted]
            await asyncio.sleep(0)
            if self._builder is not builder:
                return
        self._use(builder.index)
        self._builder, self._late = None, None
        self._arrived(self.index.revision)
        if self.ready:
            self._tell_everything()
        await self._remember_ages(markers)

    def become_ready(self) -> None:
        if not self.ready:
            self.expected = self.loaded
            self._ready.set()
            self._tell_everything()

    async def set_ttl(self, ttl: float) -> None:
        """Objects older than ``ttl`` seconds leave the index: the server tells nobody when it drops them."""
        before, self.ttl = self.ttl, ttl
        if not before:
            await self._remember_ages()

    async def expire(self, now_ns: int) -> None:
        """Drop what is too old by the server's time, some at a time: thousands may have come in one second."""
        limit = now_ns - round(self.ttl * NANOSECONDS)
        while self.ttl and self._ages and self._ages[0][0] < limit:
            for _ in range(min(EXPIRED_AT_ONCE, len(self._ages))):
                if self._ages[0][0] < limit:
                    self._expire(*self._ages.popleft())
            await asyncio.sleep(0)

    def _expire(self, _: int, name: str, revision: int) -> None:
        current = self.index.entry(name)
        if current is None:
            self.index.discard(name)
        elif current.revision == revision:
            self.vanished(name, expired=True)

    def vanished(self, name: str, *, expired: bool = False) -> None:
        """An object is no longer there, and no message told of it."""
        entry = self.index.entry(name)
        if entry is not None and self.index.discard(name):
            self.activity.vanished(entry, expired=expired, time_ns=time.time_ns())
            self._tell(lambda subscriber: subscriber.add(replace(entry, deleted=True)))

    async def former_names(self) -> list[str]:
        """Under which other names the data of the newcomers is known: other clients purge the old name in a rename, and say nothing."""
        newcomers, self.newcomers = self.newcomers, {}
        found: list[str] = []
        for number, name in enumerate(self.index.names()):
            entry = self.index.entry(name)
            if entry is not None and newcomers.get(nuid_of(entry.raw), name) != name:
                found.append(name)
            if number % LOOKED_AT_ONCE == 0:
                await asyncio.sleep(0)
        return found

    async def prepare(self) -> None:
        """Make the first search as fast as any: a few milliseconds' work at a time."""
        more = self.whole
        while more:
            more = self.index.prepare()
            await asyncio.sleep(0)

    def _apply(self, entry: Entry, headers: bytes) -> None:
        old = self.index.entry(entry.name)
        if self.ttl:
            self._ages.append((entry.time_ns, entry.name, entry.revision))
        if not entry.deleted and entry.size and len(self.newcomers) < MAX_NEWCOMERS and old is None:
            self.newcomers[nuid_of(entry.raw) or entry.raw] = entry.name
        if self.index.apply(entry):
            self.activity.took(entry, old, headers, now=self.ready)
            self._tell(lambda subscriber: subscriber.add(entry))
        self._arrived(entry.revision)

    def _arrived(self, revision: int) -> None:
        self._revision = max(self._revision, revision)
        for wanted, arrived in self._waiting:
            if wanted <= revision and not arrived.done():
                arrived.set_result(None)

    async def _remember_ages(self, markers: Iterable[tuple[str, int]] = ()) -> None:
        """What the index has, and deletion ``markers``, the oldest first, before what comes meanwhile."""
        ages: deque[Age] = deque()
        self._ages = ages
        if not self.ttl:
            return
        known: list[Age] = [(time_ns, name, 0) for name, time_ns in markers]
        for number, (name, revision, time_ns) in enumerate(self.index.times()):
            known.append((time_ns, name, revision))
            if number % AGES_AT_ONCE == 0:
                await asyncio.sleep(0)
        pieces: list[list[Age]] = []
        for _ in sort(known, itemgetter(0), pieces):
            await asyncio.sleep(0)
        if ages is self._ages:
            for piece in reversed(pieces):
                ages.extendleft(reversed(piece))

    def _tell(self, what: Callable[[Subscriber], None]) -> None:
        for subscriber in self._subscribers:
            what(subscriber)

    def _tell_everything(self) -> None:
        self._tell(lambda subscriber: subscriber.add_everything())
