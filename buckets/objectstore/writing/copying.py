"""Copies and moves. NATS copies no messages from one subject to another by itself, so data passes through here, chunk by chunk."""

from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime

from ..entry import Entry
from ..errors import Conflict, ObjectExists, ObjectUnreadable
from ..model import ObjectInfo
from ..reading.reader import ObjectReader, ReadContext
from .changes import Changer
from .commit import Commits
from .put import Putter


class Copier:
    def __init__(self, context: ReadContext, commits: Commits, putter: Putter, changer: Changer) -> None:
        self._context = context
        self._commits = commits
        self._putter = putter
        self._changer = changer

    async def copy(self, bucket: str, name: str, to_bucket: str, to_name: str, *, overwrite: bool, writer: str) -> ObjectInfo:
        """See ``ObjectStore.copy``."""
        return (await self._copy(bucket, name, to_bucket, to_name, overwrite, writer))[1]

    async def move(self, bucket: str, name: str, to_bucket: str, to_name: str, *, overwrite: bool, writer: str) -> tuple[ObjectInfo, int]:
        """See ``ObjectStore.move``. Also gives the revision of the marker that the original got, 0 when nothing was written."""
        if bucket == to_bucket:
            return await self._changer.rename(bucket, name, to_name, overwrite=overwrite, expected_revision=None, writer=writer)
        replaced = await self._commits.messages.last(to_bucket, to_name)
        original, copied = await self._copy(bucket, name, to_bucket, to_name, overwrite, writer)
        try:
            marked = await self._changer.delete(bucket, name, expected_revision=original.revision, writer=writer)
        except Conflict:
            raise await self._not_moved(original, copied, replaced) from None
        return copied, marked

    async def _not_moved(self, original: ObjectInfo, copied: ObjectInfo, replaced: Entry | None) -> Conflict:
        """The original was changed meanwhile. The copy goes again, but where it stands in the place of something else."""
        name = original.name
        current = await self._commits.messages.last(original.bucket, name)
        if (replaced is not None and not replaced.deleted) or current is None or current.deleted:
            return Conflict(f"{name!r} was changed while it was being moved: what it was before is at its new place now.")
        await self._changer.delete(copied.bucket, copied.name, expected_revision=copied.revision, writer="")
        return Conflict(f"{name!r} was changed while it was being moved, and stayed where it is. Please try again.")

    async def _copy(
        self, bucket: str, name: str, to_bucket: str, to_name: str, overwrite: bool, writer: str
    ) -> tuple[ObjectInfo, ObjectInfo]:
        """The original as it was, and the copy."""
        info = (await self._changer.existing(bucket, name)).info(bucket)
        if (bucket, name) == (to_bucket, to_name):
            raise ObjectExists(f"{name!r} cannot be copied onto itself.")
        current = await self._commits.messages.last(to_bucket, to_name)
        if current is not None and not current.deleted and not overwrite:
            raise ObjectExists(f"There is an object {to_name!r} already in the bucket {to_bucket!r}.")
        expected = None if overwrite else 0
        try:
            if info.link is not None:
                link = replace(info, bucket=to_bucket, name=to_name, nuid=self._commits.new_nuid(), modified=datetime.now(UTC))
                return info, await self._changer.publish_new(link, current, expected, writer)
            return info, await self._copy_data(info, to_bucket, to_name, expected, writer)
        except Conflict:
            raise ObjectExists(f"There is an object {to_name!r} already in the bucket {to_bucket!r}.") from None

    async def _copy_data(self, info: ObjectInfo, to_bucket: str, to_name: str, expected: int | None, writer: str) -> ObjectInfo:
        if not (info.nuid and info.readable):
            raise ObjectUnreadable(f"{info.name!r} cannot be read: {info.problem or 'its metadata does not say where its data is'}.")
        async with ObjectReader(info, self._context) as reader, aclosing(reader.pieces()) as pieces:
            return await self._putter.put(
                to_bucket,
                to_name,
                pieces,
                description=info.description,
                headers=info.headers,
                metadata=info.metadata,
                chunk_size=await self._putter.fitting_chunk_size(info.chunk_size),
                expected_revision=expected,
                writer=writer,
            )
