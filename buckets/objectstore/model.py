"""The domain's values: what a bucket and an object are. Frozen, plain, without behaviour that needs a server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

DEFAULT_CHUNK_SIZE = 512 * 1024
ADR20_CHUNK_SIZE = 128 * 1024


class Storage(StrEnum):
    FILE = "file"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class BucketConfig:
    """What can be asked of a bucket. 0 means "no limit" for ``ttl`` (seconds) and ``max_bytes``."""

    name: str
    description: str = ""
    ttl: float = 0.0
    max_bytes: int = 0
    storage: Storage = Storage.FILE
    replicas: int = 1
    compression: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Replica:
    """A follower of the bucket's stream; ``lag`` in messages behind the leader."""

    name: str
    current: bool
    offline: bool
    lag: int


@dataclass(frozen=True, slots=True)
class StreamState:
    """The state of the bucket's stream as the server reports it. Sizes in bytes, times in UTC."""

    messages: int
    bytes: int
    first_seq: int
    last_seq: int
    first_time: datetime | None
    last_time: datetime | None
    subjects: int
    leader: str
    replicas: tuple[Replica, ...]


@dataclass(frozen=True, slots=True)
class BucketStatus:
    """A bucket as it is: its configuration, its stream's state and what its stream allows."""

    config: BucketConfig
    stream: StreamState
    created: datetime
    sealed: bool
    fast_ingest: bool
    atomic: bool
    direct: bool

    @property
    def name(self) -> str:
        return self.config.name

    @property
    def size_bytes(self) -> int:
        return self.stream.bytes


@dataclass(frozen=True, slots=True)
class Link:
    """``name`` None: the link is to the whole bucket."""

    bucket: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object's metadata (ADR-20), as read from a bucket that any client may have written to.

    ``modified`` is the time of the metadata message (the ``mtime`` inside is unreliable), ``revision`` its stream sequence.
    ``digest`` is ``SHA-256=`` and padded base64url, None when the writer gave none. ``problem`` says in words what is wrong with
    the metadata, None when nothing is; an object with a problem can be listed and deleted, and read if it is still ``readable``.
    """

    bucket: str
    name: str
    nuid: str
    size: int
    chunks: int
    modified: datetime
    revision: int
    digest: str | None = None
    description: str = ""
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    chunk_size: int | None = None
    deleted: bool = False
    link: Link | None = None
    problem: str | None = None
    readable: bool = True

    def header(self, name: str) -> str:
        """The first value of the header ``name`` in any case, or ""."""
        for key, values in self.headers.items():
            if key.lower() == name.lower() and values:
                return values[0]
        return ""

    @property
    def content_type(self) -> str:
        return self.header("Content-Type")
