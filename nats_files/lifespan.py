"""The ASGI lifespan: the connection to NATS and the site's own upkeep begin and end here.

Without one (Daphne) the connection begins when it is first needed, and there is no upkeep.
"""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Coroutine, Set
from typing import Any

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, Scope
from django.conf import settings

from buckets.services import background, looplag, runtime, upkeep

CLEAN_UP_SECONDS = 5.0


class Lifespan:
    """At the end it waits for ``requests``, the tasks of those that were cut off: a broken upload needs NATS to leave nothing behind."""

    def __init__(self, requests: Set[asyncio.Task[object]]) -> None:
        self._requests = requests

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await receive()
        await runtime.store()
        gc.collect()
        gc.freeze()  # what is here now stays: the collector need not walk through Django again and again
        async with _upkeep(), _meanwhile(looplag.measure(), "loop lag"):
            await send({"type": "lifespan.startup.complete"})
            await receive()
        if self._requests:
            await asyncio.wait(self._requests, timeout=CLEAN_UP_SECONDS)
        await background.close()
        await runtime.close_store()
        await send({"type": "lifespan.shutdown.complete"})


@contextlib.asynccontextmanager
async def _upkeep() -> AsyncIterator[None]:
    """The site looks after its histories meanwhile, if it is to."""
    if not settings.UPKEEP_MINUTES:
        yield
        return
    async with _meanwhile(upkeep.run(settings.UPKEEP_MINUTES * 60), "upkeep"):
        yield


@contextlib.asynccontextmanager
async def _meanwhile(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
