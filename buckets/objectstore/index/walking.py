"""Walks over an index a stretch at a time, for who has to let others go on in between. The index may change meanwhile."""

from collections.abc import Iterator
from itertools import islice

from .ordered import Ordered
from .sorting import NAME, SIZE, Row, prefix_end
from .tree import NO_FOLDERS, Node, Tree

NEXT = "\0"  # the smallest name greater than n is n + NEXT


def names_below(rows: Ordered[Row], prefix: str, after: str | None, limit: int) -> list[str]:
    """Up to ``limit`` names that begin with ``prefix`` and follow ``after`` (None: from the first on). ``rows``: by exact name."""
    start = rows.position(prefix if after is None else max(prefix, after + NEXT))
    names = [row[NAME] for row in rows.slice(start, start + limit)]
    while names and not names[-1].startswith(prefix):
        names.pop()
    return names


def of_size(rows: Ordered[Row], size: int, after: str | None, among: int) -> tuple[list[Row], str | None]:
    """Those of this size among the ``among`` rows that follow the name ``after``, and the last of these names; None when there are none."""
    start = 0 if after is None else rows.position(after + NEXT)
    walked = rows.slice(start, start + among)
    return [row for row in walked if row[SIZE] == size], walked[-1][NAME] if walked else None


def folders_beginning(folders: Ordered[Node], partial: str) -> Iterator[Node]:
    """Those whose names begin with ``partial`` in any case. ``folders``: by name."""
    low = partial.casefold()
    end = prefix_end(low) if low else None
    for _, chunk, start, stop in folders.between((low,), None if end is None else (end,)):
        yield from islice(chunk, start, stop)


def folders_at(tree: Tree, text: str, limit: int) -> list[tuple[str, Node]]:
    """Up to ``limit`` folders, by name, in the folder that ``text`` is in ("a/b/" or "a/b/fi"), whose names begin with what is left of it;
    each with its whole name."""
    cut = text.rfind("/") + 1
    node = tree.find(text[:cut])
    folders = NO_FOLDERS if node is None else node.folders or NO_FOLDERS
    return [(f"{text[:cut]}{each.name}/", each) for each in islice(folders_beginning(folders, text[cut:]), limit)]
