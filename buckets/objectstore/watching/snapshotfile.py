"""The file that an index is kept in between two runs: a header, then blocks, each checked on its own. Read as untrusted data.

``NFI1`` | header | blocks of rows, of other things | an end block. Each is a kind (1 byte), a length and a checksum (4 bytes each),
and its payload; the checksum covers all blocks before it too, so that none can be missing or changed for another.
"""

import struct
import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate, pairwise
from typing import IO

import orjson

from ..index.sorting import FOLDED, NAME, RAW, REVISION, SIZE, TIME, TOKEN, TYPE, Row

assert FOLDED == 1  # rows are made below in the order of these numbers

MAGIC = b"NFI1"
FRAME = struct.Struct("<cII")
MAX_BLOCK = 64 * 1024 * 1024
BLOCK_ROWS = 2_000
BLOCK_BYTES = 4 * 1024 * 1024
HEADER, ROWS, MARKS, LINKS, FOLDERS, END = b"H", b"R", b"M", b"L", b"F", b"E"


class BadSnapshot(ValueError):
    """The file is no snapshot that can be used."""


@dataclass(frozen=True, slots=True)
class Header:
    """Of which bucket, and up to where. ``created``: the stream's creation time as the server writes it; ``last`` and ``last_time``
    (nanoseconds): of the last metadata message that is in it; the last three: see ``Position`` (older files do not have them)."""

    bucket: str
    created: str
    last: int
    last_time: int
    objects: int
    order: str = sys.byteorder
    token: str = ""
    before: int = 0
    before_time: int = 0


