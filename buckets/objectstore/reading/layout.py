"""Where an object's chunks lie: from a position in its bytes to a chunk, without I/O.

Content under a nuid never changes, so a layout stays right as long as its messages are there. Every chunk that is read is compared
with its layout (``fits``), so a wrong one ends a reading and never hands out other bytes.
"""

from array import array
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass
from typing import Protocol

MAX_ANCHORS = 65_536
MAX_POINTS = 1024


@dataclass(frozen=True, slots=True)
class Spot:
    """A chunk: how many come before it, the sequence that it is stored under, and the position of its first byte in the object."""

    index: int
    sequence: int
    offset: int


class Layout(Protocol):
    @property
    def chunks(self) -> int: ...

    @property
    def weight(self) -> int:
        """Bytes of memory, roughly."""

    def upto(self, end: int) -> int:
        """How many chunks from the first one on have all bytes before ``end``; perhaps some more."""

    def fits(self, at: Spot, length: int) -> bool:
        """Whether a chunk of ``length`` bytes can be stored there."""


class Even:
    """Chunks of ``chunk_size`` bytes, the last one of what remains."""

    weight = 200

    def __init__(self, size: int, chunk_size: int) -> None:
        self.size = size
        self.chunk_size = chunk_size
        self.chunks = -(-size // chunk_size)

    @property
    def last_length(self) -> int:
        return self.size - (self.chunks - 1) * self.chunk_size

    def index(self, position: int) -> int:
        return position // self.chunk_size

    def upto(self, end: int) -> int:
        return -(-end // self.chunk_size)

    def fits(self, at: Spot, length: int) -> bool:
        return length == min(self.chunk_size, self.size - at.offset)


class Contiguous(Even):
    """One after the other in the stream, with nothing between them."""

    def __init__(self, size: int, chunk_size: int, first: int) -> None:
        super().__init__(size, chunk_size)
        self._first = first

    def spot(self, position: int) -> Spot:
        index = self.index(position)
        return Spot(index, self._first + index, index * self.chunk_size)

    def fits(self, at: Spot, length: int) -> bool:
        return at.sequence == self._first + at.index and super().fits(at, length)


class Scattered(Even):
    """With other messages between them. ``learn`` keeps what was found out of where they lie."""

    weight = 200 + MAX_POINTS * 80

    def __init__(self, size: int, chunk_size: int, first: int, last: int) -> None:
        super().__init__(size, chunk_size)
        self._points = [(0, first), (self.chunks - 1, last)]

    def around(self, index: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """The nearest known chunks, as (index, sequence): at or before it, and at or behind it."""
        place = bisect_right(self._points, (index, 2**64))
        before = self._points[place - 1]
        return before, before if before[0] == index or place == len(self._points) else self._points[place]

    def learn(self, index: int, sequence: int) -> None:
        point = (index, sequence)
        if len(self._points) < MAX_POINTS and self.around(index)[0] != point:
            insort(self._points, point)


class Table:
    """Chunks of any lengths: an anchor for each of them, or, when there are too many, for every second, fourth … one."""

    def __init__(self) -> None:
        self.chunks = 0
        self.size = 0
        self._stride = 1
        self._sequences = array("Q")
        self._offsets = array("Q")

    @property
    def weight(self) -> int:
        return 200 + 16 * len(self._offsets)

    def add(self, sequence: int, length: int) -> None:
        """The next chunk."""
        if len(self._offsets) == MAX_ANCHORS:
            self._stride *= 2
            self._sequences, self._offsets = self._sequences[::2], self._offsets[::2]
        if self.chunks % self._stride == 0:
            self._sequences.append(sequence)
            self._offsets.append(self.size)
        self.chunks += 1
        self.size += length

    def spot(self, position: int) -> Spot:
        place = bisect_right(self._offsets, position) - 1
        return Spot(place * self._stride, self._sequences[place], self._offsets[place])

    def upto(self, end: int) -> int:
        return min(self.chunks, bisect_left(self._offsets, end) * self._stride)

    def fits(self, at: Spot, length: int) -> bool:
        place, between = divmod(at.index, self._stride)
        if at.index >= self.chunks or at.offset + length > self.size:
            return False
        return bool(between) or (at.sequence, at.offset) == (self._sequences[place], self._offsets[place])
