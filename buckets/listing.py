"""A page of a bucket's files as rows to show: what the address asks for, and what the index answers.

Pure: pages and live updates are both computed here, so they cannot differ.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Protocol
from urllib.parse import quote, urlencode

from django.utils.translation import gettext_lazy as _

from .filetypes import FileType, Kind, describe
from .objectstore import Folder, Link, Listing, ObjectInfo, Sort, SortKey

BY_NAME = Sort()
PAGE_SIZE = 100
MAX_PAGE = 1_000_000
MAX_OFFSET = MAX_PAGE * PAGE_SIZE
MAX_WINDOW = 300
MAX_PREFIX = 3000
MAX_QUERY = 200
EVERYWHERE = "bucket"
FIRST_CRUMBS, LAST_CRUMBS = 2, 10
FOLDER = FileType(Kind.FOLDER, _("Folder"))
LINK = FileType(Kind.LINK, _("Link"))


class Pages(Protocol):
    """What this module needs of an index."""

    def page(self, *, prefix: str, query: str, sort: Sort, offset: int, limit: int) -> Listing: ...


@dataclass(frozen=True, slots=True)
class View:
    """What a files page shows: the folder, the search in it or (``everywhere``) in the whole bucket, the order and the page (from 1)."""

    prefix: str = ""
    query: str = ""
    sort: Sort = BY_NAME
    page: int = 1
    everywhere: bool = False

    @classmethod
    def parse(cls, fields: Mapping[str, object]) -> "View":
        """The view that ``prefix``, ``q``, ``in`` ("bucket": everywhere), ``sort`` and ``page`` ask for.

        Nonsense counts as absent; lengths and numbers are bounded.
        """
        prefix, query = _text(fields.get("prefix"), MAX_PREFIX), _text(fields.get("q"), MAX_QUERY)
        return cls(prefix, query, _sort(fields.get("sort")), _page(fields.get("page")), fields.get("in") == EVERYWHERE)

    @property
    def sorted(self) -> bool:
        """In another order than by name."""
        return self.sort != BY_NAME

    @property
    def searched(self) -> str:
        """The folder that the rows are of, or are found in."""
        return "" if self.query and self.everywhere else self.prefix

    def address(self, **changes: object) -> str:
        """The query string of this view with ``changes`` made; "" for the bucket's start. Any change but of ``page`` goes to page 1."""
        view = replace(self, **({"page": 1} | changes))  # type: ignore[arg-type]
        sort = "" if view.sort == BY_NAME else str(view.sort)
        page = "" if view.page == 1 else str(view.page)
        scope = EVERYWHERE if view.everywhere and view.query else ""
        fields = {"prefix": view.prefix, "q": view.query, "in": scope, "sort": sort, "page": page}
        filled = {key: value for key, value in fields.items() if value}
        return f"?{urlencode(filled, quote_via=quote)}" if filled else ""

    def sorted_by(self, key: SortKey) -> str:
        """The address of this view ordered by ``key``; the other way round when it already is."""
        already = self.sort.key is key
        descending = not self.sort.descending if already else key in (SortKey.SIZE, SortKey.MODIFIED)
        return self.address(sort=Sort(key, descending)) or "?"


def _text(value: object, limit: int) -> str:
    if not isinstance(value, str) or len(value) > limit:
        return ""
    return value if _is_unicode(value) else ""


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _sort(value: object) -> Sort:
    try:
        return Sort.parse(value) if isinstance(value, str) and value else BY_NAME
    except ValueError:
        return BY_NAME


def _page(value: object) -> int:
    try:
        return max(1, min(MAX_PAGE, int(value))) if isinstance(value, str | int) else 1
    except ValueError:
        return 1


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a listing. ``path`` is what comes before ``label`` in a search result; ``rev`` changes whenever the line does.

    ``leads``: of a link, whether what it leads to is there (``services.linklist.LinkState``), "" where nobody looked.
    """

    id: str
    rev: str
    name: str
    path: str
    label: str
    type: FileType
    size: int
    modified: datetime
    folder: Folder | None = None
    object: ObjectInfo | None = None
    leads: str = ""

    @property
    def link(self) -> Link | None:
        return self.object.link if self.object is not None else None

    @property
    def field(self) -> str:
        """The form field that carries this row's name."""
        return "folder" if self.folder else "object"

    @property
    def quoted(self) -> str:
        """The name percent-encoded whole: HTML and forms change some characters, these they do not."""
        return quote(self.name, safe="")


