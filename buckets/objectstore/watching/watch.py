"""Following the metadata of one bucket: its state, then every change, without a gap, for as long as it is wanted.

One ordered consumer after another: whatever goes wrong with one (a gap, a missed heartbeat, a lost connection, a server that
restarted), the next goes on behind the last message seen.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Protocol

from ..errors import BucketNotFound, ObjectStoreError
from ..names import stream_name, token_subject
from ..stream.consumer import Consumer, Delivery
from ..stream.messages import Messages
from ..transport.jetstream import JetStream
from ..transport.wire import RawMessage
from .snapshot import Position

logger = logging.getLogger(__name__)

HEARTBEAT = 2.0
MISSED_HEARTBEATS = 2.5
RETRY_PAUSE = 0.5
MAX_RETRY_PAUSE = 5.0
ADVISORY = "$JS.EVENT.ADVISORY.STREAM.DELETED."


class Follower(Protocol):
    """Who is told. All are called from the connection's read loop and must be quick."""

    def on_start(self, resumed: bool, same: bool) -> None:
        """What follows goes on behind the last message, or (not ``resumed``) is the bucket's whole state anew; ``same``: of the
        bucket that was followed before, and not of a new one of that name, nor of one that has gone back to what it was."""

    def on_expected(self, messages: int) -> None:
        """So many messages make up the state; some of them may have come already."""

    def on_message(self, token: str, raw: bytes, delivery: Delivery) -> None: ...

    def on_drained(self) -> None:
        """All that there was has come. Told once for each start, again and again after that."""

    def on_gone(self) -> None:
        """The bucket was deleted."""


class Watch:
    """``run`` it as a task; cancelling it ends it. ``position``: how far it has come, and where it begins."""

    def __init__(self, js: JetStream, bucket: str, follower: Follower, position: Position | None = None) -> None:
        self._js = js
        self._messages = Messages(js)
        self._bucket = bucket
        self._follower = follower
        self._consumer: Consumer | None = None
        self.position = position or Position()

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

    def restart(self) -> None:
        """Begin anew with the whole state: something has changed of which no message told."""
        self.position = Position(self.position.created)
        if self._consumer is not None:
            self._consumer.break_off()

    async def _follow(self) -> None:
        """One consumer's life; returns when it has to be replaced."""
        self.position, same = await self._begin()
        self._follower.on_start(resumed=bool(self.position.last), same=same)
        consumer = Consumer(self._js, self._bucket, self._on_message, after=self.position.last, heartbeat=HEARTBEAT)
        async with self._deletion_breaks(consumer), consumer:
            self._consumer = consumer
            self._follower.on_expected(consumer.pending)
            while not consumer.broken:
                if consumer.drained:
                    self._follower.on_drained()
                if not await consumer.wait(HEARTBEAT * MISSED_HEARTBEATS):
                    return

    def _on_message(self, token: str, raw: bytes, delivery: Delivery) -> None:
        self.position = self.position.then(token, delivery.stream, delivery.time_ns)
        self._follower.on_message(token, raw, delivery)
        if delivery.pending == 0:
            self._follower.on_drained()

    async def _begin(self) -> tuple[Position, bool]:
        """Where to go on, and whether this is what was followed before. At the beginning if the stream is another one, or has lost
        what was seen of it: a server that lost its newest messages, or got a backup, gives their sequences out again."""
        answer = await self._js.api(f"STREAM.INFO.{stream_name(self._bucket)}", about=self._bucket)
        position = self.position
        anew = Position(str(answer.get("created", "")))
        if anew.created != position.created or int(answer.get("state", {}).get("last_seq", 0)) < position.last:
            return anew, False
        if not position.last:
            return anew, True
        there = await self._has(position.last, position.last_time)
        if there is None:
            return await self._replaced(position) or anew, True
        return (position, True) if there else (anew, False)

    async def _replaced(self, position: Position) -> Position | None:
        """Where to go on when the last message is gone; None when nothing shows that the stream is the one that was followed.

        Messages that are newer than the position show nothing: those of a stream that went back are newer, too. But where the one
        before it is, only the last message's subject was told of after that, and a still newer message of it sets that right.
        """
        subject = token_subject(self._bucket, position.token)
        if not position.before or not await self._has(position.before, position.before_time):
            return None
        newest = await self._messages.stored(stream_name(self._bucket), last_by_subj=subject)
        if newest is None or newest.subject != subject or newest.sequence < position.last:
            return None
        return Position(position.created, position.before, position.before_time)

    async def _has(self, sequence: int, time_ns: int) -> bool | None:
        """Whether the message at ``sequence`` is the one of that time; None when there is none."""
        found = await self._messages.stored(stream_name(self._bucket), seq=sequence)
        return None if found is None else found.time_ns == time_ns

    @contextlib.asynccontextmanager
    async def _deletion_breaks(self, consumer: Consumer) -> AsyncIterator[None]:
        """The server's advisory makes us look at once. Without the permission to hear it, missed heartbeats do in five seconds."""

        def deleted(_: RawMessage) -> None:
            consumer.break_off()

        subscription = await self._js.connection.subscribe(ADVISORY + stream_name(self._bucket), deleted)
        try:
            yield
        finally:
            with contextlib.suppress(ObjectStoreError):
                await subscription.unsubscribe()
