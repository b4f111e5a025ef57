"""Sorting a few milliseconds at a time: a sort in one go would stall the loop."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")
STEP = 2_000


def sort(items: list[T], key: Callable[[T], Any], pieces: list[list[T]]) -> Iterator[None]:
    """A stable sort in steps: ``items`` by ``key`` into ``pieces``, one after the other.

    Items are dealt out between keys of a sample, and each pile is sorted by itself.
    """
    if len(items) <= STEP:
        if items:
            pieces.append(sorted(items, key=key))
        return
    sample = sorted(map(key, items[:: max(1, STEP // 20)]))
    bounds = sample[20::20]
    piles: list[list[T]] = [[] for _ in range(len(bounds) + 1)]
    for start in range(0, len(items), STEP):
        _deal(items[start : start + STEP], key, bounds, piles)
        yield
    for pile in piles:
        if pile:
            pile.sort(key=key)
            pieces.append(pile)
            yield


def _deal(items: Iterable[T], key: Callable[[T], Any], bounds: list[Any], piles: list[list[T]]) -> None:
    for item in items:
        piles[bisect_left(bounds, key(item))].append(item)
