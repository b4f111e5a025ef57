"""Moving, copying and linking what people have chosen, and what to do where a name is taken; and taking it back."""

from collections.abc import Awaitable, Callable, Container, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from ..access import AnyUser, NotAllowed, NotVisible, Role, require
from ..objectstore import Conflict, InvalidLink, Link, ObjectExists, ObjectInfo, ObjectNotFound, ObjectStoreError, VersionNotFound, each
from ..objectstore.uploads.naming import candidates
from . import links, objects, versions
from .bulk import check_number
from .errors import AlreadyThere, ServiceError
from .links import NewLink
from .moves import copy_one, move_one
from .order import Order, Transfer, order
from .runtime import store
from .versions import NamedVersion

# Among so many of a name's newest versions the one that was replaced is looked for.
RECENT = 20
REFUSALS = (ObjectStoreError, ServiceError, NotVisible, NotAllowed)
T = TypeVar("T")


class Act(StrEnum):
    MOVE = "move"
    COPY = "copy"
    LINK = "link"


class Taken(StrEnum):
    """What to do where a name is taken: ``ASK`` is a refusal that says so."""

    ASK = "ask"
    REPLACE = "replace"
    KEEP = "keep"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of ``name``: an object ``info``, in the place of the revision ``replaced`` (0 for none), or nothing at all
    (``skipped``), or an ``error``. ``taken``: the error is that the name is taken."""

    name: str
    to: str
    info: ObjectInfo | None = None
    replaced: int = 0
    skipped: bool = False
    error: Exception | None = None

    @property
    def taken(self) -> bool:
        return isinstance(self.error, ObjectExists | AlreadyThere)


@dataclass(frozen=True, slots=True)
class Done:
    """What was done to ``name``: it is ``to`` now, at ``revision``, in the place of ``replaced`` (0 for none)."""

    name: str
    to: str
    revision: int
    replaced: int = 0


async def allow(user: AnyUser, bucket: str, act: Act, target: str) -> None:
    """EDITOR in ``target``; in ``bucket`` VIEWER, and EDITOR to move from there."""
    await require(user, bucket, Role.EDITOR if act is Act.MOVE else Role.VIEWER)
    await require(user, target, Role.EDITOR)


async def carry(
    user: AnyUser,
    bucket: str,
    act: Act,
    items: Sequence[Transfer],
    target: str,
    taken: Taken = Taken.ASK,
    never: Container[str] = (),
) -> list[Carried]:
    """As ``allow``. Each for itself; the outcomes in the order of ``items``. What would stay where it is is skipped when it is moved, and
    gets a name of its own when it is copied. A link to a link leads to what that leads to. Nothing is replaced that is one of the items,
    that another of them has become, that is called as one of ``never``, or that somebody writes meanwhile: there the name is taken.

    Raises ``TooManyNames`` for more than 1,000.
    """
    check_number(items)
    await allow(user, bucket, act, target)
    places = order(items, one_bucket=bucket == target)
    careful = {items[place].to for place in places.careful}
    carrier = _Carrier(user, bucket, act, target, taken)

    async def one(item: Transfer) -> Carried:
        try:
            return await carrier.carry(item, may_replace=item.to not in careful and item.to not in never)
        except REFUSALS as error:
            return Carried(item.name, item.to, error=error)

    return await _work_off(items, places, one)


async def _work_off(items: Sequence[T], places: Order, one: Callable[[T], Awaitable[Carried]]) -> list[Carried]:
    done: dict[int, Carried] = {}

    async def at(place: int) -> None:
        done[place] = await one(items[place])

    await each(places.free, at)
    await each(places.careful, at, at_once=1)
    return [done[place] for place in sorted(done)]


class _Carrier:
    def __init__(self, user: AnyUser, bucket: str, act: Act, target: str, taken: Taken) -> None:
        self._user = user
        self._bucket = bucket
        self._act = act
        self._target = target
        self._taken = taken

    async def carry(self, item: Transfer, *, may_replace: bool) -> Carried:
        stays = self._bucket == self._target and item.name == item.to
        if stays and self._act is Act.MOVE:
            return Carried(item.name, item.to, skipped=True)
        if stays or self._taken is Taken.KEEP:
            return await self._keep_both(item)
        if self._taken is Taken.REPLACE and may_replace:
            replaced = await self._there(item.to)
            return Carried(item.name, item.to, await self._act_on(item, replaced), replaced)
        try:
            return Carried(item.name, item.to, await self._act_on(item))
        except (ObjectExists, AlreadyThere):
            if self._taken is not Taken.SKIP:
                raise
            return Carried(item.name, item.to, skipped=True)

    async def _keep_both(self, item: Transfer) -> Carried:
        """Under the first name that is free."""
        listing = await objects.live(self._user, self._target)
        for name in candidates(item.to):
            if listing.index.get(name) is not None:
                continue
            try:
                return Carried(item.name, name, await self._act_on(Transfer(item.name, name)))
            except (ObjectExists, AlreadyThere):
                continue
        raise AlreadyThere(self._target, item.to)

    async def _there(self, name: str) -> int:
        """The revision that the name has now."""
        try:
            return (await (await store()).info(self._target, name)).revision
        except ObjectNotFound:
            return 0

    async def _act_on(self, item: Transfer, replaces: int = 0) -> ObjectInfo:
        """replaces: only what has this revision, 0 for nothing."""
        match self._act:
            case Act.MOVE:
                return await move_one(self._user, self._bucket, item, self._target, replaces=replaces)
            case Act.COPY:
                return await copy_one(self._user, self._bucket, item, self._target, replaces=replaces)
            case Act.LINK:
                return await self._link(item, replaces)

    async def _link(self, item: Transfer, replaces: int) -> ObjectInfo:
        original = await (await store()).info(self._bucket, item.name)
        to = original.link or Link(self._bucket, item.name)
        if to == Link(self._target, item.to):
            raise InvalidLink(f"“{item.to}” would lead to itself.")
        if not replaces:
            return await links.add_link(self._user, self._target, item.to, NewLink(to), if_absent=True)
        try:
            return await links.add_link(self._user, self._target, item.to, NewLink(to), expected_revision=replaces)
        except Conflict:
            raise AlreadyThere(self._target, item.to) from None


async def take_back(user: AnyUser, bucket: str, act: Act, items: Sequence[Done], target: str) -> list[Carried]:
    """As ``allow``. Undo what ``carry`` did, but only where what it made is unchanged since: else its error is ``Conflict``. What was
    replaced comes back from the history. Raises ``TooManyNames`` for more than 1,000."""
    check_number(items)
    await allow(user, bucket, act, target)

    async def one(item: Done) -> Carried:
        try:
            return Carried(item.to, item.name, await _take_back_one(user, bucket, act, item, target))
        except REFUSALS as error:
            return Carried(item.to, item.name, error=error)

    back = [Transfer(item.to, item.name) for item in items]
    return await _work_off(items, order(back, one_bucket=bucket == target), one)


async def _take_back_one(user: AnyUser, bucket: str, act: Act, item: Done, target: str) -> ObjectInfo | None:
    if act is Act.MOVE:
        moved = await move_one(user, target, Transfer(item.to, item.name), bucket, expected_revision=item.revision)
        if item.replaced:
            await _restore(user, target, item, expected_revision=0)
        return moved
    if item.replaced:
        return await _restore(user, target, item, expected_revision=item.revision)
    (result,) = await objects.delete(user, target, [item.to], expected_revision=item.revision)
    if result.error is not None:
        raise result.error
    return None


async def _restore(user: AnyUser, bucket: str, item: Done, *, expected_revision: int) -> ObjectInfo | None:
    """Bring back what was at ``item.to`` before. Raises ``HistoryOff`` and ``VersionNotFound``."""
    found = await versions.versions(user, bucket, item.to, limit=RECENT)
    wanted = next((version.id for version in found.versions if version.info.revision == item.replaced), None)
    if wanted is None:
        raise VersionNotFound(f"What “{item.to}” was before is not in the history.")
    (result,) = await versions.restore(user, bucket, [NamedVersion(item.to, wanted)], expected_revision=expected_revision)
    if result.error is not None:
        raise result.error
    return result.info