class Writer:
    """Writes blocks to ``file``; ``end`` makes it whole."""

    def __init__(self, file: IO[bytes], header: Header) -> None:
        self._file = file
        self._checksum = 0
        file.write(MAGIC)
        self._block(HEADER, orjson.dumps(asdict(header)))

    def rows(self, rows: Sequence[Row]) -> None:
        for some in _slices(rows):
            kinds = {kind: at for at, kind in enumerate(dict.fromkeys(row[TYPE] for row in some))}
            self._block(
                ROWS,
                pack_numbers("q", [row[SIZE] for row in some]),
                pack_numbers("q", [row[TIME] for row in some]),
                pack_numbers("q", [row[REVISION] for row in some]),
                pack_numbers("I", [kinds[row[TYPE]] for row in some]),
                pack_texts([row[NAME] for row in some]),
                pack_texts([row[TOKEN] for row in some]),
                pack_texts(list(kinds)),
                pack_bytes([row[RAW] for row in some]),
            )

    def marks(self, marks: Sequence[int]) -> None:
        for start in range(0, len(marks), BLOCK_BYTES // 8):
            self._block(MARKS, pack_numbers("Q", marks[start : start + BLOCK_BYTES // 8]))

    def texts(self, kind: bytes, columns: Sequence[Sequence[str]]) -> None:
        for start in range(0, len(columns[0]), BLOCK_ROWS):
            self._block(kind, *(pack_texts(column[start : start + BLOCK_ROWS]) for column in columns))

    def end(self) -> None:
        self._block(END)

    def _block(self, kind: bytes, *parts: bytes) -> None:
        payload = b"".join(struct.pack("<I", len(part)) + part for part in parts)
        self._checksum = zlib.crc32(payload, zlib.crc32(kind, self._checksum))
        self._file.write(FRAME.pack(kind, len(payload), self._checksum))
        self._file.write(payload)


@dataclass(frozen=True, slots=True)
class Block:
    kind: bytes
    parts: tuple[memoryview, ...]

    def rows(self, last: int) -> list[Row]:
        """Raises BadSnapshot for values that no index has."""
        if len(self.parts) != 8:
            raise BadSnapshot("a block of rows is malformed")
        sizes, times, revisions = (unpack_numbers("q", part) for part in self.parts[:3])
        kinds = [sys.intern(text) for text in unpack_texts(self.parts[6])]
        names, tokens = unpack_texts(self.parts[4]), unpack_texts(self.parts[5])
        folded = [name if (text := name.casefold()) == name else text for name in names]
        try:
            types = [kinds[at] for at in unpack_numbers("I", self.parts[3])]
            rows = list(zip(names, folded, sizes, times, types, revisions, unpack_bytes(self.parts[7]), tokens, strict=True))
        except (IndexError, ValueError):
            raise BadSnapshot("a block of rows is malformed") from None
        if not rows or min(sizes) < 0 or min(revisions) < 1 or max(revisions) > last:
            raise BadSnapshot("a row has impossible values")
        return rows

    def texts(self, columns: int) -> Iterator[tuple[str, ...]]:
        if len(self.parts) != columns:
            raise BadSnapshot("a block of texts is malformed")
        try:
            yield from zip(*map(unpack_texts, self.parts), strict=True)
        except ValueError:
            raise BadSnapshot("a block of texts is malformed") from None

    def marks(self) -> "array[int]":
        return unpack_numbers("Q", self.parts[0])


class Reader:
    """Reads what ``Writer`` has written. Whatever is wrong with it raises BadSnapshot; nothing is taken for longer than it may be."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._checksum = 0
        if file.read(len(MAGIC)) != MAGIC:
            raise BadSnapshot("it is not a snapshot of this version")
        self.header = _header(self._next())

    def block(self) -> Block | None:
        """The next block, None at the end."""
        block = self._next()
        return None if block.kind == END else block

    def _next(self) -> Block:
        frame = self._file.read(FRAME.size)
        if len(frame) != FRAME.size:
            raise BadSnapshot("it is cut off")
        kind, length, checksum = FRAME.unpack(frame)
        if length > MAX_BLOCK:
            raise BadSnapshot("a block is too long")
        payload = self._file.read(length)
        self._checksum = zlib.crc32(payload, zlib.crc32(kind, self._checksum))
        if len(payload) != length or self._checksum != checksum:
            raise BadSnapshot("a block is damaged")
        return Block(kind, tuple(_parts(memoryview(payload))))


def pack_numbers(code: str, numbers: Iterable[int]) -> bytes:
    return array(code, numbers).tobytes()


def unpack_numbers(code: str, part: memoryview) -> "array[int]":
    numbers = array(code)
    if len(part) % numbers.itemsize:
        raise BadSnapshot("numbers are cut off")
    numbers.frombytes(part)
    return numbers


def pack_texts(texts: Sequence[str]) -> bytes:
    """Lengths in characters, then all of them as one UTF-8 text."""
    return pack_numbers("I", [len(texts), *map(len, texts)]) + "".join(texts).encode("utf-8", "surrogatepass")


def unpack_texts(part: memoryview) -> list[str]:
    lengths, rest = _lengths(part)
    try:
        text = bytes(rest).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise BadSnapshot("a text is not UTF-8") from None
    ends = list(accumulate(lengths, initial=0))
    if ends[-1] != len(text):
        raise BadSnapshot("texts are not as long as stated")
    return [text[start:end] for start, end in pairwise(ends)]


def pack_bytes(values: Sequence[bytes]) -> bytes:
    return pack_numbers("I", [len(values), *map(len, values)]) + b"".join(values)


def unpack_bytes(part: memoryview) -> list[bytes]:
    lengths, rest = _lengths(part)
    ends = list(accumulate(lengths, initial=0))
    if ends[-1] != len(rest):
        raise BadSnapshot("values are not as long as stated")
    return [bytes(rest[start:end]) for start, end in pairwise(ends)]


def _lengths(part: memoryview) -> tuple["array[int]", memoryview]:
    (count,) = unpack_numbers("I", part[:4]) or (0,)
    end = 4 + 4 * count
    if end > len(part):
        raise BadSnapshot("lengths are cut off")
    return unpack_numbers("I", part[4:end]), part[end:]


def _parts(payload: memoryview) -> Iterator[memoryview]:
    while payload:
        if len(payload) < 4:
            raise BadSnapshot("a part is cut off")
        (length,) = struct.unpack_from("<I", payload)
        if length > len(payload) - 4:
            raise BadSnapshot("a part is cut off")
        yield payload[4 : 4 + length]
        payload = payload[4 + length :]


def _header(block: Block) -> Header:
    try:
        header = Header(**orjson.loads(block.parts[0]))
    except (IndexError, TypeError, ValueError):
        raise BadSnapshot("its header is malformed") from None
    numbers = (header.last, header.last_time, header.objects, header.before, header.before_time)
    bad_values = type(header.token) is not str or any(type(number) is not int or number < 0 for number in numbers)
    if block.kind != HEADER or header.order != sys.byteorder or bad_values:
        raise BadSnapshot("its header is malformed")
    return header


def _slices(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Some rows at a time: not too many, and not too much."""
    start = size = 0
    for at, row in enumerate(rows):
        size += len(row[RAW])
        if size >= BLOCK_BYTES or at - start == BLOCK_ROWS - 1:
            yield rows[start : at + 1]
            start, size = at + 1, 0
    if start < len(rows):
        yield rows[start:]
