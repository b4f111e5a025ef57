"""The same act on many objects, each for itself."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..objectstore import ObjectInfo, ObjectStoreError, each
from .errors import TooManyNames

MAX_NAMES = 1000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one object; ``error`` None: it was done. ``info``: what there is now, after an act that leaves something."""

    name: str
    error: ObjectStoreError | None = None
    info: ObjectInfo | None = None


async def for_each(items: Sequence[T], name: Callable[[T], str], act: Callable[[T], Awaitable[ObjectInfo | None]]) -> list[Result]:
    """``act`` on every item, eight at a time; results in the order of ``items``. Raises ``TooManyNames`` for more than 1,000."""
    check_number(items)
    return [Result(name(outcome.item), outcome.error, outcome.result) for outcome in await each(items, act)]


def check_number(items: Sequence[object]) -> None:
    """Raises ``TooManyNames`` for more than 1,000."""
    if len(items) > MAX_NAMES:
        raise TooManyNames(MAX_NAMES)


def only(results: Sequence[Result]) -> ObjectInfo | None:
    """What became of the one object that it was about. Raises its error."""
    (result,) = results
    if result.error is not None:
        raise result.error
    return result.info
