"""The tree of folders that the names of a bucket's objects span, with the sums of each and the orders of its children."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from .ordered import Ordered
from .sorting import NAME, ROW_KEYS, ROW_VALUES, SIZE, TIME, Row, SortKey

KEEP_FROM = 1_000
MAX_KEPT = 32


class Node:
    """A folder, and those above it that hold nothing else: ``label`` may be ``a/b/c/``, the first of which is its ``name``.

    So the tree has no more nodes than there were objects, whatever the number of slashes in their names. The sums hold for each
    folder in the label alike: all that is in one is in the next. ``time`` is that of the latest change below, deletions too. It is there
    as long as there is an object in it, or one of its ``pins``: it, or a folder in it, is to be there without one.
    It does not know its parent: without cycles, an index that is dropped gives its memory back at once.
    """

    __slots__ = ("children", "count", "folders", "kept", "label", "name", "objects", "pins", "size", "time")

    def __init__(self, label: str, like: "Node | None" = None) -> None:
        self.label = label
        self.name = label[: label.find("/")]
        self.count: int = like.count if like else 0
        self.size: int = like.size if like else 0
        self.time: int = like.time if like else 0
        self.pins: int = like.pins if like else 0
        self.children: dict[str, Node] | None = None
        self.folders: Ordered[Node] | None = None
        self.objects: Ordered[Row] | None = None
        self.kept: dict[SortKey, Children] | None = None

    @property
    def folded(self) -> str:
        return self.name.casefold()

    def add(self, objects: int, size: int, time: int) -> None:
        self.count += objects
        self.size += size
        if time > self.time:
            self.time = time


NODE_KEYS: dict[SortKey, Callable[[Node], Any]] = {
    SortKey.NAME: attrgetter("folded", "name"),
    SortKey.SIZE: attrgetter("size", "folded", "name"),
    SortKey.TYPE: attrgetter("folded", "name"),
    SortKey.MODIFIED: attrgetter("time", "folded", "name"),
}
NODE_VALUES = {SortKey.SIZE: attrgetter("size"), SortKey.MODIFIED: attrgetter("time")}
NO_FOLDERS: Ordered[Node] = Ordered(NODE_KEYS[SortKey.NAME])
NO_OBJECTS: Ordered[Row] = Ordered(ROW_KEYS[SortKey.NAME])


@dataclass(frozen=True, slots=True)
class Children:
    """What is directly in a folder, in one order. To be read only."""

    folders: Ordered[Node]
    objects: Ordered[Row]


class Tree:
    """Changes cost a few microseconds a level; an order of a large folder's children is built when first asked for and then kept
    up to date, the ``MAX_KEPT`` last used of them.
    """

    def __init__(self) -> None:
        self.root = Node("")
        self._loading = False
        self._recent: OrderedDict[tuple[Node, SortKey], None] = OrderedDict()

    def insert(self, row: Row) -> None:
        way = self._reach(row[NAME], create=True)
        node = way[-1]
        if node.objects is None:
            node.objects = Ordered(ROW_KEYS[SortKey.NAME])
        node.objects.add(row)
        for kept in _kept(node):
            kept.objects.add(row)
        self._account(way, 1, row[SIZE], row[TIME])

    def load(self, prefix: str, objects: Ordered[Row], size: int, time: int) -> None:
        """Give a folder that has no objects yet all that are directly in it; ``size`` and ``time``: their sum and the latest.

        The first of these calls begins the loading of a tree that is empty; ``end_loading`` ends it.
        """
        self._loading = True
        way = self._reach(prefix, create=True)
        way[-1].objects = objects
        count = len(objects)
        for node in way:
            node.add(count, size, time)

    def end_loading(self) -> Iterator[Node]:
        """All folders that have folders in them: the caller gives each its ``folders`` in order."""
        self._loading = False
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            if node.children:
                yield node
                waiting += node.children.values()

    def times(self) -> Iterator[tuple[str, int]]:
        """The whole name of each folder and its time. The tree may change meanwhile."""
        waiting = [("", self.root)]
        while waiting:
            prefix, node = waiting.pop()
            yield prefix, node.time
            waiting += [(prefix + child.label, child) for child in list((node.children or {}).values())]

    def set_time(self, prefix: str, time: int) -> None:
        """Make a folder's time ``time`` if it is there and older, and no other's."""
        node = self.find(prefix)
        if node is not None and node.time < time:
            self._reach(prefix, create=True)[-1].add(0, 0, time)

    def replace(self, old: Row, new: Row) -> None:
        """``new`` has the name of ``old``, which must be there."""
        way = self._reach(old[NAME])
        node = way[-1]
        if node.objects is not None:
            node.objects.replace(new)
        for kept in _kept(node):
            kept.objects.remove(old)
            kept.objects.add(new)
        self._account(way, 0, new[SIZE] - old[SIZE], new[TIME])

    def remove(self, row: Row, time: int) -> None:
        """``row`` must be there; ``time`` of the removal, 0 when unknown."""
        way = self._reach(row[NAME])
        node = way[-1]
        if node.objects is not None:
            node.objects.remove(row)
        for kept in _kept(node):
            kept.objects.remove(row)
        self._account(way, -1, -row[SIZE], time)

    def touch(self, name: str, time: int) -> None:
        """Something of this name was changed at ``time`` and is not there (any more)."""
        self._account(self._reach(name), 0, 0, time)

    def pin(self, prefix: str, time: int) -> None:
        """The folder is there from now on, also without an object in it; ``time``: since when."""
        self._account(self._reach(prefix, create=True), 0, 0, time, pins=1)

    def unpin(self, prefix: str) -> None:
        """Undo one ``pin``."""
        self._account(self._reach(prefix), 0, 0, 0, pins=-1)

    def find(self, prefix: str) -> Node | None:
        """The folder whose whole name is ``prefix`` ("" or ending in "/"), or None."""
        node, start = self.root, 0
        while start < len(prefix):
            child = (node.children or {}).get(prefix[start : prefix.index("/", start)])
            if child is None:
                return None
            if not prefix.startswith(child.label, start):
                return _inside(child, prefix[start:])
            node, start = child, start + len(child.label)
        return node

    def children(self, node: Node, key: SortKey) -> Children:
        by_name = Children(node.folders or NO_FOLDERS, node.objects or NO_OBJECTS)
        if key is SortKey.NAME:
            return by_name
        kept = node.kept.get(key) if node.kept else None
        if kept is None:
            folders = Ordered(NODE_KEYS[key], by_name.folders)
            kept = Children(folders, Ordered(ROW_KEYS[key], by_name.objects, first=ROW_VALUES[key]))
            if len(kept.folders) + len(kept.objects) < KEEP_FROM:
                return kept
            node.kept = (node.kept or {}) | {key: kept}
        self._use(node, key)
        return kept

    def _use(self, node: Node, key: SortKey) -> None:
        self._recent[node, key] = None
        self._recent.move_to_end((node, key))
        if len(self._recent) > MAX_KEPT:
            (oldest, unused), _ = self._recent.popitem(last=False)
            oldest.kept = {key: kept for key, kept in (oldest.kept or {}).items() if key is not unused} or None

    def _reach(self, name: str, create: bool = False) -> list[Node]:
        """The way from the root to the folder that an object of this name is in, or unless ``create`` to the nearest that exists."""
        node, start, end = self.root, 0, name.rfind("/") + 1
        way = [node]
        while start < end:
            child = (node.children or {}).get(name[start : name.index("/", start)])
            if child is None:
                return [*way, self._grow(node, name[start:end])] if create else way
            if not name.startswith(child.label, start):
                child = self._split(node, child, _shared(child.label, name, start))
            node, start = child, start + len(child.label)
            way.append(node)
        return way

    def _grow(self, parent: Node, label: str) -> Node:
        node = Node(label)
        if parent.children is None:
            parent.children = {}
        parent.children[node.name] = node
        if self._loading:
            return node
        if parent.folders is None:
            parent.folders = Ordered(NODE_KEYS[SortKey.NAME])
        parent.folders.add(node)
        for kept in _kept(parent):
            kept.folders.add(node)
        return node

    def _split(self, parent: Node, lower: Node, at: int) -> Node:
        """Put a node of the first ``at`` characters of its label between ``parent`` and ``lower``, which keeps the others."""
        upper = Node(lower.label[:at], like=lower)
        if parent.children is not None:
            parent.children[upper.name] = upper
        if parent.folders is not None:
            parent.folders.replace(upper)
        for kept in _kept(parent):
            kept.folders.replace(upper)
        lower.label = lower.label[at:]
        lower.name = lower.label[: lower.label.index("/")]
        upper.children = {lower.name: lower}
        if not self._loading:
            upper.folders = Ordered(NODE_KEYS[SortKey.NAME], [lower])
        return upper

    def _account(self, way: list[Node], objects: int, size: int, time: int, pins: int = 0) -> None:
        """Add to the sums of all folders on the ``way``; one in which nothing is left goes."""
        for parent, node in zip(reversed(way[:-1]), reversed(way), strict=False):
            above = _kept(parent)
            for kept in above:
                kept.folders.remove(node)
            node.add(objects, size, time)
            node.pins += pins
            if node.count == 0 and node.pins == 0:
                self._drop(parent, node)
            else:
                for kept in above:
                    kept.folders.add(node)
        self.root.add(objects, size, time)

    def _drop(self, parent: Node, node: Node) -> None:
        if parent.children is not None and parent.folders is not None:
            del parent.children[node.name]
            parent.folders.remove(node)
        for key in node.kept or ():
            self._recent.pop((node, key), None)


def _kept(node: Node) -> Iterable[Children]:
    return node.kept.values() if node.kept else ()


def _shared(label: str, name: str, start: int) -> int:
    """The length of the whole folders that ``label`` begins with and ``name`` has at ``start``, not all of them."""
    shared = 0
    while name.startswith(label[shared : (cut := label.index("/", shared) + 1)], start + shared):
        shared = cut
    return shared


def _inside(node: Node, rest: str) -> Node | None:
    """A folder in the middle of a node's label, made up to be read: all there is in it is the next one."""
    if not node.label.startswith(rest):
        return None
    outer, inner = Node(rest, like=node), Node(node.label[len(rest) :], like=node)
    outer.folders = Ordered(NODE_KEYS[SortKey.NAME], [inner])
    return outer
