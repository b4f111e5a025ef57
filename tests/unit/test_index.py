"""What the index answers: folders, pages, orders, search, and what it ignores."""

import gc
import tracemalloc
import weakref
from datetime import UTC, datetime

import pytest

from buckets.objectstore.entry import Entry
from buckets.objectstore.index import Index, Sort, SortKey, tree
from buckets.objectstore.index import index as index_module
from tests.unit.index_model import SECOND, Model, entry

ALL_SORTS = [Sort(key, descending) for key in SortKey for descending in (False, True)]
ODD_NAMES = [
    "/abs",
    "//",
    "a/",
    "a//b",
    "a/b",
    "../x",
    "..",
    ".",
    "new\nline",
    "tab\t",
    "nul\0l",
    "\0",
    " ",
    "'\"<>&%",
    "😀/🎉.png",
    "e\u0301 and é",
    "x" * 500,
    "\u202egpj.exe",
    "\U0010ffff/\U0010ffff",
    "CON/ß.TXT",
    "con/SS.txt",
]


def filled(*names: str) -> Index:
    index = Index("files")
    for revision, name in enumerate(names, 1):
        index.apply(entry(name, revision, size=revision, time=revision))
    return index


def page_names(index: Index, prefix: str = "", query: str = "", sort: str = "name") -> list[str]:
    listing = index.page(prefix=prefix, query=query, sort=Sort.parse(sort))
    return [*(folder.prefix for folder in listing.folders), *(found.name for found in listing.objects)]


def test_folders_come_from_slashes_and_stand_before_objects() -> None:
    index = filled("b.txt", "a/1", "a/2", "c/d/e/3", "a/x/4")
    assert page_names(index) == ["a/", "c/", "b.txt"]
    assert page_names(index, "a/") == ["a/x/", "a/1", "a/2"]
    assert page_names(index, "c/") == ["c/d/"]
    assert page_names(index, "c/d/") == ["c/d/e/"]
    assert page_names(index, "c/d/e/") == ["c/d/e/3"]


def test_slashes_at_the_ends_and_together_make_folders_without_a_name() -> None:
    index = filled("/abs", "a//b", "a/")
    listing = index.page()
    assert [(folder.prefix, folder.name) for folder in listing.folders] == [("/", ""), ("a/", "a")]
    assert page_names(index, "/") == ["/abs"]
    assert page_names(index, "a/") == ["a//", "a/"]
    assert page_names(index, "a//") == ["a//b"]


def test_a_folder_tells_the_objects_bytes_and_latest_change_of_all_below() -> None:
    index = filled("a/1", "a/b/2", "a/b/c/3", "d")
    folder = index.page().folders[0]
    assert (folder.objects, folder.size, folder.modified) == (3, 1 + 2 + 3, datetime.fromtimestamp(3, UTC))
    listing = index.page(prefix="a/b/")
    assert (listing.total, listing.objects_total, listing.size) == (2, 2, 5)
    assert (index.size, len(index), index.revision) == (10, 4, 4)


def test_a_folder_in_the_middle_of_a_chain_is_a_folder_too() -> None:
    index = filled("a/b/c/d/1")
    for prefix, child in (("", "a/"), ("a/", "a/b/"), ("a/b/", "a/b/c/"), ("a/b/c/", "a/b/c/d/")):
        (folder,) = index.page(prefix=prefix).folders
        assert (folder.prefix, folder.objects, folder.size) == (child, 1, 1)
    index.apply(entry("a/b/x", 2, size=5))
    assert page_names(index, "a/b/") == ["a/b/c/", "a/b/x"]
    assert index.page(prefix="a/").folders[0].size == 6


def test_a_folder_goes_with_its_last_object() -> None:
    index = filled("a/b/1", "c")
    index.apply(entry("a/b/1", 3, deleted=True))
    assert page_names(index) == ["c"]
    assert index.page(prefix="a/b/").total == 0


def test_a_deletion_is_a_change_of_its_folder_even_of_an_object_that_was_not_known() -> None:
    index = filled("a/b/c/1", "a/2")
    index.apply(entry("a/2", 3, time=70, deleted=True))
    assert index.page().folders[0].modified == datetime.fromtimestamp(70, UTC)
    assert index.apply(entry("a/b/never seen", 4, time=80, deleted=True)) is False
    assert index.page(prefix="a/").folders[0].modified == datetime.fromtimestamp(80, UTC)
    assert index.page(prefix="a/b/").folders[0].modified == datetime.fromtimestamp(1, UTC)


