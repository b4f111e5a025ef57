"""A request's body as it comes in, in constant memory."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

READ_AHEAD_BYTES = 256 * 1024
IDLE_SECONDS = 120.0
CANCEL_SECONDS = 1.0


class ClientDisconnected(ConnectionError):
    """The client went away, or fell silent, before the end of its request's body."""


class RequestBody:
    """The body behind an ASGI ``receive``. One task calls ``pump``, which takes it in; one other iterates over it, once.

    ``length`` is the Content-Length, None if there is none. At most ``READ_AHEAD_BYTES`` and one message of the server's wait here.
    When the client goes away, ``pump`` returns and Django cancels the view wherever it stands, so iteration waits for just that: a view
    that has begun to clean up must not be interrupted by a second exception. Whoever is not cancelled, or iterates again, and all when the
    client has been silent for too long, get ``ClientDisconnected``.
    """

    def __init__(self, receive: Receive, headers: Mapping[bytes, bytes], idle_seconds: float = IDLE_SECONDS) -> None:
        self.length = _length(headers)
        self.expects_continue = headers.get(b"expect", b"").lower() == b"100-continue"
        self._receive = receive
        self._idle_seconds = idle_seconds
        self._pieces: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._complete = False
        self._gone = False
        self._error: ClientDisconnected | None = None
        self._asked = asyncio.Event()
        self._room = asyncio.Event()
        self._news = asyncio.Event()
        self._room.set()

    @property
    def asked(self) -> bool:
        """Somebody has begun to iterate. Until then a client that waits for ``100 Continue`` has not been told to send."""
        return self._asked.is_set()

    async def pump(self) -> Message:
        """Take the body in until the client disconnects, and return that message."""
        if self.expects_continue:
            await self._asked.wait()
        while True:
            await self._room.wait()
            message = await self._next_message()
            if message["type"] == "http.disconnect":
                self._gone = True
                self._error = ClientDisconnected("The client went away before the end of its request.")
                self._news.set()
                return message
            self._take(message)

    async def _next_message(self) -> Message:
        if self._complete or self._error:
            return await self._receive()
        try:
            async with asyncio.timeout(self._idle_seconds):
                return await self._receive()
        except TimeoutError:
            self._error = ClientDisconnected(f"The client sent nothing for {self._idle_seconds:g} seconds.")
            return {"type": "http.request", "more_body": True}

    def _take(self, message: Message) -> None:
        piece = message.get("body", b"")
        if piece and self._error is None:
            self._pieces.append(piece)
            self._waiting_bytes += len(piece)
        if self._waiting_bytes >= READ_AHEAD_BYTES:
            self._room.clear()
        self._complete = not message.get("more_body", False)
        self._news.set()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        self._asked.set()
        while not self._pieces:
            if self._gone:
                await asyncio.sleep(CANCEL_SECONDS)
            if self._error is not None:
                raise self._error
            if self._complete:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        piece = self._pieces.popleft()
        self._waiting_bytes -= len(piece)
        if self._waiting_bytes < READ_AHEAD_BYTES:
            self._room.set()
        return piece


def _length(headers: Mapping[bytes, bytes]) -> int | None:
    value = headers.get(b"content-length", b"")
    return int(value) if value.isdigit() else None
