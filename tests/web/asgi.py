"""A client of the ASGI application itself: any path as it is, and a connection that can be cut in the middle."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    complete: bool = False


class Exchange:
    """One request and its answer.

    body: what the client sends. cut: it goes away after the body's pieces instead of ending it. leave_after: it goes away when it
    has that many bytes of the answer.
    """

    def __init__(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: Sequence[bytes] = (),
        cut: bool = False,
        leave_after: int | None = None,
    ) -> None:
        raw_path, _, query = path.partition("?")
        self.answer = Answer()
        self._cut = cut
        self._leave_after = leave_after
        self._gone = asyncio.Event()
        self._messages = self._request(body, cut)
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "scheme": "http",
            "method": method,
            "path": unquote(raw_path),
            "raw_path": raw_path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(key.lower().encode(), value.encode("latin-1")) for key, value in {"Host": "testserver", **headers}.items()],
            "client": ("127.0.0.1", 1),
            "server": ("testserver", 80),
        }

    async def run(self, application: Any) -> Answer:
        async with asyncio.timeout(30):
            await application(self.scope, self._receive, self._send)
        return self.answer

    def _request(self, body: Sequence[bytes], cut: bool) -> list[dict[str, Any]]:
        messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in body]
        return messages if cut else [*messages, {"type": "http.request", "body": b"", "more_body": False}]

    async def _receive(self) -> dict[str, Any]:
        if self._messages:
            return self._messages.pop(0)
        if not self._cut:
            await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.answer.status = message["status"]
            self.answer.headers = {key.decode().lower(): value.decode("latin-1") for key, value in message["headers"]}
            return
        self.answer.body += message.get("body", b"")
        self.answer.complete = not message.get("more_body", False)
        if self._leave_after is not None and len(self.answer.body) >= self._leave_after:
            self._gone.set()
            await asyncio.Event().wait()
