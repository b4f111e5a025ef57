"""What can be done with buckets: authorise, act, record."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from ..access import AnyUser, Role, require, require_create, roles
from ..models import Grant
from ..objectstore import BucketChange, BucketConfig, BucketStatus, Conflict, HistoryStatus, ObjectStoreError
from . import jobs, overview
from .audit import record
from .errors import NotConfirmed
from .history import HistoryWish, check_history, set_history
from .runtime import store

CHANGED_MEANWHILE = "Somebody else has changed these settings meanwhile. Nothing was changed."


@dataclass(frozen=True, slots=True)
class BucketView:
    """A bucket as a user sees it: its status, how many objects it holds (None: it does not tell now), what the user may do there, and its
    history (None: it has none; or, with ``history_error``, it does not tell now, for this reason). ``files_bytes``: the size of its files
    together, None while nobody has looked at them."""

    status: BucketStatus
    objects: int | None
    role: Role
    history: HistoryStatus | None = None
    history_error: str = ""
    files_bytes: int | None = None


async def list_buckets(user: AnyUser) -> list[BucketView]:
    """The buckets that the user may see, by name. No roles, no buckets: that is not an error."""
    return await _seen_by(user, overview.overview)


async def glance(user: AnyUser) -> list[BucketView]:
    """The same for what stands beside a page; while NATS is slow to answer, as it was within the last minute."""
    return await _seen_by(user, overview.glance)


async def _seen_by(user: AnyUser, look: Callable[[], Awaitable[overview.Overview]]) -> list[BucketView]:
    held = await roles(user)
    if held.none:
        return []
    seen, files = await look(), await store()
    return [
        BucketView(each.status, each.objects, role, seen.histories.get(name := each.status.name), files_bytes=files.files_bytes(name))
        for each in seen.buckets
        if (role := held.of(each.status.name))
    ]


async def get_bucket(user: AnyUser, bucket: str) -> BucketView:
    """VIEWER. Raises ``BucketNotFound``."""
    role = await require(user, bucket, Role.VIEWER)
    return await _view(await (await store()).bucket(bucket), role)


async def create_bucket(user: AnyUser, config: BucketConfig, *, history: HistoryWish | None = None) -> BucketView:
    """Create it and make the user its admin. Needs ``require_create``. Where the history of an earlier bucket of that name was kept, it
    goes on if ``history`` says so, and can be read by whoever gets a role in the new one.

    Raises ``BucketExists``, ``InvalidBucketName`` and ``InvalidBucketConfig``, and what ``set_history`` raises: then there is no bucket.
    """
    await require_create(user)
    assert user.pk is not None  # no anonymous user may create
    status = await (await store()).create_bucket(config)
    overview.forget()
    if history is not None:
        await _set_first_history(user, config.name, history)
    await jobs.forget(config.name)  # of one that another client has deleted
    await Grant.objects.aupdate_or_create(bucket=config.name, user_id=user.pk, defaults={"role": Role.ADMIN})
    record("bucket.create", user, config.name)
    return await _view(status, Role.ADMIN)


async def _set_first_history(user: AnyUser, bucket: str, history: HistoryWish) -> None:
    """A bucket that cannot have the history that it was to have is not made."""
    kept = await (await store()).history.status(bucket)
    try:
        await set_history(user, bucket, history)
    except BaseException:
        await (await store()).delete_bucket(bucket, remove_history=kept is None)
        raise


async def update_bucket(
    user: AnyUser, bucket: str, change: BucketChange, *, history: HistoryWish | None = None, seen: BucketConfig | None = None
) -> BucketView:
    """ADMIN. Change what is not None in ``change``, and the history as ``set_history`` does: all of it, or, when it raises, nothing.

    seen: what the bucket was like when the change was made up; when it is not any more, ``Conflict``. (Two in the same moment still may
    undo each other: the server has no conditional update.)
    Raises ``BucketNotFound``, ``BucketSealed`` and ``InvalidBucketConfig``, in words, for what cannot be changed.
    """
    role = await require(user, bucket, Role.ADMIN)
    files = await store()
    before = await files.bucket(bucket)
    if seen is not None and before.config != seen:
        raise Conflict(CHANGED_MEANWHILE)
    await files.check_update(bucket, change)
    if history is not None:
        await check_history(user, bucket, history)
        await _update_with_history(user, before, change, history)
    else:
        await files.update_bucket(bucket, change)
    overview.forget()
    if history is None or change.names():
        record("bucket.update", user, bucket, changed=", ".join(sorted(change.names())))
    return await _view(await files.bucket(bucket), role)


async def _update_with_history(user: AnyUser, before: BucketStatus, change: BucketChange, history: HistoryWish) -> None:
    """The TTL comes last: what it removes, nothing brings back."""
    files, bucket = await store(), before.name
    try:
        await files.update_bucket(bucket, replace(change, ttl=None))
        await set_history(user, bucket, history)
    except BaseException:
        with suppress(ObjectStoreError):  # why it failed is what is told
            await files.update_bucket(bucket, undoing(before, change))
        raise
    if change.ttl is not None:
        await files.update_bucket(bucket, BucketChange(ttl=change.ttl))


def undoing(before: BucketStatus, change: BucketChange) -> BucketChange:
    """What makes of a bucket with ``change`` again what it was. Roll-up headers cannot be switched off again, and harm nobody."""
    return BucketChange(
        **{
            name: getattr(before if hasattr(before, name) else before.config, name)
            for name in change.names()
            if name not in ("ttl", "rollup")
        }
    )


async def seal_bucket(user: AnyUser, bucket: str, *, confirm: str) -> BucketView:
    """ADMIN. Make the bucket read-only, for ever. ``confirm`` is the bucket's name, typed once more: there is no way back.

    Raises ``NotConfirmed`` and ``BucketNotFound``.
    """
    role = await require(user, bucket, Role.ADMIN)
    if confirm != bucket:
        raise NotConfirmed(bucket)
    status = await (await store()).seal_bucket(bucket)
    overview.forget()
    record("bucket.seal", user, bucket)
    return await _view(status, role)


async def delete_bucket(user: AnyUser, bucket: str, *, remove_history: bool = False, confirm: str | None = None) -> None:
    """ADMIN. Deletes the bucket with all its objects, and the grants to it; its history stays as an archive, or goes too.

    confirm: None, or the bucket's name, typed once more, else ``NotConfirmed``.

    With the grants gone, an archive is reached only by superusers and by those with a role in every bucket ("*"): whoever is given a role
    for that name later, for a new bucket say, was meant to see that one. Raises ``BucketNotFound``, and ``HistoryBehind`` when the archive
    would not be complete yet.
    """
    await require(user, bucket, Role.ADMIN)
    if confirm not in (None, bucket):
        raise NotConfirmed(bucket)
    await (await store()).delete_bucket(bucket, remove_history=remove_history)
    overview.forget()
    await Grant.objects.filter(bucket=bucket).adelete()
    await jobs.forget(bucket)
    record("bucket.delete", user, bucket, history="removed" if remove_history else "kept")


async def _view(status: BucketStatus, role: Role) -> BucketView:
    files = await store()
    objects = await overview.count(files, status.name)
    try:
        return BucketView(status, objects, role, await files.history.status(status.name))
    except ObjectStoreError as error:
        return BucketView(status, objects, role, history_error=error.code)
