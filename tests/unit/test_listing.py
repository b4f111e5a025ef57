"""A view from an address, and its rows."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buckets.listing import MAX_PAGE, View, crumbs, object_row
from buckets.objectstore import ObjectInfo, Sort, SortKey
from buckets.templatetags.files_ui import plain, visible

names = st.text(min_size=1, max_size=200)
anything = st.one_of(
    st.none(), st.text(), st.integers(), st.floats(), st.lists(st.text()), st.dictionaries(st.text(), st.text()), st.booleans()
)


@given(st.dictionaries(st.sampled_from(["prefix", "q", "sort", "page", "other"]), anything))
def test_anything_parses_to_a_bounded_view(fields: dict[str, object]) -> None:
    view = View.parse(fields)
    assert 1 <= view.page <= MAX_PAGE
    assert len(view.prefix) <= 3000
    assert len(view.query) <= 200


@given(st.text(max_size=50), st.text(max_size=50), st.sampled_from(["", "-size", "modified"]), st.integers(1, 99))
def test_an_address_leads_back_to_the_view(prefix: str, query: str, sort: str, page: int) -> None:
    view = View.parse({"prefix": prefix, "q": query, "sort": sort, "page": page})
    fields = {key: values[0] for key, values in parse_qs(view.address(page=view.page)[1:], keep_blank_values=True).items()}
    assert View.parse(fields) == view


def test_a_header_turns_its_own_order_round_and_starts_others_anew() -> None:
    view = View(sort=Sort(SortKey.SIZE, True), page=4)
    assert view.sorted_by(SortKey.SIZE) == "?sort=size"
    assert view.sorted_by(SortKey.NAME) == "?"
    assert view.sorted_by(SortKey.MODIFIED) == "?sort=-modified"


@pytest.mark.parametrize(
    ("prefix", "labels", "prefixes"),
    [("", [], []), ("a/b/", ["a", "b"], ["a/", "a/b/"]), ("/abs/", ["", "abs"], ["/", "/abs/"]), ("a//", ["a", ""], ["a/", "a//"])],
)
def test_crumbs_lead_through_every_folder(prefix: str, labels: list[str], prefixes: list[str]) -> None:
    found = crumbs(prefix)
    assert ([crumb.label for crumb in found], [crumb.prefix for crumb in found]) == (labels, prefixes)


def test_of_many_crumbs_the_first_and_the_last_are_shown() -> None:
    prefix = "".join(f"{number}/" for number in range(1000))
    found = crumbs(prefix)
    assert [crumb.label for crumb in found] == ["0", "1", "…", *map(str, range(990, 1000))]
    assert [crumb.prefix for crumb in found[:3]] == ["0/", "0/1/", None]
    assert found[-1].prefix == prefix
    assert len(crumbs("a/" * 12)) == 12


@given(names)
def test_every_name_gives_a_row_that_says_which(name: str) -> None:
    row = object_row(info(name))
    assert unquote(row.quoted) == name
    assert row.path + row.label == name
    assert row.quoted.isascii()
    assert row.id != object_row(info(name + "x")).id


@given(names)
def test_a_shown_name_is_escaped_and_has_no_invisible_characters(name: str) -> None:
    for shown in (str(visible(name)), plain(name)):
        assert not any(char < " " or char in "\x7f\u202e\u200b\u2066\ufeff" for char in shown)
    inner = str(visible(name)).replace('<span class="control">', "").replace("</span>", "").replace("<bdi>", "").replace("</bdi>", "")
    assert "<" not in inner.replace('<span class="muted">', "")


def info(name: str) -> ObjectInfo:
    return ObjectInfo(bucket="b", name=name, nuid="N", size=1, chunks=1, modified=datetime.now(UTC), revision=7)
