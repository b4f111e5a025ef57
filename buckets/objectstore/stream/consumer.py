"""One ordered consumer on the metadata of a bucket, from its making to its end.

An ephemeral push consumer (ADR-17's idea): unacknowledged, checked by its own delivery sequence. It never mends itself: when
something is missing it is ``broken``, and whoever uses it makes another one behind the last message seen.
"""

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple

from ..errors import ObjectStoreError
from ..names import metadata_token, metadata_wildcard, stream_name
from ..transport.jetstream import JetStream
from ..transport.wire import RawMessage, RawSubscription

INACTIVE_THRESHOLD = 30.0
CONTROL = 100


class Delivery(NamedTuple):
    """Where a message stands, from its ack subject (``$JS.ACK.…``): ``pending`` more follow at once; ``consumer`` counts from 1.
    ``headers``: those of the message, as they came."""

    stream: int
    consumer: int
    time_ns: int
    pending: int
    headers: bytes = b""

    @classmethod
    def parse(cls, reply: str, headers: bytes = b"") -> "Delivery | None":
        tokens = reply.split(".")
        if len(tokens) == 9:
            numbers = tokens[4:9]
        elif len(tokens) >= 11:
            numbers = tokens[6:11]
        else:
            return None
        try:
            _, stream, consumer, time_ns, pending = map(int, numbers)
        except ValueError:
            return None
        return cls(stream, consumer, time_ns, pending, headers)


Handler = Callable[[str, bytes, Delivery], None]


class Consumer:
    """``async with`` makes it on the server and gives it back. Messages come to ``handler`` (token, payload, delivery) from the read loop.

    after: a stream sequence; 0 means the last message of every subject first, then what is new.
    pending: how many messages were waiting for it when it was made, some of which may have come already.
    """

    def __init__(self, js: JetStream, bucket: str, handler: Handler, *, after: int = 0, heartbeat: float = 2.0) -> None:
        self._js = js
        self._connection = js.connection
        self._bucket = bucket
        self._handler = handler
        self._after = after
        self._heartbeat = heartbeat
        self._inbox = self._connection.new_inbox()
        self._received = 0
        self._name = ""
        self._alive = asyncio.Event()
        self._ends = contextlib.ExitStack()
        self._subscription: RawSubscription | None = None
        self.pending = 0
        self.broken = False
        self.drained = False

    async def __aenter__(self) -> "Consumer":
        """Raises BucketNotFound, Unavailable, PermissionDenied, ServerError."""
        self._ends.enter_context(self._connection.on_loss(self.break_off))
        try:
            self._subscription = await self._connection.subscribe(self._inbox, self._receive)
            stream = stream_name(self._bucket)
            answer = await self._js.api(f"CONSUMER.CREATE.{stream}", {"stream_name": stream, "config": self._config()}, about=self._bucket)
            self._name = str(answer.get("name", ""))
            self.pending = int(answer.get("num_pending", 0)) + int(answer.get("delivered", {}).get("consumer_seq", 0))
        except BaseException:
            await self._leave()
            raise
        self.drained = self.drained or self.pending == 0
        return self

    async def __aexit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        await self._leave()

    async def wait(self, timeout: float) -> bool:
        """Wait for a sign of life (a message, a heartbeat, the break); False when none has come since the last call, nor comes in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._alive.wait()
        alive = self._alive.is_set()
        self._alive.clear()
        return alive

    def break_off(self) -> None:
        """Nothing that comes from now on is handled."""
        self.broken = True
        self._alive.set()

    def _config(self) -> dict[str, Any]:
        config: dict[str, Any] = {
            "deliver_subject": self._inbox,
            "deliver_policy": "by_start_sequence" if self._after else "last_per_subject",
            "filter_subject": metadata_wildcard(self._bucket),
            "ack_policy": "none",
            "max_deliver": 1,
            "replay_policy": "instant",
            "flow_control": True,
            "idle_heartbeat": round(self._heartbeat * 1e9),
            "inactive_threshold": round(INACTIVE_THRESHOLD * 1e9),
            "num_replicas": 1,
            "mem_storage": True,
        }
        return config | ({"opt_start_seq": self._after + 1} if self._after else {})

    async def _leave(self) -> None:
        """Give the consumer back; the server drops it by itself where that is not possible."""
        lost, self.broken = self.broken, True
        self._ends.close()
        with contextlib.suppress(ObjectStoreError):
            if self._subscription is not None:
                await self._subscription.unsubscribe()
            if self._name and not lost:
                await self._connection.publish(f"{self._js.prefix}.CONSUMER.DELETE.{stream_name(self._bucket)}.{self._name}", b"")

    def _receive(self, message: RawMessage) -> None:
        if self.broken:
            return
        self._alive.set()
        if message.status == CONTROL:
            self._control(message)
            return
        delivery = Delivery.parse(message.reply, message.headers)
        if delivery is None or delivery.consumer != self._received + 1:
            self.break_off()
            return
        self._received += 1
        self.drained = self.drained or delivery.pending == 0
        self._handler(metadata_token(self._bucket, message.subject), message.data, delivery)

    def _control(self, message: RawMessage) -> None:
        """Flow control is answered. A heartbeat tells when messages went missing at the end, or that there are no more:
        those that were pending may have been removed before they were delivered."""
        reply = message.reply or message.header(b"Nats-Consumer-Stalled")
        if reply:
            self._connection.post(reply)
        last = message.number(b"Nats-Last-Consumer")
        if last is not None and last > self._received:
            self.break_off()
        elif last is not None and not reply:
            self.drained = True
