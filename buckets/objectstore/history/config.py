"""A history's stream configuration both ways. Pure: values in, values out; what the server reports may be odd and never raises."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ..errors import InvalidBucketConfig
from ..model import BucketStatus, Storage
from ..names import HISTORY_PREFIX, history_stream, stream_name
from ..stream.streamconfig import SERVER_METADATA, stream_state
from ..times import parse_time
from .model import HistoryChange, HistoryConfig, HistoryStatus

# API level 4 is nats-server 2.14: the first that copies roll-up messages as they are.
HISTORY_LEVEL = 4
MAX_REPLICAS = 5
MAX_KEEP_VERSIONS = 1_000_000
MAX_KEEP_DAYS = 36_500.0
SINCE = "nats-files.since"
BUCKET_CREATED = "nats-files.bucket-created"
PREEXISTING = "nats-files.preexisting"
BEGINS_AFTER = "nats-files.begins-after"
COPYING = "nats-files.copying"
COPIED = "nats-files.copied"
KEEP_VERSIONS = "nats-files.keep-versions"
KEEP_DAYS = "nats-files.keep-days"
# So many zeros stand before a number in a transform, at most.
ZEROS = 32


def check_config(config: HistoryConfig, *, alone: bool) -> None:
    """Raises InvalidBucketConfig, in words. alone: there is one server only."""
    if alone and (config.replicas or 1) > 1:
        raise InvalidBucketConfig("This server stands alone: a history has one replica here.")
    if config.replicas is not None and not 1 <= config.replicas <= MAX_REPLICAS:
        raise InvalidBucketConfig(f"A history has 1 to {MAX_REPLICAS} replicas.")
    if config.max_bytes < 0:
        raise InvalidBucketConfig("The history's size limit is a number of bytes, or 0 for no limit.")
    if not 0 <= config.keep_versions <= MAX_KEEP_VERSIONS:
        raise InvalidBucketConfig(f"The number of versions to keep is 1 to {MAX_KEEP_VERSIONS:,}, or 0 for no such rule.")
    if not 0 <= config.keep_days <= MAX_KEEP_DAYS:
        raise InvalidBucketConfig(f"Versions can be kept for up to {MAX_KEEP_DAYS:,.0f} days, or 0 for no such rule.")


def changed(config: HistoryConfig, change: HistoryChange, *, alone: bool) -> HistoryConfig:
    """``config`` with what ``change`` says. Raises InvalidBucketConfig."""
    wanted = {name: value for name in change.__slots__ if (value := getattr(change, name)) is not None}
    result = replace(config, **wanted)
    check_config(result, alone=alone)
    return result


def new_stream(config: HistoryConfig, bucket: BucketStatus) -> dict[str, Any]:
    """The stream that begins to copy ``bucket``."""
    check_config(config, alone=not bucket.stream.cluster)
    wanted: dict[str, Any] = {
        "name": history_stream(bucket.name),
        "description": f"History of the object store bucket {bucket.name}",
        "sources": [{"name": stream_name(bucket.name)}],
        "storage": (config.storage or bucket.config.storage).value,
        "discard": "old",
        "allow_direct": True,
    }
    return wanted | settings(config, bucket.config.replicas) | {"metadata": marks(config, bucket, bucket.stream.last_seq)}


def source_of(bucket: str, start: int, copying: int) -> dict[str, Any]:
    """The source that copies ``bucket`` from the sequence ``start`` on, for the ``copying``-th time (from 0) from its beginning.

    A server goes on where messages of the same source end, told apart by stream, filter and transform. So a bucket that was made anew, and
    counts from 1 again, gets another transform that changes nothing: ``$1`` can be written as ``01``, ``001`` and so on.
    """
    source: dict[str, Any] = {"name": stream_name(bucket), "opt_start_seq": start}
    if copying:
        first, second = ("0" * zeros + str(token) for token, zeros in enumerate(divmod(copying, ZEROS), 1))
        source["subject_transforms"] = [{"src": "$O.*.*.>", "dest": f"$O.{{{{wildcard({first})}}}}.{{{{wildcard({second})}}}}.>"}]
    return source


def settings(config: HistoryConfig, replicas: int) -> dict[str, Any]:
    """What can be changed of it later."""
    return {
        "num_replicas": config.replicas or replicas,
        "compression": "s2" if config.compression else "none",
        "max_bytes": config.max_bytes or -1,
    }


def marks(
    config: HistoryConfig, bucket: BucketStatus, preexisting: int, begins_after: int = 0, copying: int = 0, copied: int = 0
) -> dict[str, str]:
    """The stream's metadata, in which everything about the history is kept that a stream has no setting for.

    preexisting: up to which sequence the bucket was written without a history; begins_after: the last sequence of what was copied from
    buckets of the same name before this one; copying: see ``source_of``; copied: see ``copied_mark``.
    """
    began = {
        SINCE: datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        BUCKET_CREATED: bucket.created.isoformat(),
        PREEXISTING: str(preexisting),
        BEGINS_AFTER: str(begins_after),
        COPYING: str(copying),
    }
    return began | {COPIED: _copied_text(copied, began)} | rules(config)


def rules(config: HistoryConfig) -> dict[str, str]:
    return {KEEP_VERSIONS: str(config.keep_versions), KEEP_DAYS: f"{config.keep_days:g}"}


def is_history(info: Mapping[str, Any]) -> bool:
    return str(info.get("config", {}).get("name", "")).startswith(HISTORY_PREFIX)


def own_metadata(config: Mapping[str, Any]) -> dict[str, str]:
    """The stream's metadata without the server's own keys."""
    metadata = config.get("metadata") or {}
    return {str(key): str(value) for key, value in metadata.items() if not str(key).startswith(SERVER_METADATA)}


def history_status(info: Mapping[str, Any]) -> HistoryStatus:
    """A stream info answer as a history's status."""
    config = info["config"]
    metadata = own_metadata(config)
    sources = [source for source in info.get("sources") or [] if isinstance(source, dict)]
    first = sources[0] if sources else {}
    return HistoryStatus(
        bucket=str(config["name"]).removeprefix(HISTORY_PREFIX),
        config=HistoryConfig(
            storage=Storage.MEMORY if config.get("storage") == "memory" else Storage.FILE,
            replicas=_number(config.get("num_replicas"), 1),
            compression=config.get("compression", "none") != "none",
            max_bytes=max(0, _number(config.get("max_bytes"), 0)),
            keep_versions=_number(metadata.get(KEEP_VERSIONS), 0),
            keep_days=_days(metadata.get(KEEP_DAYS)),
        ),
        enabled=bool(config.get("sources")),
        stream=stream_state(info),
        since=parse_time(metadata.get(SINCE)),
        lag=_number(first.get("lag"), 0),
        error=str((first.get("error") or {}).get("description", "")),
        bucket_created=metadata.get(BUCKET_CREATED, ""),
        preexisting=_number(metadata.get(PREEXISTING), 0),
        created=str(info.get("created", "")),
    )


