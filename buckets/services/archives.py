"""Many objects as one zip that is made while it is sent: authorise, act, record.

What cannot be read (deleted meanwhile, damaged, a link that leads nowhere) is left out and named at the end, in ``MISSING``. Small
objects are read before they are begun, some ahead; a large one that breaks in the middle is taken back. When NATS itself is away the
archive breaks off.
"""

import asyncio
import json
import re
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, closing
from dataclasses import dataclass
from datetime import UTC, datetime

from ..access import AnyUser, roles
from ..metrics.instruments import Direction
from ..objectstore import DigestMismatch, Link, ObjectInfo, ObjectNotFound, ObjectReader, ObjectStoreError, Unavailable, VersionNotFound
from . import damaged
from .audit import record
from .media_types import guess_media_type
from .runtime import store
from .safenames import Names
from .selections import Selection, Target, Targets
from .slots import transfer
from .zipping import OUTPUT_PIECE, Spool, ZipStream

MISSING = "_missing.txt"
SMALL = 1024 * 1024
AHEAD = 8
MISSING_IN_MEMORY = 256 * 1024
# What deflating makes no smaller.
PACKED_MEDIA = ("image/", "video/", "audio/", "font/")
PLAIN_MEDIA = ("image/svg+xml", "image/bmp", "image/tiff", "audio/wav", "audio/x-wav", "audio/midi")
PACKED = re.compile(r"zip|compress|7z|rar\Z|x-xz|zstd|bzip|pdf|officedocument|opendocument|woff|epub")


@dataclass(frozen=True, slots=True)
class _Opened:
    """What came of a target: ``content`` of a small one, ``reader`` of a large one, or ``error``; ``info`` if it was found."""

    name: str
    info: ObjectInfo | None = None
    content: tuple[bytes, ...] = ()
    reader: ObjectReader | None = None
    error: ObjectStoreError | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip of ``selection`` for ``user``, of which nothing is read yet."""

    user: AnyUser
    bucket: str
    selection: Selection
    targets: Targets
    compress: bool

    @property
    def file_name(self) -> str:
        """After the one folder or object that it is of, else after the bucket; with the time that it shows."""
        at = self.selection.at
        return (self.selection.title or self.bucket) + (f" {at:%Y-%m-%d %H.%M.%S}" if at else "") + ".zip"

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The zip, once; closing this closes all that is open. Raises ``Busy``, ``Unavailable``, and ``NotVisible`` when the user may
        not see the bucket any more."""
        async with transfer(self.user, Direction.ARCHIVE):
            self._record()
            with closing(_Making(self.bucket, self.selection.root, self.compress)) as making:
                async with aclosing(making.pieces(_ahead(self.user, self.bucket, self.targets))) as pieces:
                    async for piece in pieces:
                        yield piece

    def _record(self) -> None:
        selection = self.selection
        facts: dict[str, str | int] = {"names": len(selection.names), "prefixes": len(selection.prefixes)}
        if selection.title:
            facts["name"] = (*selection.names, *selection.prefixes)[0]
        if selection.at:
            facts["at"] = selection.at.isoformat()
        if selection.trash:
            facts["trash"] = 1
        record("archive.download", self.user, self.bucket, **facts)


class _Making:
    """An archive while it is made: what has been written of it, and what is missing in it."""

    def __init__(self, bucket: str, root: str, compress: bool) -> None:
        self._bucket = bucket
        self._root = root
        self._compress = compress
        self._names = Names()
        self._zip = ZipStream()
        self._missing = _Missing()

    async def pieces(self, opened: AsyncGenerator[_Opened, None]) -> AsyncGenerator[bytes, None]:
        async with aclosing(opened):
            async for one in opened:
                async with aclosing(self._add(one)) as pieces:
                    async for piece in pieces:
                        yield piece
        for last in (self._add_missing(), self._zip.finish()):
            async with aclosing(last) as pieces:
                async for piece in pieces:
                    yield piece

    def close(self) -> None:
        self._zip.close()
        self._missing.close()

    async def _add(self, one: _Opened) -> AsyncGenerator[bytes, None]:
        if one.info is None or one.error is not None:
            self._miss(one, one.error)
            return
        name = self._names.claim(one.name.removeprefix(self._root))
        self._zip.begin(name, one.info.size, one.info.modified, deflate=self._compress and is_compressible(one.info))
        for content in one.content:
            await self._zip.write(content)
        async with aclosing(self._rest(one)) as pieces:
            async for piece in pieces:
                yield piece
        for piece in self._zip.take():
            yield piece

    async def _rest(self, one: _Opened) -> AsyncGenerator[bytes, None]:
        """What is still to be read of a member, and its end; or, where it breaks, none at all."""
        try:
            if one.reader is not None:
                async with one.reader as reader:
                    async for content in reader:
                        await self._zip.write(content)
                        for piece in self._zip.take():
                            yield piece
        except Unavailable:
            raise
        except ObjectStoreError as error:
            self._zip.drop()
            self._miss(one, error)
        else:
            self._zip.end()

    def _miss(self, one: _Opened, error: ObjectStoreError | None) -> None:
        if one.info is not None and isinstance(error, DigestMismatch):
            damaged.mark(one.info, error)
        self._missing.add(one.name, error)

    async def _add_missing(self) -> AsyncGenerator[bytes, None]:
        if not self._missing.size:
            return
        self._zip.begin(self._names.claim(MISSING), self._missing.size, datetime.now(UTC))
        for content in self._missing.contents():
            await self._zip.write(content)
            for piece in self._zip.take():
                yield piece
        self._zip.end()


