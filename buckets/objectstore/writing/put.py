"""Putting an object, in the order that keeps every reader right: chunks, then metadata, then the old chunks go (ADR-20)."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from ..entry import Entry
from ..errors import BucketRestricted, DigestMismatch, InvalidMetadata, ObjectStoreError, Unavailable
from ..metadata import digest_text, dump_info
from ..model import DEFAULT_CHUNK_SIZE, ObjectInfo
from ..names import chunk_subject
from ..transport.connection import Connection
from .chunkwriter import ChunkWriter, Written
from .commit import OF_COPIED_DATA, PAYLOAD_RESERVE, Change, Commits, check_expected, is_of
from .commit_headers import Note
from .limits import CHUNK_RESERVE, METADATA_RESERVE, MessageLimits
from .source import Source, as_stream
from .windowed import WindowedBuckets

SETTLE_PAUSES = (0, 2, 5, 10, 30, 60, 120, 300)
# What was sent so long ago (seconds) and is not there will not come any more.
SURELY_LOST = 5


class Putter:
    """Puts for all buckets of one store."""

    def __init__(self, commits: Commits, bulk: Connection, timeout: float) -> None:
        self._commits = commits
        self._bulk = bulk
        self._timeout = timeout
        self.windowed = WindowedBuckets()
        self.limits = MessageLimits(commits.streams)

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
        expected_digest: bytes | None = None,
        note: Note | None = None,
        like: bytes = b"",
    ) -> ObjectInfo:
        """See ``ObjectStore.put``. note: what was done, for the history; like: the metadata of the object that it is a copy of,
        of which nothing is lost, known here or not."""
        current = await self._commits.messages.last(bucket, name)
        check_expected(current, expected_revision, name)
        info = await self.new_info(bucket, name, description=description, headers=headers, metadata=metadata, chunk_size=chunk_size)
        await self._commits.gate.wait(bucket, current)  # refuse what could not be overwritten after all
        chunks = self.chunk_writer(info)
        try:
            written = await chunks.write(as_stream(source))
            _check_digest(written, expected_digest)
        except BaseException:
            await self._commits.cleanups.run(self._take_back(chunks, bucket))
            raise
        change = Change(written, current, writer, note, like, OF_COPIED_DATA)
        return await self._commits.cleanups.shielded(self._finish(change, expected_revision))

    async def new_info(
        self,
        bucket: str,
        name: str,
        *,
        description: str,
        headers: Mapping[str, Sequence[str]] | None,
        metadata: Mapping[str, str] | None,
        chunk_size: int | None,
    ) -> ObjectInfo:
        """The info of an object that is to be, under a nuid of its own.

        Raises InvalidMetadata for what could not be stored, and BucketRestricted if the bucket's stream takes no messages of that size.
        """
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
            chunk_size=await self._chunk_size(bucket, chunk_size),
        )
        await self._check_size(bucket, dump_info(info))
        return info

    async def _check_size(self, bucket: str, payload: bytes) -> None:
        await self._commits.check_size(payload)
        limit = await self.limits.of(bucket)
        if limit is not None and len(payload) + METADATA_RESERVE > limit:
            raise BucketRestricted(_too_small(limit))

    def chunk_writer(self, info: ObjectInfo, written: Written | None = None) -> ChunkWriter:
        """For the chunks of ``info``, behind what is ``written`` of it already."""
        commits = self._commits
        return ChunkWriter(self._bulk, info, self._timeout, self.windowed, commits.streams, commits.messages, written)

    async def _take_back(self, chunks: ChunkWriter, bucket: str) -> None:
        await chunks.stop()
        await self._commits.cleanups.purge(bucket, chunks.subject)

    async def commit(self, info: ObjectInfo, current: Entry | None, expected_revision: int | None, writer: str) -> ObjectInfo:
        """Make an object of what is written. After Unavailable it may be one, or not; after any other error it is none."""
        return await self._commits.commit(Change(info, current, writer), expected_revision)

    async def _finish(self, change: Change, expected_revision: int | None) -> ObjectInfo:
        """Commit; what fails is purged, but only when it is sure that it did fail."""
        try:
            return await self._commits.commit(change, expected_revision)
        except Unavailable:
            await self._commits.cleanups.run(self._settle(change.info, change.current))
            raise
        except ObjectStoreError:
            await self._purge(change.info)
            raise

    async def _settle(self, info: ObjectInfo, current: Entry | None) -> None:
        """The commit's answer is missing: its metadata may be there, even under another name by now, or still be on its way. Of the old
        data and the new, purge what nothing refers to."""
        for pause in SETTLE_PAUSES:
            await asyncio.sleep(pause)
            with contextlib.suppress(Unavailable):
                if is_of(await self._commits.messages.last(info.bucket, info.name), info):
                    await self._commits.forget_data(current, info)
                    return
                if pause >= SURELY_LOST:
                    for data in (info, current.info(info.bucket) if current is not None else info):
                        if data.nuid and not await self._commits.is_referred_to(data):
                            await self._purge(data)
                    return

    async def _purge(self, info: ObjectInfo) -> None:
        await self._commits.cleanups.purge(info.bucket, chunk_subject(info.bucket, info.nuid))

    async def fitting_chunk_size(self, bucket: str, wanted: int | None) -> int | None:
        """``wanted``, if it is possible in this bucket; else the default."""
        return wanted if wanted is not None and 1 <= wanted <= await self._max_chunk(bucket) else None

    async def _max_chunk(self, bucket: str) -> int:
        """Raises BucketRestricted where not even one byte fits."""
        possible = (await self._bulk.client()).max_payload - PAYLOAD_RESERVE
        limit = await self.limits.of(bucket)
        if limit is None:
            return possible
        if limit <= CHUNK_RESERVE:
            raise BucketRestricted(_too_small(limit))
        return min(possible, limit - CHUNK_RESERVE)

    async def _chunk_size(self, bucket: str, wanted: int | None) -> int:
        limit = await self._max_chunk(bucket)
        if wanted is not None and not 1 <= wanted <= limit:
            raise InvalidMetadata(f"The chunk size is 1 to {limit:,} bytes in this bucket.")
        return wanted or min(DEFAULT_CHUNK_SIZE, limit)


def _too_small(limit: int) -> str:
    return (
        f"The bucket's stream takes messages of {limit:,} bytes at most (max_msg_size, set by another client), "
        "and an object's metadata is larger. An admin can raise that with: nats stream edit --max-msg-size"
    )


def _check_digest(written: ObjectInfo, expected: bytes | None) -> None:
    if expected is not None and written.digest != digest_text(expected):
        raise DigestMismatch(f"What was stored of {written.name!r} does not have the SHA-256 that was stated for it. Nothing was kept.")
