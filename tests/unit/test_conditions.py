"""Conditional requests, case by case as RFC 9110 (section 13) has them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils.http import http_date
from hypothesis import given
from hypothesis import strategies as st

from buckets.api.conditions import MalformedCondition, Tags, Validators, Verdict, evaluate, parse_tags, range_applies

MODIFIED = datetime(2026, 11, 23, 12, 0, 0, 700_000, tzinfo=UTC)
NOW = Validators('"now"', MODIFIED)
SAME, EARLIER, LATER = (http_date((MODIFIED + timedelta(seconds=by)).timestamp()) for by in (0, -1, 1))
GO_ON, NOT_MODIFIED, FAILED = Verdict.GO_ON, Verdict.NOT_MODIFIED, Verdict.FAILED
METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE"]


@pytest.mark.parametrize(
    ("header", "matches"),
    [
        ('"now"', True),
        ('"a", "now"', True),
        ('"a","now","b"', True),
        ("*", True),
        ('W/"now"', False),
        ('"other"', False),
        ('"a", "b"', False),
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_if_match_goes_on_only_with_a_strong_match(header: str, matches: bool, method: str) -> None:
    assert evaluate({"If-Match": header}, method, NOW) == (GO_ON if matches else FAILED)


@pytest.mark.parametrize("header", ["*", '"now"'])
def test_if_match_fails_where_there_is_nothing(header: str) -> None:
    assert evaluate({"If-Match": header}, "PUT", None) == FAILED


@pytest.mark.parametrize(
    ("header", "matches"), [('"now"', True), ('W/"now"', True), ('"a", W/"now"', True), ("*", True), ('"other"', False)]
)
@pytest.mark.parametrize("method", METHODS)
def test_if_none_match_compares_weakly(header: str, matches: bool, method: str) -> None:
    there = NOT_MODIFIED if method in ("GET", "HEAD") else FAILED
    assert evaluate({"If-None-Match": header}, method, NOW) == (there if matches else GO_ON)


@pytest.mark.parametrize("header", ["*", '"now"'])
def test_if_none_match_goes_on_where_there_is_nothing(header: str) -> None:
    assert evaluate({"If-None-Match": header}, "PUT", None) == GO_ON


@pytest.mark.parametrize("method", METHODS)
def test_if_unmodified_since_counts_seconds(method: str) -> None:
    assert evaluate({"If-Unmodified-Since": SAME}, method, NOW) == GO_ON
    assert evaluate({"If-Unmodified-Since": LATER}, method, NOW) == GO_ON
    assert evaluate({"If-Unmodified-Since": EARLIER}, method, NOW) == FAILED


@pytest.mark.parametrize("method", METHODS)
def test_if_modified_since_is_for_reading_only(method: str) -> None:
    reads = method in ("GET", "HEAD")
    assert evaluate({"If-Modified-Since": SAME}, method, NOW) == (NOT_MODIFIED if reads else GO_ON)
    assert evaluate({"If-Modified-Since": LATER}, method, NOW) == (NOT_MODIFIED if reads else GO_ON)
    assert evaluate({"If-Modified-Since": EARLIER}, method, NOW) == GO_ON


@pytest.mark.parametrize("date", ["", "yesterday", "2026-11-23", "Mon, 99 Nov 2026 12:00:00 GMT", "9" * 5000])
@pytest.mark.parametrize("header", ["If-Modified-Since", "If-Unmodified-Since"])
def test_a_date_that_is_none_is_ignored(header: str, date: str) -> None:
    assert evaluate({header: date}, "GET", NOW) == GO_ON


def test_tags_go_before_dates() -> None:
    assert evaluate({"If-Match": '"now"', "If-Unmodified-Since": EARLIER}, "GET", NOW) == GO_ON
    assert evaluate({"If-None-Match": '"other"', "If-Modified-Since": LATER}, "GET", NOW) == GO_ON
    assert evaluate({"If-None-Match": '"now"', "If-Modified-Since": EARLIER}, "GET", NOW) == NOT_MODIFIED


def test_what_must_be_goes_before_what_must_not() -> None:
    assert evaluate({"If-Match": '"other"', "If-None-Match": '"now"'}, "GET", NOW) == FAILED
    assert evaluate({"If-Unmodified-Since": EARLIER, "If-None-Match": '"now"'}, "GET", NOW) == FAILED
    assert evaluate({"If-Match": '"now"', "If-None-Match": '"now"'}, "GET", NOW) == NOT_MODIFIED
    assert evaluate({"If-Unmodified-Since": SAME, "If-Modified-Since": SAME}, "GET", NOW) == NOT_MODIFIED


MALFORMED = ["", "now", '"now', 'now"', '"a" "b"', "*, *", '"a", *', 'w/"now"', 'W/ "now"', "'now'", '"a\x00"', '"' + "x" * 9000 + '"']


@pytest.mark.parametrize("header", MALFORMED)
def test_a_list_that_is_none_is_never_a_match(header: str) -> None:
    assert parse_tags(header) is None
    assert evaluate({"If-Match": header}, "GET", NOW) == FAILED
    assert evaluate({"If-None-Match": header}, "GET", NOW) == GO_ON


@pytest.mark.parametrize("header", MALFORMED)
@pytest.mark.parametrize("name", ["If-Match", "If-None-Match"])
def test_who_writes_is_told_that_the_condition_cannot_be_read(header: str, name: str) -> None:
    with pytest.raises(MalformedCondition, match=name):
        evaluate({name: header}, "PUT", NOW)


def test_lists_may_have_empty_elements_and_tags_may_have_commas() -> None:
    assert parse_tags(' , "a" ,, W/"b,c" ,') == Tags(frozenset({'"a"'}), frozenset({'"b,c"'}))


@given(
    st.lists(st.text(st.characters(min_codepoint=0x23, max_codepoint=0x7E)), min_size=1, max_size=9), st.sampled_from([",", ", ", " ,\t"])
)
def test_every_list_of_tags_is_read(tags: list[str], between: str) -> None:
    found = parse_tags(between.join(f'"{tag}"' for tag in tags))
    assert found == Tags(frozenset(f'"{tag}"' for tag in tags))


@given(st.text() | st.text('W/"*, \ta'))
def test_no_list_of_tags_is_too_odd_to_be_judged(text: str) -> None:
    tags = parse_tags(text)
    assert tags is None or tags.any or tags.strong or tags.weak


@pytest.mark.parametrize(
    ("header", "applies"),
    [
        (None, True),
        ('"now"', True),
        (' "now" ', True),
        ('W/"now"', False),
        ('"other"', False),
        ('"now", "other"', False),
        ("*", False),
        (SAME, True),
        (EARLIER, False),
        (LATER, False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_if_range_wants_exactly_this_one(header: str | None, applies: bool) -> None:
    assert range_applies(header, NOW) is applies
