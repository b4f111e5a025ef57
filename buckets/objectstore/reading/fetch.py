"""Fetching the messages of one subject in order, by batched direct get (ADR-31) with read-ahead: chunks, or a history's metadata.

One batch is on its way while the one before it is being consumed, and the next is asked for before it has ended, so that the server
need not wait for us; nothing is asked for while the consumer holds still.
"""

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import orjson

from ..errors import ObjectStoreError, ServerError, Unavailable
from ..names import bucket_of_stream
from ..stream.messages import Messages, StoredMessage
from ..transport.connection import NO_RESPONDERS, Connection
from ..transport.jetstream import JetStream
from ..transport.wire import RawMessage, RawSubscription
from .budget import ReadBudget

END_OF_BATCH = 204
NOT_FOUND = 404
PATIENCE = 30.0
FIRST_WAIT = 1.0
MAX_BATCH = 512
# Of a part only the beginning may be wanted, as by a player that seeks: the server reads and sends no more for it than this.
FIRST_BYTES = 1024 * 1024


@dataclass(slots=True)
class _Asked:
    """A batch that was asked for and has not ended. ``reserved`` bytes of the budget are held for what is still to come of it."""

    token: str
    start: int
    count: int
    reserved: int
    got: int = 0
    in_a_row: bool = True


