"""Live buckets: one watch and one index per bucket and process, for any number of pages."""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from .entry import Entry
from .errors import ObjectStoreError
from .index import Index
from .jetstream import JetStream
from .streams import NANOSECONDS, Streams
from .watch import Delivery, Watch

logger = logging.getLogger(__name__)

MAX_CHANGED_NAMES = 10_000
IDLE_SECONDS = 600.0
CATCH_UP_SECONDS = 1.0
SWEEP_SECONDS = 1.0
SETTINGS_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since the last look. ``everything``: look at all again; ``gone``: the bucket was deleted."""

    names: frozenset[str] = frozenset()
    everything: bool = False
    gone: bool = False


class LiveSubscription:
    """Changes merged until they are asked for: a slow subscriber costs a set of names, never a queue."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._everything = False
        self._gone = False
        self._event = asyncio.Event()

    async def next(self) -> Changes:
        """Wait until something has changed since the last call."""
        await self._event.wait()
        self._event.clear()
        changes = Changes(frozenset(self._names), self._everything, self._gone)
        self._names.clear()
        self._everything = False
        return changes

    def add(self, name: str) -> None:
        self._names.add(name)
        if len(self._names) > MAX_CHANGED_NAMES:
            self._names.clear()
            self._everything = True
        self._event.set()

    def add_everything(self) -> None:
        self._everything = True
        self._event.set()

    def add_gone(self) -> None:
        self._gone = True
        self._event.set()


class LiveBucket:
    """A bucket's index, kept true by its watch. ``loaded`` of ``expected`` metadata messages have come while it is not ``ready``."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket
        self.index = Index(bucket)
        self.loaded = 0
        self.expected = 0
        self.gone = False
        self.used = time.monotonic()
        self._ready = asyncio.Event()
        self._subscriptions: set[LiveSubscription] = set()
        self._revision = 0
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._ages: deque[tuple[int, str, int]] = deque()
        self.ttl = 0.0

    @property
    def ready(self) -> bool:
        return self._ready.is_set()

    @property
    def idle(self) -> bool:
        return not self._subscriptions and time.monotonic() - self.used > IDLE_SECONDS

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
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            self.used = time.monotonic()

    # What the watch tells (Follower).

    def on_start(self, resumed: bool) -> None:
        if resumed:
            return
        self.loaded = self.expected = self._revision = 0
        self._ready.clear()
        self._ages.clear()
        if len(self.index):
            self.index.clear()
            self._tell_everything()

    def on_expected(self, messages: int) -> None:
        if not self.ready:
            self.expected = max(self.loaded, messages)
        if messages == 0:
            self._become_ready()

    def on_message(self, token: str, raw: bytes, delivery: Delivery) -> None:
        entry = Entry.read(token, raw, delivery.stream, delivery.time_ns).for_listing(self.bucket)
        if self.ttl and not entry.deleted:
            self._ages.append((entry.time_ns, entry.name, entry.revision))
        changed = self.index.apply(entry)
        self.loaded += 1
        if changed:
            for subscription in self._subscriptions:
                subscription.add(entry.name)
        self._revision = delivery.stream
        for wanted, arrived in self._waiting:
            if wanted <= delivery.stream and not arrived.done():
                arrived.set_result(None)
        if delivery.pending == 0 and not self.ready:
            self._become_ready()

    def on_gone(self) -> None:
        self.gone = True
        self._ready.set()
        for subscription in self._subscriptions:
            subscription.add_gone()

    def set_ttl(self, ttl: float) -> None:
        """Objects older than ``ttl`` seconds leave the index: the server tells nobody when it drops them."""
        if ttl and not self.ttl:
            entries = sorted((entry.time_ns, entry.name, entry.revision) for entry in self.index.entries())
            self._ages = deque(entries)
        self.ttl = ttl

    def expire(self, now_ns: int) -> None:
        if not self.ttl:
            return
        limit = now_ns - round(self.ttl * NANOSECONDS)
        while self._ages and self._ages[0][0] < limit:
            _, name, revision = self._ages.popleft()
            current = self.index.get(name)
            if current is not None and current.revision == revision and self.index.discard(name):
                for subscription in self._subscriptions:
                    subscription.add(name)

    async def prepare(self) -> None:
        """Make the first search as fast as any: a few milliseconds' work at a time."""
        more = self.ready
        while more:
            more = self.index.prepare()
            await asyncio.sleep(0)

    def _become_ready(self) -> None:
        self.expected = self.loaded
        self._ready.set()
        self._tell_everything()

    def _tell_everything(self) -> None:
        for subscription in self._subscriptions:
            subscription.add_everything()


class LiveBuckets:
    """The live buckets of one store, by name; each is dropped when nobody has used it for ten minutes."""

    def __init__(self, js: JetStream, streams: Streams) -> None:
        self._js = js
        self._streams = streams
        self._live: dict[str, tuple[LiveBucket, asyncio.Task[None]]] = {}

    async def get(self, bucket: str) -> LiveBucket:
        """Raises BucketNotFound (only when it is not watched yet)."""
        found = self.peek(bucket)
        if found is None:
            status = await self._streams.status(bucket)
            found = self.peek(bucket) or self._start(bucket, status.config.ttl)
        found.used = time.monotonic()
        return found

    def peek(self, bucket: str) -> LiveBucket | None:
        """The live bucket if there is one; it is not kept alive by this."""
        found = self._live.get(bucket)
        return found[0] if found is not None and not found[0].gone else None

    async def caught_up(self, bucket: str, revision: int) -> None:
        """Wait (a second at most) until a listing made now has what this process has just written."""
        live = self.peek(bucket)
        if live is not None and live.ready:
            await live.wait_revision(revision, CATCH_UP_SECONDS)

    def lists(self, bucket: str, name: str) -> bool:
        live = self.peek(bucket)
        return live is not None and live.index.get(name) is not None

    def gone(self, bucket: str) -> None:
        """We deleted it ourselves: tell at once."""
        found = self._live.pop(bucket, None)
        if found is not None:
            found[1].cancel()
            found[0].on_gone()

    async def close(self) -> None:
        tasks = [task for _, task in self._live.values()]
        self._live.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, bucket: str, ttl: float) -> LiveBucket:
        live = LiveBucket(bucket)
        live.set_ttl(ttl)
        self._live[bucket] = (live, asyncio.create_task(self._run(live), name=f"live-{bucket}"))
        return live

    async def _run(self, live: LiveBucket) -> None:
        watch = asyncio.create_task(Watch(self._js, live.bucket, live).run(), name=f"watch-{live.bucket}")
        try:
            await self._tend(live, watch)
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            if self._live.get(live.bucket, (None,))[0] is live:
                del self._live[live.bucket]

    async def _tend(self, live: LiveBucket, watch: asyncio.Task[None]) -> None:
        """Expire what is too old, keep up with changed settings, and end when nobody looks."""
        settings_at = time.monotonic() + SETTINGS_SECONDS
        while not live.idle and not watch.done():
            await asyncio.wait([watch], timeout=SWEEP_SECONDS)
            await live.prepare()
            live.expire(time.time_ns())
            if time.monotonic() >= settings_at:
                settings_at = time.monotonic() + SETTINGS_SECONDS
                await self._refresh(live)
        if watch.done() and not watch.cancelled() and (error := watch.exception()):
            logger.error("watch of %s failed", live.bucket, exc_info=error)

    async def _refresh(self, live: LiveBucket) -> None:
        with contextlib.suppress(ObjectStoreError):
            live.set_ttl((await self._streams.status(live.bucket)).config.ttl)
