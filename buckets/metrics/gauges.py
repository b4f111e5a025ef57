"""The state of things as metrics, made of a ``Health`` when somebody asks. No request to NATS is made for it here."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from ..health.model import BucketHealth, Health, IndexFacts, Severity
from ..objectstore import BucketStatus, ErrorCode, HistoryStatus

# No bucket can be called so.
OTHERS = "(others)"
Number = float | int | None
Pick = Callable[[BucketHealth], Number]


def gauge(name: str, text: str, *values: tuple[Sequence[str], Number], labels: Sequence[str] = ()) -> GaugeMetricFamily:
    """``values``: those of the labels, and the number; None is left out."""
    family = GaugeMetricFamily(f"nats_files_{name}", text, labels=labels)
    for label, number in values:
        if number is not None:
            family.add_metric(list(label), float(number))
    return family


def counter(name: str, text: str, *values: tuple[Sequence[str], Number], labels: Sequence[str] = ()) -> CounterMetricFamily:
    family = CounterMetricFamily(f"nats_files_{name}", text, labels=labels)
    for label, number in values:
        if number is not None:
            family.add_metric(list(label), float(number))
    return family


def families(health: Health, counts: Mapping[str, int], most_buckets: int) -> Iterator[Metric]:
    """``counts``: of ``services.counters``. most_buckets: so many buckets have values of their own, by name; the rest are one."""
    yield from _process(health)
    yield counter("damaged_reads", "Reads that found an object damaged.", ((), counts.get("damaged_reads", 0)))
    yield counter("orphaned_chunks_removed", "Chunks of writers that had died, removed.", ((), counts.get("orphaned_chunks", 0)))
    yield from _nats(health)
    yield from _account(health)
    yield from _buckets(health.buckets or (), most_buckets)


def _process(health: Health) -> Iterator[Metric]:
    process = health.process
    yield gauge("build_info", "1, with the version.", ((process.version, process.python), 1), labels=("version", "python"))
    yield gauge("transfers_waiting", "Transfers that wait for their turn.", ((), process.waiting))
    yield gauge("event_loop_lag_seconds", "The longest time in the last minute that the process was late.", ((), process.lag))
    yield gauge("stopping", "1 when the process lets its transfers end, and then does so itself.", ((), process.stopping))
    severities = [((severity,), sum(each.severity is severity for each in health.findings)) for severity in Severity]
    yield gauge("findings", "What the health page says is wrong.", *severities, labels=("severity",))


def _nats(health: Health) -> Iterator[Metric]:
    label, each = ("connection",), health.connections
    yield gauge("nats_connected", "1 when the connection is there.", *(((one.purpose,), one.connected) for one in each), labels=label)
    yield counter("nats_reconnects", "How often it has come back.", *(((one.purpose,), one.reconnects) for one in each), labels=label)
    text = "Seconds that a ping takes; not there when it is not answered."
    yield gauge("nats_round_trip_seconds", text, *(((one.purpose,), one.round_trip) for one in each), labels=label)
    yield gauge("jetstream_up", "1 when JetStream lists the buckets.", ((), _is_up(health)))
    yield gauge("state_age_seconds", "How old the numbers of buckets are.", ((), health.age if health.buckets is not None else None))


def _is_up(health: Health) -> bool:
    return health.buckets is not None and (health.account is not None or health.account_error == ErrorCode.PERMISSION_DENIED)


def _account(health: Health) -> Iterator[Metric]:
    tiers = health.account.tiers if health.account else ()
    uses = [((tier.name, kind), used) for tier in tiers for kind, used in (("file", tier.storage), ("memory", tier.memory))]
    limits = [((tier.name, kind), most) for tier in tiers for kind, most in (("file", tier.max_storage), ("memory", tier.max_memory))]
    labels = ("tier", "storage")
    yield gauge("account_used_bytes", "What the NATS account uses.", *uses, labels=labels)
    yield gauge("account_limit_bytes", "What it may use; not there without a limit.", *limits, labels=labels)
    yield gauge("account_streams", "Streams that it has.", *(((tier.name,), tier.streams) for tier in tiers), labels=("tier",))


def _buckets(buckets: Sequence[BucketHealth], most: int) -> Iterator[Metric]:
    yield gauge("buckets", "How many buckets there are.", ((), len(buckets)))
    yield gauge("uploads_open", "Uploads in pieces that are begun and not finished.", ((), sum(each.uploads for each in buckets)))
    for name, text, pick, join in PER_BUCKET:
        own = [((each.name,), pick(each)) for each in buckets[:most]]
        rest = [number for each in buckets[most:] if (number := pick(each)) is not None]
        yield gauge(name, text, *own, ((OTHERS,), join(rest) if rest else None), labels=("bucket",))


def _of_status(pick: Callable[[BucketStatus], Number]) -> Pick:
    return lambda each: pick(each.status) if each.status else None


def _of_history(pick: Callable[[HistoryStatus], Number]) -> Pick:
    return lambda each: pick(each.history) if each.history else None


def _of_index(pick: Callable[[IndexFacts], Number]) -> Pick:
    return lambda each: pick(each.index) if each.index else None


def _current(status: BucketStatus) -> int:
    return 1 + sum(replica.current and not replica.offline for replica in status.stream.replicas)


# name, what it is, where it stands, and what one number is made of those of several buckets
PER_BUCKET: Sequence[tuple[str, str, Pick, Callable[[Iterable[float]], float]]] = (
    ("bucket_has_leader", "1 when the bucket's stream has a leader.", lambda each: each.status is not None, min),
    ("bucket_size_bytes", "What the bucket's stream stores.", _of_status(lambda status: status.size_bytes), sum),
    (
        "bucket_limit_bytes",
        "What it may store, if that is limited.",
        _of_status(lambda status: status.config.max_bytes or None),
        sum,
    ),
    ("bucket_objects", "Objects in it.", lambda each: each.objects, sum),
    ("bucket_messages", "Messages of its stream: chunks and metadata.", _of_status(lambda status: status.stream.messages), sum),
    ("bucket_replicas", "Copies that it should have.", lambda each: each.replicas or None, min),
    ("bucket_replicas_current", "Copies that are there and up to date, the leader's included.", _of_status(_current), min),
    ("history_size_bytes", "What the history's stream stores.", _of_history(lambda history: history.size_bytes), sum),
    ("history_pending_messages", "Messages that the history has still to copy.", _of_history(lambda history: history.lag), sum),
    ("history_lag_seconds", "For how long the history has not been complete.", lambda each: each.behind if each.history else None, max),
    ("index_objects", "Objects in this process's index of the bucket.", _of_index(lambda index: index.objects), sum),
    ("index_memory_bytes", "What that index takes, estimated.", _of_index(lambda index: index.memory), sum),
    ("index_ready", "1 when that index is complete.", _of_index(lambda index: index.ready), min),
    ("watch_pending_messages", "Messages for that index on their way.", _of_index(lambda index: index.pending), sum),
    ("watch_silence_seconds", "Since the watch last gave a sign of life.", _of_index(lambda index: index.silent), max),
    ("watch_readers", "Pages and others that follow that index.", _of_index(lambda index: index.readers), sum),
)
