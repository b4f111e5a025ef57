"""Indexes kept on disk, so that a restart reads only what has changed since."""

import asyncio
import logging
import os
import tempfile
import time
from collections.abc import Container, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..index import Index
from ..index.bulk import Builder
from ..index.sorting import Row
from ..model import Link
from .snapshotfile import FOLDERS, LINKS, MARKS, ROWS, BadSnapshot, Block, Header, Reader, Writer

logger = logging.getLogger(__name__)

ENDING = ".index"
PARTIAL = ".partial"
PARTIAL_SECONDS = 3600


class Position(NamedTuple):
    """How far a stream has been read: its incarnation, and the last metadata message (0: none).

    ``before``: the last one that was not about the same ``token`` (the end of its subject); 0 when that is not known.
    """

    created: str = ""
    last: int = 0
    last_time: int = 0
    token: str = ""
    before: int = 0
    before_time: int = 0

    def then(self, token: str, sequence: int, time_ns: int) -> "Position":
        """One message further."""
        if token == self.token:
            return self._replace(last=sequence, last_time=time_ns)
        if not token.isascii():  # it may be no UTF-8: no request and no file can have it
            return Position(self.created, sequence, time_ns)
        return Position(self.created, sequence, time_ns, token, self.last, self.last_time)


@dataclass(slots=True)
class _Contents:
    rows: list[Row]
    marks: list[int]
    links: list[tuple[str, str, str]]
    folders: list[tuple[str, str]]


class Snapshots:
    """One file a bucket in ``folder``, which is made when first needed. What cannot be read or written is logged and otherwise no error."""

    def __init__(self, folder: Path | None) -> None:
        """None: nothing is kept."""
        self._folder = folder

    async def load(self, bucket: str) -> tuple[Index, Position] | None:
        """The index as it was saved, or None when there is none that is whole. Works in the event loop a few milliseconds at a time."""
        if self._folder is None:
            return None
        try:
            return await _load(self._path(self._folder, bucket), bucket)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, OverflowError, TypeError) as error:
            logger.warning("the snapshot of %s is not used: %s", bucket, error)
            return None

    async def save(self, index: Index, position: Position) -> None:
        """Replace the bucket's file. The index may change meanwhile: what is saved is how it is now."""
        if self._folder is None or not position.created:
            return
        header = Header(bucket=index.bucket, objects=len(index), **position._asdict())
        contents = _Contents(list(index._order), index._others.marks(), list(index._links.all()), [])
        for number, (prefix, latest) in enumerate(index._tree.times()):
            contents.folders.append((prefix, str(latest)))
            if number % 2_000 == 1_999:
                await asyncio.sleep(0)
        try:
            await asyncio.to_thread(_write, self._path(self._folder, index.bucket), header, contents)
        except OSError as error:
            logger.warning("the snapshot of %s could not be written: %s", index.bucket, error)

    async def forget(self, bucket: str) -> None:
        """The bucket is gone."""
        if self._folder is not None:
            await asyncio.to_thread(_remove, self._path(self._folder, bucket))

    async def forget_all_but(self, buckets: Container[str]) -> None:
        """Remove the files of buckets that are no more, and what interrupted writes have left."""
        if self._folder is not None:
            await asyncio.to_thread(_clean, self._folder, buckets)

    def _path(self, folder: Path, bucket: str) -> Path:
        return folder / f"{bucket}{ENDING}"


async def _load(path: Path, bucket: str) -> tuple[Index, Position]:
    with await asyncio.to_thread(path.open, "rb") as file:
        reader = await asyncio.to_thread(Reader, file)
        header = reader.header
        if header.bucket != bucket:
            raise BadSnapshot("it is of another bucket")
        builder = Builder(bucket)
        folders: list[tuple[str, ...]] = []
        while (block := await asyncio.to_thread(reader.block)) is not None:
            if block.kind == ROWS:
                builder.take_sorted(block.rows(header.last))
            elif block.kind == FOLDERS:
                folders += block.texts(2)
            else:
                _take(builder.index, block)
    if len(builder.index._rows) != header.objects:
        raise BadSnapshot("rows are missing")
    for _ in builder.steps():
        await asyncio.sleep(0)
    for number, (prefix, latest) in enumerate(folders):
        builder.index._tree.set_time(prefix, int(latest))
        if number % 1_000 == 999:
            await asyncio.sleep(0)
    builder.index.revision = header.last
    return builder.index, Position(*(getattr(header, field) for field in Position._fields))


def _take(index: Index, block: Block) -> None:
    if block.kind == MARKS:
        index._others.restore(block.marks())
    elif block.kind == LINKS:
        for name, bucket, target in block.texts(3):
            if name not in index._rows:
                raise BadSnapshot("a link is not an object")
            index._links.set(name, Link(bucket, target or None))
    else:
        raise BadSnapshot("a block is of no known kind")


def _write(path: Path, header: Header, contents: _Contents) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(suffix=PARTIAL, dir=path.parent)  # with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            writer = Writer(file, header)
            writer.rows(contents.rows)
            writer.marks(contents.marks)
            for kind, columns in ((LINKS, contents.links), (FOLDERS, contents.folders)):
                if columns:
                    writer.texts(kind, list(zip(*columns, strict=True)))
            writer.end()
        os.replace(partial, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(partial)
        raise


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _clean(folder: Path, buckets: Container[str]) -> None:
    for path in _files(folder):
        if path.suffix == PARTIAL:
            with suppress(OSError):
                if path.stat().st_mtime < time.time() - PARTIAL_SECONDS:  # another process may be writing it
                    path.unlink()
        elif path.stem not in buckets:
            _remove(path)


def _files(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from [path for path in folder.iterdir() if path.suffix in (ENDING, PARTIAL)]
