"""What is ticked, without scripts: a page that asks where to move, copy or link it, and a zip of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from buckets import access
from buckets.access import AnyUser, Role
from buckets.api import archives
from buckets.errorwords import told
from buckets.objectstore import InvalidObjectName
from buckets.services import carrying
from buckets.services import objects as object_service
from buckets.services.bulk import MAX_NAMES
from buckets.services.carrying import Act, Carried, Taken
from buckets.services.errors import StillLoading
from buckets.services.order import Transfer, ordered

from .files import SHOWN_NAMES, WHOLE_LISTING, Chosen, back_address, batches
from .shell import load_shell, page, render_page

SHOWN_FAILURES = 5
MAX_FOLDER = 3000
ACTS = {Act.MOVE: gettext_lazy("Move"), Act.COPY: gettext_lazy("Copy"), Act.LINK: gettext_lazy("Make links")}
POLICIES = {
    Taken.SKIP: gettext_lazy("Skip it"),
    Taken.KEEP: gettext_lazy("Keep both: the new one gets a number"),
    Taken.REPLACE: gettext_lazy("Replace what is there"),
}


@dataclass(frozen=True)
class Wish:
    """What the form asks for. Nonsense counts as the first choice."""

    act: Act
    taken: Taken
    target: str
    folder: str

    @classmethod
    def read(cls, request: HttpRequest, bucket: str) -> "Wish":
        fields = request.POST
        act, taken = fields.get("act", ""), fields.get("taken", "")
        folder = fields.get("folder_to", unquote(fields.get("prefix", ""))).strip("/")[:MAX_FOLDER]
        return cls(
            Act(act) if act in ACTS else Act.MOVE,
            Taken(taken) if taken in POLICIES else Taken.SKIP,
            fields.get("bucket", bucket),
            f"{folder}/" if folder else "",
        )


@page
async def carry(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """Ask what to do with what was chosen; with ``confirm``, do it."""
    await access.require(user, bucket, Role.VIEWER)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    chosen, wish = Chosen.read(request.POST), Wish.read(request, bucket)
    if request.POST.get("confirm"):
        return await _do(request, user, bucket, chosen, wish)
    shell = await load_shell(user, bucket)
    targets = [each.status.name for each in shell.buckets if each.role >= Role.EDITOR and not each.status.sealed]
    names = [*chosen.objects, *chosen.folders]
    context = {"bucket": bucket, "chosen": chosen, "wish": wish, "targets": targets, "back": back_address(request, bucket)}
    context |= {"acts": ACTS, "policies": POLICIES, "count": len(names), "names": names[:SHOWN_NAMES]}
    context |= {"more": max(0, len(names) - SHOWN_NAMES), "prefix": request.POST.get("prefix", "")}
    return render_page(request, shell, "carry_objects.html", context)


async def _do(request: HttpRequest, user: AnyUser, bucket: str, chosen: Chosen, wish: Wish) -> HttpResponse:
    await carrying.allow(user, bucket, wish.act, wish.target)
    live = await object_service.live(user, bucket)
    if chosen.folders and not await live.wait_ready(WHOLE_LISTING):
        raise StillLoading(bucket, live.loaded, live.expected)
    if wish.target == bucket and any(folder and wish.folder.startswith(folder) for folder in chosen.folders):
        raise InvalidObjectName(gettext_noop("A folder cannot be put into itself."))
    results: list[Carried] = []
    items, never = ordered(list(_transfers(await chosen.names_of(live.index), wish.folder)), one_bucket=wish.target == bucket)
    for batch in batches(items, MAX_NAMES):
        results += await carrying.carry(user, bucket, wish.act, batch, wish.target, wish.taken, never)
    _tell(request, results)
    return redirect(back_address(request, bucket))


def _transfers(names: dict[str, str], folder: str) -> Iterator[Transfer]:
    """Each to its own name in ``folder``, and those of a folder to that folder's name there. ``names``: see ``Chosen.names_of``."""
    for name, whole in names.items():
        root = whole.removesuffix("/").rpartition("/")
        yield Transfer(name, folder + name.removeprefix(root[0] + root[1]))


def _tell(request: HttpRequest, results: list[Carried]) -> None:
    done = sum(1 for each in results if not each.error and not each.skipped)
    skipped = sum(1 for each in results if each.skipped)
    failed = [each for each in results if each.error]
    if done:
        messages.success(request, ngettext("%(count)d file done.", "%(count)d files done.", done) % {"count": done})
    if skipped:
        messages.info(request, ngettext("%(count)d file skipped.", "%(count)d files skipped.", skipped) % {"count": skipped})
    for each in failed[:SHOWN_FAILURES]:
        messages.error(request, f"{each.name}: {told(each.error)}")
    if len(failed) > SHOWN_FAILURES:
        messages.error(request, _("%(count)d more failed.") % {"count": len(failed) - SHOWN_FAILURES})


@page
async def download(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponseBase:
    """POST: what was chosen as one zip."""
    await access.require(user, bucket, Role.VIEWER)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    chosen = Chosen.read(request.POST)
    if not (chosen.objects or chosen.folders):
        messages.error(request, _("Nothing was ticked."))
        return redirect(back_address(request, bucket))
    return await archives.archive_of(user, bucket, {"names": chosen.objects, "prefixes": chosen.folders})