async def open_archive(user: AnyUser, bucket: str, selection: Selection, *, compress: bool = False) -> Archive:
    """VIEWER. compress: deflate what that makes smaller.

    Raises ``TooManyNames`` for more than 10,000 names and prefixes, ``BucketNotFound``, ``StillLoading`` and, for the past, ``HistoryOff``.
    """
    targets = Targets(user, bucket, selection)
    await targets.check()
    return Archive(user, bucket, selection, targets, compress=compress)


def is_compressible(info: ObjectInfo) -> bool:
    """Whether deflating is likely to make it smaller, by its type and its name."""
    kinds = {info.content_type.partition(";")[0].strip().lower(), guess_media_type(info.name)}
    return info.size > 0 and not any(_is_packed(kind) for kind in kinds)


def _is_packed(kind: str) -> bool:
    if kind.startswith(PACKED_MEDIA):
        return not kind.startswith(PLAIN_MEDIA)
    return PACKED.search(kind) is not None


async def _ahead(user: AnyUser, bucket: str, targets: Targets) -> AsyncGenerator[_Opened, None]:
    """The targets in their order, opened, and small ones read, up to ``AHEAD`` of them before their turn."""
    opener = _Opener(user, bucket)
    under_way: deque[asyncio.Task[_Opened]] = deque()
    try:
        async for target in targets.each():
            under_way.append(asyncio.create_task(opener.open(target), name=f"archive of {bucket}"))
            if len(under_way) >= AHEAD:
                yield await under_way.popleft()
        while under_way:
            yield await under_way.popleft()
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


class _Opener:
    """Opens targets with the user's rights; those in other buckets are looked at when a link leads there."""

    def __init__(self, user: AnyUser, bucket: str) -> None:
        self._user = user
        self._bucket = bucket

    async def open(self, target: Target) -> _Opened:
        """Raises ``Unavailable``; what else the store says of an object is in the result."""
        info = None
        try:
            reader = await self._reader(target)
            info = reader.info
            if info.size > SMALL:
                return _Opened(target.name, info, reader=reader)
            async with reader:
                return _Opened(target.name, info, content=tuple([piece async for piece in reader]))
        except Unavailable:
            raise
        except ObjectStoreError as error:
            return _Opened(target.name, info, error=error)

    async def _reader(self, target: Target) -> ObjectReader:
        if target.version is None:
            return await (await store()).get(self._bucket, target.name, may_follow=self._may_follow)
        if not target.version:
            raise VersionNotFound(f"There was no object “{target.name}” then, or nothing of it is left.")
        return await (await store()).history.open(self._bucket, target.name, target.version)

    async def _may_follow(self, link: Link) -> None:
        if (await roles(self._user)).of(link.bucket) is None:
            raise ObjectNotFound("It is a link to an object that is not there or that you may not see.")


class _Missing:
    """What is left out and why, line by line; on disk if it is long."""

    def __init__(self) -> None:
        self._file: Spool | None = None
        self.size = 0

    def add(self, name: str, error: ObjectStoreError | None) -> None:
        """The name as JSON, so that none can look like two lines."""
        if not self.size:
            self._write("These objects could not be read, and are not in this archive:\n\n")
        self._write(f"{json.dumps(name, ensure_ascii=False)}: {error}\n")

    def contents(self) -> Iterator[bytes]:
        if self._file is None:
            return
        self._file.seek(0)
        while piece := self._file.read(OUTPUT_PIECE):
            yield piece

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _write(self, line: str) -> None:
        if self._file is None:
            self._file = Spool(MISSING_IN_MEMORY)
        self.size += self._file.write(line.encode(errors="replace"))
