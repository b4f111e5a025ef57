"""Finding and mending what is wrong in a bucket: authorise, act, record.

``user`` None is the operator at the machine, who runs a management command and may do everything.
"""

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from typing import TypeAlias

from ..access import Role
from ..objectstore import Orphan, Purged, Verified
from . import found_orphans
from .actor import Actor, authorise, record
from .runtime import store

HOUR = 3600.0
OnProgress: TypeAlias = Callable[[int, int], None]


async def repairable() -> list[str]:
    """For the operator: the buckets in which something can be purged, by name. Sealed ones are left out."""
    return [status.name for status in await (await store()).buckets() if not (status.sealed or status.deny_purge)]


async def find_orphans(user: Actor, bucket: str, *, older_than: float = HOUR, on_progress: OnProgress | None = None) -> list[Orphan]:
    """ADMIN. Chunks that nothing refers to, the youngest of which is older than ``older_than`` seconds. Raises ``BucketNotFound``.

    on_progress: called with how many suspects were looked at, and how many there are.
    """
    await authorise(user, bucket, Role.ADMIN)
    return await (await store()).repair.orphans(bucket, older_than=older_than, on_progress=on_progress)


async def purge_orphans(user: Actor, bucket: str, *, older_than: float = HOUR, on_progress: OnProgress | None = None) -> Purged:
    """ADMIN. Remove what ``find_orphans`` finds, unless it may belong to an object with broken metadata.

    Raises ``BucketNotFound``, ``BucketSealed`` and ``BucketRestricted``.
    """
    await authorise(user, bucket, Role.ADMIN)
    purged = await (await store()).repair.purge_orphans(bucket, older_than=older_than, on_progress=on_progress)
    found_orphans.note(bucket, purged)
    record("bucket.purge_orphans", user, bucket, nuids=purged.nuids, chunks=purged.chunks)
    return purged


async def purge_orphans_in_turn(bucket: str) -> Purged:
    """For the site's own upkeep: what ``Repair.purge_orphans_in_turn`` removed. Nothing where it was not this process's turn."""
    looked = await (await store()).repair.purge_orphans_in_turn(bucket)
    purged = looked or Purged(0, 0)
    if looked is not None:
        found_orphans.note(bucket, looked)
    if purged.nuids:
        record("bucket.purge_orphans", None, bucket, nuids=purged.nuids, chunks=purged.chunks)
    return purged


async def purge_deleted(user: Actor, bucket: str, *, older_than: float = 0.0, on_progress: OnProgress | None = None) -> int:
    """ADMIN. Remove the markers of deleted objects; gives how many there were. What a history keeps of these objects stays.

    on_progress: called with how many markers are done, and how many there are.
    Raises ``BucketNotFound``, ``BucketSealed`` and ``BucketRestricted``.
    """
    await authorise(user, bucket, Role.ADMIN)
    markers = await (await store()).repair.purge_markers(bucket, older_than=older_than, on_progress=on_progress)
    record("bucket.purge_deleted", user, bucket, markers=markers)
    return markers


async def verify(user: Actor, bucket: str, names: Iterable[str] | None = None) -> AsyncGenerator[Verified, None]:
    """ADMIN. Read all objects, or those of ``names``, and compare them with their digests: one result each. Raises ``BucketNotFound``."""
    await authorise(user, bucket, Role.ADMIN)
    objects = damaged = 0
    async with aclosing((await store()).repair.verify(bucket, names)) as results:
        async for result in results:
            objects += 1
            damaged += not result.ok
            yield result
    record("bucket.verify", user, bucket, objects=objects, damaged=damaged)
