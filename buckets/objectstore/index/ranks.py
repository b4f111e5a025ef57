"""Which of a million values have given ranks, without sorting all of them."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import chain, islice
from math import isqrt
from typing import Any

SAMPLE = 8_000


def at_ranks(parts: Sequence[Sequence[Any]], total: int, start: int, stop: int) -> tuple[Any, Any, int]:
    """The values at the ranks ``start`` and ``stop - 1`` of all the ``total`` values of ``parts``, and how many are smaller than the first.

    0 <= start < stop <= total.
    """
    found = _by_sample(parts, total, start, stop) if total > 4 * SAMPLE else None
    if found is None:
        found = _bounds(sorted(chain.from_iterable(parts)), 0, start, stop)
    return found


def _by_sample(parts: Sequence[Sequence[Any]], total: int, start: int, stop: int) -> tuple[Any, Any, int] | None:
    """Sorts only what lies between two values of a sample; None when the sample was too unlike the whole."""
    sample = sorted(islice(chain.from_iterable(parts), 0, None, total // SAMPLE | 1))
    margin = 2 * isqrt(len(sample))  # four standard deviations of a rank
    first, last = start * len(sample) // total - margin, -(-stop * len(sample) // total) + margin
    below = 0
    between: list[Any] = []
    for part in parts:
        kept = [value for value in part if value <= sample[last]] if last < len(sample) else part
        inside = [value for value in kept if value >= sample[first]] if first >= 0 else kept
        below += len(kept) - len(inside)
        between.extend(inside)
    if below > start or below + len(between) < stop:
        return None
    between.sort()
    return _bounds(between, below, start, stop)


def _bounds(values: Sequence[Any], below: int, start: int, stop: int) -> tuple[Any, Any, int]:
    low, high = values[start - below], values[stop - below - 1]
    return low, high, below + bisect_left(values, low)
