"""What the API answers, as types: the serialisers of ``shapes`` are checked against them, and the OpenAPI document is made of them.

Fields may be added, never renamed. Sizes are bytes, times RFC 3339 in UTC.
"""

from typing import Annotated, Any, Literal, NotRequired, TypeAlias, TypedDict

from ..objectstore import Origin, VersionKind
from .openapi.schema import Format

Time: TypeAlias = Annotated[str, Format("date-time")]
StorageName: TypeAlias = Literal["file", "memory"]
RoleName: TypeAlias = Literal["viewer", "editor", "admin"]


class Failure(TypedDict):
    """Why something was not done."""

    code: Annotated[str, "stable, never renamed"]
    message: Annotated[str, "one sentence for people"]


class Refusal(Failure):
    request_id: NotRequired[Annotated[str, "to be found in the log"]]


class Error(TypedDict):
    error: Refusal


class Replica(TypedDict):
    name: str
    current: bool
    offline: bool
    lag: Annotated[int, "messages behind the leader"]


class Stream(TypedDict):
    """The state of a JetStream stream as the server reports it."""

    messages: int
    bytes: int
    first_seq: int
    last_seq: int
    first_time: Time | None
    last_time: Time | None
    subjects: int
    leader: str
    replicas: list[Replica]
    deleted: Annotated[int, "how many messages between the first and the last are gone"]
    consumers: int
    cluster: Annotated[str, "empty where the server stands alone"]
    max_messages: Annotated[int, "0 is no limit"]
    max_per_subject: Annotated[int, "0 is no limit"]
    discard: Annotated[str, "what gives way when a limit is reached: old or new"]


class Placement(TypedDict):
    cluster: str | None
    tags: list[str]


class History(TypedDict):
    """Without a history only the first six fields are there; where it does not tell now, ``enabled`` is null and ``error`` says why."""

    enabled: bool | None
    kept: NotRequired[Annotated[bool, "there are versions, perhaps of a time when it was enabled"]]
    size_bytes: NotRequired[int]
    max_bytes: NotRequired[Annotated[int | None, "null is no limit"]]
    keep_versions: NotRequired[Annotated[int | None, "null is no such rule"]]
    keep_days: NotRequired[Annotated[float | None, "null is no such rule"]]
    storage: NotRequired[StorageName | None]
    replicas: NotRequired[int | None]
    compression: NotRequired[bool | None]
    since: NotRequired[Time | None]
    lag: NotRequired[Annotated[int | None, "messages that are not copied yet"]]
    error: NotRequired[str | None]
    stream: NotRequired[Stream]


class DescribedHistory(History):
    missed: Annotated[int, "messages that other clients had overwritten before they could be copied"]


class Archive(History):
    """The history of a bucket that is gone."""

    bucket: str
    last: Time | None


class ArchiveList(TypedDict):
    archives: list[Archive]


class Pruned(TypedDict):
    """How many were removed."""

    versions: int
    data: int


class Bucket(TypedDict):
    name: str
    description: str
    ttl_seconds: Annotated[float | None, "null is for ever"]
    max_bytes: Annotated[int | None, "null is no limit"]
    storage: StorageName
    replicas: int
    compression: bool
    metadata: dict[str, str]
    placement: Placement | None
    unique_names: Annotated[bool, "uploads get names of their own, with the time"]
    sealed: Annotated[bool, "read-only for ever"]
    fast_ingest: bool
    atomic: bool
    direct: bool
    rollup: bool
    mirror: Annotated[str | None, "the stream that it is a mirror of"]
    sources: list[str]
    size_bytes: int
    objects: Annotated[int | None, "null while they are being counted"]
    created: Time
    stream: Stream
    history: History
    role: Annotated[RoleName, "yours"]


class BucketList(TypedDict):
    buckets: list[Bucket]


class Target(TypedDict):
    """What a link leads to; without a name the whole bucket."""

    bucket: str
    name: str | None


