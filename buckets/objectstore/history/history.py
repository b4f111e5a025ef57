"""The history of buckets: every verb, for whoever has an ``ObjectStore`` (``store.history``)."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime

from ..bulk import each
from ..entry import Entry
from ..errors import BucketExists, BucketNotFound, HistoryBehind, VersionNotFound
from ..index import Index
from ..model import BucketStatus, InUse, ObjectInfo
from ..names import check_bucket_name, metadata_wildcard, stream_name
from ..reading.reader import ObjectReader, ReadContext
from ..stream.streams import Streams
from ..transport.jetstream import JetStream
from ..writing.changes import Changer
from ..writing.commit import Commits
from ..writing.put import Putter
from .config import changed
from .gate import Gate
from .model import HistoryChange, HistoryConfig, HistoryStatus, Pruned, Restored, Version
from .prune import Pruner
from .records import Record, Records
from .restore import Restorer, version_number
from .rewind import Rewind
from .streams import HistoryStreams
from .versions import Versions

MAX_VERSIONS = 1000
CATCH_UP_SECONDS = 2.0
CATCH_UP_PAUSE = 0.01
BEGIN_SECONDS = 5.0
COMPLETE_SECONDS = 10.0


class History:
    """All raise InvalidBucketName, and HistoryOff for a bucket that has no history. What can be read can also be read of a bucket that is
    deleted, as long as its history was kept."""

    def __init__(
        self,
        js: JetStream,
        context: ReadContext,
        streams: HistoryStreams,
        buckets: Streams,
        gate: Gate,
        commits: Commits,
        putter: Putter,
        changer: Changer,
        in_use: InUse,
    ) -> None:
        self._streams = streams
        self._buckets = buckets
        self._messages = context.messages
        records = Records(context, streams)
        self._versions = Versions(records, streams, context.messages)
        self._rewind = Rewind(js, buckets, streams, records)
        self._pruner = Pruner(streams, buckets, records, context.messages, in_use)
        self._restorer = Restorer(js, context, records, commits, putter, changer, self._versions.is_former)
        self._gate = gate
        self._mending = asyncio.Lock()
        gate.mend = self.mend

    async def enable(self, bucket: str, config: HistoryConfig | None = None) -> HistoryStatus:
        """Keep every version from now on, whoever writes; what is there already is copied first (``status`` tells how far that is).

        Where there is a history (switched off, or of a bucket that had the name before) it goes on, with the settings of ``config`` but for
        its storage, which stays.
        Returns when it copies, after five seconds at most. Raises BucketNotFound, HistoryUnsupported (before nats-server 2.14),
        InvalidBucketConfig, BucketFull (no room in the account).
        """
        status = await self._buckets.status(bucket)
        known = await self._streams.find(bucket)
        if known is None:
            try:
                await self._streams.create(status, config or HistoryConfig())
            except BucketExists:  # somebody else does the same
                known = await self._streams.find(bucket)
        if known is not None:
            await self._go_on(known, status, config)
        await self._begun(bucket)
        return await self._streams.status(bucket)

    async def _go_on(self, known: HistoryStatus, bucket: BucketStatus, config: HistoryConfig | None) -> None:
        if not known.enabled or known.bucket_created != bucket.created.isoformat():
            anew = known.bucket_created == bucket.created.isoformat() and await self._streams.went_back(bucket.name)
            await self._streams.resume(bucket, config or known.config, anew=anew)
        elif config is not None:
            change = HistoryChange(config.replicas, config.compression, config.max_bytes, config.keep_versions, config.keep_days)
            await self._streams.update(bucket.name, change)

    async def update(self, bucket: str, change: HistoryChange) -> HistoryStatus:
        """Raises InvalidBucketConfig."""
        return await self._streams.update(check_bucket_name(bucket), change)

    async def disable(self, bucket: str, *, remove: bool = False) -> None:
        """Copy nothing more. What there is stays readable; with ``remove`` it goes for good. Twice is no error."""
        if remove:
            await self._streams.remove(bucket)
            return
        status = await self._streams.find(bucket)
        if status is not None and status.enabled:
            await self._streams.stop(bucket)

    async def status(self, bucket: str) -> HistoryStatus | None:
        """None: the bucket has no history, and none was kept."""
        return await self._streams.find(bucket)

    async def statuses(self) -> dict[str, HistoryStatus]:
        """All histories by bucket; those of buckets that are gone too."""
        return await self._streams.list()

    async def versions(
        self, bucket: str, name: str, *, limit: int = MAX_VERSIONS, before: str | None = None, follow: bool = False
    ) -> list[Version]:
        """The newest ``limit`` versions of an object, newest first, the current one included; empty for a name that never was.

        before: only those that are older than this version. Raises VersionNotFound for what cannot be one. follow: with those that the
        object had under other names, before it was renamed (of each name the newest 1,000); ``info.name`` tells. All that takes a version
        of an object takes these too.

        What this or another process has just written is in it: if the history is behind, it is waited for, two seconds at most.
        """
        await self._has_current(bucket, name)
        ask = self._versions.followed if follow else self._versions.of
        return await ask(await self._streams.status(bucket), name, limit, None if before is None else version_number(before))

    async def open(self, bucket: str, name: str, version: str) -> ObjectReader:
        """A reader of a version, as of an object. Raises VersionNotFound, also for a deletion and for a link."""
        await self._streams.info(bucket)
        return self._restorer.open(await self._restorer.record(bucket, name, version), bucket)

    async def restore(self, bucket: str, name: str, version: str, *, writer: str = "", expected_revision: int | None = None) -> ObjectInfo:
        """Make a version the current one again, as a new version. Data passes through here; for a change of metadata only, none does.

        expected_revision: as for ``ObjectStore.put``. Raises VersionNotFound, Conflict, BucketNotFound, BucketFull, BucketSealed.
        """
        await self._streams.info(bucket)
        return await self._restorer.restore(bucket, name, version, writer=writer, expected_revision=expected_revision)

    async def undelete(self, bucket: str, name: str, *, writer: str = "") -> ObjectInfo:
        """Bring the last version of a deleted object back. Raises VersionNotFound when nothing is left of it, ObjectExists, and
        HistoryBehind when the history does not even have the deletion: its last version may not be the last."""
        if not await self._has_current(bucket, name):
            raise HistoryBehind(f"The history of {bucket!r} has not copied the deletion of {name!r} yet. Try again in a moment.")
        return await self._restorer.undelete(bucket, name, writer=writer)

    async def trash(self, bucket: str) -> Index:
        """What is deleted (expired and purged objects too) as an index of last versions.

        An object's ``revision`` in it is its version's id, ``modified`` the time of its deletion. Costs a request for 1,000 names
        and one for each deleted object at first; then nothing until something changes.
        """
        return await self._rewind.trash(await self._streams.status(bucket))

    async def at(self, bucket: str, moment: datetime) -> Index:
        """The bucket as it was at ``moment`` (with a time zone), as an index; an object's ``revision`` in it is its version's id.

        Before the history was switched on there is nothing. A request for 1,000 names.
        """
        return await self._rewind.at(await self._streams.status(bucket), moment)

    async def restore_at(
        self, bucket: str, moment: datetime, *, prefix: str = "", remove_newer: bool = False, writer: str = ""
    ) -> AsyncIterator[Restored]:
        """Bring back all that was there at ``moment`` and has a name beginning with ``prefix``, object by object.

        remove_newer: delete what was not there then. An object that another writer changes meanwhile is left alone, with a Conflict.
        """
        status = await self._streams.status(bucket)
        then = await self._rewind.at(status, moment)
        async for restored in self._restorer.restore_at(status, then, prefix=prefix, remove_newer=remove_newer, writer=writer):
            yield restored

    async def copy_at(self, bucket: str, moment: datetime, target: str, *, writer: str = "") -> AsyncIterator[Restored]:
        """Copy all that was there at ``moment`` into the bucket ``target``, object by object; for what is there already, a Conflict."""
        then = await self._rewind.at(await self._streams.status(bucket), moment)
        async for restored in self._restorer.copy_at(then, check_bucket_name(target), writer=writer):
            yield restored

    async def remove(self, bucket: str, name: str, version: str) -> None:
        """Remove one version and its data for good, unless the bucket or another version has that too.

        Raises VersionNotFound, Conflict for the current one, and HistoryBehind.
        """
        status = await self._streams.status(bucket)
        with contextlib.suppress(BucketNotFound):  # an archive
            await self._gate.wait(bucket, await self._messages.last(bucket, name))  # it may need the same data
        with contextlib.suppress(VersionNotFound):  # the pruner says that in its words
            name = (await self._restorer.record(bucket, name, version)).entry.name
        await self._pruner.remove(status, name, version)

    async def forget(self, bucket: str, names: Mapping[str, int]) -> None:
        """Remove the versions of these names for good, each up to that revision of the bucket. No history is no error."""
        status = await self._streams.find(bucket)
        if status is not None and names:
            await each(names, lambda name: self._has_current(bucket, name))
            await self._pruner.forget(status, names)

    async def missed(self, bucket: str) -> int:
        """How many messages (at least) were gone from the bucket before they were copied, since the history was last switched on.

        This store's own overwrites wait for the history. Of other clients' an old version is lost when it is overwritten again within
        milliseconds on a busy server. Chunks of uploads that were broken off count too: they are no loss. Some 20 requests.
        """
        return await self._streams.missed(check_bucket_name(bucket))

    async def prune(self, bucket: str) -> Pruned:
        """Apply the keep rules, and remove data without versions that is older than an hour. Many may do this at once."""
        return await self._pruner.prune(await self._streams.status(bucket))

    async def prunable(self, bucket: str, change: HistoryChange) -> int:
        """How many versions ``prune`` would remove after ``change``. It reads all of the history's metadata, as ``prune`` does. Raises
        InvalidBucketConfig."""
        status = await self._streams.status(bucket)
        config = changed(status.config, change, alone=not status.stream.cluster)
        return await self._pruner.prunable(replace(status, config=config))

    async def check_update(self, bucket: BucketStatus, change: HistoryChange) -> None:
        """Raise what ``enable`` and ``update`` would, as far as that can be known without trying."""
        known = await self._streams.find(bucket.name)
        if known is None or not known.enabled:
            await self._streams.check_server()
        changed(known.config if known is not None else HistoryConfig(), change, alone=not bucket.stream.cluster)

    async def mend(self, bucket: str) -> bool:
        """Let a history go on whose bucket was deleted and made again, or went back to an earlier state (restored from a backup): the
        server would wait for the old one's sequence.

        True: that was so. For a periodic task; a bucket's own overwrites do it too.
        """
        if not await self._mended(bucket, resume=False):
            return False
        async with self._mending:  # many may have seen the same: it must not be copied anew once for each
            await self._mended(bucket, resume=True)
        return True

    async def _mended(self, bucket: str, *, resume: bool) -> bool:
        """Whether that is to be done, and done if ``resume``."""
        known = await self._streams.find(bucket)
        if known is None or not known.enabled:
            return False
        try:
            status = await self._buckets.status(bucket)
            same = known.bucket_created == status.created.isoformat()
            if same and not await self._streams.went_back(bucket):
                return False
        except BucketNotFound:
            return False
        if resume:
            await self._streams.resume(status, known.config, anew=same)
        return True

    async def keeps_up(self, bucket: str, *, within: float) -> bool:
        """Whether what is newest in the bucket now is in its history within so many seconds. (The server's own ``lag`` and ``error`` are
        empty for a history that cannot copy.) Raises BucketNotFound."""
        await self.mend(bucket)
        newest = await self._messages.stored(stream_name(bucket), last_by_subj=metadata_wildcard(bucket))
        if newest is None:
            return True
        entry = Record.of(bucket, newest).entry
        until = time.monotonic() + within
        while not await self._has_had(bucket, entry):
            if time.monotonic() > until:
                return False
            await asyncio.sleep(CATCH_UP_PAUSE)
        return True

    async def _has_had(self, bucket: str, entry: Entry) -> bool:
        """Whether it has this metadata message, or has had it: one may be overwritten, and a deletion pruned with all before it."""
        return await self._streams.has(bucket, entry) or await self._streams.last_copied(bucket) >= entry.revision

    async def complete(self, bucket: str) -> None:
        """Before a bucket is deleted whose history is to be kept: wait until that has everything. Raises HistoryBehind."""
        status = await self._streams.find(bucket)
        if status is not None and status.enabled and not await self.keeps_up(bucket, within=COMPLETE_SECONDS):
            raise HistoryBehind(f"The history of {bucket!r} does not have everything yet, so the bucket was not deleted. Try again later.")

    async def let_go(self, bucket: str, *, remove: bool) -> None:
        """After a bucket was deleted: keep its history as an archive, or remove it; unless it goes on for a new bucket of that name."""
        known = await self._streams.find(bucket)
        with contextlib.suppress(BucketNotFound):
            if known is None or known.bucket_created == (await self._buckets.status(bucket)).created.isoformat():
                return
        await self.disable(bucket, remove=remove)

    async def _last_sequence(self, bucket: str) -> int:
        """The last message that is still there."""
        last = await self._messages.stored(stream_name(bucket), last_by_subj=f"$O.{bucket}.>")
        return last.sequence if last is not None else 0

    async def _begun(self, bucket: str) -> None:
        """Wait until the source is there: what is overwritten by other clients before that may be missed."""
        until = time.monotonic() + BEGIN_SECONDS
        while time.monotonic() < until:
            wanted = await self._last_sequence(bucket)
            if await self._streams.last_copied(bucket) >= wanted > 0:
                return
            if not wanted and await self._streams.active(bucket):
                return
            await asyncio.sleep(CATCH_UP_PAUSE)

    async def _has_current(self, bucket: str, name: str) -> bool:
        """Whether the history has what the bucket has of ``name``, or gets it within two seconds. True where nothing is copied."""
        if not (await self._streams.status(bucket)).enabled:
            return True
        until = time.monotonic() + CATCH_UP_SECONDS
        mended = False
        while time.monotonic() < until:
            try:
                current = await self._messages.last(bucket, name)
            except BucketNotFound:
                return True
            if current is None or await self._streams.has(bucket, current):
                return True
            if not mended:
                await self.mend(bucket)
                mended = True
            if await self._streams.last_copied(bucket) >= current.revision:
                return True
            await asyncio.sleep(CATCH_UP_PAUSE)
        return False
