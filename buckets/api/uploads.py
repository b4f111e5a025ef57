"""/uploads: the resumable-upload protocol tus 1.0.0. What a request means is decided in ``buckets.tus``; here it is done and answered."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from .. import tus
from ..objectstore import DigestMismatch, UploadLocked, UploadNotFound, UploadOffsetMismatch, UploadState
from ..services import uploads
from . import parameters
from .endpoint import METHODS, View, endpoint
from .errors import BadRequest, error_json
from .openapi import resumable
from .openapi.operation import operation

# A final upload would have to copy what its parts have stored under subjects of their own.
EXTENSIONS = frozenset(tus.Extension) - {tus.Extension.CONCATENATION}
NAME_KEYS = ("name", "relativePath", "filename")
TYPE_KEYS = ("content_type", "filetype", "type")


@operation(
    "Begin an upload in pieces",
    role="editor of the bucket",
    parameters=(resumable.SPEAKING, resumable.LENGTH, resumable.DEFERRED, resumable.METADATA, resumable.IF_NONE_MATCH),
    body=resumable.FIRST_PIECE,
    answers={201: resumable.CREATED},
    errors=resumable.BEGINNING,
)
async def create(request: HttpRequest, user: User) -> HttpResponseBase:
    limits = _limits()
    act = tus.decide_creation(_request(request), limits)
    if not isinstance(act, tus.Create):
        return _told(act)
    bucket, name = _target(act)
    state = await uploads.create(
        user,
        bucket,
        name,
        length=act.length,
        content_type=_first(act, TYPE_KEYS),
        original_name=act.metadata.get("filename", ""),
        facts=act.metadata,
        if_absent=_if_absent(request),
    )
    response: HttpResponse
    if act.with_body or act.length == 0:
        state, refused = await _append(request, user, state, act)
        if refused is not None and not isinstance(refused, tus.Refusal):
            raise refused
        if isinstance(refused, tus.Refusal):
            return _told(refused)
    answer = tus.created(_upload(state), limits, with_body=act.with_body)
    response = HttpResponse(status=answer.status, headers=dict(answer.headers))
    response["Location"] = reverse("api:upload", kwargs={"upload": state.id})
    return _named(response, state)


@operation("What this server speaks", role="any user", answers={204: resumable.SPEAKS})
async def describe(request: HttpRequest, user: User, upload: str = "") -> HttpResponseBase:
    return _told(tus.described(_limits()))


@operation("Where an upload stands", role="its owner", method="HEAD", answers={200: resumable.STATE}, errors=resumable.REFUSED)
@operation(
    "Send the next piece",
    role="its owner",
    method="PATCH",
    parameters=(resumable.SPEAKING, resumable.OFFSET, resumable.LENGTH, resumable.CHECKSUM),
    body=resumable.PIECE,
    answers={204: resumable.TAKEN},
    errors=resumable.PIECES,
)
@operation(
    "Take an upload back",
    role="its owner",
    method="DELETE",
    parameters=(resumable.SPEAKING,),
    answers={204: resumable.GONE},
    errors=resumable.REFUSED,
)
@operation(
    "Stand for another method",
    role="its owner",
    method="POST",
    text="For clients that have no `PATCH`, `HEAD` or `DELETE`. It answers as the method that it stands for.",
    parameters=(resumable.OVERRIDE, resumable.SPEAKING),
    body=resumable.FIRST_PIECE,
    answers={204: resumable.TAKEN, 200: resumable.STATE},
    errors=resumable.PIECES,
)
async def one(request: HttpRequest, user: User, upload: str) -> HttpResponseBase:
    """HEAD, PATCH, DELETE, and a POST that stands for one of them."""
    limits = _limits()
    state = await uploads.find(user, upload)
    if state is not None and request.method == "HEAD" and state.complete and not state.done:
        state, locked = await _finish(request, user, state)
        if locked is not None:
            return _told(locked)
    act = tus.decide_upload(_request(request), None if state is None else _upload(state), limits, datetime.now(UTC))
    if state is None or not isinstance(act, tus.Append | tus.Terminate):
        told = _told(act) if not isinstance(act, tus.Append | tus.Terminate) else _told(tus.not_found())
        return _named(told, state) if state is not None and isinstance(act, tus.Report) else told
    if isinstance(act, tus.Terminate):
        return await _terminate(user, state)
    state, refused = await _append(request, user, state, act)
    if isinstance(refused, tus.Refusal):
        return _told(refused)
    if refused is not None:
        raise refused
    answer = tus.appended(_upload(state), limits)
    return _named(HttpResponse(status=answer.status, headers=dict(answer.headers)), state)


def _named(response: HttpResponse, state: UploadState) -> HttpResponse:
    """Under which name the object is, or will be unless that is taken by then: perhaps another one than was asked for."""
    response["Object-Name"] = quote(state.name, safe="")
    return response


async def _finish(request: HttpRequest, user: User, state: UploadState) -> tuple[UploadState | None, tus.Refusal | None]:
    """Who is told that all has come takes it for an object: make it one, if whoever stored the last piece could not do that any more."""
    try:
        return (await uploads.append(user, state, state.offset, _Body(request, 0).read())).state, None
    except UploadLocked:
        return state, tus.locked()
    except UploadNotFound:
        return None, None


async def _terminate(user: User, state: UploadState) -> HttpResponseBase:
    try:
        await uploads.terminate(user, state)
    except UploadLocked:
        return _told(tus.locked())
    except UploadNotFound:
        return _told(tus.not_found())
    answer = tus.terminated()
    return HttpResponse(status=answer.status, headers=dict(answer.headers))


async def _append(
    request: HttpRequest, user: User, state: UploadState, act: tus.Append | tus.Create
) -> tuple[UploadState, tus.Refusal | Exception | None]:
    """The state after the body; and why not all of it was taken."""
    offset = act.offset if isinstance(act, tus.Append) else 0
    body = _Body(request, act.remaining if isinstance(act, tus.Append) or act.with_body else 0)
    length = act.length if isinstance(act, tus.Append) and act.length_now_known else None
    checksum = (act.checksum.algorithm, act.checksum.digest) if act.checksum else None
    try:
        done = await uploads.append(user, state, offset, body.read(), length=length, checksum=checksum)
    except UploadLocked:
        return state, tus.locked()
    except UploadOffsetMismatch:
        return state, tus.offset_conflict(_upload(state), offset)
    except UploadNotFound:
        return state, tus.not_found()
    except DigestMismatch:
        return state, tus.checksum_mismatch()
    if body.too_long:
        return done.state, tus.body_too_large(act.remaining)
    return done.state, done.broken


class TooLong(Exception):
    """More came than there is room for."""


class _Body:
    """The request's body, up to so many bytes; what has no streamed body has an empty one."""

    def __init__(self, request: HttpRequest, room: int) -> None:
        self._request = request
        self._room = room
        self.too_long = False

    async def read(self) -> AsyncIterator[bytes]:
        if not parameters.has_stream(self._request):
            return
        left = self._room
        async for piece in parameters.request_body(self._request):
            if len(piece) > left:
                self.too_long = True
                raise TooLong
            left -= len(piece)
            yield piece


