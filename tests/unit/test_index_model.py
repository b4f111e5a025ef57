"""The index against a dict, whatever happens to both."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from buckets.objectstore.index import Index, Sort, SortKey, ordered, ranks, tree
from tests.unit.index_model import SECOND, Model, entry, sums_of

FOLDERS = st.lists(st.sampled_from(["a", "A", "b", ""]), max_size=4).map(lambda parts: "".join(part + "/" for part in parts))
BASES = st.sampled_from(["", "a", "A", "b", "B.txt", "..", "é", "ß", "x.PDF", "a\0", "a b", "\n", "😀", "\U0010ffff"])
NAMES = st.builds(str.__add__, FOLDERS, BASES).filter(bool)
ALL_SORTS = [Sort(key, descending) for key in SortKey for descending in (False, True)]
SORTS = st.sampled_from(ALL_SORTS)
QUERIES = st.sampled_from(["", "a", "B", "SS", "/", ".", "zz", "\0", "a/", "b a", " ", "A a ."])
TYPES = st.sampled_from(["", "text/plain", "Text/HTML", "application/pdf"])


class IndexMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.index = Index("files")
        self.model = Model()
        self.revision = 0

    @rule(names=st.lists(NAMES, max_size=12), size=st.integers(0, 3), time=st.integers(0, 5), kind=TYPES)
    def put(self, names: list[str], size: int, time: int, kind: str) -> None:
        for name in names:
            self.revision += 1
            new = entry(name, self.revision, size=size + self.revision % 2, time=time, content_type=kind)
            assert self.index.apply(new) is self.model.apply(new) is True

    @rule(data=st.data(), time=st.integers(0, 5))
    def delete(self, data: st.DataObject, time: int) -> None:
        self.revision += 1
        gone = entry(data.draw(self.some_name()), self.revision, time=time, deleted=True)
        assert self.index.apply(gone) is self.model.apply(gone)

    @rule(data=st.data(), back=st.integers(0, 5), deleted=st.booleans())
    def say_something_old(self, data: st.DataObject, back: int, deleted: bool) -> None:
        old = entry(data.draw(self.some_name()), max(self.revision - back, 0), size=77, time=9, deleted=deleted)
        assert self.index.apply(old) is self.model.apply(old)

    @rule(data=st.data())
    def discard(self, data: st.DataObject) -> None:
        name = data.draw(self.some_name())
        assert self.index.discard(name) is self.model.discard(name)

    @rule(folders=st.dictionaries(FOLDERS.filter(bool), st.integers(0, 5), max_size=5))
    def keep(self, folders: dict[str, int]) -> None:
        wanted = {folder: time * SECOND for folder, time in folders.items()}
        assert self.index.keep(wanted) is self.model.keep(wanted)

    @rule(prefix=FOLDERS, query=QUERIES, sort=SORTS, offset=st.integers(0, 8), limit=st.integers(0, 8))
    def page(self, prefix: str, query: str, sort: Sort, offset: int, limit: int) -> None:
        listing = self.index.page(prefix=prefix, query=query, sort=sort, offset=offset, limit=limit)
        folders, objects = self.model.page(prefix, query, sort)
        wanted = [*folders, *objects][offset : offset + limit]
        assert [*(folder.prefix for folder in listing.folders), *(found.name for found in listing.objects)] == wanted
        assert [sums_of(folder) for folder in listing.folders] == [self.model.sums(folder.prefix) for folder in listing.folders]
        assert listing.total == len(folders) + len(objects)
        below = [self.model.entries[name] for name in objects] if query else self.model.below(prefix)
        assert (listing.objects_total, listing.size) == (len(below), sum(one.size for one in below))

    @rule(prefix=FOLDERS, partial=BASES, delimiter=st.sampled_from(["", "/"]), query=QUERIES, sort=SORTS, limit=st.integers(1, 5))
    def scan(self, prefix: str, partial: str, delimiter: str, query: str, sort: Sort, limit: int) -> None:
        prefix += partial
        wanted = self.model.scan(prefix, delimiter, query, sort)
        seen: list[str] = []
        cursor = None
        while True:
            found = self.index.scan(prefix=prefix, delimiter=delimiter, query=query, sort=sort, limit=limit, cursor=cursor)
            assert found.total == len(wanted)
            names = {*(one.prefix for one in found.prefixes), *(one.name for one in found.objects)}
            assert names == set(wanted[len(seen) : len(seen) + limit])
            rolled = self.model.folders(prefix) if delimiter and not query else set()
            assert [one.prefix for one in found.prefixes] == [name for name in wanted if name in names & rolled]
            seen += wanted[len(seen) : len(seen) + limit]
            cursor = found.cursor
            if cursor is None:
                break
        assert seen == wanted

    @invariant()
    def counts_are_right(self) -> None:
        if hasattr(self, "index"):
            assert len(self.index) == len(self.model.entries)
            assert self.index.size == sum(one.size for one in self.model.entries.values())
            assert {one.name for one in self.index.entries()} == set(self.model.entries)

    @invariant()
    def the_top_is_right_in_one_order_after_another(self) -> None:
        if hasattr(self, "index"):
            sort = ALL_SORTS[self.revision % len(ALL_SORTS)]
            listing = self.index.page(sort=sort)
            names = [folder.prefix for folder in listing.folders], [found.name for found in listing.objects]
            assert names == self.model.page("", "", sort)

    def some_name(self) -> st.SearchStrategy[str]:
        return st.sampled_from(sorted(self.model.entries)) | NAMES if self.model.entries else NAMES


@pytest.fixture(autouse=True)
def small_structures(monkeypatch: pytest.MonkeyPatch) -> None:
    """So small that a few names split, join and evict everything that can be."""
    monkeypatch.setattr(ordered, "CHUNK", 4)
    monkeypatch.setattr(tree, "KEEP_FROM", 2)
    monkeypatch.setattr(tree, "MAX_KEPT", 3)
    monkeypatch.setattr(ranks, "SAMPLE", 2)


TestTheIndexIsADict = IndexMachine.TestCase
TestTheIndexIsADict.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
