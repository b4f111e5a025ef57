"""Walks over an index a stretch at a time."""

from hypothesis import given, settings
from hypothesis import strategies as st

from buckets.objectstore.index import Index
from tests.unit.index_model import entry
from tests.unit.test_index import filled

NAMES = st.text("aA/ß\U0010ffff", max_size=5)


def below(index: Index, prefix: str, limit: int) -> list[str]:
    names: list[str] = []
    while piece := index.names_below(prefix, names[-1] if names else None, limit):
        assert len(piece) <= limit
        names += piece
    return names


@given(st.sets(NAMES, max_size=30), NAMES, st.integers(1, 4))
@settings(max_examples=150, deadline=None)
def test_the_names_below_any_prefix_are_told_each_once(names: set[str], prefix: str, limit: int) -> None:
    assert below(filled(*names), prefix, limit) == sorted(name for name in names if name.startswith(prefix))


def test_a_walk_goes_on_where_it_was_whatever_changes() -> None:
    index = filled("a/1", "a/2", "a/3", "a/4")
    assert index.names_below("a/", None, 2) == ["a/1", "a/2"]
    index.discard("a/2")
    index.apply(entry("a/0", 90))
    index.apply(entry("a/5", 91))
    assert index.names_below("a/", "a/2", 2) == ["a/3", "a/4"]
    assert index.names_below("a/", "a/4", 2) == ["a/5"]


def test_objects_of_a_size_are_found_a_few_at_a_time() -> None:
    index = Index("files")
    for number, size in enumerate([5, 7, 5, 5, 7]):
        index.apply(entry(f"n{number}", number + 1, size=size))
    found: list[tuple[list[str], str | None]] = []
    after = None
    while not found or after is not None:
        entries, after = index.of_size(7, after, 2)
        found.append(([one.name for one in entries], after))
    assert found == [(["n1"], "n1"), ([], "n3"), (["n4"], "n4"), ([], None)]


def folders(index: Index, text: str, limit: int = 100) -> list[str]:
    return [folder.prefix for folder in index.folders(text, limit)]


def test_folders_are_found_by_the_beginning_of_their_name_in_any_case() -> None:
    index = filled("Docs/x", "docs/x", "dot/a/b/x", "dot/a/c", "e/x", "docx", "Straße/x", "STRASSEN/x")
    index.keep({"doc-new/": 1})
    assert folders(index, "") == ["doc-new/", "Docs/", "docs/", "dot/", "e/", "Straße/", "STRASSEN/"]
    assert folders(index, "DOC") == ["doc-new/", "Docs/", "docs/"]
    assert folders(index, "do", 2) == ["doc-new/", "Docs/"]
    assert folders(index, "strass") == ["Straße/", "STRASSEN/"]
    assert folders(index, "dot/") == ["dot/a/"]
    assert folders(index, "dot/A") == ["dot/a/"]
    assert folders(index, "dot/a/") == ["dot/a/b/"]
    assert folders(index, "dot/x") == folders(index, "nowhere/a") == folders(index, "docx") == []
    assert [(folder.name, folder.objects) for folder in index.folders("doc", 3)] == [("doc-new", 0), ("Docs", 1), ("docs", 1)]


@given(st.sets(NAMES, max_size=30), NAMES)
@settings(max_examples=150, deadline=None)
def test_a_scan_of_any_beginning_counts_what_it_gives(names: set[str], prefix: str) -> None:
    found = filled(*names).scan(prefix=prefix, delimiter="/")
    rolled = {name[: name.find("/", len(prefix)) + 1] or name for name in names if name.startswith(prefix)}
    assert found.total == len(found.objects) + len(found.prefixes) == len(rolled)