def test_a_folder_that_is_not_there_is_empty() -> None:
    listing = filled("a/1").page(prefix="nothing/here/")
    assert (listing.folders, listing.objects, listing.total, listing.size) == ((), (), 0, 0)


def test_a_folder_may_be_named_without_its_last_slash() -> None:
    assert page_names(filled("a/1", "ab"), "a") == ["a/1"]


@pytest.mark.parametrize("sort", ALL_SORTS, ids=str)
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_every_odd_name_is_listed_in_every_order(sort: Sort, delimiter: str) -> None:
    index, model = Index("files"), Model()
    for revision, name in enumerate(ODD_NAMES, 1):
        new = entry(name, revision, size=revision % 3, time=revision % 4, content_type=("", "text/plain")[revision % 2])
        assert index.apply(new)
        model.apply(new)
        assert index.get(name) == new.info("files")
    for prefix in ("", "a", "/", "a/", "con/"):
        wanted = model.scan(prefix, delimiter, "", sort)
        found = index.scan(prefix=prefix, delimiter=delimiter, sort=sort)
        assert sorted([*(one.prefix for one in found.prefixes), *(one.name for one in found.objects)]) == sorted(wanted)
        assert [one.name for one in found.objects] == [name for name in wanted if name in model.entries and name in _names(found)]
    folders, objects = model.page("", "", sort)
    assert page_names(index, sort=str(sort)) == [*folders, *objects]


def _names(found: index_module.Scan) -> set[str]:
    return {one.name for one in found.objects}


def test_names_that_are_not_valid_text_break_nothing() -> None:
    index = Index("files")
    for revision, name in enumerate(["\ud800", "a/\udfff", "\ud800/b"], 1):
        index.apply(entry(name, revision))
    assert index.page().total == 3
    assert index.page(query="\ud800").objects_total == 2
    cursor = index.scan(limit=1, sort=Sort(descending=True)).cursor
    assert index.scan(cursor=cursor, sort=Sort(descending=True)).total == 3


def test_thousands_of_slashes_cost_no_more_memory_than_the_names() -> None:
    index = Index("files")
    names = [f"{number}{'/x' * 2000}" for number in range(200)]
    tracemalloc.start()
    try:
        for revision, name in enumerate(names, 1):
            index.apply(entry(name, revision))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 10 * sum(map(len, names))
    assert page_names(index, names[0][:-1]) == [names[0]]
    for name in names:
        assert index.discard(name)
    assert index.page().total == 0


def test_by_name_means_regardless_of_case_and_then_by_code_point() -> None:
    index = filled("b", "a", "B", "A", "ä", "Z", "_")
    assert page_names(index) == ["_", "A", "a", "B", "b", "Z", "ä"]
    assert page_names(index, sort="-name") == ["ä", "Z", "b", "B", "a", "A", "_"]


def test_equals_are_in_the_order_of_their_names() -> None:
    index = Index("files")
    for revision, name in enumerate(["c", "B", "a", "d/1", "C/1"], 1):
        index.apply(entry(name, revision, size=5, time=5, content_type="text/plain"))
    for key in SortKey:
        assert page_names(index, sort=str(key)) == ["C/", "d/", "a", "B", "c"]


def test_by_type_is_by_content_type_then_by_extension() -> None:
    index = Index("files")
    kinds = {"1.txt": "text/plain", "2.csv": "text/plain", "3": "image/png", "4.zip": "", "5.CSV": "Text/Plain", "f/6": "a/a"}
    for revision, (name, kind) in enumerate(kinds.items(), 1):
        index.apply(entry(name, revision, content_type=kind))
    assert page_names(index, sort="type") == ["f/", "4.zip", "3", "2.csv", "5.CSV", "1.txt"]


def test_orders_of_large_folders_are_kept_for_the_last_used_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "KEEP_FROM", 2)
    monkeypatch.setattr(tree, "MAX_KEPT", 3)
    index = filled(*(f"{folder}/{number}" for folder in "abcdef" for number in range(3)))
    for folder in "abcdef":
        index.page(prefix=f"{folder}/", sort=Sort(SortKey.SIZE))
    assert kept_orders(index) == ["d", "e", "f"]
    index.apply(entry("a/1", 100, size=1000))
    assert page_names(index, "a/", sort="-size")[0] == "a/1"
    assert kept_orders(index) == ["a", "e", "f"]
    for number in range(3):
        index.discard(f"f/{number}")
    index.page(prefix="b/", sort=Sort(SortKey.SIZE))
    assert kept_orders(index) == ["a", "b", "e"]


