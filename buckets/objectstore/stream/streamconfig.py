"""A bucket's stream configuration both ways (ADR-20), and what of it can be changed. Pure: values in, values out.

What the server reports may come from any client and any version: a field that is missing or odd gets its default and never raises.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ..errors import BucketSealed, InvalidBucketConfig
from ..model import BucketChange, BucketConfig, BucketStatus, Placement, Replica, Storage, StreamState
from ..names import (
    BUCKET_NAME,
    MAX_BUCKET_NAME,
    STREAM_PREFIX,
    bucket_of_stream,
    check_bucket_name,
    chunk_wildcard,
    metadata_wildcard,
    stream_name,
)
from ..times import NANOSECONDS, parse_time, parse_time_ns

MIN_TTL = 0.1
MAX_TTL = (2**63 - 1) // NANOSECONDS
MAX_BYTES = 2**63 - 1
MAX_REPLICAS = 5
MAX_DESCRIPTION = 4096
MAX_STREAM_METADATA = 128 * 1024
SERVER_METADATA = "_nats."
# What a stream has no setting for is kept in its metadata, and is no part of what users see of that.
OWN_METADATA = "nats-files."
UNIQUE_NAMES = f"{OWN_METADATA}unique-names"
# Fast ingest came with nats-server 2.14 (API level 4), atomic batches with 2.12 (API level 2); older ones refuse or ignore the fields.
FAST_INGEST_LEVEL = 4
ATOMIC_LEVEL = 2


def check_config(config: BucketConfig) -> None:
    """Refuse in words what the server would refuse, before it is asked."""
    check_bucket_name(config.name)
    check_change(change_to(config))


def check_change(change: BucketChange) -> None:
    """Raises ``InvalidBucketConfig`` for values that no bucket can have."""
    if change.ttl and not MIN_TTL <= change.ttl <= MAX_TTL:
        raise InvalidBucketConfig(f"Objects can be kept for {MIN_TTL} seconds at least, or for ever (0).")
    if change.max_bytes is not None and not 0 <= change.max_bytes <= MAX_BYTES:
        raise InvalidBucketConfig("The size limit is a number of bytes, or 0 for no limit.")
    if change.replicas is not None and not 1 <= change.replicas <= MAX_REPLICAS:
        raise InvalidBucketConfig(f"A bucket has 1 to {MAX_REPLICAS} replicas.")
    if change.rollup is False:
        raise InvalidBucketConfig("A bucket needs roll-up headers (allow_rollup_hdrs): they cannot be switched off.")
    _check_texts(change)


def _check_texts(change: BucketChange) -> None:
    try:
        if len((change.description or "").encode()) > MAX_DESCRIPTION:
            raise InvalidBucketConfig(f"The description is too long: {MAX_DESCRIPTION:,} bytes is the limit.")
        metadata = change.metadata or {}
        if sum(len(key.encode()) + len(value.encode()) for key, value in metadata.items()) > MAX_STREAM_METADATA:
            raise InvalidBucketConfig(f"The metadata is too long: {MAX_STREAM_METADATA // 1024} KiB is the limit.")
    except UnicodeEncodeError:
        raise InvalidBucketConfig("The description or the metadata is not valid Unicode text.") from None
    for prefix, owner in ((SERVER_METADATA, "the server"), (OWN_METADATA, "NATS Files")):
        if any(key.startswith(prefix) for key in metadata):
            raise InvalidBucketConfig(f"Metadata keys that begin with {prefix} are {owner}'s own.")


def change_to(config: BucketConfig) -> BucketChange:
    """The change that makes a bucket what ``config`` says. (Fast ingest and atomic batches stay as they are.)"""
    return BucketChange(
        description=config.description,
        ttl=config.ttl,
        max_bytes=config.max_bytes,
        replicas=config.replicas,
        compression=config.compression,
        metadata=config.metadata,
        placement=config.placement,
        unique_names=config.unique_names,
    )


def stream_config(config: BucketConfig, api_level: int) -> dict[str, Any]:
    """The stream configuration that makes the bucket (ADR-20, with fast ingest and atomic batches where the server has them)."""
    wanted: dict[str, Any] = {
        "name": stream_name(config.name),
        "subjects": [chunk_wildcard(config.name), metadata_wildcard(config.name)],
        "storage": config.storage.value,
        "discard": "new",
        "allow_rollup_hdrs": True,
        "allow_direct": True,
    }
    _overlay(wanted, change_to(config))
    if api_level >= ATOMIC_LEVEL:
        wanted["allow_atomic"] = True
    if api_level >= FAST_INGEST_LEVEL:
        wanted["allow_batched"] = True
    return wanted


def changed_config(info: Mapping[str, Any], change: BucketChange, api_level: int) -> dict[str, Any]:
    """The stream configuration of ``info`` (a stream info answer) with ``change`` in it; all else in it is kept, known here or not.

    api_level: the server's. Raises InvalidBucketConfig and BucketSealed for what the server would refuse, or take to nobody's good.
    """
    status = bucket_status(info)
    _check_possible(status, change, api_level, alone=not _map(info, "cluster").get("name"))
    wanted = dict(_map(info, "config"))
    wanted["metadata"] = _kept_metadata(wanted)  # without the server's own, which it adds anew
    _overlay(wanted, change)
    return wanted


def same_config(wanted: Mapping[str, Any], info: Mapping[str, Any]) -> bool:
    """Whether the stream of ``info`` has the configuration ``wanted`` already."""
    config = dict(_map(info, "config"))
    config["metadata"] = _kept_metadata(config)
    return config == wanted


def sealed_config(info: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration that seals the stream; the server adds what follows from it (no TTL, no purge, no roll-up)."""
    return dict(_map(info, "config")) | {"sealed": True, "metadata": _kept_metadata(_map(info, "config"))}


