"""The files beside a file, for who goes through a folder one by one."""

from dataclasses import dataclass

from ..access import AnyUser, Role, require
from ..objectstore import ObjectInfo, ObjectStoreError
from .runtime import store


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Their whole names; "" for none."""

    previous: str = ""
    next: str = ""


async def neighbours(user: AnyUser, info: ObjectInfo) -> Neighbours:
    """VIEWER. The files before and after it in its folder, by name. None while the list of the bucket is still being read."""
    await require(user, info.bucket, Role.VIEWER)
    try:
        live = await (await store()).live(info.bucket)
    except ObjectStoreError:
        return Neighbours()
    prefix = info.name[: info.name.rfind("/") + 1]
    place = live.index.place(info, prefix=prefix) if live.ready else None
    if place is None:
        return Neighbours()
    first = max(0, place - 1)
    listed = live.index.page(prefix=prefix, offset=first, limit=place - first + 2)
    names = [""] * len(listed.folders) + [found.name for found in listed.objects]
    at = place - first
    return Neighbours(names[at - 1] if at else "", names[at + 1] if at + 1 < len(names) else "")
