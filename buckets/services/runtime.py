"""The process's one connection to the object store."""

import asyncio
from dataclasses import dataclass

from django.conf import settings

from ..objectstore import ObjectStore


@dataclass(frozen=True, slots=True)
class _Bound:
    loop: asyncio.AbstractEventLoop
    store: ObjectStore


_bound: _Bound | None = None


async def store() -> ObjectStore:
    """The object store of the running event loop, made and started on first use from ``settings``.

    A store that belongs to another loop is of no use in this one and is dropped: a process serves from one loop.
    """
    global _bound
    loop = asyncio.get_running_loop()
    if _bound is not None and _bound.loop is loop:
        return _bound.store
    _bound = _Bound(loop, ObjectStore(settings.NATS, snapshots=settings.INDEX_FOLDER))
    await _bound.store.start()
    return _bound.store


async def close_store() -> None:
    """Close the running loop's store, if there is one. The next ``store()`` makes a new one."""
    global _bound
    bound, _bound = _bound, None
    if bound is not None and bound.loop is asyncio.get_running_loop():
        await bound.store.close()
