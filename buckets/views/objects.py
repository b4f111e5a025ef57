"""One object: its preview and details, its raw bytes for the preview, and whether it is as it should be."""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from buckets import access
from buckets.access import AnyUser, Role
from buckets.api.download import ACTIVE, Download, download
from buckets.api.headers import attachment
from buckets.errorwords import told
from buckets.filetypes import describe
from buckets.listing import LINK, crumbs
from buckets.objectstore import Conflict, Link, ObjectInfo, ObjectNotFound, ObjectStoreError, ObjectUnreadable, Unavailable, VersionNotFound
from buckets.previews import Archive, Failed, Hex, Kind
from buckets.services import buckets as bucket_service
from buckets.services import checks, damaged, linklist, previews, texts, versions
from buckets.services import links as link_service
from buckets.services import objects as object_service
from buckets.services.buckets import BucketView
from buckets.services.errors import ServiceError
from buckets.services.neighbours import neighbours

from .history.timeline import Step, steps
from .missing import missing_page
from .shell import content, load_shell, page, patience, render_page

MAX_NAME = 4000
MAX_VERSION = 200
MAX_LINKS = 100
SHOWN_STEPS = 4
LINKS_SECONDS = 1.5
# What the raw bytes may do in a browser: be seen, played or read there, and nothing else. A PDF is shown by the browser's own viewer, which
# stays empty in a sandbox (seen in Chromium, with "allow-scripts" too); it runs nothing of the file in this site's name.
ALONE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src 'self'; frame-ancestors 'self'"
SANDBOXED = f"sandbox; {ALONE}"
# Of an address that says which state of the file it means.
KEPT = "private, max-age=3600"
VIEWED = {Kind.PDF: {"object", "embed", "iframe"}}


