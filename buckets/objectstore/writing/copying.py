"""Copies and moves. NATS copies no messages from one subject to another by itself, so data passes through here, chunk by chunk."""

import contextlib
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime

from ..entry import Entry
from ..errors import BucketSealed, Conflict, ObjectChanged, ObjectExists, ObjectStoreError, ObjectUnreadable, Unavailable
from ..model import ObjectInfo
from ..reading.reader import ObjectReader, ReadContext, sized
from .changes import Changer, NotAtomic
from .commit import RACES, Commits, check_expected, check_replaceable, conflict, too_contended
from .commit_headers import Deed, Note
from .put import Putter


class Copier:
    def __init__(self, context: ReadContext, commits: Commits, putter: Putter, changer: Changer) -> None:
        self._context = context
        self._commits = commits
        self._putter = putter
        self._changer = changer

    async def copy(
        self, bucket: str, name: str, to_bucket: str, to_name: str, *, overwrite: bool, writer: str, replaces: int | None = None
    ) -> ObjectInfo:
        """See ``ObjectStore.copy``."""
        original = await self._changer.existing(bucket, name)
        return await self._copy(
            bucket, original, to_bucket, to_name, overwrite, writer, Note.about(Deed.COPIED_FROM, bucket, name), replaces
        )

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
        """See ``ObjectStore.rename``. Also gives the revision of the marker that the original got, 0 when nothing was written."""
        try:
            return await self._changer.rename(
                bucket, name, new_name, overwrite=overwrite, expected_revision=expected_revision, writer=writer, replaces=replaces
            )
        except NotAtomic:
            copying = self._rename_by_copy(bucket, name, new_name, overwrite, expected_revision, writer, replaces)
            return await self._commits.cleanups.shielded(copying)

    async def _rename_by_copy(
        self, bucket: str, name: str, new_name: str, overwrite: bool, expected_revision: int | None, writer: str, replaces: int | None
    ) -> tuple[ObjectInfo, int]:
        for _ in range(RACES):
            current = await self._changer.existing(bucket, name)
            check_expected(current, expected_revision, name)
            with contextlib.suppress(Conflict, ObjectChanged):
                return await self._move(bucket, current, bucket, new_name, overwrite, writer, replaces)
            if expected_revision is not None:
                raise conflict(name)
        raise too_contended(name)

    async def move(
        self,
        bucket: str,
        name: str,
        to_bucket: str,
        to_name: str,
        *,
        overwrite: bool,
        expected_revision: int | None,
        writer: str,
        replaces: int | None = None,
    ) -> tuple[ObjectInfo, int]:
        """See ``ObjectStore.move``. Also gives the revision of the marker that the original got, 0 when nothing was written."""
        if bucket == to_bucket:
            return await self.rename(
                bucket, name, to_name, overwrite=overwrite, expected_revision=expected_revision, writer=writer, replaces=replaces
            )
        original = await self._changer.existing(bucket, name)
        check_expected(original, expected_revision, name)
        return await self._move(bucket, original, to_bucket, to_name, overwrite, writer, replaces)

    async def _move(
        self,
        bucket: str,
        original: Entry,
        to_bucket: str,
        to_name: str,
        overwrite: bool,
        writer: str,
        replaces: int | None = None,
    ) -> tuple[ObjectInfo, int]:
        if (await self._commits.streams.status(bucket)).sealed:
            raise BucketSealed(f"The bucket {bucket!r} is sealed: nothing can be moved out of it, but copied.")
        replaced = await self._commits.messages.last(to_bucket, to_name)
        here, there = _notes(bucket, original.name, to_bucket, to_name)
        copied = await self._copy(bucket, original, to_bucket, to_name, overwrite, writer, here, replaces)
        try:
            marked = await self._changer.delete(bucket, original.name, expected_revision=original.revision, writer=writer, note=there)
        except Conflict:
            raise await self._not_moved(bucket, original.name, copied, replaced) from None
        except Unavailable:  # it may be deleted
            raise
        except ObjectStoreError:
            if replaced is None or replaced.deleted:
                await self._changer.delete(copied.bucket, copied.name, expected_revision=copied.revision, writer="")
            raise
        return copied, marked

    async def _not_moved(self, bucket: str, name: str, copied: ObjectInfo, replaced: Entry | None) -> Conflict:
        """The original was changed meanwhile. The copy goes again, but where it stands in the place of something else."""
        current = await self._commits.messages.last(bucket, name)
        if (replaced is not None and not replaced.deleted) or current is None or current.deleted:
            return Conflict(f"{name!r} was changed while it was being moved: what it was before is at its new place now.")
        with contextlib.suppress(Conflict):  # somebody has written there since
            await self._changer.delete(copied.bucket, copied.name, expected_revision=copied.revision, writer="")
        return Conflict(f"{name!r} was changed while it was being moved, and stayed where it is. Please try again.")

    async def _copy(
        self,
        bucket: str,
        original: Entry,
        to_bucket: str,
        to_name: str,
        overwrite: bool,
        writer: str,
        note: Note,
        replaces: int | None = None,
    ) -> ObjectInfo:
        if (bucket, original.name) == (to_bucket, to_name):
            raise ObjectExists(f"{original.name!r} cannot be copied onto itself.")
        current = await self._commits.messages.last(to_bucket, to_name)
        check_replaceable(current, overwrite, replaces, to_bucket, to_name)
        expected = None if overwrite else (replaces or 0)
        info = original.info(bucket)
        try:
            if info.link is not None:
                link = replace(info, bucket=to_bucket, name=to_name, nuid=self._commits.new_nuid(), modified=datetime.now(UTC))
                return await self._changer.publish_new(link, current, expected, writer, note=note, like=original.raw)
            return await self._copy_data(info, original.raw, to_bucket, to_name, expected, writer, note)
        except Conflict:
            raise ObjectExists(f"There is an object {to_name!r} already in the bucket {to_bucket!r}.") from None

    async def _copy_data(
        self, info: ObjectInfo, raw: bytes, to_bucket: str, to_name: str, expected: int | None, writer: str, note: Note
    ) -> ObjectInfo:
        if not (info.nuid and info.readable):
            raise ObjectUnreadable(f"{info.name!r} cannot be read: {info.problem or 'its metadata does not say where its data is'}.")
        async with ObjectReader(await sized(info, self._context), self._context) as reader, aclosing(reader.pieces()) as pieces:
            return await self._putter.put(
                to_bucket,
                to_name,
                pieces,
                description=info.description,
                headers=info.headers,
                metadata=info.metadata,
                chunk_size=await self._putter.fitting_chunk_size(to_bucket, info.chunk_size),
                expected_revision=expected,
                writer=writer,
                note=note,
                like=raw,
            )


def _notes(bucket: str, name: str, to_bucket: str, to_name: str) -> tuple[Note, Note]:
    """What the copy says of a move, and what the deletion of the original does."""
    if bucket == to_bucket:
        return Note(Deed.RENAMED_FROM, name), Note(Deed.RENAMED_TO, to_name)
    return Note.about(Deed.MOVED_FROM, bucket, name), Note.about(Deed.MOVED_TO, to_bucket, to_name)
