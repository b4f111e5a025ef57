"""A zip archive that is written piece by piece and never held: the standard library's writer over a file that is only a queue.

It needs neither the size of a member nor a file to seek in (data descriptors), writes zip64 where the numbers ask for it, and can take a
member back that was begun: its bytes are then in no directory, and without their end, so that no reader takes them for a file.
"""

import asyncio
import struct
import tempfile
import zipfile
from collections.abc import AsyncGenerator, Callable, Iterator
from datetime import UTC, datetime
from typing import IO, TypeVar

import orjson

T = TypeVar("T")

OUTPUT_PIECE = 256 * 1024
DIRECTORY_IN_MEMORY = 1024 * 1024
# Below this, a CRC or deflating takes less time than handing it to a thread.
INLINE_STORED, INLINE_DEFLATED = 64 * 1024, 8 * 1024
FIRST, LAST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2107, 12, 31, 23, 59, 58, tzinfo=UTC)
LAST_UNIX = 2**31
FILE_MODE = 0o100644 << 16
EXTENDED_TIME = 0x5455


class _Queue:
    """What the writer takes for a file that cannot be sought in: it keeps what was written until it is taken."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.waiting = 0
        self.muted = False
        self.spill: IO[bytes] | None = None
        self._position = 0

    def write(self, data: bytes) -> int:
        if self.muted or not data:
            return len(data)
        self._position += len(data)
        if self.spill is not None:
            return self.spill.write(data)
        self.pieces.append(data)
        self.waiting += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def take(self) -> list[bytes]:
        """What is waiting, small pieces joined."""
        pieces, self.pieces, self.waiting = self.pieces, [], 0
        return list(_joined(pieces))


class Spool(tempfile.SpooledTemporaryFile[bytes]):
    """A file in memory that goes to disk when it grows, and is closed when nobody has it any more: answers are given up at any point."""

    def __del__(self) -> None:
        self.close()


class _Directory(list[zipfile.ZipInfo]):
    """The members written, beyond ``DIRECTORY_IN_MEMORY`` on disk: what would otherwise grow with their number."""

    def __init__(self) -> None:
        super().__init__()
        self._file: Spool | None = None
        self._count = 0

    def append(self, member: zipfile.ZipInfo) -> None:
        if self._file is None:
            self._file = Spool(DIRECTORY_IN_MEMORY)
        parts = [getattr(member, key) for key in KEPT]
        self._file.write(orjson.dumps([*parts, member.extra.hex()]) + b"\n")
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[zipfile.ZipInfo]:
        if self._file is None:
            return
        self._file.seek(0)
        for line in self._file:
            *parts, extra = orjson.loads(line)
            member = zipfile.ZipInfo()
            for key, value in zip(KEPT, parts, strict=True):
                setattr(member, key, value)
            member.extra = bytes.fromhex(extra)
            yield member

    def clear(self) -> None:
        self._count = 0
        if self._file is not None:
            self._file.close()


KEPT = ("filename", "date_time", "compress_type", "external_attr", "flag_bits", "header_offset", "CRC", "compress_size", "file_size")


class _Unnamed(dict[str, zipfile.ZipInfo]):
    """The writer's own table of names, which is for reading: not kept."""

    def __setitem__(self, name: str, member: zipfile.ZipInfo) -> None:
        pass


class ZipStream:
    """``begin``, ``write``…, ``end`` for each member, or ``drop`` instead of ``end``; after each of them ``take`` gives what is to be sent.

    ``finish`` ends the archive, and ``close`` must be called in any case. Names have to be unique. Memory does not depend on the number or
    the size of members; what takes time is done in threads.
    """

    def __init__(self) -> None:
        self._queue = _Queue()
        self._zip = zipfile.ZipFile(self._queue, "w")
        self._zip.filelist = _Directory()
        self._zip.NameToInfo = _Unnamed()
        self._member: IO[bytes] | None = None
        self._inline = 0

    @property
    def members(self) -> int:
        return len(self._zip.filelist)

    def begin(self, name: str, size: int, modified: datetime, *, deflate: bool = False) -> None:
        """``size``: what it will have at most. From 2 GiB on the member is written as zip64."""
        info = zipfile.ZipInfo(name, _dos_time(modified))
        info.compress_type = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
        info.external_attr = FILE_MODE
        info.create_system = 3  # whose attributes these are: Unix
        info.extra = _unix_time(modified)
        info.file_size = size
        self._inline = INLINE_DEFLATED if deflate else INLINE_STORED
        self._member = self._zip.open(info, "w")

    async def write(self, data: bytes) -> None:
        assert self._member is not None
        if len(data) <= self._inline:
            self._member.write(data)
        else:
            await _in_thread(self._member.write, data)

    def end(self) -> None:
        """The member is whole."""
        member, self._member = self._member, None
        assert member is not None
        member.close()

    def drop(self) -> None:
        """The member is to be none: what was sent of it stays without an end and without an entry."""
        member, self._member = self._member, None
        directory, self._zip.filelist = self._zip.filelist, []
        self._queue.muted = True
        try:
            if member is not None:
                member.close()
        finally:
            self._queue.muted = False
            self._zip.filelist = directory

    def take(self, at_least: int = OUTPUT_PIECE) -> list[bytes]:
        """The pieces to be sent next; none while they are less than ``at_least`` bytes together."""
        return self._queue.take() if self._queue.waiting >= at_least else []

    async def finish(self) -> AsyncGenerator[bytes, None]:
        """What is left, and the directory, which is written to disk first if it is large."""
        for piece in self.take(0):
            yield piece
        with Spool(DIRECTORY_IN_MEMORY) as spill:
            self._queue.spill = spill
            await _in_thread(self._zip.close)
            spill.seek(0)
            while piece := await _in_thread(spill.read, OUTPUT_PIECE):
                yield piece

    def close(self) -> None:
        """Leave nothing behind; twice is no error."""
        self.drop()
        self._queue.take()
        self._queue.muted = True
        self._zip.filelist.clear()
        self._zip.filelist = []
        self._zip.close()


async def _in_thread(work: Callable[..., T], *arguments: object) -> T:
    """As ``asyncio.to_thread``, but also when it is cancelled it returns only when the work is done: nothing else touches the archive
    meanwhile."""
    running = asyncio.get_running_loop().run_in_executor(None, work, *arguments)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


def _joined(pieces: list[bytes]) -> Iterator[bytes]:
    """Large ones as they are, small ones together."""
    small: list[bytes] = []
    for piece in pieces:
        if len(piece) < OUTPUT_PIECE // 4:
            small.append(piece)
            continue
        if small:
            yield b"".join(small)
            small = []
        yield piece
    if small:
        yield b"".join(small)


def _dos_time(moment: datetime) -> tuple[int, int, int, int, int, int]:
    """In UTC, to two seconds, from 1980 to 2107."""
    found = min(max(moment.astimezone(UTC), FIRST), LAST)
    return (found.year, found.month, found.day, found.hour, found.minute, found.second)


def _unix_time(moment: datetime) -> bytes:
    """The "extended timestamp" of Info-ZIP, which has a time zone; nothing where it does not fit."""
    seconds = int(moment.timestamp())
    return struct.pack("<HHBl", EXTENDED_TIME, 5, 1, seconds) if -LAST_UNIX <= seconds < LAST_UNIX else b""
