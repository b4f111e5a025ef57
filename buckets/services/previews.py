"""What an object shows of itself: authorise, read what a preview needs of it and no more, render that."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

from ..access import AnyUser
from ..objectstore import DigestMismatch, ObjectInfo, ObjectReader, ObjectStoreError, Unavailable
from ..previews import Asked, Failed, Kind, Need, Picture, Plan, Preview, ask, plan
from ..previews.kinds import LIMITS
from ..previews.text import plain
from . import damaged, objects, versions
from .audit import record
from .media_types import guess_media_type
from .slots import transfer

SECONDS = 10.0
# An archive's directory may be anywhere in it: so often, and for so many bytes, it is looked for.
MOST_SPANS = 12
MOST_BYTES = 8 * 1024 * 1024
TAIL = 64 * 1024

Read = Callable[[int, int], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Shown:
    """``info``: of what was read, for a link its target. ``preview`` None: the browser itself shows the raw bytes, as ``plan`` says."""

    info: ObjectInfo
    plan: Plan
    preview: Preview | None


def plan_of(info: ObjectInfo) -> Plan:
    return plan(info.name, info.content_type, guess_media_type(info.name))


async def preview(user: AnyUser, bucket: str, name: str, version: str = "") -> Shown:
    """VIEWER. What can be shown of an object or of a version of it; ``Failed`` where that is nothing, and of what is damaged.

    Reads 1 MiB, or 8 MiB of an archive, at most. Raises ``ObjectNotFound``, ``VersionNotFound``, ``ObjectUnreadable``, ``Busy`` and
    ``Unavailable``.
    """
    reader = await _reader(user, bucket, name, version)
    info, planned = reader.info, plan_of(reader.info)
    if not info.size:
        return Shown(info, planned, Failed("This file is empty."))
    if planned.kind.raw:
        return Shown(info, planned, _too_large(info, planned))
    record("object.preview", user, bucket, name=name)
    try:
        async with asyncio.timeout(SECONDS), transfer(user), reader:
            return Shown(info, planned, await _render(info, planned, lambda start, length: _part(reader, start, length)))
    except TimeoutError:
        return Shown(info, planned, Failed("Reading this file takes too long at the moment."))
    except Unavailable:
        raise
    except ObjectStoreError as error:
        if isinstance(error, DigestMismatch):
            damaged.mark(info, error)
        return Shown(info, planned, Failed(str(error)))


async def _reader(user: AnyUser, bucket: str, name: str, version: str) -> ObjectReader:
    return await (versions.open_version(user, bucket, name, version) if version else objects.open_object(user, bucket, name))


def _too_large(info: ObjectInfo, planned: Plan) -> Failed | None:
    return Failed("This file is too large to be shown here. Download it to see it.") if info.size > planned.limit else None


async def _part(reader: ObjectReader, start: int, length: int) -> bytes:
    async with aclosing(reader.within(start, length)) as pieces:
        return b"".join([piece async for piece in pieces])


async def _render(info: ObjectInfo, planned: Plan, read: Read) -> Preview:
    length = min(planned.limit, info.size)
    if planned.kind is Kind.JSON and info.size > length:  # no tree of a part: then its text does, of which less is shown
        length = LIMITS[Kind.CODE]
    first = await read(0, length)
    if planned.kind is Kind.ARCHIVE:
        return await _archive(info, first, read)
    asked = Asked(planned.kind, info.name, info.size)
    answer = await ask(asked, first)
    if isinstance(answer, Failed):
        note = "Shown as plain text: a richer preview could not be made."
        return await asyncio.to_thread(plain, info.name, first[: LIMITS[Kind.CODE]], info.size > LIMITS[Kind.CODE], note) or answer
    return Failed("This file cannot be shown.") if isinstance(answer, Need | Picture) else answer


async def _archive(info: ObjectInfo, first: bytes, read: Read) -> Preview:
    spans = [(0, first)]
    if len(first) < info.size:
        tail = min(TAIL, info.size - len(first))
        spans.append((info.size - tail, await read(info.size - tail, tail)))
    while True:
        asked = Asked(Kind.ARCHIVE, info.name, info.size, [(start, len(data)) for start, data in spans])
        answer = await ask(asked, b"".join(data for _, data in spans))
        if isinstance(answer, Picture):
            return Failed("This file cannot be shown.")
        if not isinstance(answer, Need):
            return answer
        if len(spans) >= MOST_SPANS or answer.length + sum(len(data) for _, data in spans) > MOST_BYTES:
            return Failed("Its list of contents is too large, or too far apart, to be shown here.")
        spans.append((answer.start, await read(answer.start, answer.length)))
