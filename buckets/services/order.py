"""In which order many objects get new names, so that none takes the place of another one of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Transfer:
    """An object, and the name that it gets."""

    name: str
    to: str


@dataclass(frozen=True, slots=True)
class Order:
    """Places among the items. ``free``: in any order, also at once. ``careful``: after those, one after the other; what they are to be
    called is the name of another item, or several are to be called so: never in the place of anything."""

    free: Sequence[int]
    careful: Sequence[int]


def order(items: Sequence[Transfer], *, one_bucket: bool) -> Order:
    """one_bucket: that where they are is also where they go."""
    wanted = Counter(item.to for item in items)
    named = {item.name: place for place, item in enumerate(items) if item.name != item.to} if one_bucket else {}

    def is_careful(item: Transfer) -> bool:
        return wanted[item.to] > 1 or (item.to != item.name and item.to in named)

    careful = {place: item for place, item in enumerate(items) if is_careful(item)}
    return Order([place for place in range(len(items)) if place not in careful], _from_their_ends(careful, named))


def ordered(items: Sequence[Transfer], *, one_bucket: bool) -> tuple[list[Transfer], frozenset[str]]:
    """The items so that they can also be done in pieces, and the names under which nothing may be replaced."""
    found = order(items, one_bucket=one_bucket)
    return [items[place] for place in (*found.free, *found.careful)], frozenset(items[place].to for place in found.careful)


def _from_their_ends(careful: dict[int, Transfer], named: dict[str, int]) -> list[int]:
    """Each behind the one whose name it gets. In a circle none can be the first: there any is."""
    done: dict[int, None] = {}
    for start in careful:
        chain: dict[int, None] = {}
        place: int | None = start
        while place in careful and place not in done and place not in chain:
            chain[place] = None
            place = named.get(careful[place].to)
        done |= dict.fromkeys(reversed(chain))
    return list(done)
