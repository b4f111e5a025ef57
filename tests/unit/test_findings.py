"""What is known of the site's health, and what is said of it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from buckets.health.findings import findings
from buckets.health.model import BucketHealth, Finding, Health, IndexFacts, Orphans, ProcessFacts, Severity
from buckets.health.words import WORDS, told
from buckets.objectstore import (
    Account,
    BucketConfig,
    BucketStatus,
    ConnectionFacts,
    HistoryConfig,
    HistoryStatus,
    Replica,
    StreamState,
    Tier,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
THERE = ConnectionFacts("control", connected=True, reconnects=0, server="n0", round_trip=0.001)
TIER = Tier("", 0, 50, 2, 0, None, 100, None, None)
ACCOUNT = Account((TIER,), "", 4, 1, 0)
PROCESS = ProcessFacts("1", "3", "host", 1, 1.0, 1, 0.01, {"upload": 2}, 0, 1, 0, False)
STREAM = StreamState(10, 50, 1, 10, NOW, NOW, 5, "n0", (Replica("n1", True, False, 0), Replica("n2", True, False, 0)), cluster="c")
STATUS = BucketStatus(BucketConfig("reports", replicas=3), STREAM, NOW, sealed=False, fast_ingest=True, atomic=True, direct=True)
HISTORY = HistoryStatus("reports", HistoryConfig(), True, STREAM, NOW, 0, "", "", 0)
INDEX = IndexFacts(True, 5, 5, 5, 5000, 0, 0.5, 1)
BUCKET = BucketHealth("reports", 3, STATUS, 5, HISTORY, index=INDEX)
WELL = Health(NOW, 0.0, (THERE, replace(THERE, purpose="bulk")), ACCOUNT, "", (BUCKET,), "", "", PROCESS)


def of_bucket(**changes: object) -> Health:
    return replace(WELL, buckets=(replace(BUCKET, **changes),))  # type: ignore[arg-type]


def of_stream(**changes: object) -> Health:
    return of_bucket(status=replace(STATUS, stream=replace(STREAM, **changes)), history=None)  # type: ignore[arg-type]


def of_process(**changes: object) -> Health:
    return replace(WELL, process=replace(PROCESS, **changes))  # type: ignore[arg-type]


AWAY = replace(THERE, connected=False, error="no servers available")
ALONE = replace(STATUS, config=replace(STATUS.config, replicas=1))


@pytest.mark.parametrize(
    ("health", "code", "severity", "words"),
    [
        (replace(WELL, connections=(AWAY, AWAY)), "nats_away", "error", "no servers available"),
        (replace(WELL, connections=(THERE, AWAY)), "connection_away", "error", "no servers available"),
        (replace(WELL, connections=(replace(THERE, round_trip=0.4),)), "nats_slow", "warning", "400 ms"),
        (replace(WELL, account=None, account_error="nats_unavailable"), "jetstream_away", "error", "more than half"),
        (replace(WELL, account=None, account_error="nats_permission_denied"), "account_denied", "note", "$JS.API.INFO"),
        (replace(WELL, buckets=None, buckets_error="nats_permission_denied"), "buckets_denied", "error", "$JS.API.STREAM.LIST"),
        (replace(WELL, buckets=None, buckets_error="nats_unavailable"), "buckets_away", "error", "leader"),
        (replace(WELL, uploads_error="nats_unavailable"), "uploads_away", "error", "NATS_UPLOADS_REPLICAS"),
        (replace(WELL, account=replace(ACCOUNT, tiers=(replace(TIER, storage=95),))), "account_files_full", "warning", "95%"),
        (replace(WELL, account=replace(ACCOUNT, tiers=(replace(TIER, memory=9, max_memory=9),))), "account_memory_full", "error", "100%"),
        (
            replace(WELL, account=replace(ACCOUNT, tiers=(replace(TIER, streams=9, max_streams=10),))),
            "account_streams_full",
            "warning",
            "90%",
        ),
        (
            replace(WELL, account=replace(ACCOUNT, tiers=(replace(TIER, consumers=9, max_consumers=9),))),
            "account_consumers_full",
            "error",
            "100%",
        ),
        (of_bucket(status=None), "no_leader", "error", "2 of the 3 servers"),
        (of_bucket(status=None, replicas=1), "no_leader_alone", "error", "The one server"),
        (of_bucket(status=None, replicas=0), "no_leader_unknown", "error", "More than half"),
        (of_stream(replicas=(Replica("n1", False, True, 0), STREAM.replicas[1])), "server_away", "warning", "n1"),
        (of_stream(replicas=(Replica("n1", False, False, 0, 8.0), STREAM.replicas[1])), "server_away", "warning", "Start the server n1"),
        (of_stream(replicas=(Replica("n1", False, False, 42, None), STREAM.replicas[1])), "server_away", "warning", "n1"),
        (of_stream(replicas=(Replica("n1", False, False, 12, 0.1), STREAM.replicas[1])), "server_behind", "warning", "catch up"),
        (of_stream(replicas=STREAM.replicas[:1]), "replicas_missing", "warning", "has 2 copies; it should have 3"),
        (of_bucket(status=replace(STATUS, config=replace(STATUS.config, max_bytes=55))), "bucket_full", "warning", "90%"),
        (of_bucket(history=None, history_leaderless=True), "history_no_leader", "error", "no version can be read"),
        (of_bucket(history=replace(HISTORY, error="filter overlap")), "history_stopped", "error", "filter overlap"),
        (
            of_bucket(history=replace(HISTORY, lag=7), behind=30.4),
            "history_behind",
            "warning",
            "The history of reports is 30 seconds behind",
        ),
        (of_bucket(history=replace(HISTORY, lag=7), behind=7250.0), "history_behind", "warning", "2 hours behind"),
        (of_bucket(index=replace(INDEX, silent=61.0)), "watch_silent", "warning", "61 seconds"),
        (of_bucket(orphans=Orphans(NOW, 0, 0, 2)), "orphans_doubtful", "note", "2 uploads"),
        (of_process(stopping=True), "stopping", "note", "being stopped"),
        (of_process(lag=1.2), "site_busy", "warning", "1,200 ms"),
        (of_process(waiting=3), "transfers_waiting", "warning", "3 transfers wait for their turn; 2 are under way"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(health: Health, code: str, severity: str, words: str) -> None:
    (finding,) = findings(health)
    assert (finding.code, finding.severity) == (code, severity)
    said = told(finding)
    assert words in f"{said.what} {said.todo}"
    assert "%" not in said.todo.replace("$JS", "")


def test_nothing_is_said_when_all_is_well() -> None:
    assert findings(WELL) == ()
    assert findings(of_bucket(history=replace(HISTORY, lag=3), behind=0.4)) == ()
    assert findings(replace(WELL, buckets=(replace(BUCKET, history=None, index=None, status=ALONE),))) == ()


def test_the_gravest_comes_first_and_a_server_is_told_of_once() -> None:
    gone = replace(STREAM, replicas=(Replica("n1", False, False, 0, 9.0), Replica("n2", True, False, 0)))
    late = replace(STREAM, replicas=(Replica("n1", False, False, 0, 2.0), Replica("n2", True, False, 0)))
    buckets = tuple(replace(BUCKET, name=name, status=replace(STATUS, stream=gone), history=replace(HISTORY, stream=late)) for name in "ab")
    found = findings(replace(WELL, buckets=(*buckets, BucketHealth("c", 3))))
    assert [(each.code, each.severity) for each in found] == [("no_leader", Severity.ERROR), ("server_away", Severity.WARNING)]
    assert found[1].values == {"server": "n1", "copies": 4}


def test_every_finding_has_words_and_all_words_are_of_findings() -> None:
    tried = {argument[1] for mark in test_what_is_wrong_is_told_with_what_to_do.pytestmark for argument in mark.args[1]}  # type: ignore[attr-defined]
    assert tried == set(WORDS)
    assert told(Finding("no_leader_alone", Severity.ERROR, "{0}%s")).what.startswith("{0}%s has no leader")
