"""Finding the chunk that has a position of an object, in a few requests: exact for any client's objects, of chunks of any lengths.

What is found is remembered by stream and nuid. The leader is asked, as it alone knows all chunks (a foreign mirror may answer direct gets).
"""

import asyncio
from collections import OrderedDict
from weakref import WeakValueDictionary

from ..model import ObjectInfo
from ..names import chunk_subject
from ..stream.messages import Messages
from ..transport.jetstream import JetStream, retrying
from .layout import Contiguous, Even, Layout, Scattered, Spot, Table
from .sizes import count_from, table_of

MAX_LAYOUTS = 1000
MAX_WEIGHT = 16 * 1024 * 1024
# Reading this much to pass over it takes no longer than another request.
NEAR = 1024 * 1024
BISECT_EVERY = 3


class Seeker:
    """``js`` is on the connection for small requests, ``bulk`` on the one for data."""

    def __init__(self, js: JetStream, bulk: JetStream) -> None:
        self._js = js
        self._bulk = bulk
        self._messages = Messages(js)
        self._known: OrderedDict[tuple[str, str], Layout] = OrderedDict()
        self._weight = 0
        self._finding: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def layout(self, stream: str, info: ObjectInfo) -> Layout | None:
        """How ``info``'s chunks lie in ``stream``; None if they are not all there.

        Two requests, and where other messages lie between them or their lengths are not told by the metadata some more, or a reading of
        all their headers (about 5,000 chunks a second); none when it is known. Raises BucketNotFound, Unavailable.
        """
        key = (stream, info.nuid)
        lock = self._finding.setdefault(key, asyncio.Lock())
        async with lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
            found = await self._find(stream, info)
            if found is not None:
                self._remember(key, found)
            return found

    async def measure(self, stream: str, info: ObjectInfo) -> tuple[int, int]:
        """How many chunks there are, and how many bytes, whatever ``info`` says. Raises BucketNotFound, Unavailable."""
        subject = chunk_subject(info.bucket, info.nuid)
        table = await retrying(lambda: table_of(self._bulk, stream, subject))
        return table.chunks, table.size

    def forget(self, stream: str, info: ObjectInfo) -> None:
        """It was not so, or is no longer so."""
        layout = self._known.pop((stream, info.nuid), None)
        self._weight -= layout.weight if layout is not None else 0

    async def spot(self, stream: str, info: ObjectInfo, layout: Layout, position: int) -> Spot | None:
        """The chunk that has the byte at ``position``, or one a little before it; None if ``layout`` is no longer so."""
        if isinstance(layout, Contiguous | Table):
            return layout.spot(position)
        assert isinstance(layout, Scattered)
        return await self._search(stream, info, layout, layout.index(position))

    def _remember(self, key: tuple[str, str], layout: Layout) -> None:
        self._known[key] = layout
        self._weight += layout.weight
        while len(self._known) > MAX_LAYOUTS or (self._weight > MAX_WEIGHT and len(self._known) > 1):
            self._weight -= self._known.popitem(last=False)[1].weight

    async def _find(self, stream: str, info: ObjectInfo) -> Layout | None:
        even = await self._even(stream, info) if info.chunk_size else None
        if even is not None:
            return even
        subject = chunk_subject(info.bucket, info.nuid)
        table = await retrying(lambda: table_of(self._bulk, stream, subject))
        return table if table.size == info.size else None

    async def _even(self, stream: str, info: ObjectInfo) -> Layout | None:
        """If as many chunks as can be have the stated size, and the last one has the rest, all others must be full."""
        even = Even(info.size, info.chunk_size or 1)
        if even.chunks != info.chunks:
            return None
        subject = chunk_subject(info.bucket, info.nuid)
        first, last = await asyncio.gather(
            self._messages.stored(stream, seq=1, next_by_subj=subject), self._messages.stored(stream, last_by_subj=subject)
        )
        if first is None or last is None or len(last.data) != even.last_length:
            return None
        if last.sequence - first.sequence + 1 == even.chunks:
            return Contiguous(even.size, even.chunk_size, first.sequence)
        if await count_from(self._js, stream, subject, first.sequence) != even.chunks:
            return None
        return Scattered(even.size, even.chunk_size, first.sequence, last.sequence)

    async def _search(self, stream: str, info: ObjectInfo, layout: Scattered, index: int) -> Spot | None:
        """By interpolation: each try asks the leader how many chunks follow. Every few tries halve what is left, lest it take long."""
        subject = chunk_subject(info.bucket, info.nuid)
        near = max(1, NEAR // layout.chunk_size)
        (low, after), (high, before) = layout.around(index)
        tries = 0
        while index - low > near:
            tries += 1
            share = (index - low) / (high - low) if tries % BISECT_EVERY else 0.5
            guess = min(before - 1, after + max(1, int((before - after) * share)))
            found = layout.chunks - await count_from(self._js, stream, subject, guess)
            if found <= index:
                low, after = found, guess
            else:
                high, before = found, guess
            if not (0 <= low < high <= layout.chunks and after < before):
                return None
        message = await self._messages.stored(stream, seq=after, next_by_subj=subject)
        if message is None:
            return None
        layout.learn(low, message.sequence)
        return Spot(low, message.sequence, low * layout.chunk_size)
