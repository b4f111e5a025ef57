"""Rows of a listing as HTML, each rendered once for all who look at it within half a minute: that takes most of a page's time."""

import time
from collections import OrderedDict
from collections.abc import Hashable
from functools import cache

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_noop

from .listing import Row

# So many rows are kept, of some 2 KB each, and so long (seconds): they tell how long ago something was.
MOST = 4096
KEPT = 30

# What is said of each row: looking that up here is much faster than in the template.
SAYS = {
    "select": gettext_noop("Select {name}"),
    "details": gettext_noop("Details of {name}"),
    "more": gettext_noop("More for {name}"),
    "broken": gettext_noop("Broken link"),
    "hidden": gettext_noop("Leads where you may not see"),
}
_rendered: OrderedDict[Hashable, SafeString] = OrderedDict()


def row_html(bucket: str, row: Row) -> SafeString:
    problem = row.object.problem if row.object is not None else None
    key = (bucket, row.id, row.rev, row.leads, row.path, problem, get_language(), int(time.monotonic() // KEPT))
    found = _rendered.get(key)
    if found is None:
        found = render_to_string("_row.html", {"row": row, "bucket": bucket, "says": _says(get_language())})
        _rendered[key] = found
        if len(_rendered) > MOST:
            _rendered.popitem(last=False)
    return found


@cache
def _says(_language: str | None) -> dict[str, str]:
    return {key: gettext(text) for key, text in SAYS.items()}
