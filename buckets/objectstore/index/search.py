"""Search through every name below a prefix, and the first hits in any order, without touching a row that is not shown."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from heapq import nlargest, nsmallest
from itertools import chain, islice
from operator import itemgetter
from typing import Any

from .ordered import Chunk, Ordered
from .sorting import FOLDED, SIZE, TIME, TYPE, Row, SortKey, prefix_end

SEPARATOR = "\0"
SELECT_UP_TO = 5_000
Key = tuple[Any, ...]


class Columns:
    """What a search reads of a chunk of rows, side by side in memory: following a million pointers takes half a second.

    Told of each change, so that nothing is read again. Names are one text, which takes the changes in when it is next read.
    """

    __slots__ = ("_changes", "_names", "_text", "sizes", "times", "types")

    def __init__(self, rows: Sequence[Row]) -> None:
        self._changes: list[tuple[int, str | None]] = []
        self._set_names([row[FOLDED] for row in rows])
        self.sizes = array("q", [row[SIZE] for row in rows])
        self.times = array("q", [row[TIME] for row in rows])
        self.types = [row[TYPE] for row in rows]

    def insert(self, place: int, item: Row) -> None:
        self._changes.append((place, item[FOLDED]))
        self.sizes.insert(place, item[SIZE])
        self.times.insert(place, item[TIME])
        self.types.insert(place, item[TYPE])

    def replace(self, place: int, item: Row) -> None:
        self.sizes[place], self.times[place], self.types[place] = item[SIZE], item[TIME], item[TYPE]

    def delete(self, place: int) -> None:
        self._changes.append((place, None))
        del self.sizes[place], self.times[place], self.types[place]

    def text(self) -> str:
        if self._changes:
            names = self._names or self._text.split(SEPARATOR)
            for place, name in self._changes:
                names[place : place + (name is None)] = () if name is None else (name,)
            self._changes.clear()
            self._set_names(names)
        return self._text

    def names(self) -> list[str]:
        """The folded names (kept as a list only where one has the separator in it)."""
        text = self.text()
        return self._names or text.split(SEPARATOR)

    def _set_names(self, names: list[str]) -> None:
        self._text = SEPARATOR.join(names)
        self._names = names if self._text.count(SEPARATOR) != len(names) - 1 else None

    def containing(self, query: str, skip: int, low: int, high: int) -> Sequence[int]:
        """The positions from ``low`` to before ``high`` whose folded name has ``query`` after its first ``skip`` characters."""
        if not query:
            return range(low, high)
        if query not in self.text():
            return ()
        names = enumerate(self.names()[low:high], low)
        found = [at for at, name in names if name.find(query, skip) >= 0] if skip else [at for at, name in names if query in name]
        return range(low, high) if len(found) == high - low else found

    def keys(self, key: SortKey | None, positions: Sequence[int], start: int) -> Iterable[Key]:
        """A sort key for each of ``positions``, ending in the row's position among all; None: that alone."""
        ordinals = (
            range(start + positions[0], start + positions[-1] + 1) if isinstance(positions, range) else [start + at for at in positions]
        )
        if key is None:
            return zip(ordinals, strict=True)
        names = _take(self.names(), positions)
        if key is SortKey.NAME:
            return zip(names, ordinals, strict=True)
        values: dict[SortKey, Sequence[Any]] = {SortKey.SIZE: self.sizes, SortKey.MODIFIED: self.times, SortKey.TYPE: self.types}
        return zip(_take(values[key], positions), names, ordinals, strict=True)


class Matches:
    """The rows below ``prefix`` whose name has ``query`` (casefolded) after the prefix. Valid until the next change of ``rows``."""

    def __init__(self, rows: Ordered[Row], prefix: str, query: str) -> None:
        self.total = 0
        self.size = 0
        self._hits: list[tuple[int, Chunk[Row], Sequence[int]]] = []
        skip = len(prefix.casefold())
        for start, chunk, low, high in rows.between(prefix, prefix_end(prefix)):
            columns = _columns(chunk)
            positions = columns.containing(query, skip, low, high)
            if positions:
                self.total += len(positions)
                self.size += sum(_take(columns.sizes, positions))
                self._hits.append((start, chunk, positions))

    def select(self, key: SortKey | None, start: int, stop: int, *, descending: bool = False, beyond: Key | None = None) -> list[Row]:
        """The hits at ``start`` up to ``stop`` in the order of ``key`` (None: exact name).

        ``beyond``: count only those that follow this key in this direction; see ``bound``.
        """
        keys = partial(self._keys, key, beyond, descending)
        if stop <= SELECT_UP_TO:
            chosen = (nlargest if descending else nsmallest)(stop, keys())[start:]
        else:
            chosen = _far_in(keys, start, stop, descending)
        return self._rows([found[-1] for found in chosen])

    def _keys(self, key: SortKey | None, beyond: Key | None, descending: bool) -> Iterator[Key]:
        keys = chain.from_iterable(_columns(chunk).keys(key, positions, start) for start, chunk, positions in self._hits)
        if beyond is None:
            return keys
        return (found for found in keys if (found < beyond if descending else found >= beyond))

    def _rows(self, ordinals: Iterable[int]) -> list[Row]:
        starts = [start for start, _, _ in self._hits]
        rows = []
        for ordinal in ordinals:
            start, chunk, _ = self._hits[bisect_right(starts, ordinal) - 1]
            rows.append(chunk[ordinal - start])
        return rows


def prepare(rows: Ordered[Row], count: int) -> bool:
    """Compute what searches read of up to ``count`` chunks that have not been read yet. True when there may be more."""
    fresh = list(islice((chunk for chunk in rows.chunks if chunk.columns is None), count))
    for chunk in fresh:
        _columns(chunk)
    return len(fresh) == count


def _far_in(keys: Callable[[], Iterator[Key]], start: int, stop: int, descending: bool) -> list[Key]:
    """The keys at ``start`` up to ``stop``: sorts first parts of keys only, then the keys that begin with those in question."""
    firsts = sorted(key[0] for key in keys())
    if descending:
        start, stop = len(firsts) - stop, len(firsts) - start
    asked = firsts[max(start, 0) : max(stop, 0)]
    if not asked:
        return []
    low, high = asked[0], asked[-1]
    near = sorted(key for key in keys() if low <= key[0] <= high)
    before = max(start, 0) - bisect_left(firsts, low)
    return near[before : before + len(asked)][:: -1 if descending else 1]


def bound(rows: Ordered[Row], value: Any, name: str, descending: bool) -> Key:
    """The key from which the hits that follow the row of this ``value`` and ``name`` begin, whether it is still there or not.

    ``value``: what the key sorts by before the name; None when it is the exact name alone.
    """
    place = rows.position(name if descending else name + SEPARATOR)
    return (place,) if value is None else (value, name.casefold(), place)


def _columns(chunk: Chunk[Row]) -> Columns:
    if not isinstance(chunk.columns, Columns):
        chunk.columns = Columns(chunk)
    return chunk.columns


def _take(values: Sequence[Any], positions: Sequence[int]) -> Sequence[Any]:
    if len(positions) == len(values):
        return values
    if isinstance(positions, range):
        return values[positions.start : positions.stop]
    return itemgetter(*positions)(values) if len(positions) > 1 else [values[at] for at in positions]
