"""What is known of the health of the site. Sizes in bytes, times in seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ..objectstore import Account, BucketStatus, ConnectionFacts, HistoryStatus


class Severity(StrEnum):
    """ERROR: something does not work. WARNING: it works, but not as it should, or not for long. NOTE: good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong. ``code`` is stable (``words`` has its sentences); ``bucket`` "": it is about no single one. ``values`` stand
    in the sentences."""

    code: str
    severity: Severity
    bucket: str = ""
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """This process's index of a bucket. ``memory`` is an estimate. ``pending``: messages that the server has still to deliver; ``silent``:
    since the watch last gave a sign of life, which it does every two seconds. ``readers``: pages and others that follow it."""

    ready: bool
    objects: int
    loaded: int
    expected: int
    memory: int
    pending: int
    silent: float
    readers: int


@dataclass(frozen=True, slots=True)
class Orphans:
    """What was found when this process last looked for chunks that belong to nothing: removed, and left alone in doubt."""

    at: datetime
    chunks: int
    uploads: int
    doubtful: int


@dataclass(frozen=True, slots=True)
class BucketHealth:
    """``status`` None: its stream has no leader; ``replicas``: how many it has, or had when it was last seen, 0 if that is not known.
    ``history_leaderless``: the same of its history. ``behind``: for so long the history has not had all that the bucket has. ``uploads``:
    begun and not finished, with so many bytes stored."""

    name: str
    replicas: int
    status: BucketStatus | None = None
    objects: int | None = None
    history: HistoryStatus | None = None
    history_leaderless: bool = False
    behind: float = 0.0
    index: IndexFacts | None = None
    uploads: int = 0
    upload_bytes: int = 0
    orphans: Orphans | None = None


@dataclass(frozen=True, slots=True)
class ProcessFacts:
    """This process of the site. ``lag``: the longest time in the last minute that the event loop was late; None where nobody measures."""

    version: str
    python: str
    host: str
    pid: int
    up: float
    memory: int
    lag: float | None
    transfers: Mapping[str, int]
    waiting: int
    requests: int
    pages: int
    stopping: bool

    @property
    def moving(self) -> int:
        return sum(self.transfers.values())


@dataclass(frozen=True, slots=True)
class Health:
    """All of it, as it was ``at`` that time; what was asked of NATS may be older than that by ``age``. ``account`` None and ``buckets``
    None: NATS did not tell, for this reason (an error's code); ``uploads_error``: why it did not tell of uploads."""

    at: datetime
    age: float
    connections: tuple[ConnectionFacts, ...]
    account: Account | None
    account_error: str
    buckets: tuple[BucketHealth, ...] | None
    buckets_error: str
    uploads_error: str
    process: ProcessFacts
    findings: tuple[Finding, ...] = ()
