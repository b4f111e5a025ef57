"""The ASGI lifespan: the connection to NATS begins and ends here. Without one (Daphne) it begins when it is first needed."""

import asyncio
import gc
from collections.abc import Set

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, Scope

from buckets.services import runtime

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
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._requests:
            await asyncio.wait(self._requests, timeout=CLEAN_UP_SECONDS)
        await runtime.close_store()
        await send({"type": "lifespan.shutdown.complete"})
