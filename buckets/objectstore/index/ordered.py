"""A list that stays sorted while it changes."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)
CHUNK = 600


class Columns(Protocol[T_contra]):
    """What was computed from a chunk, and is told of its changes."""

    def insert(self, place: int, item: T_contra) -> None: ...
    def replace(self, place: int, item: T_contra) -> None: ...
    def delete(self, place: int) -> None: ...


class Chunk(list[T]):
    """A stretch of a sorted list. ``columns`` is for who reads it, to keep there what it computed; None in a new chunk."""

    __slots__ = ("columns",)

    def __init__(self, items: Iterable[T]) -> None:
        super().__init__(items)
        self.columns: Columns[T] | None = None


class Ordered(Generic[T]):
    """Items sorted by ``key``, which must be unique. 8 bytes an item: unlike ``SortedKeyList`` it keeps no keys.

    ``items`` may be given in any order. When they are already in the order of ``key`` but for what ``first`` gives, that is much
    quicker to sort by. Adding, removing and replacing take microseconds at a million items; positions are counted over the chunks.
    """

    __slots__ = ("_chunks", "_key", "_last")

    def __init__(self, key: Callable[[T], Any], items: Iterable[T] = (), first: Callable[[T], Any] | None = None) -> None:
        ordered = sorted(items, key=first or key)
        self._key = key
        self._chunks = [Chunk(ordered[start : start + CHUNK]) for start in range(0, len(ordered), CHUNK)]
        self._last = [key(chunk[-1]) for chunk in self._chunks]

    @classmethod
    def of_sorted(cls, key: Callable[[T], Any], pieces: Iterable[list[T]]) -> "Ordered[T]":
        """Of items in the order of ``key``, in one or more lists that are not empty; nothing is compared."""
        made = cls(key)
        made._chunks = [Chunk(piece[start : start + CHUNK]) for piece in pieces for start in range(0, len(piece), CHUNK)]
        made._last = [key(chunk[-1]) for chunk in made._chunks]
        return made

    @property
    def chunks(self) -> Sequence[Chunk[T]]:
        return self._chunks

    def __len__(self) -> int:
        return sum(map(len, self._chunks))

    def __iter__(self) -> Iterator[T]:
        return chain.from_iterable(self._chunks)

    def add(self, item: T) -> None:
        key = self._key(item)
        if not self._chunks:
            self._chunks.append(Chunk(()))
            self._last.append(key)
        at = min(bisect_left(self._last, key), len(self._last) - 1)
        chunk = self._chunks[at]
        place = bisect_left(chunk, key, key=self._key)
        chunk.insert(place, item)
        if chunk.columns is not None:
            chunk.columns.insert(place, item)
        if place == len(chunk) - 1:
            self._last[at] = key
        if len(chunk) > 2 * CHUNK:
            self._split(at)

    def remove(self, item: T) -> None:
        """Take out the item with the key of ``item``. Raises KeyError when there is none."""
        at, place = self._find(item)
        chunk = self._chunks[at]
        del chunk[place]
        if chunk.columns is not None:
            chunk.columns.delete(place)
        if len(chunk) < CHUNK // 4:
            self._shrink(at)
        elif place == len(chunk):
            self._last[at] = self._key(chunk[-1])

    def replace(self, item: T) -> None:
        """Put ``item`` where the one with the same key is. Raises KeyError when there is none."""
        at, place = self._find(item)
        chunk = self._chunks[at]
        chunk[place] = item
        if chunk.columns is not None:
            chunk.columns.replace(place, item)

    def position(self, key: Any) -> int:
        """How many items have a smaller key."""
        at = bisect_left(self._last, key)
        before = sum(map(len, self._chunks[:at]))
        return before + bisect_left(self._chunks[at], key, key=self._key) if at < len(self._chunks) else before

    def slice(self, start: int, stop: int, descending: bool = False) -> list[T]:
        """The items at ``start`` up to ``stop``, counted and given from the end when ``descending``."""
        if descending:
            count = len(self)
            return self.slice(max(count - stop, 0), count - start)[::-1]
        found: list[T] = []
        for chunk in self._chunks:
            if stop <= 0:
                break
            found += chunk[max(start, 0) : stop]
            start -= len(chunk)
            stop -= len(chunk)
        return found

    def beyond(self, key: Any, count: int, descending: bool = False) -> list[T]:
        """Up to ``count`` items that follow ``key`` (which need not be there) in this direction."""
        start = self.position(key)
        if descending:
            return self.slice(max(start - count, 0), start)[::-1]
        found = self.slice(start, start + count + 1)
        return found[1:] if found and self._key(found[0]) == key else found[:count]

    def at_or_after(self, key: Any) -> T | None:
        at = bisect_left(self._last, key)
        if at == len(self._chunks):
            return None
        return self._chunks[at][bisect_left(self._chunks[at], key, key=self._key)]

    def before(self, key: Any) -> T | None:
        at = min(bisect_left(self._last, key), len(self._last) - 1)
        place = bisect_left(self._chunks[at], key, key=self._key) if self._chunks else 0
        if place:
            return self._chunks[at][place - 1]
        return self._chunks[at - 1][-1] if at > 0 else None

    def last(self) -> T | None:
        return self._chunks[-1][-1] if self._chunks else None

    def between(self, low: Any, high: Any) -> Iterator[tuple[int, Chunk[T], int, int]]:
        """The stretch from key ``low`` to before ``high`` (None: to the end): position of a chunk's first item, chunk, from, to."""
        first = bisect_left(self._last, low)
        start = sum(map(len, self._chunks[:first]))
        for at, chunk in enumerate(self._chunks[first:], first):
            begin = bisect_left(chunk, low, key=self._key) if at == first else 0
            end = len(chunk) if high is None or self._last[at] < high else bisect_left(chunk, high, key=self._key)
            if begin >= end:
                break
            yield start, chunk, begin, end
            start += len(chunk)

    def _find(self, item: T) -> tuple[int, int]:
        key = self._key(item)
        at = bisect_left(self._last, key)
        if at < len(self._chunks):
            chunk = self._chunks[at]
            place = bisect_left(chunk, key, key=self._key)
            if self._key(chunk[place]) == key:
                return at, place
        raise KeyError(key)

    def _split(self, at: int) -> None:
        chunk = self._chunks[at]
        middle = len(chunk) // 2
        self._chunks[at : at + 1] = [Chunk(chunk[:middle]), Chunk(chunk[middle:])]
        self._last.insert(at, self._key(chunk[middle - 1]))

    def _shrink(self, at: int) -> None:
        """Join a chunk that has become small with a neighbour, or drop it when it is empty."""
        if len(self._chunks) > 1:
            at = max(at - 1, 0)
            self._chunks[at : at + 2] = [Chunk(self._chunks[at] + self._chunks[at + 1])]
            del self._last[at + 1]
        if not self._chunks[at]:
            del self._chunks[at], self._last[at]
            return
        self._last[at] = self._key(self._chunks[at][-1])
