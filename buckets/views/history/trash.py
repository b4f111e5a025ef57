"""The trash of a bucket: what was deleted, expired or purged, to be brought back or erased for good."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from buckets import access
from buckets.access import AnyUser, Role
from buckets.errorwords import told
from buckets.services import objects as object_service
from buckets.services import versions as version_service
from buckets.services.bulk import MAX_NAMES, Result
from buckets.services.selections import Selection
from buckets.words import grouped

from ..files import Chosen
from ..shell import page
from . import fields
from .listing import LATEST_FIRST, Flat, Past
from .place import begin, render, without_history

SHOWN_NAMES = 20
SHOWN_FAILURES = 5
MOST = 10_000
# Folders as rows, as on the files page; else all files are in one list.
BY_FOLDER = "folder"
Act = Callable[[AnyUser, str, Sequence[str]], Awaitable[list[Result]]]


@dataclass(frozen=True)
class Said:
    """What is told of an act: of one file by name, of many, of those where it failed, and of how many more of these."""

    one: Promise
    many: Callable[[int], str]
    failed: Promise
    more: Promise


RESTORED = Said(
    gettext_lazy("%(name)s is restored."),
    lambda count: ngettext("%(number)s file restored.", "%(number)s files restored.", count),
    gettext_lazy("%(name)s was not restored: %(error)s"),
    gettext_lazy("%(number)s more were not restored."),
)
ERASED = Said(
    gettext_lazy("%(name)s is erased for good."),
    lambda count: ngettext("%(number)s file erased for good.", "%(number)s files erased for good.", count),
    gettext_lazy("%(name)s was not erased for good: %(error)s"),
    gettext_lazy("%(number)s more were not erased for good."),
)


@page
async def trash(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    place, shell = await begin(user, bucket)
    if place.history is None:
        return without_history(request, shell, place, "trash", _("Trash"))
    revision = place.revision()
    index, asked = await version_service.trash_index(user, bucket), request.GET.dict()
    grouped_by = BY_FOLDER if asked.get("by") == BY_FOLDER else ""
    past = Past.parse("trash", bucket, asked, LATEST_FIRST, by=grouped_by)
    context = past.context(index if grouped_by else Flat(index), time=_("Deleted"))
    context |= {"by": grouped_by, "regrouped": "", "section": "trash", "revision": revision}
    if index.page(limit=1).folders:
        context["regrouped"] = replace(past, fixed={"by": "" if grouped_by else BY_FOLDER}).address(prefix="")
    return render(request, shell, place, "trash.html", context)


@page
async def restore(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """EDITOR. Bring back what was ticked, folders whole."""
    await access.require(user, bucket, Role.EDITOR)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    names = await _names(request, user, bucket)
    if not names:
        messages.error(request, _("Tick the files to restore."))
    else:
        await _do(request, user, bucket, names, version_service.undelete, RESTORED)
    return redirect(_back(request, bucket))


@page
async def erase(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """ADMIN. Ask; with ``confirm``, erase what was ticked: every version goes."""
    await access.require(user, bucket, Role.ADMIN)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    names = await _names(request, user, bucket)
    if not request.POST.get("confirm"):
        place, shell = await begin(user, bucket)
        context = {"names": names[:SHOWN_NAMES], "count": len(names), "more": max(0, len(names) - SHOWN_NAMES)}
        kept = {key: request.POST.get(key, "") for key in ("prefix", "by")}
        context |= {"chosen": _chosen(request.POST), "kept": kept, "back": _back(request, bucket)}
        return render(request, shell, place, "trash_erase.html", {"section": "trash", **context})
    await _do(request, user, bucket, names, object_service.erase, ERASED)
    return redirect(_back(request, bucket))


def _chosen(fields: QueryDict) -> Chosen:
    """What is ticked; or, where the button of a row was used, that row alone."""
    one = Chosen.read(fields, "one-object", "one-folder")
    return one if one.objects or one.folders else Chosen.read(fields)


async def _names(request: HttpRequest, user: AnyUser, bucket: str) -> list[str]:
    """Those that were ticked and are still in the trash: what somebody has put there again meanwhile is left alone."""
    index, chosen = await version_service.trash_index(user, bucket), _chosen(request.POST)
    count = len(chosen.objects) + sum(index.page(prefix=folder, limit=0).objects_total for folder in chosen.folders)
    if count > MOST:
        raise fields.BadField(f"That is {count:,} files; {MOST:,} at most can be chosen at a time. Open the folder and choose a part.")
    return [name for name in await chosen.names(index) if index.entry(name) is not None]


async def _do(request: HttpRequest, user: AnyUser, bucket: str, names: Sequence[str], act: Act, said: Said) -> None:
    results = [result for at in range(0, len(names), MAX_NAMES) for result in await act(user, bucket, names[at : at + MAX_NAMES])]
    failed = [result for result in results if result.error]
    count = len(results) - len(failed)
    if count == 1 and not failed:
        show = fields.show_tag(fields.object_address(bucket, results[0].name)) if said is RESTORED else ""
        messages.success(request, str(said.one) % {"name": results[0].name}, extra_tags=show)
    elif count:
        show = fields.show_tag(_folder_of([result.name for result in results], bucket)) if said is RESTORED else ""
        messages.success(request, said.many(count) % {"number": grouped(count)}, extra_tags=show)
    for each in failed[:SHOWN_FAILURES]:
        messages.error(request, str(said.failed) % {"name": each.name, "error": told(each.error)})
    if len(failed) > SHOWN_FAILURES:
        messages.error(request, str(said.more) % {"number": grouped(len(failed) - SHOWN_FAILURES)})


def _folder_of(names: Sequence[str], bucket: str) -> str:
    """The address of the folder that they are all in."""
    folder = Selection(names).root
    return reverse("files", args=[bucket]) + (f"?prefix={quote(folder, safe='')}" if folder else "")


def _back(request: HttpRequest, bucket: str) -> str:
    asked = {"prefix": fields.folder(request.POST)}
    return Past.parse("trash", bucket, asked, LATEST_FIRST, by=BY_FOLDER if request.POST.get("by") == BY_FOLDER else "").address()
