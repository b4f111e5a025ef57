"""What can be done with objects: authorise, act, record."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, chain, takewhile

from django.conf import settings

from ..access import AnyUser, Role, require, roles
from ..objectstore import Conflict, LiveBucket, ObjectInfo, ObjectNotFound, ObjectReader, ObjectStoreError, Scan, Sort
from .audit import record
from .errors import AlreadyThere, LengthMismatch, StillLoading, TooManyNames, UploadTooLarge
from .media_types import guess_media_type, is_media_type
from .runtime import store

MAX_NAMES = 1000
DELETING_AT_ONCE = 8
LOADING_SECONDS = 20.0
MAX_SCAN_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class DeleteResult:
    """What became of one name; ``error`` None: it is gone."""

    name: str
    error: ObjectStoreError | None = None


async def live(user: AnyUser, bucket: str) -> LiveBucket:
    """VIEWER. The bucket's live index, perhaps still filling. Raises ``BucketNotFound``."""
    await require(user, bucket, Role.VIEWER)
    return await (await store()).live(bucket)


async def scan(
    user: AnyUser, bucket: str, *, prefix: str = "", delimiter: str = "", query: str = "", sort: Sort, limit: int, cursor: str | None = None
) -> Scan:
    """VIEWER. One piece of a complete listing, of 8 MiB of metadata at most or of one object.

    Raises ``BucketNotFound``, ``StillLoading`` when the index is not complete in 20 s, ``ValueError`` for a bad cursor.
    """
    listing = await live(user, bucket)
    if not await listing.wait_ready(LOADING_SECONDS):
        raise StillLoading(bucket, listing.loaded, listing.expected)

    def piece(limit: int) -> Scan:
        return listing.index.scan(prefix=prefix, delimiter=delimiter, query=query, sort=sort, limit=limit, cursor=cursor)

    found = piece(limit)
    fitting = _fitting(found.objects)
    return found if fitting == len(found.objects) else piece(max(fitting, 1))


def _fitting(objects: Sequence[ObjectInfo]) -> int:
    """How many of ``objects``, from the first on, have ``MAX_SCAN_BYTES`` of metadata together."""
    sizes = accumulate(_weight(info) for info in objects)
    return sum(1 for _ in takewhile(lambda size: size <= MAX_SCAN_BYTES, sizes))


def _weight(info: ObjectInfo) -> int:
    headers = (text for key, values in info.headers.items() for text in (key, *values))
    texts = chain((info.name, info.description), headers, *info.metadata.items())
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


async def info(user: AnyUser, bucket: str, name: str) -> ObjectInfo:
    """VIEWER. Raises ``ObjectNotFound``."""
    await require(user, bucket, Role.VIEWER)
    return await (await store()).info(bucket, name)


async def open_object(user: AnyUser, bucket: str, name: str) -> ObjectReader:
    """VIEWER, and also in the bucket that a link leads to. Nothing is read before the reader is entered.

    Raises ``ObjectNotFound``, also when the link leads to where the user may see nothing, and ``ObjectUnreadable``.
    """
    await require(user, bucket, Role.VIEWER)
    link = (await (await store()).info(bucket, name)).link
    if link:
        await _check_link(user, bucket, name, link.bucket)  # before anything is asked that tells what is there
    reader = await (await store()).get(bucket, name)
    await _check_link(user, bucket, name, reader.info.bucket)  # it may have been replaced since
    return reader


async def _check_link(user: AnyUser, bucket: str, name: str, target: str) -> None:
    if target != bucket and (await roles(user)).of(target) is None:
        raise ObjectNotFound(f"“{name}” is a link to an object that is not there or that you may not see.")


async def read_pieces(user: AnyUser, bucket: str, name: str, reader: ObjectReader) -> AsyncGenerator[bytes, None]:
    """What ``reader``, opened by ``open_object`` for ``bucket`` and ``name``, reads; recorded as a download. Closing this closes it."""
    async with reader:
        record("object.download", user, bucket, name=name, size=reader.info.size)
        async for piece in reader:
            yield piece


async def upload(
    user: AnyUser,
    bucket: str,
    name: str,
    body: AsyncIterable[bytes],
    *,
    content_type: str = "",
    length: int | None = None,
    original_name: str = "",
    if_absent: bool = False,
) -> ObjectInfo:
    """EDITOR. Store ``body`` under ``name``, in constant memory; an object of that name is replaced.

    length: the bytes that the body is announced to have, None if that is not known. original_name: the file's name where it came
    from. content_type: used if it is a media type, else the name decides.
    Raises ``UploadTooLarge``, ``LengthMismatch``, ``AlreadyThere`` (with ``if_absent``), the store's errors, and whatever ``body``
    raises; nothing is left behind then.
    """
    await require(user, bucket, Role.EDITOR)
    limit: int = settings.MAX_UPLOAD_BYTES
    if limit and length is not None and length > limit:
        raise UploadTooLarge(limit)
    headers = _headers(user, name, content_type, original_name)
    expected_revision = 0 if if_absent else None
    try:
        put = (await store()).put(bucket, name, _checked(body, length, limit), headers=headers, expected_revision=expected_revision)
        stored = await put
    except Conflict:
        if if_absent:
            raise AlreadyThere(bucket, name) from None
        raise
    record("object.upload", user, bucket, name=name, size=stored.size)
    return stored


async def delete(user: AnyUser, bucket: str, names: Sequence[str]) -> list[DeleteResult]:
    """EDITOR. Delete them all, each for itself; the results are in the order of ``names``. One that is not there is gone: no error.

    Raises ``TooManyNames`` for more than 1,000.
    """
    await require(user, bucket, Role.EDITOR)
    if len(names) > MAX_NAMES:
        raise TooManyNames(MAX_NAMES)
    slots = asyncio.Semaphore(DELETING_AT_ONCE)

    async def delete_one(name: str) -> DeleteResult:
        async with slots:
            return await _delete_one(user, bucket, name)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(delete_one(name)) for name in names]
    return [task.result() for task in tasks]


async def _delete_one(user: AnyUser, bucket: str, name: str) -> DeleteResult:
    try:
        await (await store()).delete(bucket, name)
    except ObjectStoreError as error:
        return DeleteResult(name, error)
    record("object.delete", user, bucket, name=name)
    return DeleteResult(name)


def _headers(user: AnyUser, name: str, content_type: str, original_name: str) -> Mapping[str, Sequence[str]]:
    return {
        "Content-Type": [content_type if is_media_type(content_type) else guess_media_type(name)],
        "Original-Name": [original_name or name.rpartition("/")[2] or name],
        "Uploaded-By": [user.get_username()],
        "Upload-Timestamp": [datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")],
    }


async def _checked(body: AsyncIterable[bytes], length: int | None, limit: int) -> AsyncIterator[bytes]:
    """``body`` as it comes, until it is longer than ``limit`` (0: none) or not as long as announced."""
    received = 0
    async for piece in body:
        received += len(piece)
        if limit and received > limit:
            raise UploadTooLarge(limit)
        if length is not None and received > length:
            raise LengthMismatch(length, received)
        yield piece
    if length is not None and received != length:
        raise LengthMismatch(length, received)
