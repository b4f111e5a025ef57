"""The chunks of one new object: written, counted and hashed; or taken back.

When the connection breaks or the stream's leader changes, the writing goes on from what is stored: the chunks that are not known to be
stored are kept, and given to another ingest.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from ..chunking import Digest, chunked
from ..errors import BucketNotFound, Conflict, ObjectStoreError, Unavailable
from ..metadata import digest_text
from ..model import DEFAULT_CHUNK_SIZE, ObjectInfo
from ..names import chunk_subject
from ..stream.messages import Messages
from ..stream.streams import Streams
from ..transport.connection import Connection
from ..transport.jetstream import JetStream
from .ingest import EXPECTED, FastIngest, FastIngestRefused, Ingest, WindowedIngest
from .stored import StoredChunks, check_count
from .windowed import WindowedBuckets

logger = logging.getLogger(__name__)

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
LEADER_ANSWERS_IN = 2.0
NEVER = 2**62  # no stream gets to this sequence


@dataclass(slots=True)
class Written:
    """What is stored of an object: so many chunks and bytes, the last one at this sequence of the stream; ``digest`` is over all of it."""

    chunks: int = 0
    size: int = 0
    last: int = 0
    digest: Digest = field(default_factory=Digest)


class ChunkWriter:
    """Use it once: ``write`` or ``append``, and ``stop`` if that failed. ``windowed`` remembers the buckets that have no fast ingest.

    ``written``: what is there already, to be gone on from. ``patience`` is for how long (seconds) nothing may get through before ``write``
    raises Unavailable. Memory: an ingest's window, 8 MiB.
    """

    patience = 60.0

    def __init__(
        self,
        bulk: Connection,
        info: ObjectInfo,
        timeout: float,
        windowed: WindowedBuckets,
        streams: Streams,
        messages: Messages,
        written: Written | None = None,
    ) -> None:
        written = written or Written()
        self.subject = chunk_subject(info.bucket, info.nuid)
        self._bulk = bulk
        self._info = info
        self._chunk_size = info.chunk_size or DEFAULT_CHUNK_SIZE
        self._timeout = timeout
        self._windowed = windowed
        self._in_bucket = StoredChunks(streams, messages, info.bucket, self.subject)
        self._ingest: Ingest | None = None
        self._waiting: deque[bytes] = deque()  # what is not known to be stored; the first _handed of them are with the ingest
        self._handed = 0
        self._stored = written.chunks
        self._base = 0  # what was stored when the ingest began
        self._last = written.last
        self._interrupted = self._published = False
        self._trouble = _Trouble()
        self._digest = written.digest
        self._size, self._count = written.size, written.chunks

    async def write(self, source: AsyncIterable[bytes]) -> ObjectInfo:
        """Store ``source``; the info with size, chunks and digest filled in. What ``source`` raises passes.

        Raises BucketNotFound, BucketFull, BucketSealed, PermissionDenied at once; ServerError when chunks that were acknowledged are gone.
        """
        await self._write(source)
        digest = digest_text(await self._digest.finish())
        return replace(self._info, size=self._size, chunks=self._count, digest=digest)

    async def append(self, source: AsyncIterable[bytes]) -> Written:
        """Store ``source`` behind what is there; what is stored then. Raises as ``write``."""
        await self._write(source)
        return Written(self._count, self._size, await self._in_bucket.last(), self._digest)

    async def _write(self, source: AsyncIterable[bytes]) -> None:
        async with aclosing(self._counted(source)) as chunks:
            await self._store(chunks)
        await self._close()

    async def stop(self) -> None:
        """After a failure: nothing of what was sent is stored any later than this; best effort while NATS is away."""
        with contextlib.suppress(ObjectStoreError):
            if self._ingest is not None:
                await self._ingest.end()
            elif self._published:
                # Refused by the stream in any case, and only after it has dealt with what was published before.
                await JetStream(self._bulk).publish(self.subject, b"", {EXPECTED: str(NEVER)})
        await self._close()

    async def _counted(self, source: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
        async with aclosing(chunked(source, self._chunk_size)) as chunks:
            async for chunk in chunks:
                await self._digest.add(chunk)
                self._size += len(chunk)
                self._count += 1
                yield chunk

    async def _store(self, chunks: AsyncIterator[bytes]) -> None:
        """Only what the ingest raises is mended: the source may well raise Unavailable, and then ends here."""
        first = await anext(chunks, None)
        if first is None:
            return
        self._waiting.append(first)
        second = await anext(chunks, None)
        if second is None:
            await self._surely(self._publish_only)
            return
        self._waiting.append(second)
        await self._surely(self._hand_over)
        async for chunk in chunks:
            self._waiting.append(chunk)
            await self._surely(self._hand_over)
        await self._surely(self._finish)

    async def _surely(self, step: Callable[[], Awaitable[None]]) -> None:
        with self._trouble.timed():
            while True:
                try:
                    return await step()
                except Unavailable as error:
                    await self._recover(error)

    async def _recover(self, error: Unavailable) -> None:
        """Find out what is stored, as soon as there is somebody to ask. Raises Unavailable when nothing has got through for too long."""
        self._interrupted = True
        self._trouble.notice(self._stored)
        logger.warning("writing is interrupted: %s", error, extra={"bucket": self._info.bucket, "stored": self._stored})
        while self._trouble.seconds < self.patience:
            await self._trouble.pause()
            try:
                await self._take_stock()
            except Unavailable as again:
                error = again
            else:
                return
        raise error

    async def _take_stock(self) -> None:
        """Let go of the ingest, and take what is stored from what is to be written."""
        windowed = isinstance(self._ingest, WindowedIngest)
        await self._leader_answers()
        if self._ingest is not None:
            await self._ingest.end()
            self._trim()
            await self._close()
        last = await self._in_bucket.last()  # before the count: a chunk that comes in between makes the next start fail, and nothing worse
        count = await self._in_bucket.count()
        if windowed and count != self._stored:
            self._drop(await self._in_bucket.keep_what_continues(self._last, self._waiting))
            last, count = await self._in_bucket.last(), await self._in_bucket.count()
            check_count(count, self._stored, 0)
        check_count(count, self._stored, len(self._waiting))
        self._drop(count - self._stored)
        self._last = last

    async def _leader_answers(self) -> None:
        """Raises Unavailable soon when the stream has no leader (the servers say nothing then), and BucketNotFound."""
        try:
            async with asyncio.timeout(LEADER_ANSWERS_IN):
                await self._in_bucket.leader_answers()
        except TimeoutError:
            raise Unavailable("JetStream has no leader for the bucket. Please try again.") from None
        except BucketNotFound:
            await self._close()  # nothing can be stored there any more
            raise

    async def _publish_only(self) -> None:
        """A single chunk, published once however often it is tried: nothing may be on its subject before."""
        if self._waiting:
            self._published = True
            try:
                answer = await JetStream(self._bulk).publish(self.subject, self._waiting[0], {EXPECTED: str(self._last)})
            except Conflict as error:
                raise Unavailable(str(error)) from None  # a try whose answer was lost is there, or on its way
            self._last = int(answer["seq"])
            self._drop(1)

    async def _hand_over(self) -> None:
        """Give the ingest all that waits for it; a new ingest where there is none."""
        try:
            ingest = self._ingest or await self._open()
            while self._handed < len(self._waiting):
                await ingest.send(self._waiting[self._handed])
                self._handed += 1
                self._trim()
        except FastIngestRefused as refused:
            await self._close()
            self._windowed.add(self._info.bucket)
            if refused.stored_as:
                self._last = refused.stored_as
                self._drop(1)
            await self._hand_over()

    async def _finish(self) -> None:
        await self._hand_over()
        if self._ingest is not None:
            await self._ingest.finish()
            self._trim()
        if self._interrupted or self._count > 1:  # somebody may have taken a slow upload for an abandoned one
            check_count(await self._in_bucket.count(), self._count, 0)

    async def _open(self) -> Ingest:
        ingest: Ingest
        if self._info.bucket in self._windowed:
            ingest = WindowedIngest(self._bulk, self.subject, self._timeout, self._last)
        else:
            ingest = FastIngest(self._bulk, self.subject, self._chunk_size, self._timeout, self._last)
        self._ingest, self._base, self._handed = ingest, self._stored, 0
        await ingest.open()
        return ingest

    def _trim(self) -> None:
        """Forget what is stored by now."""
        if self._ingest is not None:
            self._drop(self._base + self._ingest.stored - self._stored)
            if isinstance(self._ingest, WindowedIngest):
                self._last = self._ingest.last

    def _drop(self, chunks: int) -> None:
        for _ in range(chunks):
            self._waiting.popleft()
        self._stored += chunks
        self._handed = max(0, self._handed - chunks)

    async def _close(self) -> None:
        ingest, self._ingest = self._ingest, None
        if ingest is not None:
            await ingest.close()


class _Trouble:
    """For how long writing has been getting nowhere. The time that the source takes does not count."""

    def __init__(self) -> None:
        self._stored = -1
        self._before = 0.0
        self._since = 0.0
        self._pause = 0.0

    @contextlib.contextmanager
    def timed(self) -> Iterator[None]:
        """What is done in this context counts."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._before = self.seconds

    def notice(self, stored: int) -> None:
        """Writing stopped with so many chunks stored: a new trouble if there are more than when it stopped before."""
        if stored != self._stored:
            self._stored = stored
            self._since = time.monotonic()
            self._before = self._pause = 0.0

    @property
    def seconds(self) -> float:
        return self._before + time.monotonic() - self._since

    async def pause(self) -> None:
        pause, self._pause = self._pause, min(LONGEST_PAUSE, max(FIRST_PAUSE, self._pause * 2))
        await asyncio.sleep(pause)
