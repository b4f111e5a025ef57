"""HTTP as uvicorn speaks it, for clients that mean harm: what they send before anybody looks at it is bounded in size and in time."""

import asyncio
from typing import Any

from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .stall import StallWatch

MAX_HEAD_BYTES = 64 * 1024
MAX_HEADERS = 100
HEAD_SECONDS = 20.0
TOO_LARGE = "431 Request Header Fields Too Large", "The head of this request is too large.\n"
TOO_MANY = "503 Service Unavailable", "There are too many connections.\n"


class HeadTooLarge(Exception):
    """Raised to the parser, which stops at once and reports an invalid request."""


class BoundedProtocol(HttpToolsProtocol):
    """A request's address and headers, trailers included, have at most ``MAX_HEAD_BYTES`` and ``MAX_HEADERS`` lines; beyond, it is answered
    with 431 and the connection closes.

    It closes as well when no whole head has come in ``HEAD_SECONDS``. They begin when the connection is made, and with the first byte on
    one that was idle. It is cut when the client takes nothing of an answer for ``TRANSFER_STALL_SECONDS``.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_bytes = 0
        self._unused_bytes = 0  # what the parser was fed since the last piece of a body: it keeps an unfinished header to itself
        self._head_timer: asyncio.TimerHandle | None = None
        self._stall: StallWatch | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._end_stall()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stall is None:
            self._stall = StallWatch(self.transport, settings.TRANSFER_STALL_SECONDS)
        self._stall.begin()

    def resume_writing(self) -> None:
        self._end_stall()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        if self.timeout_keep_alive_task is not None:  # until now it was idle
            self._await_head()
        self._unused_bytes += len(data)
        super().data_received(data)
        if self._unused_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse(*TOO_LARGE)

    def on_message_begin(self) -> None:
        self._head_bytes = self._unused_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)
        if len(self.headers) > MAX_HEADERS:
            raise HeadTooLarge

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unused_bytes = 0
        super().on_body(body)

    def handle_websocket_upgrade(self) -> None:
        """uvicorn's own limit of connections is for requests only."""
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            self._refuse(*TOO_MANY)
        else:
            super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        if self._head_bytes > MAX_HEAD_BYTES or len(self.headers or ()) > MAX_HEADERS:
            self._refuse(*TOO_LARGE)
        else:
            super().send_400_response(msg)

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            raise HeadTooLarge

    def _refuse(self, status: str, text: str) -> None:
        headers = f"content-type: text/plain; charset=utf-8\r\ncontent-length: {len(text)}\r\nconnection: close\r\n"
        self.transport.write(f"HTTP/1.1 {status}\r\n{headers}\r\n{text}".encode())
        self.transport.close()

    def _await_head(self) -> None:
        self._stop_waiting()
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _end_stall(self) -> None:
        if self._stall is not None:
            self._stall.end()

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
