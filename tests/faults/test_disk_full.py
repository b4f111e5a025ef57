"""nats-server without room: uploads over HTTP end with 507 and leave nothing, reading goes on, and deleting makes room."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio

from buckets.objectstore import BucketConfig, BucketFull, ObjectStore
from tests.conftest import running_store
from tests.faults.helpers import content
from tests.faults.transfers import BUCKET, TUS, Transfers
from tests.faults.watched import WatchedSite, orphans
from tests.natsserver import NatsServer

MIB = 1024 * 1024
ROOM = 16 * MIB
pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Scene:
    store: ObjectStore
    client: httpx.AsyncClient
    transfers: Transfers

    async def put(self, name: str, data: bytes) -> httpx.Response:
        return await self.client.put(f"{BUCKET}/objects/{name}", content=data)

    async def read(self, name: str) -> bytes:
        answer = await self.client.get(f"{BUCKET}/objects/{name}")
        assert answer.status_code == 200
        return answer.content

    async def delete(self, name: str) -> None:
        assert (await self.client.delete(f"{BUCKET}/objects/{name}")).status_code == 204

    async def patch(self, upload: str, offset: int, data: bytes) -> httpx.Response:
        headers = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        return await self.client.patch(upload, content=data, headers=headers)

    async def fill(self) -> None:
        """Until there is no room for anything: with chunks that no object has."""
        with contextlib.suppress(BucketFull):
            while True:
                await self.store._js.publish("$O.files.C.FILL", bytes(500_000))


def is_full(answer: httpx.Response) -> None:
    assert answer.status_code == 507, answer.text
    assert answer.json()["error"]["code"] == "bucket_full"
    assert "no room" in answer.json()["error"]["message"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_scene() -> AsyncIterator[Scene]:
    server = NatsServer()
    server.configure(f'jetstream {{ store_dir: "{server.directory}/js", max_file_store: {ROOM} }}')
    await asyncio.to_thread(server.start)
    site = WatchedSite(server.url)
    try:
        await asyncio.to_thread(site.start)
        async with running_store(server) as store, site.client() as client:
            await store.create_bucket(BucketConfig("files"))
            yield Scene(store, client, Transfers(client, random.Random(0)))
    finally:
        await asyncio.to_thread(site.remove)
        server.remove()


@pytest_asyncio.fixture(loop_scope="module")
async def scene(module_scene: Scene) -> AsyncIterator[Scene]:
    """With the object "kept" of 6 MiB, and nothing else."""
    store = module_scene.store
    for info in await store.list("files"):
        await store.erase("files", info.name)
    assert (await module_scene.put("kept", content(6 * MIB))).status_code == 201
    yield module_scene
    assert await module_scene.read("kept") == content(6 * MIB)
    assert await orphans(store, "files") == {}


async def test_an_upload_that_does_not_fit_ends_with_507_and_leaves_nothing(scene: Scene) -> None:
    is_full(await scene.put("large", content(20 * MIB)))
    is_full(await scene.put("kept", content(20 * MIB)))
    assert [info.name for info in await scene.store.list("files")] == ["kept"]
    assert await orphans(scene.store, "files") == {}
    assert (await scene.put("small", content(2 * MIB, seed=1))).status_code == 201
    assert await scene.read("small") == content(2 * MIB, seed=1)


async def test_of_many_at_once_those_that_fit_are_stored(scene: Scene) -> None:
    data = [content(3 * MIB, seed=number) for number in range(8)]
    answers = await asyncio.gather(*(scene.put(f"many/{number}", data[number]) for number in range(8)))
    for number, answer in enumerate(answers):
        if answer.status_code == 201:
            assert await scene.read(f"many/{number}") == data[number]
        else:
            is_full(answer)
    assert {answer.status_code for answer in answers} >= {507}
    assert {info.name for info in await scene.store.list("files")} == {"kept"} | {
        f"many/{number}" for number, answer in enumerate(answers) if answer.status_code == 201
    }


async def test_a_piece_that_does_not_fit_is_not_kept_and_the_upload_goes_on_when_there_is_room(scene: Scene) -> None:
    data = content(11 * MIB, seed=2)
    upload = await scene.transfers.begin("pieces", len(data))
    assert await scene.transfers.piece(upload, 0, data[:MIB]) == MIB
    is_full(await scene.patch(upload, MIB, data[MIB:]))
    assert await scene.transfers.offset(upload) == MIB
    is_full(await scene.patch(upload, MIB, data[MIB:]))  # nobody holds it
    await scene.delete("kept")
    assert (await scene.patch(upload, MIB, data[MIB:])).status_code == 204
    assert await scene.read("pieces") == data
    await scene.delete("pieces")
    assert (await scene.put("kept", content(6 * MIB))).status_code == 201


async def test_without_any_room_one_can_read_delete_and_take_uploads_back(scene: Scene) -> None:
    data = content(11 * MIB, seed=3)
    upload = await scene.transfers.begin("pieces", len(data))
    assert await scene.transfers.piece(upload, 0, data[: 2 * MIB]) == 2 * MIB
    await scene.fill()
    is_full(await scene.patch(upload, 2 * MIB, data[2 * MIB :]))
    is_full(await scene.put("tiny", b"1"))
    assert await scene.read("kept") == content(6 * MIB)
    answer = await scene.client.delete(upload, headers=TUS)
    assert answer.status_code == 204, answer.text
    assert (await scene.client.head(upload, headers=TUS)).status_code in (404, 410)
    assert (await scene.put("instead", data[:MIB])).status_code == 201
    await scene.fill()
    await scene.delete("kept")
    assert (await scene.put("kept", content(3 * MIB))).status_code == 201
    assert (await scene.store.repair.purge_orphans("files", older_than=0)).nuids == 1
    assert (await scene.put("kept", content(6 * MIB))).status_code == 201