def _request(request: HttpRequest) -> tus.Request:
    """Only a POST may stand for another method: it is what the CSRF check was made for."""
    headers = dict(request.headers)
    if request.method != "POST":
        headers.pop("X-Http-Method-Override", None)
    return tus.Request(request.method or "", headers)


def _limits() -> tus.Limits:
    return tus.Limits(max_size=settings.MAX_UPLOAD_BYTES or None, extensions=EXTENSIONS, lifetime=timedelta(hours=settings.UPLOAD_HOURS))


def _upload(state: UploadState) -> tus.Upload:
    return tus.Upload(
        id=state.id,
        length=state.length,
        offset=state.offset,
        metadata=state.facts,
        expires=datetime.fromtimestamp(state.expires, UTC),
    )


def _target(act: tus.Create) -> tuple[str, str]:
    bucket, name = act.metadata.get("bucket", ""), _first(act, NAME_KEYS)
    if not bucket or not name:
        raise BadRequest("Say in “Upload-Metadata” into which “bucket” the file goes, and under which “name”.")
    return bucket, name


def _first(act: tus.Create, keys: tuple[str, ...]) -> str:
    return next((act.metadata[key] for key in keys if act.metadata.get(key)), "")


def _if_absent(request: HttpRequest) -> bool:
    condition = request.headers.get("If-None-Match")
    if condition not in (None, "*"):
        raise BadRequest("The only condition for an upload in pieces is “If-None-Match: *”.")
    return condition == "*"


def _told(act: tus.Refusal | tus.Report | tus.Describe) -> HttpResponse:
    if isinstance(act, tus.Refusal):
        body = {"error": error_json(act.code, act.message)}
        response: HttpResponse = JsonResponse(body, status=act.status, headers=dict(act.headers) | {"Cache-Control": "no-store"})
        response.reason_phrase = tus.REASONS.get(act.status, response.reason_phrase)
        return response
    return HttpResponse(status=act.status, headers=dict(act.headers))


def speaks_tus(view: View) -> View:
    """Every answer says which version of the protocol this is, those of failed log-ins too (tus 1.0.0, "Tus-Resumable")."""

    async def spoken(request: HttpRequest, **parts: object) -> HttpResponseBase:
        response = await view(request, **parts)
        response.headers.setdefault("Tus-Resumable", tus.VERSION)
        return response

    spoken.csrf_exempt = True  # type: ignore[attr-defined]  # checked by ``endpoint``
    setattr(spoken, METHODS, getattr(view, METHODS))
    return spoken


collection = speaks_tus(endpoint(POST=create, OPTIONS=describe))
resource = speaks_tus(endpoint(HEAD=one, PATCH=one, DELETE=one, POST=one, OPTIONS=describe))