def kept_orders(index: Index) -> list[str]:
    nodes = (index._tree.find(f"{folder}/") for folder in "abcdef")
    return [node.name for node in nodes if node and node.kept]


def test_search_finds_text_in_any_case_in_the_name_below_the_folder() -> None:
    index = filled("Reports/Q1 Summary.PDF", "Reports/old/q2 summary.pdf", "other/q1", "Reports.txt")
    assert page_names(index, query="SUMMARY") == ["Reports/old/q2 summary.pdf", "Reports/Q1 Summary.PDF"]
    assert page_names(index, "Reports/", "report") == []
    assert page_names(index, "Reports/", "q1") == ["Reports/Q1 Summary.PDF"]
    assert page_names(index, "", "q1") == ["other/q1", "Reports/Q1 Summary.PDF"]
    assert page_names(index, "", "reports/old") == ["Reports/old/", "Reports/old/q2 summary.pdf"]


def test_a_search_of_several_words_finds_what_has_all_of_them_in_any_order() -> None:
    index = filled("Reports/Q1 Summary.PDF", "Reports/old/q2 summary.pdf", "q2.txt", "summary")
    assert page_names(index, query="  summary  Q2 ") == ["Reports/old/q2 summary.pdf"]
    assert page_names(index, query="pdf reports") == ["Reports/old/q2 summary.pdf", "Reports/Q1 Summary.PDF"]
    assert page_names(index, "Reports/", "reports pdf") == []


@pytest.mark.parametrize("few", [5_000, -1], ids=["among the hits", "through the tree"])
def test_a_search_finds_folders_by_their_own_names_at_any_depth_and_empty_ones(monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(index_module, "FEW_HITS", few)
    index = filled("Reports/2026/reports/a", "Reports/2026/b", "x/y/z/c")
    index.keep({"empty reports/": 7})
    folders = ["empty reports/", "Reports/", "Reports/2026/reports/"]
    assert page_names(index, query="reports") == [*folders, "Reports/2026/b", "Reports/2026/reports/a"]
    assert page_names(index, query="2026 reports")[:2] == ["Reports/2026/", "Reports/2026/reports/"]
    assert page_names(index, query="y") == ["empty reports/", "x/y/", "x/y/z/c"]
    assert page_names(index, "x/", "z") == ["x/y/z/", "x/y/z/c"]
    listing = index.page(query="reports", offset=2, limit=2)
    assert ([found.prefix for found in listing.folders], [found.name for found in listing.objects]) == (folders[2:], ["Reports/2026/b"])
    assert (listing.total, listing.objects_total, listing.folders[0].objects) == (5, 2, 1)
    assert index.page(query="reports", objects_only=True).folders == ()
    flat = index.page(prefix="Reports/", objects_only=True, limit=1)
    assert (flat.folders, [found.name for found in flat.objects], flat.total) == ((), ["Reports/2026/b"], 2)


def test_search_folds_case_as_unicode_does() -> None:
    index = filled("Straße.txt", "STRASSE 2", "İstanbul")
    assert page_names(index, query="strasse") == ["STRASSE 2", "Straße.txt"]
    assert page_names(index, query="ß") == ["STRASSE 2", "Straße.txt"]


def test_search_counts_all_hits_and_their_bytes() -> None:
    index = filled(*(f"f{number}/report {number}" for number in range(50)), "else")
    listing = index.page(query="report", limit=10, offset=20, sort=Sort(SortKey.SIZE))
    assert [found.size for found in listing.objects] == list(range(21, 31))
    assert (listing.total, listing.objects_total, listing.size, listing.folders) == (50, 50, sum(range(1, 51)), ())


def test_search_sees_each_change_at_once() -> None:
    index = filled(*(f"file {number}" for number in range(20)))
    assert index.page(query="file").total == 20
    index.apply(entry("FILE new", 21, size=100))
    index.apply(entry("file 3", 22, size=200))
    index.discard("file 4")
    index.apply(entry("zero\0file", 23))
    assert page_names(index, query="file", sort="-size")[:2] == ["file 3", "FILE new"]
    assert index.page(query="file").total == 21
    assert page_names(index, query="file 4") == ["file 14"]
    assert page_names(index, query="ro\0fi") == ["zero\0file"]


def test_what_is_prepared_for_searching_is_the_same_as_what_a_search_reads() -> None:
    index = filled(*(f"{number:05d}" for number in range(3000)))
    calls = 1
    while index.prepare(chunks=1):
        calls += 1
    assert calls == len(index._order.chunks) + 1
    assert all(chunk.columns is not None for chunk in index._order.chunks)
    index.apply(entry("00042x", 3001))
    assert page_names(index, query="00042") == ["00042", "00042x"]


def test_what_is_not_newer_is_ignored_even_after_the_removal() -> None:
    index = Index("files")
    assert index.apply(entry("a", 5, size=5))
    assert not index.apply(entry("a", 5, size=6))
    assert not index.apply(entry("a", 4, deleted=True))
    assert index.apply(entry("a", 7, deleted=True))
    assert not index.apply(entry("a", 6))
    assert not index.apply(entry("a", 7))
    assert len(index) == 0
    assert index.apply(entry("a", 8))
    assert index.discard("a")
    assert not index.discard("a")
    assert not index.apply(entry("a", 8))
    assert index.apply(entry("a", 9))
    assert index.revision == 9


def test_a_deletion_of_what_is_not_known_is_remembered_too() -> None:
    index = Index("files")
    assert not index.apply(entry("a", 5, deleted=True))
    assert not index.apply(entry("a", 4))
    assert index.get("a") is None


def test_only_so_many_removals_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "MAX_REMEMBERED", 10)
    index = Index("files")
    for revision in range(1, 101):
        index.apply(entry(f"{revision}", revision, deleted=True))
    assert len(index._gone) == 10
    assert not index.apply(entry("100", 100))


