"""Buckets as streams (ADR-20): their configuration both ways, and creating, listing, asking and deleting them."""

import re
from datetime import UTC, datetime
from typing import Any

from .errors import BucketExists, BucketNotFound, InvalidBucketConfig
from .jetstream import JetStream
from .model import BucketConfig, BucketStatus, Replica, Storage, StreamState
from .names import (
    BUCKET_NAME,
    MAX_BUCKET_NAME,
    STREAM_PREFIX,
    bucket_of_stream,
    check_bucket_name,
    chunk_wildcard,
    metadata_wildcard,
    stream_name,
)

NANOSECONDS = 1_000_000_000
MIN_TTL = 0.1
MAX_REPLICAS = 5
MAX_DESCRIPTION = 4096
MAX_STREAM_METADATA = 128 * 1024
SERVER_METADATA = "_nats."
# Fast ingest came with nats-server 2.14 (API level 4), atomic batches with 2.12 (API level 2); older ones refuse or ignore the fields.
FAST_INGEST_LEVEL = 4
ATOMIC_LEVEL = 2


class Streams:
    def __init__(self, js: JetStream) -> None:
        self._js = js

    async def create(self, config: BucketConfig) -> BucketStatus:
        """Raises InvalidBucketName, InvalidBucketConfig, BucketExists (whatever its settings), BucketFull (no room in the account)."""
        check_config(config)
        if await self._exists(config.name):  # the server takes a creation with equal settings for a success
            raise BucketExists(f"A bucket {config.name!r} exists already.")
        wanted = stream_config(config, await self._api_level())
        return bucket_status(await self._js.api(f"STREAM.CREATE.{stream_name(config.name)}", wanted, about=config.name))

    async def _exists(self, bucket: str) -> bool:
        try:
            await self._js.api(f"STREAM.INFO.{stream_name(bucket)}", about=bucket)
        except BucketNotFound:
            return False
        return True

    async def status(self, bucket: str) -> BucketStatus:
        """Raises BucketNotFound, also for a stream of the right name that is no bucket."""
        check_bucket_name(bucket)
        answer = await self._js.api(f"STREAM.INFO.{stream_name(bucket)}", about=bucket)
        if not _is_bucket(answer):
            raise BucketNotFound(f"There is no bucket {bucket!r}.")
        return bucket_status(answer)

    async def list(self) -> list[BucketStatus]:
        """All buckets by name."""
        found: list[BucketStatus] = []
        offset = 0
        while True:
            answer = await self._js.api("STREAM.LIST", {"subject": "$O.*.C.>", "offset": offset})
            streams = answer.get("streams") or []
            found += [bucket_status(info) for info in streams if _is_bucket(info)]
            offset += len(streams)
            if not streams or offset >= int(answer.get("total", 0)):
                return sorted(found, key=lambda status: status.name)

    async def delete(self, bucket: str) -> None:
        """The bucket and everything in it. Raises BucketNotFound."""
        await self.status(bucket)
        await self._js.api(f"STREAM.DELETE.{stream_name(bucket)}", about=bucket)

    async def messages(self, bucket: str, subject: str) -> int:
        """How many messages the leader has on ``subject`` (a literal one); 0 when the bucket is gone."""
        try:
            answer = await self._js.api(f"STREAM.INFO.{stream_name(bucket)}", {"subjects_filter": subject}, about=bucket)
        except BucketNotFound:
            return 0
        subjects = answer.get("state", {}).get("subjects") or {}
        return int(subjects.get(subject, 0))

    async def purge(self, bucket: str, subject: str) -> None:
        """Remove all messages on ``subject``; harmless when there are none or the bucket is gone."""
        try:
            await self._js.api(f"STREAM.PURGE.{stream_name(bucket)}", {"filter": subject}, about=bucket)
        except BucketNotFound:
            return

    async def _api_level(self) -> int:
        answer = await self._js.api("INFO")
        level = answer.get("api", {}).get("level", 0)
        return level if isinstance(level, int) else 0


def check_config(config: BucketConfig) -> None:
    """Refuse in words what the server would refuse, before it is asked."""
    check_bucket_name(config.name)
    if config.ttl and config.ttl < MIN_TTL:
        raise InvalidBucketConfig(f"Objects can be kept for {MIN_TTL} seconds at least, or for ever (0).")
    if config.max_bytes < 0:
        raise InvalidBucketConfig("The size limit is a number of bytes, or 0 for no limit.")
    if not 1 <= config.replicas <= MAX_REPLICAS:
        raise InvalidBucketConfig(f"A bucket has 1 to {MAX_REPLICAS} replicas.")
    if len(config.description.encode()) > MAX_DESCRIPTION:
        raise InvalidBucketConfig(f"The description is too long: {MAX_DESCRIPTION:,} bytes is the limit.")
    if sum(len(key) + len(value) for key, value in config.metadata.items()) > MAX_STREAM_METADATA:
        raise InvalidBucketConfig(f"The metadata is too long: {MAX_STREAM_METADATA // 1024} KiB is the limit.")