def _overlay(wanted: dict[str, Any], change: BucketChange) -> None:
    if change.description is not None:
        wanted["description"] = change.description
    if change.max_bytes is not None:
        wanted["max_bytes"] = change.max_bytes or -1
    if change.replicas is not None:
        wanted["num_replicas"] = change.replicas
    if change.compression is not None:
        wanted["compression"] = "s2" if change.compression else "none"
    if change.ttl is not None:
        _overlay_ttl(wanted, round(change.ttl * NANOSECONDS))
    if change.placement is not None:
        _overlay_placement(wanted, change.placement)
    _overlay_metadata(wanted, change)
    _overlay_flags(wanted, change)


def _overlay_metadata(wanted: dict[str, Any], change: BucketChange) -> None:
    metadata: dict[str, str] = wanted.get("metadata", {})
    own = {key: value for key, value in metadata.items() if key.startswith(OWN_METADATA)}
    users = {key: value for key, value in metadata.items() if key not in own} if change.metadata is None else dict(change.metadata)
    if change.unique_names is not None:
        own.pop(UNIQUE_NAMES, None)
    if change.unique_names:
        own[UNIQUE_NAMES] = "true"
    wanted["metadata"] = users | own


def _overlay_ttl(wanted: dict[str, Any], max_age: int) -> None:
    """The window for duplicates may not be longer than the TTL, so it shrinks with it, as when a stream is made."""
    wanted["max_age"] = max_age
    if max_age and _number(wanted, "duplicate_window") > max_age:
        wanted["duplicate_window"] = max_age


def _overlay_placement(wanted: dict[str, Any], placement: Placement) -> None:
    wanted.pop("placement", None)
    asked: dict[str, Any] = {}
    if placement.cluster:
        asked["cluster"] = placement.cluster
    if placement.tags:
        asked["tags"] = list(placement.tags)
    if asked:
        wanted["placement"] = asked


def _overlay_flags(wanted: dict[str, Any], change: BucketChange) -> None:
    """What is off is left out: a server that does not know the flag refuses to read its name."""
    flags = {
        "allow_batched": change.fast_ingest,
        "allow_atomic": change.atomic,
        "allow_direct": change.direct,
        "allow_rollup_hdrs": change.rollup,
    }
    for name, on in flags.items():
        if on is not None:
            wanted.pop(name, None)
        if on:
            wanted[name] = True


def _check_possible(status: BucketStatus, change: BucketChange, api_level: int, *, alone: bool) -> None:
    if status.sealed and change.contents():
        raise BucketSealed(
            f"The bucket {status.name!r} is sealed for ever. "
            "Only its description, metadata, compression, replicas and placement can be changed."
        )
    if change.max_bytes and change.max_bytes != status.config.max_bytes and change.max_bytes < status.size_bytes:
        raise InvalidBucketConfig(
            f"The size limit of {change.max_bytes:,} bytes is below the {status.size_bytes:,} bytes that the bucket holds. "
            "Delete something first, or choose a higher limit."
        )
    if alone and change.replicas is not None and change.replicas > max(1, status.config.replicas):
        raise InvalidBucketConfig(f"{change.replicas} replicas need {change.replicas} NATS servers in a cluster; this one stands alone.")
    if alone and change.placement is not None and change.placement not in (Placement(), status.config.placement):
        raise InvalidBucketConfig("A placement needs NATS servers in a cluster; this one stands alone.")
    scaled = change.replicas not in (None, status.config.replicas)
    if scaled and change.placement not in (None, Placement(), status.config.placement):
        raise InvalidBucketConfig("NATS cannot move a bucket and change its number of replicas at once: make one change after the other.")
    _check_flags(status, change, api_level)


