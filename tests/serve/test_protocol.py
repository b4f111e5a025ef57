"""Bounds on what a client sends before anybody looks at it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from nats_files import protocol
from nats_files.protocol import MAX_HEAD_BYTES, MAX_HEADERS, BoundedProtocol

HELLO = b"GET / HTTP/1.1\r\nHost: x\r\n"
MIB = 1024 * 1024


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, request: bytes) -> int:
        """The status of the answer, which is read to its end."""
        self.writer.write(request)
        async with asyncio.timeout(20):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await self.reader.readexactly(length)
        return int(head.split()[1])

    async def pour(self, pieces: Iterator[bytes]) -> int:
        """Send until the server has had enough, at most 8 MiB; how much it took."""
        sent = 0
        for piece in pieces:
            if sent > 8 * MIB or self.reader.at_eof() or self.writer.is_closing():
                break
            try:
                self.writer.write(piece)
                await self.writer.drain()
            except ConnectionError:
                break
            sent += len(piece)
            await asyncio.sleep(0)
        return sent

    async def closed(self) -> None:
        async with asyncio.timeout(20):
            try:
                await self.reader.read()
            except ConnectionResetError:
                return


class Server:
    """Answers every request when it has its body, and ``hold`` is set."""

    def __init__(self) -> None:
        self.hold = asyncio.Event()
        self.hold.set()

    async def answer(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await self.hold.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    def protocol(self) -> BoundedProtocol:
        config = uvicorn.Config(self.answer, interface="asgi3", lifespan="off", log_config=None, timeout_keep_alive=60)
        return BoundedProtocol(config=config, server_state=ServerState(), app_state={})


@asynccontextmanager
async def connected(server: Server) -> AsyncIterator[Connection]:
    listener = await asyncio.get_running_loop().create_server(server.protocol, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
    yield Connection(reader, writer)
    writer.transport.abort()
    with suppress(ConnectionError):
        await writer.wait_closed()
    listener.close()


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def connection(server: Server) -> AsyncIterator[Connection]:
    async with connected(server) as connection:
        yield connection


def headers(count: int, size: int) -> bytes:
    return b"".join(b"x-%d: %s\r\n" % (number, b"v" * size) for number in range(count))


@pytest.mark.parametrize(
    "head",
    [
        HELLO,
        b"GET /%s HTTP/1.1\r\nHost: x\r\n" % (b"%00" * 2800),
        HELLO + headers(MAX_HEADERS - 1, 10),
        HELLO + headers(15, 4000),
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n",
    ],
)
async def test_what_clients_send_is_answered(connection: Connection, head: bytes) -> None:
    assert [await connection.ask(head + b"\r\n") for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % (b"a" * MAX_HEAD_BYTES),
        HELLO + b"x: %s\r\n\r\n" % (b"a" * MAX_HEAD_BYTES),
        HELLO + b"%s: a\r\n\r\n" % (b"x" * MAX_HEAD_BYTES),
        HELLO + headers(20, 4000) + b"\r\n",
        HELLO + headers(MAX_HEADERS, 1) + b"\r\n",
    ],
    ids=["address", "value", "name", "all headers", "number of headers"],
)
async def test_a_head_that_is_too_large_is_refused_and_the_connection_closes(connection: Connection, request_: bytes) -> None:
    assert await connection.ask(request_) == 431
    await connection.closed()


async def test_a_later_request_of_a_connection_is_bounded_too(connection: Connection) -> None:
    assert await connection.ask(HELLO + b"\r\n") == 200
    assert await connection.ask(HELLO + headers(MAX_HEADERS, 1) + b"\r\n") == 431


@pytest.mark.parametrize(
    "beginning",
    [
        b"GET /",
        HELLO + b"x: ",
        HELLO,
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nx: ",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;",
    ],
    ids=["address", "value", "name", "trailer", "chunk extension"],
)
async def test_what_never_ends_is_not_kept(connection: Connection, beginning: bytes) -> None:
    connection.writer.write(beginning)
    assert await connection.pour(b"a" * 4096 for _ in range(4096)) < 8 * MIB
    await connection.closed()


async def test_many_trailers_are_refused(connection: Connection) -> None:
    connection.writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
    assert await connection.ask(headers(MAX_HEADERS, 1) + b"\r\n") == 431


async def test_a_body_is_not_bounded(connection: Connection) -> None:
    connection.writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (4 * MIB))
    assert await connection.ask(b"x" * 4 * MIB + HELLO + b"\r\n") == 200


@pytest.mark.parametrize("beginning", [b"", b"\r\n", b"GET", HELLO + b"x: "])
async def test_a_connection_without_a_whole_head_closes(server: Server, monkeypatch: pytest.MonkeyPatch, beginning: bytes) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    async with connected(server) as connection:
        connection.writer.write(beginning)
        await connection.closed()


@pytest.mark.parametrize("beginning", [b"\r\n", b"GET", HELLO + b"x: "])
async def test_the_next_head_has_as_long(connection: Connection, monkeypatch: pytest.MonkeyPatch, beginning: bytes) -> None:
    assert await connection.ask(HELLO + b"\r\n") == 200
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    connection.writer.write(beginning)
    await connection.closed()


async def test_an_answer_may_take_longer_than_a_head(server: Server, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    assert await connection.ask(HELLO + b"\r\n") == 200
    server.hold.clear()
    asyncio.get_running_loop().call_later(0.2, server.hold.set)
    assert await connection.ask(HELLO + b"\r\n") == 200


async def test_an_idle_connection_is_kept_for_uvicorn_s_own_time(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    assert await connection.ask(HELLO + b"\r\n") == 200
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(connection.reader.read(), 0.2)
    assert await connection.ask(HELLO + b"\r\n") == 200
