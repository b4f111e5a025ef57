"""Answers that are given before the end of a request's body, and those to requests that are refused before a view has them."""

import asyncio
from collections.abc import Awaitable, Callable

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views import defaults

from buckets.api.errors import error_json
from buckets.errorwords import told

from .requestbody import Message, RequestBody

Send = Callable[[Message], Awaitable[None]]

# How much of the rest of a body is taken in before the answer, so that the connection can go on.
DRAIN_BYTES = 16 * 1024 * 1024
DRAIN_SECONDS = 2.0
# How long the connection stays open after the answer, if more than that comes: closed at once, the client would see a reset
# connection and no answer (RFC 9112, section 9.6).
LINGER_SECONDS = 10.0


class EarlyAnswer:
    """The ``send`` of a request whose body may not be at its end when it is answered.

    A small rest is taken in and dropped. Otherwise the connection closes after the answer, when the client has stopped or after
    ``LINGER_SECONDS``. A client that waits for ``100 Continue`` in vain has nothing to stop.
    """

    def __init__(self, body: RequestBody, send: Send) -> None:
        self._body = body
        self._send = send
        self._closing = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message = await self._start(message)
        elif self._closing and self._body.asked and not message.get("more_body", False):
            await self._send({**message, "more_body": True})
            await self._drained(LINGER_SECONDS, None)
            message = {"type": "http.response.body", "body": b""}
        await self._send(message)

    async def _start(self, message: Message) -> Message:
        unwanted = self._body.expects_continue and not self._body.asked
        self._closing = unwanted or not await self._drained(DRAIN_SECONDS, DRAIN_BYTES)
        if not self._closing:
            return message
        return {**message, "headers": [*message["headers"], (b"Connection", b"close")]}

    async def _drained(self, seconds: float, limit: int | None) -> bool:
        """Whether the body came to its end in this time and size."""
        received = 0
        try:
            async with asyncio.timeout(seconds):
                async for piece in self._body:
                    received += len(piece)
                    if limit is not None and received > limit:
                        return False
        except (TimeoutError, ConnectionError):
            return False
        return True


def too_large(path: str, limit: int) -> HttpResponse:
    """413 for a request body of more than ``limit`` bytes."""
    message = f"This request has more than {limit:,} bytes, which is the limit for forms. Larger files go through the page or the API."
    return refusal(path, 413, "too_large", message)


def too_slow(path: str) -> HttpResponse:
    """408 for a request body that does not come to its end in time."""
    return refusal(path, 408, "request_timeout", "This request took too long to come in.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's ``handler400``: 413 for a form over its limits, and the page for everything else."""
    if isinstance(exception, RequestDataTooBig):
        return too_large(request.path, settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0)
    if isinstance(exception, TooManyFieldsSent | TooManyFilesSent):
        return refusal(request.path, 413, "too_large", "This form has too many fields.")
    return defaults.bad_request(request, exception)


def refusal(path: str, status: int, code: str, message: str) -> HttpResponse:
    """As JSON for the API and as text for everybody else."""
    if path.startswith("/api/"):
        response: HttpResponse = JsonResponse({"error": error_json(code, message)}, status=status)
    else:
        response = HttpResponse(told(message) + "\n", content_type="text/plain; charset=utf-8", status=status)
    response["Content-Length"] = str(len(response.content))
    return response
