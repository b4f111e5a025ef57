"""Rows of a listing for the page's script: their HTML where no socket brings it, and the names of many to select."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from buckets.access import AnyUser
from buckets.listing import MAX_OFFSET, View, Window, files_window
from buckets.objectstore import LiveBucket
from buckets.relay import Screen
from buckets.services import buckets as bucket_service
from buckets.services import objects as object_service
from buckets.services.linkmarks import LinkTargets

from .shell import page, patience

MAX_NAMES = 1_000
NO_STORE = {"Cache-Control": "no-store"}


@page
async def rows(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """``offset`` and ``count`` rows of a view as JSON: as the socket tells them, or with ``names`` what they are (1,000 at most)."""
    async with patience():
        found = await bucket_service.get_bucket(user, bucket)
        live = await object_service.ready(user, bucket)
    view, offset, count = View.parse(request.GET.dict()), _number(request, "offset"), _number(request, "count")
    if "names" in request.GET:
        return JsonResponse(_names(live, view, Window(offset, min(count, MAX_NAMES))), headers=NO_STORE)
    screen = Screen(view, window=Window.parse(offset, count))
    targets = LinkTargets(user, live)
    await targets.look(files_window(live.index, view, screen.window).links)
    return JsonResponse(screen.update(live, found, targets.state) or {}, headers=NO_STORE)


def _names(live: LiveBucket, view: View, window: Window) -> dict[str, Any]:
    files = files_window(live.index, view, window)
    return {"total": files.total, "rows": [{"id": row.id, "kind": row.field, "name": row.quoted} for row in files.rows]}


def _number(request: HttpRequest, field: str) -> int:
    text = request.GET.get(field, "")
    return min(int(text), MAX_OFFSET) if text.isascii() and text.isdigit() and len(text) < 12 else 0
