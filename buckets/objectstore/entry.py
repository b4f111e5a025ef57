"""What the index keeps of each object: the raw metadata and the few values that rows are sorted by."""

from dataclasses import dataclass
from datetime import UTC, datetime

from .metadata import parse_info
from .model import ObjectInfo


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

    @classmethod
    def read(cls, bucket: str, token: str, raw: bytes, revision: int, time_ns: int) -> "Entry":
        info = parse_info(bucket, token, raw, revision, moment(time_ns))
        return cls(info.name, token, raw, revision, time_ns, info.size, info.content_type, info.deleted)

    def info(self, bucket: str) -> ObjectInfo:
        return parse_info(bucket, self.token, self.raw, self.revision, moment(self.time_ns))


def moment(time_ns: int) -> datetime:
    """Nanoseconds since 1970 as a UTC time (to the microsecond)."""
    return datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).replace(microsecond=time_ns % 1_000_000_000 // 1000)
