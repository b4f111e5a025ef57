"""Where links lead: all of a bucket, those that come from elsewhere, those that lead to what is about to go.

Answered from the live indexes. What a user may not see is never asked for: a link into a hidden bucket tells nothing about its target.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import TypeAlias

from ..access import AnyUser, Role, RoleMap, require, roles
from ..objectstore import BucketNotFound, Index, InvalidBucketName, Link, LiveBucket
from ..objectstore.index.stepsort import sort
from .prefixes import begins, outermost
from .runtime import store

LOOKING_AT_ONCE = 8
STEP = 2_000
PATIENCE = 1.5
# A bucket's live index by its name; None: there is no such bucket. One that is missing here is still being read.
Lives: TypeAlias = Mapping[str, LiveBucket | None]
# The bucket that a link is in, its name, and what it leads to.
Leading: TypeAlias = tuple[str, str, Link]


class LinkState(StrEnum):
    """DANGLING: nothing is there. HIDDEN: in a bucket that the user may not see. UNKNOWN: that bucket's list is still being read."""

    FINE = "fine"
    DANGLING = "dangling"
    HIDDEN = "hidden"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FoundLink:
    """The link ``name`` in ``bucket``, and whether what it leads to is there."""

    bucket: str
    name: str
    to: Link
    state: LinkState


@dataclass(frozen=True, slots=True)
class LinkList:
    """By bucket and name. ``complete``: False while the lists of some buckets are still being read."""

    links: Sequence[FoundLink]
    complete: bool = True

    def dangling(self) -> list[FoundLink]:
        return [link for link in self.links if link.state is LinkState.DANGLING]


async def own_links(user: AnyUser, bucket: str, *, seconds: float = PATIENCE) -> LinkList:
    """VIEWER. All links in the bucket. seconds: how long to wait for the lists of the buckets they lead to.

    Raises ``BucketNotFound``.
    """
    await require(user, bucket, Role.VIEWER)
    held, here = await roles(user), await (await store()).live(bucket)
    await here.wait_ready(seconds)
    lives = await _lives({to.bucket async for _, _, to in _links(bucket, here.index)} | {bucket}, held, seconds)
    found = await _in_order([_found(link, held, lives) async for link in _links(bucket, here.index)])
    return LinkList(found, here.ready and all(link.state is not LinkState.UNKNOWN for link in found))


async def links_from_elsewhere(user: AnyUser, bucket: str, *, seconds: float = PATIENCE) -> LinkList:
    """VIEWER. The links in other buckets that the user may see, to this one or to an object in it. Raises ``BucketNotFound``."""
    held, lives, complete = await _all_lives(user, bucket, seconds)
    elsewhere = {place: live for place, live in lives.items() if live is not None and place != bucket}
    there = (link for place, live in elsewhere.items() async for link in _links(place, live.index))
    found = [_found(link, held, lives) async for link in there if link[2].bucket == bucket]
    return LinkList(await _in_order(found), complete)


async def links_to(
    user: AnyUser, bucket: str, names: Collection[str], folders: Collection[str] = (), *, seconds: float = PATIENCE
) -> LinkList:
    """VIEWER. The links, wherever the user may see them, to any of these objects or to one below these folders ("a/"); but not those that
    are themselves among them: they would go as well. Raises ``BucketNotFound``."""
    held, lives, complete = await _all_lives(user, bucket, seconds)
    among, below = frozenset(names), outermost(folder for folder in folders if folder)

    def goes(what: Link) -> bool:
        return what.bucket == bucket and what.name is not None and (what.name in among or begins(what.name, below))

    found: list[FoundLink] = []
    for place, live in lives.items():
        if live is not None:
            leading = _links(place, live.index) if below else _links_to(place, live.index, bucket, among)
            found += [_found(link, held, lives) async for link in leading if goes(link[2]) and not goes(Link(*link[:2]))]
    return LinkList(await _in_order(found), complete)


async def state_of(user: AnyUser, link: Link) -> LinkState:
    """Whether what ``link`` leads to is there, asked of the server itself; HIDDEN without asking where the user may see nothing."""
    if (await roles(user)).of(link.bucket) is None:
        return LinkState.HIDDEN
    return LinkState.DANGLING if await (await store()).is_dangling(link) else LinkState.FINE


async def _all_lives(user: AnyUser, bucket: str, seconds: float) -> tuple[RoleMap, Lives, bool]:
    """Those of all buckets that the user may see, and whether they are all complete."""
    await require(user, bucket, Role.VIEWER)
    held = await roles(user)
    await (await store()).bucket(bucket)
    places = {status.name for status in await (await store()).buckets() if held.of(status.name)} | {bucket}
    lives = await _lives(places, held, seconds)
    return held, lives, places == set(lives)


async def _lives(buckets: Iterable[str], held: RoleMap, seconds: float) -> Lives:
    """Those that the user may see; one that is still being read is left out."""
    found = await lives_of([bucket for bucket in buckets if held.of(bucket)], seconds)
    return {name: None if live is None or live.gone else live for name, live in found.items() if live is None or live.ready}


async def lives_of(buckets: Iterable[str], seconds: float) -> Lives:
    """Without asking who may see them. None: there is no such bucket. seconds: how long to wait for each to be complete."""
    found: dict[str, LiveBucket | None] = {}
    slots = asyncio.Semaphore(LOOKING_AT_ONCE)

    async def look(bucket: str) -> None:
        async with slots:
            try:
                live = found[bucket] = await (await store()).live(bucket)
            except (BucketNotFound, InvalidBucketName):
                found[bucket] = None
            else:
                await live.wait_ready(seconds)

    await asyncio.gather(*(look(bucket) for bucket in buckets))
    return found


async def _links(place: str, index: Index) -> AsyncIterator[Leading]:
    """All links of a bucket, in no order; others go on in between, and what is made meanwhile is left out."""
    for number, name in enumerate(index.link_names(), 1):
        if (to := index.link(name)) is not None:
            yield place, name, to
        if number % STEP == 0:
            await asyncio.sleep(0)


async def _links_to(place: str, index: Index, bucket: str, names: Iterable[str]) -> AsyncIterator[Leading]:
    """The same of those that lead to these objects: what others there are costs nothing."""
    targets = (Link(bucket, name) for name in names)
    leading = ((name, to) for to in targets for name in (index.links_to(bucket, to.name) or (None,)))
    for number, (name, to) in enumerate(leading, 1):
        if name is not None:
            yield place, name, to
        if number % STEP == 0:
            await asyncio.sleep(0)


async def _in_order(links: list[FoundLink]) -> list[FoundLink]:
    """By bucket and name; others go on in between."""
    pieces: list[list[FoundLink]] = []
    for _ in sort(links, attrgetter("bucket", "name"), pieces):
        await asyncio.sleep(0)
    return [link for piece in pieces for link in piece]


def _found(link: Leading, held: RoleMap, lives: Lives) -> FoundLink:
    return FoundLink(*link, _state(link[2], held, lives))


def _state(to: Link, held: RoleMap, lives: Lives) -> LinkState:
    if held.of(to.bucket) is None:
        return LinkState.HIDDEN
    if to.bucket not in lives:
        return LinkState.UNKNOWN
    live = lives[to.bucket]
    there = live is not None and (to.name is None or to.name in live.index)
    return LinkState.FINE if there else LinkState.DANGLING
