"""The live dashboard: what happens in all buckets that a person may see. Its rows come through a WebSocket (``buckets.liveconsumer``)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from buckets.access import AnyUser
from buckets.feed import FIRST_ROWS, MAX_WORDS, Filter
from buckets.objectstore import KINDS, ChangeKind

from .shell import load_shell, page, render_page

# What happened, and the icon for it.
KIND_WORDS = {
    ChangeKind.UPLOADED: (_("Uploaded"), "upload"),
    ChangeKind.REPLACED: (_("Replaced"), "retry"),
    ChangeKind.RENAMED: (_("Renamed"), "pencil"),
    ChangeKind.DETAILS: (_("Details changed"), "text"),
    ChangeKind.LINKED: (_("Link made"), "link"),
    ChangeKind.DELETED: (_("Deleted"), "trash"),
    ChangeKind.EXPIRED: (_("Expired"), "clock"),
}


@page
async def live(request: HttpRequest, user: AnyUser) -> HttpResponse:
    """VIEWER, in each bucket. ``?bucket=``, ``?what=`` and ``?q=``: which changes are listed."""
    shown = Filter.parse(request.GET.dict())
    context = {
        "section": "live",
        "shown": shown,
        "words": request.GET.get("q", "")[:MAX_WORDS],
        "kinds": [(kind, *KIND_WORDS[kind]) for kind in KINDS],
        "most_buckets": settings.DASHBOARD_BUCKETS,
        "most_rows": FIRST_ROWS,
    }
    return render_page(request, await load_shell(user), "live.html", context)
