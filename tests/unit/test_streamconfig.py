"""Stream configurations of any client and version as buckets, and what of them can be changed."""

from typing import Any

import pytest

from buckets.objectstore import BucketChange, InvalidBucketConfig, Placement, Storage
from buckets.objectstore.stream.streamconfig import bucket_status, changed_config, is_bucket

CLUSTER = {"name": "east", "leader": "n1", "replicas": [{"name": "n2", "current": True, "lag": 3}, {"name": "n3", "offline": True}]}


def info(**config: Any) -> dict[str, Any]:
    return {"config": {"name": "OBJ_b", "subjects": ["$O.b.C.>", "$O.b.M.>"]} | config, "state": {}, "cluster": CLUSTER}


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"config": None, "state": None, "cluster": None},
        {"config": [], "state": 5, "cluster": "x", "created": 7},
        info(metadata=None, description=None, placement=None, mirror=None, sources=None),
        info(metadata={"a": 1}, max_age="x", max_bytes=None, num_replicas=True, storage="tape", compression=5, placement={"tags": [1]}),
        info(sources=[None, 3, {}], mirror=[]),
        {"config": {"name": "OBJ_b"}, "state": {"messages": "x", "first_ts": "2026-02-30T00:00:00Z"}, "cluster": {"replicas": [5, {}]}},
    ],
)
def test_an_odd_answer_is_read_and_never_raises(answer: dict[str, Any]) -> None:
    status = bucket_status(answer)
    assert status.config.storage is Storage.FILE
    assert (status.config.metadata, status.stream.messages, status.stream.first_time, status.mirror) == ({}, 0, None, "")
    is_bucket(answer)


def test_all_of_the_state_is_read() -> None:
    answer = info(placement={"cluster": "east", "tags": ["ssd", "eu"]}, num_replicas=3, persist_mode="async", deny_purge=True)
    answer["state"] = {"messages": 5, "bytes": 99, "num_subjects": 3, "num_deleted": 7, "consumer_count": 2}
    status = bucket_status(answer)
    assert (status.stream.messages, status.stream.bytes, status.stream.subjects, status.stream.deleted) == (5, 99, 3, 7)
    assert (status.stream.cluster, status.stream.leader, status.stream.consumers) == ("east", "n1", 2)
    assert [(one.name, one.current, one.offline, one.lag) for one in status.stream.replicas] == [
        ("n2", True, False, 3),
        ("n3", False, True, 0),
    ]
    assert status.config.placement == Placement("east", ("ssd", "eu"))
    assert status.async_persistence
    assert status.deny_purge


@pytest.mark.parametrize("config", [{"subjects": None}, {"subjects": "$O.b.M.>"}, {"name": "b"}, {"name": "OBJ_a.b"}, {"name": None}])
def test_what_is_no_bucket_is_none(config: dict[str, Any]) -> None:
    assert not is_bucket(info(**config))
    assert is_bucket(info())


def test_what_is_not_known_here_is_kept() -> None:
    changed = changed_config(info(future_setting={"a": [1]}, metadata={"_nats.level": "5", "a": "b"}), BucketChange(replicas=3), 0)
    assert changed["future_setting"] == {"a": [1]}
    assert changed["num_replicas"] == 3
    assert changed["metadata"] == {"a": "b"}


def test_a_flag_that_is_switched_off_is_left_out() -> None:
    """A server before 2.14 refuses a configuration that names ``allow_batched`` at all."""
    assert "allow_batched" not in changed_config(info(allow_batched=True), BucketChange(fast_ingest=False), 0)


def test_a_placement_is_set_and_taken_away() -> None:
    placed = changed_config(info(), BucketChange(placement=Placement("east", ("ssd",))), 0)
    assert placed["placement"] == {"cluster": "east", "tags": ["ssd"]}
    assert "placement" not in changed_config(info(placement={"cluster": "west"}), BucketChange(placement=Placement()), 0)


@pytest.mark.parametrize(
    ("config", "change", "level", "words"),
    [
        ({}, BucketChange(fast_ingest=True), 3, "2.14"),
        ({}, BucketChange(atomic=True), 1, "2.12"),
        ({"persist_mode": "async"}, BucketChange(atomic=True), 4, "persist_mode"),
        ({"mirror": {"name": "OBJ_a"}}, BucketChange(fast_ingest=True), 4, "mirror of 'OBJ_a'"),
        ({"deny_purge": True}, BucketChange(rollup=True), 4, "deny_purge"),
    ],
)
def test_a_flag_that_cannot_be_is_refused_in_words(config: dict[str, Any], change: BucketChange, level: int, words: str) -> None:
    with pytest.raises(InvalidBucketConfig, match=words):
        changed_config(info(**config), change, level)


def test_a_flag_that_is_on_already_needs_no_newer_server() -> None:
    assert changed_config(info(allow_atomic=True), BucketChange(atomic=True), 0)["allow_atomic"] is True
