"""Links that lead nowhere: pointing them elsewhere, and finding out where what they led to has gone."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from ..access import AnyUser, Role, require, roles
from ..objectstore import BucketNotFound, Conflict, HistoryOff, Index, Link, ObjectInfo, ObjectStoreError
from . import links, objects, versions
from .bulk import check_number
from .errors import ServiceError
from .linklist import FoundLink, links_to
from .runtime import store

MAX_LINKS = 1_000
MOST = 5
LAST_VERSIONS = 5
LOOKED_AT_ONCE = 2_000
CANDIDATES = 200


class Why(StrEnum):
    """RENAMED: the very data of the lost object. SAME: the same content. NAMED: the same name in another folder."""

    RENAMED = "renamed"
    SAME = "same"
    NAMED = "named"


@dataclass(frozen=True, slots=True)
class Suggestion:
    to: Link
    why: Why


@dataclass(frozen=True, slots=True)
class Moved:
    """What has another place now."""

    was: Link
    now: Link


async def change_target(
    user: AnyUser, bucket: str, name: str, to: Link, *, was: Link | None = None, expected_revision: int | None = None
) -> ObjectInfo:
    """EDITOR, and VIEWER in the bucket that it leads to from now on. Description, headers and metadata stay. was: only a link that still
    leads there.

    Raises ``ObjectNotFound``, ``Conflict``, and what ``links.add_link`` raises.
    """
    await require(user, bucket, Role.EDITOR)
    info = await (await store()).info(bucket, name)
    if was is not None and info.link != was:
        raise Conflict(f"{name!r} is not at the expected revision: someone else wrote it in the meantime.")
    link = links.NewLink(to, info.description, info.headers, info.metadata)
    return await links.add_link(user, bucket, name, link, expected_revision=expected_revision or info.revision)


@dataclass(frozen=True, slots=True)
class Pointed:
    """What became of a link; ``error`` None: it leads to the new place."""

    bucket: str
    name: str
    error: ObjectStoreError | None = None


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of some links, and how many are left as they were: to be asked for again, as long as any of these succeeded."""

    results: Sequence[Pointed]
    left: int


async def retarget(user: AnyUser, bucket: str, moved: Sequence[Moved]) -> Followed:
    """VIEWER in ``bucket``, where ``moved`` was. After a move or a rename: the links that led to where things were, in buckets that the
    user may edit, lead to where they are; ``MAX_LINKS`` of them at a time.

    Raises ``NotVisible`` for a bucket that the user may not see, ``TooManyNames`` for more than 1,000.
    """
    check_number(moved)
    await require(user, bucket, Role.VIEWER)
    held = await roles(user)
    where = {each.was: each.now for each in moved if each.was != each.now and each.was.bucket == bucket}
    for target in {now.bucket for now in where.values()}:
        await require(user, target, Role.VIEWER)
    found = (await links_to(user, bucket, {was.name for was in where if was.name is not None})).links
    mine = [link for link in found if (held.of(link.bucket) or Role.VIEWER) >= Role.EDITOR]
    results = [await _point(user, link, where[link.to]) for link in mine[:MAX_LINKS]]
    return Followed(results, len(mine) - len(results))


async def _point(user: AnyUser, link: FoundLink, to: Link) -> Pointed:
    try:
        await change_target(user, link.bucket, link.name, to, was=link.to)
    except ObjectStoreError as error:
        return Pointed(link.bucket, link.name, error)
    return Pointed(link.bucket, link.name)


async def suggestions(user: AnyUser, link: Link) -> list[Suggestion]:
    """VIEWER in the bucket that ``link`` leads to, else none. Where what it led to may be now, the likeliest first; ``MOST`` at most."""
    if link.name is None or (await roles(user)).of(link.bucket) is None:
        return []
    try:
        index = (await objects.ready(user, link.bucket)).index
    except (BucketNotFound, ServiceError):
        return []
    lost = await _lost(user, link.bucket, link.name)
    found = await _by_data(index, lost) if lost is not None else {}
    for name in _by_name(index, link.name):
        found.setdefault(name, Why.NAMED)
    ranked = sorted(found.items(), key=lambda item: (list(Why).index(item[1]), item[0]))
    return [Suggestion(Link(link.bucket, name), why) for name, why in ranked[:MOST]]


async def _lost(user: AnyUser, bucket: str, name: str) -> ObjectInfo | None:
    """What was there last, as the history knows."""
    with suppress(HistoryOff, BucketNotFound):
        found = await versions.versions(user, bucket, name, limit=LAST_VERSIONS)
        return next((each.info for each in found.versions if not each.info.deleted and each.info.size), None)
    return None


async def _by_data(index: Index, lost: ObjectInfo) -> dict[str, Why]:
    """Looks at every object; others go on in between."""
    found: dict[str, Why] = {}
    entries, last = index.of_size(lost.size, None, LOOKED_AT_ONCE)
    while last is not None:
        for entry in entries:
            if entry.link is None and (why := _same_data(entry.raw, lost)) is not None:
                found[entry.name] = why
        await asyncio.sleep(0)
        entries, last = index.of_size(lost.size, last, LOOKED_AT_ONCE)
    return found


def _same_data(raw: bytes, lost: ObjectInfo) -> Why | None:
    if lost.nuid and lost.nuid.encode() in raw:
        return Why.RENAMED
    return Why.SAME if lost.digest and lost.digest.encode() in raw else None


def _by_name(index: Index, name: str) -> list[str]:
    label = name.rpartition("/")[2]
    if not label:
        return []
    listed = index.page(query=label, limit=CANDIDATES, objects_only=True).objects
    return [info.name for info in listed if info.name.rpartition("/")[2] == label and info.link is None and info.name != name]
