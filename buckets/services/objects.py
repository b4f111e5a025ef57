"""What can be done with objects: authorise, act, record."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings

from ..access import AnyUser, Role, require, roles
from ..metrics.instruments import Direction
from ..objectstore import DigestMismatch, Link, LiveBucket, ObjectInfo, ObjectNotFound, ObjectReader, Scan
from . import damaged
from .audit import record
from .bulk import Result, check_number, for_each
from .errors import LengthMismatch, StillLoading, UploadDigestMismatch, UploadTooLarge
from .marked import with_markers
from .media_types import guess_media_type, is_media_type
from .runtime import store
from .scans import ScanQuery, piece
from .slots import transfer
from .verifying import verified

LOADING_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """What to change of an object; None leaves it. ``headers`` and ``metadata`` replace all of them."""

    name: str | None = None
    description: str | None = None
    headers: Mapping[str, Sequence[str]] | None = None
    metadata: Mapping[str, str] | None = None

    @property
    def of_metadata(self) -> bool:
        return not (self.description is None and self.headers is None and self.metadata is None)


async def live(user: AnyUser, bucket: str) -> LiveBucket:
    """VIEWER. The bucket's live index, perhaps still filling. Raises ``BucketNotFound``."""
    await require(user, bucket, Role.VIEWER)
    return await (await store()).live(bucket)


async def ready(user: AnyUser, bucket: str) -> LiveBucket:
    """VIEWER. The bucket's live index, complete. Raises ``BucketNotFound``, and ``StillLoading`` when that takes more than 20 s."""
    listing = await live(user, bucket)
    if not await listing.wait_ready(LOADING_SECONDS):
        raise StillLoading(bucket, listing.loaded, listing.expected)
    return listing


async def scan(user: AnyUser, bucket: str, query: ScanQuery, *, deleted: bool = False) -> Scan:
    """VIEWER. One piece of a complete listing, of 8 MiB of metadata at most or of one object.

    deleted: with the deletion markers, which are asked of the server: after a change this costs a reading of all metadata.
    Raises ``BucketNotFound``, ``StillLoading`` when the index is not complete in 20 s, ``ValueError`` for a bad cursor.
    """
    if deleted:
        await require(user, bucket, Role.VIEWER)
        return piece(await with_markers(bucket), query)
    return piece((await ready(user, bucket)).index, query)


async def info(user: AnyUser, bucket: str, name: str) -> ObjectInfo:
    """VIEWER. Raises ``ObjectNotFound``."""
    await require(user, bucket, Role.VIEWER)
    return await (await store()).info(bucket, name)


async def current(user: AnyUser, bucket: str, name: str) -> ObjectInfo | None:
    """EDITOR. What is there before it is changed, None for nothing. Raises ``BucketNotFound``."""
    await require(user, bucket, Role.EDITOR)
    try:
        return await (await store()).info(bucket, name)
    except ObjectNotFound:
        return None


async def open_object(user: AnyUser, bucket: str, name: str) -> ObjectReader:
    """VIEWER, and also in the bucket that a link leads to. Nothing is read before the reader is entered.

    Raises ``ObjectNotFound``, also when the link leads to where the user may see nothing, and ``ObjectUnreadable``.
    """
    await require(user, bucket, Role.VIEWER)

    async def may_follow(link: Link) -> None:
        """Before anything is asked that tells what is there."""
        if (await roles(user)).of(link.bucket) is None:
            raise ObjectNotFound(f"“{name}” is a link to an object that is not there or that you may not see.")

    return await (await store()).get(bucket, name, may_follow=may_follow)


async def read_pieces(
    user: AnyUser,
    bucket: str,
    name: str,
    reader: ObjectReader,
    *,
    version: str = "",
    spans: Sequence[tuple[int, int]] = (),
) -> AsyncGenerator[bytes, None]:
    """What ``reader``, opened for ``bucket`` and ``name`` (and of the history: ``version``), reads; recorded as a download. Closing this
    closes it. An object that turns out to be damaged is marked (``damaged``). Raises ``Busy``, and what the reader raises.

    spans: only these parts, each a start and a length, one after the other; no piece belongs to two of them.
    """
    facts: dict[str, str | int] = {"version": version} if version else {}
    async with transfer(user, Direction.DOWNLOAD), reader:
        record("object.download", user, bucket, name=name, size=sum(span[1] for span in spans) or reader.info.size, **facts)
        try:
            if not spans:
                async for part in reader:
                    yield part
                damaged.clear(reader.info)
            for start, length in spans:
                async for part in reader.within(start, length):
                    yield part
        except DigestMismatch as error:
            damaged.mark(reader.info, error)
            raise


