"""/buckets/{bucket}/upload: many files in one body, before each of them a line of JSON that tells its name and size."""

import json
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse

from ..services import together
from ..services.bulk import MAX_NAMES
from ..services.errors import LengthMismatch, TooManyNames
from . import bodies, parameters
from .errors import BadRequest
from .fields import MAX_DESCRIPTION, MAX_NUMBER, flag, only, text, whole
from .openapi.common import RESULTS
from .openapi.operation import Binary, Body, operation
from .shapes import stored_json

MEDIA_TYPE = "application/vnd.nats-files.uploads"
MAX_LINE = 64 * 1024
FIELDS = bodies.fields_of(bodies.UploadedFile)


@operation(
    "Upload up to 1,000 files at once",
    role="editor",
    text='For each file a line of JSON that ends with a line feed, `{"name", "size", "type", "if_absent"}`, and then exactly `size` bytes.',
    body=Body({MEDIA_TYPE: Binary("lines of JSON, each followed by the file it announces")}),
    answers=RESULTS,
    errors=("forbidden", "length_mismatch", "client_disconnected", "busy"),
)
async def upload(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    if request.content_type != MEDIA_TYPE or not parameters.has_stream(request):
        raise BadRequest(f"Send files with “Content-Type: {MEDIA_TYPE}”.")
    stored = await together.upload_all(user, bucket, files(parameters.request_body(request)))
    return JsonResponse({"results": [stored_json(each) for each in stored]}, headers={"Cache-Control": "no-store"})


async def files(body: AsyncIterable[bytes]) -> AsyncGenerator[together.File, None]:
    """What ``body`` holds. Of each file's pieces what nobody has read is passed over when the next file is asked for.

    Raises ``BadRequest`` for a line that announces no file, ``TooManyNames`` for more than 1,000, ``LengthMismatch`` for a body that ends
    within a file, and whatever ``body`` raises.
    """
    reader = _Reader(body)
    number = 0
    while (line := await reader.line()) is not None:
        number += 1
        if number > MAX_NAMES:
            raise TooManyNames(MAX_NAMES)
        file, pieces = _announced(line, reader)
        yield file
        async for _ in pieces:
            pass


def _announced(line: bytes, reader: "_Reader") -> tuple[together.File, "_Pieces"]:
    document = _parsed(line)
    only(document, FIELDS)
    if document.get("size") is None or not document.get("name"):
        raise BadRequest("Before each file there is a line that tells its “name” and its “size”.")
    size = whole(document, "size", 0, MAX_NUMBER)
    pieces = _Pieces(reader, size)
    name, content_type = text(document, "name", MAX_LINE), text(document, "type", MAX_DESCRIPTION)
    return together.File(name, size, pieces, content_type, flag(document, "if_absent")), pieces


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise BadRequest("Before each file there is a line with a JSON object.")
    return document


class _Reader:
    """A body as lines and bytes."""

    def __init__(self, body: AsyncIterable[bytes]) -> None:
        self._body = aiter(body)
        self._buffer = b""
        self._at = 0

    async def line(self) -> bytes | None:
        """The next one, without its end; None at the body's end. Raises ``BadRequest`` for one of more than 64 KiB, or without an end."""
        start = b""
        while (end := self._buffer.find(b"\n", self._at)) < 0:
            start += self._buffer[self._at :]
            if len(start) > MAX_LINE:
                raise BadRequest("The line that announces a file is too long.")
            if not await self._fill():
                if start:
                    raise BadRequest("The body ends within the line that announces a file.")
                return None
        line = start + self._buffer[self._at : end]
        self._at = end + 1
        return line

    async def some(self, most: int) -> bytes:
        """At least one byte, b"" at the body's end."""
        if self._at == len(self._buffer) and not await self._fill():
            return b""
        piece = self._buffer[self._at : self._at + most]
        self._at += len(piece)
        return piece

    async def _fill(self) -> bool:
        self._buffer, self._at = b"", 0
        while not self._buffer:
            try:
                self._buffer = await anext(self._body)
            except StopAsyncIteration:
                return False
        return True


class _Pieces:
    """The bytes of one file."""

    def __init__(self, reader: _Reader, size: int) -> None:
        self._reader = reader
        self._size = size
        self._left = size

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        piece = await self._reader.some(self._left)
        if not piece:
            raise LengthMismatch(self._size, self._size - self._left)
        self._left -= len(piece)
        return piece
