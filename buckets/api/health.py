"""/health: how the site and NATS are doing, for admins of every bucket."""

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import override

from ..health.model import BucketHealth, Finding, Health, IndexFacts, ProcessFacts
from ..health.words import told
from ..objectstore import ConnectionFacts, HistoryStatus, Tier
from ..services import health as health_service
from . import health_answers as answers
from .openapi.common import json
from .openapi.operation import operation
from .shapes import rfc3339, stream_json


@operation("How the site and NATS are doing", role="admin everywhere", answers={200: json("All that is known.", answers.Health)})
async def get_health(request: HttpRequest, user: User) -> HttpResponse:
    found = await health_service.health(user)
    with override("en"):
        return JsonResponse(health_json(found), headers={"Cache-Control": "no-store"})


def health_json(health: Health) -> answers.Health:
    return {
        "at": rfc3339(health.at),
        "age": round(health.age, 3),
        "findings": [_finding(each) for each in health.findings],
        "connections": [_connection(each) for each in health.connections],
        "jetstream": [_tier(each) for each in health.account.tiers] if health.account else None,
        "buckets": None if health.buckets is None else [_bucket(each) for each in health.buckets],
        "process": _process(health.process),
    }


def _finding(finding: Finding) -> answers.Finding:
    words = told(finding)
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "bucket": finding.bucket or None,
        "message": words.what,
        "advice": words.todo,
    }


def _connection(facts: ConnectionFacts) -> answers.Connection:
    return {
        "purpose": facts.purpose,
        "connected": facts.connected,
        "server": facts.server,
        "version": facts.version,
        "cluster": facts.cluster,
        "address": facts.address,
        "known_servers": facts.known,
        "tls": facts.secure,
        "reconnects": facts.reconnects,
        "round_trip": facts.round_trip,
        "error": facts.error,
    }


def _tier(tier: Tier) -> answers.Tier:
    return {
        "name": tier.name,
        "storage": tier.storage,
        "memory": tier.memory,
        "streams": tier.streams,
        "consumers": tier.consumers,
        "max_storage": tier.max_storage,
        "max_memory": tier.max_memory,
        "max_streams": tier.max_streams,
        "max_consumers": tier.max_consumers,
    }


def _bucket(bucket: BucketHealth) -> answers.BucketHealth:
    return {
        "name": bucket.name,
        "has_leader": bucket.status is not None,
        "replicas": bucket.replicas or None,
        "objects": bucket.objects,
        "stream": stream_json(bucket.status.stream) if bucket.status else None,
        "history": _history(bucket.history, bucket.behind) if bucket.history else None,
        "history_has_leader": not bucket.history_leaderless,
        "index": _index(bucket.index) if bucket.index else None,
        "uploads": bucket.uploads,
        "upload_bytes": bucket.upload_bytes,
    }


def _history(history: HistoryStatus, behind: float) -> answers.HistoryHealth:
    return {
        "enabled": history.enabled,
        "pending": history.lag,
        "behind": round(behind, 3),
        "error": history.error,
        "stream": stream_json(history.stream),
    }


def _index(index: IndexFacts) -> answers.Index:
    return {
        "ready": index.ready,
        "objects": index.objects,
        "memory": index.memory,
        "pending": index.pending,
        "silent": round(index.silent, 3),
        "readers": index.readers,
    }


def _process(process: ProcessFacts) -> answers.Process:
    moving = process.transfers
    return {
        "version": process.version,
        "python": process.python,
        "host": process.host,
        "pid": process.pid,
        "up": round(process.up, 3),
        "memory": process.memory,
        "loop_lag": process.lag,
        "transfers": {
            "upload": moving["upload"],
            "download": moving["download"],
            "archive": moving["archive"],
            "read": moving["read"],
            "waiting": process.waiting,
        },
        "requests": process.requests,
        "pages": process.pages,
        "stopping": process.stopping,
    }
