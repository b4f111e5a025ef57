"""Uploads and downloads of all kinds that go on and on while things break."""

import asyncio
import itertools
import random

import httpx

from tests.faults.transfers import Failed, Transfers

AT_ONCE = 4
SECONDS = 60
PAUSE = 0.1


class Load:
    """As a context manager it keeps busy within it. Of ``client``'s answers those by which Caddy stands in for the site are failures."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        client.event_hooks["response"] = [_no_answer]
        self.transfers = Transfers(client, random.Random(0))
        self._numbers = itertools.count()
        self._over = False
        self._done = 0
        self._more = asyncio.Condition()
        self._workers: list[asyncio.Task[None]] = []

    async def prepare(self) -> None:
        await self.transfers.prepare(self.transfers.client)

    async def __aenter__(self) -> "Load":
        self._workers = [asyncio.create_task(self._work()) for _ in range(AT_ONCE)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over = True
        await asyncio.gather(*self._workers)
        self.transfers.client.event_hooks["response"] = []

    async def goes_on(self, count: int) -> None:
        """Wait for so many more that succeed."""
        async with asyncio.timeout(SECONDS), self._more:
            until = self._done + count
            await self._more.wait_for(lambda: self._done >= until)

    async def all_is_right(self, client: httpx.AsyncClient) -> None:
        """What was acknowledged is there, byte by byte, and nothing that nobody wrote."""
        await self.transfers.all_is_right(client)

    async def _work(self) -> None:
        kinds = [self.transfers.put, self.transfers.overwrite, self.transfers.tus, self.transfers.get, self.transfers.part]
        while not self._over:
            number = next(self._numbers)
            kind = kinds[number % len(kinds)]
            try:
                await kind(number)
            except (Failed, httpx.TransportError):
                self.transfers.outcomes[f"{kind.__name__} failed"] += 1
                await asyncio.sleep(PAUSE)
                continue
            self.transfers.outcomes[f"{kind.__name__} done"] += 1
            async with self._more:
                self._done += 1
                self._more.notify_all()


async def _no_answer(answer: httpx.Response) -> None:
    if answer.headers.get("Server") == "Caddy" and answer.status_code in (502, 503, 504):
        raise httpx.RemoteProtocolError(f"Caddy says {answer.status_code}", request=answer.request)
