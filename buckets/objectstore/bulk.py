"""Doing one thing to many, each for itself."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from .errors import ObjectStoreError

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T, R]):
    """What became of ``item``: a ``result``, or the ``error`` that stopped it."""

    item: T
    result: R | None = None
    error: ObjectStoreError | None = None


async def each(items: Iterable[T], act: Callable[[T], Awaitable[R]], *, at_once: int = 8) -> list[Outcome[T, R]]:
    """``act`` on every item, ``at_once`` of them at a time; the outcomes in the order of ``items``. One that fails stops no other.

    Only an ObjectStoreError is an outcome: any other error, and a cancellation, end everything.
    """
    waiting = list(items)
    outcomes: list[Outcome[T, R] | None] = [None] * len(waiting)
    numbers = iter(range(len(waiting)))

    async def work() -> None:
        for number in numbers:
            outcomes[number] = await _outcome(waiting[number], act)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(at_once, len(waiting))):
            group.create_task(work())
    return [outcome for outcome in outcomes if outcome is not None]


async def _outcome(item: T, act: Callable[[T], Awaitable[R]]) -> Outcome[T, R]:
    try:
        return Outcome(item, result=await act(item))
    except ObjectStoreError as error:
        return Outcome(item, error=error)
