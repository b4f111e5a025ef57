"""Buckets and objects as JSON. Fields may be added, never renamed."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypeAlias

from ..objectstore import Folder, ObjectInfo, Scan, StreamState
from ..services.buckets import BucketView

Json: TypeAlias = dict[str, Any]


def rfc3339(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def bucket_json(view: BucketView) -> Json:
    config = view.status.config
    return {
        "name": config.name,
        "description": config.description,
        "ttl_seconds": _whole(config.ttl) or None,
        "max_bytes": config.max_bytes or None,
        "storage": str(config.storage),
        "replicas": config.replicas,
        "compression": config.compression,
        "metadata": dict(config.metadata),
        "sealed": view.status.sealed,
        "size_bytes": view.status.size_bytes,
        "objects": view.objects,
        "created": rfc3339(view.status.created),
        "stream": _stream_json(view.status.stream),
        "history": {"enabled": False},
        "role": str(view.role),
    }


def object_json(info: ObjectInfo) -> Json:
    return {
        "name": info.name,
        "bucket": info.bucket,
        "size": info.size,
        "digest": info.digest,
        "content_type": info.content_type,
        "modified": rfc3339(info.modified),
        "chunks": info.chunks,
        "chunk_size": info.chunk_size,
        "nuid": info.nuid,
        "revision": info.revision,
        "description": info.description,
        "headers": {key: list(values) for key, values in info.headers.items()},
        "metadata": dict(info.metadata),
        "deleted": info.deleted,
        "link": {"bucket": info.link.bucket, "name": info.link.name} if info.link else None,
        "problem": info.problem,
    }


def list_json(scan: Scan) -> Json:
    return {
        "objects": [object_json(info) for info in scan.objects],
        "prefixes": [_prefix_json(folder) for folder in scan.prefixes],
        "total": scan.total,
        "cursor": scan.cursor,
    }


def _prefix_json(folder: Folder) -> Json:
    return {"prefix": folder.prefix, "objects": folder.objects, "size": folder.size, "modified": rfc3339(folder.modified)}


def _stream_json(state: StreamState) -> Json:
    return asdict(state) | {"first_time": rfc3339(state.first_time), "last_time": rfc3339(state.last_time)}


def _whole(seconds: float) -> float | int:
    return int(seconds) if seconds == int(seconds) else seconds
