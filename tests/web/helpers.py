"""What the web tests do again and again."""

import asyncio
from collections.abc import Collection

from nats.aio.client import Client

from buckets.services import runtime


async def listed(bucket: str, *names: str, gone: Collection[str] = ()) -> None:
    """Wait until the site's own index has all of ``names``, and nothing of what is ``gone``: its watch is told of a write a moment after
    the writer is."""
    live = await (await runtime.store()).live(bucket)
    with live.subscribe() as changes:
        async with asyncio.timeout(10):
            await live.wait_ready(10)
            while any(live.index.get(name) is None for name in names) or any(name in live.index for name in gone):
                await changes.next()


async def messages(foreign: Client, bucket: str) -> int:
    """How many messages, chunks and metadata, the bucket's stream holds, asked by another client."""
    return (await foreign.jetstream().stream_info(f"OBJ_{bucket}")).state.messages