def _check_flags(status: BucketStatus, change: BucketChange, api_level: int) -> None:
    if change.fast_ingest and not status.fast_ingest and api_level < FAST_INGEST_LEVEL:
        raise InvalidBucketConfig("Fast ingest needs nats-server 2.14 or later.")
    if change.atomic and not status.atomic and api_level < ATOMIC_LEVEL:
        raise InvalidBucketConfig("Atomic batches need nats-server 2.12 or later.")
    if change.atomic and status.async_persistence:
        raise InvalidBucketConfig("The bucket's stream persists asynchronously (persist_mode), which excludes atomic batches.")
    if change.rollup and status.deny_purge:
        raise InvalidBucketConfig("The bucket's stream refuses purges for ever (deny_purge), and roll-up headers with them.")
    if status.mirror and (change.fast_ingest or change.atomic):
        raise InvalidBucketConfig(f"The bucket is a mirror of {status.mirror!r}: nothing can be written to it.")


def bucket_status(info: Mapping[str, Any]) -> BucketStatus:
    """A stream info answer as a bucket's status."""
    config = _map(info, "config")
    return BucketStatus(
        config=_bucket_config(config),
        stream=stream_state(info),
        created=parse_time(info.get("created")) or datetime.fromtimestamp(0, UTC),
        sealed=config.get("sealed") is True,
        fast_ingest=config.get("allow_batched") is True,
        atomic=config.get("allow_atomic") is True,
        direct=config.get("allow_direct") is True,
        rollup=config.get("allow_rollup_hdrs") is True,
        deny_purge=config.get("deny_purge") is True,
        async_persistence=config.get("persist_mode") == "async",
        mirror=_text(_map(config, "mirror"), "name"),
        sources=tuple(_text(source, "name") for source in _maps(config, "sources")),
        max_message=max(0, _number(config, "max_msg_size")),
        time_ns=parse_time_ns(info.get("ts")) or time.time_ns(),
    )


def _bucket_config(config: Mapping[str, Any]) -> BucketConfig:
    placement = _map(config, "placement")
    tags = placement.get("tags")
    return BucketConfig(
        name=bucket_of_stream(_text(config, "name")),
        description=_text(config, "description"),
        ttl=max(0, _number(config, "max_age")) / NANOSECONDS,
        max_bytes=max(0, _number(config, "max_bytes")),
        storage=Storage.MEMORY if config.get("storage") == "memory" else Storage.FILE,
        replicas=max(1, _number(config, "num_replicas")),
        compression=_text(config, "compression") not in ("", "none"),
        metadata={key: value for key, value in _kept_metadata(config).items() if not key.startswith(OWN_METADATA)},
        placement=Placement(
            _text(placement, "cluster"), tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()
        ),
        unique_names=_map(config, "metadata").get(UNIQUE_NAMES) == "true",
    )


def _kept_metadata(config: Mapping[str, Any]) -> dict[str, str]:
    """Without the server's own."""
    metadata = _map(config, "metadata")
    return {key: value for key, value in metadata.items() if isinstance(value, str) and not key.startswith(SERVER_METADATA)}


def stream_state(info: Mapping[str, Any]) -> StreamState:
    """The state in a stream info answer, of any stream."""
    state, cluster, config = _map(info, "state"), _map(info, "cluster"), _map(info, "config")
    return StreamState(
        messages=_number(state, "messages"),
        bytes=_number(state, "bytes"),
        first_seq=_number(state, "first_seq"),
        last_seq=_number(state, "last_seq"),
        first_time=parse_time(state.get("first_ts")),
        last_time=parse_time(state.get("last_ts")),
        subjects=_number(state, "num_subjects"),
        deleted=_number(state, "num_deleted"),
        consumers=_number(state, "consumer_count"),
        cluster=_text(cluster, "name"),
        leader=_text(cluster, "leader"),
        replicas=tuple(_replica(replica) for replica in _maps(cluster, "replicas")),
        max_messages=max(0, _number(config, "max_msgs")),
        max_per_subject=max(0, _number(config, "max_msgs_per_subject")),
        discard="new" if config.get("discard") == "new" else "old",
    )


def _replica(replica: Mapping[str, Any]) -> Replica:
    return Replica(
        name=_text(replica, "name"),
        current=replica.get("current") is True,
        offline=replica.get("offline") is True,
        lag=_number(replica, "lag"),
        silent=max(0, _number(replica, "active")) / NANOSECONDS or None,
    )


def is_bucket(info: Mapping[str, Any]) -> bool:
    config = _map(info, "config")
    name = _text(config, "name")
    bucket = bucket_of_stream(name)
    subjects = config.get("subjects") or []
    named_like_one = name.startswith(STREAM_PREFIX) and BUCKET_NAME.match(bucket) and len(bucket) <= MAX_BUCKET_NAME
    return bool(named_like_one) and isinstance(subjects, list) and metadata_wildcard(bucket) in subjects


def _map(fields: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = fields.get(key)
    return value if isinstance(value, dict) else {}


def _maps(fields: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = fields.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(fields: Mapping[str, Any], key: str) -> str:
    value = fields.get(key)
    return value if isinstance(value, str) else ""


def _number(fields: Mapping[str, Any], key: str) -> int:
    value = fields.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
