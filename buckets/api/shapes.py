"""Buckets and objects as JSON. Fields may be added, never renamed."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypeAlias

from ..objectstore import Folder, HistoryStatus, ObjectInfo, Placement, Scan, StreamState, Version
from ..services.buckets import BucketView
from ..services.bulk import Result
from ..services.damaged import problem
from ..services.together import Stored
from ..services.versions import VersionList, version_of
from .errors import describe

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
        "placement": _placement_json(config.placement),
        "unique_names": config.unique_names,
        "sealed": view.status.sealed,
        "fast_ingest": view.status.fast_ingest,
        "atomic": view.status.atomic,
        "direct": view.status.direct,
        "rollup": view.status.rollup,
        "mirror": view.status.mirror or None,
        "sources": list(view.status.sources),
        "size_bytes": view.status.size_bytes,
        "objects": view.objects,
        "created": rfc3339(view.status.created),
        "stream": _stream_json(view.status.stream),
        "history": {"enabled": None, "error": view.history_error} if view.history_error else history_json(view.history),
        "role": str(view.role),
    }


def history_json(status: HistoryStatus | None) -> Json:
    """``kept``: there are versions, perhaps of a time when it was enabled. A limit of null is none."""
    if status is None:
        return {"enabled": False, "kept": False, "size_bytes": 0, "max_bytes": None, "keep_versions": None, "keep_days": None}
    config = status.config
    return {
        "enabled": status.enabled,
        "kept": True,
        "size_bytes": status.size_bytes,
        "max_bytes": config.max_bytes or None,
        "keep_versions": config.keep_versions or None,
        "keep_days": _whole(config.keep_days) or None,
        "storage": str(config.storage) if config.storage else None,
        "replicas": config.replicas,
        "compression": config.compression,
        "since": rfc3339(status.since),
        "lag": status.lag,
        "error": status.error or None,
        "stream": _stream_json(status.stream),
    }


def archive_json(status: HistoryStatus) -> Json:
    """The history of a bucket that is gone."""
    return {"bucket": status.bucket, "last": rfc3339(status.stream.last_time), **history_json(status), "enabled": False}


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
        "problem": problem(info),
    }


def list_json(scan: Scan) -> Json:
    return {
        "objects": [object_json(info) for info in scan.objects],
        "prefixes": [_prefix_json(folder) for folder in scan.prefixes],
        "total": scan.total,
        "cursor": scan.cursor,
    }


def past_list_json(scan: Scan, *, deleted: bool = False) -> Json:
    """A list of a moment, or (``deleted``) of what was deleted: each object has its ``version``, and no revision in the bucket."""
    past = [object_json(info) | {"version": version_of(info), "revision": None, "deleted": deleted} for info in scan.objects]
    return list_json(scan) | {"objects": past}


def version_json(version: Version) -> Json:
    return object_json(version.info) | {
        "version": version.id,
        "kind": str(version.kind),
        "current": version.current,
        "before": version.before,
        "replaced": rfc3339(version.replaced),
        "writer": version.writer or None,
        "renamed_from": version.renamed_from or None,
    }


def version_list_json(found: VersionList) -> Json:
    return {"versions": [version_json(version) for version in found.versions], "more": found.more}


def results_json(results: Sequence[Result]) -> Json:
    """What became of each object, in the order of the request."""
    return {"results": [_result_json(result) for result in results]}


def error_json(error: Exception) -> Json:
    told = describe(error)
    return {"code": told.code, "message": told.message}


def stored_json(stored: Stored) -> Json:
    return _result_json(stored)


def _result_json(result: Result | Stored) -> Json:
    return {
        "name": result.name,
        "error": error_json(result.error) if result.error else None,
        "object": object_json(result.info) if result.info else None,
    }


def _prefix_json(folder: Folder) -> Json:
    return {"prefix": folder.prefix, "objects": folder.objects, "size": folder.size, "modified": rfc3339(folder.modified)}


def _placement_json(placement: Placement) -> Json | None:
    return {"cluster": placement.cluster or None, "tags": list(placement.tags)} if placement != Placement() else None


def _stream_json(state: StreamState) -> Json:
    return asdict(state) | {"first_time": rfc3339(state.first_time), "last_time": rfc3339(state.last_time)}


def _whole(seconds: float) -> float | int:
    return int(seconds) if seconds == int(seconds) else seconds
