"""What changes an object without new data: its metadata, its name, its end."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ..entry import Entry
from ..errors import BucketFull, BucketRestricted, Conflict, ObjectNotFound, ObjectUnreadable, ServerError, Unavailable
from ..metadata import is_document
from ..model import ObjectInfo
from ..names import chunk_subject, latin1_subject, metadata_subject, stream_name
from ..transport.jetstream import ATOMIC_BATCH_DISABLED
from .commit import OF_A_COPY, RACES, Change, Commits, check_expected, check_replaceable, conflict, is_of, too_contended
from .commit_headers import Deed, Note

# After a batch whose answer is missing.
SETTLE_PAUSES = (0, 0.5, 1, 3)


class NotAtomic(Exception):
    """The bucket's stream does not take two messages as one."""


class Changer:
    """Changes for all buckets of one store. Whatever has begun runs to its end when the caller is cancelled."""

    def __init__(self, commits: Commits) -> None:
        self._commits = commits

    async def existing(self, bucket: str, name: str) -> Entry:
        """The object's metadata. Raises ObjectNotFound, also for a deleted one."""
        current = await self._commits.messages.last(bucket, name)
        if current is None or current.deleted:
            raise ObjectNotFound(f"There is no object {name!r} in the bucket {bucket!r}.")
        return current

    async def update_meta(
        self,
        bucket: str,
        name: str,
        *,
        description: str | None,
        headers: Mapping[str, Sequence[str]] | None,
        metadata: Mapping[str, str] | None,
        expected_revision: int | None,
        writer: str,
    ) -> ObjectInfo:
        """See ``ObjectStore.update_meta``."""

        def changed(info: ObjectInfo) -> ObjectInfo:
            return replace(
                info,
                description=info.description if description is None else description,
                headers=info.headers if headers is None else {key: tuple(values) for key, values in headers.items()},
                metadata=info.metadata if metadata is None else dict(metadata),
                modified=datetime.now(UTC),
            )

        given = {"description": description, "headers": headers, "metadata": metadata}
        fields = frozenset({"mtime"} | {field for field, value in given.items() if value is not None})
        return await self._commits.cleanups.shielded(self._change(bucket, name, changed, fields, expected_revision, writer))

    async def _change(
        self,
        bucket: str,
        name: str,
        changed: Callable[[ObjectInfo], ObjectInfo],
        fields: frozenset[str],
        expected_revision: int | None,
        writer: str,
    ) -> ObjectInfo:
        """Only these ``fields`` are written anew."""
        for _ in range(RACES):
            current = await self.existing(bucket, name)
            check_expected(current, expected_revision, name)
            if not is_document(current.raw):
                raise ObjectUnreadable(f"The metadata of {name!r} is not JSON: it can be renamed, replaced and deleted, but not changed.")
            info = changed(current.info(bucket))
            try:
                revision = await self._commits.publish(Change(info, current, writer, like=current.raw, changed=fields))
            except Conflict:
                if expected_revision is not None:
                    raise conflict(name) from None
                continue
            return await self._commits.as_stored(info, revision)
        raise too_contended(name)

    async def publish_new(
        self,
        info: ObjectInfo,
        current: Entry | None,
        expected_revision: int | None,
        writer: str,
        *,
        note: Note | None = None,
        like: bytes = b"",
    ) -> ObjectInfo:
        """Metadata without data (a link) in place of ``current``. like: the metadata of the link that it is a copy of."""
        change = Change(info, current, writer, note, like, OF_A_COPY)
        return await self._commits.cleanups.shielded(self._commits.commit(change, expected_revision))

    async def rename(
        self,
        bucket: str,
        name: str,
        new_name: str,
        *,
        overwrite: bool,
        expected_revision: int | None,
        writer: str,
        replaces: int | None = None,
    ) -> tuple[ObjectInfo, int]:
        """See ``ObjectStore.rename``. Also gives the revision of the marker that the old name got, 0 when nothing was written.

        Raises NotAtomic where two names would have the same data for a moment: whoever wrote one of them then would take it from the other.
        """
        metadata_subject(bucket, new_name)  # refuse an impossible name first
        for _ in range(RACES):
            current = await self.existing(bucket, name)
            check_expected(current, expected_revision, name)
            if new_name == name:
                return current.info(bucket), 0
            target = await self._commits.messages.last(bucket, new_name)
            check_replaceable(target, overwrite, replaces, bucket, new_name)
            with contextlib.suppress(Conflict):
                return await self._commits.cleanups.shielded(self._rename(bucket, current, new_name, target, writer))
            if expected_revision is not None:
                raise conflict(name)
        raise too_contended(name)

    async def _rename(self, bucket: str, current: Entry, new_name: str, target: Entry | None, writer: str) -> tuple[ObjectInfo, int]:
        info = current.info(bucket)
        renamed = replace(info, name=new_name, modified=datetime.now(UTC))
        there = Change(renamed, target, writer, Note(Deed.RENAMED_FROM, info.name), like=current.raw, changed=frozenset({"name", "mtime"}))
        # The marker has a nuid of its own: whoever deletes the old name once more purges the marker's chunks, not those that moved.
        gone = Change(_marker(replace(info, nuid=self._commits.new_nuid())), current, writer, Note(Deed.RENAMED_TO, new_name))
        revision, marked = await self._publish_move(there, gone)
        await self._commits.forget_data(target, renamed)
        return await self._commits.as_stored(renamed, revision), marked

    async def _publish_move(self, there: Change, gone: Change) -> tuple[int, int]:
        if not (await self._commits.streams.status(there.info.bucket)).atomic:
            raise NotAtomic
        try:
            return await self._commits.publish_both(there, gone)
        except ServerError as error:
            if error.err_code != ATOMIC_BATCH_DISABLED:  # switched off just now
                raise
        except BucketRestricted:  # no roll-up headers in this stream
            pass
        except Unavailable:
            return await self._settled(there, gone.info.name)
        raise NotAtomic

    async def _settled(self, there: Change, name: str) -> tuple[int, int]:
        """The batch's answer is missing: its revisions if it was stored. Raises Unavailable if not."""
        for pause in SETTLE_PAUSES:
            await asyncio.sleep(pause)
            with contextlib.suppress(Unavailable):
                current = await self._commits.messages.last(there.info.bucket, there.info.name)
                if is_of(current, there.info) and current is not None:
                    return current.revision, current.revision + 1
        raise Unavailable(f"{name!r} may not have been renamed: NATS did not answer. Please look, and try again.")

    async def delete(self, bucket: str, name: str, *, expected_revision: int | None, writer: str, note: Note | None = None) -> int:
        """See ``ObjectStore.delete``. Gives the marker's revision, 0 when there never was such an object."""
        return await self._commits.cleanups.shielded(self._delete(bucket, name, expected_revision, writer, note))

    async def _delete(self, bucket: str, name: str, expected_revision: int | None, writer: str, note: Note | None) -> int:
        """Until nothing is there under any of the subjects that may stand for the name."""
        revision = 0
        for _ in range(RACES):
            current = await self._commits.messages.last(bucket, name)
            if not revision:
                check_expected(current, expected_revision, name)
            if current is None or (current.deleted and revision):
                return revision
            with contextlib.suppress(Conflict):
                revision = await self._delete_one(bucket, current, writer, note)
                if latin1_subject(bucket, name) is None:
                    return revision
            if expected_revision is not None and not revision:
                raise conflict(name)
        if revision:
            return revision
        raise too_contended(name)

    async def _delete_one(self, bucket: str, current: Entry, writer: str, note: Note | None) -> int:
        info = current.info(bucket)
        if current.deleted:
            await self._commits.gate.wait(bucket, current)
        revision = current.revision if current.deleted else await self._mark_deleted(info, current, writer, note)
        if info.nuid:  # also of one that is deleted already: its deletion may have been cut short
            await self._commits.cleanups.purge(bucket, chunk_subject(bucket, info.nuid))
        return revision

    async def _mark_deleted(self, info: ObjectInfo, current: Entry, writer: str, note: Note | None) -> int:
        change = Change(_marker(info), current, writer, note)
        try:
            return await self._commits.publish(change)
        except BucketFull:
            return await self._mark_deleted_when_full(change)

    async def _mark_deleted_when_full(self, change: Change) -> int:
        """Not even the marker fits (nats-server#4011): make room with the object's own chunks, then with its metadata."""
        info, current = change.info, change.current
        assert current is not None  # what is deleted is there
        last = await self._commits.messages.stored(stream_name(info.bucket), last_by_subj=change.subject)
        if last is None or last.sequence != current.revision:
            raise conflict(info.name)
        if info.nuid:
            await self._commits.streams.purge(info.bucket, chunk_subject(info.bucket, info.nuid))
        try:
            return await self._commits.publish(change)
        except BucketFull:
            await self._commits.streams.purge(info.bucket, change.subject, upto=current.revision)
        try:
            return await self._commits.publish(replace(change, current=replace(current, revision=0)))
        except BucketFull:  # others have taken the room, or the account has none: it is gone all the same, without a marker
            return current.revision


def _marker(info: ObjectInfo) -> ObjectInfo:
    """What says that the object is gone (ADR-20)."""
    return replace(
        info, size=0, chunks=0, digest=None, deleted=True, modified=datetime.now(UTC), description="", headers={}, metadata={}, link=None
    )
