"""Where the links that somebody has on the screen lead, kept true while they look, without asking the server for each of them."""

import asyncio
from collections.abc import Collection
from contextlib import ExitStack
from typing import Self

from ..access import AnyUser, RoleMap, roles
from ..objectstore import Link, LiveBucket
from ..objectstore.entry import Entry
from . import linklist
from .linklist import LinkState

# Of so many other buckets the lists are read because a listing has links into them; what links into more say is looked up when followed.
MOST_BUCKETS = 8
SECONDS = 0.5


class LinkTargets:
    """For one reader of ``live``. As a context it also tells of changes: ``changed`` is set when a link that was last looked at may have
    got another state. What the reader may not see is never looked at."""

    def __init__(self, user: AnyUser, live: LiveBucket) -> None:
        self._user = user
        self._here = live
        self._held = RoleMap()
        self._lives: dict[str, LiveBucket | None] = {}
        self._links: frozenset[Link] = frozenset()
        self._told = ExitStack()
        self._told_by: set[str] = set()
        self._watching = False
        self.changed = asyncio.Event()

    def __enter__(self) -> Self:
        self._watching = True
        return self

    def __exit__(self, *_: object) -> None:
        self._told.close()

    def state(self, to: Link) -> LinkState:
        """As far as is known: UNKNOWN until it was looked at."""
        if to.bucket == self._here.bucket:
            if to.name is None or to.name in self._here.index:
                return LinkState.FINE
            return LinkState.DANGLING if self._here.ready else LinkState.UNKNOWN
        if to not in self._links:
            return LinkState.UNKNOWN
        if self._held.of(to.bucket) is None:
            return LinkState.HIDDEN
        live = self._lives.get(to.bucket)
        if live is None:
            return LinkState.DANGLING if to.bucket in self._lives else LinkState.UNKNOWN
        if live.gone:
            return LinkState.DANGLING
        if not live.ready:
            return LinkState.UNKNOWN
        return LinkState.FINE if to.name is None or to.name in live.index else LinkState.DANGLING

    async def look(self, links: Collection[Link], *, anew: bool = False, seconds: float = SECONDS) -> bool:
        """Know where these lead; those into this bucket are known anyway. anew: also what is known already, such as that there is no such
        bucket. True when something may have another state than before."""
        others = frozenset(link for link in links if link.bucket != self._here.bucket)
        if others == self._links and not anew:
            return False
        before = {link: self.state(link) for link in others}
        self._links = others
        wanted = sorted({link.bucket for link in others})[:MOST_BUCKETS]
        if not wanted:
            return False
        self._held = await roles(self._user)
        missing = [name for name in wanted if anew or name not in self._lives]
        self._lives |= await linklist.lives_of([name for name in missing if self._held.of(name)], seconds)
        self._listen()
        return any(self.state(link) is not state for link, state in before.items())

    def _listen(self) -> None:
        if not self._watching:
            return
        for name, live in self._lives.items():
            if live is not None and name not in self._told_by:
                self._told_by.add(name)
                self._told.enter_context(live.subscribed(_Told(self, name)))

    def tell(self, bucket: str, name: str) -> None:
        if Link(bucket, name) in self._links:
            self.changed.set()

    def forget(self, bucket: str) -> None:
        """It is another one from now on, or none."""
        self._told_by.discard(bucket)
        self.changed.set()


class _Told:
    """What another bucket's watch tells: only what the screen shows counts."""

    def __init__(self, targets: LinkTargets, bucket: str) -> None:
        self._targets = targets
        self._bucket = bucket

    def add(self, entry: Entry) -> None:
        self._targets.tell(self._bucket, entry.name)

    def add_everything(self) -> None:
        self._targets.changed.set()

    def add_folders(self) -> None:
        pass

    def add_gone(self) -> None:
        self._targets.forget(self._bucket)

    def add_closed(self) -> None:
        self._targets.forget(self._bucket)
