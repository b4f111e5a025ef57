"""Search for folders by their names: among those of the objects that were found where these are few, else through the tree."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from .sorting import Sort, SortKey
from .tree import NODE_VALUES, Node, Tree

# So many folders are looked at in a search, some 100 ms' work: where there are more, not all may be found.
MOST_LOOKED_AT = 100_000


def words_of(query: str) -> list[str]:
    """What a name has to contain, all of it in any order, to be found; folded. A query of nothing but spaces is one word."""
    return sorted(query.casefold().split(), key=len, reverse=True) or [query.casefold()]


class FoundFolder(NamedTuple):
    """``prefix``: its whole name with the "/" at the end; the node has its sums."""

    prefix: str
    node: Node

    @property
    def name(self) -> str:
        return self.prefix[self.prefix.rfind("/", 0, -1) + 1 : -1]


def matching_folders(tree: Tree, prefix: str, words: Sequence[str], below: Iterable[str] | None = None) -> list[FoundFolder]:
    """The folders below ``prefix`` whose names there have all the words, at least one of them ending in the folder's own name: else
    all that is below one that matches would be found too; in no order. below: look only at those that these names are in."""
    if below is None:
        return list(_in_tree(tree, prefix, words))
    skip = len(prefix.casefold())
    called = (name for name in _above(below, prefix) if _is_called(name.casefold(), name[:-1].casefold().rfind("/") + 1, skip, words))
    found = ((name, tree.find(name)) for name in called)
    return [FoundFolder(name, node) for name, node in found if node is not None]


def in_order(found: list[FoundFolder], sort: Sort) -> list[FoundFolder]:
    """By name means by the whole name; a folder's type is its name."""
    value = NODE_VALUES.get(sort.key) or (lambda _: 0)

    def key(folder: FoundFolder) -> tuple[Any, str, str]:
        whole = folder.prefix[:-1]
        return value(folder.node), (folder.name if sort.key is SortKey.TYPE else whole).casefold(), whole

    return sorted(found, key=key, reverse=sort.descending)


def _above(names: Iterable[str], prefix: str) -> set[str]:
    """The folders below ``prefix`` that these names are in."""
    seen: set[str] = set()
    for name in names:
        end = name.rfind("/") + 1
        while end > len(prefix) and name[:end] not in seen:
            seen.add(name[:end])
            end = name.rfind("/", 0, end - 1) + 1
    return seen


def _is_called(folded: str, own: int, skip: int, words: Sequence[str]) -> bool:
    """Whether a folder's folded whole name has all words after ``skip``, one of them ending after ``own``, where its own name begins."""
    last = -1
    for word in words:
        at = folded.rfind(word)
        if at < skip:
            return False
        last = max(last, at + len(word))
    return last > own


def _in_tree(tree: Tree, prefix: str, words: Sequence[str]) -> Iterator[FoundFolder]:
    looked_at, skip, top = 0, len(prefix.casefold()), tree.find(prefix)
    waiting = [] if top is None else [(prefix, prefix.casefold(), top)]
    while waiting and looked_at < MOST_LOOKED_AT:
        above, folded_above, parent = waiting.pop()
        for node in parent.folders or ():
            looked_at += 1
            folded, own, end = folded_above, 0, 0
            while end < len(node.label):
                start, end = end, node.label.index("/", end) + 1
                own, folded = len(folded), folded + node.label[start:end].casefold()
                if _is_called(folded, own, skip, words):
                    yield FoundFolder(above + node.label[:end], node)
            if node.folders:
                waiting.append((above + node.label, folded, node))
