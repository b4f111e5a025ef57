"""A listing of the past, of the trash or of a moment: the view that an address asks for, and the addresses of others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from buckets.listing import Crumb, Pages, View, crumbs, files_page
from buckets.objectstore import Index, Listing, Sort, SortKey

LATEST_FIRST = Sort(SortKey.MODIFIED, True)
COLUMNS: tuple[tuple[SortKey, str | Promise, str], ...] = (
    (SortKey.NAME, _("Name"), ""),
    (SortKey.SIZE, _("Size"), "size num"),
    (SortKey.TYPE, _("Type"), "type"),
    (SortKey.MODIFIED, "", "time"),
)


@dataclass(frozen=True, slots=True)
class Flat:
    """An index whose files are all in one list, whatever folders they are in."""

    index: Index

    def page(self, *, prefix: str, query: str, sort: Sort, offset: int, limit: int) -> Listing:
        return self.index.page(prefix=prefix, query=query, sort=sort, offset=offset, limit=limit, objects_only=True)


@dataclass(frozen=True, slots=True)
class Past:
    """``page``: the URL name. ``default``: the order where the address asks for none. ``fixed``: what all its addresses say as well."""

    page: str
    bucket: str
    view: View
    default: Sort
    fixed: Mapping[str, str]

    @classmethod
    def parse(cls, page: str, bucket: str, asked: Mapping[str, object], default: Sort, **fixed: str) -> "Past":
        view = View.parse(asked)
        return cls(page, bucket, view if asked.get("sort") else replace(view, sort=default), default, fixed)

    def address(self, **changes: Any) -> str:
        """Any change but of ``page`` goes to page 1."""
        view = replace(self.view, **({"page": 1} | changes))
        sort = "" if view.sort == self.default else str(view.sort)
        asked = {**self.fixed, "prefix": view.prefix, "q": view.query, "sort": sort, "page": "" if view.page == 1 else str(view.page)}
        filled = {key: value for key, value in asked.items() if value}
        place = reverse(self.page, args=[self.bucket])
        return f"{place}?{urlencode(filled, quote_via=quote)}" if filled else place

    def context(self, index: Pages, *, time: str) -> dict[str, Any]:
        """What the templates know of it. ``time``: what the column of times says."""
        files = files_page(index, self.view)
        here = replace(self, view=files.view)
        number = files.view.page
        return {
            "files": files,
            "view": files.view,
            "rows": [(row, here.address(prefix=row.name, query="") if row.folder else "") for row in files.rows],
            "columns": here.columns(time),
            "start": here.address(prefix="", query=""),
            "crumbs": [(crumb.label, here.address(prefix=crumb.prefix, query="")) for crumb in _leading(crumbs(files.view.prefix))],
            "unsearched": here.address(query=""),
            "everywhere": here.address(prefix=""),
            "previous": here.address(page=number - 1) if number > 1 else None,
            "next": here.address(page=number + 1) if number < files.pages else None,
            "page_address": reverse(self.page, args=[self.bucket]),
            "fixed": self.fixed,
        }

    def columns(self, time: str) -> list[dict[str, Any]]:
        return [self._column(key, label or time, css) for key, label, css in COLUMNS]

    def _column(self, key: SortKey, label: str | Promise, css: str) -> dict[str, Any]:
        already = self.view.sort.key is key
        descending = not self.view.sort.descending if already else key in (SortKey.SIZE, SortKey.MODIFIED)
        order = ("descending" if self.view.sort.descending else "ascending") if already else ""
        return {"label": label, "class": css, "order": order, "address": self.address(sort=Sort(key, descending))}


def _leading(found: Iterable[Crumb]) -> list[Crumb]:
    """Those that lead somewhere."""
    return [crumb for crumb in found if crumb.prefix is not None]
