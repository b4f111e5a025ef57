"""The values of a bucket's history."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ..errors import ObjectStoreError
from ..model import Link, ObjectInfo, Storage, StreamState


@dataclass(frozen=True, slots=True)
class HistoryConfig:
    """What can be asked of a history. ``storage``, ``replicas`` None: as the bucket has. ``max_bytes`` 0: no limit, else the oldest goes.

    A version that has been replaced is kept while it is among the newest ``keep_versions`` of its object or was replaced less than
    ``keep_days`` days ago. A rule that is 0 keeps nothing by itself; both 0 keep everything.
    """

    storage: Storage | None = None
    replicas: int | None = None
    compression: bool = False
    max_bytes: int = 0
    keep_versions: int = 0
    keep_days: float = 0.0


@dataclass(frozen=True, slots=True)
class HistoryChange:
    """What to change of a history; None leaves it as it is. The storage is for ever."""

    replicas: int | None = None
    compression: bool | None = None
    max_bytes: int | None = None
    keep_versions: int | None = None
    keep_days: float | None = None


@dataclass(frozen=True, slots=True)
class HistoryStatus:
    """A history as it is.

    ``enabled``: it copies what is written; else it is what was kept when it was switched off, or of a bucket that is gone. ``since``: when
    it was last switched on. ``lag``: messages of the bucket that are still to be copied, as far as the server knows; ``error``: why it does
    not copy, in the server's words.
    """

    bucket: str
    config: HistoryConfig
    enabled: bool
    stream: StreamState
    since: datetime | None
    lag: int
    error: str
    bucket_created: str
    preexisting: int
    created: str = ""

    @property
    def removed(self) -> int:
        """How many messages have been removed from it: what was computed before is no longer true when that changes."""
        return self.stream.last_seq - self.stream.messages

    @property
    def size_bytes(self) -> int:
        return self.stream.bytes


class VersionKind(StrEnum):
    """RENAME: it came by a rename, or (``info.deleted``) it is how the old name ended."""

    PUT = "put"
    METADATA = "metadata"
    RENAME = "rename"
    DELETE = "delete"
    LINK = "link"


class Origin(StrEnum):
    """What its writer says of a version beyond its kind. MOVED: from or (a deletion) to another bucket. EXPIRED: the server says that."""

    RESTORED = "restored"
    COPIED = "copied"
    MOVED = "moved"
    EDITED = "edited"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Version:
    """One state of an object. ``id`` tells it from the others in this history, for as long as that exists.

    ``info.modified`` is when it was written; with ``before`` it was there when the history was switched on, and only that is sure:
    it was written before then. ``current``: it is what the bucket has now. ``replaced``: when the next one came. ``writer``: who
    wrote it, "" for writers that do not say so (other clients). ``renamed_from``: the name it had, for a rename, where that is known;
    ``renamed_to``: the name that it has got, for the end of the old name. ``info.name`` is the name that the object had then.
    ``origin``: see there; ``place``: where it was copied or moved from, or (a deletion) moved to; ``restored``: which version it is again.
    ``complete``: all of its data is there; False where another client purged it before it was copied, or a limit made it go.
    """

    id: str
    info: ObjectInfo
    kind: VersionKind
    current: bool
    before: bool
    replaced: datetime | None
    writer: str
    renamed_from: str
    complete: bool = True
    renamed_to: str = ""
    origin: Origin | None = None
    place: Link | None = None
    restored: str = ""


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of one object when a moment was restored; ``error`` None: ``action`` was done ("unchanged", "restored" or "removed")."""

    name: str
    action: str
    error: ObjectStoreError | None = None


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed: versions (metadata messages), and the data of so many uploads, abandoned ones among them."""

    versions: int = 0
    data: int = 0
