"""The live buckets of one store: begun when asked for, tended while they are used, checked, saved and dropped."""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from pathlib import Path

from ..errors import BucketNotFound, ObjectStoreError, Unavailable
from ..folders import FOLDERS_BUCKET, FoldersState, KeptFolders
from ..model import BucketStatus
from ..names import metadata_wildcard, stream_name
from ..stream.messages import Messages
from ..stream.streams import Streams
from ..times import parse_time
from ..transport.jetstream import JetStream
from ..transport.wire import RawMessage
from .clock import ServerClock
from .events import WatchEvent, follow
from .live import LiveBucket
from .snapshot import Position, Snapshots
from .watch import Watch

logger = logging.getLogger(__name__)

CATCH_UP_SECONDS = 1.0
SWEEP_SECONDS = 1.0
SETTINGS_SECONDS = 30.0
SAVE_SECONDS = 300.0
CHECK_SHARE = 50
PAST_ALL = 2**31
LOADING_SECONDS = 10.0
LOADING_AT_ONCE = 8
RETRY_PAUSE = 1.0
FOLDERS_SECONDS = 30.0
FOLDERS_FIRST_SECONDS = 1.0
# What is heard of a change may come before it is stored, and is not read: it says when to look.
LOOKS_AFTER_CHANGE = (0.0, 0.2, 1.0)


