"""Listings that go on from a cursor."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buckets.objectstore.index import Index, Sort, SortKey
from tests.unit.index_model import entry
from tests.unit.test_index import ALL_SORTS, filled

NAMES = st.text("ab/B", min_size=1, max_size=6)


def scan_all(index: Index, limit: int, sort: Sort, delimiter: str = "", query: str = "") -> list[str]:
    names: list[str] = []
    cursor = None
    while True:
        found = index.scan(limit=limit, sort=sort, delimiter=delimiter, query=query, cursor=cursor)
        names += [*(one.prefix for one in found.prefixes), *(one.name for one in found.objects)]
        cursor = found.cursor
        if cursor is None:
            return names


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def test_a_scan_is_by_code_points_with_prefixes_among_the_objects() -> None:
    index = filled("b", "a/1", "a/2", "B", "a-b", "c/x")
    found = index.scan(delimiter="/")
    assert [one.name for one in found.objects] == ["B", "a-b", "b"]
    assert [(one.prefix, one.objects, one.size) for one in found.prefixes] == [("a/", 2, 5), ("c/", 1, 6)]
    assert (found.total, found.cursor) == (5, None)
    assert [one.name for one in index.scan().objects] == ["B", "a-b", "a/1", "a/2", "b", "c/x"]


def test_a_prefix_may_end_anywhere() -> None:
    index = filled("photos/cat 1", "photos/cat 2", "photos/cats/3", "photos/dog", "photosynthesis")
    found = index.scan(prefix="photos/cat", delimiter="/")
    assert [one.name for one in found.objects] == ["photos/cat 1", "photos/cat 2"]
    assert [(one.prefix, one.name) for one in found.prefixes] == [("photos/cats/", "cats")]
    assert found.total == 3
    assert index.scan(prefix="photos").total == 5
    assert [one.prefix for one in index.scan(prefix="photos", delimiter="/").prefixes] == ["photos/"]
    assert index.scan(prefix="photos/cat", delimiter="/", sort=Sort(SortKey.SIZE)).total == 3


@pytest.mark.parametrize("sort", ALL_SORTS, ids=str)
@pytest.mark.parametrize("delimiter", ["", "/"])
@pytest.mark.parametrize("limit", [1, 2, 7, 100])
def test_a_scan_in_pieces_gives_all_of_it_once(sort: Sort, delimiter: str, limit: int) -> None:
    index = filled("a", "A", "a/", "a/a", "a//a", "b/c/d", "b/C", "/", "//", "z\0", "ß", "SS", "\U0010ffff")
    names = scan_all(index, limit, sort, delimiter)
    assert len(set(names)) == len(names) == index.scan(sort=sort, delimiter=delimiter).total


@given(
    names=st.sets(NAMES, min_size=1, max_size=25),
    changes=st.lists(st.tuples(NAMES, st.booleans()), max_size=25),
    sort=st.builds(Sort, st.sampled_from([SortKey.NAME, SortKey.SIZE, SortKey.TYPE]), st.booleans()),
    limit=st.integers(1, 6),
    query=st.sampled_from(["", "a"]),
)
def test_what_stays_is_given_exactly_once_while_other_names_come_and_go(
    names: set[str], changes: list[tuple[str, bool]], sort: Sort, limit: int, query: str
) -> None:
    index = filled(*sorted(names))
    revision, seen = len(names), list[str]()
    staying = {name for name in names if query in name.casefold()} - {name for name, _ in changes}
    cursor, waiting = None, list(changes)
    while True:
        found = index.scan(sort=sort, limit=limit, query=query, cursor=cursor)
        seen += [one.name for one in found.objects]
        cursor = found.cursor
        if cursor is None:
            break
        for name, deleted in waiting[:3]:
            revision += 1
            index.apply(entry(name, revision, size=revision, deleted=deleted))
        del waiting[:3]
    assert sorted(name for name in seen if name in staying) == sorted(staying)


def test_the_place_of_something_that_is_gone_is_still_a_place() -> None:
    for sort in ALL_SORTS:
        index = filled("a", "b", "c/1", "d")
        first = index.scan(limit=2, sort=sort, delimiter="/")
        for name in [*(one.name for one in first.objects), *(one.prefix + "1" for one in first.prefixes)]:
            assert index.discard(name)
        rest = index.scan(sort=sort, delimiter="/", cursor=first.cursor)
        assert len(rest.objects) + len(rest.prefixes) == 2, sort


def test_a_long_name_of_control_characters_has_a_cursor_too() -> None:
    index = filled("\1" * 2800, "\2" * 2800)
    cursor = index.scan(limit=1).cursor
    assert cursor is not None
    assert [one.name for one in index.scan(cursor=cursor).objects] == ["\2" * 2800]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "\xff",
        "not base64!",
        encoded("text"),
        encoded([]),
        encoded(["name", False, None]),
        encoded(["name", False, 3, "a"]),
        encoded(["name", 0, None, "a"]),
        encoded(["name", False, None, 5]),
        encoded(["size", False, 3, "a"]),
        encoded(["-name", False, None, "a"]),
        encoded({"name": "a"}),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        base64.urlsafe_b64encode(b"[" * 20_000).decode(),
        base64.urlsafe_b64encode(b"9" * 20_000).decode(),
        "A" * 40_000,
    ],
)
def test_a_cursor_that_no_listing_gave_is_refused_in_words(cursor: str) -> None:
    with pytest.raises(ValueError, match=r"^The cursor is .*\.$"):
        filled("a", "b").scan(cursor=cursor)


@pytest.mark.parametrize("value", [None, True, "3", [3], 3.5])
def test_a_cursor_with_a_value_of_another_kind_is_refused(value: object) -> None:
    for key in (SortKey.SIZE, SortKey.MODIFIED):
        with pytest.raises(ValueError, match=r"^The cursor is not"):
            filled("a").scan(sort=Sort(key), cursor=encoded([str(key), False, value, "a"]))


def test_a_cursor_of_another_order_is_refused() -> None:
    index = filled("a", "b", "c")
    cursor = index.scan(limit=1, sort=Sort(SortKey.SIZE)).cursor
    with pytest.raises(ValueError, match="Start again without it"):
        index.scan(limit=1, sort=Sort(SortKey.SIZE, True), cursor=cursor)


def test_a_cursor_of_another_prefix_is_refused() -> None:
    index = filled("a/1", "b/1", "b/2", "c/1")
    for sort in ALL_SORTS:
        cursor = index.scan(limit=1, sort=sort).cursor
        with pytest.raises(ValueError, match="Start again without it"):
            index.scan(prefix="b/", sort=sort, cursor=cursor)


def test_equals_but_for_case_are_all_given() -> None:
    index = Index("files")
    for revision, name in enumerate(["A", "a"], 1):
        index.apply(entry(name, revision))
    for sort in ALL_SORTS:
        assert sorted(scan_all(index, 1, sort)) == sorted(scan_all(index, 1, sort, query="a")) == ["A", "a"]


@pytest.mark.parametrize("delimiter", ["//", "-", "\0"])
def test_the_delimiter_is_a_slash_or_nothing(delimiter: str) -> None:
    with pytest.raises(ValueError, match="delimiter"):
        filled("a").scan(delimiter=delimiter)
