"""Django's ASGI handler with request bodies that stream.

Django writes the whole body of a request to a file before the view runs. Here the view of a streaming request finds a ``RequestBody``
in ``request.scope["nats_files.body"]`` instead, and reads it while the client sends. All else is Django's own path: its handler is given
an empty body, and when it then listens for the client's disconnect, that listening takes the body in.
"""

import asyncio
import re
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

from .answers import EarlyAnswer, Send, too_large, too_slow
from .requestbody import IDLE_SECONDS, Message, Receive, RequestBody
from .requestthreads import RequestThreads

Scope = dict[str, Any]

BODY_KEY = "nats_files.body"
STREAMED_TYPES = (b"application/octet-stream", b"application/offset+octet-stream", b"application/vnd.nats-files.uploads")
STREAMED_PUTS = "/api/"
RESPONSE_PIECE = 512 * 1024

# An ordinary body, which is kept on disk: how long it may take to come in, and its size from who shows neither session nor token.
FORM_SECONDS = 900.0
ANONYMOUS_FORM_BYTES = 64 * 1024


class FormTooSlow(Exception):
    """The client does not send its form, or not fast enough."""


@dataclass
class _Request:
    """What Django has opened for a request, and leaves open when the request's own task is cancelled."""

    form_limit: int
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
        self._threads = RequestThreads()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._threads.one():
            await self.handle(scope, receive, send)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request. Cancelled, as when the site stops, it first cancels its view and waits for that to clean up; so does what
        breaks in the middle of its answer."""
        request, task = _Request(form_limit(dict(scope["headers"]))), _current_task()
        _request.set(request)
        self.requests.add(task)
        try:
            await self._handle(scope, receive, send)
        except BaseException:
            await request.abort()
            raise
        finally:
            self.requests.discard(task)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if is_streamed(scope, headers):
            body = scope[BODY_KEY] = RequestBody(receive, headers, settings.TRANSFER_STALL_SECONDS)
            await super().handle(scope, _Listener(body), EarlyAnswer(body, send))
            return
        limit = _request.get().form_limit
        try:
            _check_length(headers, limit)
            await super().handle(scope, receive, send)
        except RequestDataTooBig:
            await self._refuse(too_large(scope["path"], limit), RequestBody(receive, headers), send)
        except FormTooSlow:
            await self._refuse(too_slow(scope["path"]), RequestBody(receive, headers), send)

    async def _refuse(self, response: HttpResponseBase, body: RequestBody, send: Send) -> None:
        answer = self.send_response(response, EarlyAnswer(body, send))
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
        """Django's, but bounded: nobody can fill the disk. Raises ``RequestDataTooBig``, ``FormTooSlow``, ``RequestAborted``."""
        file = tempfile.SpooledTemporaryFile(max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE, mode="w+b")  # noqa: SIM115 - Django closes it
        try:
            await _spool(receive, file, _request.get().form_limit)
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


def form_limit(headers: dict[bytes, bytes]) -> int:
    """How long an ordinary body may be."""
    cookies = re.split(rb";\s*", headers.get(b"cookie", b""))
    known = b"authorization" in headers or any(cookie.startswith(f"{settings.SESSION_COOKIE_NAME}=".encode()) for cookie in cookies)
    return settings.MAX_FORM_BYTES if known else min(ANONYMOUS_FORM_BYTES, settings.MAX_FORM_BYTES)


def _check_length(headers: dict[bytes, bytes], limit: int) -> None:
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > limit:
        raise RequestDataTooBig


async def _spool(receive: Receive, file: IO[bytes], limit: int) -> None:
    more = True
    try:
        async with asyncio.timeout(FORM_SECONDS):
            while more:
                async with asyncio.timeout(IDLE_SECONDS):
                    message = await receive()
                if message["type"] == "http.disconnect":
                    raise RequestAborted
                file.write(message.get("body", b""))
                if file.tell() > limit:
                    raise RequestDataTooBig
                more = message.get("more_body", False)
    except TimeoutError:
        raise FormTooSlow from None


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
