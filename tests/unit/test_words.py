"""Sizes, durations and times in words."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buckets.words import duration, relative_time, short_size

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (10_240, "10 KiB"),
        (1_048_575, "1 MiB"),
        (8_400_000, "8.01 MiB"),
        (20_078_934_917, "18.7 GiB"),
        (2**63, "8 EiB"),
    ],
)
def test_a_size_has_three_digits_and_an_honest_unit(count: int, words: str) -> None:
    assert short_size(count) == words


@given(st.integers(0, 2**63))
def test_a_size_is_within_half_a_percent(count: int) -> None:
    number, unit = short_size(count).split()
    power = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"].index(unit)
    assert float(number) * 1024**power == pytest.approx(count, rel=0.006)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3600, "1 hour"),
        (86400 * 30, "30 days"),
        (86400 * 365, "1 year"),
        (5400, "90 minutes"),
        (90061, "90,061 seconds"),
        (0.5, "0.5 seconds"),
    ],
)
def test_a_duration_is_in_its_largest_whole_unit(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=44), "just now"),
        (timedelta(seconds=45), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=3, minutes=50), "3 h ago"),
        (timedelta(hours=30), "yesterday"),
        (timedelta(days=2), "21 Nov 2026"),
    ],
)
def test_a_time_is_told_in_relation_to_now(ago: timedelta, words: str) -> None:
    assert relative_time(NOW - ago, NOW) == words
