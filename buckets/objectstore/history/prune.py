"""Removing old versions: by rule, one by one, or all of a name. Any number of processes may do the same at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from ..bulk import each
from ..entry import Entry
from ..errors import BucketNotFound, Conflict, VersionNotFound
from ..model import InUse
from ..names import NUID, chunk_subject, chunk_wildcard, history_stream, metadata_wildcard, stream_name
from ..stream.messages import Messages
from ..stream.streams import Streams
from ..times import NANOSECONDS
from .model import HistoryConfig, HistoryStatus, Pruned
from .records import Record, Records
from .streams import HistoryStreams

DAY = 24 * 3600 * NANOSECONDS
# Data that no metadata refers to may belong to an upload in progress, until nothing has come for an hour.
ABANDONED = 3600 * NANOSECONDS
REMOVING_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Kept:
    """What pruning needs to know of a record."""

    sequence: int
    time_ns: int
    nuid: str
    deleted: bool


class Pruner:
    def __init__(self, streams: HistoryStreams, buckets: Streams, records: Records, messages: Messages, in_use: InUse) -> None:
        self._streams = streams
        self._buckets = buckets
        self._records = records
        self._messages = messages
        self._in_use = in_use

    async def prune(self, status: HistoryStatus, now_ns: int | None = None) -> Pruned:
        """Apply the history's rules, and remove data that belongs to no version."""
        bucket = status.bucket
        now_ns = now_ns or await self._streams.now_ns(bucket)
        data = await self._streams.subjects(bucket, chunk_wildcard(bucket))  # before the records: what comes later is not looked at
        by_subject = await self._by_subject(bucket)
        going = await self._going(status, by_subject, now_ns)
        wanted = {record.nuid for subject, records in by_subject.items() for record in records[going[subject] :]}
        pruned = {record.nuid for records in by_subject.values() for record in records} - wanted
        spared = wanted | set(await self._in_use(bucket))
        unwanted = [subject for subject in data if _nuid(subject) not in spared]
        wholly = [subject for subject, records in by_subject.items() if going[subject] == len(records)]
        await self._streams.note_copied(bucket, {*unwanted, *wholly})
        versions = 0
        for subject, first in going.items():
            if first:  # up to the last one that was looked at: what came since stays
                versions += await self._streams.purge(bucket, subject, before=by_subject[subject][first - 1].sequence + 1)
        removed = 0
        for subject in unwanted:
            if not (_nuid(subject) in pruned or await self._abandoned(bucket, subject, now_ns)):
                continue
            if not await self._in_bucket(bucket, subject):  # what is there still belongs to something
                removed += bool(await self._streams.purge(bucket, subject))
        return Pruned(versions, removed)

    async def prunable(self, status: HistoryStatus) -> int:
        """How many versions ``prune`` would remove."""
        by_subject = await self._by_subject(status.bucket)
        return sum((await self._going(status, by_subject, await self._streams.now_ns(status.bucket))).values())

    async def _going(self, status: HistoryStatus, by_subject: Mapping[str, Sequence[Kept]], now_ns: int) -> dict[str, int]:
        """How many of the oldest records of each subject go."""
        ends = await self._ends(status, by_subject)
        return {subject: first_kept(records, status.config, now_ns, ends.get(subject)) for subject, records in by_subject.items()}

    async def _ends(self, status: HistoryStatus, by_subject: Mapping[str, Sequence[Kept]]) -> dict[str, int]:
        """When (server time, nanoseconds) what ended without a deletion did: by the bucket's TTL, with an earlier bucket of its name, or
        by another client's rename. Of what else is gone nothing tells when."""
        try:
            bucket = await self._buckets.status(status.bucket)
        except BucketNotFound:
            return {}  # an archive is kept as it is
        if bucket.created.isoformat() != status.bucket_created or not (status.config.keep_versions or status.config.keep_days):
            return {}
        there = await self._buckets.subjects(bucket.name, metadata_wildcard(bucket.name))
        gone = {subject: records[-1] for subject, records in by_subject.items() if subject not in there and not records[-1].deleted}
        ttl, (earlier, until_ns) = round(bucket.config.ttl * NANOSECONDS), await self._streams.earlier(bucket.name)
        ends = _renamed(gone, by_subject)
        ends |= {subject: last.time_ns + ttl for subject, last in gone.items() if ttl and subject not in ends}
        return ends | {subject: until_ns for subject, last in gone.items() if last.sequence <= earlier}

    async def remove(self, status: HistoryStatus, name: str, version: str) -> None:
        """Remove one version for good. Raises VersionNotFound, and Conflict for the current one."""
        bucket = status.bucket
        records = await self._records.of(bucket, name)
        found = next((record for record in records if str(record.entry.revision) == version), None)
        if found is None:
            raise VersionNotFound(f"There is no version {version[:30]!r} of {name!r} in the history: it may have been removed already.")
        current = await self._current(bucket, name)
        if current is not None and current.raw == found.entry.raw and found is records[-1]:
            raise Conflict(f"This is the current version of {name!r}: delete the object instead.")
        nuid = found.entry.info(bucket).nuid
        await self._streams.note_copied(bucket, {found.message.subject, *([chunk_subject(bucket, nuid)] if nuid else [])})
        await self._streams.delete_message(bucket, found.entry.revision)
        await self._remove_data(bucket, {nuid})

    async def forget(self, status: HistoryStatus, names: Mapping[str, int]) -> None:
        """Remove the versions of these names, each up to that revision of the bucket, deletions too; with their data, unless the bucket
        has it under another name; and with it the versions that it had under other names."""
        bucket = status.bucket
        earlier = await self._streams.of_earlier_buckets(bucket)
        records = [
            record
            for name, upto in names.items()
            for record in await self._records.of(bucket, name)
            if record.entry.revision <= earlier or record.bucket_revision <= upto
        ]
        shared = await self._not_live(bucket, {record.entry.info(bucket).nuid for record in records})
        chunks = [chunk_subject(bucket, nuid) for nuid in shared]
        going = {record.entry.revision: record for some in [records, *shared.values()] for record in some}
        await self._streams.note_copied(bucket, {*chunks, *(record.message.subject for record in going.values())})
        for subject in chunks:  # first: the records tell what is left to do, should this be cut short
            await self._streams.purge(bucket, subject)
        # One by one: records of another name may lie on the same subject.
        removed = await each(going, lambda sequence: self._streams.delete_message(bucket, sequence), at_once=REMOVING_AT_ONCE)
        for outcome in removed:
            if outcome.error is not None:
                raise outcome.error

    async def _not_live(self, bucket: str, nuids: Iterable[str]) -> dict[str, list[Record]]:
        """Of these, those that the bucket has under no name any more: each with its records of any name, but for deletions."""
        found: dict[str, list[Record]] = {
            nuid: [] for nuid in nuids if nuid and not await self._in_bucket(bucket, chunk_subject(bucket, nuid))
        }
        if not found:
            return found
        async with aclosing(self._records.all(bucket, start=await self._begins(bucket, found))) as records:
            async for record in records:
                if not record.entry.deleted and (nuid := record.entry.info(bucket).nuid) in found:
                    found[nuid].append(record)
        return {nuid: some for nuid, some in found.items() if not await self._has_live(bucket, nuid, some)}

    async def _begins(self, bucket: str, nuids: Iterable[str]) -> int:
        """From where on there can be metadata of this data, which comes before it; 1 when one of them has none."""
        stream = history_stream(bucket)
        found = await each(nuids, lambda nuid: self._messages.stored(stream, seq=1, next_by_subj=chunk_subject(bucket, nuid)))
        return min((outcome.result.sequence if outcome.result is not None else 1 for outcome in found), default=1)

    async def _has_live(self, bucket: str, nuid: str, records: Iterable[Record]) -> bool:
        """Whether one of the names is there with this nuid: an empty object has no chunks that would tell."""
        for name in {record.entry.name for record in records}:
            current = await self._current(bucket, name)
            if current is not None and not current.deleted and current.info(bucket).nuid == nuid:
                return True
        return False

    async def _remove_data(self, bucket: str, nuids: Iterable[str]) -> None:
        """Of these, what no version of any name has."""
        going = {nuid for nuid in nuids if nuid}
        async with aclosing(self._records.all(bucket)) as records:
            async for record in records:
                going.discard(record.entry.info(bucket).nuid)
                if not going:
                    return
        for nuid in going:
            if not await self._in_bucket(bucket, chunk_subject(bucket, nuid)):  # its newest record may be on its way
                await self._streams.purge(bucket, chunk_subject(bucket, nuid))

    async def _in_bucket(self, bucket: str, subject: str) -> bool:
        try:
            return await self._messages.stored(stream_name(bucket), last_by_subj=subject) is not None
        except BucketNotFound:
            return False

    async def _current(self, bucket: str, name: str) -> Entry | None:
        try:
            return await self._messages.last(bucket, name)
        except BucketNotFound:
            return None

    async def _by_subject(self, bucket: str) -> dict[str, list[Kept]]:
        found: defaultdict[str, list[Kept]] = defaultdict(list)
        async with aclosing(self._records.all(bucket, metadata_wildcard(bucket))) as records:
            async for record in records:
                info = record.entry.info(bucket)
                found[record.message.subject].append(Kept(record.entry.revision, record.entry.time_ns, info.nuid, info.deleted))
        return found

    async def _abandoned(self, bucket: str, subject: str, now_ns: int) -> bool:
        last = await self._messages.stored(history_stream(bucket), last_by_subj=subject)
        return last is not None and bool(NUID.match(_nuid(subject))) and now_ns - last.time_ns > ABANDONED


