"""/buckets/{bucket}/objects: the list; and one object, by its name in the path or in ``?name=``."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import quote

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from ..objectstore import Conflict, ObjectInfo, ObjectNotFound
from ..services import bulk, links, objects, versions
from . import parameters
from .conditions import MalformedCondition, Verdict, evaluate, is_conditional
from .digests import MalformedDigest, parse_digests
from .download import download
from .errors import BadRequest, PreconditionFailed
from .headers import etag, validators
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
    """An upload; or, as ``LINK_TYPE``, a link. With a condition only if that is so, with a digest only what has it."""
    name = object_name(request, name)
    if "Content-Range" in request.headers:  # RFC 9110, section 14.5
        raise BadRequest("A part of an object cannot be uploaded: leave out “Content-Range”.")
    digests = _digests(request)
    async with _conditional(request, user, bucket, name) as expected:
        if request.content_type == LINK_TYPE:
            link = new_link(await parameters.streamed_json(request, digests))
            return _answer(await links.add_link(user, bucket, name, link, expected_revision=expected), 201)
        body = parameters.request_body(request)
        stored = await objects.upload(
            user,
            bucket,
            name,
            body,
            content_type=_stated_type(request),
            length=body.length,
            expected_revision=expected,
            digests=digests,
        )
    return _answer(stored, 201)


async def patch_object(request: HttpRequest, user: User, bucket: str, name: str | None = None) -> HttpResponse:
    """Its metadata, its name, or both; with ``revision`` or a condition only if it is still that one."""
    name = object_name(request, name)
    document = parameters.json_object(request)
    change, wanted = object_change(document), revision(document)
    if wanted is None:
        async with _conditional(request, user, bucket, name) as expected:
            return _answer(await objects.update(user, bucket, name, change, expected_revision=expected))
    if is_conditional(request.headers):
        raise BadRequest("“revision” and conditions such as “If-Match” do not go together.")
    return _answer(await objects.update(user, bucket, name, change, expected_revision=wanted))


async def delete_object(request: HttpRequest, user: User, bucket: str, name: str | None = None) -> HttpResponse:
    """With a condition only if that is so."""
    name = object_name(request, name)
    async with _conditional(request, user, bucket, name) as expected:
        bulk.only(await objects.delete(user, bucket, [name], expected_revision=expected))
    return HttpResponse(status=204)


@asynccontextmanager
async def _conditional(request: HttpRequest, user: User, bucket: str, name: str) -> AsyncIterator[int | None]:
    """The revision that the request's conditions were evaluated for, on top of which alone it may write; None without conditions.

    Raises ``PreconditionFailed`` where they are not so, and also when the object is changed before the request has written.
    """
    if not is_conditional(request.headers):
        yield None
        return
    there = await objects.current(user, bucket, name)
    if there is None and request.method == "PATCH":  # which fails without conditions too (RFC 9110, section 13.2.1)
        raise ObjectNotFound(f"There is no object “{name}” in the bucket “{bucket}”.")
    try:
        verdict = evaluate(request.headers, request.method or "", validators(there) if there is not None else None)
    except MalformedCondition as error:
        raise BadRequest(f"“{error}” is “*” or a list of entity tags in double quotes.") from None
    if verdict is not Verdict.GO_ON:
        raise _not_that_one()
    try:
        yield there.revision if there is not None else 0
    except Conflict:
        raise _not_that_one() from None


def _answer(stored: ObjectInfo, status: int = 200) -> HttpResponse:
    return JsonResponse(object_json(stored), status=status, headers={"Location": _location(stored), "ETag": etag(stored), **NO_STORE})


def _not_that_one() -> PreconditionFailed:
    return PreconditionFailed("The object is not the one that the request's condition asks for. It was left as it is.")


def _stated_type(request: HttpRequest) -> str:
    """The upload's media type, "" if the client did not state one: curl says "form" of any data unless told otherwise."""
    return "" if request.content_type == CURLS_DEFAULT else request.headers.get("Content-Type", "")


def _digests(request: HttpRequest) -> Mapping[str, bytes]:
    """What the body must be by ``Content-Digest`` and ``Repr-Digest``, which mean the same here: a body is stored as it comes."""
    found: dict[str, bytes] = {}
    for header in ("Content-Digest", "Repr-Digest"):
        try:
            stated = parse_digests(request.headers.get(header, ""))
        except MalformedDigest:
            raise BadRequest(f"“{header}” is a list of digests like “sha-256=:…:”, in base64 (RFC 9530).") from None
        if any(found.get(algorithm, digest) != digest for algorithm, digest in stated.items()):
            raise BadRequest("“Content-Digest” and “Repr-Digest” contradict each other.")
        found |= stated
    return found


def _location(stored: ObjectInfo) -> str:
    """Where the object is: its name as one path segment; "." and "..", which clients would resolve, in the query."""
    base = reverse("api:objects", kwargs={"bucket": stored.bucket})
    name = quote(stored.name, safe="")
    return f"{base}?name={name}" if name in (".", "..") else f"{base}/{name}"
