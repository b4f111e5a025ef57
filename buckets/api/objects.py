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
from . import answers, bodies, parameters
from .conditions import MalformedCondition, Verdict, evaluate, is_conditional
from .digests import MalformedDigest, parse_digests
from .download import download
from .errors import BadRequest, PreconditionFailed
from .headers import etag, validators
from .object_fields import new_link, object_change, revision
from .openapi import common
from .openapi.operation import Answer, Binary, Body, Parameter, operation
from .parameters import object_name
from .shapes import list_json, object_json, past_list_json

CURLS_DEFAULT = "application/x-www-form-urlencoded"
LINK_TYPE = "application/vnd.nats-files.link+json"
NO_STORE = {"Cache-Control": "no-store"}
DELETED = Parameter("deleted", "With deletion markers.", bool)
LISTED = {common.JSON: answers.ObjectList | answers.PastObjectList, "*/*": Binary("with `name`")}
LOOKING = (common.VERSION, common.AT, *common.READING)
READ = (*common.READING_ERRORS, *common.PAST_ERRORS, "precondition_failed")
UPLOADING = ("precondition_failed", "length_mismatch", "upload_digest_mismatch", "client_disconnected", "busy")


@operation(
    "List objects",
    role="viewer",
    text="With `?name=` it downloads that object instead, as `GET …/objects/{name}` does.",
    parameters=(*common.LISTING, DELETED, common.AT, common.NAMED, common.VERSION),
    answers={200: Answer("One page of the list; or the content.", LISTED)},
    errors=(*common.PAST_ERRORS, "listing_loading"),
)
@operation(
    "Look at an object by `?name=`",
    role="viewer",
    method="HEAD",
    parameters=LOOKING,
    named=True,
    answers=common.HEADERS_ONLY,
    errors=READ,
)
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


@operation("Download an object", role="viewer", parameters=LOOKING, answers=common.CONTENT, errors=(*READ, "range_not_satisfiable"))
@operation("The headers of an object", role="viewer", method="HEAD", parameters=LOOKING, answers=common.HEADERS_ONLY, errors=READ)
async def get_object(request: HttpRequest, user: User, bucket: str, name: str | None = None) -> HttpResponseBase:
    """GET and HEAD; ``?version=`` for a version, ``?at=`` for the one that was there then."""
    name = object_name(request, name)
    version, at = parameters.version_parameter(request), parameters.at_parameter(request)
    if version is not None and at is not None:
        raise BadRequest("“version” and “at” do not go together.")
    if at is not None:
        version = await versions.version_at(user, bucket, name, at)
    return await download(request, user, bucket, name, version)


@operation(
    "Upload an object, or make a link",
    role="editor",
    text="A body of any length, known or not.",
    parameters=(*common.WRITING, *common.DIGESTS),
    named=True,
    body=Body({"*/*": Binary("the content, of the media type that the object is to have"), LINK_TYPE: bodies.NewLink}),
    answers={201: common.OBJECT},
    errors=(*common.STORING_ERRORS, *UPLOADING, "invalid_link", "object_not_found"),
)
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


@operation(
    "Change metadata or the name",
    role="editor",
    parameters=common.WRITING,
    named=True,
    body=common.json_body(bodies.ObjectChange, '{"description": "The signed one", "metadata": {"case": "4711"}}'),
    answers={200: common.OBJECT},
    errors=(*common.STORING_ERRORS, "object_not_found", "object_exists", "object_unreadable", "precondition_failed"),
)
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


@operation(
    "Delete an object",
    role="editor",
    text="One that is not there is no error. With a history it is in the trash.",
    parameters=common.WRITING,
    named=True,
    answers={204: common.DONE},
    errors=("forbidden", "invalid_object_name", "precondition_failed", "bucket_sealed", "bucket_restricted", "history_behind"),
)
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
