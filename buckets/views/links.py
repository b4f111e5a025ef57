"""The links of a bucket: where they lead, making one, leading it elsewhere, repairing what leads nowhere."""

import asyncio
import hashlib
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote, urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from buckets import access, linkform
from buckets.access import AnyUser, Role
from buckets.errorwords import told
from buckets.linkform import LinkForm
from buckets.objectstore import BucketNotFound, Conflict, InvalidLink, InvalidObjectName, Link, ObjectExists, ObjectStoreError, Unavailable
from buckets.services import buckets as bucket_service
from buckets.services import linkbook, linklist, linkrepair
from buckets.services import links as link_service
from buckets.services import objects as object_service
from buckets.services.bulk import MAX_NAMES
from buckets.services.errors import AlreadyThere, ServiceError
from buckets.services.linkbook import LinkPage
from buckets.services.linklist import FoundLink
from buckets.services.linkrepair import Moved

from .files import Chosen
from .objects import object_address, object_name, revision_of
from .shell import Shell, load_shell, page, patience, render_page

PAGE_SIZE = 100
MAX_QUERY = 200
SHOWN_NAMES = 20
OFFER_SECONDS = 0.3
ALL, DANGLING, ELSEWHERE = "", "broken", "elsewhere"


@dataclass(frozen=True, slots=True)
class View:
    """Which links a page shows."""

    show: str
    query: str
    page: int

    @classmethod
    def parse(cls, request: HttpRequest) -> "View":
        show, query, number = (request.GET.get(key, "") for key in ("show", "q", "page"))
        page = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1
        return cls(show if show in (DANGLING, ELSEWHERE) else ALL, query if len(query) <= MAX_QUERY else "", max(1, page))

    def address(self, bucket: str, **changes: Any) -> str:
        view = replace(self, **({"page": 1} | changes))
        asked = {"show": view.show, "q": view.query, "page": str(view.page) if view.page > 1 else ""}
        filled = {key: value for key, value in asked.items() if value}
        return reverse("links", args=[bucket]) + (f"?{urlencode(filled, quote_via=quote)}" if filled else "")


