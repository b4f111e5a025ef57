"""Is an object still what its metadata states? By reading it, and telling how far that is."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from ..access import AnyUser
from ..objectstore import DigestMismatch, ObjectReader, ObjectStoreError, Unavailable
from . import damaged, objects, versions
from .audit import record
from .slots import transfer

STEP = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``size`` bytes. ``ok`` None: it goes on. ``message``: the outcome in a sentence."""

    done: int
    size: int
    ok: bool | None = None
    message: str = ""


async def check(user: AnyUser, bucket: str, name: str, version: str = "") -> AsyncGenerator[Progress, None]:
    """VIEWER: it costs what a download costs. Reads all of an object, of a link's target or of a version, and compares it with its size
    and digest. The last ``Progress`` is the outcome. An object that is damaged is marked, one that is not no longer is (``damaged``).

    Raises, before anything is given, ``ObjectNotFound``, ``ObjectUnreadable``, ``VersionNotFound`` and ``Busy``.
    """
    reader = await (versions.open_version(user, bucket, name, version) if version else objects.open_object(user, bucket, name))
    async with transfer(user), reader, aclosing(_read(reader)) as steps:
        async for step in steps:
            if step.ok is not None:
                record("object.verify", user, bucket, name=name, ok=int(step.ok))
            yield step


async def _read(reader: ObjectReader) -> AsyncGenerator[Progress, None]:
    info = reader.info
    done = told = 0
    yield Progress(0, info.size)
    try:
        async with aclosing(reader.pieces()) as pieces:
            async for piece in pieces:
                done += len(piece)
                if done - told >= STEP:
                    told = done
                    yield Progress(done, info.size)
    except DigestMismatch as error:
        damaged.mark(info, error)
        yield Progress(done, info.size, False, str(error))
    except Unavailable:
        yield Progress(done, info.size, False, "NATS could not be reached to the end. Try again in a moment.")
    except ObjectStoreError as error:
        yield Progress(done, info.size, False, str(error))
    else:
        damaged.clear(info)
        yield Progress(done, info.size, True, _good(info.digest))


def _good(digest: str | None) -> str:
    return "Every byte is what its SHA-256 says." if digest else "Its size is right. No digest is stated, so there is no more to compare."
