"""Which buckets are written without fast ingest, and for how long."""

import pytest

from buckets.objectstore.writing.windowed import WindowedBuckets


def test_a_bucket_that_refused_is_asked_again_after_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("buckets.objectstore.writing.windowed.time.monotonic", lambda: now)
    buckets = WindowedBuckets()
    assert "one" not in buckets
    buckets.add("one")
    now += 59
    assert "one" in buckets
    assert "other" not in buckets
    now += 2
    assert "one" not in buckets


def test_a_bucket_can_be_asked_again_at_once() -> None:
    buckets = WindowedBuckets()
    buckets.add("one")
    buckets.discard("one")
    buckets.discard("never there")
    assert "one" not in buckets
