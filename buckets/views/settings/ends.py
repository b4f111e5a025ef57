"""What cannot be taken back: sealing a bucket, deleting it, removing its history. Each asks for the bucket's name to be typed."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from buckets.access import AnyUser
from buckets.errorwords import told
from buckets.objectstore import BucketNotFound, ObjectStoreError, Unavailable
from buckets.services import buckets as bucket_service
from buckets.services import history as history_service
from buckets.services.buckets import BucketView
from buckets.services.errors import NotConfirmed, ServiceError

from ..shell import Shell, page
from .page import begin, render

KEEP, REMOVE = "keep", "remove"


@page
async def seal(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """ADMIN."""
    found, shell = await begin(user, bucket)
    if found.status.sealed:
        return redirect("bucket_settings", bucket)
    if request.method == "POST":
        try:
            await bucket_service.seal_bucket(user, bucket, confirm=_typed(request))
        except (Unavailable, BucketNotFound):
            raise
        except (ObjectStoreError, ServiceError) as error:
            return _ask(request, shell, found, "settings_seal.html", error)
        messages.success(request, _("%(name)s is sealed.") % {"name": bucket})
        return redirect("bucket_settings", bucket)
    return _ask(request, shell, found, "settings_seal.html")


@page
async def delete(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """ADMIN."""
    found, shell = await begin(user, bucket)
    if request.method != "POST":
        return _ask(request, shell, found, "settings_delete.html")
    remove = request.POST.get("history") == REMOVE
    try:
        await bucket_service.delete_bucket(user, bucket, remove_history=remove, confirm=_typed(request))
    except (Unavailable, BucketNotFound):
        raise
    except (ObjectStoreError, ServiceError) as error:
        return _ask(request, shell, found, "settings_delete.html", error)
    kept = found.history is not None and not remove
    said = _("%(name)s is deleted. Its history is in the archives.") if kept else _("%(name)s is deleted.")
    messages.success(request, said % {"name": bucket})
    return redirect("home")


@page
async def remove_history(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """ADMIN."""
    found, shell = await begin(user, bucket)
    if found.history is None:
        return redirect("bucket_settings", bucket)
    if request.method != "POST":
        return _ask(request, shell, found, "settings_history_remove.html")
    try:
        await history_service.remove_history(user, bucket, confirm=_typed(request))
    except (Unavailable, BucketNotFound):
        raise
    except (ObjectStoreError, ServiceError) as error:
        return _ask(request, shell, found, "settings_history_remove.html", error)
    messages.success(request, _("The history of %(name)s is removed.") % {"name": bucket})
    return redirect(reverse("bucket_settings", args=[bucket]) + "#history")


def _typed(request: HttpRequest) -> str:
    return request.POST.get("typed", "").strip()


def _ask(request: HttpRequest, shell: Shell, found: BucketView, template: str, error: Exception | None = None) -> HttpResponse:
    context = {
        "wrong": told(error) if isinstance(error, NotConfirmed) else "",
        "refused": told(error) if error is not None and not isinstance(error, NotConfirmed) else "",
        "typed": request.POST.get("typed", ""),
        "chosen": request.POST.get("history", KEEP),
    }
    return render(request, shell, found, template, context, 400 if error is not None else 200)
