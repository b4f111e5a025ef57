"""What taking a bucket, or a folder of it, back to a moment would change: looked up in the indexes, nothing is read or written."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from ..access import AnyUser
from ..objectstore import Index, ObjectInfo
from . import objects, versions

MOST = 200_000
SLICE = 500
LOADING_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Preview:
    """How many objects would come back or be replaced, stay as they are, and are newer: those go only with ``remove_newer``."""

    restored: int
    unchanged: int
    newer: int


async def preview(user: AnyUser, bucket: str, moment: datetime, prefix: str = "") -> Preview | None:
    """VIEWER. None where that would take long: of many objects, or while the bucket's listing is still being read."""
    then = await versions.moment_index(user, bucket, moment)
    live = await objects.live(user, bucket)
    if not await live.wait_ready(LOADING_SECONDS) or len(then) + len(live.index) > MOST:
        return None
    return await _count(then, live.index, prefix)


async def _count(then: Index, now: Index, prefix: str) -> Preview:
    restored = unchanged = newer = 0
    for number, name in enumerate(then.names()):
        if number % SLICE == 0:
            await asyncio.sleep(0)
        if not name.startswith(prefix):
            continue
        if _same(then, now, name):
            unchanged += 1
        else:
            restored += 1
    for number, name in enumerate(now.names()):
        if number % SLICE == 0:
            await asyncio.sleep(0)
        newer += name.startswith(prefix) and then.entry(name) is None
    return Preview(restored, unchanged, newer)


def _same(then: Index, now: Index, name: str) -> bool:
    """As the restoration itself sees it."""
    one, other = then.entry(name), now.entry(name)
    if one is None or other is None:
        return False
    return one.raw == other.raw or _content(one.info(then.bucket)) == _content(other.info(now.bucket))


def _content(info: ObjectInfo) -> tuple[object, ...]:
    return info.digest or info.nuid, info.size, info.description, dict(info.headers), dict(info.metadata), info.link