def begins_after(config: Mapping[str, Any]) -> int:
    """What this history has up to here is of a bucket that is gone."""
    return _number(own_metadata(config).get(BEGINS_AFTER), 0)


def copied_mark(config: Mapping[str, Any]) -> int:
    """Up to which sequence of the bucket all was copied when something was last removed from the end of the history. 0 for a mark that was
    made for another bucket of that name."""
    metadata = own_metadata(config)
    copied = _number(metadata.get(COPIED, "").partition(" ")[0], 0)
    return copied if metadata.get(COPIED) == _copied_text(copied, metadata) else 0


def with_mark(config: Mapping[str, Any], copied: int) -> dict[str, Any]:
    """The configuration with another ``copied_mark``."""
    metadata = own_metadata(config)
    return {**config, "metadata": metadata | {COPIED: _copied_text(copied, metadata)}}


def _copied_text(copied: int, metadata: Mapping[str, str]) -> str:
    """The mark with what it is true of: this bucket, copied from where the last one ended."""
    return f"{copied} {metadata.get(BEGINS_AFTER, '')} {metadata.get(BUCKET_CREATED, '')}"


def epoch(config: Mapping[str, Any]) -> tuple[str, ...]:
    """What is different when it copies another bucket, or one anew."""
    metadata = own_metadata(config)
    return metadata.get(BUCKET_CREATED, ""), metadata.get(BEGINS_AFTER, "")


def resumed_at(config: Mapping[str, Any]) -> str:
    """When it was last switched on; no two times are the same."""
    return own_metadata(config).get(SINCE, "")


def copying(config: Mapping[str, Any]) -> int:
    """For the how many-th time (from 0) it copies from a bucket's beginning; see ``source_of``."""
    return max(0, _number(own_metadata(config).get(COPYING), 0))


def _number(value: object, default: int) -> int:
    try:
        return int(str(value))
    except ValueError:
        return default


def _days(value: object) -> float:
    try:
        days = float(str(value))
    except ValueError:
        return 0.0
    return days if 0 <= days <= MAX_KEEP_DAYS else 0.0
