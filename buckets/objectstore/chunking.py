"""Bytes in pieces of any size → chunks of one size, and their digest. CPU work on large data stays off the event loop."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterable
from concurrent.futures import ThreadPoolExecutor

# Below this a hash takes less time than handing it to a thread.
INLINE_BYTES = 32 * 1024
_pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="digest")


async def chunked(source: AsyncIterable[bytes], size: int) -> AsyncGenerator[bytes, None]:
    """``source`` in chunks of exactly ``size`` bytes, the last one shorter; nothing for an empty source."""
    parts: list[bytes | memoryview] = []
    held = 0
    async for piece in source:
        rest = memoryview(piece)
        while held + len(rest) >= size:
            parts.append(rest[: size - held])
            rest = rest[size - held :]
            yield b"".join(parts)
            parts, held = [], 0
        if len(rest):
            parts.append(rest)
            held += len(rest)
    if held:
        yield b"".join(parts)


class Digest:
    """SHA-256 over chunks in the order of ``add``; one hash runs in a thread while its caller goes on."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._running: asyncio.Future[None] | None = None

    async def add(self, chunk: bytes) -> None:
        """Returns once the chunk *before* this one is hashed."""
        await self._wait()
        if len(chunk) < INLINE_BYTES:
            self._hash.update(chunk)
        else:
            self._running = asyncio.get_running_loop().run_in_executor(_pool, self._hash.update, chunk)

    async def finish(self) -> bytes:
        await self._wait()
        return self._hash.digest()

    async def _wait(self) -> None:
        if self._running is not None:
            running, self._running = self._running, None
            await asyncio.shield(running)
