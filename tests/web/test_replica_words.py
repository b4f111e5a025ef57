"""What the chip of a bucket's replicas says, and when it warns."""

from dataclasses import replace

import pytest

from buckets.objectstore import Replica
from buckets.templatetags.files_ui import replica_trouble, replica_words
from tests.unit.test_findings import STATUS, STREAM

FINE = Replica("n1", current=True, offline=False, lag=0)


@pytest.mark.parametrize(
    ("other", "trouble", "words"),
    [
        (replace(FINE, name="n2"), False, "3 replicas, all current"),
        (Replica("n2", current=False, offline=True, lag=0), True, "3 replicas, n2 is offline"),
        (
            Replica("n2", current=False, offline=False, lag=0, silent=None),
            True,
            "3 replicas, n2 is offline",
        ),  # killed: the server says 0 behind
        (Replica("n2", current=False, offline=False, lag=1200, silent=0.1), True, "3 replicas, n2 is 1,200 messages behind"),
    ],
)
def test_a_replica_that_is_away_or_behind_is_told_of(other: Replica, trouble: bool, words: str) -> None:
    status = replace(STATUS, stream=replace(STREAM, replicas=(FINE, other)))
    assert (replica_trouble(status), replica_words(status)) == (trouble, words)