class Fetch:
    """``async with Fetch(...) as messages: async for message in messages``. Ends where the leader has no further message.

    subject: may have wildcards; message_size: what a message has at most, usually (bytes), from which the size of a batch follows;
    start, up_to: the first and the last sequence that is wanted; limit: so many messages at most, 0 for all; expected: how many messages
    there should be from start on (0: not known), by which an answer is recognised that has only some of them, such as a foreign mirror's.
    Raises Unavailable when NATS gives nothing for 30 s, BucketNotFound if there is no such stream.
    """

    def __init__(
        self,
        js: JetStream,
        budget: ReadBudget,
        stream: str,
        subject: str,
        message_size: int,
        timeout: float,
        *,
        start: int = 1,
        up_to: int | None = None,
        limit: int = 0,
        expected: int = 0,
    ) -> None:
        self._js = js
        self._connection: Connection = js.connection
        self._messages = Messages(js)
        self._budget = budget
        self._stream = stream
        self._subject = subject
        self._message_size = message_size
        self._up_to = up_to
        self._limit = limit
        self._timeout = timeout
        self._endpoint = f"{js.prefix}.DIRECT.GET.{stream}"
        self._inbox = self._connection.new_inbox()
        self._subscription: RawSubscription | None = None
        self._stack = contextlib.ExitStack()
        self._arrived = asyncio.Event()
        self._buffer: deque[StoredMessage] = deque()
        self._buffered = 0
        self._given = 0
        self._batch = 0
        self._asked: deque[_Asked] = deque()
        self._next_sequence = start
        self._pending: int | None = None
        self._left = expected
        self._accepted = 0
        self._counted = False
        self._at_end = False
        self._ask_leader = False
        self._silent = True  # until direct get has answered anything
        self._failure: ObjectStoreError | None = None

    async def __aenter__(self) -> Self:
        self._subscription = await self._connection.subscribe(f"{self._inbox}.*", self._receive)
        self._budget.enter()
        self._stack.enter_context(self._connection.on_loss(self._end_batches))
        self._stack.enter_context(self._connection.on_denial(self._endpoint, self._on_denial))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()
        self._end_batches()
        self._budget.leave()
        if self._subscription is not None:
            await self._subscription.unsubscribe()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> StoredMessage:
        since = time.monotonic()
        if self._limit and self._given >= self._limit:
            raise StopAsyncIteration
        while not self._buffer:
            if self._failure is not None:
                raise self._failure
            if self._at_end:
                raise StopAsyncIteration
            if time.monotonic() - since > PATIENCE:
                raise Unavailable(f"NATS gave no data for {PATIENCE:g} s.")
            await self._progress()
        message = self._buffer.popleft()
        self._buffered -= len(message.data)
        self._given += 1
        if self._up_to is not None and message.sequence > self._up_to:
            raise StopAsyncIteration
        await self._read_ahead()
        return message

    async def _progress(self) -> None:
        """One step towards the next chunk: wait for what is under way, or ask for more."""
        try:
            if self._asked:
                await self._wait()
            elif self._ask_leader:
                await self._one_from_leader()
            else:
                amount = self._batch_bytes  # which may be another one when it is our turn
                await self._budget.acquire(amount)
                await self._request(self._next_sequence, amount)
        except Unavailable:
            self._end_batches()
            await asyncio.sleep(0.1)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(min(self._timeout, FIRST_WAIT) if self._silent else self._timeout):
                await self._arrived.wait()
        except TimeoutError:
            self._end_batches()
            self._ask_leader = self._silent  # a server before 2.11 says nothing where direct get is off
        self._arrived.clear()

    async def _read_ahead(self) -> None:
        start = self._next_start()
        if start is None or self._ask_leader or self._at_end or self._pending == 0 or self._failure is not None or not self._wanted:
            return
        amount = self._batch_bytes
        if self._buffered <= amount and self._budget.try_acquire(amount):
            with contextlib.suppress(Unavailable):
                await self._request(start, amount)

    def _next_start(self) -> int | None:
        """Where to ask for more; None while enough is asked for or that is not known.

        As long as a batch has come without a gap in its sequences, the next one is asked for as if it went on so. It never begins too late:
        should a gap follow, it begins with what we have by then, which is passed over.
        """
        if not self._asked:
            return self._next_sequence
        last = self._asked[-1]
        if len(self._asked) > 1 or not last.in_a_row or 2 * last.got < last.count:
            return None
        return self._next_sequence + last.count - last.got

    @property
    def _batch_bytes(self) -> int:
        most = self._budget.share // 2 if self._batch else min(self._budget.share // 2, FIRST_BYTES)
        return max(self._message_size, min(most, self._wanted * self._message_size))

    @property
    def _wanted(self) -> int:
        """How many messages are still to be asked for."""
        if not self._limit:
            return MAX_BATCH
        return max(0, self._limit - self._accepted - sum(asked.count - asked.got for asked in self._asked))

    async def _request(self, start: int, reserved: int) -> None:
        """Ask for a batch; ``reserved`` bytes of the budget are ours and given back as they arrive."""
        self._batch += 1
        count = max(1, min(MAX_BATCH, self._wanted, reserved // self._message_size))
        asked = _Asked(str(self._batch), start, count, reserved)
        if not self._asked:
            self._pending = None
            self._arrived.clear()
        self._asked.append(asked)
        query = {"seq": start, "next_by_subj": self._subject, "batch": asked.count, "max_bytes": reserved}
        try:
            await self._connection.publish(self._endpoint, orjson.dumps(query), reply=f"{self._inbox}.{asked.token}")
        except BaseException:
            self._end_batches()
            raise

    def _receive(self, message: RawMessage) -> None:
        self._silent = False
        token = message.subject.rpartition(".")[2]
        if not self._asked or token != self._asked[0].token:
            self._out_of_turn(token)
        elif not message.status:
            self._take(message)
        elif message.status == END_OF_BATCH:
            self._end_first()
        else:
            self._end_batches()
            self._ask_leader = message.status in (NOT_FOUND, NO_RESPONDERS)
            if not self._ask_leader:
                self._failure = ServerError(f"NATS answered {message.status} {message.description}.", status=message.status)
        self._arrived.set()

    def _out_of_turn(self, token: str) -> None:
        """Of a batch that was given up; or of the next one, from another replica, which will be asked for again."""
        if len(self._asked) > 1 and token == self._asked[1].token:
            self._forget(self._asked.pop())

    def _take(self, message: RawMessage) -> None:
        sequence, pending = message.number(b"Nats-Sequence"), message.number(b"Nats-Num-Pending")
        asked = self._asked[0]
        if sequence is None:
            self._failure = ServerError("NATS gave a message without its sequence.")
        elif sequence < self._next_sequence and pending is not None:
            asked.got += 1  # had already: see _next_start
        elif (pending is not None and pending < self._left - 1) or not StoredMessage(sequence, message).is_from(self._stream):
            self._end_batches()  # whoever answers lacks some of them, or may
            self._ask_leader = True
        elif None not in (pending, self._pending) and pending != (self._pending or 0) - 1:
            self._end_batches()  # one was lost on the way: ask again from where it is missing
        else:
            asked.in_a_row = asked.in_a_row and (not asked.got or sequence == self._next_sequence)
            asked.got += 1
            self._accept(StoredMessage(sequence, message))
            self._pending = pending
            if pending is None or pending == 0:  # None: a server before 2.11 gives one message a request
                self._end_batches()
                self._ask_leader = pending == 0  # should more be wanted: another replica may lag behind

    def _accept(self, message: StoredMessage) -> None:
        size = len(message.data)
        self._next_sequence = message.sequence + 1
        self._left -= 1
        self._accepted += 1
        self._buffer.append(message)
        self._buffered += size
        if self._asked:
            arrived = min(self._asked[0].reserved, size)
            self._asked[0].reserved -= arrived
            self._budget.release(arrived)

    def _end_first(self) -> None:
        """The next batch goes on from there, unless the server ended this one early."""
        self._forget(self._asked.popleft())
        if self._asked and self._asked[0].start > self._next_sequence:
            self._forget(self._asked.popleft())

    def _end_batches(self) -> None:
        while self._asked:
            self._forget(self._asked.popleft())
        self._arrived.set()

    def _on_denial(self, error: ObjectStoreError) -> None:
        self._failure = error
        self._end_batches()

    def _forget(self, asked: _Asked) -> None:
        if asked.reserved:
            self._budget.release(asked.reserved)

    async def _one_from_leader(self) -> None:
        """Direct get has nothing (more) for us: it is off, a replica lags, a foreign mirror answered, or this is the end."""
        if self._left > 0 and not self._counted:
            await self._count()
        message = await self._messages.stored(self._stream, seq=self._next_sequence, next_by_subj=self._subject)
        if message is None:
            self._at_end = True
            return
        self._accept(message)
        self._pending = None
        self._ask_leader = self._silent

    async def _count(self) -> None:
        """What was expected is a hint, too: metadata may state anything."""
        answer = await self._js.api(f"STREAM.INFO.{self._stream}", {"subjects_filter": self._subject}, about=bucket_of_stream(self._stream))
        stored = (answer.get("state", {}).get("subjects") or {}).get(self._subject, 0)
        self._left = min(self._left, stored - self._accepted)
        self._counted = True
