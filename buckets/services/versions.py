"""The versions of objects, what was deleted, and buckets as they were: authorise, act, record.

A role for a bucket's name counts for its history also when the bucket is gone (an archive). All raise ``HistoryOff`` where there is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ..access import AnyUser, Role, RoleMap, require, roles
from ..objectstore import Index, ObjectInfo, ObjectReader, Scan, Version, VersionNotFound
from .audit import record
from .bulk import Result, for_each
from .runtime import store
from .scans import ScanQuery, fitting, piece

MAX_VERSIONS = 1000


@dataclass(frozen=True, slots=True)
class VersionList:
    """Newest first. ``more``: there may be older ones, which did not fit."""

    versions: Sequence[Version]
    more: bool


@dataclass(frozen=True, slots=True)
class NamedVersion:
    name: str
    version: str


async def versions(user: AnyUser, bucket: str, name: str, *, limit: int = MAX_VERSIONS, before: str | None = None) -> VersionList:
    """VIEWER. The newest ``limit`` versions (1,000 at most; of those older than ``before``) of 8 MiB of metadata, with those from before a
    rename; none for a name that never was."""
    await require(user, bucket, Role.VIEWER)
    found = await (await store()).history.versions(bucket, name, limit=min(limit, MAX_VERSIONS), before=before, follow=True)
    fits = max(1, fitting([version.info for version in found]))
    held = await roles(user)
    return VersionList([_seen_by(held, version) for version in found[:fits]], len(found) > fits or len(found) >= limit)


def _seen_by(held: RoleMap, version: Version) -> Version:
    """What happened in a bucket that the user may not see stays there."""
    return replace(version, place=None) if version.place is not None and held.of(version.place.bucket) is None else version


async def open_version(user: AnyUser, bucket: str, name: str, version: str) -> ObjectReader:
    """VIEWER. To be read by ``objects.read_pieces``. Raises ``VersionNotFound``, also for deletions and links: they have no content."""
    await require(user, bucket, Role.VIEWER)
    return await (await store()).history.open(bucket, name, version)


async def version_at(user: AnyUser, bucket: str, name: str, moment: datetime) -> str:
    """VIEWER. Which version of an object was there at ``moment``. Raises ``VersionNotFound`` if none was."""
    await require(user, bucket, Role.VIEWER)
    found = (await (await store()).history.at(bucket, moment)).get(name)
    if found is None:
        raise VersionNotFound(f"There was no object “{name}” at that moment, or nothing of it is left.")
    return version_of(found)


def version_of(info: ObjectInfo) -> str:
    """The identifier of the version that an index of ``trash`` or of a moment lists."""
    return str(info.revision)


async def trash_index(user: AnyUser, bucket: str) -> Index:
    """VIEWER. What was deleted, as an index: see ``History.trash``."""
    await require(user, bucket, Role.VIEWER)
    return await (await store()).history.trash(bucket)


async def scan_trash(user: AnyUser, bucket: str, query: ScanQuery) -> Scan:
    """VIEWER. A piece of the list of what was deleted, as ``objects.scan`` gives it. Raises ``ValueError`` for a bad cursor."""
    return piece(await trash_index(user, bucket), query)


async def moment_index(user: AnyUser, bucket: str, moment: datetime) -> Index:
    """VIEWER. The bucket as it was, as an index: see ``History.at``."""
    await require(user, bucket, Role.VIEWER)
    return await (await store()).history.at(bucket, moment)


async def scan_moment(user: AnyUser, bucket: str, moment: datetime, query: ScanQuery) -> Scan:
    """VIEWER. A piece of the list of what was there at ``moment``, as ``objects.scan`` gives it. Raises ``ValueError`` for a bad cursor."""
    return piece(await moment_index(user, bucket, moment), query)


async def restore(user: AnyUser, bucket: str, items: Sequence[NamedVersion], *, expected_revision: int | None = None) -> list[Result]:
    """EDITOR. Make versions the current ones again, each for itself. An error may be ``VersionNotFound``, ``Conflict`` and others.

    expected_revision: only on top of this revision of the object. Raises ``TooManyNames`` for more than 1,000.
    """
    await require(user, bucket, Role.EDITOR)

    async def act(item: NamedVersion) -> ObjectInfo:
        history = (await store()).history
        writer = user.get_username()
        restored = await history.restore(bucket, item.name, item.version, writer=writer, expected_revision=expected_revision)
        record("object.restore", user, bucket, name=item.name, version=item.version)
        return restored

    return await for_each(items, lambda item: item.name, act)


async def undelete(user: AnyUser, bucket: str, names: Sequence[str]) -> list[Result]:
    """EDITOR. Bring the last versions of deleted objects back, each for itself. An error may be ``VersionNotFound`` (nothing is left),
    ``ObjectExists`` (it is not deleted) and others. Raises ``TooManyNames`` for more than 1,000."""
    await require(user, bucket, Role.EDITOR)

    async def act(name: str) -> ObjectInfo:
        restored = await (await store()).history.undelete(bucket, name, writer=user.get_username())
        record("object.undelete", user, bucket, name=name)
        return restored

    return await for_each(names, str, act)


async def remove(user: AnyUser, bucket: str, name: str, version: str) -> None:
    """ADMIN. Remove one version for good. Raises ``VersionNotFound``, and ``Conflict`` for the current one."""
    await require(user, bucket, Role.ADMIN)
    await (await store()).history.remove(bucket, name, version)
    record("version.remove", user, bucket, name=name, version=version)
