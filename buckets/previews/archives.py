"""What an archive has in it, read from its directory (zip) or from the heads of its members (tar). Nothing is unpacked to disk."""

import bz2
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime

from .model import Archive, Failed, Need

MAX_ENTRIES = 500
MAX_NAME = 1000
# What of a packed tar is unpacked for its list.
MAX_UNPACKED = 16 * 1024 * 1024
STEP = 128 * 1024
MEMORY = 64 * 1024 * 1024

Span = tuple[int, bytes]
BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError),
    *(OSError, ValueError, EOFError, NotImplementedError, OverflowError),
)


class _Hole(Exception):
    def __init__(self, start: int, length: int) -> None:
        super().__init__(start, length)
        self.start, self.length = start, length


class Sparse(io.RawIOBase):
    """A file of ``size`` bytes of which only ``spans`` are there. Reading another part raises ``_Hole``."""

    def __init__(self, size: int, spans: list[Span]) -> None:
        self._size, self._spans, self._at = size, spans, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError("before the start")
        self._at = base + offset
        return self._at

    def read(self, count: int = -1) -> bytes:
        end = self._size if count < 0 else min(self._size, self._at + count)
        if self._at >= end:
            return b""
        for start, data in self._spans:
            if start <= self._at and end <= start + len(data):
                found = data[self._at - start : end - start]
                self._at = end
                return found
        raise _Hole(self._at, end - self._at)


def render_archive(name: str, size: int, spans: list[Span]) -> Archive | Failed | Need:
    """``spans``: at first the beginning and the end of the file; ``Need`` asks for one more."""
    begin = spans[0][1] if spans else b""
    try:
        if begin[:2] == b"PK":
            return _zip(Sparse(size, spans))
        for magic, unpack, label in PACKED:
            if begin.startswith(magic):
                data, whole = unpack(begin)
                return _tar(io.BytesIO(data), label, len(begin) >= size and whole)
        return _tar(Sparse(size, spans), "tar", True)
    except _Hole as hole:
        return Need(hole.start, min(max(hole.length, STEP), size - hole.start))
    except BROKEN:
        return Failed("Its list of contents cannot be read: it is damaged, incomplete, or of another format.")


def _zip(file: Sparse) -> Archive:
    with zipfile.ZipFile(file) as opened:
        found = opened.infolist()
        return Archive([_of_zip(each) for each in found[:MAX_ENTRIES]], len(found), "zip")


def _of_zip(member: zipfile.ZipInfo) -> tuple[str, int, str]:
    return member.filename[:MAX_NAME], -1 if member.is_dir() else member.file_size, _date(member.date_time)


def _tar(file: io.BytesIO | Sparse, label: str, whole: bool) -> Archive | Failed:
    entries: list[tuple[str, int, str]] = []
    try:
        with tarfile.open(fileobj=file, mode="r:", errorlevel=0) as opened:
            while len(entries) < MAX_ENTRIES and (member := opened.next()) is not None:
                entries.append((member.name[:MAX_NAME], -1 if member.isdir() else member.size, _moment(member.mtime)))
            whole = whole and len(entries) < MAX_ENTRIES
    except (tarfile.TarError, EOFError):
        if not entries:
            raise
        whole = False
    except _Hole:
        if len(entries) < MAX_ENTRIES // 5:
            raise
        whole = False
    return Archive(entries, len(entries) if whole else None, label)


def _date(parts: tuple[int, int, int, int, int, int]) -> str:
    year, month, day, hour, minute, _ = parts
    return f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}"


def _moment(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):
        return ""


def _gunzip(data: bytes) -> tuple[bytes, bool]:
    unpacker = zlib.decompressobj(31)
    return unpacker.decompress(data, MAX_UNPACKED), unpacker.eof


def _bunzip(data: bytes) -> tuple[bytes, bool]:
    unpacker = bz2.BZ2Decompressor()
    return unpacker.decompress(data, MAX_UNPACKED), unpacker.eof


def _unxz(data: bytes) -> tuple[bytes, bool]:
    unpacker = lzma.LZMADecompressor(memlimit=MEMORY)
    return unpacker.decompress(data, MAX_UNPACKED), unpacker.eof


PACKED: tuple[tuple[bytes, Callable[[bytes], tuple[bytes, bool]], str], ...] = (
    (b"\x1f\x8b", _gunzip, "tar, gzip"),
    (b"BZh", _bunzip, "tar, bzip2"),
    (b"\xfd7zXZ", _unxz, "tar, xz"),
)
