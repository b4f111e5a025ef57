"""What this process has found of chunks that belong to nothing, when it last looked: for the health page."""

from dataclasses import dataclass
from datetime import UTC, datetime

from ..objectstore import Purged
from . import counters

MOST = 10_000


@dataclass(frozen=True, slots=True)
class Found:
    at: datetime
    purged: Purged


_found: dict[str, Found] = {}


def note(bucket: str, purged: Purged) -> None:
    counters.count(counters.ORPHANED_CHUNKS, purged.chunks)
    _found.pop(bucket, None)
    if len(_found) >= MOST:
        del _found[next(iter(_found))]
    _found[bucket] = Found(datetime.now(UTC), purged)


def last(bucket: str) -> Found | None:
    """None: this process has not looked there, or has no need to."""
    return _found.get(bucket)
