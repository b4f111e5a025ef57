"""Buckets and objects as JSON, as ``answers`` describes it. Fields may be added, never renamed."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from ..objectstore import Folder, HistoryStatus, Link, ObjectInfo, Placement, Replica, Scan, Storage, StreamState, Version
from ..roles import Role
from ..services.buckets import BucketView
from ..services.bulk import Result
from ..services.damaged import problem
from ..services.together import Stored
from ..services.versions import VersionList, version_of
from . import answers
from .errors import describe

STORAGE: Mapping[Storage, answers.StorageName] = {Storage.FILE: "file", Storage.MEMORY: "memory"}
ROLES: Mapping[Role, answers.RoleName] = {Role.VIEWER: "viewer", Role.EDITOR: "editor", Role.ADMIN: "admin"}


def rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def rfc3339_or_none(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None


def bucket_json(view: BucketView) -> answers.Bucket:
    config = view.status.config
    return {
        "name": config.name,
        "description": config.description,
        "ttl_seconds": _whole(config.ttl) or None,
        "max_bytes": config.max_bytes or None,
        "storage": STORAGE[config.storage],
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
        "stream": stream_json(view.status.stream),
        "history": {"enabled": None, "error": view.history_error} if view.history_error else history_json(view.history),
        "role": ROLES[view.role],
    }


def history_json(status: HistoryStatus | None) -> answers.History:
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
        "storage": STORAGE[config.storage] if config.storage else None,
        "replicas": config.replicas,
        "compression": config.compression,
        "since": rfc3339_or_none(status.since),
        "lag": status.lag,
        "error": status.error or None,
        "stream": stream_json(status.stream),
    }


def archive_json(status: HistoryStatus) -> answers.Archive:
    """The history of a bucket that is gone."""
    return {**history_json(status), "bucket": status.bucket, "last": rfc3339_or_none(status.stream.last_time), "enabled": False}


def object_json(info: ObjectInfo) -> answers.Object:
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
        "link": link_json(info.link) if info.link else None,
        "problem": problem(info),
    }


def link_json(link: Link) -> answers.Target:
    return {"bucket": link.bucket, "name": link.name}


def list_json(scan: Scan) -> answers.ObjectList:
    return {
        "objects": [object_json(info) for info in scan.objects],
        "prefixes": [_prefix_json(folder) for folder in scan.prefixes],
        "total": scan.total,
        "cursor": scan.cursor,
    }


def past_list_json(scan: Scan, *, deleted: bool = False) -> answers.PastObjectList:
    """A list of a moment, or (``deleted``) of what was deleted: each object has its ``version``, and no revision in the bucket."""
    return {
        "objects": [_past_json(info, deleted) for info in scan.objects],
        "prefixes": [_prefix_json(folder) for folder in scan.prefixes],
        "total": scan.total,
        "cursor": scan.cursor,
    }


def version_json(version: Version) -> answers.Version:
    return {
        **object_json(version.info),
        "version": version.id,
        "kind": version.kind,
        "current": version.current,
        "before": version.before,
        "replaced": rfc3339_or_none(version.replaced),
        "writer": version.writer or None,
        "renamed_from": version.renamed_from or None,
        "renamed_to": version.renamed_to or None,
        "origin": version.origin,
        "place": {"bucket": version.place.bucket, "name": version.place.name} if version.place is not None else None,
        "restored": version.restored or None,
    }


def version_list_json(found: VersionList) -> answers.VersionList:
    return {"versions": [version_json(version) for version in found.versions], "more": found.more}


def results_json(results: Sequence[Result]) -> answers.ResultList:
    """What became of each object, in the order of the request."""
    return {"results": [_result_json(result) for result in results]}


def error_json(error: Exception) -> answers.Failure:
    told = describe(error)
    return {"code": told.code, "message": told.message}


def stored_json(stored: Stored) -> answers.Result:
    return _result_json(stored)


def _result_json(result: Result | Stored) -> answers.Result:
    return {
        "name": result.name,
        "error": error_json(result.error) if result.error else None,
        "object": object_json(result.info) if result.info else None,
    }


def _past_json(info: ObjectInfo, deleted: bool) -> answers.PastObject:
    return {**object_json(info), "version": version_of(info), "revision": None, "deleted": deleted}


def _prefix_json(folder: Folder) -> answers.Folder:
    return {"prefix": folder.prefix, "objects": folder.objects, "size": folder.size, "modified": rfc3339_or_none(folder.modified)}


def _placement_json(placement: Placement) -> answers.Placement | None:
    return {"cluster": placement.cluster or None, "tags": list(placement.tags)} if placement != Placement() else None


def stream_json(state: StreamState) -> answers.Stream:
    return {
        "messages": state.messages,
        "bytes": state.bytes,
        "first_seq": state.first_seq,
        "last_seq": state.last_seq,
        "first_time": rfc3339_or_none(state.first_time),
        "last_time": rfc3339_or_none(state.last_time),
        "subjects": state.subjects,
        "leader": state.leader,
        "replicas": [_replica_json(replica) for replica in state.replicas],
        "deleted": state.deleted,
        "consumers": state.consumers,
        "cluster": state.cluster,
        "max_messages": state.max_messages,
        "max_per_subject": state.max_per_subject,
        "discard": state.discard,
    }


def _replica_json(replica: Replica) -> answers.Replica:
    return {"name": replica.name, "current": replica.current, "offline": replica.offline, "lag": replica.lag}


def _whole(seconds: float) -> float | int:
    return int(seconds) if seconds == int(seconds) else seconds
