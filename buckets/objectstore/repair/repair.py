"""Finding and removing what nothing refers to: chunks of writers that died, and deletion markers that nobody needs any more.

Nothing that an upload in progress or a foreign client still needs may go, so each step here errs on the side of keeping.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from ..entry import Entry, moment
from ..history.gate import Gate
from ..model import InUse
from ..names import NUID, check_bucket_name, chunk_subject, chunk_wildcard, stream_name, token_subject
from ..reading.reader import ReadContext
from ..stream.consumer import Delivery
from ..stream.listing import read_each
from ..stream.messages import Messages
from ..stream.streams import Streams
from ..times import NANOSECONDS
from ..transport.jetstream import JetStream
from .references import References
from .turns import Turns
from .verify import Verified, verify

HOUR = 3600.0
AT_ONCE = 8
LOOKED_AT_ONCE = 1000
# What a purge can be told to remove and nothing else with it: no wildcard, no white space, nothing that is not text.
_LITERAL = re.compile(r"[^\s\x00-\x20*>\ud800-\udfff]+\Z")

# When a bucket's stream was made, its last sequence, and how many messages it has.
_Fingerprint: TypeAlias = tuple[datetime, int, int]
OnProgress: TypeAlias = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Orphan:
    """Chunks that no metadata refers to. ``time``: of the youngest one. ``size``: bytes, as far as the first and the last one tell.

    doubt: the object whose broken metadata does not say which chunks it has, and whose these may be; such are never purged.
    """

    nuid: str
    chunks: int
    time: datetime
    doubt: str | None = None
    size: int = 0


@dataclass(frozen=True, slots=True)
class Purged:
    """What was removed: so many nuids, with so many chunks together. ``doubtful`` nuids were left alone (see ``Orphan.doubt``)."""

    nuids: int
    chunks: int
    doubtful: int = 0


class Repair:
    """Everything may raise BucketNotFound, Unavailable, PermissionDenied and ServerError."""

    def __init__(
        self, js: JetStream, streams: Streams, messages: Messages, context: ReadContext, gate: Gate, in_use: InUse, turns: Turns
    ) -> None:
        self._js = js
        self._streams = streams
        self._messages = messages
        self._context = context
        self._gate = gate
        self._in_use = in_use
        self._turns = turns
        self._clean: dict[str, _Fingerprint] = {}

    async def orphans(
        self, bucket: str, *, older_than: float = HOUR, in_use: Collection[str] = (), on_progress: OnProgress | None = None
    ) -> list[Orphan]:
        """Chunks without metadata whose youngest is older than ``older_than`` seconds by the server's clock, oldest first.

        older_than: more than the longest pause of any upload, whatever client makes it: until its metadata is there it looks like this.
        in_use: nuids of uploads that may pause longer, beside those of ``store.uploads``. All is asked of the stream's leader.
        Costs one reading of all metadata, and eight bytes of memory for each object.
        on_progress: called with the number of suspects that were looked at and of all, once all of the bucket has been read.
        """
        references = References(self._js, self._streams, bucket)
        found = self._find(bucket, older_than, in_use, references, on_progress)
        return sorted([orphan async for orphan, _ in found], key=lambda orphan: orphan.time)

    async def purge_orphans(
        self, bucket: str, *, older_than: float = HOUR, in_use: Collection[str] = (), on_progress: OnProgress | None = None
    ) -> Purged:
        """Remove what ``orphans`` finds, except what is in doubt. Right before each one goes it is asked whether more of it has come, and
        the metadata that was written meanwhile is read.

        Also raises BucketSealed and BucketRestricted.
        """
        nuids = chunks = doubtful = 0
        references = References(self._js, self._streams, bucket)
        async for orphan, sequence in self._find(bucket, older_than, in_use, references, on_progress):
            if orphan.doubt is not None:
                doubtful += 1
                continue
            subject = chunk_subject(bucket, orphan.nuid)
            if await self._last(bucket, subject) != (sequence, orphan.time):
                continue  # its upload goes on
            await references.catch_up()
            if orphan.nuid in references:
                continue  # its upload has just ended
            nuids += 1
            chunks += await self._streams.purge(bucket, subject, upto=sequence)
        return Purged(nuids, chunks, doubtful)

    async def purge_orphans_in_turn(self, bucket: str) -> Purged | None:
        """``purge_orphans`` of what is older than an hour, to be called from time to time by any number of processes: at most one of them
        does it in ``TURN_SECONDS``. None: another one has, or nothing has changed since there were none.

        A bucket that copies from others is left alone: its metadata may come long after its chunks.
        """
        status = await self._streams.status(bucket)
        if status.sealed or status.deny_purge or status.mirror or status.sources:
            return None
        fingerprint = (status.created, status.stream.last_seq, status.stream.messages)
        if self._clean.get(bucket) == fingerprint or not await self._turns.take(f"orphans {bucket}"):
            return None
        purged = await self.purge_orphans(bucket, older_than=HOUR)
        self._clean.pop(bucket, None)
        newest = status.stream.last_time
        if purged == Purged(0, 0) and (newest is None or _age(status.time_ns, _ns(newest)) > HOUR):
            self._clean[bucket] = fingerprint
        return purged

    async def purge_markers(self, bucket: str, *, older_than: float = 0.0, on_progress: OnProgress | None = None) -> int:
        """Remove the deletion markers older than ``older_than`` seconds for good; gives how many there were.

        A name that is written again in the same moment keeps its new metadata. A bucket's history keeps what it has, and has the
        marker before it goes. on_progress: called with the number of markers done and of all.
        Also raises BucketSealed, BucketRestricted and HistoryBehind.
        """
        now_ns, _ = await self._clock(bucket)
        found: dict[str, Entry] = {}

        def take(token: str, raw: bytes, delivery: Delivery) -> None:
            entry = Entry.read(token, raw, delivery.stream, delivery.time_ns)
            if entry.deleted and _LITERAL.match(token) and _age(now_ns, entry.time_ns) >= older_than:
                found[token] = entry

        await read_each(self._js, bucket, take, begin=found.clear)
        markers = list(found.values())
        removed = 0
        for start in range(0, len(markers), AT_ONCE):
            some = markers[start : start + AT_ONCE]
            removed += sum(await asyncio.gather(*(self._purge_marker(bucket, marker) for marker in some)))
            if on_progress is not None:
                on_progress(start + len(some), len(markers))
        return removed

    async def _purge_marker(self, bucket: str, marker: Entry) -> bool:
        await self._gate.wait(bucket, marker)
        return bool(await self._streams.purge(bucket, token_subject(bucket, marker.token), upto=marker.revision))

    def verify(self, bucket: str, names: Iterable[str] | None = None) -> AsyncGenerator[Verified, None]:
        """Read objects, all of them or those of ``names``, and compare them with what their metadata states; see ``Verified``.

        One result each, in the order in which they are done, two at a time; a bad one stops nothing. Only the bucket itself is read:
        what is missing in it is missing, even if its history has it. Deleted objects are none. Raises BucketNotFound.
        """
        return verify(self._js, self._messages, self._context, check_bucket_name(bucket), names)

    async def _find(
        self, bucket: str, older_than: float, in_use: Collection[str], references: References, on_progress: OnProgress | None
    ) -> AsyncIterator[tuple[Orphan, int]]:
        """Each orphan, and the sequence of its youngest chunk. ``references`` is read for it."""
        check_bucket_name(bucket)
        now_ns, last_sequence = await self._clock(bucket)
        await references.read(last_sequence)
        stored = await self._unreferenced(bucket, references)
        await references.catch_up()  # what got its metadata meanwhile; and what begins after this is not looked at
        paused = {*in_use, *await self._in_use(bucket)}
        candidates = [nuid for nuid in stored if nuid not in references and nuid not in paused]
        for start in range(0, len(candidates), AT_ONCE):
            some = candidates[start : start + AT_ONCE]
            youngest = await asyncio.gather(*(self._last(bucket, chunk_subject(bucket, nuid)) for nuid in some))
            for nuid, last in zip(some, youngest, strict=True):
                if last is not None and _age(now_ns, _ns(last[1])) >= older_than:
                    size = await self._size(bucket, nuid, stored[nuid])
                    yield Orphan(nuid, stored[nuid], last[1], references.doubt(last[0]), size), last[0]
            if on_progress is not None:
                on_progress(start + len(some), len(candidates))

    async def _unreferenced(self, bucket: str, references: References) -> dict[str, int]:
        """The nuids that have chunks and no metadata, with their numbers. Subjects that hold no nuid are nobody's business here."""
        start = len(chunk_wildcard(bucket)) - 1
        found: dict[str, int] = {}
        async for page in self._streams.subject_pages(bucket, chunk_wildcard(bucket)):
            for number, (subject, chunks) in enumerate(page.items()):
                if not number % LOOKED_AT_ONCE:
                    await asyncio.sleep(0)  # the site's own upkeep does this beside requests
                nuid = subject[start:]
                if NUID.match(nuid) and nuid not in references:
                    found[nuid] = chunks
        return found

    async def _size(self, bucket: str, nuid: str, chunks: int) -> int:
        stream, subject = stream_name(bucket), chunk_subject(bucket, nuid)
        first = await self._messages.stored(stream, seq=1, next_by_subj=subject)
        last = await self._messages.stored(stream, last_by_subj=subject)
        return (len(first.data) * (chunks - 1) if first is not None else 0) + (len(last.data) if last is not None else 0)

    async def _last(self, bucket: str, subject: str) -> tuple[int, datetime] | None:
        """Sequence and time of the last message on ``subject``; None when there is none."""
        message = await self._messages.stored(stream_name(bucket), last_by_subj=subject)
        return (message.sequence, moment(message.time_ns)) if message is not None else None

    async def _clock(self, bucket: str) -> tuple[int, int]:
        """The server's time in nanoseconds, and the stream's last sequence at that time."""
        status = await self._streams.status(bucket)
        return status.time_ns, status.stream.last_seq


def _age(now_ns: int, time_ns: int) -> float:
    return (now_ns - time_ns) / NANOSECONDS


def _ns(time: datetime) -> int:
    return int(time.timestamp() * 1_000_000) * 1000
