"""Many beginnings of names at once, folders ("a/b/") for instance: which of them are enough, and what is below them. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence


def outermost(prefixes: Iterable[str]) -> list[str]:
    """Those that none of the others begins, sorted, each once."""
    found: list[str] = []
    for prefix in sorted(set(prefixes)):
        if not found or not prefix.startswith(found[-1]):
            found.append(prefix)
    return found


def begins(name: str, prefixes: Sequence[str]) -> bool:
    """Whether one of ``prefixes``, which ``outermost`` gave, begins ``name``."""
    place = bisect_right(prefixes, name)
    return place > 0 and name.startswith(prefixes[place - 1])