async def upload(
    user: AnyUser,
    bucket: str,
    name: str,
    body: AsyncIterable[bytes],
    *,
    content_type: str = "",
    length: int | None = None,
    expected_revision: int | None = None,
    digests: Mapping[str, bytes] | None = None,
) -> ObjectInfo:
    """EDITOR. Store ``body`` under ``name``, in constant memory; an object of that name is replaced.

    length: the bytes that the body is announced to have, None if that is not known. content_type: used if it is a media type,
    else the name decides.
    expected_revision: only on top of this revision, 0 for none. digests: what the body's ``sha-256`` and ``sha-512`` must be.
    Raises ``Busy``, ``UploadTooLarge``, ``LengthMismatch``, ``UploadDigestMismatch``, the store's errors, and whatever ``body`` raises;
    nothing is left behind then.
    """
    await require(user, bucket, Role.EDITOR)
    limit: int = settings.MAX_UPLOAD_BYTES
    if limit and length is not None and length > limit:
        raise UploadTooLarge(limit)
    headers = upload_headers(user, name, content_type, "")
    others = dict(digests or {})
    sha256 = others.pop("sha-256", None)  # the store computes that one anyway
    try:
        async with transfer(user, Direction.UPLOAD):
            stored = await (await store()).put(
                bucket,
                name,
                verified(_checked(body, length, limit), others),
                headers=headers,
                expected_revision=expected_revision,
                expected_digest=sha256,
                writer=user.get_username(),
            )
    except DigestMismatch as error:
        raise UploadDigestMismatch("sha-256") from error
    record("object.upload", user, bucket, name=name, size=stored.size)
    return stored


async def update(user: AnyUser, bucket: str, name: str, change: ObjectChange, *, expected_revision: int | None = None) -> ObjectInfo:
    """EDITOR. Change an object's metadata, its name, or both: then the name changes first, and of two steps the second may fail. Without a
    change nothing is written.

    expected_revision: only on top of this revision. Raises ``ObjectNotFound``, ``ObjectExists`` (the new name is taken), ``Conflict``,
    ``InvalidObjectName``, ``InvalidMetadata`` and the store's other errors.
    """
    await require(user, bucket, Role.EDITOR)
    if change.name not in (None, name) or not change.of_metadata:
        renamed = await _rename(user, bucket, name, name if change.name is None else change.name, expected_revision)
        if not change.of_metadata:
            return renamed
        name, expected_revision = renamed.name, renamed.revision
    updated = await (await store()).update_meta(
        bucket,
        name,
        description=change.description,
        headers=change.headers,
        metadata=change.metadata,
        expected_revision=expected_revision,
        writer=user.get_username(),
    )
    record("object.update", user, bucket, name=name)
    return updated


async def rename(user: AnyUser, bucket: str, name: str, to: str, *, overwrite: bool = False) -> ObjectInfo:
    """EDITOR. Raises ``ObjectNotFound``, ``ObjectExists`` (unless ``overwrite``), ``InvalidObjectName``, ``Conflict``."""
    await require(user, bucket, Role.EDITOR)
    return await _rename(user, bucket, name, to, None, overwrite)


async def _rename(user: AnyUser, bucket: str, name: str, to: str, expected: int | None, overwrite: bool = False) -> ObjectInfo:
    renamed = await (await store()).rename(bucket, name, to, overwrite=overwrite, expected_revision=expected, writer=user.get_username())
    if to != name:
        record("object.rename", user, bucket, name=name, to=to)
    return renamed


async def delete(user: AnyUser, bucket: str, names: Sequence[str], *, expected_revision: int | None = None) -> list[Result]:
    """EDITOR. Delete them all, each for itself; the results are in the order of ``names``. One that is not there is gone: no error.

    expected_revision: only on top of this revision of the object, else its error is ``Conflict``.
    Raises ``TooManyNames`` for more than 1,000.
    """
    await require(user, bucket, Role.EDITOR)

    async def act(name: str) -> None:
        await (await store()).delete(bucket, name, expected_revision=expected_revision, writer=user.get_username())
        record("object.delete", user, bucket, name=name)

    return await for_each(names, str, act)


async def erase(user: AnyUser, bucket: str, names: Sequence[str]) -> list[Result]:
    """ADMIN. Delete for good: data, deletion markers, and every version in the history. Else as ``delete``."""
    await require(user, bucket, Role.ADMIN)

    check_number(names)
    outcomes = await (await store()).erase_all(bucket, names, writer=user.get_username())
    for outcome in outcomes:
        if outcome.error is None:
            record("object.erase", user, bucket, name=outcome.item)
    return [Result(outcome.item, outcome.error) for outcome in outcomes]


def upload_headers(user: AnyUser, name: str, content_type: str, original_name: str) -> Mapping[str, Sequence[str]]:
    return {
        "Content-Type": [content_type if is_media_type(content_type) else guess_media_type(name)],
        "Original-Name": [original_name or name.rpartition("/")[2] or name],
        "Uploaded-By": [user.get_username()],
        "Upload-Timestamp": [datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")],
    }


async def _checked(body: AsyncIterable[bytes], length: int | None, limit: int) -> AsyncIterator[bytes]:
    """``body`` as it comes, until it is longer than ``limit`` (0: none) or not as long as announced."""
    received = 0
    async for part in body:
        received += len(part)
        if limit and received > limit:
            raise UploadTooLarge(limit)
        if length is not None and received > length:
            raise LengthMismatch(length, received)
        yield part
    if length is not None and received != length:
        raise LengthMismatch(length, received)
