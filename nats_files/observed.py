"""Around all that the site answers: an identifier for each request, numbers for ``/metrics``, and a line for the access log."""

import json
import logging
import time
from collections.abc import MutableMapping
from typing import Any

from django.conf import settings

from buckets.metrics import instruments
from buckets.requestid import Handled, chosen, handling

from .answers import Send
from .requestbody import Message, Receive

log = logging.getLogger("nats_files.access")

HEADER = b"x-request-id"
MAX_PATH = 1000
STATIC = "static"
UNKNOWN = "unknown"
Scope = MutableMapping[str, Any]


class Observed:
    """The whole application in this wrapping. A request may bring its identifier along in ``X-Request-ID`` (see ``chosen``)."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen: _Exchange | _Socket
        if scope["type"] == "http":
            seen, open_now = _Exchange(scope, receive, send), instruments.OPEN_REQUESTS
        elif scope["type"] == "websocket":
            seen, open_now = _Socket(scope, receive, send), instruments.SOCKETS
        else:
            await self._application(scope, receive, send)
            return
        with handling(seen.request), open_now.track_inprogress():
            try:
                await self._application(scope, seen.receive, seen.send)
            finally:
                seen.over()


class _Observation:
    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        self.request = Handled(chosen(headers.get(HEADER, b"").decode("latin-1")))
        self._scope = scope
        self._receive = receive
        self._send = send
        self._began = time.perf_counter()

    def _with_id(self, message: Message) -> Message:
        return {**message, "headers": [*message.get("headers", ()), (HEADER, self.request.id.encode())]}

    def _tell(self, method: str, status: int, **numbers: float) -> None:
        """A line whose parts no name can break or forge; handlers find the same as ``record.access``."""
        if not log.isEnabledFor(logging.INFO):
            return
        client = self._scope.get("client")
        access = {
            "method": method,
            "path": self._path(),
            "status": status,
            "seconds": round(time.perf_counter() - self._began, 4),
            **numbers,
            "user": self.request.user,
            "route": self.request.route,
            "client": client[0] if client else "",
        }
        log.info(" ".join(f"{key}={json.dumps(value)}" for key, value in access.items()), extra={"access": access})

    def _path(self) -> str:
        """As it was asked for, percent-encoded; without what follows "?", which may be what somebody looks for."""
        raw: bytes = self._scope.get("raw_path") or self._scope["path"].encode()
        return raw.partition(b"?")[0][:MAX_PATH].decode("latin-1")


class _Exchange(_Observation):
    """One HTTP request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self._status = 0
        self._seconds = 0.0
        self._in = self._out = 0

    async def receive(self) -> Message:
        message = await self._receive()
        size = len(message.get("body", b""))
        if size:
            self._in += size
            instruments.RECEIVED.inc(size)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status, self._seconds = message["status"], time.perf_counter() - self._began
            message = self._with_id(message)
        size = len(message.get("body", b""))
        await self._send(message)
        if size:
            self._out += size
            instruments.SENT.inc(size)

    def over(self) -> None:
        seconds = self._seconds if self._status else time.perf_counter() - self._began
        route = self.request.route = self.request.route or self._other_route()
        method = instruments.method_label(self._scope["method"])
        instruments.REQUESTS.labels(route, method, instruments.status_class(self._status)).observe(seconds)
        self._tell(self._scope["method"], self._status, received=self._in, sent=self._out)

    def _other_route(self) -> str:
        """What no view has answered."""
        return STATIC if self._scope["path"].startswith(settings.STATIC_URL) else UNKNOWN


class _Socket(_Observation):
    """A WebSocket, from its handshake to its end; ``status`` is the code that it was closed with."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self._code = 0

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._code = self._code or message.get("code") or 0
        return message

    async def send(self, message: Message) -> None:
        if message["type"] in ("websocket.accept", "websocket.http.response.start"):
            self._code = message.get("status", 0)
            message = self._with_id(message)
        elif message["type"] == "websocket.close":
            self._code = message.get("code") or 1000
        await self._send(message)

    def over(self) -> None:
        self._tell("WEBSOCKET", self._code)
