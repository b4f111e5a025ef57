"""Reading the metadata messages of a history: those of one name, those of a moment, all of them."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from ..entry import Entry
from ..errors import PermissionDenied, ServerError, Unavailable
from ..names import bucket_of_stream, history_stream, latin1_subject, metadata_subject, metadata_token, metadata_wildcard, odd_subject
from ..reading.fetch import END_OF_BATCH, NOT_FOUND, Fetch
from ..reading.reader import ReadContext
from ..stream.messages import StoredMessage
from ..stream.sourced import Source
from ..times import nanoseconds
from ..transport.wire import RawMessage
from ..writing.commit_headers import Deed, Note
from .streams import HistoryStreams

# What one metadata message takes, usually; and what one request for the last messages of many subjects may name and bring.
METADATA_BYTES = 1024
SUBJECTS_AT_ONCE = 1000
REQUEST_BYTES = 256 * 1024
ANSWER_BYTES = 4 * 1024 * 1024
# Which of those that may answer does is chance: this often in a row it is not the wrong one.
TRIES = 60


@dataclass(frozen=True, slots=True)
class Record:
    """A metadata message of the history: ``entry`` has the history's own sequence as its revision."""

    entry: Entry
    message: StoredMessage

    @classmethod
    def of(cls, bucket: str, message: StoredMessage) -> "Record":
        token = metadata_token(bucket, message.subject)
        return cls(Entry.read(token, message.data, message.sequence, message.time_ns), message)

    @property
    def bucket_revision(self) -> int:
        """Its sequence in the bucket."""
        source = Source.of(self.message.message)
        return source.sequence if source else 0

    @property
    def renamed_from(self) -> str:
        """The name that it had before, where its writer says so."""
        note = self.note
        return note.value if note is not None and note.deed is Deed.RENAMED_FROM else ""

    @property
    def note(self) -> Note | None:
        """What its writer says was done."""
        return Note.read(self.message.header)

    @property
    def expired(self) -> bool:
        """The server itself ended it, by age."""
        return not self.entry.raw and self.message.header(b"Nats-Marker-Reason") == "MaxAge"


class Records:
    def __init__(self, context: ReadContext, streams: HistoryStreams) -> None:
        self._context = context
        self._streams = streams

    async def of(self, bucket: str, name: str, limit: int | None = None, *, start: int = 1, up_to: int | None = None) -> list[Record]:
        """The newest ``limit`` records of ``name`` (of these sequences), oldest first. Raises HistoryOff."""
        await self._streams.info(bucket)
        found: list[Record] = []
        for subject in possible_subjects(bucket, name):
            newest: deque[Record] = deque(maxlen=limit)
            async with aclosing(self.all(bucket, subject, start=start, up_to=up_to)) as records:
                async for record in records:
                    if record.entry.name == name:
                        newest.append(record)
            found += newest
        return sorted(found, key=lambda record: record.entry.revision)[-limit if limit else 0 :]

    async def all(self, bucket: str, subject: str = "", *, start: int = 1, up_to: int | None = None) -> AsyncGenerator[Record, None]:
        """All records of a subject (of the whole history by default) in the order in which they were written; of these sequences only."""
        context = self._context
        subject = subject or metadata_wildcard(bucket)
        stream = history_stream(bucket)
        async with Fetch(
            context.js, context.budget, stream, subject, METADATA_BYTES, context.timeout, start=start, up_to=up_to
        ) as messages:
            async for message in messages:
                yield Record.of(bucket, message)

    async def one(self, bucket: str, sequence: int) -> Record | None:
        """The record with this sequence of the history."""
        message = await self._context.messages.stored(history_stream(bucket), seq=sequence)
        if message is None or not message.subject.startswith(metadata_wildcard(bucket)[:-1]):
            return None
        return Record.of(bucket, message)

    async def at(self, bucket: str, moment: datetime | None) -> list[Record]:
        """The last record of every name (deletions too) as of ``moment``, to the microsecond; None: now. Raises HistoryOff."""
        await self._streams.info(bucket)
        anchor = await self._anchor(bucket, moment)
        if anchor is None:
            return []
        subjects = await self._streams.subjects(bucket, metadata_wildcard(bucket))
        found: list[Record] = []
        for some in _portions(sorted(subjects)):
            answers = await self._last_of(bucket, {anchor, *some}, moment)
            found += [Record.of(bucket, message) for message in answers if message.subject in some]
            await asyncio.sleep(0)
        return found

    async def _anchor(self, bucket: str, moment: datetime | None) -> str | None:
        """A subject of which the leader knows that it had a message then; None when there was none at all."""
        wildcard = metadata_wildcard(bucket)
        if moment is None:
            found = await self._context.messages.stored(history_stream(bucket), last_by_subj=wildcard)
        else:
            found = await self._context.messages.stored(history_stream(bucket), seq=1, next_by_subj=wildcard)
        if found is None or (moment is not None and found.time_ns >= nanoseconds(moment) + 1000):
            return None
        return found.subject

    async def _last_of(self, bucket: str, subjects: Collection[str], moment: datetime | None) -> list[StoredMessage]:
        query: dict[str, Any] = {"multi_last": list(subjects), "max_bytes": ANSWER_BYTES}
        if moment is not None:  # the server gives what is older than this, and knows nanoseconds
            query["up_to_time"] = (moment + timedelta(microseconds=1)).isoformat()
        found: list[StoredMessage] = []
        rest = 1
        while rest:
            answers, rest = await self._asked(history_stream(bucket), query)
            found += answers
            query["seq"] = answers[-1].sequence + 1
        return found

    async def _asked(self, stream: str, query: dict[str, Any]) -> tuple[list[StoredMessage], int]:
        """An answer that has at least one message, and is the stream's own: a mirror may answer in its place, and lack some, or all."""
        for _ in range(TRIES):
            await self._context.budget.acquire(ANSWER_BYTES)
            try:
                answers, rest = await _Answers(self._context, stream).ask(query)
            except _NobodyAnswers:
                if not await self._streams.answer_directly(bucket_of_stream(stream)):
                    raise
                continue
            finally:
                self._context.budget.release(ANSWER_BYTES)
            if answers and answers[0].is_from(stream):
                return answers, rest
        raise Unavailable("The history gives contradictory answers: there may be mirrors of it that lack something. Please try again.")


