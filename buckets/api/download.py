"""A download: headers, conditions, and the object's bytes as a streaming response that never keeps its reader open."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response

from ..access import AnyUser
from ..objectstore import ObjectReader, ObjectStoreError
from ..services import objects, versions
from .errors import Forbidden, PreconditionFailed
from .headers import SANDBOX, download_headers

log = logging.getLogger("buckets.errors")

# What a page's own rule "script-src 'self'" and the like would let a stored file be (Sec-Fetch-Dest, W3C Fetch Metadata).
SCRIPTS = {"script", "worker", "sharedworker", "serviceworker", "audioworklet", "paintworklet"}
ACTIVE = SCRIPTS | {"style", "xslt", "manifest", "object", "embed", "frame", "iframe", "fencedframe"}


async def download(request: HttpRequest, user: AnyUser, bucket: str, name: str, version: str | None = None) -> HttpResponseBase:
    """The answer to GET or HEAD of an object, or of a version of it.

    The first piece is read before it begins, so that what is broken from the start has a status.
    """
    if request.headers.get("Sec-Fetch-Dest") in ACTIVE:
        raise Forbidden("Stored files can be downloaded, but not be part of a page.")
    if version is None:
        reader = await objects.open_object(user, bucket, name)
    else:
        reader = await versions.open_version(user, bucket, name, version)
    headers = download_headers(name, reader.info)
    early = _conditional(request, reader, headers)
    if early:
        return early
    if request.method == "HEAD":
        return HttpResponse(headers=headers)
    pieces = objects.read_pieces(user, bucket, name, reader, version=version or "")
    return Download(await anext(pieces, b""), pieces, headers)


class Download(StreamingHttpResponse):
    """``first`` and then the rest of ``pieces``, which are closed whatever happens: sent, broken off, or the client gone."""

    def __init__(self, first: bytes, pieces: AsyncGenerator[bytes, None], headers: Mapping[str, str]) -> None:
        super().__init__(_chain(first, pieces), headers=headers)
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


def _conditional(request: HttpRequest, reader: ObjectReader, headers: Mapping[str, str]) -> HttpResponseBase | None:
    """304 when the client has it already (``If-None-Match``, ``If-Modified-Since``; RFC 9110, section 13), None to go on."""
    modified = int(reader.info.modified.timestamp())
    plain = HttpResponse(headers=headers)
    response = get_conditional_response(request, headers["ETag"], modified, plain)
    if response is plain:
        return None
    if response is None or response.status_code == 412:
        raise PreconditionFailed("The object is not the one that the request's condition asks for.")
    response["Content-Security-Policy"] = SANDBOX
    return response


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for piece in rest:
        yield piece