class Object(TypedDict):
    name: str
    bucket: str
    size: int
    digest: Annotated[str | None, "SHA-256=… in base64url"]
    content_type: str
    modified: Time
    chunks: int
    chunk_size: Annotated[int | None, "bytes"]
    nuid: str
    revision: Annotated[int | None, "the sequence of its metadata in the bucket's stream; null for what is past"]
    description: str
    headers: dict[str, list[str]]
    metadata: dict[str, str]
    deleted: bool
    link: Target | None
    problem: Annotated[str | None, "what is wrong with its metadata or its data"]


class PastObject(Object):
    """An object as it was: ``version`` reads and restores it."""

    version: str


class Version(PastObject):
    kind: VersionKind
    current: bool
    before: Annotated[bool, "it was there before the history was; the time is only a bound"]
    replaced: Annotated[Time | None, "when the next one came"]
    writer: Annotated[str | None, "null where the client did not say"]
    renamed_from: str | None
    renamed_to: Annotated[str | None, "how the old name ended, with the kind rename"]
    origin: Annotated[Origin | None, "what the writer says beyond the kind"]
    place: Annotated[Target | None, "where it was copied or moved from, or moved to; null where you may not see that bucket"]
    restored: Annotated[str | None, "the version that it is again"]


class VersionList(TypedDict):
    versions: Annotated[list[Version], "newest first"]
    more: Annotated[bool, "there are older ones"]


class Folder(TypedDict):
    """All objects whose names begin with ``prefix``, together."""

    prefix: str
    objects: int
    size: int
    modified: Time | None


class ObjectList(TypedDict):
    objects: list[Object]
    prefixes: list[Folder]
    total: int
    cursor: Annotated[str | None, "where the next page begins; null at the end"]


class PastObjectList(TypedDict):
    objects: list[PastObject]
    prefixes: list[Folder]
    total: int
    cursor: Annotated[str | None, "where the next page begins; null at the end"]


class Result(TypedDict):
    """What became of one object; ``object`` is what is there now, where there is something."""

    name: str
    error: Failure | None
    object: Object | None


class ResultList(TypedDict):
    results: Annotated[list[Result], "in the order of the request"]


class BackLink(TypedDict):
    bucket: str
    name: str


class BackLinks(TypedDict):
    links: list[BackLink]
    total: int
    dangling: Annotated[bool | None, "what they lead to is not there; null where you may not know"]


class OwnLink(TypedDict):
    name: str
    link: Target
    dangling: Annotated[bool | None, "what it leads to is not there; null where you may not know"]


class OwnLinks(TypedDict):
    links: list[OwnLink]
    total: int
    more: bool


class Followed(TypedDict):
    bucket: str
    name: str
    error: Failure | None


class FollowedLinks(TypedDict):
    results: list[Followed]
    left: Annotated[int, "how many more there are, for another such request"]


class Rewound(TypedDict):
    """One line for each object as it is done."""

    name: str
    action: Literal["restored", "unchanged", "removed"]
    error: Failure | None


class RewindEnd(TypedDict):
    """The last line."""

    done: bool
    restored: int
    unchanged: int
    removed: int
    failed: int
    error: NotRequired[Annotated[Failure, "why it ended early"]]


class Job(TypedDict):
    """Long work on a bucket. One whose process ended before its time has ``died``."""

    kind: Annotated[str, "orphans, markers, verify or restore: one of each at a time"]
    action: str
    state: Annotated[str, "running, done, failed, cancelled or died"]
    user: str
    started: Time
    ended: Time | None
    done: int
    total: int | None
    done_bytes: int
    total_bytes: int | None
    seconds_left: float | None
    outcome: Annotated[dict[str, Any], "what came of it, by kind; names in problems are percent-encoded"]


class JobList(TypedDict):
    jobs: list[Job]


class Expiring(TypedDict):
    objects: int
    size_bytes: int


class Effects(TypedDict):
    """What a change would do. A number that is null is not known, or of no matter."""

    refusal: Annotated[Failure | None, "why it would not be done, as far as that is known"]
    expiring: Annotated[Expiring | None, "what is older than the new TTL, and goes at once"]
    history_keeps: Annotated[bool, "a history keeps what expires"]
    pruned_versions: Annotated[int | None, "how many old versions the new rules would remove"]
    discarded_bytes: Annotated[int | None, "how much of the history is above its new limit"]
    uncounted: Annotated[bool, "there is too much to be counted"]
