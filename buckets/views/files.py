"""The files of one bucket: browsing, the upload form for browsers without scripts, and deletion."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import quote, unquote

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from buckets import access
from buckets.access import AnyUser, Role
from buckets.errorwords import told
from buckets.forms import UploadForm
from buckets.fragments import files_context
from buckets.listing import View
from buckets.objectstore import Index, ObjectStoreError, Unavailable
from buckets.services import buckets as bucket_service
from buckets.services import folders as folder_service
from buckets.services import linklist
from buckets.services import objects as object_service
from buckets.services.bulk import MAX_NAMES
from buckets.services.errors import ServiceError, StillLoading
from buckets.services.linkmarks import LinkTargets
from buckets.services.prefixes import outermost
from buckets.services.together import File, upload_one
from buckets.words import grouped

from .shell import load_shell, page, patience, render_page

FIRST_LOOK = 1.0
WHOLE_LISTING = 10.0
SHOWN_NAMES = 20
NAMES_AT_ONCE = 2_000
T = TypeVar("T")


@page
async def files(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    async with patience():
        shell = await load_shell(user, bucket)
        found = shell.find(bucket) or await bucket_service.get_bucket(user, bucket)
        live = await object_service.live(user, bucket)
    await live.wait_ready(FIRST_LOOK)
    context, targets = files_context(live, found, View.parse(request.GET.dict())), LinkTargets(user, live)
    await targets.look(context["files"].links)
    context["files"] = context["files"].marked(targets.state)
    return render_page(request, shell, "files.html", context | {"max_upload_bytes": settings.MAX_UPLOAD_BYTES})


@page
async def upload_form(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    await access.require(user, bucket, Role.EDITOR)
    posted = request.method == "POST"
    prefix = unquote(request.POST.get("folder", "")) if posted else request.GET.get("prefix", "")
    form = UploadForm(request.POST, request.FILES) if posted else UploadForm()
    if posted and form.is_valid():
        try:
            done = await _upload_all(user, bucket, prefix, form)
        except Unavailable:
            raise
        except (ObjectStoreError, ServiceError) as error:
            form.add_error("chosen", told(error))
        else:
            messages.success(request, ngettext("%(number)s file uploaded.", "%(number)s files uploaded.", done) % {"number": grouped(done)})
            return redirect(folder_address(bucket, prefix))
    context = {"form": form, "bucket": bucket, "prefix": prefix}
    return render_page(request, await load_shell(user, bucket), "upload_form.html", context, 400 if form.errors else 200)


async def _upload_all(user: AnyUser, bucket: str, prefix: str, form: UploadForm) -> int:
    uploads: list[UploadedFile[bytes]] = form.cleaned_data["chosen"]
    for upload in uploads:
        file = File(
            prefix + (upload.name or ""),
            upload.size or 0,
            _pieces(upload),
            content_type=_known_type(upload),
            if_absent=not form.cleaned_data["replace"],
        )
        await upload_one(user, bucket, file)
    return len(uploads)


def _known_type(upload: "UploadedFile[bytes]") -> str:
    stated = upload.content_type or ""
    return "" if stated == "application/octet-stream" else stated


async def _pieces(upload: "UploadedFile[bytes]") -> AsyncIterator[bytes]:
    pieces = upload.chunks(512 * 1024)
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


@dataclass(frozen=True)
class Chosen:
    """What a form's fields ``object`` and ``folder`` name: each object once, and of the folders ("a/") those that are in no other one."""

    objects: list[str]
    folders: list[str]

    @classmethod
    def read(cls, fields: QueryDict, object_field: str = "object", folder_field: str = "folder") -> "Chosen":
        """The names are percent-encoded (see ``Row.quoted``). What is no folder's name is left out."""
        objects, folders = (list(map(unquote, fields.getlist(field))) for field in (object_field, folder_field))
        return cls(list(dict.fromkeys(objects)), outermost(name for name in folders if name.endswith("/")))

    async def names(self, index: Index) -> list[str]:
        """All objects, those in the folders included, each once."""
        return list(await self.names_of(index))

    async def names_of(self, index: Index) -> dict[str, str]:
        """The same, each with the object or the folder that was chosen; others go on in between."""
        found = {name: name for name in self.objects}
        for folder in self.folders:
            after: str | None = None
            while names := index.names_below(folder, after, NAMES_AT_ONCE):
                found.update(dict.fromkeys(names, folder))
                after = names[-1]
                await asyncio.sleep(0)
        return found


@page
async def delete_objects(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """Ask whether to delete what was chosen; with ``confirm``, do it. Scripts ask for themselves (``acting``)."""
    await access.require(user, bucket, Role.EDITOR)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    chosen = Chosen.read(request.POST)
    live = await object_service.live(user, bucket)
    if chosen.folders and not await live.wait_ready(WHOLE_LISTING):
        raise StillLoading(bucket, live.loaded, live.expected)
    names = await chosen.names(live.index)
    if request.POST.get("confirm"):
        await folder_service.delete(user, bucket, chosen.folders)
        return await _delete(request, user, bucket, names)
    context = {"bucket": bucket, "chosen": chosen, "back": back_address(request, bucket), "prefix": request.POST.get("prefix", "")}
    context |= {"count": len(names), "names": names[:SHOWN_NAMES], "more": max(0, len(names) - SHOWN_NAMES)}
    history = (await bucket_service.get_bucket(user, bucket)).history
    context["history"] = history is not None and history.enabled
    context |= await _breaks(user, bucket, chosen)
    return render_page(request, await load_shell(user, bucket), "delete_objects.html", context)


async def _breaks(user: AnyUser, bucket: str, chosen: Chosen) -> dict[str, Any]:
    """The links that lead to what was chosen."""
    found = (await linklist.links_to(user, bucket, chosen.objects, chosen.folders)).links
    return {"breaks": found[:SHOWN_NAMES], "breaks_total": len(found), "breaks_more": max(0, len(found) - SHOWN_NAMES)}


async def _delete(request: HttpRequest, user: AnyUser, bucket: str, names: list[str]) -> HttpResponse:
    results = [result for batch in batches(names, MAX_NAMES) for result in await object_service.delete(user, bucket, batch)]
    failed = [result for result in results if result.error]
    if done := len(results) - len(failed):
        messages.success(request, ngettext("%(number)s file deleted.", "%(number)s files deleted.", done) % {"number": grouped(done)})
    for each in failed[:5]:
        messages.error(request, _("%(name)s could not be deleted: %(error)s") % {"name": each.name, "error": told(each.error)})
    return redirect(back_address(request, bucket))


def back_address(request: HttpRequest, bucket: str) -> str:
    """The folder that the form came from."""
    return folder_address(bucket, unquote(request.POST.get("prefix", "")))


def folder_address(bucket: str, prefix: str) -> str:
    address = reverse("files", args=[bucket])
    return f"{address}?prefix={quote(prefix, safe='')}" if prefix else address


def batches(items: Iterable[T], size: int) -> Iterable[list[T]]:
    rest = iter(items)
    return iter(lambda: list(islice(rest, size)), [])
