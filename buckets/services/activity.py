"""What happens in all buckets, for dashboards.

It is heard from the buckets' live indexes, of which a process has one each, with one watch: all dashboards of the process share them, and
what is told to them is put together once for all who may see the same. A dashboard keeps the indexes of the buckets that it shows alive,
at most ``DASHBOARD_BUCKETS`` of them, those that changed last; they are read a few at a time.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

from django.conf import settings

from ..access import AnyUser, RoleMap, roles
from ..objectstore import Activity, BucketNotFound, LiveBucket, ObjectStore, ObjectStoreError
from ..objectstore.entry import Entry
from . import background, overview
from .runtime import store
from .turns import Following, Moment, Place, Seen, Turn

log = logging.getLogger(__name__)

PAUSE = 0.25
LONGEST_PAUSE = 0.7
AT_ONCE = 25
LOOK_SECONDS = 3.0
READING_AT_ONCE = 4
READING_SECONDS = 60.0
QUIET_SECONDS = 60.0
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Viewer:
    """One dashboard. ``wake`` is set when there is something new for it; ``wanted``: the bucket that it shows alone, or ""."""

    def __init__(self, hub: "Hub", held: RoleMap) -> None:
        self.wake = asyncio.Event()
        self.wanted = ""
        self.held = held
        self._hub = hub
        self._places: tuple[tuple[Place, ...], RoleMap, tuple[Place, ...]] = ((), held, ())
        self._named: tuple[tuple[Place, ...], frozenset[str]] = ((), frozenset())

    @property
    def places(self) -> tuple[Place, ...]:
        """The buckets that may be seen there, by name; the same tuple as long as nothing has changed."""
        if self._places[0] is not self._hub.places or self._places[1] is not self.held:
            seen = tuple(place for place in self._hub.places if self.held.of(place.name))
            self._places = (self._hub.places, self.held, seen if seen != self._places[2] else self._places[2])
        return self._places[2]

    @property
    def turn(self) -> Turn:
        return self._hub.turn

    def look(self) -> Seen:
        """As it is in this turn, which comes as soon as a bucket is followed."""
        places, turn = self.places, self._hub.turn
        if places is not self._named[0]:
            self._named = (places, frozenset(place.name for place in places))
        names = self._named[1]
        if names not in turn.seen:
            followed = ((name, self._hub.activity(name)) for name in names)
            turn.seen[names] = Seen(names, {name: activity for name, activity in followed if activity is not None})
        return turn.seen[names]

    def want(self, bucket: str) -> None:
        """Follow this bucket whatever the others do, if it may be seen."""
        if bucket != self.wanted:
            self.wanted = bucket
            self._hub.look()

    async def check(self, user: AnyUser) -> None:
        """VIEWER, in each bucket. What the user may see now."""
        held = await roles(user)
        if held != self.held:
            self.held = held
            self._hub.look()


@contextlib.asynccontextmanager
async def watching(user: AnyUser) -> AsyncIterator[Viewer]:
    """VIEWER, in each bucket. A dashboard of the buckets that the user may see, while the context lasts."""
    held = await roles(user)
    hub = _hubs.setdefault(files := await store(), Hub(files))
    viewer = Viewer(hub, held)
    hub.join(viewer)
    try:
        yield viewer
    finally:
        hub.leave(viewer)


class Hub:
    """All dashboards of a store; it works while there are any."""

    def __init__(self, files: ObjectStore) -> None:
        self._store = files
        self._viewers: set[Viewer] = set()
        self._followed: dict[str, _Followed] = {}
        self._seen: dict[str, bool] = {}
        self._asked = asyncio.Event()
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._room = asyncio.Semaphore(READING_AT_ONCE)
        self.places: tuple[Place, ...] = ()
        self.turn = Turn(Moment.now())

    def join(self, viewer: Viewer) -> None:
        self._viewers.add(viewer)
        self.turn = self.turn if self._tasks else Turn(Moment.now())
        self.look()
        if not self._tasks:
            self._tasks = [background.start(self._look(), "dashboards' buckets"), background.start(self._tell(), "dashboards")]

    def leave(self, viewer: Viewer) -> None:
        self._viewers.discard(viewer)
        if not self._viewers:
            for task in self._tasks:
                task.cancel()
            self._tasks = []
            self._follow(())
            self.places, self._seen = (), {}

    def activity(self, name: str) -> Activity | None:
        followed = self._followed.get(name)
        return followed.live.activity if followed is not None and followed.live is not None else None

    def look(self) -> None:
        """At which buckets there are, and who wants to see which."""
        self._asked.set()

    def changed(self) -> None:
        """Something has happened in a bucket that is followed."""
        self._changed.set()

    def gone(self, name: str) -> None:
        overview.forget()
        self._seen.pop(name, None)
        self._arrange()

    async def _tell(self) -> None:
        """Wake all dashboards when something has changed: at most four times a second, and for at most half of the process's time."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            began = time.perf_counter()
            self.turn = Turn(Moment.now())
            await self._wake()
            took = time.perf_counter() - began
            await asyncio.sleep(min(LONGEST_PAUSE, max(PAUSE - took, took)))

    async def _wake(self) -> None:
        """A few at a time: nothing else has to wait for all of them."""
        for number, viewer in enumerate(list(self._viewers), 1):
            viewer.wake.set()
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _look(self) -> None:
        while True:
            self._asked.clear()
            try:
                seen = await overview.glance(patience=None)
            except ObjectStoreError as error:
                log.info("the dashboards' buckets: %s", error)
            except Exception:  # or all dashboards would stand still until the last one is closed
                log.exception("the dashboards' buckets")
            else:
                self._take(seen)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._asked.wait()

    def _take(self, seen: overview.Overview) -> None:
        """Follow those that somebody may see: those that are looked at alone, those in which something happens, those that changed last."""
        maps = list({id(viewer.held): viewer.held for viewer in self._viewers}.values())
        there = [each.status for each in seen.buckets if any(held.of(each.status.name) for held in maps)]
        self._seen = {status.name: status.name in seen.histories for status in there}
        wanted = {viewer.wanted for viewer in self._viewers if viewer.held.of(viewer.wanted)}
        lately = time.monotonic() - QUIET_SECONDS
        busy = {name for name, each in self._followed.items() if each.heard > lately}
        there.sort(key=lambda status: status.stream.last_time or LONG_AGO, reverse=True)
        there.sort(key=lambda status: (status.name not in wanted, status.name not in busy))
        most = max(settings.DASHBOARD_BUCKETS, len(wanted))
        self._follow(status.name for status in there[:most])
        self._arrange()

    def _follow(self, names: Iterable[str]) -> None:
        chosen = list(names)
        for name in self._followed.keys() - set(chosen):
            self._followed.pop(name).task.cancel()
        for name in chosen:
            if name not in self._followed:
                self._followed[name] = _Followed(self, self._store, name, self._room)

    def ended(self, followed: "_Followed") -> None:
        """It may be followed again at the next look."""
        if self._followed.get(followed.name) is followed:
            del self._followed[followed.name]

    def _arrange(self) -> None:
        """Tell the dashboards of other buckets, or of buckets that are read by now."""
        places = tuple(Place(name, self._following(name), history) for name, history in sorted(self._seen.items()))
        if places != self.places:
            self.places = places
            self.changed()

    def _following(self, name: str) -> Following:
        followed = self._followed.get(name)
        if followed is None or followed.live is None:
            return Following.WAITING
        return Following.FOLLOWED if followed.live.ready else Following.READING

    def read(self) -> None:
        self._arrange()
        self.changed()


