"""The versions of one object, from the records that the history has of its name."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from ..bulk import each
from ..entry import Entry, moment
from ..errors import BucketNotFound
from ..metadata import stated_time
from ..model import ObjectInfo
from ..names import chunk_subject, history_stream, metadata_wildcard
from ..stream.messages import Messages
from ..writing.commit_headers import WRITER
from .model import HistoryStatus, Version, VersionKind
from .records import Record, Records
from .streams import HistoryStreams

MAX_WRITER = 256
# A foreign rename is found by its data, which came before other metadata: so many messages are looked at.
RENAME_LOOKS = 8
COUNTING_AT_ONCE = 16
SANE_SINCE = datetime(2010, 1, 1, tzinfo=UTC)


class Versions:
    def __init__(self, records: Records, streams: HistoryStreams, messages: Messages) -> None:
        self._records = records
        self._streams = streams
        self._messages = messages

    async def of(self, status: HistoryStatus, name: str, limit: int, before: int | None = None) -> list[Version]:
        """The newest ``limit`` versions of ``name`` (of those older than the version ``before``), newest first."""
        records = await self._records.of(status.bucket, name, limit + 2, up_to=before)
        following = records.pop() if before is not None and records and records[-1].entry.revision == before else None
        records = records[-limit - 1 :]
        current = await self._current(status.bucket, name)
        versions: list[Version] = []
        for previous, record, after in zip([None, *records], records, [*records[1:], following], strict=False):
            kind, old_name = await self._kind(status.bucket, previous, record)
            versions.append(version(status, record, kind, old_name, after, current))
        return await self._checked(status.bucket, versions[::-1][:limit])

    async def _checked(self, bucket: str, versions: list[Version]) -> list[Version]:
        """With what is missing of old data marked as missing."""
        current = {version.info.nuid for version in versions if version.current}
        chunks = {one.info.nuid: one.info.chunks for one in versions if one.info.chunks and one.info.nuid and one.info.nuid not in current}
        counted = await each(chunks, lambda nuid: self._streams.messages(bucket, chunk_subject(bucket, nuid)), at_once=COUNTING_AT_ONCE)
        lacking = {outcome.item for outcome in counted if (outcome.result or 0) < chunks[outcome.item]}
        return [replace(one, complete=False) if one.info.nuid in lacking and one.info.chunks else one for one in versions]

    async def _current(self, bucket: str, name: str) -> Entry | None:
        try:
            return await self._messages.last(bucket, name)
        except BucketNotFound:  # an archive
            return None

    async def _kind(self, bucket: str, before: Record | None, record: Record) -> tuple[VersionKind, str]:
        info = record.entry.info(bucket)
        if info.deleted:
            return VersionKind.DELETE, ""
        before_info = before.entry.info(bucket) if before is not None and not before.entry.deleted else None
        if before_info is not None and before_info.nuid == info.nuid and info.nuid:
            return VersionKind.METADATA, ""
        if stated := record.renamed_from:
            return VersionKind.RENAME, stated
        if info.link is not None:
            return VersionKind.LINK, ""
        if before_info is None and info.chunks and info.nuid:
            found = await self._name_before(bucket, record, info)
            if found is not None:
                return VersionKind.RENAME, found
        return VersionKind.PUT, ""

    async def _name_before(self, bucket: str, record: Record, info: ObjectInfo) -> str | None:
        """The name under which the data was written, if not under this one: what a rename by another client looks like."""
        stream = history_stream(bucket)
        message = await self._messages.stored(stream, last_by_subj=chunk_subject(bucket, info.nuid))
        for _ in range(RENAME_LOOKS):
            if message is None or message.sequence + 1 >= record.entry.revision:
                return None
            message = await self._messages.stored(stream, seq=message.sequence + 1, next_by_subj=metadata_wildcard(bucket))
            if message is not None and message.sequence < record.entry.revision:
                other = Record.of(bucket, message).entry.info(bucket)
                if other.nuid == info.nuid and other.name != info.name:
                    return other.name
        return None


def version(
    status: HistoryStatus, record: Record, kind: VersionKind, renamed_from: str, after: Record | None, current: Entry | None
) -> Version:
    """One version. current: what the bucket has under the name now; after: the record that replaced it."""
    is_current = current is not None and not current.deleted and after is None and current.raw == record.entry.raw
    written, before = written_at(status, record)
    if is_current and current is not None:
        written, before = moment(current.time_ns), False
    return Version(
        id=str(record.entry.revision),
        info=replace(record.entry.info(status.bucket), revision=record.bucket_revision, modified=written),
        kind=kind,
        current=is_current,
        before=before,
        replaced=moment(after.entry.time_ns) if after is not None else None,
        writer=unquote(record.message.header(WRITER.encode())[:MAX_WRITER]),
        renamed_from=renamed_from,
    )


def written_at(status: HistoryStatus, record: Record) -> tuple[datetime, bool]:
    """When it was written; and whether that is only a bound, because it was there before the history was."""
    copied = moment(record.entry.time_ns)
    early = status.since is not None and copied >= status.since - timedelta(seconds=1) and record.bucket_revision <= status.preexisting
    if not early:
        return copied, False
    stated = stated_time(record.entry.raw)
    if stated is not None and SANE_SINCE <= stated <= copied:
        return stated, False
    return copied, True
