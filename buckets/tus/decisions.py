"""The protocol's decisions: a request and what is known of the upload give one action (tus 1.0.0, Core Protocol and extensions)."""

from datetime import datetime

from . import parsing, refusals
from .actions import Append, Checksum, Code, Create, Describe, Refusal, Refused, Report, Terminate
from .answers import described, reported
from .metadata import parse_metadata
from .values import VERSION, Extension, Limits, Request, Upload


def decide_creation(request: Request, limits: Limits) -> Create | Describe | Refusal:
    """What to do with a request to the address that uploads are created at: POST creates, OPTIONS describes.

    Never raises, whatever the request. The service may still refuse a ``Create`` (rights, a name that cannot be, parts that are missing).
    """
    method = request.effective_method
    allowed = ("POST", "OPTIONS") if limits.offers(Extension.CREATION) else ("OPTIONS",)
    if method == "OPTIONS":
        return described(limits)
    if method not in allowed:
        return refusals.method_not_allowed(allowed)
    if not _speaks_our_version(request):
        return refusals.unsupported_version()
    try:
        return _create(request, limits)
    except Refused as refused:
        return refused.refusal


def decide_upload(
    request: Request, upload: Upload | None, limits: Limits, now: datetime
) -> Append | Report | Terminate | Describe | Refusal:
    """What to do with a request to an upload's address: HEAD reports, PATCH appends, DELETE terminates, OPTIONS describes.

    ``upload`` is its state at this moment, None if there is none or the caller may not know of it; for a PATCH it must have been read
    under the upload's lock, or be written back with compare-and-set. Never raises, whatever the request.
    """
    method = request.effective_method
    allowed = ("HEAD", "PATCH", "DELETE", "OPTIONS") if limits.offers(Extension.TERMINATION) else ("HEAD", "PATCH", "OPTIONS")
    if method == "OPTIONS":
        return described(limits)
    if method not in allowed:
        return refusals.method_not_allowed(allowed)
    if not _speaks_our_version(request):
        return refusals.unsupported_version()
    if upload is None:
        return refusals.not_found()
    try:
        return _act(method, request, upload, limits, now)
    except Refused as refused:
        return refused.refusal


def _speaks_our_version(request: Request) -> bool:
    """ "Tus-Resumable" must be in every request; a HEAD without it harms nobody, and people ask with plain tools."""
    version = request.headers.get("Tus-Resumable")
    return request.effective_method == "HEAD" if version is None else version.strip() == VERSION


def _act(method: str, request: Request, upload: Upload, limits: Limits, now: datetime) -> Append | Report | Terminate | Refusal:
    # What is left of an expired upload can still be terminated: that frees it sooner.
    expired = limits.offers(Extension.EXPIRATION) and upload.is_expired(now) and method != "DELETE"
    if upload.gone or expired:
        return refusals.gone(upload, now)
    if method == "HEAD":
        return reported(upload, limits)
    if method == "DELETE":
        return Terminate()
    return _append(request, upload, limits)


# ---- Creation


def _create(request: Request, limits: Limits) -> Create:
    text = parsing.bounded(request.headers, "Upload-Concat", Code.INVALID_CONCAT, limits)
    if text and not limits.offers(Extension.CONCATENATION):
        raise Refused(refusals.extension_off(Extension.CONCATENATION))
    final_of = parsing.concat(text, limits) if text else ()
    metadata = parse_metadata(request.headers.get("Upload-Metadata", ""), limits)
    if final_of:
        _check_final(request)
        return Create(None, metadata, final_of=final_of, concat=text)
    length = _new_length(request, limits)
    with_body, content_length = _new_body(request, limits)
    remaining = _room(length, 0, content_length, limits) if with_body else 0
    checksum = _checksum(request, limits) if with_body else None
    return Create(length, metadata, bool(text), (), text, with_body, remaining, content_length, checksum)


def _check_final(request: Request) -> None:
    """ "Concatenation": a final upload's length is that of its parts, and it takes no data."""
    if "Upload-Length" in request.headers or "Upload-Defer-Length" in request.headers:
        message = "An upload made of others has their length: leave Upload-Length and Upload-Defer-Length out."
        raise Refused(refusals.bad_request(Code.INVALID_LENGTH, message))
    if parsing.is_chunk(request.headers) or _content_length(request):
        raise Refused(refusals.final_upload())


