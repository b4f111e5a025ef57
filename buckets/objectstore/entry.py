"""What the index keeps of each object: the raw metadata and the few values that rows are sorted by."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from .metadata import dump_info, parse_info, parse_summary
from .model import Link, ObjectInfo

MAX_LISTED_METADATA = 16 * 1024
MAX_LISTED_TYPE = 256


@dataclass(frozen=True, slots=True)
class Entry:
    """One metadata message. ``time_ns`` is its time in nanoseconds since 1970; ``raw`` the info JSON as stored."""

    name: str
    token: str
    raw: bytes
    revision: int
    time_ns: int
    size: int
    content_type: str
    deleted: bool
    link: Link | None = None

    @classmethod
    def read(cls, token: str, raw: bytes, revision: int, time_ns: int) -> "Entry":
        name, size, content_type, deleted, link = parse_summary(token, raw)
        return cls(name, token, raw, revision, time_ns, size, content_type, deleted, link)

    def for_listing(self, bucket: str) -> "Entry":
        """The entry as an index keeps it: large metadata, which anybody may write, is reduced to what rows and downloads need."""
        if len(self.raw) <= MAX_LISTED_METADATA:
            return self
        info = self.info(bucket)
        kept: Mapping[str, tuple[str, ...]] = {"Content-Type": (info.content_type,)} if len(info.content_type) < MAX_LISTED_TYPE else {}
        reduced = replace(info, description="", headers=kept, metadata={}, digest=(info.digest or "")[:MAX_LISTED_TYPE] or None)
        return replace(self, raw=dump_info(reduced), content_type=reduced.content_type)

    def info(self, bucket: str) -> ObjectInfo:
        return parse_info(bucket, self.token, self.raw, self.revision, moment(self.time_ns))


def prefer(one: Entry | None, other: Entry | None) -> Entry | None:
    """Which of two entries stands for a name that has metadata under two subjects: what is there before what is deleted, then the newer."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda entry: (not entry.deleted, entry.revision))


def moment(time_ns: int) -> datetime:
    """Nanoseconds since 1970 as a UTC time (to the microsecond)."""
    return datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).replace(microsecond=time_ns % 1_000_000_000 // 1000)