class _NobodyAnswers(Unavailable):
    """The stream has no leader now, or gives no direct answers."""


class _Answers:
    """One request that is answered by many messages and an end."""

    def __init__(self, context: ReadContext, stream: str) -> None:
        self._js = context.js
        self._timeout = context.timeout
        self._stream = stream
        self._found: list[StoredMessage] = []
        self._alive = asyncio.Event()
        self._end: RawMessage | None = None
        self._lost = False
        self._denied: PermissionDenied | None = None

    async def ask(self, query: dict[str, Any]) -> tuple[list[StoredMessage], int]:
        """The messages, and how many more there are. Raises Unavailable when one is missing, and PermissionDenied."""
        connection = self._js.connection
        endpoint = f"{self._js.prefix}.DIRECT.GET.{self._stream}"
        inbox = connection.new_inbox()
        subscription = await connection.subscribe(inbox, self._receive)
        try:
            with connection.on_loss(self._on_loss), connection.on_denial(endpoint, self._on_denial):
                await connection.publish(endpoint, orjson.dumps(query), reply=inbox)
                return await self._until_end()
        finally:
            await subscription.unsubscribe()

    async def _until_end(self) -> tuple[list[StoredMessage], int]:
        while self._end is None and not self._lost and self._denied is None:
            self._alive.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._timeout):
                    await self._alive.wait()
                continue
            break
        if self._denied is not None:
            raise self._denied
        if self._end is None:
            raise Unavailable("NATS did not answer about the history in time. Please try again.")
        if self._end.status == NOT_FOUND:
            return [], 0
        if self._end.status == 503:
            raise _NobodyAnswers("The history does not answer now. Please try again.")
        if self._end.status != END_OF_BATCH:
            raise ServerError(f"NATS answered {self._end.status} {self._end.description}.", status=self._end.status)
        return self._found, self._end.number(b"Nats-Num-Pending") or 0

    def _on_loss(self) -> None:
        self._lost = True
        self._alive.set()

    def _on_denial(self, error: PermissionDenied) -> None:
        self._denied = error
        self._alive.set()

    def _receive(self, message: RawMessage) -> None:
        if message.status:
            self._end = message
        else:
            sequence = message.number(b"Nats-Sequence")
            if sequence is not None:
                self._found.append(StoredMessage(sequence, message))
        self._alive.set()


def possible_subjects(bucket: str, name: str) -> list[str]:
    """Where metadata of ``name`` may lie: where ADR-20 says, and where some clients put it."""
    others = (latin1_subject(bucket, name), odd_subject(bucket, name))
    return [metadata_subject(bucket, name), *(subject for subject in others if subject is not None)]


def _portions(subjects: Sequence[str]) -> Iterator[Sequence[str]]:
    """So many at a time as one request may name."""
    portion: list[str] = []
    size = 0
    for subject in subjects:
        if portion and (len(portion) >= SUBJECTS_AT_ONCE or size + len(subject) > REQUEST_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(subject)
        size += len(subject)
    if portion:
        yield portion
