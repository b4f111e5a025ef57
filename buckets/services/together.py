"""Files as people upload them: one, or many in one request; under their names, or names of their own where the bucket asks for it."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator, AsyncIterable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Self

from django.conf import settings

from ..access import AnyUser, Role, require
from ..metrics.instruments import Direction
from ..objectstore import Conflict, ObjectInfo, ObjectNotFound, ObjectStoreError
from ..objectstore.metadata import digest_text
from ..objectstore.uploads.naming import candidates
from .audit import record
from .errors import AlreadyThere, ServiceError, UploadTooLarge
from .naming import named_now, wants_unique_names
from .objects import upload_headers
from .runtime import store
from .slots import transfer

SMALL = 256 * 1024  # a file up to this many bytes is taken into memory, and stored while the next ones come in
AT_ONCE = 8

_being_written: set[tuple[str, str]] = set()


@dataclass(frozen=True, slots=True)
class File:
    """What is announced of a file, and its content, exactly ``size`` bytes that are read once. ``if_absent``: only if there is no such
    object, or one with just this content: an earlier try may have stored it whose answer was lost."""

    name: str
    size: int
    pieces: AsyncIterable[bytes]
    content_type: str = ""
    if_absent: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of the file ``name``: an object, perhaps under another name, or the error."""

    name: str
    info: ObjectInfo | None = None
    error: ObjectStoreError | ServiceError | None = None


async def upload_one(user: AnyUser, bucket: str, file: File) -> ObjectInfo:
    """EDITOR. Raises ``Busy``, ``UploadTooLarge``, ``AlreadyThere``, the store's errors, and whatever ``file.pieces`` raises."""
    await require(user, bucket, Role.EDITOR)
    unique = await wants_unique_names(bucket)
    async with transfer(user, Direction.UPLOAD):
        return await _store(user, bucket, file, unique)


async def upload_all(user: AnyUser, bucket: str, files: AsyncGenerator[File, None]) -> list[Stored]:
    """EDITOR. Store each of ``files`` for itself, in their order; one that fails stops no other. What is left of a file's ``pieces`` is
    for ``files`` to pass over. Memory: nine small files at most, and one large one's window.

    Raises ``Busy``, and whatever ``files`` raises: what was stored before that stays.
    """
    await require(user, bucket, Role.EDITOR)
    unique = await wants_unique_names(bucket)
    room = asyncio.Semaphore(AT_ONCE)

    async def keep(file: File) -> Stored:
        try:
            return Stored(file.name, await _store(user, bucket, file, unique))
        except (ObjectStoreError, ServiceError) as error:
            return Stored(file.name, error=error)
        finally:
            room.release()

    async with transfer(user, Direction.UPLOAD), _Tasks() as tasks, aclosing(files):
        async for file in files:
            ready = await _in_memory(file) if file.size <= SMALL else file
            await room.acquire()
            task = tasks.start(keep(ready))
            if ready is file:  # its pieces are the next that come
                await task
        return [await task for task in tasks.all]


class _Tasks:
    """Those that run at the end of the block are cancelled; its error is the one that is raised."""

    def __init__(self) -> None:
        self.all: list[asyncio.Task[Stored]] = []

    def start(self, work: Coroutine[Any, Any, Stored]) -> asyncio.Task[Stored]:
        self.all.append(asyncio.create_task(work))
        return self.all[-1]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.all:
            task.cancel()
        await asyncio.gather(*self.all, return_exceptions=True)


class _Again:
    """Bytes that can be read any number of times."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        yield self._data


async def _in_memory(file: File) -> File:
    return replace(file, pieces=_Again(b"".join([piece async for piece in file.pieces])))


class _Read:
    """A file's pieces on their way; ``whole``: nothing of them was read yet, or they can be read again."""

    def __init__(self, file: File) -> None:
        self.file = file
        self._begun = False

    @property
    def whole(self) -> bool:
        return not self._begun or isinstance(self.file.pieces, _Again)

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        async for piece in self.file.pieces:
            self._begun = True
            yield piece


async def _store(user: AnyUser, bucket: str, file: File, unique: bool) -> ObjectInfo:
    limit: int = settings.MAX_UPLOAD_BYTES
    if limit and file.size > limit:
        raise UploadTooLarge(limit)
    if unique:
        return await _store_unique(user, bucket, file)
    read = _Read(file)
    try:
        return await _put(user, bucket, file.name, read, only_new=file.if_absent)
    except Conflict:
        if not file.if_absent:
            raise
        if (there := await _same(bucket, read)) is None:
            raise AlreadyThere(bucket, file.name) from None
        return there


async def _store_unique(user: AnyUser, bucket: str, file: File) -> ObjectInfo:
    """Under the first name that is free and that nobody in this process is just writing to. Whom another process was faster than by a
    moment tries the next name, but with a large file only if nothing of it was read."""
    for name in candidates(named_now(file.name)):
        read = _Read(file)
        if (bucket, name) in _being_written:
            continue
        _being_written.add((bucket, name))
        try:
            return await _put(user, bucket, name, read, only_new=True)
        except Conflict:
            if not read.whole:
                break
        finally:
            _being_written.discard((bucket, name))
    raise AlreadyThere(bucket, file.name)


async def _put(user: AnyUser, bucket: str, name: str, read: _Read, *, only_new: bool) -> ObjectInfo:
    headers = upload_headers(user, name, read.file.content_type, read.file.name.rpartition("/")[2])
    stored = await (await store()).put(
        bucket, name, read.pieces(), headers=headers, expected_revision=0 if only_new else None, writer=user.get_username()
    )
    record("object.upload", user, bucket, name=name, size=stored.size)
    return stored


async def _same(bucket: str, read: _Read) -> ObjectInfo | None:
    """The object that is there, if it has the content of the file, which is read for that."""
    if not read.whole:
        return None
    digest = hashlib.sha256()
    async for piece in read.pieces():
        digest.update(piece)
    with contextlib.suppress(ObjectNotFound):
        there = await (await store()).info(bucket, read.file.name)
        return there if there.digest == digest_text(digest.digest()) else None
    return None
