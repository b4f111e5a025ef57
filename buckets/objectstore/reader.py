"""Reading an object as a stream of bytes that is either whole and right, or ends in an error."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing
from types import TracebackType
from typing import Self

from .budget import ReadBudget
from .chunking import Digest
from .chunks import ChunkFetch
from .errors import DigestMismatch, ObjectChanged
from .jetstream import JetStream
from .messages import Messages
from .metadata import digest_text
from .model import ObjectInfo
from .names import chunk_subject


class ObjectReader:
    """An async context manager that is iterated once, in pieces of a chunk.

    The last piece is handed out only when size and digest are right; so a reader that got it has the object as it was written.
    Raises DigestMismatch, ObjectChanged (replaced or deleted meanwhile) or Unavailable instead. Memory: the reader's share of the budget.
    """

    def __init__(self, info: ObjectInfo, js: JetStream, messages: Messages, budget: ReadBudget, timeout: float) -> None:
        self.info = info
        self._messages = messages
        self._fetch = ChunkFetch(js, budget, info.bucket, chunk_subject(info.bucket, info.nuid), info.chunk_size, timeout)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        if self.info.size:
            await self._stack.enter_async_context(self._fetch)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stack.aclose()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        digest = Digest()
        received = 0
        async with aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                received += len(piece)
                await digest.add(piece)
                if received >= self.info.size:
                    await self._verify(received, digest)
                yield piece
                if received >= self.info.size:
                    return
        if received != self.info.size:
            raise await self._shortage(received)

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        if self.info.size:
            async for chunk in self._fetch:
                if chunk:
                    yield chunk

    async def _verify(self, received: int, digest: Digest) -> None:
        if received > self.info.size:
            raise DigestMismatch(f"{self.info.name!r} has more data than the {self.info.size:,} bytes that its metadata states.")
        found = digest_text(await digest.finish())
        if self.info.digest is not None and not _same(found, self.info.digest):
            raise DigestMismatch(f"{self.info.name!r} is damaged: its SHA-256 is not the one that its metadata states.")

    async def _shortage(self, received: int) -> Exception:
        current = await self._messages.last(self.info.bucket, self.info.name)
        if current is None or current.deleted or current.info(self.info.bucket).nuid != self.info.nuid:
            return ObjectChanged(f"{self.info.name!r} was replaced or deleted while it was being read. Please read it again.")
        return DigestMismatch(f"{self.info.name!r} is incomplete: {received:,} of {self.info.size:,} bytes are stored.")


def _same(found: str, stated: str) -> bool:
    """Some writers leave out base64's padding."""
    return found.rstrip("=") == stated.rstrip("=")
