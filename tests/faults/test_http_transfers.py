"""Two hundred uploads and downloads over HTTP, while connections are cut, truncated and delayed at random."""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace

import httpx
import pytest
import pytest_asyncio

from buckets.objectstore import BucketConfig, ObjectStore
from buckets.objectstore.uploads import uploads
from tests.conftest import running_store
from tests.faults.proxy import ENDING, Chaos, Proxy
from tests.faults.transfers import BUCKET, Transfers
from tests.faults.watched import SECONDS, WatchedSite, orphans
from tests.natsserver import NatsServer

COUNT, AT_ONCE, TURNS = 200, 12, 8
# To have a failure again: FAULTS_SEED=… as the test has printed it.
SEED = int(os.environ.get("FAULTS_SEED") or (1 if os.environ.get("CI") else random.randrange(1_000_000)))
TWO_DAYS = 2 * 24 * 3600
LIMITS = {"MAX_TRANSFERS": str(TURNS), "MAX_TRANSFERS_PER_USER": str(TURNS), "TRANSFER_STALL_SECONDS": "10"}


# Starting a site takes seconds.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Scene:
    """A site between two proxies. ``store`` is straight on its NATS server."""

    site: WatchedSite
    store: ObjectStore
    proxies: dict[str, Proxy]
    chaos: dict[str, Chaos]

    @contextmanager
    def trouble(self, where: str) -> Iterator[None]:
        """On the way to "site" or "NATS"."""
        self.chaos[where].begin()
        self.proxies[where].cut()
        yield
        self.chaos[where].end()
        self.proxies[where].cut()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene() -> AsyncIterator[Scene]:
    server = NatsServer()
    await asyncio.to_thread(server.start)
    chaos = {"site": Chaos(SEED, 0.5, 800_000), "NATS": Chaos(SEED, 1, 1_500_000, ENDING)}
    async with Proxy(server.url, chaos["NATS"]) as to_nats, running_store(server) as store:
        await store.create_bucket(BucketConfig("files"))
        site = WatchedSite(to_nats.url, **LIMITS)
        try:
            await asyncio.to_thread(site.start)
            async with Proxy(site.url, chaos["site"]) as to_site:
                yield Scene(site, store, {"site": to_site, "NATS": to_nats}, chaos)
        finally:
            await asyncio.to_thread(site.remove)
            server.remove()


@pytest.mark.parametrize("where", ["site", "NATS"])
async def test_transfers_end_exact_or_with_a_clear_error_and_leave_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    print(f"FAULTS_SEED={SEED}")
    async with scene.site.client() as direct:
        transfers = Transfers(direct, random.Random(SEED))
        await transfers.prepare(direct)
        await transfers.run(10, 10)  # whatever is made once, is made now
    await asyncio.to_thread(scene.site.take_as_baseline)
    transfers.outcomes.clear()
    async with scene.site.client(scene.proxies["site"].port) as transfers.client:
        with scene.trouble(where):
            await transfers.run(COUNT, AT_ONCE)
    print(scene.chaos[where].made, transfers.outcomes)
    assert transfers.outcomes.total() == COUNT
    assert scene.chaos[where].made.total() >= 20
    async with scene.site.client() as direct:
        await all_is_well(scene.site, direct, transfers)
    await nothing_is_left(scene, monkeypatch)


async def all_is_well(site: WatchedSite, direct: httpx.AsyncClient, transfers: Transfers) -> None:
    """All turns are free, nobody holds an upload, nothing broke without a word, and what is stored is right."""
    async with asyncio.timeout(SECONDS):
        while (await direct.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.05)
        await all_turns_at_once(direct)
    await transfers.give_up(direct)
    await transfers.all_is_right(direct)
    assert "Traceback" not in site.log, site.log[site.log.index("Traceback") - 1000 :][:5000]


async def all_turns_at_once(direct: httpx.AsyncClient) -> None:
    """As many uploads as there are turns hold one each at the same time."""
    inside, all_inside = set(), asyncio.Event()

    async def body(number: int) -> AsyncIterator[bytes]:
        inside.add(number)
        if len(inside) == TURNS:
            all_inside.set()
        await all_inside.wait()
        yield b"in turn"

    async def put(number: int) -> None:
        answer = await direct.put(f"{BUCKET}/objects/turn/{number}", content=body(number))
        assert answer.status_code == 201, answer.text

    await asyncio.gather(*(put(number) for number in range(TURNS)))


async def nothing_is_left(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    store = scene.store
    deadline = time.monotonic() + SECONDS
    while left := await asyncio.to_thread(scene.site.leftovers):
        assert time.monotonic() < deadline, left
        await asyncio.sleep(0.1)
    for upload in await store.uploads._kv.keys():
        state = await store.uploads.get(upload)
        assert not state.lock, state
    monkeypatch.setattr(uploads, "time", SimpleNamespace(time=lambda: time.time() + TWO_DAYS))
    await store.uploads.expire()
    assert await store.uploads._kv.keys() == []
    while lost := await orphans(store, "files"):
        assert time.monotonic() < deadline, lost
        await asyncio.sleep(0.1)
