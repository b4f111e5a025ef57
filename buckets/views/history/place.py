"""Where a history page is: the bucket, or what an earlier one has left behind; and switching a history on."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from buckets import access
from buckets.access import AnyUser, Role
from buckets.errorwords import told
from buckets.objectstore import BucketNotFound, BucketStatus, HistoryChange, HistoryStatus, LiveBucket, ObjectStoreError, Unavailable
from buckets.services import buckets as bucket_service
from buckets.services import history as history_service
from buckets.services import objects as object_service
from buckets.services.history import HistoryWish

from ..shell import Shell, load_shell, page, patience, render_page

KEEP = {"": gettext_lazy("For ever"), "30": gettext_lazy("30 days"), "90": gettext_lazy("90 days"), "365": gettext_lazy("A year")}
SECTIONS = ("trash", "rewind")


@dataclass(frozen=True, slots=True)
class Place:
    """``bucket`` None: it is gone, and ``history`` is its archive. ``history`` None: there is none, and never was. ``live``: what tells the
    page of changes."""

    name: str
    role: Role
    bucket: BucketStatus | None
    history: HistoryStatus | None
    problem: str = ""
    live: LiveBucket | None = None

    @property
    def can_restore(self) -> bool:
        return self.role >= Role.EDITOR and self.bucket is not None and not self.bucket.sealed

    @property
    def is_admin(self) -> bool:
        return self.role >= Role.ADMIN

    def revision(self, name: str | None = None) -> int:
        """Of what a page shows, to be asked before that is read: of the object, 0 while there is none, or of all of the bucket."""
        if self.live is None:
            return 0
        entry = self.live.index.entry(name) if name is not None else None
        return self.live.revision if name is None else entry.revision if entry is not None else 0

    @property
    def can_switch_on(self) -> bool:
        return self.is_admin and self.bucket is not None and not self.problem and not (self.history and self.history.enabled)


async def find_place(user: AnyUser, bucket: str) -> Place:
    """VIEWER. Raises ``BucketNotFound`` where there is neither a bucket nor an archive of one."""
    role = await access.require(user, bucket, Role.VIEWER)
    try:
        found = await bucket_service.get_bucket(user, bucket)
    except BucketNotFound:
        archive = (await history_service.histories()).get(bucket)
        if archive is None:
            raise
        return Place(bucket, role, None, archive)
    return Place(bucket, role, found.status, found.history, found.history_error, await object_service.live(user, bucket))


async def begin(user: AnyUser, bucket: str) -> tuple[Place, Shell]:
    async with patience():
        return await find_place(user, bucket), await load_shell(user, bucket)


def render(request: HttpRequest, shell: Shell, place: Place, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """The page; ``section`` is what of the bucket it is, "" for one that is about an object."""
    return render_page(request, shell, template, {"section": "", "bucket": place.name, "place": place, "keep": KEEP, **context}, status)


def without_history(request: HttpRequest, shell: Shell, place: Place, section: str, title: str) -> HttpResponse:
    context = {"section": section, "title": title, "back": request.GET.get("name", "")}
    return render(request, shell, place, "history_off.html", context)


@page
async def switch_on(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """ADMIN. Back to where the button was."""
    await access.require(user, bucket, Role.ADMIN)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    keep = request.POST.get("keep", "")
    change = HistoryChange(keep_days=float(keep)) if keep and keep in KEEP else HistoryChange()
    try:
        await history_service.set_history(user, bucket, HistoryWish(enabled=True, change=change))
    except (Unavailable, BucketNotFound):
        raise
    except ObjectStoreError as error:
        messages.error(request, _("History was not switched on: %(error)s") % {"error": told(error)})
    else:
        messages.success(request, _("History is on. Every change from now on is kept."))
    section = request.POST.get("section", "")
    return redirect(reverse(section if section in SECTIONS else "files", args=[bucket]))
