"""Links between objects and buckets (ADR-20): authorise, act, record."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..access import AnyUser, Role, require, roles
from ..objectstore import BucketNotFound, Conflict, HistoryOff, Link, ObjectInfo, Sort, SortKey
from . import objects, versions
from .audit import record
from .errors import AlreadyThere
from .runtime import store

LOOKING_AT_ONCE = 8
CANDIDATES = 20
LATEST_FIRST = Sort(SortKey.MODIFIED, descending=True)


@dataclass(frozen=True, slots=True)
class NewLink:
    """``to.name`` None: a link to the whole bucket."""

    to: Link
    description: str = ""
    headers: Mapping[str, Sequence[str]] | None = None
    metadata: Mapping[str, str] | None = None


async def add_link(
    user: AnyUser, bucket: str, name: str, link: NewLink, *, if_absent: bool = False, expected_revision: int | None = None
) -> ObjectInfo:
    """EDITOR, and VIEWER in the bucket that the link leads to. It may replace another link. expected_revision: only on top of this one.

    Raises ``NotVisible`` for a bucket that the user may not see, whether it exists or not; ``InvalidLink`` for what is not there or is a
    link itself; ``ObjectExists`` when an object has the name, ``AlreadyThere`` (with ``if_absent``) when a link has.
    """
    await require(user, bucket, Role.EDITOR)
    await require(user, link.to.bucket, Role.VIEWER)
    try:
        made = await (await store()).add_link(
            bucket,
            name,
            link.to,
            description=link.description,
            headers=link.headers,
            metadata=link.metadata,
            expected_revision=0 if if_absent else expected_revision,
            writer=user.get_username(),
        )
    except Conflict:
        if if_absent:
            raise AlreadyThere(bucket, name) from None
        raise
    record("object.link", user, bucket, name=name, to_bucket=link.to.bucket, to=link.to.name or "")
    return made


async def backlinks(user: AnyUser, bucket: str, name: str | None) -> list[Link]:
    """VIEWER. The links to an object, there or not, or (``name`` None) to the whole bucket, by bucket and name: those in buckets that the
    user may see.

    Answered from the live indexes of all these buckets; what is not loaded yet is loaded first.
    Raises ``BucketNotFound``, and ``StillLoading`` when that takes longer than 20 s.
    """
    await require(user, bucket, Role.VIEWER)
    held = await roles(user)
    await (await store()).bucket(bucket)
    among = [status.name for status in await (await store()).buckets() if held.of(status.name)]
    slots = asyncio.Semaphore(LOOKING_AT_ONCE)

    async def look(place: str) -> list[Link]:
        async with slots:
            try:
                index = (await objects.ready(user, place)).index
            except BucketNotFound:  # deleted since the list was made
                return []
            return [Link(place, found) for found in index.links_to(bucket, name)]

    return [link for found in await asyncio.gather(*(look(place) for place in among)) for link in found]


async def bring_back(user: AnyUser, bucket: str, name: str, to: Link) -> None:
    """EDITOR. A link that was deleted, with all it had where the bucket keeps a history, else as a new one to ``to``.

    Raises ``AlreadyThere``, and what ``add_link`` and ``versions.undelete`` give as errors.
    """
    try:
        (result,) = await versions.undelete(user, bucket, [name])
    except HistoryOff:
        await add_link(user, bucket, name, NewLink(to), if_absent=True)
        return
    if isinstance(result.error, HistoryOff):
        await add_link(user, bucket, name, NewLink(to), if_absent=True)
    elif result.error is not None:
        raise result.error


async def candidates(user: AnyUser, bucket: str, query: str) -> tuple[list[ObjectInfo], bool]:
    """VIEWER. What a link can lead to: the first objects, no links, whose names have all words of ``query``, or without one the latest; and
    whether there are more. Raises ``BucketNotFound`` and ``StillLoading``."""
    index = (await objects.ready(user, bucket)).index
    if query:
        listed = index.page(query=query, limit=2 * CANDIDATES, objects_only=True)
        found, total = list(listed.objects), listed.total
    else:
        scan = index.scan(sort=LATEST_FIRST, limit=2 * CANDIDATES)
        found, total = list(scan.objects), scan.total
    able = [info for info in found if info.link is None][:CANDIDATES]
    return able, total > len(found) or len(found) > len(able)
