"""The links of a bucket as pages show them: in order, a page at a time, with how many there are and how many lead nowhere.

What was worked out once is kept for a while, and afterwards costs what changes, not what there is: each change of the bucket, or of one
that its links lead to, is noted by name and looked at with the next question.
"""

import asyncio
import heapq
from collections.abc import Collection, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from weakref import WeakKeyDictionary

from ..access import AnyUser, Role, RoleMap, require, roles
from ..objectstore import Link, LiveBucket
from ..objectstore.entry import Entry
from ..objectstore.index.ordered import Ordered
from ..objectstore.index.stepsort import sort
from . import linklist
from .linklist import PATIENCE, STEP, FoundLink, LinkState
from .runtime import store

# So long (seconds) after the last question it is kept, and the buckets that it follows stay live.
KEPT_SECONDS = 60.0
MOST_NOTED = 10_000


@dataclass(frozen=True, slots=True)
class LinkPage:
    """``links``: those of one page, by name, of ``total`` that were asked for. ``all``, ``dangling``: how many the bucket has.
    ``complete``: False while the lists of some buckets are still being read."""

    links: list[FoundLink]
    total: int
    all: int
    dangling: int
    page: int
    complete: bool


async def own_page(
    user: AnyUser, bucket: str, *, dangling: bool = False, query: str = "", page: int = 1, size: int = 100, seconds: float = PATIENCE
) -> LinkPage:
    """VIEWER. A page (from 1; the last one if there are fewer) of the links in the bucket, or of those that lead nowhere, whose name or
    target's name contains ``query`` in any case. seconds: how long to wait for the lists of the buckets they lead to.

    Raises ``BucketNotFound``. A query looks at all of them; nothing else does, but for the first question.
    """
    await require(user, bucket, Role.VIEWER)
    held, here = await roles(user), await (await store()).live(bucket)
    await here.wait_ready(seconds)
    book = _books.get(here)
    if book is None or book.closed:
        book = _books[here] = LinkBook(here)
    async with book.lock:
        await book.look(held, seconds)
        return await book.page(held, dangling, query, page, size)


