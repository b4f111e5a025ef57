"""Folders that people make: there until they are deleted, with files in them or without. Authorise, act, record.

A folder with files is there anyway: deleting and moving those is ``objects`` and ``moves``; what is here goes with that.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..access import AnyUser, Role, require
from ..objectstore import ObjectExists
from .audit import record
from .objects import ready
from .runtime import store


async def kept(user: AnyUser, bucket: str, prefix: str = "") -> list[str]:
    """VIEWER. The whole names, which end with "/", of the folders that people made, at and below ``prefix``; sorted."""
    await require(user, bucket, Role.VIEWER)
    return sorted(name for name in await (await store()).folders.list(bucket) if name.startswith(prefix))


async def create(user: AnyUser, bucket: str, prefix: str) -> None:
    """EDITOR. Make a folder by its whole name; those above it that are not there yet are made with it.

    Raises ``ObjectExists`` where there is one, ``InvalidObjectName``, ``BucketSealed``, ``StillLoading``, and ``Conflict`` when there are
    1,000 already.
    """
    await require(user, bucket, Role.EDITOR)
    index = (await ready(user, bucket)).index
    if index.has_folder(prefix):
        raise ObjectExists("There is a folder of this name already.")
    missing = [above for above in _above(prefix) if not index.has_folder(above)]
    await (await store()).folders.create(bucket, [*missing, prefix])
    record("folder.create", user, bucket, name=prefix)


async def delete(user: AnyUser, bucket: str, prefixes: Iterable[str]) -> Sequence[str]:
    """EDITOR. These folders, and those below them, are kept no longer; which were kept. Files in them stay where they are, and so do the
    folders as long as they have any. Twice is no error."""
    await require(user, bucket, Role.EDITOR)
    gone = await (await store()).folders.remove(bucket, prefixes)
    for prefix in gone:
        record("folder.delete", user, bucket, name=prefix)
    return gone


async def restore(user: AnyUser, bucket: str, prefixes: Iterable[str]) -> None:
    """EDITOR. Keep them (again): the undo of ``delete``."""
    await require(user, bucket, Role.EDITOR)
    await (await store()).folders.add(bucket, prefixes)


@dataclass(frozen=True, slots=True)
class Taken:
    """A folder that was kept as ``name``, and has come to be kept as ``to``, "" where there was one, or where it would be no folder."""

    name: str
    to: str


async def move(user: AnyUser, bucket: str, prefix: str, target: str, to: str, *, copy: bool = False) -> list[Taken]:
    """EDITOR in both (``copy``: VIEWER in ``bucket``). What is kept at and below ``prefix`` is kept at and below ``to`` in the bucket
    ``target``, and no longer here; what has changed by that. Renaming an empty folder is this, too. Files are not touched."""
    await require(user, bucket, Role.VIEWER if copy else Role.EDITOR)
    await require(user, target, Role.EDITOR)
    kept_here = await (await store()).folders.list(bucket)
    places = {name: to + name[len(prefix) :] for name in kept_here if name.startswith(prefix)}
    if not places:
        return []
    new = set(await _exchange(target, filter(None, places.values()), bucket, () if copy else places))
    record("folder.copy" if copy else "folder.move", user, bucket, name=prefix, to_bucket=target, to=to)
    taken = [Taken(name, place if place in new else "") for name, place in places.items()]
    return [each for each in taken if each.to] if copy else taken


async def take_back(user: AnyUser, bucket: str, taken: Sequence[Taken], target: str, *, copy: bool = False) -> None:
    """As ``move``, whose undo it is: exactly these are taken back, and none that others have made below them."""
    await require(user, bucket, Role.VIEWER if copy else Role.EDITOR)
    await require(user, target, Role.EDITOR)
    await _exchange(bucket, () if copy else [each.name for each in taken], target, [each.to for each in taken if each.to])
    for each in taken:
        record("folder.take_back", user, bucket, name=each.name, to_bucket=target, to=each.to)


async def _exchange(bucket: str, wanted: Iterable[str], other: str, gone: Iterable[str]) -> Sequence[str]:
    """``wanted`` is kept in ``bucket``, and then ``gone`` no longer in the ``other``; what was not kept there before."""
    folders = (await store()).folders
    if bucket == other:
        return await folders.exchange(bucket, wanted, gone)
    new = await folders.add(bucket, wanted)
    await folders.exchange(other, (), gone)
    return new


def _above(prefix: str) -> list[str]:
    """The folders that it is in."""
    ends = [at + 1 for at, char in enumerate(prefix) if char == "/"]
    return [prefix[:end] for end in ends[:-1]]
