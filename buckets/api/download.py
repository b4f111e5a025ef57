"""A download: headers, conditions, ranges, and the object's bytes as a streaming response that never keeps its reader open."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence, Set
from typing import TypeAlias

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from ..access import AnyUser
from ..objectstore import ObjectReader, ObjectStoreError
from ..services import objects, versions
from .conditions import Validators, Verdict, evaluate, range_applies
from .errors import Forbidden, PreconditionFailed, RangeNotSatisfiable
from .headers import download_headers, validators
from .ranges import Multipart, Span, Unsatisfiable, parse_range

Headers: TypeAlias = Mapping[str, str]
log = logging.getLogger("buckets.errors")

# What a page's own rule "script-src 'self'" and the like would let a stored file be (Sec-Fetch-Dest, W3C Fetch Metadata).
SCRIPTS = {"script", "worker", "sharedworker", "serviceworker", "audioworklet", "paintworklet"}
ACTIVE = SCRIPTS | {"style", "xslt", "manifest", "object", "embed", "frame", "iframe", "fencedframe"}
# What a 304 has of the headers of the whole answer (RFC 9110, section 15.4.5), and the rule that keeps a stored file harmless.
NOT_MODIFIED = ("ETag", "Last-Modified", "Cache-Control", "Content-Security-Policy")


async def download(
    request: HttpRequest, user: AnyUser, bucket: str, name: str, version: str | None = None, *, refused: Set[str] = ACTIVE
) -> HttpResponseBase:
    """The answer to GET or HEAD of an object, or of a version of it: whole, or the parts that ``Range`` asks for.

    The first piece is read before it begins, so that what is broken from the start has a status. refused: what of a page it must not be.
    """
    if request.headers.get("Sec-Fetch-Dest") in refused:
        raise Forbidden("Stored files can be downloaded, but not be part of a page.")
    if version is None:
        reader = await objects.open_object(user, bucket, name)
    else:
        reader = await versions.open_version(user, bucket, name, version)
    headers = download_headers(name, reader.info)
    current = validators(reader.info)
    match evaluate(request.headers, request.method or "", current):
        case Verdict.FAILED:
            raise PreconditionFailed("The object is not the one that the request's condition asks for.")
        case Verdict.NOT_MODIFIED:
            return HttpResponse(status=304, headers={key: headers[key] for key in NOT_MODIFIED})
    if request.method == "HEAD":
        return HttpResponse(headers=headers)
    spans = _spans(request, reader, current)
    frame = Multipart(spans, reader.info.size, headers["Content-Type"]) if len(spans) > 1 else None
    pieces = objects.read_pieces(user, bucket, name, reader, version=version or "", spans=[(span.start, span.length) for span in spans])
    first = await anext(pieces, b"")
    if not spans:
        return Download(_chain(first, pieces), pieces, _whole(headers))
    if frame is None:
        return Download(_chain(first, pieces), pieces, _part(headers, spans[0], reader.info.size), 206)
    return Download(_framed(frame, spans, _chain(first, pieces)), pieces, _parts(headers, frame), 206)


def _spans(request: HttpRequest, reader: ObjectReader, current: Validators) -> Sequence[Span]:
    """What to send of it; empty: the whole. Ranges are for GET only (RFC 9110, section 14.2)."""
    wanted, size = request.headers.get("Range"), reader.info.size
    if wanted is None or not range_applies(request.headers.get("If-Range"), current):
        return []
    try:
        return parse_range(wanted, size)
    except Unsatisfiable:
        headers = {"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"}
        raise RangeNotSatisfiable(f"The object has {size:,} bytes, and nothing of what “Range” asks for.", headers) from None


def _whole(headers: Headers) -> Headers:
    """A whole object's content is its representation, as it is stored (RFC 9530, section 2)."""
    return {**headers, "Content-Digest": headers["Repr-Digest"]} if "Repr-Digest" in headers else headers


def _part(headers: Headers, span: Span, size: int) -> Headers:
    return {**headers, "Content-Length": str(span.length), "Content-Range": span.content_range(size)}


def _parts(headers: Headers, frame: Multipart) -> Headers:
    return {**headers, "Content-Length": str(frame.length), "Content-Type": frame.content_type}


class Download(StreamingHttpResponse):
    """``content``, which is made of ``pieces``; they are closed whatever happens: sent, broken off, or the client gone."""

    def __init__(self, content: AsyncIterator[bytes], pieces: AsyncGenerator[bytes, None], headers: Headers, status: int = 200) -> None:
        super().__init__(content, headers=headers, status=status)
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in super().__aiter__():
                yield part
        except ObjectStoreError as error:
            log.error("download broken off, %s: %s", error.code, error)
            raise
        finally:
            await self._pieces.aclose()


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for piece in rest:
        yield piece


async def _framed(frame: Multipart, spans: Sequence[Span], pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """``pieces``, none of which crosses from one span into the next, with what belongs before and behind each span."""
    for head, span in zip(frame.heads, spans, strict=True):
        yield head
        sent = 0
        while sent < span.length:
            piece = await anext(pieces)
            sent += len(piece)
            yield piece
    yield frame.end