def _new_length(request: Request, limits: Limits) -> int | None:
    """ "Creation", POST: either Upload-Length, or Upload-Defer-Length: 1, which gives None."""
    length = parsing.header_length(request.headers, "Upload-Length", Code.INVALID_LENGTH)
    deferred = request.headers.get("Upload-Defer-Length")
    if deferred is not None and not limits.offers(Extension.CREATION_DEFER_LENGTH):
        raise Refused(refusals.extension_off(Extension.CREATION_DEFER_LENGTH))
    if deferred is not None and deferred.strip() != "1":
        raise Refused(refusals.bad_request(Code.INVALID_LENGTH, "Upload-Defer-Length must be 1."))
    if (length is None) == (deferred is None):
        raise Refused(
            refusals.bad_request(Code.INVALID_LENGTH, "Say the upload's length with Upload-Length or Upload-Defer-Length: one of them.")
        )
    if length is not None and length > limits.largest:
        raise Refused(refusals.upload_too_large(length, limits))
    return length


def _new_body(request: Request, limits: Limits) -> tuple[bool, int | None]:
    """Whether the body is the upload's beginning ("Creation With Upload"), and how long it is, where that is said.

    A body that would be lost in silence is refused; a type without a body is not minded, since HTTP libraries add one of their own.
    """
    content_length = _content_length(request)
    if not parsing.is_chunk(request.headers):
        if content_length:
            raise Refused(refusals.unsupported_media_type())
        return False, None
    if limits.offers(Extension.CREATION_WITH_UPLOAD):
        return True, content_length
    if content_length or "Transfer-Encoding" in request.headers:
        raise Refused(refusals.extension_off(Extension.CREATION_WITH_UPLOAD))
    return False, None


# ---- PATCH


def _append(request: Request, upload: Upload, limits: Limits) -> Append:
    if upload.final_of:
        raise Refused(refusals.final_upload())
    if not parsing.is_chunk(request.headers):
        raise Refused(refusals.unsupported_media_type())
    offset = parsing.header_length(request.headers, "Upload-Offset", Code.INVALID_OFFSET)
    if offset is None:
        raise Refused(refusals.bad_request(Code.INVALID_OFFSET, "Upload-Offset is missing: it says where the data begins."))
    if offset != upload.offset:
        raise Refused(refusals.offset_conflict(upload, offset))
    length = _length_now(request, upload, limits)
    content_length = _content_length(request)
    remaining = _room(length, offset, content_length, limits)
    return Append(offset, length, length != upload.length, remaining, content_length, _checksum(request, limits))


def _length_now(request: Request, upload: Upload, limits: Limits) -> int | None:
    """The upload's length with this request ("Creation", POST): once set it must not be changed; saying it again is no change."""
    said = parsing.header_length(request.headers, "Upload-Length", Code.INVALID_LENGTH)
    if said is None or said == upload.length:
        return upload.length
    if upload.length is not None:
        raise Refused(refusals.length_fixed(upload.length))
    if said > limits.largest:
        raise Refused(refusals.upload_too_large(said, limits))
    if said < upload.offset:
        message = f"Upload-Length is {said:,}, but {upload.offset:,} bytes are here already."
        raise Refused(refusals.bad_request(Code.INVALID_LENGTH, message))
    return said


# ---- Both


def _content_length(request: Request) -> int | None:
    return parsing.header_length(request.headers, "Content-Length", Code.INVALID_REQUEST)


def _room(length: int | None, offset: int, content_length: int | None, limits: Limits) -> int:
    """How many bytes the body may have; raises ``Refused`` (413) when the client says that it has more."""
    remaining = max(0, (limits.largest if length is None else length) - offset)
    if content_length is not None and content_length > remaining:
        raise Refused(refusals.body_too_large(remaining))
    return remaining


def _checksum(request: Request, limits: Limits) -> Checksum | None:
    """A checksum that would not be looked at is refused rather than passed over."""
    if "Upload-Checksum" in request.headers and not limits.offers(Extension.CHECKSUM):
        raise Refused(refusals.extension_off(Extension.CHECKSUM))
    return parsing.checksum(request.headers, limits)
