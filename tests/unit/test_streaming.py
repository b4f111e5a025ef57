"""The streaming handler, driven with ASGI messages as a server sends them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from pytest_django import Settings

from nats_files import answers, requestbody, streaming
from nats_files.requestbody import READ_AHEAD_BYTES, ClientDisconnected, RequestBody
from nats_files.streaming import ANONYMOUS_FORM_BYTES, BODY_KEY, StreamingHandler, is_streamed

pytestmark = pytest.mark.urls("tests.unit.test_streaming")

Act = Callable[[RequestBody], Awaitable[HttpResponse]]
OCTETS = {b"content-type": b"application/octet-stream"}


class Client:
    """One request. ``send`` gives the server a piece of it, ``leave`` cuts the connection; ``taken`` counts what was received."""

    def __init__(
        self, method: str = "PUT", url: str = "/api/act", headers: dict[bytes, bytes] | None = None, act: Act | None = None
    ) -> None:
        self.scope: dict[str, Any] = {
            "type": "http", "method": method, "path": url, "raw_path": url.encode(), "query_string": b"", "root_path": "",
            "http_version": "1.1", "scheme": "http", "headers": list((headers or {}).items()), "act": act,
        }  # fmt: skip
        self.taken = 0
        self.status = 0
        self.answer_headers: dict[bytes, bytes] = {}
        self.body: list[bytes] = []
        self.finished = False
        self.answered = asyncio.Event()
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def send(self, piece: bytes, more: bool = True) -> None:
        self._messages.put_nowait({"type": "http.request", "body": piece, "more_body": more})

    def leave(self) -> None:
        self._messages.put_nowait({"type": "http.disconnect"})

    async def run(self) -> None:
        async with asyncio.timeout(20):
            await StreamingHandler()(self.scope, self._receive, self._send)

    def start(self) -> "asyncio.Task[None]":
        return asyncio.create_task(self.run())

    async def _receive(self) -> dict[str, Any]:
        message = await self._messages.get()
        self.taken += len(message.get("body", b""))
        return message

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.answer_headers = {key.lower(): value for key, value in message["headers"]}
            return
        self.body.append(message.get("body", b""))
        self.finished = not message.get("more_body", False)
        self.answered.set()


async def act_view(request: HttpRequest) -> HttpResponse:
    scope: dict[str, Any] = request.scope  # type: ignore[attr-defined]
    response: HttpResponse = await scope["act"](scope[BODY_KEY])
    return response


async def echo_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body)


async def form_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(len(request.POST)))


async def large_view(request: HttpRequest) -> StreamingHttpResponse:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"x" * (1024 * 1024)

    return StreamingHttpResponse(pieces())


urlpatterns = [
    path("api/act", act_view),
    path("echo", echo_view),
    path("api/echo", echo_view),
    path("form", form_view),
    path("large", large_view),
]
handler400 = "nats_files.answers.bad_request"


@pytest.fixture(autouse=True)
def bare_handler(settings: Settings) -> None:
    settings.MIDDLEWARE = []


async def answer(body: RequestBody) -> HttpResponse:
    return HttpResponse("early")


async def test_a_view_sees_a_piece_before_the_next_is_sent() -> None:
    seen: asyncio.Queue[bytes] = asyncio.Queue()

    async def read(body: RequestBody) -> HttpResponse:
        async for piece in body:
            seen.put_nowait(piece)
        return HttpResponse("done")

    client = Client(act=read)
    request = client.start()
    client.send(b"first")
    assert await asyncio.wait_for(seen.get(), 5) == b"first"
    client.send(b"second", more=False)
    assert await asyncio.wait_for(seen.get(), 5) == b"second"
    await request
    assert (client.status, client.body, client.finished) == (200, [b"done"], True)
    assert b"connection" not in client.answer_headers


@pytest.mark.parametrize(("headers", "length"), [({}, None), ({b"content-length": b"12"}, 12), ({b"content-length": b"x"}, None)])
async def test_the_announced_length_is_known(headers: dict[bytes, bytes], length: int | None) -> None:
    async def read(body: RequestBody) -> HttpResponse:
        return HttpResponse(str(body.length))

    client = Client(headers=headers, act=read)
    client.send(b"", more=False)
    await client.run()
    assert client.body == [str(length).encode()]


async def test_an_empty_body_ends_at_once() -> None:
    async def read(body: RequestBody) -> HttpResponse:
        return HttpResponse(str([piece async for piece in body]))

    client = Client(act=read)
    client.send(b"", more=False)
    await client.run()
    assert client.body == [b"[]"]


async def test_a_view_that_does_not_read_holds_the_client_back() -> None:
    go_on = asyncio.Event()

    async def wait(body: RequestBody) -> HttpResponse:
        await go_on.wait()
        return HttpResponse(str(sum([len(piece) async for piece in body])))

    client = Client(act=wait)
    for _ in range(64):
        client.send(b"x" * 65536)
    client.send(b"", more=False)
    request = client.start()
    await settled()
    assert READ_AHEAD_BYTES <= client.taken <= READ_AHEAD_BYTES + 65536
    go_on.set()
    await request
    assert client.body == [str(64 * 65536).encode()]


async def test_a_disconnect_cancels_a_view_that_waits_for_the_body() -> None:
    ends: list[str] = []

    async def read(body: RequestBody) -> HttpResponse:
        try:
            async for _ in body:
                pass
        except BaseException as error:
            ends.append(type(error).__name__)
            raise
        return HttpResponse()

    client = Client(act=read)
    client.send(b"first")
    client.leave()
    await client.run()
    assert ends == ["CancelledError"]


async def test_a_disconnect_cancels_a_view_that_waits_for_something_else() -> None:
    ends: list[str] = []

    async def write(body: RequestBody) -> HttpResponse:
        async for _ in body:
            try:
                await asyncio.Event().wait()
            finally:
                ends.append("cleaned up")
        return HttpResponse()

    client = Client(act=write)
    client.send(b"first")
    client.leave()
    await client.run()
    assert ends == ["cleaned up"]


async def test_a_disconnect_after_the_whole_body_cancels_the_view() -> None:
    waiting = asyncio.Event()
    ends: list[str] = []

    async def read_and_wait(body: RequestBody) -> HttpResponse:
        assert [piece async for piece in body] == [b"all"]
        waiting.set()
        try:
            await asyncio.Event().wait()
        finally:
            ends.append("cleaned up")
        return HttpResponse()

    client = Client(act=read_and_wait)
    client.send(b"all", more=False)
    request = client.start()
    await waiting.wait()
    client.leave()
    await request
    assert ends == ["cleaned up"]


async def test_reading_on_after_a_disconnect_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requestbody, "CANCEL_SECONDS", 0.01)
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    body = RequestBody(receive, {})
    assert (await body.pump())["type"] == "http.disconnect"
    assert await anext(body) == b"x"
    with pytest.raises(ClientDisconnected):
        await anext(body)


async def test_a_silent_client_counts_as_gone() -> None:
    silence = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await silence.wait()
        return {"type": "http.disconnect"}

    body = RequestBody(receive, {}, idle_seconds=0.02)
    pump = asyncio.create_task(body.pump())
    with pytest.raises(ClientDisconnected, match=r"nothing for 0\.02 seconds"):
        await anext(body)
    silence.set()
    assert (await pump)["type"] == "http.disconnect"


async def test_a_small_rest_is_dropped_and_the_connection_goes_on() -> None:
    client = Client(act=answer)
    for _ in range(20):
        client.send(b"x" * 65536)
    client.send(b"", more=False)
    await client.run()
    assert (client.status, client.body, client.finished) == (200, [b"early"], True)
    assert client.taken == 20 * 65536
    assert b"connection" not in client.answer_headers


async def test_after_a_large_rest_the_connection_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "DRAIN_BYTES", 100_000)
    client = Client(act=answer)
    for _ in range(5):
        client.send(b"x" * 65536)
    request = client.start()
    await client.answered.wait()
    assert client.answer_headers[b"connection"] == b"close"
    assert (client.body, client.finished) == ([b"early"], False)
    client.leave()
    await request


async def test_a_slow_rest_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "DRAIN_SECONDS", 0.02)
    monkeypatch.setattr(answers, "LINGER_SECONDS", 0.02)
    client = Client(act=answer)
    client.send(b"x")
    await client.run()
    assert client.answer_headers[b"connection"] == b"close"
    assert (b"".join(client.body), client.finished) == (b"early", True)


async def test_a_client_that_waits_for_permission_sends_nothing_in_vain() -> None:
    client = Client(headers={b"expect": b"100-continue", b"content-length": b"99999999999"}, act=answer)
    client.send(b"what a client sends after 100 Continue")
    await client.run()
    assert (client.taken, client.finished) == (0, True)
    assert client.answer_headers[b"connection"] == b"close"


async def test_a_client_that_waits_for_permission_gets_it_when_the_view_reads() -> None:
    async def read(body: RequestBody) -> HttpResponse:
        return HttpResponse(b"".join([piece async for piece in body]))

    client = Client(headers={b"expect": b"100-continue"}, act=read)
    client.send(b"body", more=False)
    await client.run()
    assert client.body == [b"body"]


async def test_stopping_the_site_waits_until_the_view_has_cleaned_up() -> None:
    started = asyncio.Event()
    ends: list[str] = []

    async def write(body: RequestBody) -> HttpResponse:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ends.append("cleaned up")
        return HttpResponse()

    handler = StreamingHandler()
    client = Client(act=write)
    request = asyncio.create_task(handler(client.scope, client._receive, client._send))
    await started.wait()
    assert handler.requests == {request}
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert (ends, handler.requests) == (["cleaned up"], set())


async def test_an_ordinary_body_is_django_s_own() -> None:
    client = Client("POST", "/echo", {b"content-type": b"text/plain"})
    client.send(b"one ")
    client.send(b"two", more=False)
    await client.run()
    assert client.body == [b"one two"]
    assert BODY_KEY not in client.scope


async def test_a_form_announced_too_long_is_refused_before_it_is_read(settings: Settings) -> None:
    settings.MAX_FORM_BYTES = 1000
    client = Client("POST", "/echo", {b"content-length": b"1001", b"expect": b"100-continue"})
    await client.run()
    assert (client.status, client.taken) == (413, 0)
    assert b"1,000 bytes" in client.body[0]


async def test_a_form_that_turns_out_too_long_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MAX_FORM_BYTES = 1000
    monkeypatch.setattr(answers, "DRAIN_SECONDS", 0.02)
    client = Client("POST", "/api/echo", {b"content-type": b"application/json"})
    client.send(b"x" * 600)
    client.send(b"x" * 600)
    request = client.start()
    await client.answered.wait()
    client.leave()
    await request
    assert (client.status, client.answer_headers[b"connection"]) == (413, b"close")
    assert client.body[0].startswith(b'{"error": {"code": "too_large"')


async def test_a_form_of_the_limit_s_length_is_taken(settings: Settings) -> None:
    settings.MAX_FORM_BYTES = 1000
    client = Client("POST", "/echo")
    client.send(b"x" * 1000, more=False)
    await client.run()
    assert (client.status, len(client.body[0])) == (200, 1000)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 413),
        ({b"cookie": b"csrftoken=x; notsessionid=x"}, 413),
        ({b"cookie": b"csrftoken=x; sessionid=x"}, 200),
        ({b"authorization": b"Bearer x"}, 200),
    ],
)
@pytest.mark.parametrize("announced", [True, False])
async def test_who_shows_neither_session_nor_token_sends_small_forms_only(
    headers: dict[bytes, bytes], status: int, announced: bool
) -> None:
    size = ANONYMOUS_FORM_BYTES + 1
    client = Client("POST", "/echo", headers | ({b"content-length": str(size).encode()} if announced else {}))
    client.send(b"x" * size)
    client.send(b"", more=False)
    await client.run()
    assert client.status == status


async def test_who_shows_neither_session_nor_token_may_send_a_small_form() -> None:
    client = Client("POST", "/echo")
    client.send(b"x" * ANONYMOUS_FORM_BYTES, more=False)
    await client.run()
    assert client.status == 200


@pytest.mark.parametrize("limit", ["IDLE_SECONDS", "FORM_SECONDS"])
@pytest.mark.parametrize(
    ("url", "said"), [("/echo", b"This request took too long"), ("/api/echo", b'{"error": {"code": "request_timeout"')]
)
async def test_a_form_that_does_not_come_to_its_end_is_given_up(limit: str, url: str, said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, limit, 0.02)
    monkeypatch.setattr(answers, "DRAIN_SECONDS", 0.02)
    monkeypatch.setattr(answers, "LINGER_SECONDS", 0.02)
    client = Client("POST", url)
    client.send(b"x")
    await client.run()
    assert (client.status, client.answer_headers[b"connection"], client.finished) == (408, b"close", True)
    assert client.body[0].startswith(said)


@pytest.mark.parametrize(
    ("name", "value", "form"),
    [("DATA_UPLOAD_MAX_MEMORY_SIZE", 10, b"a=" + b"x" * 20), ("DATA_UPLOAD_MAX_NUMBER_FIELDS", 2, b"a=1&b=2&c=3")],
)
async def test_a_form_over_django_s_limits_is_too_large(name: str, value: int, form: bytes, settings: Settings) -> None:
    setattr(settings, name, value)
    client = Client("POST", "/form", {b"content-type": b"application/x-www-form-urlencoded"})
    client.send(form, more=False)
    await client.run()
    assert client.status == 413


async def test_a_client_that_leaves_in_the_middle_of_a_form_gets_no_answer() -> None:
    client = Client("POST", "/echo")
    client.send(b"x")
    client.leave()
    await client.run()
    assert client.status == 0


async def test_answers_go_out_in_large_pieces() -> None:
    client = Client("GET", "/large")
    client.send(b"", more=False)
    await client.run()
    assert [len(piece) for piece in client.body] == [512 * 1024, 512 * 1024, 0]


@pytest.mark.parametrize(
    ("method", "url", "media_type", "streamed"),
    [
        ("PUT", "/api/v1/buckets/b/objects/o", b"", True),
        ("PUT", "/api/v1/buckets/b/objects/o", b"text/plain", True),
        ("PUT", "/elsewhere", b"text/plain", False),
        ("POST", "/api/v1/buckets", b"application/json", False),
        ("POST", "/elsewhere", b"application/octet-stream", True),
        ("PATCH", "/api/v1/uploads/1", b"Application/Offset+Octet-Stream; x=y", True),
        ("POST", "/buckets/b/upload", b"multipart/form-data; boundary=application/octet-stream", False),
        ("GET", "/api/v1/buckets", b"", False),
    ],
)
def test_which_requests_stream(method: str, url: str, media_type: bytes, streamed: bool) -> None:
    scope = {"method": method, "path": url, "root_path": ""}
    assert is_streamed(scope, {b"content-type": media_type}) is streamed


def test_the_site_s_prefix_does_not_hide_the_api() -> None:
    assert is_streamed({"method": "PUT", "path": "/files/api/x", "root_path": "/files"}, {})


async def settled() -> None:
    """Until every task has gone as far as it can without news."""
    for _ in range(100):
        await asyncio.sleep(0)
