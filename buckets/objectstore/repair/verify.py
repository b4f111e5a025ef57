"""Reading objects in full and comparing them with what their metadata states."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ..chunking import Digest
from ..errors import BucketNotFound, ObjectStoreError
from ..metadata import digest_text
from ..model import ADR20_CHUNK_SIZE, ObjectInfo
from ..names import chunk_subject, stream_name
from ..reading.fetch import Fetch
from ..reading.reader import ReadContext
from ..stream.listing import read_all
from ..stream.messages import Messages
from ..transport.jetstream import JetStream

AT_ONCE = 2
TRIES = 2


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of one object. ``size``: the bytes that were read; ``problem`` None: nothing is wrong with it.

    remark: why there was less to compare than usual (a link, no digest stated, deleted meanwhile), None when there was not.
    total: how many objects there are to verify, for telling how far it is.
    """

    name: str
    size: int
    total: int
    problem: str | None = None
    remark: str | None = None

    @property
    def ok(self) -> bool:
        return self.problem is None


class _Content(NamedTuple):
    size: int
    chunks: int
    digest: str


class _Result(NamedTuple):
    size: int = 0
    problem: str | None = None
    remark: str | None = None


async def verify(
    js: JetStream, messages: Messages, context: ReadContext, bucket: str, names: Iterable[str] | None
) -> AsyncGenerator[Verified, None]:
    """See ``Repair.verify``."""
    wanted = list(names) if names is not None else await _all_names(js, bucket)
    left = iter(wanted)
    checker = _Checker(messages, context, bucket)
    running: set[asyncio.Task[Verified]] = set()
    try:
        while True:
            while len(running) < AT_ONCE and (name := next(left, None)) is not None:
                running.add(asyncio.create_task(checker.check(name, len(wanted))))
            if not running:
                return
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _all_names(js: JetStream, bucket: str) -> list[str]:
    return sorted({entry.name for entry in await read_all(js, bucket) if not entry.deleted})


class _Checker:
    def __init__(self, messages: Messages, context: ReadContext, bucket: str) -> None:
        self._messages = messages
        self._context = context
        self._bucket = bucket

    async def check(self, name: str, total: int) -> Verified:
        """Raises BucketNotFound; everything else is a problem of this object."""
        try:
            result = await self._result(name)
        except BucketNotFound:
            raise
        except ObjectStoreError as error:
            result = _Result(problem=f"it could not be read: {error}")
        return Verified(name, result.size, total, result.problem, result.remark)

    async def _result(self, name: str) -> _Result:
        """What is wrong is wrong only if the object is still the same: else its new content counts."""
        info = await self._info(name)
        if info is None:
            return _Result(problem="there is no such object")
        result = await self._compared(info)
        for _ in range(TRIES):
            if result.problem is None:
                return result
            current = await self._info(name)
            if current is None:
                return _Result(result.size, remark="it was deleted meanwhile")
            if current.revision == info.revision:
                return result
            info, result = current, await self._compared(current)
        return result

    async def _info(self, name: str) -> ObjectInfo | None:
        entry = await self._messages.last(self._bucket, name)
        return entry.info(self._bucket) if entry is not None and not entry.deleted else None

    async def _compared(self, info: ObjectInfo) -> _Result:
        if info.link is not None:
            return _Result(remark="a link, which has no content of its own")
        if not (info.nuid and info.readable):
            return _Result(problem=info.problem or "its metadata does not say where its data is")
        content = await self._content(info)
        return _Result(content.size, _difference(info, content), None if info.digest else "no digest is stated: only its size was compared")

    async def _content(self, info: ObjectInfo) -> _Content:
        digest, size, chunks = Digest(), 0, 0
        context = self._context
        subject = chunk_subject(info.bucket, info.nuid)
        chunk_size = info.chunk_size or ADR20_CHUNK_SIZE
        async with Fetch(
            context.js, context.budget, stream_name(info.bucket), subject, chunk_size, context.timeout, expected=info.chunks
        ) as stored:
            async for message in stored:
                size += len(message.data)
                chunks += 1
                await digest.add(message.data)
        return _Content(size, chunks, digest_text(await digest.finish()))


def _difference(info: ObjectInfo, content: _Content) -> str | None:
    if content.size != info.size:
        return f"{content.size:,} bytes are stored where its metadata states {info.size:,}"
    if info.digest is not None and info.digest.rstrip("=") != content.digest.rstrip("="):  # some writers leave out base64's padding
        return "its SHA-256 is not the one that its metadata states"
    if content.chunks != info.chunks:
        return f"{content.chunks:,} chunks are stored where its metadata states {info.chunks:,}"
    return None
