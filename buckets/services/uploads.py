"""Resumable uploads: authorise, act, record. Whoever began an upload, and nobody else, may go on with it, as long as the role lasts."""

import time
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass

from django.conf import settings

from ..access import AnyUser, NotVisible, Role, require
from ..metrics.instruments import Direction
from ..objectstore import Conflict, ObjectInfo, UploadNotFound, UploadState
from .audit import record
from .errors import AlreadyThere, UploadTooLarge
from .naming import named_now, wants_unique_names
from .objects import upload_headers
from .runtime import store
from .slots import transfer


@dataclass(frozen=True, slots=True)
class Progress:
    """``info``: the object, when this was the last piece. ``broken``: what ended the body before its end; what came before is kept."""

    state: UploadState
    info: ObjectInfo | None = None
    broken: Exception | None = None


async def create(
    user: AnyUser,
    bucket: str,
    name: str,
    *,
    length: int | None,
    content_type: str = "",
    original_name: str = "",
    facts: Mapping[str, str] | None = None,
    if_absent: bool = False,
) -> UploadState:
    """EDITOR. Begin an upload that will be ``name`` when all of it has come; it is kept for ``UPLOAD_HOURS`` after its last piece.
    In a bucket with unique names it will have one of its own: ``UploadState.name``, and a number if that is taken meanwhile.

    length: bytes, None if that is not known yet. facts: what the client wants to be told again. if_absent: only if there is no such object.
    Raises ``UploadTooLarge``, ``AlreadyThere`` and the store's errors.
    """
    await require(user, bucket, Role.EDITOR)
    limit: int = settings.MAX_UPLOAD_BYTES
    if limit and length is not None and length > limit:
        raise UploadTooLarge(limit)
    unique = await wants_unique_names(bucket)
    try:
        state = await (await store()).uploads.create(
            bucket,
            named_now(name) if unique else name,
            expires=expiry(),
            length=length,
            owner=str(user.pk),
            headers=upload_headers(user, name, content_type, original_name),
            facts=facts,
            expected_revision=0 if if_absent else None,
            unique=unique,
            writer=user.get_username(),
        )
    except Conflict:
        raise AlreadyThere(bucket, name) from None
    record("upload.begin", user, bucket, name=name, upload=state.id)
    return state


async def find(user: AnyUser, upload: str) -> UploadState | None:
    """The user's own upload as it stands; None when there is none, or none that the user may go on with."""
    try:
        state = await (await store()).uploads.get(upload)
        if state.owner != str(user.pk):
            return None
        await require(user, state.bucket, Role.EDITOR)
    except (UploadNotFound, NotVisible):
        return None
    return state


async def append(
    user: AnyUser,
    state: UploadState,
    offset: int,
    body: AsyncIterable[bytes],
    *,
    length: int | None = None,
    checksum: tuple[str, bytes] | None = None,
) -> Progress:
    """The next piece of an upload that ``find`` or ``create`` gave.

    Raises ``Busy``, ``AlreadyThere``, and what ``Uploads.append`` raises.
    """
    await require(user, state.bucket, Role.EDITOR)
    async with transfer(user, Direction.UPLOAD):
        try:
            done = await (await store()).uploads.append(state.id, offset, body, length=length, checksum=checksum, expires=expiry())
        except Conflict:
            if state.expected_revision == 0:
                raise AlreadyThere(state.bucket, state.name) from None
            raise
    if done.info is not None:
        record("object.upload", user, state.bucket, name=done.info.name, size=done.info.size)
    return Progress(done.state, done.info, done.broken)


async def terminate(user: AnyUser, state: UploadState) -> None:
    """Take an upload back that ``find`` gave. Raises ``UploadLocked``."""
    await (await store()).uploads.terminate(state.id)
    record("upload.end", user, state.bucket, name=state.name, upload=state.id)


async def expire() -> int:
    """For the site's own upkeep: take back what has been left. How many uploads."""
    return await (await store()).uploads.expire()


def expiry() -> float:
    """When an upload expires that got its last piece now: seconds since 1970."""
    hours: float = settings.UPLOAD_HOURS
    return time.time() + hours * 3600
