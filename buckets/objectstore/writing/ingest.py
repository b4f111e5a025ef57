"""Writing the chunks of one object: fast ingest (ADR-50), or a bounded window of acknowledged publishes where that is missing.

Both take chunks through ``send`` and keep at most ``WINDOW_BYTES`` of them unacknowledged; both end with ``finish`` (all stored)
or ``end``. What another ingest can mend (the connection is gone, a gap, no answer, no leader) is raised as ``Unavailable``; any other error
is final. The first chunk is stored only on top of the message that is the last on its subject (``after``): so nothing of an earlier ingest
that comes late can get between or be stored twice, and neither can this ingest's own start.
"""

import asyncio
import contextlib
import logging
import time
from abc import ABC, abstractmethod
from typing import Any

from ..errors import Conflict, ObjectStoreError, PermissionDenied, ServerError, Unavailable
from ..transport.connection import Connection
from ..transport.jetstream import FAST_BATCH_NOT_ENABLED, FAST_BATCH_UNKNOWN, STORE_FAILED, document, to_error
from ..transport.wire import RawMessage, RawSubscription

logger = logging.getLogger(__name__)

WINDOW_BYTES = 8 * 1024 * 1024
OUTSTANDING_ACKS = 2
MAX_FLOW = 64
PING_AFTER = 2.0
END_TRIES = 3
EXPECTED = "Nats-Expected-Last-Subject-Sequence"
FAST_BATCH_TOO_MANY = 10211
# "Store failed" for want of room is BucketFull already; what is left is a stream that changes its leader or is starting.
_PASSING = {FAST_BATCH_UNKNOWN, FAST_BATCH_TOO_MANY, STORE_FAILED}


class FastIngestRefused(Exception):
    """The stream has no fast ingest. ``stored_as``: the first chunk's sequence if it was stored as an ordinary message (before 2.14)."""

    def __init__(self, stored_as: int = 0) -> None:
        super().__init__("fast ingest is not available")
        self.stored_as = stored_as


class Ingest(ABC):
    """A writer of chunks, which owns an inbox for the answers and notices when the connection is lost.

    ``stored`` is how many of its chunks are known to be stored, without a gap from the first one.
    """

    def __init__(self, connection: Connection, subject: str, timeout: float, after: int) -> None:
        self.connection = connection
        self.timeout = timeout
        self.after = after
        self.stored = 0
        self.subject = connection.new_inbox()
        self.chunk_subject = subject
        self.failure: ObjectStoreError | None = None
        self.sent = 0
        self._lost = False
        self._subscription: RawSubscription | None = None
        self._stack = contextlib.ExitStack()
        self._changed = asyncio.Event()

    async def open(self) -> None:
        self._stack.enter_context(self.connection.on_loss(self._on_loss))
        self._stack.enter_context(self.connection.on_denial(self.chunk_subject, self._on_denial))
        self._subscription = await self.connection.subscribe(f"{self.subject}.>", self._on_message)

    async def close(self) -> None:
        """Give the inbox back; harmless when it is not open."""
        self._stack.close()
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            await subscription.unsubscribe()

    async def reopen(self) -> None:
        """Listen again, on the connection as it is now."""
        await self.close()
        await self.open()
        self._lost = False

    @abstractmethod
    async def send(self, chunk: bytes) -> None:
        """Hand over the next chunk; waits while the window is full."""

    @abstractmethod
    async def finish(self) -> None:
        """Wait until all is stored."""

    @abstractmethod
    async def end(self) -> None:
        """Stop, so that nothing more of this is stored once another ingest has begun. Raises ``Unavailable`` while that cannot be had."""

    @abstractmethod
    def receive(self, message: RawMessage) -> None:
        """One answer of the server; an ObjectStoreError raised here fails the writer."""

    def fail(self, error: ObjectStoreError) -> None:
        self.failure = self.failure or _passing(error)
        self._changed.set()

    def _on_message(self, message: RawMessage) -> None:
        try:
            self.receive(message)
        except ObjectStoreError as error:
            self.fail(error)
        self._changed.set()

    def _on_loss(self) -> None:
        self._lost = True
        self.fail(Unavailable("The connection to NATS was lost while writing. Please try again."))

    def _on_denial(self, error: PermissionDenied) -> None:
        self.fail(error)

    async def change(self, timeout: float | None = None) -> bool:
        """Wait for the next answer; False when none comes in time. Raises the failure, if there is one."""
        if self.failure is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout or self.timeout):
                    await self._changed.wait()
        changed = self._changed.is_set()
        self._changed.clear()
        if self.failure is not None:
            raise self.failure
        return changed