class LiveBuckets:
    """By name; each is dropped when nobody has used it for ten minutes."""

    def __init__(self, js: JetStream, streams: Streams, folders: KeptFolders, snapshots: Path | None = None) -> None:
        self._js = js
        self._streams = streams
        self._folders = folders
        self._snapshots = Snapshots(snapshots)
        self._live: dict[str, tuple[LiveBucket, asyncio.Task[None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._cleaning: asyncio.Task[None] | None = None

    async def get(self, bucket: str) -> LiveBucket:
        """Raises BucketNotFound (only when it is not watched yet)."""
        found = self.peek(bucket)
        if found is None:
            status = await self._streams.status(bucket)
            found = self.peek(bucket) or self._start(bucket, status)
        found.used = time.monotonic()
        return found

    def peek(self, bucket: str) -> LiveBucket | None:
        """The live bucket if there is one; it is not kept alive by this."""
        found = self._live.get(bucket)
        return found[0] if found is not None and not found[0].gone else None

    def all(self) -> list[LiveBucket]:
        """Those that there are now, by name."""
        return [self._live[name][0] for name in sorted(self._live) if not self._live[name][0].gone]

    async def caught_up(self, bucket: str, revision: int) -> None:
        """Wait (a second at most) until a listing made now has what this process has just written."""
        live = self.peek(bucket)
        if live is not None and live.ready:
            await live.wait_revision(revision, CATCH_UP_SECONDS)

    async def watch(self, bucket: str, after: int | None) -> AsyncGenerator[WatchEvent, None]:
        """See ``ObjectStore.watch``."""
        async with contextlib.aclosing(follow(await self.get(bucket), self._js, after)) as events:
            async for event in events:
                yield event

    async def backlinks(self, bucket: str, name: str | None, among: Iterable[str]) -> list[tuple[str, str]]:
        """See ``ObjectStore.backlinks``."""
        room = asyncio.Semaphore(LOADING_AT_ONCE)

        async def look(elsewhere: str) -> list[tuple[str, str]]:
            async with room:
                try:
                    live = await self.get(elsewhere)
                except BucketNotFound:
                    return []
                if not await live.wait_ready(LOADING_SECONDS):
                    raise Unavailable(f"The bucket {elsewhere!r} is still being read. Please try again in a moment.")
                return [(elsewhere, link) for link in live.index.links_to(bucket, name)]

        return sorted(itertools.chain(*await asyncio.gather(*map(look, set(among)))))

    def keep(self, bucket: str, state: FoldersState) -> None:
        """We have changed them ourselves: tell at once."""
        live = self.peek(bucket)
        if live is not None:
            live.keep(state)

    def lists(self, bucket: str, name: str) -> bool:
        live = self.peek(bucket)
        return live is not None and live.index.get(name) is not None

    def gone(self, bucket: str) -> None:
        """We deleted it ourselves: tell at once."""
        found = self._live.pop(bucket, None)
        if found is not None:
            found[0].on_gone()
            found[1].cancel()

    async def close(self) -> None:
        for live, task in self._live.values():
            live.on_closed()
            task.cancel()
        if self._cleaning is not None:
            self._cleaning.cancel()
            self._tasks.add(self._cleaning)
        self._live.clear()
        await asyncio.gather(*self._tasks, return_exceptions=True)  # also those that are ending by themselves

    def _start(self, bucket: str, status: BucketStatus) -> LiveBucket:
        live = LiveBucket(bucket, status.config.ttl)
        tended = _Tended(self._js, self._streams, self._folders, self._snapshots, live, ServerClock(status.time_ns))
        task = asyncio.create_task(tended.run(lambda: self._drop(live)), name=f"live-{bucket}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._live[bucket] = (live, task)
        if self._cleaning is None:
            self._cleaning = asyncio.create_task(self._clean(), name="live-snapshots")
        return live

    def _drop(self, live: LiveBucket) -> None:
        live.on_closed()
        if self._live.get(live.bucket, (None,))[0] is live:
            del self._live[live.bucket]

    async def _clean(self) -> None:
        with contextlib.suppress(ObjectStoreError):
            await self._snapshots.forget_all_but({status.name for status in await self._streams.list()})


class _Tended:
    """One live bucket's life."""

    def __init__(
        self, js: JetStream, streams: Streams, folders: KeptFolders, snapshots: Snapshots, live: LiveBucket, clock: ServerClock
    ) -> None:
        self._js = js
        self._streams = streams
        self._messages = Messages(js)
        self._folders = folders
        self._folders_read = asyncio.Event()
        self._snapshots = snapshots
        self._live = live
        self._clock = clock
        self._watch = Watch(js, live.bucket, live)
        self._saved = Position()
        self._save_at = self._settings_at = self._check_at = 0.0
        self._checked: tuple[object, ...] = ()

    async def run(self, dropped: Callable[[], None]) -> None:
        """``dropped`` is called when it ends, in the same moment: nobody may be given it from then on."""
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._restore()
            tasks.append(asyncio.create_task(self._watch.run(), name=f"watch-{self._live.bucket}"))
            tasks.append(asyncio.create_task(self._settle(), name=f"watch-{self._live.bucket}-settle"))
            tasks.append(asyncio.create_task(self._follow_folders(), name=f"watch-{self._live.bucket}-folders"))
            await self._tend(tasks)
        finally:
            dropped()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._end()

    async def _restore(self) -> None:
        found = await self._snapshots.load(self._live.bucket)
        if found is not None:
            index, self._saved = found
            await self._live.restore(index)
            self._watch.position = self._saved

    async def _end(self) -> None:
        if self._live.gone:
            await self._snapshots.forget(self._live.bucket)
        else:
            await self._save()

    async def _save(self) -> None:
        """What the index and the watch say together is one state: there is no await between looking at the two."""
        if self._live.whole and self._watch.position != self._saved:
            self._saved = self._watch.position
            await self._snapshots.save(self._live.index, self._saved)

    async def _settle(self) -> None:
        """Make the index of what has come each time that is all, and see whether it is."""
        live = self._live
        while not live.gone:
            await live.drained.wait()
            live.drained.clear()
            restored = not live.filling
            await live.settle()
            if live.filling:
                continue  # it has begun anew meanwhile
            try:
                if not restored or not await self._has_vanished():
                    await self._wait_for_folders()
                    live.become_ready()
                    continue
                logger.info("the snapshot of %s has what is no longer there: all is read anew", live.bucket)
                self._watch.restart()
            except ObjectStoreError as error:
                logger.info("checking the snapshot of %s: %s", live.bucket, error)
                await asyncio.sleep(RETRY_PAUSE)
                live.on_drained()

    async def _follow_folders(self) -> None:
        """Keep up with the folders that are there without an object: at once where it is heard of, else every half minute."""
        while not self._live.gone:
            try:
                await self._hear_of_folders()
            except ObjectStoreError as error:
                logger.info("folders of %s: %s", self._live.bucket, error)
                await asyncio.sleep(RETRY_PAUSE)

    async def _wait_for_folders(self) -> None:
        """So that the first look shows all; but nobody waits long for them."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FOLDERS_FIRST_SECONDS):
                await self._folders_read.wait()

    async def _hear_of_folders(self) -> None:
        stale = self._live.folders_stale

        def heard(_: RawMessage) -> None:
            stale.set()

        subscription = await self._js.connection.subscribe(f"$KV.{FOLDERS_BUCKET}.{self._live.bucket}", heard)
        try:
            while not self._live.gone:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(FOLDERS_SECONDS):
                        await stale.wait()
                looks = LOOKS_AFTER_CHANGE if stale.is_set() else LOOKS_AFTER_CHANGE[:1]
                stale.clear()
                for pause in looks:
                    await asyncio.sleep(pause)
                    await self._read_folders()
        finally:
            with contextlib.suppress(ObjectStoreError):
                await subscription.unsubscribe()

    async def _read_folders(self) -> None:
        created = parse_time(self._watch.position.created)
        if created is not None:
            with contextlib.suppress(ObjectStoreError):
                self._live.keep(await self._folders.get(self._live.bucket, created))
            self._folders_read.set()

    async def _tend(self, tasks: list[asyncio.Task[None]]) -> None:
        """Expire what is too old, keep up with changed settings, and end when nobody looks."""
        live, watch = self._live, tasks[0]
        self._settings_at = time.monotonic() + SETTINGS_SECONDS
        self._save_at = time.monotonic() + SAVE_SECONDS
        while not live.idle and not watch.done():
            await asyncio.wait(tasks, timeout=SWEEP_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            await live.prepare()
            await live.expire(self._clock.now_ns())
            await self._when_due()
            for task in tasks:
                if task.done() and not task.cancelled() and (error := task.exception()):
                    logger.error("watch of %s failed", live.bucket, exc_info=error)
                    return

    async def _when_due(self) -> None:
        now = time.monotonic()
        if now >= self._settings_at:
            self._settings_at = now + SETTINGS_SECONDS
            with contextlib.suppress(ObjectStoreError):
                await self._refresh()
        elif self._live.newcomers:
            with contextlib.suppress(ObjectStoreError):
                await self._check()
        if now >= self._save_at:
            self._save_at = now + SAVE_SECONDS
            await self._save()

    async def _refresh(self) -> None:
        status = await self._streams.status(self._live.bucket)
        self._clock.set(status.time_ns)
        await self._live.set_ttl(status.config.ttl)
        state = (*_state(status), self._live.revision)  # a message may come after its subject was purged
        if state != self._checked and await self._check():
            self._checked = state

    async def _check(self) -> bool:
        """Keep up with what vanished without a message: by count. True when all that the index has was found to be there."""
        live, begin = self._live, time.monotonic()
        if not live.whole or begin < self._check_at:
            return False
        right = not await self._has_vanished()
        if not right and live.newcomers:
            await self._drop_former_names()
            right = not await self._has_vanished()
        live.newcomers.clear()
        if not right:
            logger.info("objects of %s have vanished without a message: all is read anew", live.bucket)
            self._watch.restart()
        self._check_at = time.monotonic() + CHECK_SHARE * (time.monotonic() - begin)
        return right

    async def _drop_former_names(self) -> None:
        for name in await self._live.former_names():
            if await self._messages.last(self._live.bucket, name) is None:
                self._live.vanished(name)

    async def _has_vanished(self) -> bool:
        """Whether the index knows subjects that the stream has no longer.

        A subject stays in the stream until it is purged or expires, so the leader never has fewer than have been seen before it was asked.
        """
        live = self._live
        await live.expire(self._clock.now_ns())
        known = live.index.subjects
        return known > 0 and await self._count() < known

    async def _count(self) -> int:
        """How many metadata subjects the leader has. A page past the last says it without listing them (0.1 s for 100,000)."""
        body = {"subjects_filter": metadata_wildcard(self._live.bucket), "offset": PAST_ALL}
        try:
            answer = await self._js.api(f"STREAM.INFO.{stream_name(self._live.bucket)}", body, about=self._live.bucket)
        except BucketNotFound:
            return 0
        return int(answer.get("total", 0))


def _state(status: BucketStatus) -> tuple[object, ...]:
    stream = status.stream
    return (status.created, stream.messages, stream.first_seq, stream.last_seq, stream.subjects)
