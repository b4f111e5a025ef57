"""A TCP proxy on loopback that cuts, stalls and refuses connections when told to."""

import asyncio
import contextlib
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

BLOCK = 65_536


class Proxy:
    """``async with Proxy(server.url) as proxy``: clients connect to ``proxy.url``.

    ``cut_after(n)`` cuts all connections once n more bytes have come from clients; ``stall`` holds back what comes from the server.
    """

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        assert address.hostname is not None
        assert address.port is not None
        self._host, self._port = address.hostname, address.port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers_pass = asyncio.Event()
        self._answers_pass.set()
        self._countdown: int | None = None
        self._sign = b""
        self.cuts = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=BLOCK)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()  # of those whose task never got to begin

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"nats://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        """End all connections at once, without a word."""
        self._countdown = None
        self.cuts += 1
        for writer in tuple(self._writers):
            writer.transport.abort()

    def cut_after(self, sent: int) -> None:
        self._countdown = sent

    def stall(self) -> None:
        """Hold back all that comes from the server, until ``resume``."""
        self._answers_pass.clear()

    def resume(self) -> None:
        self._answers_pass.set()

    def lose_the_answer_to(self, sign: bytes) -> None:
        """Pass on the next message of a client that has ``sign`` in it, but not its answer: a cut comes first."""
        self._sign = sign

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            there, back = await asyncio.open_connection(self._host, self._port, limit=BLOCK)
            self._writers |= {writer, back}
            self._start(self._pass_on(reader, back, answers=False))
            self._start(self._pass_on(there, writer, answers=True))
            return
        writer.transport.abort()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        try:
            while data := await reader.read(BLOCK):
                if answers:
                    await self._answers_pass.wait()
                writer.write(data)
                await writer.drain()
                if not answers:
                    self._count(len(data))
                    self._look_for_sign(data)
        except OSError:
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    def _look_for_sign(self, data: bytes) -> None:
        if self._sign and self._sign in data:
            self._sign = b""
            self.stall()
            asyncio.get_running_loop().call_later(0.2, self.cut)
            asyncio.get_running_loop().call_later(0.3, self.resume)

    def _count(self, size: int) -> None:
        if self._countdown is not None:
            self._countdown -= size
            if self._countdown <= 0:
                self.cut()
