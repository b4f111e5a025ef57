"""Writing an object, in the order that keeps every reader right: chunks, then metadata, then the old chunks go (ADR-20)."""

import asyncio
import contextlib
from collections.abc import AsyncIterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from .chunkwriter import ChunkWriter
from .cleanup import Cleanups
from .connection import Connection
from .entry import Entry
from .errors import BucketFull, Conflict, InvalidMetadata, ObjectStoreError, Unavailable
from .jetstream import JetStream
from .messages import Messages
from .metadata import dump_info
from .model import DEFAULT_CHUNK_SIZE, ObjectInfo
from .names import chunk_subject, metadata_subject, token_subject
from .streams import Streams

# Room for subject, reply and headers within the server's max_payload, which counts headers and data.
PAYLOAD_RESERVE = 4096
RACES = 10
SETTLE_PAUSES = (0, 2, 5, 10, 30, 60, 120, 300)
ROLLUP = {"Nats-Rollup": "sub"}
EXPECTED = "Nats-Expected-Last-Subject-Sequence"


class Writer:
    """Puts, metadata and deletion for all buckets over one pair of connections."""

    def __init__(self, js: JetStream, bulk: Connection, streams: Streams, messages: Messages, cleanups: Cleanups, timeout: float) -> None:
        self._js = js
        self._bulk = bulk
        self._streams = streams
        self._messages = messages
        self._cleanups = cleanups
        self._timeout = timeout
        self._windowed: set[str] = set()

    async def put(
        self,
        bucket: str,
        name: str,
        source: AsyncIterable[bytes],
        *,
        description: str = "",
        headers: Mapping[str, Sequence[str]] | None = None,
        metadata: Mapping[str, str] | None = None,
        chunk_size: int | None = None,
        expected_revision: int | None = None,
    ) -> ObjectInfo:
        """See ``ObjectStore.put``."""
        current = await self._messages.last(bucket, name)
        _check_expected(current, expected_revision)
        info = ObjectInfo(
            bucket=bucket,
            name=name,
            nuid=self._bulk.new_inbox().rpartition(".")[2],
            size=0,
            chunks=0,
            modified=datetime.now(UTC),
            revision=0,
            description=description,
            headers={key: tuple(values) for key, values in (headers or {}).items()},
            metadata=dict(metadata or {}),
            chunk_size=await self._chunk_size(chunk_size),
        )
        dump_info(info)  # refuse what cannot be stored before anything is
        chunks = ChunkWriter(self._bulk, info, self._timeout, self._windowed)
        try:
            written = await chunks.write(source)
        except BaseException:
            await self._cleanups.run(self._take_back(chunks, bucket))
            raise
        return await self._cleanups.shielded(self._finish(written, current, expected_revision))

    async def delete(self, bucket: str, name: str) -> int:
        """See ``ObjectStore.delete``. Gives the marker's revision, 0 when there never was such an object."""
        return await self._cleanups.shielded(self._delete(bucket, name))

    async def _take_back(self, chunks: ChunkWriter, bucket: str) -> None:
        await chunks.stop()
        await self._cleanups.purge(bucket, chunks.subject)

    async def _finish(self, info: ObjectInfo, current: Entry | None, expected_revision: int | None) -> ObjectInfo:
        """Commit; what fails is purged, but only when it is sure that it did fail."""
        try:
            return await self._commit(info, current, expected_revision)
        except Unavailable:
            await self._cleanups.run(self._settle(info))
            raise
        except ObjectStoreError:
            await self._cleanups.purge(info.bucket, chunk_subject(info.bucket, info.nuid))
            raise

    async def _settle(self, info: ObjectInfo) -> None:
        """The commit's answer is missing: its metadata may be there, or still be on its way. Purge the chunks only if it is not."""
        for pause in SETTLE_PAUSES:
            await asyncio.sleep(pause)
            with contextlib.suppress(Unavailable):
                stored = await self._messages.last(info.bucket, info.name)
                if stored is not None and stored.info(info.bucket).nuid == info.nuid:
                    return
                if pause:
                    await self._cleanups.purge(info.bucket, chunk_subject(info.bucket, info.nuid))
                    return

    async def _delete(self, bucket: str, name: str) -> int:
        for _ in range(RACES):
            current = await self._messages.last(bucket, name)
            if current is None:
                return 0
            info = current.info(bucket)
            with contextlib.suppress(Conflict):
                revision = current.revision if current.deleted else await self._mark_deleted(info, _subject(info, current))
                if info.nuid:  # also of one that is deleted already: its deletion may have been cut short
                    await self._cleanups.purge(bucket, chunk_subject(bucket, info.nuid))
                return revision
        raise _too_contended(name)

    async def _mark_deleted(self, info: ObjectInfo, subject: str) -> int:
        marker = replace(
            info, size=0, chunks=0, digest=None, deleted=True, modified=datetime.now(UTC), description="", headers={}, metadata={}
        )
        try:
            return await self._publish_info(marker, subject, info.revision)
        except BucketFull:
            return await self._mark_deleted_when_full(marker, subject)

    async def _mark_deleted_when_full(self, marker: ObjectInfo, subject: str) -> int:
        """Not even the marker fits (nats-server#4011): make room with the object's own chunks, then with its metadata."""
        if marker.nuid:
            await self._streams.purge(marker.bucket, chunk_subject(marker.bucket, marker.nuid))
        try:
            return await self._publish_info(marker, subject, marker.revision)
        except BucketFull:
            await self._streams.purge(marker.bucket, subject)
            return await self._publish_info(marker, subject, 0)

    async def _commit(self, info: ObjectInfo, current: Entry | None, expected_revision: int | None) -> ObjectInfo:
        """Publish the metadata on top of ``current``; when another writer was faster, lose or go on top of theirs."""
        for _ in range(RACES):
            try:
                revision = await self._publish_info(info, _subject(info, current), current.revision if current else 0)
            except Conflict:
                current = await self._messages.last(info.bucket, info.name)
                if current is not None and current.info(info.bucket).nuid == info.nuid:
                    revision = current.revision  # our own publish, whose answer was lost
                    break
                if expected_revision is not None:
                    raise _conflict(info.name) from None
                continue
            else:
                await self._forget_old(info, current)
                break
        else:
            raise _too_contended(info.name)
        return await self._as_stored(info, revision)

    async def _forget_old(self, info: ObjectInfo, current: Entry | None) -> None:
        old = current.info(info.bucket) if current is not None else None
        if old is not None and old.nuid and old.nuid != info.nuid and old.chunks:
            await self._cleanups.purge(info.bucket, chunk_subject(info.bucket, old.nuid))

    async def _as_stored(self, info: ObjectInfo, revision: int) -> ObjectInfo:
        """The info with the server's own time, read back from the leader; as written if somebody replaced it already."""
        stored = await self._messages.last(info.bucket, info.name)
        if stored is not None and stored.revision == revision:
            return stored.info(info.bucket)
        return replace(info, revision=revision)

    async def _publish_info(self, info: ObjectInfo, subject: str, revision: int) -> int:
        """The metadata message in place of the one with ``revision``; the new revision. Raises Conflict if that is not the last."""
        headers = ROLLUP | {EXPECTED: str(revision)}
        for attempt in (1, 2, 3):
            try:
                answer = await self._js.publish(subject, dump_info(info), headers)
                return int(answer["seq"])
            except Unavailable:
                if attempt == 3:
                    raise
        raise AssertionError

    async def _chunk_size(self, wanted: int | None) -> int:
        limit = (await self._bulk.client()).max_payload - PAYLOAD_RESERVE
        if wanted is not None and not 1 <= wanted <= limit:
            raise InvalidMetadata(f"The chunk size is 1 to {limit:,} bytes on this server.")
        return wanted or min(DEFAULT_CHUNK_SIZE, limit)


def _subject(info: ObjectInfo, current: Entry | None) -> str:
    """Where the object's metadata goes: where it is already, else where ADR-20 says."""
    return token_subject(info.bucket, current.token) if current is not None else metadata_subject(info.bucket, info.name)


def _check_expected(current: Entry | None, expected: int | None) -> None:
    if expected is None:
        return
    revision = current.revision if current is not None and not current.deleted else 0
    if revision != expected:
        raise _conflict(current.name if current else "")


def _conflict(name: str) -> Conflict:
    return Conflict(f"{name!r} is not at the expected revision: someone else wrote it in the meantime.")


def _too_contended(name: str) -> Unavailable:
    return Unavailable(f"{name!r} is being written again and again by others. Please try again.")
