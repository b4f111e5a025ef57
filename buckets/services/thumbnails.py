"""Small pictures of images: authorise, read the image once, have a worker make it, and keep it, in memory and on disk, while there is
room."""

import asyncio
import json
from collections import OrderedDict
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from django.conf import settings

from ..access import AnyUser
from ..objectstore import DigestMismatch, ObjectInfo, ObjectReader, ObjectStoreError, Unavailable
from ..previews import BROKEN, BUSY, SLOW, THUMBNAILS, Asked, Kind, Picture, ask
from . import damaged, objects
from .errors import Busy
from .picturefiles import PictureFiles
from .previews import plan_of
from .slots import transfer

BOX = 256
SECONDS = 15.0
READ_AT_ONCE = 3
KEPT_BYTES = 32 * 1024 * 1024
KEPT_FILES = 20_000
# Of the pictures on disk; another one where they are made in another way.
VERSION = 1
# What an entry takes beside its bytes.
ENTRY = 400
# For so long (seconds) nothing is tried again that only may be better next time: a worker that was late, say, on a busy machine.
TRY_AGAIN = 60.0

# By the bucket and the data's own identifier too: a digest is only what somebody states.
Key = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True)
class Made:
    """``data`` None: there is no picture; ``until``: the loop's time up to which that holds, None: for good."""

    data: bytes | None
    until: float | None = None


class Cache:
    """The last used pictures, and what came of images without one, up to ``limit`` bytes."""

    def __init__(self, limit: int = KEPT_BYTES) -> None:
        self._limit = limit
        self._kept: OrderedDict[Key, Made] = OrderedDict()
        self.size = 0

    def get(self, key: Key, now: float = 0.0) -> Made | None:
        """None: nothing is known of it, or no longer at this time."""
        made = self._kept.get(key)
        if made is None or (made.until is not None and made.until < now):
            return None
        self._kept.move_to_end(key)
        return made

    def put(self, key: Key, made: Made) -> None:
        if (before := self._kept.pop(key, None)) is not None:
            self.size -= _weight(before)
        self._kept[key] = made
        self.size += _weight(made)
        while self.size > self._limit:
            _, dropped = self._kept.popitem(last=False)
            self.size -= _weight(dropped)


def _weight(made: Made) -> int:
    return ENTRY + len(made.data or b"")


class Maker:
    """Of one event loop: each picture is made once, whoever asks for it meanwhile, few images are read at a time, and what nobody waits
    for any more is not made."""

    def __init__(self) -> None:
        self.cache = Cache()
        self._files = PictureFiles(settings.THUMBNAIL_FOLDER, settings.THUMBNAIL_BYTES, KEPT_FILES)
        self._room = asyncio.Semaphore(READ_AT_ONCE)
        self._making: dict[Key, _Making] = {}

    async def get(self, user: AnyUser, reader: ObjectReader, scale: int) -> bytes | None:
        info = reader.info
        key = (info.bucket, info.nuid, info.digest or "", scale)
        if (known := self.cache.get(key, asyncio.get_running_loop().time())) is not None:
            return known.data
        making = self._making.get(key)
        if making is None:
            making = self._making[key] = _Making(asyncio.create_task(self._make(key, user, reader, scale)))
        making.waiting += 1
        try:
            return await asyncio.shield(making.task)
        finally:
            making.waiting -= 1
            if not making.waiting:
                making.task.cancel()
                self._making.pop(key, None)

    async def _make(self, key: Key, user: AnyUser, reader: ObjectReader, scale: int) -> bytes | None:
        """A user's turn comes before a place in the room: whoever has many transfers waits without keeping others out."""
        name = json.dumps([VERSION, *key])
        if (kept := await asyncio.to_thread(self._files.get, name)) is not None:
            self.cache.put(key, Made(kept))
            return kept
        try:
            async with asyncio.timeout(SECONDS) as patience, transfer(user), self._room:
                made = await _made(reader, scale, patience)
        except TimeoutError:
            raise Busy from None
        self.cache.put(key, made)
        if made.data is not None:
            await asyncio.to_thread(self._files.put, name, made.data)
        return made.data


@dataclass
class _Making:
    task: asyncio.Task[bytes | None]
    waiting: int = 0


_makers: WeakKeyDictionary[asyncio.AbstractEventLoop, Maker] = WeakKeyDictionary()


def maker() -> Maker:
    """That of the running event loop."""
    return _makers.setdefault(asyncio.get_running_loop(), Maker())


async def open_image(user: AnyUser, bucket: str, name: str) -> ObjectReader:
    """VIEWER. Of a link: what it leads to. Raises as ``open_object``."""
    return await objects.open_object(user, bucket, name)


async def thumbnail(user: AnyUser, reader: ObjectReader, scale: int = 1) -> bytes | None:
    """A WebP of at most 256 (``scale`` 2: 512) pixels each way of what ``open_image`` gave; None where there can be none: no image, one of
    more than 32 MiB or too many pixels, or damaged.

    All of the image is read, and so compared with its digest. Raises ``Unavailable``, and ``Busy`` when many are being made.
    """
    return await maker().get(user, reader, scale) if has_thumbnail(reader.info) else None


def has_thumbnail(info: ObjectInfo) -> bool:
    """Whether there may be one, by what is stated."""
    return info.link is None and not info.problem and plan_of(info).has_thumbnail(info.size)


async def _made(reader: ObjectReader, scale: int, patience: asyncio.Timeout) -> Made:
    """Raises Busy, Unavailable. ``patience`` is for all but the making, which has its own."""
    later = Made(None, asyncio.get_running_loop().time() + TRY_AGAIN)
    image = bytearray()
    try:
        async with reader:
            async for piece in reader:
                image += piece
    except Unavailable:
        raise
    except DigestMismatch as error:
        damaged.mark(reader.info, error)
        return Made(None)
    except ObjectStoreError:  # replaced meanwhile, say
        return later
    patience.reschedule(None)
    answer = await ask(Asked(Kind.THUMBNAIL, "", len(image), box=BOX * scale), image, THUMBNAILS)
    if answer is BUSY:
        raise Busy
    if answer in (SLOW, BROKEN):
        return later
    return Made(answer.data if isinstance(answer, Picture) else None)