@page
async def object_page(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """What there is to know of an object, or with ``?version=`` of a version of it."""
    name, version = object_name(request), version_of(request)
    try:
        return await _object_page(request, user, bucket, name, version)
    except ObjectNotFound:
        return await missing_page(request, user, bucket, name)


async def _object_page(request: HttpRequest, user: AnyUser, bucket: str, name: str, version: str) -> HttpResponse:
    async with patience():
        found = await bucket_service.get_bucket(user, bucket)
        info = await _info(user, bucket, name, version)
        shell = await load_shell(user, bucket)
    then, info = info.name, replace(info, name=name)  # a version may be from before a rename
    context = await _with_preview(user, object_context(found, info, version), info)
    context |= await _past(user, found, info, then) if version else await _around(user, info)
    return render_page(request, shell, "object.html", context)


async def _around(user: AnyUser, info: ObjectInfo) -> dict[str, Any]:
    return await _links(user, info.bucket, info.name) | {"beside": await neighbours(user, info)}


async def _past(user: AnyUser, found: BucketView, info: ObjectInfo, then: str) -> dict[str, Any]:
    """What the page of a version knows beside it: whether the bucket has it now, or anything else of that name; what it was called."""
    try:
        now = (await object_service.info(user, info.bucket, info.name)).revision
    except ObjectNotFound:
        now = 0
    can_restore = found.role >= Role.EDITOR and not found.status.sealed and now != info.revision
    return {"name": info.name, "then": then, "there": now > 0, "is_current": now == info.revision, "can_restore": can_restore}


async def _with_preview(user: AnyUser, context: dict[str, Any], info: ObjectInfo) -> dict[str, Any]:
    if info.link is not None:
        return context | {"link_state": await linklist.state_of(user, info.link)}
    shown = await _shown(user, info.bucket, info, context["version"])
    can_edit_text = context["can_edit_text"] and not isinstance(shown.preview, Archive | Hex)
    return context | {"shown": shown, "can_edit_text": can_edit_text}


@page
async def drawer(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """What there is to know of an object in short, as a part of the files page."""
    name = object_name(request)
    async with patience():
        found = await bucket_service.get_bucket(user, bucket)
        try:
            info = await object_service.info(user, bucket, name)
            context = await _with_preview(user, object_context(found, info), info)
            context["again"] = _with_drawer(bucket, name)
            context["steps"] = await _newest_steps(user, bucket, name) if found.history is not None else []
        except ObjectNotFound:
            label = name.rpartition("/")[2]
            context = {"bucket": bucket, "name": name, "label": label, "gone": True, "history": found.history is not None}
            context["can_edit"] = found.role >= Role.EDITOR and not found.status.sealed
    response = render(request, "_drawer_body.html", context | {"in_drawer": True})
    response.headers["Cache-Control"] = "private, no-cache"
    return response


async def _newest_steps(user: AnyUser, bucket: str, name: str) -> list[Step]:
    """What happened to it last; one version more tells what was different before."""
    with contextlib.suppress(ObjectStoreError):
        return steps((await versions.versions(user, bucket, name, limit=SHOWN_STEPS + 1)).versions, SHOWN_STEPS)
    return []


def _with_drawer(bucket: str, name: str) -> str:
    """The files page with this drawer open."""
    folder = name[: name.rfind("/") + 1]
    return f"{reverse('files', args=[bucket])}?{urlencode({'prefix': folder, 'open': name})}"


@page
async def news(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """What became of an object since ``?revision=``, as a banner for a page that shows it; empty for nothing."""
    name, seen = object_name(request), request.GET.get("revision", "")
    found = await bucket_service.get_bucket(user, bucket)
    can_edit = found.role >= Role.EDITOR and not found.status.sealed
    context: dict[str, Any] = {"bucket": bucket, "name": name, "query": object_query(name), "editing": request.GET.get("editing", "")}
    context |= {"can_restore": can_edit and found.history is not None, "who": "", "what": "deleted", "info": None}
    try:
        info = context["info"] = await object_service.info(user, bucket, name)
    except ObjectNotFound:
        pass
    else:
        context["what"] = await _target_news(request, user, info) if str(info.revision) == seen else "changed"
    if found.history is not None and context["what"]:
        context["who"] = await _last_writer(user, bucket, name)
    response = render(request, "_object_news.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


async def _target_news(request: HttpRequest, user: AnyUser, info: ObjectInfo) -> str:
    """``?leads=`` is the state that the page shows of where the link leads."""
    leads = request.GET.get("leads", "")
    return "target" if info.link and leads and await linklist.state_of(user, info.link) != leads else ""


async def _last_writer(user: AnyUser, bucket: str, name: str) -> str:
    with contextlib.suppress(ObjectStoreError):
        newest = (await versions.versions(user, bucket, name, limit=1)).versions
        return newest[0].writer if newest else ""
    return ""


async def _info(user: AnyUser, bucket: str, name: str, version: str) -> ObjectInfo:
    if not version:
        return await object_service.info(user, bucket, name)
    return (await versions.open_version(user, bucket, name, version)).info


def object_context(found: BucketView, info: ObjectInfo, version: str = "") -> dict[str, Any]:
    """What every page of an object knows of it."""
    folder, slash, label = info.name.rpartition("/")
    writable = found.role >= Role.EDITOR and not found.status.sealed and not version
    return {
        "bucket": found.status.name,
        "info": info,
        "label": label,
        "crumbs": crumbs(folder + slash),
        "folder": folder + slash,
        "type": LINK if info.link else describe(label, info.content_type),
        "problem": damaged.problem(info),
        "version": version,
        "can_edit": writable,
        "can_edit_text": writable and texts.editable(info) and not previews.plan_of(info).kind.raw,
        "history": found.history is not None,
        "query": object_query(info.name, version),
        "raw_query": object_query(info.name, version) + "&state=" + state_of(info),
        "headers": [(key, value) for key, values in info.headers.items() for value in values],
    }


async def _shown(user: AnyUser, bucket: str, info: ObjectInfo, version: str) -> previews.Shown:
    try:
        return await previews.preview(user, bucket, info.name, version)
    except (ObjectNotFound, VersionNotFound, Unavailable):
        raise
    except (ObjectStoreError, ServiceError) as error:
        return previews.Shown(info, previews.plan_of(info), Failed(told(error)))


async def _links(user: AnyUser, bucket: str, name: str) -> dict[str, Any]:
    """Who links here. That needs the lists of all buckets: a page does not wait long for them."""
    try:
        async with asyncio.timeout(LINKS_SECONDS):
            found: list[Link] = await link_service.backlinks(user, bucket, name)
    except (TimeoutError, ObjectStoreError, ServiceError):
        return {"links_unknown": True}
    return {"links": found[:MAX_LINKS], "more_links": max(0, len(found) - MAX_LINKS)}


@content
async def raw(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponseBase:
    """The bytes for a preview that the browser makes: only as a media type that cannot do anything, and under a policy of their own."""
    name, version = object_name(request), version_of(request)
    await access.require(user, bucket, Role.VIEWER)
    info = await _info(user, bucket, name, version)
    plan = previews.plan_of(info)
    if not plan.media_type or info.link is not None:
        raise ObjectUnreadable("Files of this kind can be downloaded, but not be shown as they are.")
    response = await download(request, user, bucket, name, version or None, refused=ACTIVE - VIEWED.get(plan.kind, set()))
    if not response.headers.get("Content-Type", "").startswith("multipart/") and response.status_code != 304:
        response.headers["Content-Type"] = plan.media_type
        response.headers["Content-Disposition"] = attachment(name).replace("attachment", "inline", 1)
    if request.GET.get("state") == state_of(info):
        response.headers["Cache-Control"] = KEPT
    response.headers["Content-Security-Policy"] = ALONE if plan.kind is Kind.PDF else SANDBOXED
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@page
async def verify(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponseBase:
    """POST: read it all and say whether it is right. Scripts get a line of JSON for each step, others the page again."""
    await access.require(user, bucket, Role.VIEWER)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    name, version = object_name(request), version_of(request)
    steps = checks.check(user, bucket, name, version)
    first = await anext(steps)
    if request.headers.get("Accept") == "application/x-ndjson":
        lines = _lines(first, steps)
        return Download(lines, lines, {"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"})
    async with aclosing(steps):
        async for step in steps:
            first = step
    messages.add_message(request, messages.SUCCESS if first.ok else messages.ERROR, f"{name}: {told(first.message)}")
    return redirect(object_address(bucket, name, version))


async def _lines(first: checks.Progress, steps: AsyncGenerator[checks.Progress, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(steps):
        yield _line(first)
        async for step in steps:
            yield _line(step)


def _line(step: checks.Progress) -> bytes:
    return json.dumps(asdict(step) | {"message": told(step.message)}).encode() + b"\n"


@page
async def delete(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """POST: into the trash, from where it can be brought back; only where there is one. Else ``delete_objects`` asks first."""
    await access.require(user, bucket, Role.EDITOR)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    name = object_name(request)
    if (await bucket_service.get_bucket(user, bucket)).history is None:
        raise Conflict(gettext_noop("This bucket keeps no history, so this could not be undone. Reload the page."))
    (result,) = await object_service.delete(user, bucket, [name], expected_revision=revision_of(request))
    if result.error is not None:
        messages.error(request, _("%(name)s was not deleted: %(error)s") % {"name": name, "error": told(result.error)})
        return redirect(object_address(bucket, name))
    messages.success(request, _("%(name)s is in the trash.") % {"name": name}, extra_tags=undo_tag(bucket, name))
    folder = name[: name.rfind("/") + 1]
    return redirect(reverse("files", args=[bucket]) + (f"?{urlencode({'prefix': folder})}" if folder else ""))


@page
async def undelete(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """POST: the Undo of ``delete``."""
    await access.require(user, bucket, Role.EDITOR)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    name = object_name(request)
    (result,) = await versions.undelete(user, bucket, [name])
    if result.error is not None:
        raise result.error
    messages.success(request, _("%(name)s is back.") % {"name": name})
    return redirect(object_address(bucket, name))


def object_name(request: HttpRequest) -> str:
    """Of the address. Raises ``ObjectNotFound`` for what cannot be one."""
    name = request.GET.get("name", "")
    try:
        name.encode()
    except UnicodeEncodeError:
        name = ""
    if not name or len(name) > MAX_NAME:
        raise ObjectNotFound(gettext_noop("The address does not say which file."))
    return name


def version_of(request: HttpRequest) -> str:
    version = request.GET.get("version", "")
    if len(version) > MAX_VERSION or not version.isascii():
        raise VersionNotFound(gettext_noop("There is no such version."))
    return version


def state_of(info: ObjectInfo) -> str:
    """What is different whenever the object is."""
    return hashlib.blake2b(f"{info.revision}/{info.nuid}/{info.digest}".encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def revision_of(request: HttpRequest) -> int | None:
    """The revision that a form was made from."""
    text = request.POST.get("revision", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def undo_tag(bucket: str, name: str) -> str:
    """What makes a message offer to undo: ``_messages.html`` shows a button for it."""
    return f"undo:{reverse('object_undelete', args=[bucket])}?{object_query(name)}"


def object_query(name: str, version: str = "") -> str:
    return urlencode({"name": name, **({"version": version} if version else {})})


def object_address(bucket: str, name: str, version: str = "") -> str:
    return f"{reverse('object', args=[bucket])}?{object_query(name, version)}"
