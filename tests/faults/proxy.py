"""A TCP proxy on loopback that cuts, stalls and refuses connections when told to, or cuts, truncates and delays them at random."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias
from urllib.parse import urlsplit

BLOCK = 65_536
Kind: TypeAlias = Literal["cut", "truncate", "delay"]
ENDING: list[list[Kind]] = [["cut"], ["truncate"], ["delay", "cut"], ["delay", "truncate"]]
ANY: list[list[Kind]] = [["delay"], *ENDING]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What befalls a connection when ``after`` bytes have gone through in one direction.

    "cut": both ends are reset, and what is under way is lost; "truncate": the receiver gets exactly so many bytes and an orderly end;
    "delay": they are held back for ``seconds``.
    """

    kind: Kind
    answers: bool
    after: int
    seconds: float = 0.0


class Chaos:
    """Troubles at random, the same for the same seed: of ``share`` of all connections, within ``reach`` bytes. None before ``begin``."""

    def __init__(self, seed: int, share: float, reach: int, kinds: list[list[Kind]] = ANY) -> None:
        self._random = random.Random(seed)
        self._share = share
        self._reach = reach
        self._kinds = kinds
        self._begun = False
        self.made: Counter[str] = Counter()

    def begin(self) -> None:
        self._begun = True

    def end(self) -> None:
        """What has been given out stays as it is; call the proxy's ``cut`` to be rid of it."""
        self._begun = False

    def __call__(self) -> list[Trouble]:
        """Those of the next connection."""
        if not self._begun or self._random.random() >= self._share:
            return []
        # Half of them early: in the headers, or in the first bytes of a body.
        after = self._random.randrange(self._random.choice((self._reach, self._reach // 50)))
        kinds = self._random.choice(self._kinds)
        answers = self._random.random() < 0.5
        self.made.update(kinds)
        return [
            Trouble(kind, answers, after * number // len(kinds), self._random.uniform(0.01, 0.4)) for number, kind in enumerate(kinds, 1)
        ]


class Proxy:
    """``async with Proxy(server.url) as proxy``: clients connect to ``proxy.url``.

    ``cut_after(n)`` cuts all connections once n more bytes have come from clients, ``hold_after(n)`` passes on no more of theirs until
    they are cut; ``stall`` holds back what comes from the server.
    ``troubles`` is asked for each connection what is to befall it.
    """

    def __init__(self, url: str, troubles: Callable[[], list[Trouble]] = list) -> None:
        address = urlsplit(url)
        assert address.hostname is not None
        assert address.port is not None
        self._host, self._port = address.hostname, address.port
        self._troubles = troubles
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers_pass = asyncio.Event()
        self._answers_pass.set()
        self._requests_pass = asyncio.Event()
        self._requests_pass.set()
        self._countdown: int | None = None
        self._when_counted = self.cut
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
        return f"nats://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def cut(self) -> None:
        """End all connections at once, without a word."""
        self._countdown = None
        self._requests_pass.set()
        self.cuts += 1
        for writer in tuple(self._writers):
            writer.transport.abort()

    def cut_after(self, sent: int) -> None:
        self._countdown, self._when_counted = sent, self.cut

    def hold_after(self, sent: int) -> None:
        self._countdown, self._when_counted = sent, self._requests_pass.clear

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
            troubles = self._troubles()
            self._start(self._pass_on(reader, back, writer, answers=False, troubles=[one for one in troubles if not one.answers]))
            self._start(self._pass_on(there, writer, back, answers=True, troubles=[one for one in troubles if one.answers]))
            return
        writer.transport.abort()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
        *,
        answers: bool,
        troubles: list[Trouble],
    ) -> None:
        """From ``reader`` to ``writer``; ``back`` leads to where it comes from."""
        passed = 0
        try:
            while data := await reader.read(BLOCK):
                if answers:
                    await self._answers_pass.wait()
                while troubles and passed + len(data) >= troubles[0].after:
                    trouble = troubles.pop(0)
                    if not await _befall(trouble, writer, back, data[: trouble.after - passed]):
                        return
                    data, passed = data[trouble.after - passed :], trouble.after
                passed += len(data)
                writer.write(data)
                await writer.drain()
                if not answers:
                    self._count(len(data))
                    self._look_for_sign(data)
                    await self._requests_pass.wait()
            writer.close()
        except OSError:
            pass
        finally:
            self._writers.discard(writer)
            if not writer.is_closing():
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
                self._countdown = None
                self._when_counted()


async def _befall(trouble: Trouble, writer: asyncio.StreamWriter, back: asyncio.StreamWriter, before: bytes) -> bool:
    """Whether the connection goes on. ``before``: what is to be passed on before the trouble comes."""
    if trouble.kind == "cut":
        back.transport.abort()
        return False
    writer.write(before)
    if trouble.kind == "truncate":
        writer.close()
        back.transport.abort()
        return False
    await asyncio.sleep(trouble.seconds)
    return True
