"""The web process, nats-server, or both, killed in the middle of uploads over HTTP."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio

from buckets.objectstore import BucketConfig, ObjectStore
from tests.conftest import running_store
from tests.faults.helpers import content
from tests.faults.transfers import BUCKET, TUS, Transfers
from tests.faults.watched import SECONDS, WatchedSite, orphans
from tests.natsserver import NatsServer

KIB = 1024
ACKNOWLEDGED, HALF, SIZE = 300 * KIB, 4000 * KIB, 6000 * KIB
pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Scene:
    server: NatsServer
    site: WatchedSite
    store: ObjectStore

    async def kill(self, what: str) -> None:
        """ "web", "NATS" or "both", and start it again."""
        if what != "web":
            await asyncio.to_thread(self.server.kill)
        if what != "NATS":
            await asyncio.to_thread(self.site.kill)
        if what != "web":
            await asyncio.to_thread(self.server.start)
        if what != "NATS":
            await asyncio.to_thread(self.site.start)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene() -> AsyncIterator[Scene]:
    server = NatsServer()
    await asyncio.to_thread(server.start)
    site = WatchedSite(server.url)
    try:
        await asyncio.to_thread(site.start)
        async with running_store(server) as store:
            await store.create_bucket(BucketConfig("files"))
            yield Scene(server, site, store)
    finally:
        await asyncio.to_thread(site.remove)
        server.remove()


class Upload:
    """``data``, of which the second half comes when it is told to."""

    def __init__(self, data: bytes, go_on: asyncio.Event) -> None:
        self.data = data
        self._go_on = go_on

    async def body(self, start: int = 0) -> AsyncIterator[bytes]:
        yield self.data[start:HALF]
        await self._go_on.wait()
        yield self.data[HALF:]


@pytest.mark.parametrize("what", ["web", "NATS", "both"])
async def test_uploads_go_on_or_leave_what_was_there(scene: Scene, what: str) -> None:
    go_on = asyncio.Event()
    old, new, over, pieces = content(SIZE, seed=1), *(Upload(content(SIZE, seed=seed), go_on) for seed in (2, 3, 4))
    names = {name: f"{BUCKET}/objects/{what}/{name}" for name in ("new", "over", "pieces")}
    async with scene.site.client() as client:
        transfers = Transfers(client, random.Random(0))
        (await client.put(names["over"], content=old)).raise_for_status()
        upload = await transfers.begin(f"{what}/pieces", SIZE)
        await transfers.piece(upload, 0, pieces.data[:ACKNOWLEDGED])
        before = await stored_chunks(scene.store)
        headers = {**TUS, "Upload-Offset": str(ACKNOWLEDGED), "Content-Type": "application/offset+octet-stream"}
        under_way = [
            asyncio.create_task(client.put(names["new"], content=new.body())),
            asyncio.create_task(client.put(names["over"], content=over.body())),
            asyncio.create_task(client.patch(upload, content=pieces.body(ACKNOWLEDGED), headers=headers)),
        ]
        async with asyncio.timeout(SECONDS):
            while await stored_chunks(scene.store) < before + 15:
                await asyncio.sleep(0.02)
        await scene.kill(what)
        go_on.set()
        answers = await asyncio.gather(*under_way, return_exceptions=True)
    async with scene.site.client() as client:
        transfers.client = client
        await ready(client)
        offset = await transfers.offset(upload)
        assert ACKNOWLEDGED <= offset <= SIZE
        if what == "NATS":
            assert [getattr(answer, "status_code", answer) for answer in answers] == [201, 201, 204]
        else:
            assert all(isinstance(answer, httpx.TransportError) for answer in answers), answers
            assert (await client.get(names["new"])).status_code == 404
            assert (await client.get(names["over"])).content == old
            left = await orphans(scene.store, "files")
            assert len(left) >= 3  # a killed nats-server may have back what was purged just before
            purged = await scene.store.repair.purge_orphans("files", older_than=0)
            assert purged.nuids == len(left) - 1  # all but the upload that goes on
        await transfers.go_on(upload, pieces.data, offset)
        assert (await client.get(names["pieces"])).content == pieces.data
        if what == "NATS":
            await scene.store.repair.purge_orphans("files", older_than=0)
        assert await orphans(scene.store, "files") == {}


async def stored_chunks(store: ObjectStore) -> int:
    return sum((await store._streams.subjects("files", "$O.files.C.>")).values())


async def ready(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(SECONDS):
        while (await client.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.05)
