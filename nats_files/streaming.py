"""Django's ASGI handler with request bodies that stream.

Django writes the whole body of a request to a file before the view runs. Here the view of a streaming request finds a ``RequestBody``
in ``request.scope["nats_files.body"]`` instead, and reads it while the client sends. All else is Django's own path: its handler is given
an empty body, and when it then listens for the client's disconnect, that listening takes the body in.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestAborted, RequestDataTooBig
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from .answers import EarlyAnswer, Send, too_large
from .requestbody import Message, Receive, RequestBody

Scope = dict[str, Any]

BODY_KEY = "nats_files.body"
STREAMED_TYPES = (b"application/octet-stream", b"application/offset+octet-stream")
STREAMED_PUTS = "/api/"
RESPONSE_PIECE = 512 * 1024


@dataclass
class _Request:
    """What Django has opened for a request, and leaves open when the request's own task is cancelled."""

    tasks: list[asyncio.Task[Any]] = field(default_factory=list)
    file: IO[bytes] | None = None

    async def abort(self) -> None:
        await _cancel(self.tasks)
        if self.file:
            self.file.close()


_request: ContextVar[_Request] = ContextVar("request")


class StreamingHandler(ASGIHandler):
    """``requests`` are the tasks of the requests that are being handled."""

    chunk_size = RESPONSE_PIECE

    def __init__(self) -> None:
        super().__init__()
        self.requests: set[asyncio.Task[Any]] = set()

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request. Cancelled, as when the site stops, it first cancels its view and waits for that to clean up."""
        request, task = _Request(), _current_task()
        _request.set(request)
        self.requests.add(task)
        try:
            await self._handle(scope, receive, send)
        except asyncio.CancelledError:
            await request.abort()
            raise
        finally:
            self.requests.discard(task)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if is_streamed(scope, headers):
            body = scope[BODY_KEY] = RequestBody(receive, headers)
            await super().handle(scope, _Listener(body), EarlyAnswer(body, send))
            return
        try:
            _check_length(headers)
            await super().handle(scope, receive, send)
        except RequestDataTooBig:
            await self._refuse(scope["path"], RequestBody(receive, headers), send)

    async def _refuse(self, path: str, body: RequestBody, send: Send) -> None:
        answer = self.send_response(too_large(path, settings.MAX_FORM_BYTES), EarlyAnswer(body, send))
        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(answer), asyncio.create_task(body.pump())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancel(tasks)

    async def listen_for_disconnect(self, receive: Receive) -> None:
        _request.get().tasks.append(_current_task())
        await super().listen_for_disconnect(receive)

    async def run_get_response(self, request: HttpRequest) -> HttpResponseBase:
        _request.get().tasks.append(_current_task())
        return await super().run_get_response(request)

    async def read_body(self, receive: Receive) -> IO[bytes]:
        """Django's, but no longer than ``MAX_FORM_BYTES``: nobody can fill the disk. Raises ``RequestDataTooBig``, ``RequestAborted``."""
        file = tempfile.SpooledTemporaryFile(max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE, mode="w+b")  # noqa: SIM115 - Django closes it
        try:
            await _spool(receive, file, settings.MAX_FORM_BYTES)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        _request.get().file = file
        return file


def is_streamed(scope: Scope, headers: dict[bytes, bytes]) -> bool:
    """Whether the request's body goes to its view as it comes in."""
    media_type = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    return media_type in STREAMED_TYPES or (scope["method"] == "PUT" and path.startswith(STREAMED_PUTS))


def _check_length(headers: dict[bytes, bytes]) -> None:
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > settings.MAX_FORM_BYTES:
        raise RequestDataTooBig


async def _spool(receive: Receive, file: IO[bytes], limit: int) -> None:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestAborted
        file.write(message.get("body", b""))
        if file.tell() > limit:
            raise RequestDataTooBig
        more = message.get("more_body", False)


def _current_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task


async def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class _Listener:
    """The ``receive`` that Django gets: an empty body first, then the client's disconnect, for which the body is taken in."""

    def __init__(self, body: RequestBody) -> None:
        self._body = body
        self._started = False

    async def __call__(self) -> Message:
        if self._started:
            return await self._body.pump()
        self._started = True
        return {"type": "http.request", "body": b"", "more_body": False}
