"""/buckets/{bucket}/objects: the list; and one object, by its name in the path or in ``?name=``."""

from urllib.parse import quote

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from ..objectstore import Conflict, ObjectInfo
from ..services import bulk, links, objects, versions
from . import parameters
from .download import download
from .errors import BadRequest, PreconditionFailed
from .headers import etag
from .object_fields import new_link, object_change, revision
from .parameters import object_name
from .shapes import list_json, object_json, past_list_json

CURLS_DEFAULT = "application/x-www-form-urlencoded"
LINK_TYPE = "application/vnd.nats-files.link+json"
NO_STORE = {"Cache-Control": "no-store"}


async def list_or_get(request: HttpRequest, user: User, bucket: str) -> HttpResponseBase:
    return await get_object(request, user, bucket) if "name" in request.GET else await list_objects(request, user, bucket)


async def list_objects(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    """What is there; with ``?deleted=true`` the deletion markers too, or with ``?at=`` what was there then."""
    query, at, deleted = parameters.scan_query(request), parameters.at_parameter(request), parameters.flag(request, "deleted")
    if deleted and at is not None:
        raise BadRequest("“deleted” and “at” do not go together.")
    try:
        if at is not None:
            return JsonResponse(past_list_json(await versions.scan_moment(user, bucket, at, query)), headers=NO_STORE)
        return JsonResponse(list_json(await objects.scan(user, bucket, query, deleted=deleted)), headers=NO_STORE)
    except ValueError as error:
        raise BadRequest(str(error)) from error


async def get_object(request: HttpRequest, user: User, bucket: str, name: str | None = None) -> HttpResponseBase:
    """GET and HEAD; ``?version=`` for a version, ``?at=`` for the one that was there then."""
    name = object_name(request, name)
    version, at = parameters.version_parameter(request), parameters.at_parameter(request)
    if version is not None and at is not None:
        raise BadRequest("“version” and “at” do not go together.")
    if at is not None:
        version = await versions.version_at(user, bucket, name, at)
    return await download(request, user, bucket, name, version)


async def put_object(request: HttpRequest, user: User, bucket: str, name: str | None = None) -> HttpResponse:
    """An upload; or, as ``LINK_TYPE``, a link."""
    name, if_absent = object_name(request, name), _if_absent(request)
    if request.content_type == LINK_TYPE:
        stored = await links.add_link(user, bucket, name, new_link(await parameters.streamed_json(request)), if_absent=if_absent)
    else:
        body = parameters.request_body(request)
        media_type = _stated_type(request)
        stored = await objects.upload(user, bucket, name, body, content_type=media_type, length=body.length, if_absent=if_absent)
    return _answer(stored, 201)


async def patch_object(request: HttpRequest, user: User, bucket: str, name: str | None = None) -> HttpResponse:
    """Its metadata, its name, or both; with ``revision`` or ``If-Match`` only if it is still that one."""
    name = object_name(request, name)
    _refuse(request, "If-None-Match", "If-Unmodified-Since")
    document = parameters.json_object(request)
    change, expected = object_change(document), revision(document)
    wanted = request.headers.get("If-Match")
    if wanted is None:
        return _answer(await objects.update(user, bucket, name, change, expected_revision=expected))
    if expected is not None:
        raise BadRequest("“revision” and “If-Match” do not go together.")
    current = await objects.info(user, bucket, name)
    _check_match(wanted, current)
    try:
        return _answer(await objects.update(user, bucket, name, change, expected_revision=current.revision))
    except Conflict:
        raise _not_that_one() from None


async def delete_object(request: HttpRequest, user: User, bucket: str, name: str | None = None) -> HttpResponse:
    _refuse(request, "If-Match", "If-None-Match", "If-Unmodified-Since")
    bulk.only(await objects.delete(user, bucket, [object_name(request, name)]))
    return HttpResponse(status=204)


def _answer(stored: ObjectInfo, status: int = 200) -> HttpResponse:
    return JsonResponse(object_json(stored), status=status, headers={"Location": _location(stored), "ETag": etag(stored), **NO_STORE})


def _check_match(wanted: str, current: ObjectInfo) -> None:
    """RFC 9110, section 13.1.1: strong comparison, so that a weak tag never matches."""
    if wanted.strip() != "*" and etag(current) not in (tag.strip() for tag in wanted.split(",")):
        raise _not_that_one()


def _not_that_one() -> PreconditionFailed:
    return PreconditionFailed("The object is not the one that the request's condition asks for. It was left as it is.")


def _stated_type(request: HttpRequest) -> str:
    """The upload's media type, "" if the client did not state one: curl says "form" of any data unless told otherwise."""
    return "" if request.content_type == CURLS_DEFAULT else request.headers.get("Content-Type", "")


def _if_absent(request: HttpRequest) -> bool:
    _refuse(request, "If-Match", "If-Unmodified-Since", "Content-Range")
    condition = request.headers.get("If-None-Match")
    if condition not in (None, "*"):
        raise BadRequest("The only condition for an upload is “If-None-Match: *”.")
    return condition == "*"


def _refuse(request: HttpRequest, *headers: str) -> None:
    """A condition that is not evaluated must not be passed over (RFC 9110, section 13.1)."""
    for header in headers:
        if header in request.headers:
            raise BadRequest(f"“{header}” is not supported for {request.method}.")


def _location(stored: ObjectInfo) -> str:
    """Where the object is: its name as one path segment; "." and "..", which clients would resolve, in the query."""
    base = reverse("api:objects", kwargs={"bucket": stored.bucket})
    name = quote(stored.name, safe="")
    return f"{base}?name={name}" if name in (".", "..") else f"{base}/{name}"
