"""Following the metadata of one bucket: its state, then every change, without a gap, for as long as it is wanted.

An ordered push consumer (ADR-17's idea): ephemeral, unacknowledged, checked by its own delivery sequence. Whatever goes wrong
with it (a gap, a missed heartbeat, a lost connection, a server that restarted), a new one goes on behind the last message seen.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from .connection import Connection
from .errors import BucketNotFound, ObjectStoreError
from .jetstream import JetStream
from .names import metadata_token, metadata_wildcard, stream_name
from .wire import RawMessage

logger = logging.getLogger(__name__)

HEARTBEAT = 2.0
MISSED_HEARTBEATS = 2.5
RETRY_PAUSE = 0.5
MAX_RETRY_PAUSE = 5.0
INACTIVE_THRESHOLD = 30.0
CONTROL = 100


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a message stands, from its ack subject (``$JS.ACK.…``): ``pending`` more follow at once; ``consumer`` counts from 1."""

    stream: int
    consumer: int
    time_ns: int
    pending: int

    @classmethod
    def parse(cls, reply: str) -> "Delivery | None":
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
        return cls(stream, consumer, time_ns, pending)


class Follower(Protocol):
    """Who is told. All are called from the connection's read loop and must be quick."""

    def on_start(self, resumed: bool) -> None:
        """What follows goes on behind the last message, or (not ``resumed``) is the bucket's whole state anew."""

    def on_expected(self, messages: int) -> None:
        """So many messages make up the state; some of them may have come already."""

    def on_message(self, token: str, raw: bytes, delivery: Delivery) -> None: ...

    def on_gone(self) -> None:
        """The bucket was deleted."""


class Watch:
    """``run`` it as a task; cancelling it ends it."""

    def __init__(self, js: JetStream, bucket: str, follower: Follower) -> None:
        self._js = js
        self._connection: Connection = js.connection
        self._bucket = bucket
        self._follower = follower
        self._last = 0
        self._created = ""
        self._expected = 1
        self._alive = asyncio.Event()
        self._broken = False
        self._inbox = ""

    async def run(self) -> None:
        """Follow until the bucket is gone. Errors of NATS are logged and tried again."""
        pause = RETRY_PAUSE
        while True:
            try:
                await self._follow()
                pause = RETRY_PAUSE
            except BucketNotFound:
                self._follower.on_gone()
                return
            except ObjectStoreError as error:
                logger.info("watch of %s: %s", self._bucket, error)
                await asyncio.sleep(pause)
                pause = min(MAX_RETRY_PAUSE, pause * 2)

    async def _follow(self) -> None:
        """One consumer's life; returns when it has to be replaced."""
        self._inbox = self._connection.new_inbox()
        self._expected, self._broken = 1, False
        created = await self._stream_created()
        if created != self._created:
            self._last, self._created = 0, created
        self._follower.on_start(resumed=bool(self._last))
        with self._connection.on_loss(self._break):
            subscription = await self._connection.subscribe(self._inbox, self._receive)
            consumer = ""
            try:
                consumer = await self._create_consumer()
                await self._until_broken()
            finally:
                await self._leave(subscription.unsubscribe, consumer)

    async def _stream_created(self) -> str:
        answer = await self._js.api(f"STREAM.INFO.{stream_name(self._bucket)}", about=self._bucket)
        return str(answer.get("created", ""))

    async def _create_consumer(self) -> str:
        config = {
            "deliver_subject": self._inbox,
            "deliver_policy": "by_start_sequence" if self._last else "last_per_subject",
            "filter_subject": metadata_wildcard(self._bucket),
            "ack_policy": "none",
            "max_deliver": 1,
            "replay_policy": "instant",
            "flow_control": True,
            "idle_heartbeat": round(HEARTBEAT * 1e9),
            "inactive_threshold": round(INACTIVE_THRESHOLD * 1e9),
            "num_replicas": 1,
            "mem_storage": True,
        }
        if self._last:
            config["opt_start_seq"] = self._last + 1
        stream = stream_name(self._bucket)
        answer = await self._js.api(f"CONSUMER.CREATE.{stream}", {"stream_name": stream, "config": config}, about=self._bucket)
        self._follower.on_expected(int(answer.get("num_pending", 0)) + int(answer.get("delivered", {}).get("consumer_seq", 0)))
        return str(answer.get("name", ""))

    async def _until_broken(self) -> None:
        while not self._broken:
            self._alive.clear()
            try:
                async with asyncio.timeout(HEARTBEAT * MISSED_HEARTBEATS):
                    await self._alive.wait()
            except TimeoutError:
                return

    async def _leave(self, unsubscribe: Callable[[], object], consumer: str) -> None:
        """Give the consumer back; the server drops it by itself where that is not possible."""
        with contextlib.suppress(ObjectStoreError):
            await unsubscribe()  # type: ignore[misc]
            if consumer and not self._broken:
                subject = f"{self._js.prefix}.CONSUMER.DELETE.{stream_name(self._bucket)}.{consumer}"
                await self._connection.publish(subject, b"")

    def _break(self) -> None:
        self._broken = True
        self._alive.set()

    def _receive(self, message: RawMessage) -> None:
        if self._broken:
            return
        self._alive.set()
        if message.status == CONTROL:
            self._control(message)
            return
        delivery = Delivery.parse(message.reply)
        if delivery is None or delivery.consumer != self._expected:
            self._break()
            return
        self._expected += 1
        self._last = delivery.stream
        self._follower.on_message(metadata_token(self._bucket, message.subject), message.data, delivery)

    def _control(self, message: RawMessage) -> None:
        """Flow control is answered; a heartbeat tells when messages went missing at the end."""
        reply = message.reply or message.header(b"Nats-Consumer-Stalled")
        if reply:
            self._connection.post(reply)
        last = message.number(b"Nats-Last-Consumer")
        if last is not None and last >= self._expected:
            self._break()
