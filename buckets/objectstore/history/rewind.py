"""A bucket at a point in time, and what was deleted from it, each as an index that folders, sorting and search are answered from."""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Hashable, Iterable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ..bulk import each
from ..entry import Entry
from ..errors import BucketNotFound
from ..index import Index
from ..index.bulk import Builder
from ..names import metadata_wildcard
from ..stream.listing import read_all
from ..stream.streams import Streams
from ..times import nanoseconds
from ..transport.jetstream import JetStream
from ..writing.commit_headers import Deed
from .model import HistoryStatus
from .records import Record, Records
from .streams import HistoryStreams

# What is kept of moments and trashes once computed: so many, and of so many objects together (but one of any size).
REMEMBERED = 8
REMEMBERED_OBJECTS = 200_000
REMEMBERED_ENDS = 100_000
SLICE = 500
LOOKING_AT_ONCE = 16
SETTLED = timedelta(seconds=5)


class _Remembered:
    """The indexes that were used last."""

    def __init__(self) -> None:
        self._indexes: OrderedDict[Hashable, Index] = OrderedDict()

    def get(self, key: Hashable) -> Index | None:
        if key in self._indexes:
            self._indexes.move_to_end(key)
        return self._indexes.get(key)

    def keep(self, key: Hashable, index: Index) -> None:
        self._indexes[key] = index
        while len(self._indexes) > 1 and (len(self._indexes) > REMEMBERED or sum(map(len, self._indexes.values())) > REMEMBERED_OBJECTS):
            self._indexes.popitem(last=False)


