"""Folders that are there without an object in them. The Object Store knows no folders, and a marker object would be a file to all other
clients: so they are kept beside the bucket, in a key-value bucket that all processes of all sites share, one key for each bucket.
"""

import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from .errors import BucketSealed, Conflict, InvalidObjectName, ObjectExists, ServerError
from .model import BucketStatus
from .names import metadata_subject
from .uploads.kv import KeyValues

FOLDERS_BUCKET = "nats-files-folders"
MAX_FOLDERS = 1000
MAX_BYTES = 256 * 1024
TRIES = 8

# The folders by their whole names with the "/" at the end, and when each was made, in nanoseconds since 1970.
Kept = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FoldersState:
    """``revision``: of the key, 0 for none. What was kept for an earlier bucket of the same name is not told."""

    folders: Kept = field(default_factory=dict)
    revision: int = 0


class Folders:
    """``store.folders``. All may raise BucketNotFound, Conflict, Unavailable, PermissionDenied and ServerError."""

    def __init__(
        self, kept: "KeptFolders", status: Callable[[str], Awaitable[BucketStatus]], tell: Callable[[str, FoldersState], None]
    ) -> None:
        self._kept = kept
        self._status = status
        self._tell = tell

    async def list(self, bucket: str) -> Kept:
        return (await self._kept.get(bucket, (await self._status(bucket)).created)).folders

    async def create(self, bucket: str, prefixes: Sequence[str]) -> None:
        """They are there from now on, until they are removed, also while they have no object in them.

        Raises InvalidObjectName, ObjectExists when the last of them is kept already, and BucketSealed.
        """
        now = time.time_ns()
        for prefix in prefixes:
            check_folder(bucket, prefix)

        def edit(before: Kept) -> Kept:
            if prefixes[-1] in before:
                raise ObjectExists("There is a folder of this name already.")
            return {**dict.fromkeys(prefixes, now), **before}

        await self._change(bucket, edit)

    async def remove(self, bucket: str, prefixes: Iterable[str]) -> Sequence[str]:
        """These and all below them are not kept any more; which were. Objects in them are left alone."""
        gone: list[str] = []
        ends = tuple(prefix for prefix in prefixes if prefix.endswith("/"))

        def edit(before: Kept) -> Kept:
            gone[:] = [name for name in before if name.startswith(ends)]
            return {name: made for name, made in before.items() if name not in gone}

        if ends:
            await self._change(bucket, edit)
        return gone

    async def add(self, bucket: str, folders: Iterable[str]) -> Sequence[str]:
        """As ``create``, but those that are kept already are no error; which were not."""
        return await self.exchange(bucket, folders, ())

    async def exchange(self, bucket: str, folders: Iterable[str], gone: Iterable[str]) -> Sequence[str]:
        """At once: ``folders`` are kept, and exactly ``gone``, none below them, are kept no longer. Which of ``folders`` were not kept."""
        wanted = dict.fromkeys((check_folder(bucket, name) for name in folders), time.time_ns())
        dropped = set(gone).difference(wanted)
        new: list[str] = []

        def edit(before: Kept) -> Kept:
            new[:] = [name for name in wanted if name not in before]
            return {name: made for name, made in {**wanted, **before}.items() if name not in dropped}

        if wanted or dropped:
            await self._change(bucket, edit)
        return new

    async def _change(self, bucket: str, edit: Callable[[Kept], Kept]) -> None:
        status = await self._status(bucket)
        if status.sealed:
            raise BucketSealed("The bucket is sealed: it can be read, but never changed again.")
        self._tell(bucket, await self._kept.change(bucket, status.created, edit))

    async def forget(self, bucket: str) -> None:
        """The bucket is gone."""
        await self._kept.forget(bucket)


class KeptFolders:
    """All may raise Unavailable, PermissionDenied and ServerError. ``created``: of the bucket, as its stream says it."""

    def __init__(self, kv: KeyValues) -> None:
        self._kv = kv

    async def get(self, bucket: str, created: datetime) -> FoldersState:
        found = await self._kv.get(bucket)
        if found is None:
            return FoldersState()
        return FoldersState(_parse(found.value, created), found.revision)

    async def change(self, bucket: str, created: datetime, edit: Callable[[Kept], Kept]) -> FoldersState:
        """Put ``edit`` of what is there in its place; it may be called more than once. Raises what ``edit`` raises, and Conflict when
        others are faster all the time, or it would become too much."""
        for _ in range(TRIES):
            found = await self.get(bucket, created)
            wanted = edit(found.folders)
            if wanted == found.folders:
                return found
            value = _dump(wanted, created)
            try:
                revision = await self._kv.put(bucket, value, found.revision)
            except Conflict:
                continue
            return FoldersState(wanted, revision)
        raise Conflict("The folders of this bucket were changed by many at once. Try again in a moment.")

    async def forget(self, bucket: str) -> None:
        await self._kv.delete(bucket)


def check_folder(bucket: str, prefix: str) -> str:
    """``prefix`` if it is the whole name of a folder in which an object can be, else InvalidObjectName."""
    if not prefix.endswith("/"):
        raise InvalidObjectName(f"{prefix!r} is not the name of a folder: those end with “/”.")
    metadata_subject(bucket, f"{prefix}x")
    return prefix


def _dump(folders: Kept, created: datetime) -> bytes:
    value = orjson.dumps({"created": created.isoformat(), "folders": folders, "by": secrets.token_hex(8)})
    if len(folders) > MAX_FOLDERS or len(value) > MAX_BYTES:
        raise Conflict(f"There is room for {MAX_FOLDERS:,} folders without a file in a bucket. Delete some that nobody needs.")
    return value


def _parse(value: bytes, created: datetime) -> Kept:
    try:
        fields: Any = orjson.loads(value)
        if fields["created"] != created.isoformat():
            return {}
        folders = {str(name): int(made) for name, made in fields["folders"].items() if name.endswith("/")}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ServerError("What folders this bucket has without a file cannot be read: somebody else has written it.") from None
    return dict(list(folders.items())[:MAX_FOLDERS])
