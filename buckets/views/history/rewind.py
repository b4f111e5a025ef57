"""A bucket as it was at a moment, and taking it, or a folder of it, back there."""

from collections import Counter
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from buckets import access
from buckets.access import AnyUser, Role
from buckets.errorwords import told
from buckets.objectstore import HistoryStatus, ObjectStoreError, Restored, Sort
from buckets.services import rewind_preview, rewinding
from buckets.services import versions as version_service
from buckets.services.errors import RestoreRunning

from ..shell import Shell, page
from . import fields
from .listing import Past
from .place import Place, begin, render, without_history

PRESETS = (
    (gettext_lazy("Ten minutes ago"), timedelta(minutes=10)),
    (gettext_lazy("An hour ago"), timedelta(hours=1)),
    (gettext_lazy("Yesterday"), timedelta(days=1)),
    (gettext_lazy("A week ago"), timedelta(days=7)),
)
SHOWN_FAILURES = 20


@page
async def rewind(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    place, shell = await begin(user, bucket)
    if place.history is None:
        return without_history(request, shell, place, "rewind", _("Rewind"))
    problem, at = "", None
    try:
        at = fields.moment(request.GET)
        if at is not None and at > datetime.now(UTC):
            problem, at = _("That time has not come yet."), None
    except fields.BadField as error:
        problem = told(error)
    context: dict[str, Any] = {
        "section": "rewind",
        "at": at,
        "problem": problem,
        "presets": _presets(bucket, _oldest(place.history)),
        "oldest": _oldest(place.history),
    }
    if at is None:
        context["suggested"] = suggested(datetime.now(UTC), _oldest(place.history), _last_change(place))
        context["suggested_text"] = fields.moment_text(context["suggested"])
    if at is not None:
        index = await version_service.moment_index(user, bucket, at)
        past = Past.parse("rewind", bucket, request.GET.dict(), Sort(), at=fields.moment_text(at))
        context |= {"total_then": len(index), "archive_query": f"at={quote(fields.moment_text(at), safe='')}"}
        context |= {"at_text": fields.moment_text(at), **past.context(index, time=_("Changed"))}
    return render(request, shell, place, "rewind.html", context, 400 if problem else 200)


def suggested(now: datetime, oldest: datetime | None, last: datetime | None) -> datetime:
    """What somebody may be looking for, to the second: the bucket a day ago; of a younger history what was there before the last change."""
    yesterday = (now - timedelta(days=1)).replace(second=0, microsecond=0)
    if oldest is None or yesterday >= oldest:
        return yesterday
    before = (last or now).replace(microsecond=0)
    if before == last:
        before -= timedelta(seconds=1)
    return before if before >= oldest else now.replace(microsecond=0)


def _last_change(place: Place) -> datetime | None:
    return place.bucket.stream.last_time if place.bucket is not None else None


def _presets(bucket: str, oldest: datetime | None) -> list[tuple[str | Promise, str]]:
    """Those of a time of which something is known."""
    now = datetime.now(UTC).replace(microsecond=0)
    return [(label, _address(bucket, now - ago)) for label, ago in PRESETS if oldest is None or now - ago >= oldest]


def _oldest(history: HistoryStatus) -> datetime | None:
    """Since when there is anything to look at: what was there when it was switched on tells nothing of the time before."""
    moments = [moment for moment in (history.since, history.stream.first_time) if moment is not None]
    return min(moments, default=None)


def _address(bucket: str, at: datetime, prefix: str = "") -> str:
    past = Past.parse("rewind", bucket, {"prefix": prefix}, Sort(), at=fields.moment_text(at))
    return past.address()


@page
async def restore(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """EDITOR. What it would do; posted, it is done, and the page tells the counts. Scripts use the API, which tells how far it is."""
    await access.require(user, bucket, Role.EDITOR)
    place, shell = await begin(user, bucket)
    if place.history is None or not place.can_restore:
        return redirect(reverse("rewind", args=[bucket]))
    posted = request.method == "POST"
    asked = request.POST if posted else request.GET
    at, prefix = fields.moment(asked), fields.folder(asked, quoted=posted)
    if at is None or at > datetime.now(UTC):
        raise fields.BadField(gettext_noop("To which time? Choose one that has passed."))
    context = {"section": "rewind", "at": at, "at_text": fields.moment_text(at), "prefix": prefix, "back": _address(bucket, at, prefix)}
    if posted:
        return await _restore(request, user, shell, place, context)
    context["preview"] = await rewind_preview.preview(user, bucket, at, prefix)
    return render(request, shell, place, "rewind_restore.html", context)


async def _restore(request: HttpRequest, user: AnyUser, shell: Shell, place: Place, context: dict[str, Any]) -> HttpResponse:
    results = rewinding.restore_moment(
        user, place.name, context["at"], prefix=context["prefix"], remove_newer=bool(request.POST.get("remove_newer"))
    )
    counts: Counter[str] = Counter()
    failed: list[Restored] = []
    problem = ""
    try:
        async with aclosing(results):
            async for restored in results:
                counts["failed" if restored.error else restored.action] += 1
                if restored.error and len(failed) < SHOWN_FAILURES:
                    failed.append(restored)
    except RestoreRunning:
        raise
    except ObjectStoreError as error:
        problem = told(error)
    context |= {"done": True, "counts": counts, "failed": failed, "problem": problem, "more": counts["failed"] - len(failed)}
    return render(request, shell, place, "rewind_restore.html", context)
