"""Where links lead: all of a bucket, those that come from elsewhere, those that lead to what is about to go.

Answered from the live indexes. What a user may not see is never asked for: a link into a hidden bucket tells nothing about its target.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ..access import AnyUser, Role, RoleMap, require, roles
from ..objectstore import BucketNotFound, InvalidBucketName, Link, LiveBucket
from .runtime import store

LOOKING_AT_ONCE = 8
PATIENCE = 1.5
# A bucket's live index by its name; None: there is no such bucket. One that is missing here is still being read.
Lives: TypeAlias = Mapping[str, LiveBucket | None]


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
    links = here.index.links()
    lives = await _lives({to.bucket for _, to in links} | {bucket}, held, seconds)
    found = [FoundLink(bucket, name, to, _state(to, held, lives)) for name, to in links]
    return LinkList(found, here.ready and all(link.state is not LinkState.UNKNOWN for link in found))


async def links_from_elsewhere(user: AnyUser, bucket: str, *, seconds: float = PATIENCE) -> LinkList:
    """VIEWER. The links in other buckets that the user may see, to this one or to an object in it. Raises ``BucketNotFound``."""
    held, lives, complete = await _all_lives(user, bucket, seconds)
    found = [
        FoundLink(place, name, to, _state(to, held, lives)) for place, name, to in _links(lives) if to.bucket == bucket and place != bucket
    ]
    return LinkList(found, complete)


async def links_to(
    user: AnyUser, bucket: str, names: Collection[str], folders: Collection[str] = (), *, seconds: float = PATIENCE
) -> LinkList:
    """VIEWER. The links, wherever the user may see them, to any of these objects or to one below these folders ("a/"); but not those that
    are themselves among them: they would go as well. Raises ``BucketNotFound``."""
    held, lives, complete = await _all_lives(user, bucket, seconds)
    among, below = frozenset(names), tuple(folder for folder in folders if folder)

    def chosen(name: str | None) -> bool:
        return name is not None and (name in among or name.startswith(below))

    found = [
        FoundLink(place, name, to, _state(to, held, lives))
        for place, name, to in _links(lives)
        if to.bucket == bucket and chosen(to.name) and not (place == bucket and chosen(name))
    ]
    return LinkList(found, complete)


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
    found: dict[str, LiveBucket | None] = {}
    slots = asyncio.Semaphore(LOOKING_AT_ONCE)

    async def look(bucket: str) -> None:
        async with slots:
            try:
                live = await (await store()).live(bucket)
            except (BucketNotFound, InvalidBucketName):
                found[bucket] = None
            else:
                if await live.wait_ready(seconds):
                    found[bucket] = None if live.gone else live

    await asyncio.gather(*(look(bucket) for bucket in buckets if held.of(bucket)))
    return found


def _links(lives: Lives) -> Iterator[tuple[str, str, Link]]:
    for place in sorted(lives):
        live = lives[place]
        yield from ((place, name, to) for name, to in (live.index.links() if live is not None else ()))


def _state(to: Link, held: RoleMap, lives: Lives) -> LinkState:
    if held.of(to.bucket) is None:
        return LinkState.HIDDEN
    if to.bucket not in lives:
        return LinkState.UNKNOWN
    live = lives[to.bucket]
    there = live is not None and (to.name is None or live.index.entry(to.name) is not None)
    return LinkState.FINE if there else LinkState.DANGLING
