"""/buckets/{bucket}/links: the links in a bucket, who links here, and leading links elsewhere after a move."""

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse

from ..objectstore import Link
from ..services import linklist, linkrepair, links
from ..services.linklist import FoundLink, LinkState
from . import answers, bodies, object_fields
from .fields import MAX_DESCRIPTION, only, text
from .openapi.common import json, json_body
from .openapi.operation import Parameter, operation
from .parameters import MAX_BULK_BYTES, check_unicode, flag, json_object
from .shapes import error_json, link_json

MAX_LINKS = 1000
PATIENCE = 20.0
NO_STORE = {"Cache-Control": "no-store"}


@operation(
    "Who links to an object, to the bucket, or which links it has",
    role="viewer",
    parameters=(
        Parameter("name", "The links to this object; without it, to the whole bucket."),
        Parameter("own", "The links in this bucket instead.", bool),
        Parameter("dangling", "With `own`: only those that lead to what is not there.", bool),
        Parameter("after", "With `own`: those after this name."),
    ),
    answers={200: json("1,000 at most.", answers.BackLinks | answers.OwnLinks)},
    errors=("invalid_object_name",),
)
async def list_links(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    """``own``: those in the bucket. Else those to the object ``?name=``; without it, to the bucket as a whole."""
    check_unicode(request)
    if flag(request, "own"):
        return await _own(request, user, bucket)
    name = request.GET.get("name")
    found = await links.backlinks(user, bucket, name)
    listed: list[answers.BackLink] = [{"bucket": link.bucket, "name": link.name or ""} for link in found[:MAX_LINKS]]
    state = await linklist.state_of(user, Link(bucket, name))
    told: answers.BackLinks = {"links": listed, "total": len(found), "dangling": _dangling(state)}
    return JsonResponse(told, headers=NO_STORE)


async def _own(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    found = await linklist.own_links(user, bucket, seconds=PATIENCE)
    wanted = found.dangling() if flag(request, "dangling") else found.links
    after = request.GET.get("after")
    rest = [link for link in wanted if after is None or link.name > after]
    listed = [_link_json(link) for link in rest[:MAX_LINKS]]
    told: answers.OwnLinks = {"links": listed, "total": len(wanted), "more": len(rest) > MAX_LINKS}
    return JsonResponse(told, headers=NO_STORE)


@operation(
    "Let links follow after a move",
    role="viewer",
    text="The links to each `name` here, in buckets where you are an editor, lead to its `to` from now on.",
    body=json_body(bodies.Moved, '{"items": [{"name": "old.pdf", "to": "new.pdf"}]}'),
    answers={200: json("What became of each link, 1,000 at most.", answers.FollowedLinks)},
    errors=("too_large", "invalid_object_name"),
)
async def follow(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    """The links to the ``items``' names lead to where these are now."""
    document = json_object(request, MAX_BULK_BYTES)
    only(document, bodies.fields_of(bodies.Moved))
    target = text(document, "bucket", MAX_DESCRIPTION) or bucket
    moved = [linkrepair.Moved(Link(bucket, item.name), Link(target, item.to)) for item in object_fields.transfers(document)]
    done = await linkrepair.retarget(user, bucket, moved)
    told: answers.FollowedLinks = {"results": [_followed_json(each) for each in done.results], "left": done.left}
    return JsonResponse(told, headers=NO_STORE)


def _followed_json(done: linkrepair.Pointed) -> answers.Followed:
    return {"bucket": done.bucket, "name": done.name, "error": error_json(done.error) if done.error else None}


def _link_json(link: FoundLink) -> answers.OwnLink:
    return {"name": link.name, "link": link_json(link.to), "dangling": _dangling(link.state)}


def _dangling(state: LinkState) -> bool | None:
    """None: the user may not know, or it is not known yet."""
    return {LinkState.DANGLING: True, LinkState.FINE: False}.get(state)