@dataclass(frozen=True, slots=True)
class Window:
    """So many rows of a view, from an offset on."""

    offset: int = 0
    count: int = PAGE_SIZE

    @classmethod
    def of_page(cls, page: int) -> "Window":
        return cls((page - 1) * PAGE_SIZE)

    @classmethod
    def parse(cls, offset: object, count: object) -> "Window":
        """Nonsense counts as the start; both are bounded."""
        return cls(_number(offset, 0, MAX_OFFSET), max(1, _number(count, PAGE_SIZE, MAX_WINDOW)))


def _number(value: object, otherwise: int, most: int) -> int:
    return max(0, min(value, most)) if isinstance(value, int) else otherwise


@dataclass(frozen=True, slots=True)
class FilesPage:
    """Some rows of a view that stand together, the first of them at ``offset``, and the sums of all."""

    view: View
    rows: tuple[Row, ...]
    total: int
    objects_total: int
    size: int
    offset: int

    @property
    def links(self) -> frozenset[Link]:
        """What the links among the rows lead to."""
        return frozenset(row.link for row in self.rows if row.link is not None)

    def marked(self, state: Callable[[Link], str]) -> "FilesPage":
        """The same with what ``state`` says of where each link leads."""
        return replace(self, rows=tuple(row if row.link is None else _marked(row, state(row.link)) for row in self.rows))

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))

    @property
    def first(self) -> int:
        return self.offset + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1 if self.rows else 0


def _marked(row: Row, state: str) -> Row:
    """A link that turns out to be fine is no news: its line looks the same."""
    seen = "" if state in ("fine", "unknown") else f".{state}"
    return replace(row, leads=state, rev=row.rev + seen)


def files_page(index: Pages, view: View) -> FilesPage:
    """The page that ``view`` asks for; the last one when there are fewer pages by now."""
    listing = _listing(index, view, Window.of_page(view.page))
    last_page = max(1, -(-listing.total // PAGE_SIZE))
    if view.page > last_page:
        view = replace(view, page=last_page)
        listing = _listing(index, view, Window.of_page(last_page))
    return _rows(view, listing)


def files_window(index: Pages, view: View, window: Window) -> FilesPage:
    """Those rows; the last ones when there are fewer by now."""
    listing = _listing(index, view, window)
    if listing.total < window.offset + window.count and window.offset:
        listing = _listing(index, view, replace(window, offset=max(0, listing.total - window.count)))
    return _rows(replace(view, page=listing.offset // PAGE_SIZE + 1), listing)


def _rows(view: View, listing: Listing) -> FilesPage:
    rows = [folder_row(folder, view.searched if view.query else None) for folder in listing.folders] + [
        object_row(info, view.searched) for info in listing.objects
    ]
    return FilesPage(view, tuple(rows), listing.total, listing.objects_total, listing.size, listing.offset)


def _listing(index: Pages, view: View, window: Window) -> Listing:
    return index.page(prefix=view.searched, query=view.query, sort=view.sort, offset=window.offset, limit=window.count)


def folder_row(folder: Folder, searched: str | None = None) -> Row:
    """searched: the folder that it was found in."""
    path = "" if searched is None else folder.prefix[len(searched) : -len(folder.name) - 1]
    rev = f"{folder.objects}.{folder.size}.{folder.modified.timestamp()}"
    row_id = _row_id("f", folder.prefix)
    return Row(row_id, rev, folder.prefix, path, folder.name, FOLDER, folder.size, folder.modified, folder=folder)


def object_row(info: ObjectInfo, prefix: str = "") -> Row:
    path, slash, label = info.name.removeprefix(prefix).rpartition("/")
    kind = LINK if info.link else describe(label, info.content_type)
    return Row(_row_id("r", info.name), str(info.revision), info.name, path + slash, label, kind, info.size, info.modified, object=info)


def _row_id(kind: str, name: str) -> str:
    return kind + hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()


@dataclass(frozen=True, slots=True)
class Crumb:
    """``prefix`` None: it leads nowhere."""

    label: str
    prefix: str | None


LEFT_OUT = Crumb("…", None)


def crumbs(prefix: str) -> list[Crumb]:
    """The folders on the way to ``prefix``: "a//b" goes through "a/" and "a//". Of many the first and the last, and ``LEFT_OUT``."""
    ends = [at + 1 for at, char in enumerate(prefix) if char == "/"]
    steps: list[tuple[int, int] | None] = [*pairwise([0, *ends])]
    if len(steps) > FIRST_CRUMBS + LAST_CRUMBS:
        steps[FIRST_CRUMBS:-LAST_CRUMBS] = [None]
    return [Crumb(prefix[step[0] : step[1] - 1], prefix[: step[1]]) if step else LEFT_OUT for step in steps]
