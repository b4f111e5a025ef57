"""What is wrong, told by what is known. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ..objectstore import ErrorCode, Replica, Tier
from .model import BucketHealth, Finding, Health, Severity

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
ORDER = (ERROR, WARNING, NOTE)


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on it is worth telling. Times in seconds, parts of a limit in per cent."""

    behind: float = 5.0
    silent: float = 10.0
    round_trip: float = 0.25
    loop: float = 0.5
    nearly_full: int = 90
    replica_lag: int = 1000


LIMITS = Limits()


def findings(health: Health) -> tuple[Finding, ...]:
    """The gravest first; else connections, JetStream, buckets by name, this process."""
    found = [*_connections(health), *_jetstream(health), *_servers(health)]
    for bucket in health.buckets or ():
        found += [*_stream(bucket), *_room(bucket), *_history(bucket), *_index(bucket), *_orphans(bucket)]
    found += _process(health)
    return tuple(sorted(found, key=lambda each: ORDER.index(each.severity)))


def _connections(health: Health) -> Iterator[Finding]:
    away = [each for each in health.connections if not each.connected]
    if away:
        error = next((each.error for each in away if each.error), "")
        yield Finding("nats_away" if len(away) == len(health.connections) else "connection_away", ERROR, values={"error": error})
    slow = [each.round_trip for each in health.connections if each.round_trip is not None and each.round_trip > LIMITS.round_trip]
    if slow:
        yield Finding("nats_slow", WARNING, values={"milliseconds": round(1000 * max(slow))})


def _jetstream(health: Health) -> Iterator[Finding]:
    if not any(each.connected for each in health.connections):
        return
    if health.account is None:
        if health.account_error == ErrorCode.PERMISSION_DENIED:
            yield Finding("account_denied", NOTE)
        else:
            yield Finding("jetstream_away", ERROR)
    elif health.buckets is None:
        yield Finding("buckets_denied" if health.buckets_error == ErrorCode.PERMISSION_DENIED else "buckets_away", ERROR)
    elif health.uploads_error:
        yield Finding("uploads_away", ERROR)
    for tier in health.account.tiers if health.account else ():
        yield from _tier(tier)


def _tier(tier: Tier) -> Iterator[Finding]:
    uses = (
        ("account_files_full", tier.storage, tier.max_storage),
        ("account_memory_full", tier.memory, tier.max_memory),
        ("account_streams_full", tier.streams, tier.max_streams),
        ("account_consumers_full", tier.consumers, tier.max_consumers),
    )
    for code, used, limit in uses:
        if limit and used * 100 >= limit * LIMITS.nearly_full:
            severity = ERROR if used >= limit else WARNING
            yield Finding(code, severity, values={"tier": tier.name, "percent": used * 100 // limit})


def _stream(bucket: BucketHealth) -> Iterator[Finding]:
    status = bucket.status
    if status is None:
        yield _leaderless("no_leader", bucket)
        return
    known = 1 + len(status.stream.replicas)
    if status.stream.cluster and known < status.config.replicas:
        yield Finding("replicas_missing", WARNING, bucket.name, {"known": known, "replicas": status.config.replicas})


def _leaderless(code: str, bucket: BucketHealth) -> Finding:
    if bucket.replicas > 1:
        return Finding(code, ERROR, bucket.name, {"needed": bucket.replicas // 2 + 1, "replicas": bucket.replicas})
    return Finding(f"{code}_alone" if bucket.replicas == 1 else f"{code}_unknown", ERROR, bucket.name)


def _servers(health: Health) -> Iterator[Finding]:
    """Servers that miss or lag, each with how many copies of buckets and histories it concerns: a server that is down has many."""
    away, behind = Counter[str](), Counter[str]()
    for replica in _followers(health):
        if replica.away:
            away[replica.name] += 1
        elif not replica.current or replica.lag > LIMITS.replica_lag:
            behind[replica.name] += 1
    for name in set(away) & set(behind):
        away[name] += behind.pop(name)
    for code, servers in (("server_away", away), ("server_behind", behind)):
        yield from (Finding(code, WARNING, values={"server": name, "copies": servers[name]}) for name in sorted(servers))


def _followers(health: Health) -> Iterator[Replica]:
    for bucket in health.buckets or ():
        for stream in (bucket.status and bucket.status.stream, bucket.history and bucket.history.stream):
            yield from stream.replicas if stream else ()


def _room(bucket: BucketHealth) -> Iterator[Finding]:
    limit = bucket.status.config.max_bytes if bucket.status else 0
    if bucket.status and limit and bucket.status.size_bytes * 100 >= limit * LIMITS.nearly_full:
        percent = bucket.status.size_bytes * 100 // limit
        yield Finding("bucket_full", WARNING, bucket.name, {"percent": percent})


def _history(bucket: BucketHealth) -> Iterator[Finding]:
    if bucket.history_leaderless:
        yield Finding("history_no_leader", ERROR, bucket.name)
    history = bucket.history
    if history is None or not history.enabled:
        return
    if history.error:
        yield Finding("history_stopped", ERROR, bucket.name, {"error": history.error})
    elif bucket.behind > LIMITS.behind:
        yield Finding("history_behind", WARNING, bucket.name, {"seconds": round(bucket.behind), "messages": history.lag})


def _index(bucket: BucketHealth) -> Iterator[Finding]:
    index = bucket.index
    if index is not None and bucket.status is not None and index.silent > LIMITS.silent:
        yield Finding("watch_silent", WARNING, bucket.name, {"seconds": round(index.silent)})


def _orphans(bucket: BucketHealth) -> Iterator[Finding]:
    if bucket.orphans is not None and bucket.orphans.doubtful:
        yield Finding("orphans_doubtful", NOTE, bucket.name, {"count": bucket.orphans.doubtful})


def _process(health: Health) -> Iterator[Finding]:
    process = health.process
    if process.stopping:
        yield Finding("stopping", NOTE)
    if process.lag is not None and process.lag > LIMITS.loop:
        yield Finding("site_busy", WARNING, values={"milliseconds": round(1000 * process.lag)})
    if process.waiting:
        yield Finding("transfers_waiting", WARNING, values={"waiting": process.waiting, "running": process.moving})
