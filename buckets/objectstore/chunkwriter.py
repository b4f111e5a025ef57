"""The chunks of one new object: written, counted and hashed; or taken back."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import aclosing
from dataclasses import replace

from .chunking import Digest, chunked
from .connection import Connection
from .errors import Unavailable
from .ingest import FastIngest, FastIngestRefused, Ingest, WindowedIngest
from .jetstream import JetStream
from .metadata import digest_text
from .model import DEFAULT_CHUNK_SIZE, ObjectInfo
from .names import chunk_subject


class ChunkWriter:
    """Use it once: ``write``, and ``stop`` if that failed. ``windowed`` remembers the buckets that have no fast ingest."""

    def __init__(self, bulk: Connection, info: ObjectInfo, timeout: float, windowed: set[str]) -> None:
        self.subject = chunk_subject(info.bucket, info.nuid)
        self._bulk = bulk
        self._info = info
        self._chunk_size = info.chunk_size or DEFAULT_CHUNK_SIZE
        self._timeout = timeout
        self._windowed = windowed
        self._ingest: Ingest | None = None
        self._digest = Digest()
        self._size = self._count = 0

    async def write(self, source: AsyncIterable[bytes]) -> ObjectInfo:
        """Store ``source``; the info with size, chunks and digest filled in."""
        async with aclosing(self._counted(source)) as chunks:
            stored = await self._store(chunks)
        if stored != self._count:
            raise Unavailable(f"NATS stored {stored:,} of {self._count:,} chunks. Please try again.")
        await self._close()
        digest = digest_text(await self._digest.finish())
        return replace(self._info, size=self._size, chunks=self._count, digest=digest)

    async def stop(self) -> None:
        """After a failure: nothing of what was sent is stored any later than this."""
        if self._ingest is not None:
            await self._ingest.abort()
        await self._close()

    async def _counted(self, source: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
        async with aclosing(chunked(source, self._chunk_size)) as chunks:
            async for chunk in chunks:
                await self._digest.add(chunk)
                self._size += len(chunk)
                self._count += 1
                yield chunk

    async def _store(self, chunks: AsyncIterator[bytes]) -> int:
        first = await anext(chunks, None)
        if first is None:
            return 0
        second = await anext(chunks, None)
        if second is None:
            await JetStream(self._bulk).publish(self.subject, first)
            return 1
        return await self._store_many([first, second], chunks)

    async def _store_many(self, begun: list[bytes], chunks: AsyncIterator[bytes]) -> int:
        already = 0
        if self._info.bucket not in self._windowed:
            try:
                return await self._send(FastIngest(self._bulk, self.subject, self._chunk_size, self._timeout), begun, chunks)
            except FastIngestRefused as refused:
                self._windowed.add(self._info.bucket)
                already = int(refused.stored)
                await self._close()
        return already + await self._send(WindowedIngest(self._bulk, self.subject, self._timeout), begun[already:], chunks)

    async def _send(self, ingest: Ingest, begun: list[bytes], chunks: AsyncIterator[bytes]) -> int:
        self._ingest = ingest
        await ingest.open()
        for chunk in begun:
            await ingest.send(chunk)
        async for chunk in chunks:
            await ingest.send(chunk)
        return await ingest.finish()

    async def _close(self) -> None:
        ingest, self._ingest = self._ingest, None
        if ingest is not None:
            await ingest.close()
