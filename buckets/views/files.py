"""The files of one bucket: browsing, the upload form for browsers without scripts, and deletion."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, unquote

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from buckets import access
from buckets.access import AnyUser, Role
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
from buckets.services.together import File, upload_one

from .shell import load_shell, page, patience, render_page

FIRST_LOOK = 1.0
WHOLE_LISTING = 10.0
SHOWN_NAMES = 20
T = TypeVar("T")


@page
async def files(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    async with patience():
        shell = await load_shell(user, bucket)
        found = shell.find(bucket) or await bucket_service.get_bucket(user, bucket)
        live = await object_service.live(user, bucket)
    await live.wait_ready(FIRST_LOOK)
    context = files_context(live, found, View.parse(request.GET.dict()))
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
            form.add_error("chosen", str(error))
        else:
            messages.success(request, f"{_count(done, 'file')} uploaded.")
            return redirect(_folder(bucket, prefix))
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
    """What a form's fields ``object`` and ``folder`` name (percent-encoded, see ``Row.quoted``)."""

    objects: list[str]
    folders: list[str]

    @classmethod
    def read(cls, fields: QueryDict) -> "Chosen":
        return cls([unquote(name) for name in fields.getlist("object")], [unquote(name) for name in fields.getlist("folder")])

    def names(self, index: Index) -> list[str]:
        """All objects, those in the folders included, each once."""
        return list(self.names_of(index))

    def names_of(self, index: Index) -> dict[str, str]:
        """The same, each with the object or the folder that was chosen."""
        below = {name: folder for folder in self.folders if folder for name in _names_below(index, folder)}
        return {name: name for name in self.objects} | below


def _names_below(index: Index, folder: str) -> Iterable[str]:
    cursor: str | None = None
    while True:
        scan = index.scan(prefix=folder, cursor=cursor)
        yield from (info.name for info in scan.objects)
        if (cursor := scan.cursor) is None:
            return


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
    names = chosen.names(live.index)
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
    if len(results) > len(failed):
        messages.success(request, f"{_count(len(results) - len(failed), 'file')} deleted.")
    for each in failed[:5]:
        messages.error(request, f"{each.name} could not be deleted: {each.error}")
    return redirect(back_address(request, bucket))


def back_address(request: HttpRequest, bucket: str) -> str:
    """The folder that the form came from."""
    return _folder(bucket, unquote(request.POST.get("prefix", "")))


def _folder(bucket: str, prefix: str) -> str:
    address = reverse("files", args=[bucket])
    return f"{address}?prefix={quote(prefix, safe='')}" if prefix else address


def batches(names: list[T], size: int) -> Iterable[list[T]]:
    return (names[start : start + size] for start in range(0, len(names), size))


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
