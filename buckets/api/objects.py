"""/buckets/{bucket}/objects: the list; and one object, by its name in the path or in ``?name=``."""

from urllib.parse import quote

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from ..objectstore import ObjectInfo
from ..services import objects
from . import parameters
from .download import download
from .errors import BadRequest
from .headers import etag
from .shapes import list_json, object_json

CURLS_DEFAULT = "application/x-www-form-urlencoded"


async def list_or_get(request: HttpRequest, user: User, bucket: str) -> HttpResponseBase:
    return await get_object(request, user, bucket) if "name" in request.GET else await list_objects(request, user, bucket)


async def list_objects(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    parameters.check_unicode(request)
    try:
        found = await objects.scan(
            user,
            bucket,
            prefix=request.GET.get("prefix", ""),
            delimiter=parameters.delimiter(request),
            query=request.GET.get("q", ""),
            sort=parameters.sort_order(request),
            limit=parameters.whole_number(request, "limit", parameters.MAX_LIMIT, 1, parameters.MAX_LIMIT),
            cursor=request.GET.get("cursor") or None,
        )
    except ValueError as error:
        raise BadRequest(str(error)) from error
    return JsonResponse(list_json(found), headers={"Cache-Control": "no-store"})


async def get_object(request: HttpRequest, user: User, bucket: str, name: str | None = None) -> HttpResponseBase:
    """GET and HEAD."""
    return await download(request, user, bucket, _name(request, name))


async def put_object(request: HttpRequest, user: User, bucket: str, name: str | None = None) -> HttpResponse:
    body = parameters.request_body(request)
    stored = await objects.upload(
        user,
        bucket,
        _name(request, name),
        body,
        content_type=_stated_type(request),
        length=body.length,
        if_absent=_if_absent(request),
    )
    headers = {"Location": _location(stored), "ETag": etag(stored), "Cache-Control": "no-store"}
    return JsonResponse(object_json(stored), status=201, headers=headers)


async def delete_object(request: HttpRequest, user: User, bucket: str, name: str | None = None) -> HttpResponse:
    _refuse(request, "If-Match", "If-None-Match", "If-Unmodified-Since")
    (result,) = await objects.delete(user, bucket, [_name(request, name)])
    if result.error:
        raise result.error
    return HttpResponse(status=204)


def _name(request: HttpRequest, name: str | None) -> str:
    parameters.check_unicode(request)
    if name is None:
        name = request.GET.get("name")
    if name is None:
        raise BadRequest("Which object? Its name goes into the path, or into “?name=”.")
    return name


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
