"""What one request brings to an upload: a body that may break off, be stopped, or not have the checksum that was announced."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing

Checksum = tuple[str, bytes]


class Stopped(Exception):
    """Whoever sent this has gone."""


class Piece:
    """What one request brings: a source that may break off, or be stopped, is read until then, and its end is told in ``broken``."""

    def __init__(self, source: AsyncIterable[bytes], checksum: Checksum | None) -> None:
        self._source = source
        self._checksum = checksum
        self._hash = hashlib.new(checksum[0]) if checksum is not None else None
        self._waiting: asyncio.Task[object] | None = None
        self._stopped = False
        self.broken: Exception | None = None

    def stop(self) -> None:
        """Nobody waits for the rest: keep what has come. The source is not asked for more, also if it is just being waited for."""
        self._stopped = True
        if self._waiting is not None:
            self._waiting.cancel()

    async def read(self) -> AsyncGenerator[bytes, None]:
        async with aclosing(_generated(self._source)) as pieces:
            while True:
                try:
                    piece = await self._next(pieces)
                except StopAsyncIteration:
                    return
                except Exception as error:
                    self.broken = error
                    return
                if self._hash is not None:
                    await asyncio.to_thread(self._hash.update, piece)
                yield piece

    async def _next(self, pieces: AsyncGenerator[bytes, None]) -> bytes:
        if self._stopped:
            raise Stopped
        self._waiting = asyncio.current_task()
        try:
            return await anext(pieces)
        except asyncio.CancelledError:
            if not self._is_ours(self._waiting):
                raise
            raise Stopped from None
        finally:
            self._waiting = None

    def _is_ours(self, waiting: asyncio.Task[object] | None) -> bool:
        """Whether the cancellation that has just come was ``stop``'s alone: then the task goes on."""
        return self._stopped and waiting is not None and not waiting.uncancel()

    @property
    def right(self) -> bool:
        """It may be kept: with a checksum only as a whole, and if that is right."""
        if self._checksum is None or self._hash is None:
            return True
        return self.broken is None and hmac.compare_digest(self._hash.digest(), self._checksum[1])


async def _generated(source: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    async for piece in source:
        yield piece
