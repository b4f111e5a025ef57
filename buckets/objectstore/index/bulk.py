"""Filling an index at once, a few milliseconds at a time: many insertions would take a second, and a sort in one go stall the loop."""

from collections.abc import Callable, Iterator
from itertools import islice
from operator import itemgetter
from typing import Any

from ..entry import Entry
from .index import Index
from .ordered import Ordered
from .sorting import BY_EXACT_NAME, FOLDED, NAME, REVISION, ROW_KEYS, SIZE, TIME, Row, SortKey, row_of
from .stepsort import STEP, sort
from .tree import NODE_KEYS, Node

BY_FOLDED: Callable[[Row], Any] = itemgetter(FOLDED)


class Builder:
    """Makes an ``Index`` of what ``take`` or ``take_sorted`` were given; ``steps`` does the work, and must be run to its end."""

    def __init__(self, bucket: str, like: Index | None = None) -> None:
        """like: an index of the same bucket whose rows are used again where they are the same, so that they are in memory once."""
        self.index = Index(bucket)
        self._like = like
        self._sorted: list[list[Row]] = []
        self.markers: list[tuple[str, int]] = []  # names and times

    def take(self, entry: Entry) -> None:
        """As ``Index.apply``, in any order."""
        index, name = self.index, entry.name
        old = index._rows.get(name)
        if not index._is_news(entry, old):
            return
        if entry.deleted:
            self.markers.append((name, entry.time_ns))
            index._rows.pop(name, None)
            index._links.set(name, None)
            index._remember(name, entry.revision)
            return
        known = self._like._rows.get(name) if self._like is not None else None
        same = known is not None and (known[REVISION], known[TIME]) == (entry.revision, entry.time_ns)
        index._rows[name] = known if known is not None and same else row_of(entry, old)
        index._links.set(name, entry.link)
        index._gone.pop(name, None)

    def take_sorted(self, rows: list[Row]) -> None:
        """Rows that follow all those given before in the order of their exact names. Raises ValueError when they do not."""
        before = self._sorted[-1][-1][NAME] if self._sorted else ""
        names = [row[NAME] for row in rows]
        if not names[0] > before or any(map(str.__ge__, names, islice(names, 1, None))):
            raise ValueError("rows out of order")
        self.index._rows.update(zip(names, rows, strict=True))
        self._sorted.append(rows)

    def steps(self) -> Iterator[None]:
        index = self.index
        if not self._sorted:
            rows = list(index._rows.values())
            yield
            yield from sort(rows, BY_EXACT_NAME, self._sorted)
        index._order = Ordered.of_sorted(BY_EXACT_NAME, self._sorted)
        yield
        yield from self._folders()
        for start in range(0, len(self.markers), STEP):
            for name, time in self.markers[start : start + STEP]:
                index._tree.touch(name, time)
            yield

    def _folders(self) -> Iterator[None]:
        folders: dict[str, list[Row]] = {}
        for rows in self._sorted:
            for row in rows:
                name = row[NAME]
                folders.setdefault(name[: name.rfind("/") + 1], []).append(row)
            yield
        done = 0
        for prefix, rows in folders.items():
            pieces: list[list[Row]] = []
            yield from sort(rows, BY_FOLDED, pieces)  # in the order of exact names already, and so among equals
            size = time = 0
            for piece in pieces:
                size += sum(row[SIZE] for row in piece)
                time = max(time, *(row[TIME] for row in piece))
                done += len(piece)
                if done > STEP:
                    done = 0
                    yield
            self.index._tree.load(prefix, Ordered.of_sorted(ROW_KEYS[SortKey.NAME], pieces), size, time)
            done += 10
            if done > STEP:
                done = 0
                yield
        key = NODE_KEYS[SortKey.NAME]
        for node in self.index._tree.end_loading():
            children: list[list[Node]] = []
            yield from sort(list((node.children or {}).values()), key, children)
            node.folders = Ordered.of_sorted(key, children)
            done += len(children) + 10
            if done > STEP:
                done = 0
                yield
