"""The histories of deleted buckets: what there is, bringing one back, erasing one for good."""

from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from buckets import access
from buckets.access import AnyUser
from buckets.errorwords import told
from buckets.objectstore import HistoryStatus, ObjectStoreError, Unavailable
from buckets.services import history as history_service
from buckets.services import oldbuckets
from buckets.services.errors import ArchiveNotFound, NotConfirmed, ServiceError

from .shell import Shell, load_shell, page, patience, render_page


@page
async def archives(request: HttpRequest, user: AnyUser) -> HttpResponse:
    async with patience():
        found, shell = await history_service.archives(user), await load_shell(user)
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return render_page(request, shell, "archives.html", {"section": "archives", "archives": found, "now_text": now})


@page
async def restore(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """ADMIN for that name, who may create buckets. POST ``name``: the bucket is made, and what was in it comes back meanwhile."""
    await access.require_create(user)
    async with patience():
        found, shell = await oldbuckets.get_archive(user, bucket), await load_shell(user)
    if request.method != "POST":
        return _ask(request, shell, found, "archives_restore.html")
    name = request.POST.get("name", "").strip()
    try:
        await oldbuckets.bring_back(user, bucket, name, history="history" in request.POST)
    except (Unavailable, ArchiveNotFound):
        raise
    except (ObjectStoreError, ServiceError) as error:
        return _ask(request, shell, found, "archives_restore.html", error)
    messages.success(request, _("%(name)s is there again. Its files are coming back.") % {"name": name})
    return redirect(reverse("bucket_settings", args=[name]) + "#repair")


@page
async def erase(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """ADMIN for that name. POST ``typed``: its name once more."""
    async with patience():
        found, shell = await oldbuckets.get_archive(user, bucket), await load_shell(user)
    if request.method != "POST":
        return _ask(request, shell, found, "archives_erase.html")
    try:
        await history_service.remove_archive(user, bucket, confirm=request.POST.get("typed", "").strip())
    except (Unavailable, ArchiveNotFound):
        raise
    except (ObjectStoreError, ServiceError) as error:
        return _ask(request, shell, found, "archives_erase.html", error)
    messages.success(request, _("The archive of %(name)s is erased for good.") % {"name": bucket})
    return redirect("archives")


def _ask(request: HttpRequest, shell: Shell, found: HistoryStatus, template: str, error: Exception | None = None) -> HttpResponse:
    posted = request.method == "POST"
    confirmed = not isinstance(error, NotConfirmed)
    context = {
        "section": "archives",
        "archive": found,
        "name": request.POST.get("name", found.bucket),
        "keep_history": "history" in request.POST or not posted,
        "typed": request.POST.get("typed", ""),
        "wrong": "" if confirmed else told(error),
        "refused": told(error) if error is not None and confirmed else "",
    }
    return render_page(request, shell, template, context, 400 if error is not None else 200)