def stream_config(config: BucketConfig, api_level: int) -> dict[str, Any]:
    """The stream configuration that makes the bucket (ADR-20, with fast ingest and atomic batches where the server has them)."""
    wanted: dict[str, Any] = {
        "name": stream_name(config.name),
        "description": config.description,
        "subjects": [chunk_wildcard(config.name), metadata_wildcard(config.name)],
        "max_age": round(config.ttl * NANOSECONDS),
        "max_bytes": config.max_bytes or -1,
        "storage": config.storage.value,
        "num_replicas": config.replicas,
        "compression": "s2" if config.compression else "none",
        "discard": "new",
        "allow_rollup_hdrs": True,
        "allow_direct": True,
        "metadata": dict(config.metadata),
    }
    if api_level >= ATOMIC_LEVEL:
        wanted["allow_atomic"] = True
    if api_level >= FAST_INGEST_LEVEL:
        wanted["allow_batched"] = True
    return wanted


def bucket_status(info: dict[str, Any]) -> BucketStatus:
    """A stream info answer as a bucket's status."""
    config, state, cluster = info["config"], info["state"], info.get("cluster") or {}
    metadata = config.get("metadata") or {}
    max_bytes = int(config.get("max_bytes", -1))
    return BucketStatus(
        config=BucketConfig(
            name=bucket_of_stream(config["name"]),
            description=str(config.get("description", "")),
            ttl=int(config.get("max_age", 0)) / NANOSECONDS,
            max_bytes=max(0, max_bytes),
            storage=Storage(config.get("storage", "file")),
            replicas=int(config.get("num_replicas", 1)),
            compression=config.get("compression", "none") != "none",
            metadata={key: value for key, value in metadata.items() if not key.startswith(SERVER_METADATA)},
        ),
        stream=StreamState(
            messages=int(state.get("messages", 0)),
            bytes=int(state.get("bytes", 0)),
            first_seq=int(state.get("first_seq", 0)),
            last_seq=int(state.get("last_seq", 0)),
            first_time=parse_time(state.get("first_ts")),
            last_time=parse_time(state.get("last_ts")),
            subjects=int(state.get("num_subjects", 0)),
            leader=str(cluster.get("leader", "")),
            replicas=tuple(_replica(replica) for replica in cluster.get("replicas") or ()),
        ),
        created=parse_time(info.get("created")) or datetime.fromtimestamp(0, UTC),
        sealed=bool(config.get("sealed", False)),
        fast_ingest=bool(config.get("allow_batched", False)),
        atomic=bool(config.get("allow_atomic", False)),
        direct=bool(config.get("allow_direct", False)),
    )


def _replica(replica: dict[str, Any]) -> Replica:
    return Replica(
        name=str(replica.get("name", "")),
        current=bool(replica.get("current", False)),
        offline=bool(replica.get("offline", False)),
        lag=int(replica.get("lag", 0)),
    )


def _is_bucket(info: dict[str, Any]) -> bool:
    config = info.get("config", {})
    name = str(config.get("name", ""))
    bucket = bucket_of_stream(name)
    subjects = config.get("subjects") or []
    named_like_one = name.startswith(STREAM_PREFIX) and BUCKET_NAME.match(bucket) and len(bucket) <= MAX_BUCKET_NAME
    return bool(named_like_one) and metadata_wildcard(bucket) in subjects


_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)\Z")


def parse_time(text: object) -> datetime | None:
    """RFC 3339 as Go writes it (up to nine decimals) as a UTC time to the microsecond; None for Go's zero time and for nonsense."""
    found = _TIME.match(text) if isinstance(text, str) else None
    if found is None or found[1].startswith("0001-"):
        return None
    zone = "+00:00" if found[3] == "Z" else found[3]
    decimals = (found[2] or "0").ljust(6, "0")[:6]
    return datetime.fromisoformat(f"{found[1]}.{decimals}{zone}").astimezone(UTC)


def parse_time_ns(text: object) -> int:
    """RFC 3339 as nanoseconds since 1970; 0 for nonsense."""
    found = _TIME.match(text) if isinstance(text, str) else None
    moment = parse_time(text)
    if found is None or moment is None:
        return 0
    return int(moment.replace(microsecond=0).timestamp()) * NANOSECONDS + int((found[2] or "0").ljust(9, "0"))
