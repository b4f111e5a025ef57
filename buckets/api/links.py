"""/buckets/{bucket}/links: the links in a bucket, who links here, and leading links elsewhere after a move."""

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse

from ..objectstore import Link
from ..services import linklist, linkrepair, links
from ..services.linklist import FoundLink, LinkState
from . import object_fields
from .fields import MAX_DESCRIPTION, only, text
from .parameters import MAX_BULK_BYTES, check_unicode, flag, json_object
from .shapes import error_json

MAX_LINKS = 1000
PATIENCE = 20.0
NO_STORE = {"Cache-Control": "no-store"}


async def list_links(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    """``own``: those in the bucket. Else those to the object ``?name=``; without it, to the bucket as a whole."""
    check_unicode(request)
    if flag(request, "own"):
        return await _own(request, user, bucket)
    name = request.GET.get("name")
    found = await links.backlinks(user, bucket, name)
    listed = [{"bucket": link.bucket, "name": link.name} for link in found[:MAX_LINKS]]
    state = await linklist.state_of(user, Link(bucket, name))
    return JsonResponse({"links": listed, "total": len(found), "dangling": _dangling(state)}, headers=NO_STORE)


async def _own(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    found = await linklist.own_links(user, bucket, seconds=PATIENCE)
    wanted = found.dangling() if flag(request, "dangling") else found.links
    after = request.GET.get("after")
    rest = [link for link in wanted if after is None or link.name > after]
    listed = [_link_json(link) for link in rest[:MAX_LINKS]]
    return JsonResponse({"links": listed, "total": len(wanted), "more": len(rest) > MAX_LINKS}, headers=NO_STORE)


async def follow(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    """The links to the ``items``' names lead to where these are now."""
    document = json_object(request, MAX_BULK_BYTES)
    only(document, ("items", "bucket"))
    target = text(document, "bucket", MAX_DESCRIPTION) or bucket
    moved = [linkrepair.Moved(Link(bucket, item.name), Link(target, item.to)) for item in object_fields.transfers(document)]
    done = await linkrepair.retarget(user, bucket, moved)
    told = [{"bucket": each.bucket, "name": each.name, "error": error_json(each.error) if each.error else None} for each in done.results]
    return JsonResponse({"results": told, "left": done.left}, headers=NO_STORE)


def _link_json(link: FoundLink) -> dict[str, Any]:
    return {"name": link.name, "link": {"bucket": link.to.bucket, "name": link.to.name}, "dangling": _dangling(link.state)}


def _dangling(state: LinkState) -> bool | None:
    """None: the user may not know, or it is not known yet."""
    return {LinkState.DANGLING: True, LinkState.FINE: False}.get(state)
