"""An index filled at once is the index filled one by one."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buckets.objectstore.entry import Entry
from buckets.objectstore.index import Index, Sort, SortKey, bulk, ordered, stepsort
from buckets.objectstore.index.bulk import Builder
from buckets.objectstore.model import Link
from tests.unit.index_model import entry
from tests.unit.test_index_model import NAMES

CHANGES = st.lists(st.tuples(NAMES, st.booleans(), st.integers(0, 9)), max_size=60)
SORTS = [Sort(key, descending) for key in SortKey for descending in (False, True)]


@pytest.fixture(autouse=True, scope="module")
def small_structures() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordered, "CHUNK", 4)
        patch.setattr(bulk, "STEP", 20)
        patch.setattr(stepsort, "STEP", 20)
        yield


def built(entries: list[Entry], like: Index | None = None) -> Index:
    builder = Builder("files", like)
    for one in entries:
        builder.take(one)
    for _ in builder.steps():
        pass
    return builder.index


def one_by_one(entries: list[Entry]) -> Index:
    index = Index("files")
    for one in entries:
        index.apply(one)
    return index


def everything(index: Index) -> list[object]:
    """All there is to be seen, but for the times of folders: one by one, a deletion counts only when its folder is there already."""
    prefixes = {""} | {one.name[: at + 1] for one in index.entries() for at, letter in enumerate(one.name) if letter == "/"}
    pages = [index.page(prefix=prefix, sort=sort) for prefix in sorted(prefixes) for sort in SORTS if sort.key is not SortKey.MODIFIED]
    return [
        sorted(index.entries(), key=lambda one: one.name),
        index.scan(limit=1000).objects,
        index.size,
        index.revision,
        index.subjects,
        [([(folder.prefix, folder.objects, folder.size) for folder in page.folders], page.objects, page.total) for page in pages],
    ]


@given(CHANGES)
@settings(max_examples=150, deadline=None)
def test_it_is_the_same_whatever_happened(changes: list[tuple[str, bool, int]]) -> None:
    entries = [entry(name, number, size=time, time=time, deleted=deleted) for number, (name, deleted, time) in enumerate(changes, 1)]
    assert everything(built(entries)) == everything(one_by_one(entries))


@given(CHANGES, CHANGES)
@settings(max_examples=100, deadline=None)
def test_it_changes_afterwards_like_any_other(before: list[tuple[str, bool, int]], after: list[tuple[str, bool, int]]) -> None:
    entries = [entry(name, number, size=time, time=time, deleted=deleted) for number, (name, deleted, time) in enumerate(before + after, 1)]
    index = built(entries[: len(before)])
    for one in entries[len(before) :]:
        index.apply(one)
    assert everything(index) == everything(one_by_one(entries))


def test_thousands_in_any_order_are_sorted() -> None:
    entries = [entry(f"{number * 7919 % 10007:05d}.{'aB'[number % 2]}", number, size=number) for number in range(1, 3001)]
    index = built(entries)
    assert [info.name for info in index.page(limit=5000).objects] == sorted((one.name for one in entries), key=str.casefold)


def test_rows_that_are_the_same_are_in_memory_once() -> None:
    entries = [entry("a", 1), entry("b", 2)]
    first = built(entries)
    second = built([*entries, entry("b", 3)], like=first)
    assert second._rows["a"] is first._rows["a"]
    assert second._rows["b"] is not first._rows["b"]


def test_a_folder_is_as_new_as_the_last_deletion_in_it() -> None:
    index = built([entry("d/gone", 2, time=9, deleted=True), entry("d/kept", 1, time=3)])
    assert index.page().folders[0].modified.timestamp() == 9


def link(name: str, revision: int, target: Link | None, deleted: bool = False) -> Entry:
    plain = entry(name, revision, deleted=deleted)
    return Entry(plain.name, plain.token, plain.raw, plain.revision, plain.time_ns, 0, "", deleted, target)


@pytest.mark.parametrize("make", [one_by_one, built])
def test_links_are_found_by_what_they_link_to(make: Callable[[list[Entry]], Index]) -> None:
    index = make(
        [
            link("z", 1, Link("other", "x")),
            link("a", 2, Link("other", "x")),
            link("whole", 3, Link("other")),
            link("turned", 4, Link("other", "x")),
            link("turned", 5, Link("other", "y")),
            link("removed", 6, Link("other", "x")),
            link("removed", 7, None, deleted=True),
            link("replaced", 8, Link("other", "x")),
            entry("replaced", 9),
        ]
    )
    assert index.links_to("other", "x") == ("a", "z")
    assert index.links_to("other", "y") == ("turned",)
    assert index.links_to("other", None) == ("whole",)
    assert index.links_to("files", "x") == ()
    index.discard("a")
    assert index.links_to("other", "x") == ("z",)
    assert {one.name: one.link for one in index.entries()}["z"] == Link("other", "x")
    index.clear()
    assert index.links_to("other", "x") == ()


@pytest.mark.parametrize("make", [one_by_one, built])
def test_subjects_are_counted_with_deletion_markers_and_other_forms_of_a_name(make: Callable[[list[Entry]], Index]) -> None:
    other = Entry("é", "6Q==", b"{}", 4, 0, 0, "", False)
    index = make([entry("a", 1), entry("b", 2, deleted=True), entry("é", 3), other])
    assert (len(index), index.subjects) == (2, 4)
    index.apply(entry("b", 5))
    assert (len(index), index.subjects) == (3, 4)
    index.apply(entry("é", 6, deleted=True))  # elsewhere than what is there
    assert (len(index), index.subjects) == (3, 4)
    index.apply(Entry("é", "6Q==", b"{}", 7, 0, 0, "", True))
    assert (len(index), index.subjects) == (2, 4)
    index.discard("a")
    assert index.subjects == 3
