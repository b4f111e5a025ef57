"""Search through every name below a prefix, and the first hits in any order, without touching a row that is not shown."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from operator import itemgetter
from typing import Any

from .ordered import Chunk, Ordered
from .ranks import at_ranks
from .sorting import FOLDED, SIZE, TIME, TYPE, Row, SortKey, prefix_end

SEPARATOR = "\0"
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

    def containing(self, words: Sequence[str], skip: int, low: int, high: int) -> Sequence[int]:
        """The positions from ``low`` to before ``high`` whose folded name has all the words after its first ``skip`` characters."""
        text = self.text()
        if any(word not in text for word in words):
            return ()
        names = self.names()
        found: Sequence[int] = range(low, high)
        for word in filter(None, words):
            found = [at for at in found if names[at].find(word, skip) >= 0] if skip else [at for at in found if word in names[at]]
        return range(low, high) if len(found) == high - low else found

    def values(self, key: SortKey, positions: Sequence[int]) -> Sequence[Any]:
        """What rows are sorted by first."""
        columns: dict[SortKey, Sequence[Any]] = {SortKey.SIZE: self.sizes, SortKey.MODIFIED: self.times, SortKey.TYPE: self.types}
        return _take(self.names() if key is SortKey.NAME else columns[key], positions)

    def keys(self, key: SortKey, positions: Sequence[int], start: int) -> Iterator[Key]:
        """A sort key for each of ``positions``, ending in the row's position among all."""
        names, ordinals = self.values(SortKey.NAME, positions), (start + at for at in positions)
        if key is SortKey.NAME:
            return zip(names, ordinals, strict=True)
        return zip(self.values(key, positions), names, ordinals, strict=True)


@dataclass(frozen=True, slots=True)
class Hits:
    """Those in one chunk of rows, which begins at the position ``start`` of all rows."""

    start: int
    chunk: Chunk[Row]
    positions: Sequence[int]

    @property
    def columns(self) -> Columns:
        return _columns(self.chunk)

    def values(self, key: SortKey) -> Sequence[Any]:
        return self.columns.values(key, self.positions)

    def keys(self, key: SortKey) -> Iterator[Key]:
        return self.columns.keys(key, self.positions, self.start)

    def between(self, values: Sequence[Any], low: Any, high: Any) -> "Hits":
        """Those whose value (each has one in ``values``) is in these bounds."""
        pairs = zip(self.positions, values, strict=True)
        if low == high:
            return replace(self, positions=[at for at, value in pairs if value == low])
        return replace(self, positions=[at for at, value in pairs if low <= value <= high])


class Matches:
    """The rows below ``prefix`` whose name has all ``words`` (casefolded) after the prefix. Valid until the next change of ``rows``."""

    def __init__(self, rows: Ordered[Row], prefix: str, words: Sequence[str]) -> None:
        self.total = 0
        self.size = 0
        self._hits: list[Hits] = []
        skip = len(prefix.casefold())
        for start, chunk, low, high in rows.between(prefix, prefix_end(prefix)):
            columns = _columns(chunk)
            positions = columns.containing(words, skip, low, high)
            if positions:
                self.total += len(positions)
                self.size += sum(_take(columns.sizes, positions))
                self._hits.append(Hits(start, chunk, positions))

    def select(self, key: SortKey | None, start: int, stop: int, *, descending: bool = False, beyond: Key | None = None) -> list[Row]:
        """The hits at ``start`` up to ``stop`` in the order of ``key`` (None: exact name).

        ``beyond``: count only those that follow this key in this direction; see ``bound``.
        """
        before = 0 if beyond is None else self._before(key, beyond)
        if descending:
            end = self.total if beyond is None else before
            start, stop = end - stop, end - start
        else:
            start, stop = start + before, stop + before
        start, stop = max(start, 0), min(stop, self.total)
        if start >= stop:
            return []
        ordinals = self._in_place(start, stop) if key is None else self._at(key, start, stop)
        return self._rows(reversed(ordinals) if descending else ordinals)

    def _before(self, key: SortKey | None, bound: Key) -> int:
        """How many hits have a smaller key."""
        if key is None:
            return sum(bisect_left(hits.positions, bound[0] - hits.start) for hits in self._hits)
        smaller = sum(len([value for value in hits.values(key) if value < bound[0]]) for hits in self._hits)
        equal = (hits.between(hits.values(key), bound[0], bound[0]) for hits in self._hits)
        return smaller + sum(found < bound for hits in equal if hits.positions for found in hits.keys(key))

    def _in_place(self, start: int, stop: int) -> list[int]:
        """The positions among all rows of the hits at these ranks in the order of the rows."""
        found: list[int] = []
        for hits in self._hits:
            found += [hits.start + at for at in hits.positions[max(start, 0) : max(stop, 0)]]
            start, stop = start - len(hits.positions), stop - len(hits.positions)
        return found

    def _at(self, key: SortKey, start: int, stop: int) -> list[int]:
        """The same, in the order of ``key``: sorts only those that share the first part of their key with what is asked for."""
        hits = self._hits
        for part in (key, SortKey.NAME):
            total = sum(len(one.positions) for one in hits)
            if stop - start == total:
                break
            values = [one.values(part) for one in hits]
            low, high, smaller = at_ranks(values, total, start, stop)
            narrowed = (one.between(some, low, high) for one, some in zip(hits, values, strict=True))
            hits = [one for one in narrowed if one.positions]
            start, stop = start - smaller, stop - smaller
            if low != high:
                break
        keys = sorted(chain.from_iterable(one.keys(key) for one in hits))
        return [found[-1] for found in keys[start:stop]]

    def _rows(self, ordinals: Iterable[int]) -> list[Row]:
        starts = [hits.start for hits in self._hits]
        rows = []
        for ordinal in ordinals:
            hits = self._hits[bisect_right(starts, ordinal) - 1]
            rows.append(hits.chunk[ordinal - hits.start])
        return rows


def prepare(rows: Ordered[Row], count: int) -> bool:
    """Compute what searches read of up to ``count`` chunks that have not been read yet. True when there may be more."""
    fresh = list(islice((chunk for chunk in rows.chunks if chunk.columns is None), count))
    for chunk in fresh:
        _columns(chunk)
    return len(fresh) == count


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
