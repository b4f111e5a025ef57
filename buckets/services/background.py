"""Work that outlives the request that asked for it: it runs to its end when the client goes away, and is cancelled when the site stops."""

import asyncio
import logging
from collections.abc import Coroutine
from contextvars import Context
from typing import Any

log = logging.getLogger("buckets.errors")

_tasks: set[asyncio.Task[None]] = set()


def start(work: Coroutine[Any, Any, None], name: str, *, context: Context | None = None) -> asyncio.Task[None]:
    """Run ``work`` in the running loop, in a copy of the caller's context or in ``context``. What it raises is logged."""
    task = asyncio.create_task(_logged(work, name), name=name, context=context)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return task


async def close() -> None:
    """Cancel what runs in this loop, and wait for it."""
    loop = asyncio.get_running_loop()
    own = [task for task in _tasks if task.get_loop() is loop]
    for task in own:
        task.cancel()
    await asyncio.gather(*own, return_exceptions=True)


async def _logged(work: Coroutine[Any, Any, None], name: str) -> None:
    try:
        await work
    except Exception:
        log.exception("%s failed", name)
