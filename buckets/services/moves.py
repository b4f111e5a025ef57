"""Moving and copying, within a bucket and from one to another: authorise, act, record."""

from collections.abc import Awaitable, Callable, Sequence

from ..access import AnyUser, Role, require
from ..objectstore import ObjectInfo, each
from .audit import record
from .bulk import Result, check_number
from .order import Transfer, order
from .runtime import store


async def move(user: AnyUser, bucket: str, items: Sequence[Transfer], target: str, *, overwrite: bool = False) -> list[Result]:
    """EDITOR in ``bucket`` and in ``target``, which may be the same. Each for itself; results in the order of ``items``. None of them is
    overwritten by another one, also with ``overwrite``.

    One result's error may be ``ObjectNotFound``, ``ObjectExists`` (unless ``overwrite``), ``Conflict`` or another of the store's.
    Raises ``TooManyNames`` for more than 1,000.
    """
    await require(user, bucket, Role.EDITOR)
    await require(user, target, Role.EDITOR)

    async def act(item: Transfer, over: bool) -> ObjectInfo:
        return await move_one(user, bucket, item, target, overwrite=over)

    return await _all(items, act, overwrite, one_bucket=bucket == target)


async def copy(user: AnyUser, bucket: str, items: Sequence[Transfer], target: str, *, overwrite: bool = False) -> list[Result]:
    """VIEWER in ``bucket``, EDITOR in ``target``. Links are copied as links. Else as ``move``."""
    await require(user, bucket, Role.VIEWER)
    await require(user, target, Role.EDITOR)

    async def act(item: Transfer, over: bool) -> ObjectInfo:
        return await copy_one(user, bucket, item, target, overwrite=over)

    return await _all(items, act, overwrite, one_bucket=bucket == target)


async def _all(
    items: Sequence[Transfer], act: Callable[[Transfer, bool], Awaitable[ObjectInfo]], overwrite: bool, *, one_bucket: bool
) -> list[Result]:
    """Those that clash with another one come last, one at a time, and in nothing's place."""
    check_number(items)
    found = order(items, one_bucket=one_bucket)
    free = await each([items[place] for place in found.free], lambda item: act(item, overwrite))
    careful = await each([items[place] for place in found.careful], lambda item: act(item, False), at_once=1)
    outcomes = dict(zip((*found.free, *found.careful), (*free, *careful), strict=True))
    return [Result(item.name, outcomes[place].error, outcomes[place].result) for place, item in enumerate(items)]


async def move_one(
    user: AnyUser,
    bucket: str,
    item: Transfer,
    target: str,
    *,
    overwrite: bool = False,
    replaces: int | None = None,
    expected_revision: int | None = None,
) -> ObjectInfo:
    """For callers that have asked for the rights. expected_revision: only what is still that one. replaces: the only revision of the new
    name that may be overwritten. Raises as ``ObjectStore.move``."""
    moved = await (await store()).move(
        bucket,
        item.name,
        target,
        item.to,
        overwrite=overwrite,
        replaces=replaces,
        expected_revision=expected_revision,
        writer=user.get_username(),
    )
    record("object.move", user, bucket, name=item.name, to_bucket=target, to=item.to)
    return moved


async def copy_one(
    user: AnyUser, bucket: str, item: Transfer, target: str, *, overwrite: bool = False, replaces: int | None = None
) -> ObjectInfo:
    """For callers that have asked for the rights. replaces: as for ``move_one``. Raises as ``ObjectStore.copy``."""
    copied = await (await store()).copy(
        bucket, item.name, target, item.to, overwrite=overwrite, replaces=replaces, writer=user.get_username()
    )
    record("object.copy", user, bucket, name=item.name, to_bucket=target, to=item.to)
    return copied
