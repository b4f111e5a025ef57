"""Putting an object, in the order that keeps every reader right: chunks, then metadata, then the old chunks go (ADR-20)."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from ..entry import Entry
from ..errors import InvalidMetadata, ObjectStoreError, Unavailable
from ..model import DEFAULT_CHUNK_SIZE, ObjectInfo
from ..names import chunk_subject
from ..transport.connection import Connection
from .chunkwriter import ChunkWriter
from .commit import PAYLOAD_RESERVE, Change, Commits, check_expected, is_of
from .source import Source, as_stream
from .windowed import WindowedBuckets

SETTLE_PAUSES = (0, 2, 5, 10, 30, 60, 120, 300)


class Putter:
    """Puts for all buckets of one store."""

    def __init__(self, commits: Commits, bulk: Connection, timeout: float) -> None:
        self._commits = commits
        self._bulk = bulk
        self._timeout = timeout
        self.windowed = WindowedBuckets()

    async def put(
        self,
        bucket: str,
        name: str,
        source: Source,
        *,
        description: str,
        headers: Mapping[str, Sequence[str]] | None,
        metadata: Mapping[str, str] | None,
        chunk_size: int | None,
        expected_revision: int | None,
        writer: str,
    ) -> ObjectInfo:
        """See ``ObjectStore.put``."""
        current = await self._commits.messages.last(bucket, name)
        check_expected(current, expected_revision, name)
        info = ObjectInfo(
            bucket=bucket,
            name=name,
            nuid=self._commits.new_nuid(),
            size=0,
            chunks=0,
            modified=datetime.now(UTC),
            revision=0,
            description=description,
            headers={key: tuple(values) for key, values in (headers or {}).items()},
            metadata=dict(metadata or {}),
            chunk_size=await self._chunk_size(chunk_size),
        )
        await self._commits.check_size(info)  # refuse what cannot be stored before anything is
        await self._commits.gate.wait(bucket, current)  # and what could not be overwritten after all
        commits = self._commits
        chunks = ChunkWriter(self._bulk, info, self._timeout, self.windowed, commits.streams, commits.messages)
        try:
            written = await chunks.write(as_stream(source))
        except BaseException:
            await self._commits.cleanups.run(self._take_back(chunks, bucket))
            raise
        return await self._commits.cleanups.shielded(self._finish(written, current, expected_revision, writer))

    async def _take_back(self, chunks: ChunkWriter, bucket: str) -> None:
        await chunks.stop()
        await self._commits.cleanups.purge(bucket, chunks.subject)

    async def _finish(self, info: ObjectInfo, current: Entry | None, expected_revision: int | None, writer: str) -> ObjectInfo:
        """Commit; what fails is purged, but only when it is sure that it did fail."""
        try:
            return await self._commits.commit(Change(info, current, writer), expected_revision)
        except Unavailable:
            await self._commits.cleanups.run(self._settle(info))
            raise
        except ObjectStoreError:
            await self._purge(info)
            raise

    async def _settle(self, info: ObjectInfo) -> None:
        """The commit's answer is missing: its metadata may be there, or still be on its way. Purge the chunks only if it is not."""
        for pause in SETTLE_PAUSES:
            await asyncio.sleep(pause)
            with contextlib.suppress(Unavailable):
                if is_of(await self._commits.messages.last(info.bucket, info.name), info):
                    return
                if pause:
                    await self._purge(info)
                    return

    async def _purge(self, info: ObjectInfo) -> None:
        await self._commits.cleanups.purge(info.bucket, chunk_subject(info.bucket, info.nuid))

    async def fitting_chunk_size(self, wanted: int | None) -> int | None:
        """``wanted``, if it is possible on this server; else the default."""
        return wanted if wanted is not None and 1 <= wanted <= await self._max_chunk() else None

    async def _max_chunk(self) -> int:
        return (await self._bulk.client()).max_payload - PAYLOAD_RESERVE

    async def _chunk_size(self, wanted: int | None) -> int:
        limit = await self._max_chunk()
        if wanted is not None and not 1 <= wanted <= limit:
            raise InvalidMetadata(f"The chunk size is 1 to {limit:,} bytes on this server.")
        return wanted or min(DEFAULT_CHUNK_SIZE, limit)
