"""Changing one object: its text, or its name, description, headers and metadata. What others changed meanwhile is not overwritten."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from buckets import access, objectform
from buckets.access import AnyUser, Role
from buckets.errorwords import told
from buckets.objectform import Details
from buckets.objectstore import Conflict, InvalidObjectName, Link, ObjectExists, ObjectInfo, ObjectNotFound, ObjectStoreError, Unavailable
from buckets.services import buckets as bucket_service
from buckets.services import linklist, linkrepair, texts
from buckets.services import objects as object_service
from buckets.services.errors import ServiceError

from .links import tell_left
from .objects import object_address, object_context, object_name, revision_of
from .shell import load_shell, page, render_page

CONFLICT = 412
SHOWN_FAILURES = 5


@page
async def edit_text(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """EDITOR. A text in a form; saved on top of what it was made from, or shown again beside who was faster."""
    await access.require(user, bucket, Role.EDITOR)
    name = object_name(request)
    stored = await texts.read_text(user, bucket, name)
    if request.method != "POST":
        return await _text_page(request, user, bucket, stored, stored.content)
    typed = request.POST.get("text", "").replace("\r\n", "\n")
    revision = revision_of(request)
    if revision != stored.info.revision:
        return await _text_page(request, user, bucket, stored, typed, conflict=True)
    try:
        await texts.save_text(user, bucket, name, texts.Text(stored.info, typed, stored.newline))
    except Conflict:
        return await _text_page(request, user, bucket, await texts.read_text(user, bucket, name), typed, conflict=True)
    except Unavailable:
        raise
    except (ObjectStoreError, ServiceError) as error:
        return await _text_page(request, user, bucket, stored, typed, error=told(error))
    messages.success(request, _("%(name)s is saved.") % {"name": name})
    return redirect(object_address(bucket, name))


async def _text_page(
    request: HttpRequest, user: AnyUser, bucket: str, stored: texts.Text, typed: str, *, conflict: bool = False, error: str = ""
) -> HttpResponse:
    context = await _context(user, bucket, stored.info)
    context |= {"text": typed, "conflict": conflict, "error": error, "theirs": stored.content if conflict else ""}
    status = CONFLICT if conflict else 400 if error else 200
    return render_page(request, await load_shell(user, bucket), "object_text.html", context, status)


@page
async def edit_details(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """EDITOR. Name, description, headers and metadata."""
    await access.require(user, bucket, Role.EDITOR)
    name = object_name(request)
    info = await object_service.info(user, bucket, name)
    if not objectform.fits(info):
        raise texts.NotText(f"This object has too many headers or metadata for a form: more than {objectform.MAX_PAIRS}.")
    if request.method != "POST":
        return await _details_page(request, user, bucket, info, objectform.details_of(info))
    lists = {key: request.POST.getlist(key) for key in ("header_name", "header_value", "meta_name", "meta_value")}
    details = objectform.received(request.POST.dict(), lists)
    if details.errors:
        return await _details_page(request, user, bucket, info, details)
    if revision_of(request) != info.revision:
        return await _details_page(request, user, bucket, info, details, conflict=True)
    try:
        changed = await _save(user, bucket, info, details)
    except Conflict:
        return await _details_page(request, user, bucket, await object_service.info(user, bucket, name), details, conflict=True)
    except (ObjectNotFound, Unavailable):
        raise
    except (ObjectStoreError, ServiceError) as error:
        details.errors["name" if isinstance(error, ObjectExists | InvalidObjectName) else "all"] = told(error)
        return await _details_page(request, user, bucket, info, details)
    if request.POST.get("follow") and changed.name != name:
        await _follow(request, user, Link(bucket, name), Link(bucket, changed.name))
    return redirect(object_address(bucket, changed.name))


async def _follow(request: HttpRequest, user: AnyUser, was: Link, now: Link) -> None:
    """The links to the old name lead to the new one, as far as the user may change them."""
    followed = await linkrepair.retarget(user, was.bucket, [linkrepair.Moved(was, now)])
    if done := sum(result.error is None for result in followed.results):
        messages.success(request, ngettext("%(count)d link follows.", "%(count)d links follow.", done) % {"count": done})
    tell_left(request, followed.left)
    for each in [result for result in followed.results if result.error is not None][:SHOWN_FAILURES]:
        messages.error(request, _("The link %(name)s was not changed: %(error)s") % {"name": each.name, "error": told(each.error)})


async def _save(user: AnyUser, bucket: str, info: ObjectInfo, details: Details) -> ObjectInfo:
    """What is new first, and the name last: when that is taken, nothing was renamed. Without a change nothing is written."""
    change = objectform.change(details, info)
    of_metadata = object_service.ObjectChange(None, change.description, change.headers, change.metadata)
    if change.name is not None and await object_service.current(user, bucket, change.name) is not None:
        raise ObjectExists(f"“{change.name}” is already there.")
    if of_metadata.of_metadata:
        info = await object_service.update(user, bucket, info.name, of_metadata, expected_revision=info.revision)
    if change.name is not None:
        renaming = object_service.ObjectChange(name=change.name)
        info = await object_service.update(user, bucket, info.name, renaming, expected_revision=info.revision)
    return info


async def _details_page(
    request: HttpRequest, user: AnyUser, bucket: str, info: ObjectInfo, details: Details, *, conflict: bool = False
) -> HttpResponse:
    context = await _context(user, bucket, info)
    leading = (await linklist.links_to(user, bucket, [info.name])).links
    context |= {"form": details, "conflict": conflict, "leading": len(leading)}
    context["follow"] = request.method != "POST" or bool(request.POST.get("follow"))
    status = CONFLICT if conflict else 400 if details.errors else 200
    return render_page(request, await load_shell(user, bucket), "object_details.html", context, status)


async def _context(user: AnyUser, bucket: str, info: ObjectInfo) -> dict[str, Any]:
    return object_context(await bucket_service.get_bucket(user, bucket), info)
