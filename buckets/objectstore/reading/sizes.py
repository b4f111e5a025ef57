"""The lengths of an object's chunks, from a consumer that sends headers only: exact, from the stream's leader, on every server version."""

import asyncio
from typing import Any

import orjson

from ..errors import Unavailable
from ..names import bucket_of_stream
from ..stream.consumer import Delivery
from ..transport.jetstream import JetStream
from ..transport.wire import RawMessage
from .layout import Table

BATCH = 2048
EXPIRES = 5.0
INACTIVE_THRESHOLD = 10.0


def consumer_config(subject: str, start: int, **more: object) -> dict[str, Any]:
    """An ephemeral pull consumer on one subject from a sequence on, which changes nothing and goes away by itself."""
    return {
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": start,
        "filter_subject": subject,
        "ack_policy": "none",
        "max_deliver": 1,
        "inactive_threshold": round(INACTIVE_THRESHOLD * 1e9),
        "num_replicas": 1,
        "mem_storage": True,
        **more,
    }


async def count_from(js: JetStream, stream: str, subject: str, start: int) -> int:
    """How many messages on ``subject`` have the sequence ``start`` or a later one, by the stream's leader. Raises BucketNotFound."""
    answer = await _create(js, stream, consumer_config(subject, start))
    _delete(js, stream, str(answer.get("name", "")))
    return int(answer.get("num_pending", 0))


async def table_of(js: JetStream, stream: str, subject: str) -> Table:
    """All messages on ``subject``. Raises BucketNotFound, Unavailable."""
    answer = await _create(js, stream, consumer_config(subject, 1, headers_only=True))
    name = str(answer.get("name", ""))
    reading = _Reading(js, f"{js.prefix}.CONSUMER.MSG.NEXT.{stream}.{name}", int(answer.get("num_pending", 0)))
    try:
        return await reading.run()
    finally:
        _delete(js, stream, name)


class _Reading:
    """Pulls batch after batch, the next one before the last is through."""

    def __init__(self, js: JetStream, subject: str, pending: int) -> None:
        self._connection = js.connection
        self._subject = subject
        self._pending = pending
        self._inbox = self._connection.new_inbox()
        self._table = Table()
        self._asked = 0
        self._failed = False
        self._progress = asyncio.Event()

    async def run(self) -> Table:
        subscription = await self._connection.subscribe(self._inbox, self._receive)
        try:
            with self._connection.on_loss(self._fail):
                while self._pending and not self._failed:
                    await self._step()
        finally:
            await subscription.unsubscribe()
        if self._failed:
            raise Unavailable("NATS broke off while an object's chunks were listed.")
        return self._table

    async def _step(self) -> None:
        while self._asked - self._table.chunks <= BATCH:
            self._asked += BATCH
            query = {"batch": BATCH, "expires": round(EXPIRES * 1e9)}
            await self._connection.publish(self._subject, orjson.dumps(query), reply=self._inbox)
        self._progress.clear()
        try:
            async with asyncio.timeout(2 * EXPIRES):
                await self._progress.wait()
        except TimeoutError:
            self._fail()

    def _receive(self, message: RawMessage) -> None:
        delivery = None if message.status else Delivery.parse(message.reply)
        size = message.number(b"Nats-Msg-Size")
        if delivery is None or size is None or delivery.consumer != self._table.chunks + 1:
            self._fail()
            return
        self._table.add(delivery.stream, size)
        self._pending = delivery.pending
        if not self._pending or self._asked - self._table.chunks <= BATCH:
            self._progress.set()

    def _fail(self) -> None:
        """Lost, interrupted, or what was pending is gone."""
        self._failed = True
        self._progress.set()


async def _create(js: JetStream, stream: str, config: dict[str, Any]) -> dict[str, Any]:
    body = {"stream_name": stream, "config": config}
    return await js.api(f"CONSUMER.CREATE.{stream}", body, about=bucket_of_stream(stream))


def _delete(js: JetStream, stream: str, name: str) -> None:
    if name:
        js.connection.post(f"{js.prefix}.CONSUMER.DELETE.{stream}.{name}")