class FastIngest(Ingest):
    """One batch of fast ingest in ``fail`` mode: what is stored is an unbroken prefix of what was sent."""

    def __init__(self, connection: Connection, subject: str, chunk_size: int, timeout: float, after: int = 0) -> None:
        super().__init__(connection, subject, timeout, after)
        self._flow = max(1, min(MAX_FLOW, WINDOW_BYTES // chunk_size // OUTSTANDING_ACKS))
        self._allowed = 0
        self._final: dict[str, Any] | None = None

    async def send(self, chunk: bytes) -> None:
        """Raises ``FastIngestRefused`` for the first chunk only; else what the server says, or ``Unavailable``."""
        if self.sent == 0:
            await self._begin(chunk)
            return
        await self._room()
        if self.failure is not None:
            raise self.failure
        await self._append(chunk)

    async def _room(self) -> None:
        """Wait until the window has room. A server whose disk takes nothing any more still answers pings: that alone is no progress."""
        stored, since = self.stored, time.monotonic()
        while self.sent >= self.stored + self._allowed * OUTSTANDING_ACKS:
            await self._answer()
            if self.stored > stored:
                stored, since = self.stored, time.monotonic()
            elif time.monotonic() - since > self.timeout:
                raise Unavailable(f"NATS has stored nothing for {self.timeout:g} s. Please try again.")

    async def finish(self) -> None:
        if self.sent == 0:
            return
        await self._operation(3)
        while self._final is None:
            await self._answer(ping=False)
        if self.stored != self.sent:
            raise Unavailable(f"NATS stored {self.stored:,} of {self.sent:,} chunks. Please try again.")

    async def end(self) -> None:
        """End the batch on the server: the server's answer, or that it knows no such batch, is the proof."""
        if self.sent == 0:
            return
        for _ in range(END_TRIES):
            if self._final is not None:
                return
            if self._lost:
                await self.reopen()
            await self._operation(3)
            await self._ended()
            if isinstance(self.failure, PermissionDenied):
                return  # not even this gets through; the answers to what was sent before it have been waited for
        if self._final is None:
            raise Unavailable(f"NATS did not answer in {self.timeout:g} s. Please try again.")

    async def _ended(self) -> None:
        """Wait for the final answer, whatever else comes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PING_AFTER):
                while self._final is None and not self._lost:
                    self._changed.clear()
                    await self._changed.wait()

    def receive(self, message: RawMessage) -> None:
        if message.status:
            raise Unavailable("Nothing in NATS stores this: the bucket is gone, or JetStream is without a leader.")
        answer = document(message)
        kind = answer.get("type")
        if kind == "ack":
            self.stored = max(self.stored, int(answer["seq"]))
            self._allowed = max(1, min(self._flow, int(answer["msgs"])))
        elif kind == "gap":
            self.fail(Unavailable("NATS lost a part of what was sent. Please try again."))
        elif kind == "err" or "error" in answer:
            self._refused(answer)
        else:
            self._final = answer
            self.stored = max(self.stored, int(answer.get("count", 0)))

    def _refused(self, answer: dict[str, Any]) -> None:
        """The first error is the cause; what follows it (the batch is unknown by then) only ends the batch."""
        if "type" not in answer:
            self._final = answer
        error = to_error(answer["error"])
        if self._allowed and isinstance(error, ServerError) and error.err_code == FAST_BATCH_NOT_ENABLED:
            error = Unavailable("Fast ingest was switched off while writing.")  # the next ingest finds that out and does without
        self.fail(error)

    async def _begin(self, chunk: bytes) -> None:
        self.sent = 1
        reply = self._reply(1, 0)
        await self.connection.publish(self.chunk_subject, chunk, reply=reply, headers={EXPECTED: str(self.after)})
        while not self._allowed and self._final is None:
            try:
                answered = await self.change()
            except ServerError as error:
                if error.err_code == FAST_BATCH_NOT_ENABLED:
                    raise FastIngestRefused from None
                raise
            if not answered:
                raise Unavailable(f"NATS did not answer in {self.timeout:g} s. Please try again.")
        if self._final is not None and not self._allowed:
            raise FastIngestRefused(int(self._final.get("seq", 0)))

    async def _answer(self, ping: bool = True) -> None:
        """Wait for an answer; a missing one is asked for once by a ping."""
        if await self.change(PING_AFTER if ping else None):
            return
        if ping:
            await self._operation(4)
            if await self.change():
                return
        raise Unavailable(f"NATS stopped acknowledging for {self.timeout:g} s. Please try again.")

    async def _append(self, chunk: bytes) -> None:
        self.sent += 1
        await self.connection.publish(self.chunk_subject, chunk, reply=self._reply(self.sent, 1))

    async def _operation(self, operation: int) -> None:
        """3 ends the batch, 4 asks for an ack; neither is a chunk."""
        sequence = self.sent + 1 if operation == 3 else self.sent
        await self.connection.publish(self.chunk_subject, b"", reply=self._reply(sequence, operation))

    def _reply(self, sequence: int, operation: int) -> str:
        return f"{self.subject}.{self._flow}.fail.{sequence}.{operation}.$FI"


class WindowedIngest(Ingest):
    """Ordinary publishes, each acknowledged, with a bounded number of bytes in flight.

    After a failure, what is stored need not be an unbroken prefix. ``last`` is the sequence of the chunk ``stored`` ends with.
    """

    def __init__(self, connection: Connection, subject: str, timeout: float, after: int = 0) -> None:
        super().__init__(connection, subject, timeout, after)
        self.last = after
        self._waiting: dict[int, int] = {}
        self._stored_as: dict[int, int] = {}
        self._bytes = 0

    async def send(self, chunk: bytes) -> None:
        while self._waiting and self._bytes + len(chunk) > WINDOW_BYTES:
            await self._acknowledgement()
        if self.failure is not None:
            raise self.failure
        number, self.sent = self.sent, self.sent + 1
        self._waiting[number] = len(chunk)
        self._bytes += len(chunk)
        first = number == 0
        headers = {EXPECTED: str(self.after)} if first else None
        await self.connection.publish(self.chunk_subject, chunk, reply=f"{self.subject}.{number}", headers=headers)
        while first and self._waiting:
            await self._acknowledgement()

    async def finish(self) -> None:
        while self._waiting:
            await self._acknowledgement()
        if self.failure is not None:
            raise self.failure

    async def end(self) -> None:
        """Wait for the answers to all that was sent as long as some come; on a connection that is lost, none do."""
        while self._waiting and not self._lost:
            self._changed.clear()
            try:
                async with asyncio.timeout(PING_AFTER):
                    await self._changed.wait()
            except TimeoutError:
                return

    def receive(self, message: RawMessage) -> None:
        token = message.subject.rpartition(".")[2]
        number = int(token) if token.isdigit() else -1
        self._bytes -= self._waiting.pop(number, 0)
        if message.status:
            raise Unavailable("Nothing in NATS stores this: the bucket is gone, or JetStream is without a leader.")
        answer = document(message)
        if "error" in answer:
            raise to_error(answer["error"])
        self._stored_as[number] = int(answer["seq"])
        while (sequence := self._stored_as.pop(self.stored, None)) is not None:
            self.stored += 1
            self.last = sequence

    async def _acknowledgement(self) -> None:
        if not await self.change():
            raise Unavailable(f"NATS did not acknowledge in {self.timeout:g} s. Please try again.")


def _passing(error: ObjectStoreError) -> ObjectStoreError:
    """What another ingest can mend, as ``Unavailable``: a batch that the server has given up, a start not on top of the last chunk."""
    if isinstance(error, Conflict) or (isinstance(error, ServerError) and error.err_code in _PASSING):
        return Unavailable(str(error))
    return error
