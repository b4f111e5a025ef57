"""The whole metadata state of a bucket, once: for listings that must be complete and for those who keep no index."""

import asyncio
import time
from operator import attrgetter

from ..entry import Entry
from ..errors import ObjectNotFound, Unavailable
from ..names import metadata_wildcard, stream_name
from ..transport.jetstream import JetStream
from .consumer import Consumer, Delivery

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
    for attempt in range(TRIES):
        found = await _Reading(js, bucket, after).read()
        if found is not None:
            return found
        await asyncio.sleep(PAUSE * 2**attempt)
    raise Unavailable(f"The bucket {bucket!r} could not be listed: the connection was lost again and again. Please try later.")


class _Reading:
    def __init__(self, js: JetStream, bucket: str, after: int) -> None:
        self._js = js
        self._bucket = bucket
        self._after = after
        self._found: dict[str | int, Entry] = {}
        self._last = after
        self._progress = time.monotonic()

    async def read(self) -> list[Entry] | None:
        """None: something was missed; to be tried anew."""
        newest = await self._newest()
        self._progress = time.monotonic()
        async with Consumer(self._js, self._bucket, self._take, after=self._after, heartbeat=HEARTBEAT) as consumer:
            while not (consumer.drained and self._last >= newest):
                if consumer.broken:
                    return None
                await consumer.wait(HEARTBEAT)
                if time.monotonic() - self._progress > PATIENCE:
                    raise Unavailable(f"NATS stopped in the middle of the listing of {self._bucket!r}. Please try again.")
                if consumer.drained and self._last < newest:  # the replica that has the consumer is behind, or the newest is gone
                    newest = min(newest, await self._newest())
        return sorted(self._found.values(), key=attrgetter("revision"))

    def _take(self, token: str, raw: bytes, delivery: Delivery) -> None:
        self._found[delivery.stream if self._after else token] = Entry.read(token, raw, delivery.stream, delivery.time_ns)
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
