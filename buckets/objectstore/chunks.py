"""Fetching the chunks of one nuid in order, by batched direct get (ADR-31) with read-ahead.

One batch is on its way while the one before it is being consumed; nothing is asked for while the consumer holds still.
"""

import asyncio
import contextlib
import time
from collections import deque
from types import TracebackType
from typing import Self

import orjson

from .budget import ReadBudget
from .connection import NO_RESPONDERS, Connection
from .errors import ObjectNotFound, ObjectStoreError, ServerError, Unavailable
from .jetstream import JetStream
from .messages import decode_message
from .model import ADR20_CHUNK_SIZE
from .names import stream_name
from .wire import RawMessage, RawSubscription

END_OF_BATCH = 204
NOT_FOUND = 404
PATIENCE = 30.0
MAX_BATCH = 512


class ChunkFetch:
    """``async with ChunkFetch(...) as chunks: async for chunk in chunks``. Ends where the leader has no further chunk.

    Raises Unavailable when NATS gives nothing for 30 s.
    """

    def __init__(self, js: JetStream, budget: ReadBudget, bucket: str, subject: str, chunk_size: int | None, timeout: float) -> None:
        self._js = js
        self._connection: Connection = js.connection
        self._budget = budget
        self._bucket = bucket
        self._subject = subject
        self._chunk_size = chunk_size or ADR20_CHUNK_SIZE
        self._timeout = timeout
        self._inbox = self._connection.new_inbox()
        self._subscription: RawSubscription | None = None
        self._stack = contextlib.ExitStack()
        self._arrived = asyncio.Event()
        self._buffer: deque[bytes] = deque()
        self._buffered = 0
        self._batch = 0
        self._under_way = False
        self._reserved = 0
        self._next_sequence = 1
        self._pending: int | None = None
        self._ask_leader = False
        self._failure: ObjectStoreError | None = None

    async def __aenter__(self) -> Self:
        self._subscription = await self._connection.subscribe(f"{self._inbox}.*", self._receive)
        self._budget.enter()
        self._stack.enter_context(self._connection.on_loss(self._end_batch))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()
        self._end_batch()
        self._budget.leave()
        if self._subscription is not None:
            await self._subscription.unsubscribe()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        since = time.monotonic()
        while not self._buffer:
            if self._failure is not None:
                raise self._failure
            if self._pending == 0:
                raise StopAsyncIteration
            if time.monotonic() - since > PATIENCE:
                raise Unavailable(f"NATS gave no data for {PATIENCE:g} s.")
            await self._progress()
        chunk = self._buffer.popleft()
        self._buffered -= len(chunk)
        await self._read_ahead()
        return chunk

    async def _progress(self) -> None:
        """One step towards the next chunk: wait for what is under way, or ask for more."""
        try:
            if self._under_way:
                await self._wait()
            elif self._ask_leader:
                await self._one_from_leader()
            else:
                await self._budget.acquire(self._batch_bytes)
                await self._request(self._batch_bytes)
        except Unavailable:
            self._end_batch()
            await asyncio.sleep(0.1)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await self._arrived.wait()
        except TimeoutError:
            self._end_batch()
        self._arrived.clear()

    async def _read_ahead(self) -> None:
        wanted = not self._under_way and not self._ask_leader and self._pending != 0 and self._failure is None
        if wanted and self._buffered <= self._batch_bytes and self._budget.try_acquire(self._batch_bytes):
            with contextlib.suppress(Unavailable):
                await self._request(self._batch_bytes)

    @property
    def _batch_bytes(self) -> int:
        return max(self._chunk_size, self._budget.share // 2)

    async def _request(self, reserved: int) -> None:
        """Ask for the next batch; ``reserved`` bytes of the budget are ours and given back as they arrive."""
        self._reserved = reserved
        self._batch += 1
        self._under_way = True
        self._arrived.clear()
        query = {
            "seq": self._next_sequence,
            "next_by_subj": self._subject,
            "batch": max(1, min(MAX_BATCH, reserved // self._chunk_size)),
            "max_bytes": reserved,
        }
        subject = f"{self._js.prefix}.DIRECT.GET.{stream_name(self._bucket)}"
        try:
            await self._connection.publish(subject, orjson.dumps(query), reply=f"{self._inbox}.{self._batch}")
        except BaseException:
            self._end_batch()
            raise

    def _receive(self, message: RawMessage) -> None:
        if not self._under_way or message.subject != f"{self._inbox}.{self._batch}":
            return
        if message.status:
            self._end_batch()
            self._ask_leader = message.status in (NOT_FOUND, NO_RESPONDERS)
            if not self._ask_leader and message.status != END_OF_BATCH:
                self._failure = ServerError(f"NATS answered {message.status} {message.description}.", status=message.status)
        else:
            self._take(message)
        self._arrived.set()

    def _take(self, message: RawMessage) -> None:
        sequence, pending = message.number(b"Nats-Sequence"), message.number(b"Nats-Num-Pending")
        if sequence is None:
            self._failure = ServerError("NATS gave a message without its sequence.")
        elif None not in (pending, self._pending) and pending != (self._pending or 0) - 1:
            self._end_batch()  # one was lost on the way: ask again from where it is missing
        else:
            self._accept(sequence, message.data)
            self._pending = pending
            if pending is None or pending == 0:  # None: a server before 2.11 gives one message a request
                self._end_batch()

    def _accept(self, sequence: int, data: bytes) -> None:
        self._next_sequence = sequence + 1
        self._buffer.append(data)
        self._buffered += len(data)
        arrived = min(self._reserved, len(data))
        self._reserved -= arrived
        if arrived:
            self._budget.release(arrived)

    def _end_batch(self) -> None:
        self._under_way = False
        if self._reserved:
            reserved, self._reserved = self._reserved, 0
            self._budget.release(reserved)
        self._arrived.set()

    async def _one_from_leader(self) -> None:
        """Direct get has nothing (more) for us: it is off, a replica lags, a foreign mirror answered, or this is the end."""
        query = {"seq": self._next_sequence, "next_by_subj": self._subject}
        try:
            answer = await self._js.api(f"STREAM.MSG.GET.{stream_name(self._bucket)}", query, about=self._bucket)
        except ObjectNotFound:
            self._pending = 0
            return
        message = decode_message(answer)
        self._accept(message.sequence, message.data)
        self._pending = None
        self._ask_leader = False
