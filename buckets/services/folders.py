"""Folders that people make: there until they are deleted, with files in them or without. Authorise, act, record.

A folder with files is there anyway: deleting and moving those is ``objects`` and ``moves``; what is here goes with that.
"""

from collections.abc import Iterable, Sequence

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


async def move(user: AnyUser, bucket: str, prefix: str, target: str, to: str, *, copy: bool = False) -> list[str]:
    """EDITOR in both (``copy``: VIEWER in ``bucket``). What is kept at and below ``prefix`` is kept at and below ``to`` in the bucket
    ``target``, and no longer here; what that was. Renaming an empty folder is this, too. Files are not touched."""
    await require(user, bucket, Role.VIEWER if copy else Role.EDITOR)
    await require(user, target, Role.EDITOR)
    folders = (await store()).folders
    names = [name for name in await folders.list(bucket) if name.startswith(prefix)]
    await folders.add(target, [to + name[len(prefix) :] for name in names])
    if names and not copy:
        await folders.remove(bucket, [prefix])
    if names:
        record("folder.copy" if copy else "folder.move", user, bucket, name=prefix, to_bucket=target, to=to)
    return names


def _above(prefix: str) -> list[str]:
    """The folders that it is in."""
    ends = [at + 1 for at, char in enumerate(prefix) if char == "/"]
    return [prefix[:end] for end in ends[:-1]]
