"""A bucket's state and then its changes, as an async iterator: what ``ObjectStore.watch`` gives."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace

from ..entry import Entry
from ..errors import BucketNotFound, ObjectNotFound, Unavailable
from ..model import ObjectInfo
from ..names import stream_name
from ..stream.consumer import Consumer, Delivery
from ..transport.jetstream import JetStream
from .live import LiveBucket

MAX_QUEUED = 10_000
AT_ONCE = 200
HEARTBEAT = 2.0
SILENCE = 5.0
CATCH_UP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One of three. ``info``: the object as it has become, ``deleted`` when it went; large metadata (16 KiB) is reduced in it to what a
    listing shows. ``caught_up``: all that there was has been told. ``refresh``: forget what was told, the whole state follows
    and is ``caught_up`` again.

    ``revision``: the stream sequence after which to go on (see ``ObjectStore.watch``); 0 while the state is not complete.
    """

    info: ObjectInfo | None = None
    caught_up: bool = False
    refresh: bool = False
    revision: int = 0


class EventQueue:
    """Changes in their order, up to ``MAX_QUEUED``; beyond that, and when the index was made anew, only that all is to be read again."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self._woken = asyncio.Event()
        self.refresh = False
        self.gone = False
        self.closed = False

    def add(self, entry: Entry) -> None:
        if not self.refresh:
            self._entries.append(entry)
        if len(self._entries) > MAX_QUEUED:
            self.add_everything()
        self._woken.set()

    def add_everything(self) -> None:
        self._entries.clear()
        self.refresh = True
        self._woken.set()

    def add_folders(self) -> None:
        """No object has changed."""

    def add_gone(self) -> None:
        self.gone = True
        self._woken.set()

    def add_closed(self) -> None:
        self.closed = True
        self._woken.set()

    def restart(self) -> None:
        """What was told up to now is in the state that is about to be read."""
        self._entries.clear()
        self.refresh = False

    async def wait(self) -> Entry | None:
        """The next change; None when all is to be read again. Raises BucketNotFound and, when the store was closed, Unavailable."""
        while not (self._entries or self.refresh or self.gone or self.closed):
            self._woken.clear()
            await self._woken.wait()
        self.check()
        return self._entries.popleft() if self._entries else None

    def check(self) -> None:
        if self.gone:
            raise BucketNotFound("The bucket was deleted while it was watched.")
        if self.closed:
            raise Unavailable("The object store was closed while the bucket was watched.")


async def follow(live: LiveBucket, js: JetStream, after: int | None) -> AsyncGenerator[WatchEvent, None]:
    """See ``ObjectStore.watch``."""
    queue = EventQueue()
    with live.subscribed(queue):
        while not live.ready:
            queue.restart()
            await queue.wait()
        queue.check()
        told, anew = 0, after is not None
        if after is None or not await live.wait_revision(after, CATCH_UP_SECONDS):
            queue.refresh = True
        else:
            queue.restart()
            since = _Since(js, live.bucket, after, live.revision)
            async with aclosing(since.entries()) as entries:
                async for entry in entries:
                    yield WatchEvent(entry.info(live.bucket), revision=entry.revision)
            told = since.last
            yield WatchEvent(caught_up=True, revision=told)
        while True:
            change = await queue.wait()
            if change is None:
                for number, event in enumerate(_state(live, queue, anew), 1):
                    told = event.revision
                    yield event
                    if number % AT_ONCE == 0:
                        await asyncio.sleep(0)
                anew = True
            elif change.revision > told:
                told = change.revision
                yield WatchEvent(change.info(live.bucket), revision=told)
            elif _vanished(change, live.bucket):
                yield WatchEvent(replace(change.info(live.bucket), deleted=True), revision=told)


def _state(live: LiveBucket, queue: EventQueue, anew: bool) -> Iterator[WatchEvent]:
    """What the queue gets from the moment on in which the index is read is newer than all of it."""
    if anew:
        yield WatchEvent(refresh=True)
    queue.restart()
    revision = live.revision
    yield from map(WatchEvent, live.index.infos())
    yield WatchEvent(caught_up=True, revision=revision)


def _vanished(entry: Entry, bucket: str) -> bool:
    """No message said so."""
    return entry.deleted and not entry.info(bucket).deleted


class _Since:
    """The messages after one, up to another, read as the caller takes them: what is not taken yet is bounded."""

    def __init__(self, js: JetStream, bucket: str, after: int, until: int) -> None:
        self._js = js
        self._bucket = bucket
        self._until = until
        self._entries: deque[Entry] = deque()
        self._read = after
        self._consumer: Consumer | None = None
        self.last = after

    async def entries(self) -> AsyncGenerator[Entry, None]:
        while self.last < self._until:
            async with Consumer(self._js, self._bucket, self._take, after=self._read, heartbeat=HEARTBEAT) as consumer:
                self._consumer = consumer
                while not consumer.broken and not (consumer.drained and self._read >= self._until):
                    if not self._entries and not await consumer.wait(SILENCE):
                        break
                    while self._entries:
                        yield self._next()
                    if consumer.drained and self._read < self._until and await self._is_gone(self._until):
                        self._until = self._read
            while self._entries:
                yield self._next()

    def _next(self) -> Entry:
        entry = self._entries.popleft()
        self.last = entry.revision
        return entry

    def _take(self, token: str, raw: bytes, delivery: Delivery) -> None:
        self._entries.append(Entry.read(token, raw, delivery.stream, delivery.time_ns).for_listing(self._bucket))
        self._read = delivery.stream
        if len(self._entries) >= MAX_QUEUED and self._consumer is not None:
            self._consumer.break_off()

    async def _is_gone(self, sequence: int) -> bool:
        with suppress(ObjectNotFound):
            await self._js.api(f"STREAM.MSG.GET.{stream_name(self._bucket)}", {"seq": sequence}, about=self._bucket)
            return False
        return True
