"""What happens in this process, counted as it happens. Every label has a set of values that strangers cannot add to."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each one, which nobody asks for
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120)
NO_ANSWER = "none"


class Direction(StrEnum):
    """READ: what previews, thumbnails, checks and the texts in the editor read."""

    UPLOAD = "upload"
    DOWNLOAD = "download"
    ARCHIVE = "archive"
    READ = "read"


class Outcome(StrEnum):
    """BROKEN: the client went away. REFUSED: no place came free, or the site was stopping."""

    DONE = "done"
    FAILED = "failed"
    BROKEN = "broken"
    REFUSED = "refused"


TRANSFERS = Counter("nats_files_transfers", "Transfers that have ended.", ("direction", "outcome"), registry=REGISTRY)
RUNNING = Gauge("nats_files_transfers_running", "Transfers under way.", ("direction",), registry=REGISTRY)
RECEIVED = Counter("nats_files_received_bytes", "Bytes of requests' bodies that have come in.", registry=REGISTRY)
SENT = Counter("nats_files_sent_bytes", "Bytes of answers' bodies that have gone out.", registry=REGISTRY)
ERRORS = Counter("nats_files_errors", "Requests that were answered with an error, by its code.", ("code",), registry=REGISTRY)
REQUESTS = Histogram(
    "nats_files_http_request_duration_seconds",
    "Seconds from a request's head to its answer's head, which for an upload is after its body.",
    ("route", "method", "status"),
    buckets=SECONDS,
    registry=REGISTRY,
)
OPEN_REQUESTS = Gauge("nats_files_http_requests_running", "Requests that are being handled.", registry=REGISTRY)
SOCKETS = Gauge("nats_files_websockets_open", "WebSockets that are open, one for each open page.", registry=REGISTRY)

for _direction in Direction:
    RUNNING.labels(_direction)
    for _outcome in Outcome:
        TRANSFERS.labels(_direction, _outcome)


def status_class(status: int) -> str:
    """ "2xx" and the like; for no answer at all "none"."""
    return f"{status // 100}xx" if 100 <= status < 600 else NO_ANSWER


def method_label(method: str) -> str:
    return method if method in METHODS else "other"


def value(name: str) -> float:
    """A metric without labels, by its full name."""
    return REGISTRY.get_sample_value(name) or 0.0


@contextmanager
def moving(direction: Direction) -> Iterator[None]:
    """A transfer under way. Told when it is over, by what it raises."""
    RUNNING.labels(direction).inc()
    outcome = Outcome.DONE
    try:
        yield
    except Exception as error:
        outcome = Outcome.BROKEN if isinstance(error, ConnectionError) else Outcome.FAILED
        raise
    except BaseException:  # cancelled, or closed before its end: nobody wants the rest
        outcome = Outcome.BROKEN
        raise
    finally:
        RUNNING.labels(direction).dec()
        TRANSFERS.labels(direction, outcome).inc()