class _Followed:
    """One bucket, heard for all dashboards (a ``Subscriber`` of its live index)."""

    def __init__(self, hub: Hub, files: ObjectStore, name: str, room: asyncio.Semaphore) -> None:
        self.name = name
        self.live: LiveBucket | None = None
        self.heard = 0.0
        self._hub = hub
        self._store = files
        self._room = room
        self._over = asyncio.Event()
        self.task = background.start(self._run(), f"the dashboards' bucket {name}")

    async def _run(self) -> None:
        try:
            with contextlib.ExitStack() as stack:
                async with self._room:
                    live = await self._store.live(self.name)
                    stack.enter_context(live.subscribed(self))
                    self.live = live
                    await live.wait_ready(READING_SECONDS)
                self._hub.read()
                await self._over.wait()
        except BucketNotFound:
            self._hub.gone(self.name)
        except ObjectStoreError as error:
            log.info("the dashboards' bucket %s: %s", self.name, error)
        finally:
            self._hub.ended(self)

    def add(self, _: Entry) -> None:
        self.heard = time.monotonic()
        self._hub.changed()

    def add_everything(self) -> None:
        """What has happened is known all the same."""

    def add_folders(self) -> None:
        """No object has changed."""

    def add_gone(self) -> None:
        self._over.set()
        self._hub.gone(self.name)

    def add_closed(self) -> None:
        self._over.set()


_hubs: WeakKeyDictionary[ObjectStore, Hub] = WeakKeyDictionary()
