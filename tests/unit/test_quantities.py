"""Sizes and time spans as people write them."""

import contextlib

import pytest
from django.utils.translation import override
from hypothesis import example, given
from hypothesis import strategies as st

from buckets.quantities import NotUnderstood, parse_size, parse_span, size_text, span_text

GIB, DAY = 1024**3, 86_400
LANGUAGES = st.sampled_from(["en", "de"])


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("36 GB", 36_000_000_000),
        ("36GB", 36_000_000_000),
        ("1.5 GiB", 3 * GIB // 2),
        ("1,5 GiB", 3 * GIB // 2),
        ("  500 mb ", 500_000_000),
        ("2 T", 2 * 1024 * GIB),
        ("512", 512),
        ("512 B", 512),
        ("0,25 KiB", 256),
        ("0.125 KiB", 128),
        ("1,024.5 KiB", 1_049_088),
        ("1.024,5 KiB", 1_049_088),
        ("1.234.567 B", 1_234_567),
        ("36 000 MB", 36_000_000_000),
        ("36\u202f000 MB", 36_000_000_000),
        ("36'000 MB", 36_000_000_000),
        ("0 GB", 0),
    ],
)
def test_a_size_is_read(text: str, count: int) -> None:
    assert parse_size(text) == count


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30 days", 30 * DAY),
        ("12h", 12 * 3600),
        ("30 Tage", 30 * DAY),
        ("1 Woche", 7 * DAY),
        ("2 Std.", 7200),
        ("1,5 h", 5400),
        ("1d12h", 36 * 3600),
        ("1 d 12 h 30 min", 36 * 3600 + 1800),
        ("90 Sekunden", 90),
        ("500 ms", 0.5),
        ("1 month", 30 * DAY),
        ("2 years", 730 * DAY),
        ("1 Jahr", 365 * DAY),
    ],
)
def test_a_time_span_is_read(text: str, seconds: float) -> None:
    assert parse_span(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "GB", "lots", "1 2 GB", "1 GB 2 MB", "-1 GB", "1e9", "1..5 GB", "1,5,5 GB", "12,34,567 B", "5 parsecs", "٣ GB"]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(NotUnderstood):
        parse_size(text)


@pytest.mark.parametrize("text", ["", "30", "days", "1 h 5", "-1 d", "1 lightyear", "1.1.1 d", "NaN d", "1 d" * 50])
def test_what_is_no_time_span_is_refused(text: str) -> None:
    with pytest.raises(NotUnderstood):
        parse_span(text)


@pytest.mark.parametrize("text", ["1.024 MB", "1,024 MB", "36.000 MB", "100,250 GiB"])
def test_what_can_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(NotUnderstood, match="two ways"):
        parse_size(text)


@pytest.mark.parametrize(
    ("count", "text"), [(36_000_000_000, "36 GB"), (3 * GIB // 2, "1.5 GiB"), (1000, "1 kB"), (512, "512 B"), (1_000_001, "1000001 B")]
)
def test_a_size_is_written_in_short(count: int, text: str) -> None:
    assert size_text(count) == text


def test_both_are_written_in_the_readers_language() -> None:
    with override("de"):
        assert (size_text(3 * GIB // 2), span_text(30 * DAY), span_text(5000)) == ("1,5 GiB", "30 Tage", "1 h 23 min 20 s")
    assert (span_text(30 * DAY), span_text(5000), span_text(0.5), span_text(2000 * DAY)) == (
        "30 days",
        "1 h 23 min 20 s",
        "500 ms",
        "2000 d",
    )


@given(st.integers(0, 2**63 - 1), LANGUAGES)
@example(1_234_000, "de")
def test_what_is_written_of_a_size_reads_as_the_same(count: int, language: str) -> None:
    with override(language):
        assert parse_size(size_text(count)) == count


@given(st.integers(0, 292 * 365 * DAY * 1000), LANGUAGES)
@example(1, "en")
@example(1000 * DAY * 1000, "de")
def test_what_is_written_of_a_time_span_reads_as_the_same(milliseconds: int, language: str) -> None:
    with override(language):
        assert parse_span(span_text(milliseconds / 1000)) == milliseconds / 1000


@given(st.text(max_size=70) | st.from_regex(r"[0-9.,' ]{1,12}[a-zA-Z]{0,6}", fullmatch=True))
def test_nothing_that_is_typed_breaks_it(text: str) -> None:
    for parse in (parse_size, parse_span):
        with contextlib.suppress(NotUnderstood):
            assert parse(text) >= 0
