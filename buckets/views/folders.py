"""Making a folder: as JSON for the scripts of the files page, and as a form for who has none."""

from urllib.parse import unquote

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from buckets import access
from buckets.access import AnyUser, Role
from buckets.api import object_fields, parameters
from buckets.api.endpoint import endpoint
from buckets.api.fields import only
from buckets.errorwords import told
from buckets.listing import MAX_PREFIX
from buckets.objectstore import ObjectStoreError, Unavailable
from buckets.services import folders
from buckets.services.errors import ServiceError

from .files import folder_address
from .shell import load_shell, page, render_page


async def _create(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    """``{"folder": "its whole name/"}``; 201."""
    document = parameters.json_object(request, parameters.MAX_BULK_BYTES)
    only(document, ("folder",))
    await folders.create(user, bucket, object_fields.required_name(document, "folder"))
    return JsonResponse({}, status=201, headers={"Cache-Control": "no-store"})


create = endpoint(POST=_create)


@page
async def form(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """EDITOR. The name may have "/" in it: then folders in one another are made."""
    await access.require(user, bucket, Role.EDITOR)
    posted = request.method == "POST"
    prefix = (unquote(request.POST.get("folder", "")) if posted else request.GET.get("prefix", ""))[:MAX_PREFIX]
    name = request.POST.get("name", "").strip().strip("/")
    error = ""
    if posted:
        error = await _make(user, bucket, prefix, name)
        if not error:
            messages.success(request, _("The folder %(name)s is made.") % {"name": name})
            return redirect(folder_address(bucket, prefix))
    context = {"bucket": bucket, "prefix": prefix, "name": name, "error": error}
    return render_page(request, await load_shell(user, bucket), "folder_form.html", context, 400 if error else 200)


async def _make(user: AnyUser, bucket: str, prefix: str, name: str) -> str:
    """What is wrong, in words, or ""."""
    if not name:
        return _("Give the folder a name.")
    try:
        await folders.create(user, bucket, f"{prefix}{name}/")
    except Unavailable:
        raise
    except (ObjectStoreError, ServiceError) as error:
        return told(error)
    return ""
