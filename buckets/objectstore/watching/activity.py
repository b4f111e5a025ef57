"""What has happened in a live bucket of late: a bounded past, kept as its watch tells, for whoever looks later."""

import itertools
import re
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import unquote

from ..entry import Entry
from ..transport.wire import RawMessage
from ..writing.commit_headers import WRITER, Deed, Note

KEPT = 1_000
SECONDS = 300
MAX_WRITER = 256
_NUID = re.compile(rb'"nuid":\s?"([A-Za-z0-9_-]{1,64})"')
_numbers = itertools.count(1)


class ChangeKind(StrEnum):
    """What happened to an object. EXPIRED: its time, or the server's marker without a body, made it go."""

    UPLOADED = "uploaded"
    REPLACED = "replaced"
    RENAMED = "renamed"
    DETAILS = "details"
    LINKED = "linked"
    DELETED = "deleted"
    EXPIRED = "expired"


KINDS = tuple(ChangeKind)
_PLACES = {kind: at for at, kind in enumerate(KINDS)}
WITH_DATA = frozenset({ChangeKind.UPLOADED, ChangeKind.REPLACED})


@dataclass(frozen=True, slots=True)
class Change:
    """One change. ``number`` grows from change to change, over all buckets of this process. ``size``: in bytes, 0 for what is gone;
    ``before``: what it was, None when there was nothing. ``writer``: who, "" for those that do not say so. ``was``: the name before a
    rename. What another client renames is told as an upload first, and then again, with the same ``revision``, as a rename.
    """

    number: int
    kind: ChangeKind
    name: str
    revision: int
    time_ns: int
    size: int
    before: int | None
    writer: str = ""
    was: str = ""
    nuid: bytes = b""


@dataclass(slots=True)
class Second:
    """What came in one second (of 1970's, by this computer's clock): changes of each kind in the order of ``KINDS``, and bytes of data."""

    at: int
    bytes: int
    counts: list[int]


def nuid_of(raw: bytes) -> bytes:
    """Of metadata that need not be parsed for it; b"" when it is not where every client writes it."""
    found = _NUID.search(raw)
    return found[1] if found else b""


def newest_number() -> int:
    """Of all changes in this process so far; takes one itself."""
    return next(_numbers)


class Activity:
    """The newest ``KEPT`` changes of a bucket, and how many came in each of the last ``SECONDS`` seconds."""

    def __init__(self) -> None:
        self._changes: deque[Change] = deque(maxlen=KEPT)
        self._seconds: deque[Second] = deque(maxlen=SECONDS)

    def took(self, entry: Entry, old: Entry | None, headers: bytes, *, now: bool) -> None:
        """The index took ``entry`` in place of ``old``. now: it has just happened, and is not only heard of late."""
        message = RawMessage("", "", b"", headers)
        note = Note.read(lambda name: message.header(name) or "")
        deed, value = (note.deed, note.value) if note is not None else (None, "")
        if entry.deleted and deed is Deed.RENAMED_TO:
            return  # the other half of a rename
        was = value if deed is Deed.RENAMED_FROM else ""
        nuid = b"" if entry.deleted else nuid_of(entry.raw)
        kind = _kind(entry, old, nuid, was)
        size, before = 0 if entry.deleted else entry.size, old.size if old is not None else None
        writer = unquote((message.header(WRITER.encode()) or "")[: 4 * MAX_WRITER])[:MAX_WRITER]
        name = old.name if old is not None else entry.name
        self._add(Change(next(_numbers), kind, name, entry.revision, entry.time_ns, size, before, writer, was, nuid), now)

    def vanished(self, entry: Entry, *, expired: bool, time_ns: int) -> None:
        """An object went of which no message told: it was too old, or another client purged it, perhaps in a rename."""
        nuid = nuid_of(entry.raw)
        moved = self._moved(entry.name, nuid) if nuid and not expired else None
        if moved is not None:
            self._add(replace(moved, number=next(_numbers), kind=ChangeKind.RENAMED, was=entry.name), now=False)
            return
        kind = ChangeKind.EXPIRED if expired else ChangeKind.DELETED
        self._add(Change(next(_numbers), kind, entry.name, entry.revision, time_ns, 0, entry.size), now=True)

    def between(self, after: int, until: int) -> Iterator[Change]:
        """Those of these numbers that are still kept, the newest first."""
        for change in reversed(self._changes):
            if change.number <= after:
                return
            if change.number <= until:
                yield change

    def seconds(self, since: int) -> list[Second]:
        """From this second on, those in which something came, the latest first."""
        return list(itertools.takewhile(lambda second: second.at >= since, reversed(self._seconds)))

    def _moved(self, name: str, nuid: bytes) -> Change | None:
        """The upload that was a rename of ``name``, as its data tells."""
        uploads = (one for one in reversed(self._changes) if one.nuid == nuid and one.name != name and one.kind in WITH_DATA)
        return next(uploads, None)

    def _add(self, change: Change, now: bool) -> None:
        self._changes.append(change)
        if not now:
            return
        at = int(time.time())
        if not self._seconds or self._seconds[-1].at < at:
            self._seconds.append(Second(at, 0, [0] * len(KINDS)))
        second = self._seconds[-1]
        second.counts[_PLACES[change.kind]] += 1
        if change.kind in WITH_DATA:
            second.bytes += change.size


def _kind(entry: Entry, old: Entry | None, nuid: bytes, was: str) -> ChangeKind:
    if entry.deleted:
        return ChangeKind.DELETED if entry.raw else ChangeKind.EXPIRED
    if was:
        return ChangeKind.RENAMED
    if entry.link is not None:
        return ChangeKind.DETAILS if old is not None and old.link == entry.link else ChangeKind.LINKED
    if old is None:
        return ChangeKind.UPLOADED
    return ChangeKind.DETAILS if nuid and nuid == nuid_of(old.raw) else ChangeKind.REPLACED