def test_a_change_moves_an_object_in_the_orders_it_is_shown_in() -> None:
    index = filled("a", "b", "c")
    assert page_names(index, sort="-modified") == ["c", "b", "a"]
    index.apply(entry("a", 9, size=0, time=99))
    assert page_names(index, sort="-modified") == ["a", "c", "b"]
    assert page_names(index, sort="size") == ["a", "b", "c"]


def test_info_is_what_the_message_says_even_if_its_subject_is_no_name() -> None:
    index = Index("files")
    odd = Entry.read("not base64!", b"nonsense", 3, 4 * SECOND)
    index.apply(odd)
    info = index.get("not base64!")
    assert info is not None
    assert info == odd.info("files")
    assert info.problem
    assert index.page().objects == (info,)


def test_entries_give_back_what_was_applied() -> None:
    index = Index("files")
    new = entry("a/b.txt", 3, size=4, time=5, content_type="text/plain")
    index.apply(new)
    assert list(index.entries()) == [new]


def test_an_index_that_is_dropped_is_freed_at_once() -> None:
    index = filled("a/b/c", "a/b/d/e", "f")
    index.page(prefix="a/b/", query="c", sort=Sort(SortKey.SIZE))
    gone = weakref.ref(index)
    tree_gone = weakref.finalize(index._tree, list)
    gc.disable()
    try:
        del index
        assert gone() is None
        assert not tree_gone.alive
    finally:
        gc.enable()


def test_clear_forgets_everything() -> None:
    index = filled("a/b", "c")
    index.clear()
    assert (len(index), index.size, index.revision, index.page().total) == (0, 0, 0, 0)
    assert index.apply(entry("c", 1))


def test_a_page_beyond_the_end_is_empty_and_odd_limits_are_harmless() -> None:
    index = filled("a/1", "b", "c")
    assert index.page(offset=3).objects == ()
    assert index.page(offset=-5, limit=-1).total == 3
    assert [found.name for found in index.page(offset=1, limit=1).objects] == ["b"]


@pytest.mark.parametrize(("text", "sort"), [("name", Sort()), ("-size", Sort(SortKey.SIZE, True)), ("modified", Sort(SortKey.MODIFIED))])
def test_a_sort_is_read_and_written(text: str, sort: Sort) -> None:
    assert Sort.parse(text) == sort
    assert str(sort) == text


@pytest.mark.parametrize("text", ["", "-", "--size", "Size", "colour", "size "])
def test_a_sort_that_does_not_exist_is_refused_with_those_that_do(text: str) -> None:
    with pytest.raises(ValueError, match="name, size, type, modified"):
        Sort.parse(text)
