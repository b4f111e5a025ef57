"""The versions of one object, from the records that the history has of its name and of those that it had before."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from ..bulk import each
from ..entry import Entry, moment
from ..errors import BucketNotFound
from ..metadata import stated_time
from ..model import Link, ObjectInfo
from ..names import BUCKET_NAME, chunk_subject, history_stream, metadata_wildcard
from ..stream.messages import Messages
from ..writing.commit_headers import WRITER, Deed
from .model import HistoryStatus, Origin, Version, VersionKind
from .records import Record, Records
from .streams import HistoryStreams

MAX_WRITER = 256
# A foreign rename is found by its data, which came before other metadata: so many messages are looked at.
RENAME_LOOKS = 8
COUNTING_AT_ONCE = 16
SANE_SINCE = datetime(2010, 1, 1, tzinfo=UTC)
# So many former names are gone through, and of each so many records.
MAX_NAMES = 50
MAX_FORMER = 1000
ORIGINS = {
    Deed.RESTORED: Origin.RESTORED,
    Deed.COPIED_FROM: Origin.COPIED,
    Deed.MOVED_FROM: Origin.MOVED,
    Deed.MOVED_TO: Origin.MOVED,
    Deed.EDITED: Origin.EDITED,
}


@dataclass(frozen=True, slots=True)
class Happened:
    kind: VersionKind
    renamed_from: str = ""
    renamed_to: str = ""


class Versions:
    def __init__(self, records: Records, streams: HistoryStreams, messages: Messages) -> None:
        self._records = records
        self._streams = streams
        self._messages = messages

    async def of(self, status: HistoryStatus, name: str, limit: int, before: int | None = None) -> list[Version]:
        """The newest ``limit`` versions of ``name`` (of those older than the version ``before``), newest first."""
        return await self._checked(status.bucket, await self._own(status, name, limit, before))

    async def followed(self, status: HistoryStatus, name: str, limit: int, before: int | None = None) -> list[Version]:
        """The same, with those that the object had under the names before."""
        own = await self._own(status, name, limit, before)
        newer = await self._renames_since(status, name, before) if before is not None else []
        found = {int(one.id): one for one in own}
        todo = [(one.renamed_from, int(one.id)) for one in [*newer, *own] if _came_by_rename(one)]
        for _ in range(MAX_NAMES):
            todo.sort(key=lambda rename: rename[1])
            if not todo or sum(number > todo[-1][1] and (before is None or number < before) for number in found) >= limit:
                break  # what went by other names is older than the rename
            former = await self._former(status, *todo.pop())
            found = {int(one.id): one for one in former} | found
            todo += [(one.renamed_from, int(one.id)) for one in former if _came_by_rename(one)]
        listed = [found[number] for number in sorted(found, reverse=True) if before is None or number < before]
        return await self._checked(status.bucket, listed[:limit])

    async def is_former(self, bucket: str, name: str, record: Record) -> bool:
        """Whether it is a version that the object ``name`` had under another name."""
        number = record.entry.revision
        found = await self.followed(await self._streams.status(bucket), name, 1, number + 1)
        return [version.id for version in found] == [str(number)]

    async def _own(self, status: HistoryStatus, name: str, limit: int, before: int | None) -> list[Version]:
        """Under this name only, newest first."""
        records = await self._records.of(status.bucket, name, limit + 2, up_to=before)
        following = records.pop() if before is not None and records and records[-1].entry.revision == before else None
        records = records[-limit - 1 :]
        current = await self._current(status.bucket, name)
        versions: list[Version] = []
        for previous, record, after in zip([None, *records], records, [*records[1:], following], strict=False):
            versions.append(version(status, record, await self._happened(status.bucket, previous, record), after, current))
        return versions[::-1][:limit]

    async def _renames_since(self, status: HistoryStatus, name: str, before: int) -> list[Version]:
        """By which other names became this one, from that version on."""
        records = await self._records.of(status.bucket, name, MAX_FORMER, start=before)
        return [
            version(status, record, await self._happened(status.bucket, previous, record), None, None)
            for previous, record in zip([None, *records], records, strict=False)
        ]

    async def _former(self, status: HistoryStatus, name: str, end: int) -> list[Version]:
        """What the object was under ``name`` until the record ``end``, which renamed it: newest first, back to its beginning."""
        records = await self._records.of(status.bucket, name, MAX_FORMER, up_to=end - 1)
        after = await self._records.one(status.bucket, end)
        found: list[Version] = []
        for previous, record in reversed(list(zip([None, *records], records, strict=False))):
            if record.entry.deleted:
                break
            happened = await self._happened(status.bucket, previous, record)
            found.append(version(status, record, happened, after, None))
            after = record
            if happened.renamed_from:
                break
        return found

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

    async def _happened(self, bucket: str, before: Record | None, record: Record) -> Happened:
        info = record.entry.info(bucket)
        if info.deleted:
            renamed_to = await self._renamed_to(bucket, record)
            return Happened(VersionKind.RENAME, renamed_to=renamed_to) if renamed_to else Happened(VersionKind.DELETE)
        before_info = before.entry.info(bucket) if before is not None and not before.entry.deleted else None
        if before_info is not None and before_info.nuid == info.nuid and info.nuid:
            return Happened(VersionKind.METADATA)
        if stated := record.renamed_from:
            return Happened(VersionKind.RENAME, stated)
        if info.link is not None:
            return Happened(VersionKind.LINK)
        if before_info is None and info.chunks and info.nuid:
            found = await self._name_before(bucket, record, info)
            if found is not None:
                return Happened(VersionKind.RENAME, found)
        return Happened(VersionKind.PUT)

    async def _renamed_to(self, bucket: str, record: Record) -> str:
        """The name that the object has got instead of this one, "" for a deletion. Before markers said so, a rename was right before."""
        if (note := record.note) is not None:
            return note.value if note.deed is Deed.RENAMED_TO else ""
        other = await self._records.one(bucket, record.entry.revision - 1)
        return other.entry.name if other is not None and other.renamed_from == record.entry.name else ""

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


def _came_by_rename(version: Version) -> bool:
    return version.kind is VersionKind.RENAME and bool(version.renamed_from)


def version(status: HistoryStatus, record: Record, happened: Happened, after: Record | None, current: Entry | None) -> Version:
    """One version. current: what the bucket has under the name now; after: the record that replaced it."""
    is_current = current is not None and not current.deleted and after is None and current.raw == record.entry.raw
    written, before = written_at(status, record)
    if is_current and current is not None:
        written, before = moment(current.time_ns), False
    origin, place, restored = _origin(record)
    return Version(
        id=str(record.entry.revision),
        info=replace(record.entry.info(status.bucket), revision=record.bucket_revision, modified=written),
        kind=happened.kind,
        current=is_current,
        before=before,
        replaced=moment(after.entry.time_ns) if after is not None else None,
        writer=unquote(record.message.header(WRITER.encode())[:MAX_WRITER]),
        renamed_from=happened.renamed_from,
        renamed_to=happened.renamed_to,
        origin=origin,
        place=place,
        restored=restored,
    )


def _origin(record: Record) -> tuple[Origin | None, Link | None, str]:
    """What was done, from or to where, and which version it is again: what others wrote into the headers is bounded."""
    if record.expired:
        return Origin.EXPIRED, None, ""
    note = record.note
    origin = ORIGINS.get(note.deed) if note is not None else None
    if note is None or origin is None:
        return None, None, ""
    if origin is Origin.RESTORED:
        is_number = note.value.isascii() and note.value.isdigit() and len(note.value) < 20
        return origin, None, note.value if is_number else ""
    bucket, _, name = note.value.partition("/")
    return origin, Link(bucket, name) if name and BUCKET_NAME.match(bucket) else None, ""


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
