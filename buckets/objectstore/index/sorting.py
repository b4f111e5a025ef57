"""The orders there are, and the rows that are put in order."""

import base64
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter
from typing import Any, Final

from ..entry import Entry

MAX_TYPE = 100
MAX_EXTENSION = 16


class SortKey(StrEnum):
    """TYPE is the content type, then the extension. Whatever the key, equals are in the order of their names."""

    NAME = "name"
    SIZE = "size"
    TYPE = "type"
    MODIFIED = "modified"


@dataclass(frozen=True, slots=True)
class Sort:
    """An order and its direction; written ``size`` or ``-size``. Descending is exactly the reverse of ascending."""

    key: SortKey = SortKey.NAME
    descending: bool = False

    @classmethod
    def parse(cls, text: str) -> "Sort":
        """The sort that ``text`` names. Raises ValueError with a sentence that lists what there is."""
        try:
            return cls(SortKey(text.removeprefix("-")), text.startswith("-"))
        except ValueError:
            known = ", ".join(SortKey)
            raise ValueError(f"{text[:40]!r} is not a sort order. There are {known}, and each with '-' before it.") from None

    def __str__(self) -> str:
        return ("-" if self.descending else "") + self.key


# A row is a plain tuple, not a class: an exact tuple of plain values leaves the garbage collector's lists, and a million
# tracked objects would make each of its full runs a stall. TYPE holds the text to sort by; TOKEN is "" when NAME gives it.
Row = tuple[str, str, int, int, str, int, bytes, str]
NAME: Final = 0
FOLDED: Final = 1
SIZE: Final = 2
TIME: Final = 3
TYPE: Final = 4
REVISION: Final = 5
RAW: Final = 6
TOKEN: Final = 7

BY_EXACT_NAME: Callable[[Row], Any] = itemgetter(NAME)
ROW_KEYS: dict[SortKey, Callable[[Row], Any]] = {
    SortKey.NAME: itemgetter(FOLDED, NAME),
    SortKey.SIZE: itemgetter(SIZE, FOLDED, NAME),
    SortKey.TYPE: itemgetter(TYPE, FOLDED, NAME),
    SortKey.MODIFIED: itemgetter(TIME, FOLDED, NAME),
}
# What each order sorts by before the name.
ROW_VALUES: dict[SortKey, Callable[[Row], Any]] = {
    SortKey.SIZE: itemgetter(SIZE),
    SortKey.TYPE: itemgetter(TYPE),
    SortKey.MODIFIED: itemgetter(TIME),
}


def row_of(entry: Entry, old: Row | None = None) -> Row:
    """The row of ``entry``, with the texts of ``old``, the row that it replaces, so that they are in memory once."""
    name, folded = (old[NAME], old[FOLDED]) if old else (entry.name, entry.name.casefold())
    if folded == name:
        folded = name
    token = "" if entry.token == token_of(name) else entry.token
    return (name, folded, entry.size, entry.time_ns, type_text(entry.content_type, name), entry.revision, entry.raw, token)


def token_of(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode("utf-8", "surrogatepass")).decode("ascii")


def type_text(content_type: str, name: str) -> str:
    stem, _, extension = name[name.rfind("/") + 1 :].rpartition(".")
    extension = extension[:MAX_EXTENSION] if stem else ""
    return sys.intern(f"{content_type[:MAX_TYPE]}\0{extension}".casefold())


def prefix_end(prefix: str) -> str | None:
    """The smallest text greater than everything that begins with ``prefix``; None when there is none."""
    head = prefix.rstrip(chr(sys.maxunicode))
    return head[:-1] + chr(ord(head[-1]) + 1) if head else None
