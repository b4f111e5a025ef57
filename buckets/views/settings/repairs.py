"""The repairs on the settings page: begun, watched and cancelled. The part asks for itself again while somebody looks."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from buckets import access
from buckets.access import AnyUser, Role
from buckets.errorwords import told
from buckets.objectstore import BucketRestricted, BucketSealed
from buckets.quantities import NotUnderstood, parse_span, span_text
from buckets.services import jobs, repair, repairjobs
from buckets.services.errors import JobRunning
from buckets.services.jobs import JobView, Kind, State

from ..shell import page

SHOWN = tuple(Kind)


@dataclass(frozen=True, slots=True)
class Repair:
    """``last`` None: it was never done. ``problems``: of a verification, names with what is wrong."""

    kind: Kind
    last: JobView | None

    @property
    def running(self) -> bool:
        return self.last is not None and self.last.state is State.RUNNING

    @property
    def stopping(self) -> bool:
        return self.last is not None and self.running and self.last.job.cancel

    @property
    def outcome(self) -> Mapping[str, Any]:
        return self.last.job.outcome if self.last is not None and self.last.state is State.DONE else {}

    @property
    def problems(self) -> list[tuple[str, str]]:
        return [(unquote(name, errors="surrogatepass"), problem) for name, problem in self.outcome.get("problems", ())]

    @property
    def error(self) -> str:
        if self.last is None or self.last.state is not State.FAILED:
            return ""
        outcome = self.last.job.outcome
        return told(outcome.get("error", ""), outcome.get("code", "")) or _("Something went wrong on our side. It has been logged.")

    @property
    def may_clear(self) -> bool:
        return bool(self.outcome.get("older_than", 0) >= repairjobs.YOUNGEST)

    @property
    def older_than(self) -> str:
        return span_text(self.outcome.get("older_than", repair.HOUR))


async def context_of(user: AnyUser, bucket: str) -> dict[str, Any]:
    """ADMIN. What the part of the page needs."""
    found = await jobs.jobs(user, bucket)
    return {"repairs": {kind.value: Repair(kind, found.get(kind)) for kind in SHOWN}}


@page
async def repairs(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """ADMIN. GET: the part. POST ``do``: find, clear, purge, read, or cancel with ``kind``."""
    await access.require(user, bucket, Role.ADMIN)
    if request.method == "GET":
        sealed = request.GET.get("sealed") == "yes"
        response = render(request, "_settings_repair.html", {"bucket": bucket, "sealed": sealed, **await context_of(user, bucket)})
        response.headers["Cache-Control"] = "no-store"
        return response
    if request.method != "POST":
        return HttpResponseNotAllowed(["GET", "POST"])
    try:
        await _do(request, user, bucket)
    except (JobRunning, NotUnderstood, BucketSealed, BucketRestricted) as error:
        messages.error(request, told(error))
    return redirect(reverse("bucket_settings", args=[bucket]) + "#repair")


async def _do(request: HttpRequest, user: AnyUser, bucket: str) -> None:
    wanted = request.POST.get("do", "")
    if wanted == "cancel" and request.POST.get("kind") in list(Kind):
        await jobs.cancel(user, bucket, Kind(request.POST["kind"]))
    elif wanted in _ORPHANS:
        await _ORPHANS[wanted](user, bucket, older_than=parse_span(request.POST.get("older_than", "")))
    elif wanted in _OTHERS:
        await _OTHERS[wanted](user, bucket)


_ORPHANS: Mapping[str, Callable[..., Awaitable[None]]] = {"find": repairjobs.find_orphans, "clear": repairjobs.clear_orphans}
_OTHERS: Mapping[str, Callable[[AnyUser, str], Awaitable[None]]] = {"purge": repairjobs.purge_markers, "read": repairjobs.verify}
