"""``Range`` headers, as RFC 9110 (section 14) has them, and as nobody should send them."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from buckets.api.ranges import MAX_HEADER, MAX_PARTS, Multipart, Span, Unsatisfiable, parse_range

NUMBERS = st.integers(0, 40) | st.integers(0, 2**70)
PARTS = st.builds("{}-{}".format, NUMBERS, NUMBERS) | st.builds("{}-".format, NUMBERS) | st.builds("-{}".format, NUMBERS)
LISTS = st.lists(PARTS, min_size=1, max_size=30).map(lambda parts: "bytes=" + ", ".join(parts))
TEXTS = st.text() | st.text("0123456789-,= \tbytes").map("bytes=".__add__) | st.text()


@pytest.mark.parametrize(
    ("header", "spans"),
    [
        ("bytes=0-0", [(0, 1)]),
        ("bytes=0-499", [(0, 500)]),
        ("bytes=500-999", [(500, 500)]),
        ("bytes=-500", [(500, 500)]),
        ("bytes=500-", [(500, 500)]),
        ("bytes=999-", [(999, 1)]),
        ("bytes=0-", [(0, 1000)]),
        ("bytes=-5000", [(0, 1000)]),
        ("bytes=900-5000", [(900, 100)]),
        ("bytes=0-99999999999999999999999999999999", [(0, 1000)]),
        ("bytes=000000000000000000000000000001-2", [(1, 2)]),
        ("BYTES=1-2", [(1, 2)]),
        (" bytes=1-2\t", [(1, 2)]),
        ("bytes=0-0,-1", [(0, 1), (999, 1)]),
        ("bytes=-1, 0-0", [(999, 1), (0, 1)]),
        ("bytes= ,0-0,,\t 5-5 ,", [(0, 1), (5, 1)]),
        ("bytes=500-600,601-999", [(500, 500)]),
        ("bytes=500-700,601-999", [(500, 500)]),
        ("bytes=900-910,0-5,3-9,905-950", [(900, 51), (0, 10)]),
        ("bytes=0-5,2000-3000", [(0, 6)]),
        ("bytes=0-5,-0", [(0, 6)]),
        ("bytes=0-,0-,0-,-1000", [(0, 1000)]),
    ],
)
def test_it_reads_these_so(header: str, spans: list[tuple[int, int]]) -> None:
    assert [(span.start, span.length) for span in parse_range(header, 1000)] == spans


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=5-4",
        "bytes=0-5,9-8",
        "bytes=a-b",
        "bytes=0x1-2",
        "bytes=+1-2",
        "bytes=1-2-3",
        "bytes=--1",
        "bytes=1 - 2",
        "bytes = 1-2",
        "bytes=1",
        "bytes=²-",
        "bytes=٣-",
        "bytes=0-1;2-3",
        "items=0-5",
        "0-5",
        "bytes=0-1,bytes=2-3",
        "bytes=0-1" + "," * MAX_HEADER,
        "bytes=" + ",".join(f"{number * 2}-{number * 2}" for number in range(MAX_PARTS + 1)),
    ],
)
def test_it_passes_over_what_is_no_range_or_too_many(header: str) -> None:
    assert parse_range(header, 1000) == []


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-1001,5000-", "bytes=-0", "bytes=99999999999999999999999-"])
def test_it_says_when_nothing_of_it_is_there(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(header, 1000)


def test_of_an_empty_object_there_is_no_first_byte_but_an_end() -> None:
    with pytest.raises(Unsatisfiable):
        parse_range("bytes=0-", 0)
    assert parse_range("bytes=-5", 0) == []
    assert parse_range("bytes=-5,0-", 0) == []


def test_it_takes_sixteen_parts() -> None:
    header = "bytes=" + ",".join(f"{number * 2}-{number * 2}" for number in range(MAX_PARTS))
    assert len(parse_range(header, 1000)) == MAX_PARTS


@given(header=LISTS | TEXTS, size=st.integers(0, 50) | st.integers(0, 2**63))
@example(header="bytes=0-0,1-1", size=2)
def test_whatever_is_asked_for_nothing_is_sent_twice_or_from_elsewhere(header: str, size: int) -> None:
    try:
        spans = parse_range(header, size)
    except Unsatisfiable:
        return
    assert len(spans) <= MAX_PARTS
    assert sum(span.length for span in spans) <= size
    assert all(span.length > 0 <= span.start and span.end <= size for span in spans)
    ordered = sorted(spans, key=lambda span: span.start)
    assert all(before.end < after.start for before, after in pairwise(ordered))


def asked(part: str, size: int) -> set[int]:
    first, _, last = part.partition("-")
    if not first:
        return set(range(max(0, size - int(last)), size))
    return set(range(int(first), min(size, int(last) + 1 if last else size)))


SMALL = st.integers(0, 40)
VALID = st.tuples(SMALL, SMALL).map(lambda ends: f"{min(ends)}-{max(ends)}") | SMALL.map("{}-".format) | SMALL.map("-{}".format)


@given(parts=st.lists(VALID, min_size=1, max_size=12), size=st.integers(1, 30))
def test_exactly_what_is_asked_for_is_sent(parts: list[str], size: int) -> None:
    wanted = set().union(*(asked(part, size) for part in parts))
    try:
        spans = parse_range("bytes=" + ",".join(parts), size)
    except Unsatisfiable:
        assert not wanted
        return
    assert {position for span in spans for position in range(span.start, span.end)} == wanted


@given(st.lists(SMALL, min_size=1, max_size=15, unique=True))
def test_the_order_is_that_of_the_request(starts: list[int]) -> None:
    spans = parse_range("bytes=" + ",".join(f"{start * 3}-{start * 3 + 1}" for start in starts), 1000)
    assert [span.start for span in spans] == [start * 3 for start in starts]


def test_the_frame_of_many_parts_is_as_the_rfc_has_it() -> None:
    frame = Multipart([Span(0, 3), Span(10, 2)], 100, "text/plain")
    mark = frame.content_type.removeprefix("multipart/byteranges; boundary=").encode()
    assert len(mark) == 32
    assert frame.heads == [
        b"--" + mark + b"\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-2/100\r\n\r\n",
        b"\r\n--" + mark + b"\r\nContent-Type: text/plain\r\nContent-Range: bytes 10-11/100\r\n\r\n",
    ]
    assert frame.end == b"\r\n--" + mark + b"--\r\n"
    assert frame.length == len(b"".join(frame.heads)) + 5 + len(frame.end)
    assert Multipart([Span(0, 3)], 100, "text/plain").content_type != frame.content_type
