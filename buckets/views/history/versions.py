"""The versions of one object: the timeline, comparing two, bringing one back, removing one for good."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from buckets import access
from buckets.access import AnyUser, Role
from buckets.errorwords import told
from buckets.listing import crumbs, object_row
from buckets.objectstore import Conflict, ObjectInfo, VersionNotFound
from buckets.services import objects as object_service
from buckets.services import versions as version_service
from buckets.services.versions import NamedVersion
from buckets.words import grouped

from ..shell import next_address, page
from . import fields
from .comparing import MAX_BYTES, Difference, compare, text_of
from .place import Place, begin, render, without_history
from .timeline import steps

PAGE_SIZE = 50


@page
async def versions(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    place, shell = await begin(user, bucket)
    if place.history is None:
        return without_history(request, shell, place, "", _("Versions"))
    name = fields.object_name(request.GET)
    before = fields.version_id(request.GET, "before") if "before" in request.GET else None
    revision = place.revision(name)
    found = await version_service.versions(user, bucket, name, limit=PAGE_SIZE + 1, before=before)
    listed = list(found.versions)
    shown = [
        replace(step, preview=fields.preview_address(bucket, name, step.version.id) if step.has_content else "")
        for step in steps(listed, PAGE_SIZE)
    ]
    older = shown[-1].version.id if shown and (found.more or len(listed) > PAGE_SIZE) else ""
    newest = shown[0].version if shown and before is None else None
    context = {
        "name": name,
        "revision": revision,
        "row": object_row(newest.info) if newest else None,
        **_place_of(place, name),
        "steps": shown,
        "before": before,
        "older": fields.versions_address(bucket, name, before=older) if older else "",
        "newest": fields.versions_address(bucket, name),
        "deleted": newest is not None and newest.info.deleted,
        "renamed_to": newest.renamed_to if newest else "",
        "comparable": sum(step.has_content for step in shown) > 1,
        "can_restore": place.can_restore,
        "restorable": next((step for step in shown if step.can_be_restored), None),
    }
    return render(request, shell, place, "versions.html", context, 200 if shown or before else 404)


def _place_of(place: Place, name: str) -> dict[str, Any]:
    """What ``_version_crumbs.html`` knows of the object. ``there``: it has a page of its own now."""
    folder, slash, label = name.rpartition("/")
    there = place.live is not None and place.live.index.entry(name) is not None
    return {"name": name, "crumbs": crumbs(folder + slash), "label": label, "there": there}


@page
async def restore(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """EDITOR. As a new version."""
    await access.require(user, bucket, Role.EDITOR)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    item = NamedVersion(fields.object_name(request.POST), fields.version_id(request.POST))
    back = next_address(request, fields.versions_address(bucket, item.name))
    (result,) = await version_service.restore(user, bucket, [item])
    if result.error:
        messages.error(request, _("%(name)s was not restored: %(error)s") % {"name": item.name, "error": told(result.error)})
    else:
        said = _("%(name)s is restored. What was there before is kept as a version.") % {"name": item.name}
        messages.success(request, said, extra_tags=fields.show_tag(fields.object_address(bucket, item.name)))
    return redirect(back)


@page
async def remove(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """ADMIN. Ask; with ``confirm``, remove the version for good."""
    await access.require(user, bucket, Role.ADMIN)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    name, version = fields.object_name(request.POST), fields.version_id(request.POST)
    back = fields.versions_address(bucket, name)
    if not request.POST.get("confirm"):
        place, shell = await begin(user, bucket)
        info = await _info(user, bucket, name, version)
        context = {"version": version, "info": info, "back": back, **_place_of(place, name)}
        return render(request, shell, place, "versions_remove.html", context)
    try:
        await version_service.remove(user, bucket, name, version)
    except (VersionNotFound, Conflict) as error:
        messages.error(request, told(error))
    else:
        messages.success(request, _("The version is removed for good."))
    return redirect(back)


async def _info(user: AnyUser, bucket: str, name: str, version: str) -> ObjectInfo | None:
    """What there is to know of a version before it goes; None for one without content."""
    try:
        return (await version_service.open_version(user, bucket, name, version)).info
    except VersionNotFound:
        return None


@dataclass(frozen=True, slots=True)
class Side:
    """One of two versions that are compared; ``text`` None: it is none, or too long. ``current``: the bucket has it now."""

    version: str
    info: ObjectInfo
    text: str | None
    current: bool = False


@page
async def compare_two(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """The two versions ``v``, the older one first."""
    place, shell = await begin(user, bucket)
    if place.history is None:
        return without_history(request, shell, place, "", _("Versions"))
    name = fields.object_name(request.GET)
    chosen = list(dict.fromkeys(request.GET.getlist("v")))
    back = fields.versions_address(bucket, name)
    if len(chosen) != 2:
        messages.error(request, _missing(len(chosen)))
        return redirect(back)
    if any(len(version) > fields.MAX_VERSION or not version.isascii() or not version.isdigit() for version in chosen):
        raise fields.BadField(gettext_noop("Which versions? Choose two in the list of versions."))
    now = place.live.index.entry(name) if place.live is not None else None
    sides = [await _side(user, bucket, name, version) for version in sorted(chosen, key=int)]
    old, new = [replace(side, current=now is not None and now.revision == side.info.revision) for side in sides]
    context = {**_place_of(place, name), "old": old, "new": new, "limit": MAX_BYTES, "next": ""}
    context |= {"same": old.info.digest is not None and old.info.digest == new.info.digest, "difference": await _difference(old, new)}
    return render(request, shell, place, "versions_compare.html", context)


def _missing(ticked: int) -> str:
    """What to do instead of ticking so many."""
    if ticked == 1:
        return _("One version is ticked. Tick another one to compare it with.")
    if ticked:
        return _("%(count)s versions are ticked. Tick two to compare.") % {"count": grouped(ticked)}
    return _("Tick two versions to compare.")


async def _side(user: AnyUser, bucket: str, name: str, version: str) -> Side:
    reader = await version_service.open_version(user, bucket, name, version)
    if reader.info.size > MAX_BYTES:
        return Side(version, reader.info, None)
    pieces = object_service.read_pieces(user, bucket, name, reader, version=version)
    content = b"".join([piece async for piece in pieces])
    return Side(version, reader.info, text_of(content))


async def _difference(old: Side, new: Side) -> Difference | None:
    if old.text is None or new.text is None:
        return None
    return await asyncio.to_thread(compare, old.text, new.text)
