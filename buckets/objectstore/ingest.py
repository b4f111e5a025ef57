"""Writing the chunks of one object: fast ingest (ADR-50), or a bounded window of acknowledged publishes where that is missing.

Both take chunks through ``send`` and keep at most ``WINDOW_BYTES`` of them unacknowledged; both end with ``finish`` (all stored)
or ``abort``. After ``abort`` has returned, the server will not store any more of the chunks that were sent.
"""

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from typing import Any

from .connection import Connection
from .errors import ObjectStoreError, ServerError, Unavailable
from .jetstream import FAST_BATCH_NOT_ENABLED, document, to_error
from .wire import RawMessage, RawSubscription

logger = logging.getLogger(__name__)

WINDOW_BYTES = 8 * 1024 * 1024
OUTSTANDING_ACKS = 2
MAX_FLOW = 64
PING_AFTER = 2.0


class FastIngestRefused(Exception):
    """The stream has no fast ingest. ``stored``: the first chunk was stored as an ordinary message (servers before 2.14)."""

    def __init__(self, stored: bool) -> None:
        super().__init__("fast ingest is not available")
        self.stored = stored


class Ingest(ABC):
    """A writer of chunks, which owns an inbox for the answers and notices when the connection is lost."""

    def __init__(self, connection: Connection, timeout: float) -> None:
        self.connection = connection
        self.timeout = timeout
        self.subject = connection.new_inbox()
        self._subscription: RawSubscription | None = None
        self._stack = contextlib.ExitStack()
        self._changed = asyncio.Event()
        self.failure: ObjectStoreError | None = None

    async def open(self) -> None:
        self._stack.enter_context(self.connection.on_loss(self._on_loss))
        self._subscription = await self.connection.subscribe(f"{self.subject}.>", self._on_message)

    async def close(self) -> None:
        """Give the inbox back; harmless when it is not open."""
        self._stack.close()
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            await subscription.unsubscribe()

    @abstractmethod
    async def send(self, chunk: bytes) -> None:
        """Hand over the next chunk; waits while the window is full."""

    @abstractmethod
    async def finish(self) -> int:
        """Wait until all is stored; the number of chunks that this writer stored."""

    @abstractmethod
    async def abort(self) -> None:
        """Stop, so that nothing is stored later; best effort while NATS is away."""

    @abstractmethod
    def receive(self, message: RawMessage) -> None:
        """One answer of the server; an ObjectStoreError raised here fails the writer."""

    def fail(self, error: ObjectStoreError) -> None:
        self.failure = self.failure or error

    def _on_message(self, message: RawMessage) -> None:
        try:
            self.receive(message)
        except ObjectStoreError as error:
            self.fail(error)
        self._changed.set()

    def _on_loss(self) -> None:
        self.fail(Unavailable("The connection to NATS was lost while writing. Please try again."))
        self._changed.set()

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

    def __init__(self, connection: Connection, subject: str, chunk_size: int, timeout: float) -> None:
        super().__init__(connection, timeout)
        self._chunk_subject = subject
        self._flow = max(1, min(MAX_FLOW, WINDOW_BYTES // chunk_size // OUTSTANDING_ACKS))
        self._allowed = 0
        self._sent = 0
        self._acked = 0
        self._final: dict[str, Any] | None = None

    async def send(self, chunk: bytes) -> None:
        """Raises ``FastIngestRefused`` for the first chunk only; else what the server says, or ``Unavailable``."""
        if self._sent == 0:
            await self._begin(chunk)
            return
        while self._sent >= self._acked + self._allowed * OUTSTANDING_ACKS:
            await self._answer()
        if self.failure is not None:
            raise self.failure
        await self._publish(1, chunk)

    async def finish(self) -> int:
        """End the batch; the number of chunks that it stored."""
        await self._publish(3, b"")
        while self._final is None:
            await self._answer(ping=False)
        return int(self._final.get("count", 0))

    async def abort(self) -> None:
        """End the batch on the server, so that nothing of it is stored later; best effort while NATS is away."""
        if self._sent == 0 or self._final is not None:
            return
        self.failure = None
        with contextlib.suppress(ObjectStoreError):
            await self.finish()

    def receive(self, message: RawMessage) -> None:
        answer = document(message)
        kind = answer.get("type")
        if kind == "ack":
            self._acked = max(self._acked, int(answer["seq"]))
            self._allowed = max(1, min(self._flow, int(answer["msgs"])))
        elif kind == "gap":
            self.fail(Unavailable("NATS lost a part of what was sent. Please try again."))
        elif kind == "err" or "error" in answer:
            self._refused(answer)
        else:
            self._final = answer

    def _refused(self, answer: dict[str, Any]) -> None:
        """The first error is the cause; what follows it (the batch is unknown by then) only ends the batch."""
        if "type" not in answer:
            self._final = answer
        self.fail(to_error(answer["error"]))

    async def _begin(self, chunk: bytes) -> None:
        await self._publish(0, chunk)
        while not self._allowed and self._final is None:
            try:
                answered = await self.change()
            except ServerError as error:
                if error.err_code == FAST_BATCH_NOT_ENABLED:
                    raise FastIngestRefused(stored=False) from None
                raise
            if not answered:
                raise Unavailable(f"NATS did not answer in {self.timeout:g} s. Please try again.")
        if self._final is not None:
            raise FastIngestRefused(stored=True)

    async def _answer(self, ping: bool = True) -> None:
        """Wait for an answer; a missing one is asked for once by a ping."""
        if await self.change(PING_AFTER if ping else None):
            return
        if ping:
            await self._publish(4, b"")
            if await self.change():
                return
        raise Unavailable(f"NATS stopped acknowledging for {self.timeout:g} s. Please try again.")

    async def _publish(self, operation: int, payload: bytes) -> None:
        sequence = self._sent if operation == 4 else self._sent + 1
        self._sent = sequence
        reply = f"{self.subject}.{self._flow}.fail.{sequence}.{operation}.$FI"
        await self.connection.publish(self._chunk_subject, payload, reply=reply)


class WindowedIngest(Ingest):
    """Ordinary publishes, each acknowledged, with a bounded number of bytes in flight."""

    def __init__(self, connection: Connection, subject: str, timeout: float) -> None:
        super().__init__(connection, timeout)
        self._chunk_subject = subject
        self._waiting: dict[str, int] = {}
        self._bytes = 0
        self._sent = 0

    async def send(self, chunk: bytes) -> None:
        while self._waiting and self._bytes + len(chunk) > WINDOW_BYTES:
            await self._acknowledgement()
        if self.failure is not None:
            raise self.failure
        token = str(self._sent)
        self._sent += 1
        self._waiting[token] = len(chunk)
        self._bytes += len(chunk)
        await self.connection.publish(self._chunk_subject, chunk, reply=f"{self.subject}.{token}")

    async def finish(self) -> int:
        while self._waiting:
            await self._acknowledgement()
        if self.failure is not None:
            raise self.failure
        return self._sent

    async def abort(self) -> None:
        """Wait until the server has answered all that was sent, so that nothing of it is stored later."""
        with contextlib.suppress(ObjectStoreError):
            while self._waiting:
                self.failure = None
                if not await self.change():
                    return

    def receive(self, message: RawMessage) -> None:
        self._bytes -= self._waiting.pop(message.subject.rpartition(".")[2], 0)
        if message.status:
            raise Unavailable("Nothing in NATS stores this: the bucket is gone, or JetStream is without a leader.")
        answer = document(message)
        if "error" in answer:
            raise to_error(answer["error"])

    async def _acknowledgement(self) -> None:
        if not await self.change():
            raise Unavailable(f"NATS did not acknowledge in {self.timeout:g} s. Please try again.")