class Rewind:
    def __init__(self, js: JetStream, streams: Streams, histories: HistoryStreams, records: Records) -> None:
        self._js = js
        self._streams = streams
        self._histories = histories
        self._records = records
        self._moments = _Remembered()
        self._trash = _Remembered()
        self._last_versions: dict[tuple[str, int, str, int], Entry | None] = {}

    async def at(self, status: HistoryStatus, moment: datetime) -> Index:
        """The bucket as it was; each object's revision is its version's id."""
        key = (status.bucket, moment, status.created, status.removed)
        known = self._moments.get(key)
        if known is not None:
            return known
        records = await self._records.at(status.bucket, moment)
        records = await self._of_the_same_bucket(status, records, moment)
        last = max((record.entry.revision for record in records), default=0)
        records = await self._under_their_last_names(status.bucket, records, up_to=last)
        index = await filled(status.bucket, there(status, records, moment, await self._ttl(status.bucket)))
        if moment < datetime.now(UTC) - SETTLED:
            self._moments.keep(key, index)
        return index

    async def _of_the_same_bucket(self, status: HistoryStatus, records: list[Record], moment: datetime) -> list[Record]:
        """Nothing of an earlier bucket of that name, if the next one was there then."""
        last, until_ns = await self._histories.earlier(status.bucket)
        if nanoseconds(moment) < until_ns:
            return records
        return [record for record in records if record.entry.revision > last]

    async def _under_their_last_names(self, bucket: str, records: list[Record], up_to: int | None = None) -> list[Record]:
        """Without those whose data went by another name later (up to this sequence): other clients rename without a deletion marker."""
        there = await self._streams.subjects(bucket, metadata_wildcard(bucket))
        silent: defaultdict[str, list[Record]] = defaultdict(list)
        for record in records:
            if not record.entry.deleted and record.message.subject not in there and (nuid := record.entry.info(bucket).nuid):
                silent[nuid].append(record)
        if not silent:
            return records
        renamed: set[int] = set()
        start = min(some[0].entry.revision for some in silent.values())
        async with aclosing(self._records.all(bucket, start=start, up_to=up_to)) as later:
            async for one in later:
                for record in silent.get(one.entry.info(bucket).nuid, ()):
                    if one.entry.revision > record.entry.revision and one.entry.name != record.entry.name and not one.entry.deleted:
                        renamed.add(record.entry.revision)
        return [record for record in records if record.entry.revision not in renamed]

    async def trash(self, status: HistoryStatus) -> Index:
        """The last versions of what is deleted, expired or purged; each object's revision is its version's id, its time that of its end
        (or, where nothing tells that, of the version). Kept until something changes."""
        key = (status.bucket, *await self._state(status))
        known = self._trash.get(key)
        if known is None:
            known = await filled(status.bucket, await self._deleted(status))
            self._trash.keep(key, known)
        return known

    async def _state(self, status: HistoryStatus) -> tuple[Hashable, ...]:
        """What is different when the trash may be."""
        try:
            bucket = await self._streams.status(status.bucket)
        except BucketNotFound:
            return (status.created, status.stream.last_seq, status.stream.messages)
        there = bucket.stream
        return (status.created, status.stream.last_seq, status.stream.messages, bucket.created, there.last_seq, there.messages)

    async def _deleted(self, status: HistoryStatus) -> list[Entry]:
        live = await self._live(status.bucket)
        alive = {entry.name for entry in live}
        moved = {nuid for entry in live if (nuid := entry.info(status.bucket).nuid)}
        ends = [record for record in await self._records.at(status.bucket, None) if record.entry.name not in alive]
        ends = await self._under_their_last_names(status.bucket, ends)
        last = await each(ends, lambda end: self._last_version(status, end), at_once=LOOKING_AT_ONCE)
        for outcome in last:
            if outcome.error is not None:
                raise outcome.error
        found = sorted((outcome.result for outcome in last if outcome.result is not None), key=lambda entry: entry.revision)
        by_data: dict[tuple[str, str], Entry] = {}
        for entry in found:  # under its last name, if it was renamed
            nuid = entry.info(status.bucket).nuid
            by_data[nuid, "" if nuid else entry.name] = entry
        return [entry for (nuid, _), entry in by_data.items() if nuid not in moved]

    async def _live(self, bucket: str) -> list[Entry]:
        try:
            return [entry for entry in await read_all(self._js, bucket) if not entry.deleted]
        except BucketNotFound:
            return []

    async def _last_version(self, status: HistoryStatus, end: Record) -> Entry | None:
        """What was there before its end; None if the history has nothing of it."""
        if not end.entry.deleted:
            return end.entry
        key = (status.created, status.removed, end.entry.token, end.entry.revision)
        if key not in self._last_versions:
            if len(self._last_versions) > REMEMBERED_ENDS:
                self._last_versions.clear()
            self._last_versions[key] = await self._look_for(status.bucket, end)
        return self._last_versions[key]

    async def _look_for(self, bucket: str, end: Record) -> Entry | None:
        note = end.note
        before = await self._records.one(bucket, end.entry.revision - 1) if note is None else None
        if (note is not None and note.deed is Deed.RENAMED_TO) or (before is not None and before.renamed_from == end.entry.name):
            return None  # not deleted, but renamed: its versions are those of the other name
        last: Entry | None = None
        async with aclosing(self._records.all(bucket, end.message.subject, up_to=end.entry.revision)) as records:
            async for record in records:
                last = last if record.entry.deleted else record.entry
        return replace(last, time_ns=end.entry.time_ns) if last is not None else None

    async def _ttl(self, bucket: str) -> timedelta | None:
        try:
            ttl = (await self._streams.status(bucket)).config.ttl
        except BucketNotFound:
            return None
        return timedelta(seconds=ttl) if ttl else None


def there(status: HistoryStatus, records: Iterable[Record], moment: datetime, ttl: timedelta | None) -> list[Entry]:
    """Which of the last records say that an object was there: not those of deleted, expired or (by other clients) renamed ones."""
    by_data: dict[str, Record] = {}
    found: list[Entry] = []
    for record in sorted(records, key=lambda record: record.entry.revision):
        entry = record.entry
        if entry.deleted or (ttl is not None and entry.time_ns < (moment - ttl).timestamp() * 1e9):
            continue
        info = entry.info(status.bucket)
        if info.nuid and info.chunks:
            by_data[info.nuid] = record
        else:
            found.append(entry)
    return found + [record.entry for record in by_data.values()]


async def filled(bucket: str, entries: list[Entry]) -> Index:
    builder = Builder(bucket)
    for number, entry in enumerate(entries):
        builder.take(entry.for_listing(bucket))
        if number % SLICE == 0:
            await asyncio.sleep(0)
    for _ in builder.steps():
        await asyncio.sleep(0)
    return builder.index
