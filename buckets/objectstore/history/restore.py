"""Bringing versions back. What is restored is a new version itself, so nothing is lost by restoring."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeAlias, TypeVar

from ..bulk import each
from ..entry import Entry
from ..errors import Conflict, ObjectExists, ObjectStoreError, VersionNotFound
from ..index import Index
from ..model import ObjectInfo
from ..reading.reader import ObjectReader, ReadContext
from ..stream.listing import read_all
from ..transport.jetstream import JetStream
from ..writing.changes import Changer
from ..writing.commit import OF_A_COPY, Change, Commits, check_expected
from ..writing.commit_headers import Deed, Note
from ..writing.put import Putter
from .model import HistoryStatus, Restored
from .records import Record, Records

T = TypeVar("T")
# Whether a record of another name is a version of this object, from before it was renamed.
IsFormer: TypeAlias = Callable[[str, str, Record], Awaitable[bool]]
# So many are restored at a time, and told of together, in order.
AT_ONCE = 8
TOGETHER = 64


class Restorer:
    def __init__(
        self,
        js: JetStream,
        context: ReadContext,
        records: Records,
        commits: Commits,
        putter: Putter,
        changer: Changer,
        is_former: IsFormer,
    ) -> None:
        self._js = js
        self._context = context
        self._records = records
        self._commits = commits
        self._putter = putter
        self._changer = changer
        self._is_former = is_former

    async def record(self, bucket: str, name: str, version: str) -> Record:
        """Also one that the object had under a name before. Raises VersionNotFound."""
        record = await self._records.one(bucket, version_number(version))
        if record is None or (record.entry.name != name and not await self._is_former(bucket, name, record)):
            raise VersionNotFound(f"There is no version {version[:30]!r} of {name!r} in the history: it may have been pruned or removed.")
        return record

    def info(self, record: Record, bucket: str) -> ObjectInfo:
        return replace(record.entry.info(bucket), revision=record.bucket_revision)

    def open(self, record: Record, bucket: str) -> ObjectReader:
        """Raises VersionNotFound for a version without data of its own: a deletion, a link."""
        info = self.info(record, bucket)
        if info.deleted:
            raise VersionNotFound(f"This version of {info.name!r} is its deletion, and has no content.")
        if info.link is not None:
            raise VersionNotFound(f"This version of {info.name!r} is a link, and has no content of its own.")
        if not (info.nuid and info.readable):
            raise VersionNotFound(f"This version of {info.name!r} cannot be read: {info.problem}.")
        return ObjectReader(info, self._context, history_first=True)

    async def restore(self, bucket: str, name: str, version: str, *, writer: str, expected_revision: int | None) -> ObjectInfo:
        """See ``History.restore``."""
        record = await self.record(bucket, name, version)
        info = record.entry.info(bucket)
        current = await self._commits.messages.last(bucket, name)
        check_expected(current, expected_revision, name)
        note = Note(Deed.RESTORED, str(record.entry.revision))
        if info.link is not None:
            link = replace(info, name=name, nuid=self._commits.new_nuid(), modified=datetime.now(UTC))
            return await self._changer.publish_new(link, current, expected_revision, writer, note=note, like=record.entry.raw)
        if current is not None and not current.deleted and current.info(bucket).nuid == info.nuid and info.nuid:
            restored = replace(info, name=name, modified=datetime.now(UTC))
            changed = frozenset({"mtime"} if info.name == name else {"name", "mtime"})
            return await self._metadata(Change(restored, current, writer, note, record.entry.raw, changed))
        return await self._data(record, bucket, name, writer, expected_revision, note)

    async def _metadata(self, change: Change) -> ObjectInfo:
        """The data is the same: only the metadata is brought back."""
        revision = await self._commits.cleanups.shielded(self._commits.publish(change))
        return await self._commits.as_stored(change.info, revision)

    async def _data(
        self, record: Record, bucket: str, name: str, writer: str, expected_revision: int | None, note: Note | None, target: str = ""
    ) -> ObjectInfo:
        """target: the bucket that it goes to, ``bucket`` by default."""
        target = target or bucket
        async with self.open(record, bucket) as reader, aclosing(reader.pieces()) as pieces:
            info = reader.info
            return await self._putter.put(
                target,
                name,
                pieces,
                description=info.description,
                headers=info.headers,
                metadata=info.metadata,
                chunk_size=await self._putter.fitting_chunk_size(target, info.chunk_size),
                expected_revision=expected_revision,
                writer=writer,
                note=note,
                like=record.entry.raw,
            )

    async def undelete(self, bucket: str, name: str, *, writer: str) -> ObjectInfo:
        """See ``History.undelete``."""
        records = await self._records.of(bucket, name)
        last = next((record for record in reversed(records) if not record.entry.deleted), None)
        if last is None:
            raise VersionNotFound(f"The history has nothing of {name!r} that could be brought back.")
        try:
            return await self.restore(bucket, name, str(last.entry.revision), writer=writer, expected_revision=0)
        except Conflict:
            raise ObjectExists(f"There is an object {name!r} in the bucket {bucket!r}: it is not deleted.") from None

    async def restore_at(
        self, status: HistoryStatus, then: Index, *, prefix: str, remove_newer: bool, writer: str
    ) -> AsyncIterator[Restored]:
        """See ``History.restore_at``."""
        now = {entry.name: entry for entry in await read_all(self._js, status.bucket) if not entry.deleted}
        wanted = sorted((entry for entry in then.entries() if entry.name.startswith(prefix)), key=lambda entry: entry.name)
        async for restored in _several(wanted, lambda entry: self._restore_one(status.bucket, entry, now.get(entry.name), writer)):
            yield restored
        if remove_newer:
            names = {entry.name for entry in wanted}
            newer = sorted(name for name in now if name.startswith(prefix) and name not in names)
            async for removed in _several(newer, lambda name: self._remove_one(status.bucket, name, now[name], writer)):
                yield removed

    async def copy_at(self, then: Index, target: str, *, writer: str) -> AsyncIterator[Restored]:
        """See ``History.copy_at``."""
        wanted = sorted(then.entries(), key=lambda entry: entry.name)
        async for restored in _several(wanted, lambda entry: self._copy_one(then.bucket, entry, target, writer)):
            yield restored

    async def _copy_one(self, bucket: str, entry: Entry, target: str, writer: str) -> Restored:
        try:
            record = await self._records.one(bucket, entry.revision)
            if record is None or not await self._is_version(bucket, entry):
                raise VersionNotFound(f"The version of {entry.name!r} that was there then is not in the history any more.")
            await self._copy(record, bucket, target, writer)
        except ObjectStoreError as error:
            return Restored(entry.name, "restored", error)
        return Restored(entry.name, "restored")

    async def _copy(self, record: Record, bucket: str, target: str, writer: str) -> None:
        """As a new object, of a name that is not there. A link within the bucket leads to what is at its place in ``target``."""
        info = record.entry.info(bucket)
        if info.link is None:
            await self._data(record, bucket, info.name, writer, 0, None, target)
            return
        to = replace(info.link, bucket=target) if info.link.bucket == bucket else info.link
        link = replace(info, bucket=target, link=to, nuid=self._commits.new_nuid(), modified=datetime.now(UTC))
        change = Change(link, None, writer, None, record.entry.raw, OF_A_COPY | {"options"})
        await self._commits.cleanups.shielded(self._commits.commit(change, 0))

    async def _restore_one(self, bucket: str, entry: Entry, now: Entry | None, writer: str) -> Restored:
        try:
            if now is not None and await self._same(bucket, entry, now):
                return Restored(entry.name, "unchanged")
            if not await self._is_version(bucket, entry):
                raise VersionNotFound(f"The version of {entry.name!r} that was there then is not in the history any more.")
            expected = now.revision if now is not None else 0
            await self.restore(bucket, entry.name, str(entry.revision), writer=writer, expected_revision=expected)
        except ObjectStoreError as error:
            return Restored(entry.name, "restored", error)
        return Restored(entry.name, "restored")

    async def _same(self, bucket: str, entry: Entry, now: Entry) -> bool:
        if now.raw == entry.raw:
            return True
        record = await self._records.one(bucket, entry.revision)  # an index may keep less than all of large metadata
        return record is not None and _content(record.entry.info(bucket)) == _content(now.info(bucket))

    async def _is_version(self, bucket: str, entry: Entry) -> bool:
        """Whether the history has under the entry's revision what the entry says: one that was made anew counts from 1 again."""
        record = await self._records.one(bucket, entry.revision)
        return record is not None and record.entry.for_listing(bucket).raw == entry.raw

    async def _remove_one(self, bucket: str, name: str, now: Entry, writer: str) -> Restored:
        try:
            await self._changer.delete(bucket, name, expected_revision=now.revision, writer=writer)
        except ObjectStoreError as error:
            return Restored(name, "removed", error)
        return Restored(name, "removed")


def _content(info: ObjectInfo) -> tuple[object, ...]:
    """What makes two states of an object equal to a user, whatever nuid the data has."""
    data: object = info.digest or info.nuid
    return data, info.size, info.description, dict(info.headers), dict(info.metadata), info.link


def version_number(version: str) -> int:
    """The sequence in the history that ``version`` stands for. Raises VersionNotFound for what cannot be one."""
    sequence = int(version) if version.isascii() and version.isdigit() and len(version) < 20 else 0
    if not sequence:
        raise VersionNotFound(f"{version[:30]!r} is no version.")
    return sequence


async def _several(items: Sequence[T], act: Callable[[T], Awaitable[Restored]]) -> AsyncIterator[Restored]:
    for start in range(0, len(items), TOGETHER):
        for outcome in await each(items[start : start + TOGETHER], act, at_once=AT_ONCE):
            if outcome.result is not None:
                yield outcome.result