def _nuid(subject: str) -> str:
    return subject.rpartition(".")[2]


def _renamed(gone: Mapping[str, Kept], by_subject: Mapping[str, Sequence[Kept]]) -> dict[str, int]:
    """When the data of these went by another name."""
    wanted = {last.nuid: (subject, last) for subject, last in gone.items() if last.nuid}
    ends: dict[str, int] = {}
    for other, records in by_subject.items():
        for record in records:
            subject, last = wanted.get(record.nuid, (other, record))
            if subject != other and record.sequence > last.sequence:
                ends[subject] = min(record.time_ns, ends.get(subject, record.time_ns))
    return ends


def first_kept(records: Sequence[Kept], config: HistoryConfig, now_ns: int, ended_ns: int | None = None) -> int:
    """How many of the oldest records of one name go. The last one, which is the current state, is never one of them, unless that has
    ended, or is a deletion after which nothing is left that could be brought back."""
    if not config.keep_versions and not config.keep_days:
        return 0
    times = [record.time_ns for record in records[1:]] + ([] if ended_ns is None else [ended_ns])
    replaced = len(times)
    limit = now_ns - round(config.keep_days * DAY)
    by_count = max(0, replaced - config.keep_versions)
    by_age = sum(1 for time_ns in times if time_ns < limit) if config.keep_days else replaced
    going = min(by_count, by_age) if config.keep_versions else by_age
    last = records[-1]
    if going == replaced and last.deleted and config.keep_days and last.time_ns < limit:
        return len(records)
    return going
