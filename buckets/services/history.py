"""The histories of buckets, as wholes: switching, settings, pruning, archives: authorise, act, record."""

from dataclasses import dataclass, field, fields, replace

from ..access import AnyUser, Role, require, roles
from ..objectstore import (
    BucketExists,
    BucketNotFound,
    HistoryChange,
    HistoryConfig,
    HistoryOff,
    HistoryStatus,
    InvalidBucketConfig,
    Pruned,
    Storage,
)
from . import actor as actors
from . import overview
from .actor import Actor
from .audit import record
from .errors import ArchiveNotFound, NotConfirmed
from .runtime import store


@dataclass(frozen=True, slots=True)
class HistoryWish:
    """What a history is to be. ``enabled`` None leaves it on or off. ``storage``: of a new one; it cannot be changed later."""

    enabled: bool | None = None
    storage: Storage | None = None
    change: HistoryChange = field(default_factory=HistoryChange)

    @property
    def changes(self) -> dict[str, object]:
        """Those of its settings that are not None."""
        return {one.name: value for one in fields(self.change) if (value := getattr(self.change, one.name)) is not None}


async def set_history(user: AnyUser, bucket: str, wish: HistoryWish) -> HistoryStatus | None:
    """ADMIN. Switch a bucket's history on or off, and change its settings; what is not wished stays. None: there is none.

    Off keeps the versions that there are; on goes on with them. Raises ``BucketNotFound``, ``HistoryUnsupported`` (the server is too old),
    ``HistoryOff`` (settings for a history that is not there, and is not to be switched on), ``InvalidBucketConfig``, ``BucketFull``.
    """
    await require(user, bucket, Role.ADMIN)
    await (await store()).bucket(bucket)
    status = await (await store()).history.status(bucket)
    _check_storage(status, wish)
    on = wish.enabled if wish.enabled is not None else status is not None and status.enabled
    if on and wish.enabled:
        status = await _switch_on(bucket, status, wish)
    else:
        status = await _leave_or_switch_off(bucket, status, wish, on)
    overview.forget()
    act = {True: "history.enable", False: "history.disable", None: "history.update"}[wish.enabled]
    record(act, user, bucket, changed=", ".join(sorted(wish.changes)))
    return status


async def check_history(user: AnyUser, bucket: str, wish: HistoryWish) -> None:
    """ADMIN. Raise what ``set_history`` would, as far as that can be known without trying. Nothing is changed."""
    await require(user, bucket, Role.ADMIN)
    files = await store()
    status = await files.history.status(bucket)
    _check_storage(status, wish)
    if wish.changes and status is None and not wish.enabled:
        raise HistoryOff(f"The bucket “{bucket}” has no history whose settings could be changed. Switch it on first.")
    if wish.enabled or (wish.enabled is None and status is not None):
        await files.history.check_update(await files.bucket(bucket), wish.change)


def _check_storage(status: HistoryStatus | None, wish: HistoryWish) -> None:
    if status is not None and wish.storage is not None and wish.storage is not status.config.storage:
        raise InvalidBucketConfig(f"The history is kept in {status.config.storage} storage, which cannot be changed.")


async def _switch_on(bucket: str, status: HistoryStatus | None, wish: HistoryWish) -> HistoryStatus:
    history = (await store()).history
    if status is not None and status.enabled and wish.changes:
        await history.update(bucket, wish.change)
    if status is not None and (status.enabled or not wish.changes):
        return await history.enable(bucket)
    known = status.config if status is not None else HistoryConfig(storage=wish.storage)
    return await history.enable(bucket, replace(known, **wish.changes))  # type: ignore[arg-type]  # the names are those of HistoryChange


async def _leave_or_switch_off(bucket: str, status: HistoryStatus | None, wish: HistoryWish, on: bool) -> HistoryStatus | None:
    history = (await store()).history
    if wish.changes and status is None:
        raise HistoryOff(f"The bucket “{bucket}” has no history whose settings could be changed. Switch it on first.")
    if wish.changes:
        await history.update(bucket, wish.change)
    if not on:
        await history.disable(bucket)
    return await history.status(bucket)


async def described(user: AnyUser, bucket: str) -> tuple[HistoryStatus | None, int]:
    """VIEWER. A bucket's history, and how many messages it has missed (see ``History.missed``); None and 0 when it never had one."""
    await require(user, bucket, Role.VIEWER)
    engine = await store()
    await engine.bucket(bucket)
    status = await engine.history.status(bucket)
    return status, await engine.history.missed(bucket) if status is not None else 0


async def remove_history(user: AnyUser, bucket: str, *, confirm: str | None = None) -> None:
    """ADMIN. Switch a bucket's history off and remove all of it for good. No history is no error.

    confirm: None, or the bucket's name, typed once more, else ``NotConfirmed``. Raises ``BucketNotFound``.
    """
    await require(user, bucket, Role.ADMIN)
    if confirm not in (None, bucket):
        raise NotConfirmed(bucket)
    await (await store()).bucket(bucket)
    await (await store()).history.disable(bucket, remove=True)
    overview.forget()
    record("history.remove", user, bucket)


async def histories() -> dict[str, HistoryStatus]:
    """For the operator and the site's own upkeep: all of them, by bucket; archives too."""
    return await (await store()).history.statuses()


async def keeps_up(bucket: str, *, within: float) -> bool:
    """For the site's own upkeep: whether what is newest in the bucket now is in its history within so many seconds. True for an archive."""
    try:
        return await (await store()).history.keeps_up(bucket, within=within)
    except BucketNotFound:
        return True


async def missed(bucket: str) -> int:
    """For the site's own upkeep: see ``History.missed``."""
    return await (await store()).history.missed(bucket)


async def prune(user: Actor, bucket: str) -> Pruned:
    """ADMIN. Apply the history's keep rules now, after letting one go on whose bucket was made anew. Raises ``HistoryOff``."""
    await actors.authorise(user, bucket, Role.ADMIN)
    history = (await store()).history
    await history.mend(bucket)
    pruned = await history.prune(bucket)
    if pruned != Pruned():
        actors.record("history.prune", user, bucket, versions=pruned.versions, data=pruned.data)
    return pruned


async def archives(user: AnyUser) -> list[HistoryStatus]:
    """Histories whose bucket is gone, by name: those of names for which the user is ADMIN."""
    held = await roles(user)
    buckets = {status.name for status in await (await store()).buckets()}
    found = await histories()
    return [found[name] for name in sorted(found) if name not in buckets and held.of(name) is Role.ADMIN]


async def remove_archive(user: AnyUser, bucket: str, *, confirm: str | None = None) -> None:
    """ADMIN for that name. Remove the history of a bucket that is gone, for good. ``confirm`` as for ``remove_history``.

    Raises ``NotConfirmed``, ``ArchiveNotFound``, and ``BucketExists`` when there is such a bucket (again): then it is no archive.
    """
    await require(user, bucket, Role.ADMIN)
    if confirm not in (None, bucket):
        raise NotConfirmed(bucket)
    if await (await store()).history.status(bucket) is None:
        raise ArchiveNotFound(bucket)
    if await _exists(bucket):
        raise BucketExists(f"The bucket “{bucket}” is there, so its history is no archive. Remove it in the bucket's settings.")
    await (await store()).history.disable(bucket, remove=True)
    record("archive.remove", user, bucket)


async def _exists(bucket: str) -> bool:
    try:
        await (await store()).bucket(bucket)
    except BucketNotFound:
        return False
    return True