class _Noted:
    """What a bucket's watch has told: the names that changed, or ``everything``."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.everything = True

    def add(self, entry: Entry) -> None:
        self.names.add(entry.name)
        if len(self.names) > MOST_NOTED:
            self.add_everything()

    def add_everything(self) -> None:
        self.names.clear()
        self.everything = True

    def add_folders(self) -> None:
        pass

    def add_gone(self) -> None:
        self.add_everything()

    def add_closed(self) -> None:
        self.add_everything()


class LinkBook:
    """Of one live bucket. One question at a time, under its ``lock``."""

    def __init__(self, here: LiveBucket) -> None:
        self._here = here
        self._names: Ordered[str] = Ordered(str)
        # By the bucket that they lead to, of those buckets that somebody who asked may see.
        self._dangling: dict[str, Ordered[str]] = {}
        self._targets: set[str] = set()
        self._lives: dict[str, LiveBucket | None] = {}
        self._noted: dict[str, _Noted] = {}
        self._told = ExitStack()
        self._timer: asyncio.TimerHandle | None = None
        self.lock = asyncio.Lock()
        self.closed = False
        self._follow(here)

    async def look(self, held: RoleMap, seconds: float) -> None:
        """Take in what has changed. Buckets that the user may not see are not looked at for them."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(KEPT_SECONDS, self.close)
        while True:
            anew = self._is_stale()
            if anew:
                self._targets = await self._find_targets()
            else:
                for place in list(self._noted):
                    await self._take(place)
            if await self._learn([name for name in self._targets if held.of(name) and not self._is_known(name)], seconds) or anew:
                await self._begin()
            if not self._is_stale():
                return

    async def _learn(self, buckets: Collection[str], seconds: float) -> bool:
        """Follow those of these that are there now. True when any is another one than before."""
        found = await linklist.lives_of(buckets, seconds) if buckets else {}
        now = {name: None if live is None or live.gone else live for name, live in found.items()}
        others = {name: live for name, live in now.items() if self._lives.get(name, UNREAD) is not live}
        self._lives |= others
        for live in others.values():
            self._follow(live)
        return bool(others)

    def _is_stale(self) -> bool:
        return any(noted.everything for noted in self._noted.values())

    def close(self) -> None:
        self._told.close()
        self.closed = True
        if _books.get(self._here) is self:
            del _books[self._here]

    def _is_known(self, bucket: str) -> bool:
        live = self._here if bucket == self._here.bucket else self._lives.get(bucket)
        return live is not None and not live.gone

    def _follow(self, live: LiveBucket | None) -> None:
        if live is not None and not live.gone:
            self._noted[live.bucket] = _Noted()
            self._told.enter_context(live.subscribed(self._noted[live.bucket]))

    async def _find_targets(self) -> set[str]:
        found: set[str] = set()
        index = self._here.index
        for number, name in enumerate(index.link_names(), 1):
            if (to := index.link(name)) is not None:
                found.add(to.bucket)
            if number % STEP == 0:
                await asyncio.sleep(0)
        return found

    async def _begin(self) -> None:
        """From the indexes as they are; what changes meanwhile is noted, and taken in afterwards."""
        for noted in self._noted.values():
            noted.everything = False
            noted.names.clear()
        index = self._here.index
        pieces: list[list[str]] = []
        for _ in sort(index.link_names(), str, pieces):
            await asyncio.sleep(0)
        dangling: dict[str, list[str]] = {}
        for number, name in enumerate((name for piece in pieces for name in piece), 1):
            if (to := index.link(name)) is not None:
                self._targets.add(to.bucket)
                if self._leads(to) is LinkState.DANGLING:
                    dangling.setdefault(to.bucket, []).append(name)
            if number % STEP == 0:
                await asyncio.sleep(0)
        self._names = Ordered.of_sorted(str, [piece for piece in pieces if piece])
        self._dangling = {bucket: Ordered.of_sorted(str, [names]) for bucket, names in dangling.items()}

    async def _take(self, place: str) -> None:
        """What comes meanwhile is for the next question."""
        noted = self._noted[place]
        names, noted.names = noted.names, set()
        updated = 0
        for name in names:
            own = [name] if place == self._here.bucket else []
            for link in own + list(self._here.index.links_to(place, name)):
                self._update(link)
                updated += 1
                if updated % STEP == 0:
                    await asyncio.sleep(0)

    def _update(self, name: str) -> None:
        """What is known of the link ``name``, which may be one no more."""
        to = self._here.index.link(name)
        for names in self._dangling.values():
            if _has(names, name):
                names.remove(name)
        if (to is not None) is not _has(self._names, name):
            (self._names.add if to is not None else self._names.remove)(name)
        if to is not None:
            self._targets.add(to.bucket)
            if self._leads(to) is LinkState.DANGLING:
                self._dangling.setdefault(to.bucket, Ordered(str)).add(name)

    def _leads(self, to: Link) -> LinkState:
        live = self._here if to.bucket == self._here.bucket else self._lives.get(to.bucket, UNREAD)
        if live is None:
            return LinkState.DANGLING
        if isinstance(live, str) or not live.ready:
            return LinkState.UNKNOWN
        there = not live.gone and (to.name is None or to.name in live.index)
        return LinkState.FINE if there else LinkState.DANGLING

    def _found(self, name: str, held: RoleMap) -> FoundLink | None:
        to = self._here.index.link(name)
        if to is None:
            return None
        return FoundLink(self._here.bucket, name, to, self._leads(to) if held.of(to.bucket) else LinkState.HIDDEN)

    async def page(self, held: RoleMap, dangling: bool, query: str, page: int, size: int) -> LinkPage:
        broken = [names for bucket, names in self._dangling.items() if held.of(bucket)]
        lost = sum(map(len, broken))
        if query:
            listed = await self._matching(heapq.merge(*broken) if dangling else iter(self._names), query.casefold())
            total = len(listed)
        else:
            total = lost if dangling else len(self._names)
        page = min(page, max(1, -(-total // size)))
        start, stop = (page - 1) * size, page * size
        if query:
            names = listed[start:stop]
        else:
            names = list(islice(heapq.merge(*broken), start, stop)) if dangling else self._names.slice(start, stop)
        links = [found for name in names if (found := self._found(name, held)) is not None]
        complete = self._here.ready and all(not held.of(name) or self._is_read(name) for name in self._targets)
        return LinkPage(links, total, len(self._names), lost, page, complete)

    def _is_read(self, bucket: str) -> bool:
        live = self._here if bucket == self._here.bucket else self._lives.get(bucket, UNREAD)
        return live is None or (not isinstance(live, str) and live.ready)

    async def _matching(self, names: Iterable[str], words: str) -> list[str]:
        found: list[str] = []
        for number, name in enumerate(list(names), 1):
            to = self._here.index.link(name)
            if to is not None and (words in name.casefold() or words in (to.name or "").casefold()):
                found.append(name)
            if number % STEP == 0:
                await asyncio.sleep(0)
        return found


UNREAD = "unread"
_books: WeakKeyDictionary[LiveBucket, LinkBook] = WeakKeyDictionary()


def _has(names: Ordered[str], name: str) -> bool:
    return names.at_or_after(name) == name
