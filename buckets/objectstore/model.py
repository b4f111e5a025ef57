"""The domain's values: what a bucket and an object are. Frozen, plain, without behaviour that needs a server."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum

AWAY_SECONDS = 5.0
DEFAULT_CHUNK_SIZE = 512 * 1024
ADR20_CHUNK_SIZE = 128 * 1024


class Storage(StrEnum):
    FILE = "file"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where in a cluster (of clusters) the bucket's stream may be: servers of this cluster, with all of these tags. Empty: anywhere."""

    cluster: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BucketConfig:
    """What can be asked of a bucket. 0 means "no limit" for ``ttl`` (seconds) and ``max_bytes``. ``unique_names``: whoever uploads for
    people is asked to give every file a name of its own; nothing here does so by itself."""

    name: str
    description: str = ""
    ttl: float = 0.0
    max_bytes: int = 0
    storage: Storage = Storage.FILE
    replicas: int = 1
    compression: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    placement: Placement = Placement()
    unique_names: bool = False


@dataclass(frozen=True, slots=True)
class BucketChange:
    """What to change of a bucket; None leaves it as it is. 0 means "no limit", an empty ``Placement`` anywhere.

    ``metadata`` replaces all of it. ``fast_ingest`` (nats-server 2.14), ``atomic`` (2.12), ``direct`` and ``rollup`` are switched on
    for buckets of clients that did without them; ``rollup`` cannot be switched off. Name and storage are for ever.
    """

    description: str | None = None
    ttl: float | None = None
    max_bytes: int | None = None
    replicas: int | None = None
    compression: bool | None = None
    metadata: Mapping[str, str] | None = None
    placement: Placement | None = None
    unique_names: bool | None = None
    fast_ingest: bool | None = None
    atomic: bool | None = None
    direct: bool | None = None
    rollup: bool | None = None

    def names(self) -> list[str]:
        """What is to be changed."""
        return [one.name for one in fields(self) if getattr(self, one.name) is not None]

    def contents(self) -> bool:
        """Whether it changes what may become of the bucket's contents."""
        return any(value is not None for value in (self.ttl, self.max_bytes, self.fast_ingest, self.atomic, self.rollup))


@dataclass(frozen=True, slots=True)
class Replica:
    """A follower of the bucket's stream; ``lag`` in messages behind the leader; ``silent``: seconds since the leader heard of it, None: it
    has not since it leads."""

    name: str
    current: bool
    offline: bool
    lag: int
    silent: float | None = field(default=0.0, compare=False)

    @property
    def away(self) -> bool:
        """The server is slow to call one offline that was killed."""
        return self.offline or (not self.current and (self.silent is None or self.silent > AWAY_SECONDS))


@dataclass(frozen=True, slots=True)
class StreamState:
    """The state of the bucket's stream as the server reports it. Sizes in bytes, times in UTC.

    ``deleted``: how many messages between the first and the last are gone. ``cluster`` "": the server stands alone. ``max_messages``,
    ``max_per_subject``: limits on numbers of messages, 0 for none; ``discard``: what gives way when a limit is reached, "old" or "new".
    """

    messages: int
    bytes: int
    first_seq: int
    last_seq: int
    first_time: datetime | None
    last_time: datetime | None
    subjects: int
    leader: str
    replicas: tuple[Replica, ...]
    deleted: int = 0
    consumers: int = 0
    cluster: str = ""
    max_messages: int = 0
    max_per_subject: int = 0
    discard: str = "old"


@dataclass(frozen=True, slots=True)
class BucketStatus:
    """A bucket as it is: its configuration, its stream's state and what its stream allows.

    ``fast_ingest``, ``atomic``, ``direct``, ``rollup``: flags of the stream (allow_batched, allow_atomic, allow_direct, allow_rollup_hdrs).
    ``deny_purge``: nothing can be removed from it. ``mirror``: the stream that it is a mirror of, "" for none; ``sources``: the streams
    that it copies from, beside what is written to it. ``max_message``: bytes, headers included, that a message in it may have; 0: no limit
    but the server's. ``time_ns``: when the server said all this, in nanoseconds since 1970 by its clock.
    """

    config: BucketConfig
    stream: StreamState
    created: datetime
    sealed: bool
    fast_ingest: bool
    atomic: bool
    direct: bool
    rollup: bool = True
    deny_purge: bool = False
    async_persistence: bool = False
    mirror: str = ""
    sources: tuple[str, ...] = ()
    max_message: int = 0
    time_ns: int = field(default=0, compare=False)

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


# Asked for a bucket: the nuids of uploads into it that are under way, whose chunks belong to no object yet.
InUse = Callable[[str], Awaitable[Collection[str]]]
