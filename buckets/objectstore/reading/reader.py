"""Reading an object as a stream of bytes that is either whole and right, or ends in an error."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from ..chunking import Digest
from ..errors import BucketNotFound, DigestMismatch, ObjectChanged
from ..metadata import digest_text, is_sized
from ..model import ADR20_CHUNK_SIZE, ObjectInfo
from ..names import chunk_subject, history_stream, stream_name
from ..stream.messages import Messages, StoredMessage
from ..stream.sourced import bucket_sequence
from ..transport.jetstream import JetStream
from .budget import ReadBudget
from .fetch import Fetch
from .layout import Layout, Spot
from .seeking import NEAR, Seeker


@dataclass(frozen=True, slots=True)
class ReadContext:
    """What readers of one store share. ``js`` is on the connection for bulk data, ``messages`` on the one for small requests."""

    js: JetStream
    messages: Messages
    budget: ReadBudget
    timeout: float
    seeker: Seeker


async def sized(info: ObjectInfo, context: ReadContext) -> ObjectInfo:
    """``info`` with the size of what is stored where it states none, but nothing says that the object is empty: no object is to be read
    as less than it is. Raises BucketNotFound, Unavailable."""
    if is_sized(info):
        return info
    chunks, size = await context.seeker.measure(stream_name(info.bucket), info)
    if chunks < info.chunks:
        return info  # it is being replaced, or incomplete: reading it tells
    return replace(info, size=size, chunks=chunks if size else 0)


class ObjectReader:
    """An async context manager that is iterated once, in pieces of a chunk; or is asked for parts (``within``), one after the other.

    The last piece is handed out only when size and digest are right; so a reader that got it has the object as it was written.
    Where chunks are missing in the bucket (replaced or deleted while this reads), the bucket's history has the rest, if there is one.
    Raises DigestMismatch, ObjectChanged (replaced or deleted meanwhile) or Unavailable instead. Memory: the reader's share of the budget.
    """

    def __init__(self, info: ObjectInfo, context: ReadContext, *, history_first: bool = False) -> None:
        self.info = info
        self._context = context
        places = [stream_name(info.bucket), history_stream(info.bucket)]
        self._of_version = history_first
        self._places: Sequence[str] = places[::-1] if history_first else places
        self._pieces: AsyncGenerator[bytes, None] | None = None
        self._small: bytes | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pieces, self._pieces = self._pieces, None
        if pieces is not None:
            await pieces.aclose()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.pieces()

    def pieces(self) -> AsyncGenerator[bytes, None]:
        """What iterating gives, to be closed when it is not read to its end."""
        self._pieces = self._verified()
        return self._pieces

    def within(self, start: int, length: int) -> AsyncGenerator[bytes, None]:
        """The bytes from ``start`` on, ``length`` (1 at least) of them, all or an error as above; to be closed when not read to its end.

        What is the whole object, and any part of one of 1 MiB or less, is verified by the digest. Else every chunk is where it must be
        by what the stream's leader told of all of them; the digest cannot tell. ValueError for what is not within the object.
        """
        if not 0 <= start < start + length <= self.info.size:
            raise ValueError(f"{length} bytes from {start} are not within {self.info.size}")
        if length == self.info.size:
            return self.pieces()
        self._pieces = self._of_small(start, length) if self.info.size <= NEAR else self._of_large(start, length)
        return self._pieces

    async def _of_small(self, start: int, length: int) -> AsyncGenerator[bytes, None]:
        if self._small is None:
            async with aclosing(self._verified()) as pieces:
                self._small = b"".join([piece async for piece in pieces])
        yield self._small[start : start + length]

    async def _of_large(self, start: int, length: int) -> AsyncGenerator[bytes, None]:
        """From one place after the other; each goes on where the one before it came to its end."""
        position, end = start, start + length
        for place in (place for place in self._places for _ in range(2)):  # twice: what was known of it may no longer be so
            async with aclosing(self._part(place, position, end)) as pieces:
                async for piece in pieces:
                    position += len(piece)
                    yield piece
            if position == end:
                return
        raise await self._shortage(position - start, length)

    async def _part(self, stream: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """What ``stream`` has from ``start`` on, without a gap: perhaps nothing."""
        seeker, info = self._context.seeker, self.info
        try:
            layout = await seeker.layout(stream, info)
            spot = await seeker.spot(stream, info, layout, start) if layout is not None else None
        except BucketNotFound:
            return
        if layout is None or spot is None:
            seeker.forget(stream, info)
            return
        async with aclosing(self._chunks_from(stream, layout, spot, end)) as chunks:
            async for at, data in chunks:
                if at.offset + len(data) > start:
                    yield data[max(0, start - at.offset) : end - at.offset]
                if at.offset + len(data) >= end:
                    return
        seeker.forget(stream, info)

    async def _chunks_from(self, stream: str, layout: Layout, spot: Spot, end: int) -> AsyncGenerator[tuple[Spot, bytes], None]:
        """The chunks from ``spot`` on as far as they are what ``layout`` says, up to the one that has the last byte before ``end``."""
        wanted = layout.upto(end) - spot.index
        first, index, offset = spot, spot.index, spot.offset
        async with aclosing(self._stored(stream, spot.sequence, wanted, layout.chunks - spot.index)) as messages:
            async for message in messages:
                at = Spot(index, message.sequence, offset)
                if (index == first.index and at != first) or not layout.fits(at, len(message.data)):
                    return
                yield at, message.data
                index, offset = index + 1, offset + len(message.data)

    async def _verified(self) -> AsyncGenerator[bytes, None]:
        digest = Digest()
        received = 0
        async with aclosing(self._chunks()) as chunks:
            async for piece in chunks:
                received += len(piece)
                await digest.add(piece)
                if received >= self.info.size:
                    await self._verify(received, digest)
                yield piece
                if received >= self.info.size:
                    return
        if received < self.info.size or self.info.chunks:
            raise await self._shortage(received, self.info.size)
        await self._verify(received, digest)  # of nothing

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        """The chunks from one place after the other; each goes on behind the last chunk that the one before it had."""
        if not self.info.size:
            return
        last = 0
        for place in self._places:
            # a history may have lost some to its limits
            expected = self.info.chunks if place == stream_name(self.info.bucket) else 0
            async with aclosing(self._stored(place, expected=expected)) as messages:
                async for message in messages:
                    position = bucket_sequence(message)
                    if position > last:
                        last = position
                        if message.data:
                            yield message.data

    async def _stored(self, stream: str, start: int = 1, limit: int = 0, expected: int = 0) -> AsyncGenerator[StoredMessage, None]:
        info, context = self.info, self._context
        subject = chunk_subject(info.bucket, info.nuid)
        try:
            size = info.chunk_size or ADR20_CHUNK_SIZE
            fetch = Fetch(context.js, context.budget, stream, subject, size, context.timeout, start=start, limit=limit, expected=expected)
            async with fetch as messages:
                async for message in messages:
                    yield message
        except BucketNotFound:  # no history, or no bucket any more
            return

    async def _verify(self, received: int, digest: Digest) -> None:
        if received > self.info.size:
            raise DigestMismatch(f"{self.info.name!r} has more data than the {self.info.size:,} bytes that its metadata states.")
        found = digest_text(await digest.finish())
        if self.info.digest is not None and not _same(found, self.info.digest):
            raise DigestMismatch(f"{self.info.name!r} is damaged: its SHA-256 is not the one that its metadata states.")

    async def _shortage(self, received: int, wanted: int) -> Exception:
        if self._of_version:
            return DigestMismatch(f"This version of {self.info.name!r} is incomplete: {received:,} of {wanted:,} bytes could be read.")
        try:
            current = await self._context.messages.last(self.info.bucket, self.info.name)
        except BucketNotFound:
            current = None
        if current is None or current.deleted or current.info(self.info.bucket).nuid != self.info.nuid:
            return ObjectChanged(f"{self.info.name!r} was replaced or deleted while it was being read. Please read it again.")
        return DigestMismatch(f"{self.info.name!r} is incomplete: {received:,} of {wanted:,} bytes could be read.")


def _same(found: str, stated: str) -> bool:
    """Some writers leave out base64's padding."""
    return found.rstrip("=") == stated.rstrip("=")
