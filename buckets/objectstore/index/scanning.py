"""Listings that go on from a cursor."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from .cursor import Cursor
from .ordered import Ordered
from .search import Matches, bound
from .sorting import NAME, ROW_KEYS, ROW_VALUES, Row, Sort, SortKey, prefix_end
from .tree import NODE_KEYS, NODE_VALUES, Children, Node, Tree
from .walking import NEXT, folders_beginning


@dataclass(frozen=True, slots=True)
class Prefix:
    """A folder as an item of a listing, under its whole name."""

    name: str
    node: Node


Item = Row | Prefix


@dataclass(frozen=True, slots=True)
class Stretch:
    """``total``: how many items the whole listing has; ``cursor``: None at its end."""

    items: Sequence[Item]
    total: int
    cursor: Cursor | None


@dataclass(frozen=True, slots=True)
class Scanner:
    """One listing of ``rows`` (by exact name) and of the ``tree`` of the same. The rules are those of ``Index.scan``.

    ``kept``: the folders that are in the tree also without an object, of which a listing like this knows nothing.
    """

    rows: Ordered[Row]
    tree: Tree
    prefix: str
    sort: Sort
    kept: Collection[str] = ()

    def scan(self, delimiter: str, query: str, limit: int, last: Cursor | None) -> Stretch:
        by_name = self.sort.key is SortKey.NAME
        if query or not (by_name or delimiter):
            return self._found(query, limit, last)
        if not by_name:
            return self._in_folder(limit, last)
        return self._rolled_up(limit, last) if delimiter else self._flat(limit, last)

    def _stretch(self, items: Sequence[Item], total: int, limit: int) -> Stretch:
        """``items``: one more than ``limit`` if there are."""
        return Stretch(items[:limit], total, self._cursor(items[limit - 1]) if len(items) > limit else None)

    def _cursor(self, item: Item) -> Cursor:
        if isinstance(item, Prefix):
            value = NODE_VALUES[self.sort.key](item.node) if self.sort.key in NODE_VALUES else None
            return Cursor(self.sort, True, value, item.name)
        value = ROW_VALUES[self.sort.key](item) if self.sort.key in ROW_VALUES else None
        return Cursor(self.sort, False, value, item[NAME])

    def _found(self, query: str, limit: int, last: Cursor | None) -> Stretch:
        matches = Matches(self.rows, self.prefix, [query.casefold()])
        key = None if self.sort.key is SortKey.NAME else self.sort.key
        beyond = bound(self.rows, last.value, last.name, self.sort.descending) if last else None
        found = matches.select(key, 0, limit + 1, descending=self.sort.descending, beyond=beyond)
        return self._stretch(found, matches.total, limit)

    def _range(self) -> tuple[int, int]:
        end = prefix_end(self.prefix)
        return self.rows.position(self.prefix), len(self.rows) if end is None else self.rows.position(end)

    def _flat(self, limit: int, last: Cursor | None) -> Stretch:
        low, high = self._range()
        if self.sort.descending:
            stop = self.rows.position(last.name) if last else high
            found = self.rows.slice(max(low, stop - limit - 1), stop)[::-1]
        else:
            start = self.rows.position(last.name + NEXT) if last else low
            found = self.rows.slice(start, min(high, start + limit + 1))
        return self._stretch(found, high - low, limit)

    def _rolled_up(self, limit: int, last: Cursor | None) -> Stretch:
        walk = self._down(last) if self.sort.descending else self._up(last)
        return self._stretch(list(islice(walk, limit + 1)), self._children_total(), limit)

    def _up(self, last: Cursor | None) -> Iterator[Item]:
        key: str | None = self.prefix
        if last:
            key = prefix_end(last.name) if last.folder else last.name + NEXT
        while key is not None:
            row = self.rows.at_or_after(key)
            if row is None or not row[NAME].startswith(self.prefix):
                return
            item = self._rolled(row)
            yield item
            key = prefix_end(item.name) if isinstance(item, Prefix) else row[NAME] + NEXT

    def _down(self, last: Cursor | None) -> Iterator[Item]:
        end = last.name if last else prefix_end(self.prefix)
        row = self.rows.last() if end is None else self.rows.before(end)
        while row is not None and row[NAME].startswith(self.prefix):
            item = self._rolled(row)
            yield item
            row = self.rows.before(item.name if isinstance(item, Prefix) else row[NAME])

    def _rolled(self, row: Row) -> Item:
        cut = row[NAME].find("/", len(self.prefix)) + 1
        node = self.tree.find(row[NAME][:cut]) if cut else None
        return row if node is None else Prefix(row[NAME][:cut], node)

    def _children_total(self) -> int:
        _, partial, node = self._parent()
        if node is None:
            return 0
        children = self.tree.children(node, SortKey.NAME)
        if not partial:
            return len(children.folders) + len(children.objects) - self._bare()
        low, high = self._range()
        beginning = (child for child in folders_beginning(children.folders, partial) if child.name.startswith(partial))
        return high - low - sum(child.count - 1 for child in beginning) - self._bare()

    def _bare(self) -> int:
        """How many of the folders that the listing would show have no object in them."""
        start = len(self.prefix)
        below = {name[: name.index("/", start) + 1] for name in self.kept if name.startswith(self.prefix) and len(name) > start}
        return sum((node := self.tree.find(name)) is not None and node.count == 0 for name in below)

    def _parent(self) -> tuple[str, str, Node | None]:
        """The folder that the prefix is in, and what is left of the prefix there."""
        cut = self.prefix.rfind("/") + 1
        return self.prefix[:cut], self.prefix[cut:], self.tree.find(self.prefix[:cut])

    def _in_folder(self, limit: int, last: Cursor | None) -> Stretch:
        parent, partial, node = self._parent()
        if node is None:
            return Stretch((), 0, None)
        key, descending = self.sort.key, self.sort.descending
        children = self.tree.children(node, key)
        if partial:
            children = _beginning(children, partial, key, parent)
        nodes: list[Node] = []
        bare = self._bare()
        if last is None:
            nodes = children.folders.slice(0, limit + 1 + bare, descending)
        elif last.folder:
            nodes = children.folders.beyond(_node_key(last, parent), limit + 1 + bare, descending)
        nodes = [node for node in nodes if node.count][: limit + 1]
        room = limit + 1 - len(nodes)
        if last is None or last.folder:
            rows = children.objects.slice(0, room, descending)
        else:
            rows = children.objects.beyond((last.value, last.name.casefold(), last.name), room, descending)
        total = len(children.folders) + len(children.objects) - bare
        return self._stretch([*(Prefix(f"{parent}{node.name}/", node) for node in nodes), *rows], total, limit)


def _beginning(children: Children, partial: str, key: SortKey, parent: str) -> Children:
    """Those of ``children`` whose name begins with ``partial``."""
    nodes = (node for node in children.folders if node.name.startswith(partial))
    rows = (row for row in children.objects if row[NAME].startswith(parent + partial))
    return Children(Ordered(NODE_KEYS[key], nodes), Ordered(ROW_KEYS[key], rows))


def _node_key(cursor: Cursor, parent: str) -> tuple[Any, ...]:
    name = cursor.name.removeprefix(parent).removesuffix("/")
    return (name.casefold(), name) if cursor.value is None else (cursor.value, name.casefold(), name)
