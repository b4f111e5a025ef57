"""The whole metadata state of a bucket, once: for listings that must be complete and for those who keep no index."""

import asyncio
import time
from collections.abc import Callable
from operator import attrgetter

from ..entry import Entry
from ..errors import ObjectNotFound, Unavailable
from ..names import metadata_wildcard, stream_name
from ..transport.jetstream import JetStream
from .consumer import Consumer, Delivery, Handler

TRIES = 5
HEARTBEAT = 0.5
PATIENCE = 5.0
PAUSE = 0.1


async def read_all(js: JetStream, bucket: str, *, after: int = 0) -> list[Entry]:
    """The newest message of every metadata subject, deletion markers too, oldest first; an empty bucket gives an empty list.

    It has all that the stream's leader had when this was called; what changes meanwhile may be in it. Two subjects may stand for
    one name (see ``Messages.last``). after: only what was written behind this stream sequence, each message of it.
    Raises BucketNotFound, and Unavailable when nothing comes for five seconds or the connection is lost five times.
    """
    found: dict[str | int, Entry] = {}

    def take(token: str, raw: bytes, delivery: Delivery) -> None:
        found[delivery.stream if after else token] = Entry.read(token, raw, delivery.stream, delivery.time_ns)

    await read_each(js, bucket, take, after=after, begin=found.clear)
    return sorted(found.values(), key=attrgetter("revision"))


async def read_each(js: JetStream, bucket: str, take: Handler, *, after: int = 0, begin: Callable[[], None] | None = None) -> None:
    """The same for whoever need not keep all of it: ``take`` gets token, payload and delivery of each message, in their order.

    ``begin`` is called at the beginning, and again when a lost connection makes it all begin anew. Raises as ``read_all``.
    """
    for attempt in range(TRIES):
        if begin is not None:
            begin()
        if await _Reading(js, bucket, after, take).read():
            return
        await asyncio.sleep(PAUSE * 2**attempt)
    raise Unavailable(f"The bucket {bucket!r} could not be listed: the connection was lost again and again. Please try later.")


class _Reading:
    def __init__(self, js: JetStream, bucket: str, after: int, take: Handler) -> None:
        self._js = js
        self._bucket = bucket
        self._after = after
        self._handler = take
        self._last = after
        self._progress = time.monotonic()

    async def read(self) -> bool:
        """False: something was missed; to be tried anew."""
        newest = await self._newest()
        self._progress = time.monotonic()
        async with Consumer(self._js, self._bucket, self._take, after=self._after, heartbeat=HEARTBEAT) as consumer:
            while not (consumer.drained and self._last >= newest):
                if consumer.broken:
                    return False
                await consumer.wait(HEARTBEAT)
                if time.monotonic() - self._progress > PATIENCE:
                    raise Unavailable(f"NATS stopped in the middle of the listing of {self._bucket!r}. Please try again.")
                if consumer.drained and self._last < newest:  # the replica that has the consumer is behind, or the newest is gone
                    newest = min(newest, await self._newest())
        return True

    def _take(self, token: str, raw: bytes, delivery: Delivery) -> None:
        self._handler(token, raw, delivery)
        self._last = delivery.stream
        self._progress = time.monotonic()

    async def _newest(self) -> int:
        """The sequence of the last metadata message, which the leader knows; 0 when there is none. Raises BucketNotFound."""
        query = {"last_by_subj": metadata_wildcard(self._bucket)}
        try:
            answer = await self._js.api(f"STREAM.MSG.GET.{stream_name(self._bucket)}", query, about=self._bucket)
        except ObjectNotFound:
            return 0
        return int(answer["message"]["seq"])