@page
async def links(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """VIEWER. All links of the bucket, the broken ones of them, or those that lead here from other buckets."""
    async with patience():
        found = await bucket_service.get_bucket(user, bucket)
        shell = await load_shell(user, bucket)
        live = await object_service.live(user, bucket)
    revision = live.revision
    view = View.parse(request)
    own = await linkbook.own_page(user, bucket, dangling=view.show == DANGLING, query=view.query, page=view.page, size=PAGE_SIZE)
    shown = await _from_elsewhere(user, bucket, view) if view.show == ELSEWHERE else own
    pages = max(1, -(-shown.total // PAGE_SIZE))
    view = replace(view, page=shown.page)
    held = await access.roles(user)
    context = {
        "bucket": bucket,
        "section": "links",
        "view": view,
        "rows": [_row(link, held) for link in shown.links],
        "total": shown.total,
        "complete": own.complete and shown.complete,
        "can_edit": found.role >= Role.EDITOR and not found.status.sealed,
        "tabs": [
            (_("All links"), view.address(bucket, show=ALL), view.show == ALL, own.all),
            (_("Broken"), view.address(bucket, show=DANGLING), view.show == DANGLING, own.dangling),
            (_("From other buckets"), view.address(bucket, show=ELSEWHERE), view.show == ELSEWHERE, None),
        ],
        "previous": view.address(bucket, page=view.page - 1) if view.page > 1 else "",
        "next": view.address(bucket, page=view.page + 1) if view.page < pages else "",
        "unsearched": view.address(bucket, query=""),
        "pages": pages,
        "revision": revision,
    }
    return render_page(request, shell, "links.html", context)


async def _from_elsewhere(user: AnyUser, bucket: str, view: View) -> LinkPage:
    found, words = await linklist.links_from_elsewhere(user, bucket), view.query.casefold()
    listed = [link for link in found.links if not words or words in link.name.casefold() or words in (link.to.name or "").casefold()]
    number = min(view.page, max(1, -(-len(listed) // PAGE_SIZE)))
    rows = listed[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    return LinkPage(rows, len(listed), len(listed), 0, number, found.complete)


def _row(link: FoundLink, held: access.RoleMap) -> dict[str, Any]:
    can_edit = (held.of(link.bucket) or Role.VIEWER) >= Role.EDITOR
    row_id = "l" + hashlib.blake2b(f"{link.bucket}/{link.name}".encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
    return {"id": row_id, "link": link, "quoted": quote(link.name, safe=""), "can_edit": can_edit}


@page
async def new(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """EDITOR where the link is made, VIEWER where it leads. Begun from a folder, or from what it is to lead to."""
    shell = await load_shell(user, bucket)
    if request.method == "POST":
        form = linkform.received(request.POST.dict(), bucket)
        if not form.name:
            form.errors["name"] = _("Give the link a name.")
        if not form.errors:
            await _make(user, form)
        if not form.errors:
            messages.success(request, _("The link %(name)s is made.") % {"name": form.name})
            return redirect(object_address(form.place, form.name))
        return await _form_page(request, user, shell, bucket, form, "new")
    to_name, prefix = request.GET.get("to", ""), request.GET.get("prefix", "")
    form = LinkForm(
        place=_first_place(shell, bucket),
        name=(prefix + to_name.rpartition("/")[2])[: linkform.MAX_NAME],
        to_bucket=bucket if to_name else request.GET.get("bucket", "") or bucket,
        to_name=to_name[: linkform.MAX_NAME],
    )
    return await _form_page(request, user, shell, bucket, form, "new")


async def _make(user: AnyUser, form: LinkForm) -> None:
    try:
        await link_service.add_link(user, form.place, form.name, link_service.NewLink(form.to), if_absent=True)
    except Unavailable:
        raise
    except (access.NotVisible, access.NotAllowed, ObjectStoreError, ServiceError) as error:
        form.errors.update(_told(error, form))


def _told(error: Exception, form: LinkForm) -> dict[str, str]:
    """The field that an error is about, and what it says there."""
    names = {"name": form.name, "to": form.to_name, "bucket": form.to_bucket}
    match error:
        case access.NotVisible() | BucketNotFound():
            return {"to_bucket": _("There is no bucket “%(bucket)s” that you may see.") % names}
        case access.NotAllowed():
            return {"place": _("You may not make links in this bucket.")}
        case InvalidLink() if "link itself" in str(error):
            return {"to_name": _("“%(to)s” is a link itself. Choose what it leads to.") % names}
        case InvalidLink():
            return {"to_name": _("There is no file “%(to)s” in the bucket “%(bucket)s”.") % names}
        case ObjectExists() | AlreadyThere():
            return {"name": _("“%(name)s” is in that bucket already. Choose another name.") % names}
        case InvalidObjectName():
            return {"name": told(error)}
        case Conflict():
            return {"all": _("Somebody changed this link meanwhile. Look at where it leads now, and try again.")}
    return {"all": told(error)}


def _first_place(shell: Shell, bucket: str) -> str:
    """The bucket itself where the user may make links in it, else the first where that is so."""
    may = [view.status.name for view in shell.buckets if view.role >= Role.EDITOR and not view.status.sealed]
    return bucket if bucket in may or not may else may[0]


@page
async def edit(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """EDITOR. Where a link leads, from now on."""
    await access.require(user, bucket, Role.EDITOR)
    name = object_name(request)
    info = await object_service.info(user, bucket, name)
    if info.link is None:
        return redirect(object_address(bucket, name))
    shell = await load_shell(user, bucket)
    if request.method == "POST":
        form = replace(linkform.received(request.POST.dict(), bucket), place=bucket, name=name)
        if not form.errors:
            await _lead(user, form, revision_of(request))
        if not form.errors:
            messages.success(request, _("%(name)s leads there now.") % {"name": name})
            return redirect(reverse("links", args=[bucket]) if request.POST.get("back") == "links" else object_address(bucket, name))
        return await _edit_page(request, user, shell, form, info.link)
    kind = linkform.FILE if info.link.name is not None else linkform.WHOLE
    form = LinkForm(bucket, name, info.link.bucket, info.link.name or "", kind, str(info.revision))
    return await _edit_page(request, user, shell, form, info.link)


async def _lead(user: AnyUser, form: LinkForm, revision: int | None) -> None:
    try:
        await linkrepair.change_target(user, form.place, form.name, form.to, expected_revision=revision)
    except Unavailable:
        raise
    except (access.NotVisible, ObjectStoreError, ServiceError) as error:
        form.errors.update(_told(error, form))


async def _edit_page(request: HttpRequest, user: AnyUser, shell: Shell, form: LinkForm, now: Any) -> HttpResponse:
    state = await linklist.state_of(user, now)
    suggested = await linkrepair.suggestions(user, now) if state is linklist.LinkState.DANGLING else []
    more = {"now": now, "state": state, "suggested": suggested, "back": request.GET.get("back") or request.POST.get("back", "")}
    return await _form_page(request, user, shell, form.place, form, "edit", more)


async def _form_page(
    request: HttpRequest, user: AnyUser, shell: Shell, bucket: str, form: LinkForm, doing: str, more: dict[str, Any] | None = None
) -> HttpResponse:
    """``bucket``: whose page it is."""
    places = [view.status.name for view in shell.buckets if view.role >= Role.EDITOR and not view.status.sealed]
    context = {"bucket": bucket, "section": "links", "form": form, "doing": doing, "places": places, **(more or {})}
    context["offered"] = await _offered(user, form.to_bucket)
    context["hidden_target"] = form.to_bucket and form.to_bucket not in [view.status.name for view in shell.buckets]
    return render_page(request, shell, "links_form.html", context, 400 if form.errors else 200)


async def _offered(user: AnyUser, bucket: str) -> list[str]:
    """What a link may lead to there, the latest first: to choose from where no script asks as one types, and as an example."""
    try:
        async with asyncio.timeout(OFFER_SECONDS):
            return [info.name for info in (await link_service.candidates(user, bucket, ""))[0]]
    except (TimeoutError, access.NotVisible, ObjectStoreError, ServiceError):
        return []


@page
async def delete(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """POST, EDITOR. What it led to stays; the message's Undo makes it again."""
    await access.require(user, bucket, Role.EDITOR)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    name = object_name(request)
    info = await object_service.info(user, bucket, name)
    if info.link is None:
        raise InvalidLink(f"“{name}” is no link any more. Reload the page.")
    (result,) = await object_service.delete(user, bucket, [name], expected_revision=info.revision)
    if result.error is not None:
        messages.error(request, _("%(name)s was not deleted: %(error)s") % {"name": name, "error": told(result.error)})
    else:
        kind = linkform.WHOLE if info.link.name is None else linkform.FILE
        again = urlencode({"name": name, "to_bucket": info.link.bucket, "kind": kind, "to_name": info.link.name or ""})
        said = _("The link %(name)s is deleted. What it led to is untouched.") % {"name": name}
        messages.success(request, said, extra_tags=f"undo:{reverse('link_again', args=[bucket])}?{again}")
    return redirect(reverse("links", args=[bucket]))


@page
async def again(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """POST, EDITOR: the Undo of ``delete``, from the history with all that the link had, or else as a new one."""
    await access.require(user, bucket, Role.EDITOR)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    form = linkform.received(request.GET.dict(), bucket)
    await link_service.bring_back(user, bucket, form.name, form.to)
    messages.success(request, _("%(name)s is back.") % {"name": form.name})
    return redirect(reverse("links", args=[bucket]))


@page
async def names(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """VIEWER. For pickers, as JSON: the files of the bucket whose names contain ``?q=``, links left out; without it the latest."""
    query = request.GET.get("q", "")[:MAX_QUERY]
    found, more = await link_service.candidates(user, bucket, query)
    listed = [{"name": info.name, "size": info.size} for info in found]
    return JsonResponse({"names": listed, "more": more}, headers={"Cache-Control": "no-store"})


@page
async def leading_to(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """POST, VIEWER. As JSON: which links would break if the chosen files and folders (``Chosen``) went, ``SHOWN_NAMES`` of them by name."""
    await access.require(user, bucket, Role.VIEWER)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    chosen = Chosen.read(request.POST)
    found = await linklist.links_to(user, bucket, chosen.objects[:MAX_NAMES], chosen.folders[:MAX_NAMES])
    shown = [{"bucket": link.bucket, "name": link.name, "to": link.to.name} for link in found.links[:SHOWN_NAMES]]
    return JsonResponse({"total": len(found.links), "links": shown, "complete": found.complete}, headers={"Cache-Control": "no-store"})


@page
async def follow(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """POST ``was`` and ``now`` (as many of each, percent-encoded) and perhaps ``to_bucket``, after a rename or a move: the links that led
    to the one, in buckets that the user may edit, lead to the other from now on. Scripts get JSON, others go back to the links."""
    await access.require(user, bucket, Role.VIEWER)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    followed = await linkrepair.retarget(user, bucket, _moved(request.POST, bucket))
    failed = [result for result in followed.results if result.error]
    done = len(followed.results) - len(failed)
    if request.headers.get("Accept") == "application/json":
        said = [{"name": each.name, "message": told(each.error)} for each in failed]
        return JsonResponse({"changed": done, "failed": said, "left": followed.left}, headers={"Cache-Control": "no-store"})
    if done:
        messages.success(request, ngettext("%(count)d link was changed.", "%(count)d links were changed.", done) % {"count": done})
    tell_left(request, followed.left)
    for each in failed[:5]:
        messages.error(request, _("%(name)s was not changed: %(error)s") % {"name": each.name, "error": told(each.error)})
    return redirect(reverse("links", args=[bucket]))


def tell_left(request: HttpRequest, count: int) -> None:
    if count:
        said = ngettext("%(count)d more link still leads to the old place.", "%(count)d more links still lead to the old place.", count)
        messages.error(request, said % {"count": count})


def _moved(fields: QueryDict, bucket: str) -> list[Moved]:
    target = fields.get("to_bucket") or bucket
    pairs = zip(fields.getlist("was"), fields.getlist("now"), strict=False)
    return [Moved(Link(bucket, unquote(was)), Link(target, unquote(now))) for was, now in pairs if was and now]
