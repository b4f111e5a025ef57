"""What ``/health`` answers, as types. Sizes are bytes, times of a span seconds."""

from typing import Annotated, Literal, TypedDict

from .answers import Stream, Time


class Finding(TypedDict):
    """Something that is wrong, and what to do about it."""

    code: Annotated[str, "stable, never renamed"]
    severity: Literal["error", "warning", "note"]
    bucket: Annotated[str | None, "which one it is about"]
    message: Annotated[str, "what is wrong"]
    advice: Annotated[str, "what to do"]


class Connection(TypedDict):
    """One of the site's connections to NATS."""

    purpose: Annotated[str, "control for small requests, bulk for data, watch for changes"]
    connected: bool
    server: str
    version: str
    cluster: Annotated[str, "empty where the server stands alone"]
    address: str
    known_servers: int
    tls: bool
    reconnects: int
    round_trip: Annotated[float | None, "of a ping; null when it was not answered"]
    error: Annotated[str, "why it is away, empty when it is not"]


class Tier(TypedDict):
    """What the NATS account uses of JetStream. A limit of null is none."""

    name: Annotated[str, "R1, R3 and so on; empty for an account without tiers"]
    storage: int
    memory: int
    streams: int
    consumers: int
    max_storage: int | None
    max_memory: int | None
    max_streams: int | None
    max_consumers: int | None


class Index(TypedDict):
    """The list of a bucket that this process has in memory."""

    ready: bool
    objects: int
    memory: Annotated[int, "estimated"]
    pending: Annotated[int, "messages on their way to it"]
    silent: Annotated[float, "since its watch last gave a sign of life"]
    readers: int


class HistoryHealth(TypedDict):
    enabled: bool
    pending: Annotated[int, "messages that are still to be copied"]
    behind: Annotated[float, "for so long it has not been complete"]
    error: str
    stream: Stream


class BucketHealth(TypedDict):
    name: str
    has_leader: bool
    replicas: Annotated[int | None, "how many copies it should have; null if that is not known"]
    objects: int | None
    stream: Annotated[Stream | None, "null without a leader"]
    history: HistoryHealth | None
    history_has_leader: bool
    index: Annotated[Index | None, "null when nobody has looked at the bucket for a while"]
    uploads: Annotated[int, "begun and not finished"]
    upload_bytes: int


class Transfers(TypedDict):
    upload: int
    download: int
    archive: int
    read: int
    waiting: int


class Process(TypedDict):
    """The process of the site that answers."""

    version: str
    python: str
    host: str
    pid: int
    up: float
    memory: int
    loop_lag: Annotated[float | None, "the longest time in the last minute that it was late"]
    transfers: Transfers
    requests: int
    pages: Annotated[int, "open WebSockets"]
    stopping: bool


class Health(TypedDict):
    at: Time
    age: Annotated[float, "how old what is said of the buckets is"]
    findings: list[Finding]
    connections: list[Connection]
    jetstream: Annotated[list[Tier] | None, "null when it does not tell"]
    buckets: Annotated[list[BucketHealth] | None, "null when they cannot be listed"]
    process: Process
