"""Small pictures of images: authorise, read the image once, have a worker make it, and keep it while there is room."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from ..access import AnyUser
from ..objectstore import DigestMismatch, ObjectInfo, ObjectReader, ObjectStoreError, Unavailable
from ..previews import BUSY, THUMBNAILS, Asked, Kind, Picture, ask
from . import damaged, objects
from .errors import Busy
from .previews import plan_of
from .slots import transfer

BOX = 256
SECONDS = 15.0
READ_AT_ONCE = 3
KEPT_BYTES = 32 * 1024 * 1024
# What an entry takes beside its bytes.
ENTRY = 400

# By the bucket and the data's own identifier too: a digest is only what somebody states.
Key = tuple[str, str, str, int]


class Cache:
    """The last used pictures, and what came of images without one, up to ``limit`` bytes."""

    def __init__(self, limit: int = KEPT_BYTES) -> None:
        self._limit = limit
        self._kept: OrderedDict[Key, bytes | None] = OrderedDict()
        self.size = 0

    def __contains__(self, key: Key) -> bool:
        return key in self._kept

    def get(self, key: Key) -> bytes | None:
        """Raises KeyError."""
        self._kept.move_to_end(key)
        return self._kept[key]

    def put(self, key: Key, data: bytes | None) -> None:
        if key not in self._kept:
            self._kept[key] = data
            self.size += _weight(data)
        while self.size > self._limit:
            _, dropped = self._kept.popitem(last=False)
            self.size -= _weight(dropped)


def _weight(data: bytes | None) -> int:
    return ENTRY + len(data or b"")


class Maker:
    """Of one event loop: each picture is made once, whoever asks for it meanwhile, few images are read at a time, and what nobody waits
    for any more is not made."""

    def __init__(self) -> None:
        self.cache = Cache()
        self._room = asyncio.Semaphore(READ_AT_ONCE)
        self._making: dict[Key, _Making] = {}

    async def get(self, user: AnyUser, reader: ObjectReader, scale: int) -> bytes | None:
        info = reader.info
        key = (info.bucket, info.nuid, info.digest or "", scale)
        if key in self.cache:
            return self.cache.get(key)
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
        async with self._room:
            data = await _picture(user, reader, scale)
        self.cache.put(key, data)
        return data


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


async def _picture(user: AnyUser, reader: ObjectReader, scale: int) -> bytes | None:
    image = bytearray()
    try:
        async with asyncio.timeout(SECONDS), transfer(user), reader:
            async for piece in reader:
                image += piece
    except TimeoutError:
        raise Busy from None
    except Unavailable:
        raise
    except ObjectStoreError as error:
        if isinstance(error, DigestMismatch):
            damaged.mark(reader.info, error)
        return None
    answer = await ask(Asked(Kind.THUMBNAIL, "", len(image), box=BOX * scale), image, THUMBNAILS)
    if answer is BUSY:
        raise Busy
    return answer.data if isinstance(answer, Picture) else None
