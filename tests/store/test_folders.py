"""Folders without an object: shared by all processes, nothing to other clients, gone with their bucket."""

import asyncio
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.js.errors import KeyNotFoundError, NotFoundError

from buckets.objectstore import BucketConfig, Conflict, ConnectOptions, InvalidObjectName, LiveBucket, ObjectExists, ObjectStore, Sort
from buckets.objectstore.folders import FOLDERS_BUCKET, MAX_FOLDERS
from tests.conftest import running_store
from tests.natsserver import NatsServer

pytestmark = pytest.mark.current_server


def shown(live: LiveBucket, prefix: str = "") -> list[str]:
    return [folder.prefix for folder in live.index.page(prefix=prefix).folders]


async def until(live: LiveBucket, folders: list[str], prefix: str = "") -> None:
    async with asyncio.timeout(10):
        with live.subscribe() as changes:
            while shown(live, prefix) != folders:
                await changes.next()


async def ready(store: ObjectStore, bucket: str) -> LiveBucket:
    live = await store.live(bucket)
    assert await live.wait_ready(10)
    return live


async def test_all_processes_see_them_come_and_go_and_other_clients_see_nothing(
    store: ObjectStore, bucket: str, nats_server: NatsServer, foreign: Client
) -> None:
    before = (await foreign.jetstream().stream_info(f"OBJ_{bucket}")).state.messages
    live = await ready(store, bucket)
    async with running_store(nats_server) as other:
        elsewhere = await ready(other, bucket)
        await store.folders.create(bucket, ["a/", "a/ü?/"])
        assert shown(live) == ["a/"]  # at once for who made it
        await until(elsewhere, ["a/"])
        assert shown(elsewhere, "a/") == ["a/ü?/"]
        await other.folders.create(bucket, ["b/"])
        await until(live, ["a/", "b/"])
        assert await store.folders.remove(bucket, ["a/", "none/"]) == ["a/", "a/ü?/"]
        await until(elsewhere, ["b/"])
    assert (await foreign.jetstream().stream_info(f"OBJ_{bucket}")).state.messages == before
    with pytest.raises(NotFoundError):  # what nats-py says of an empty bucket
        await (await foreign.jetstream().object_store(bucket)).list()


async def test_a_folder_stays_when_its_last_file_goes_and_whoever_starts_later_has_it(
    store: ObjectStore, bucket: str, nats_server: NatsServer
) -> None:
    live = await ready(store, bucket)
    await store.folders.create(bucket, ["a/b/"])
    await store.put(bucket, "a/b/file", b"x")
    (folder,) = live.index.page(prefix="a/").folders
    assert (folder.objects, folder.size) == (1, 1)
    await store.delete(bucket, "a/b/file")
    assert shown(live, "a/") == ["a/b/"]
    assert live.index.scan(delimiter="/").prefixes == live.index.scan(delimiter="/", sort=Sort.parse("-modified")).prefixes == ()
    async with running_store(nats_server) as other:
        assert shown(await ready(other, bucket)) == ["a/"]


async def test_what_was_kept_for_a_bucket_does_not_come_back_with_a_new_one_of_its_name(
    store: ObjectStore, bucket: str, nats_server: NatsServer, foreign: Client
) -> None:
    await store.folders.create(bucket, ["a/"])
    live = await ready(store, bucket)
    await until(live, ["a/"])
    kept = (await foreign.jetstream().key_value(FOLDERS_BUCKET)).get
    assert (await kept(bucket)).value
    await foreign.jetstream().delete_object_store(bucket)
    async with asyncio.timeout(10):
        while not live.gone:
            await asyncio.sleep(0.01)
    await store.create_bucket(BucketConfig(bucket))
    assert shown(await ready(store, bucket)) == []
    assert await store.folders.list(bucket) == {}
    await store.folders.create(bucket, ["b/"])
    assert list(await store.folders.list(bucket)) == ["b/"]
    await store.delete_bucket(bucket)
    with pytest.raises(KeyNotFoundError):
        await kept(bucket)


async def test_many_at_once_lose_nothing(store: ObjectStore, bucket: str) -> None:
    await asyncio.gather(*(store.folders.create(bucket, [f"f{number}/"]) for number in range(6)))
    assert sorted(await store.folders.list(bucket)) == [f"f{number}/" for number in range(6)]


@pytest.mark.parametrize("name", ["", "a", "/" * 4000, "\ud800/"])
async def test_what_no_object_could_be_in_is_no_folder(store: ObjectStore, bucket: str, name: str) -> None:
    with pytest.raises(InvalidObjectName):
        await store.folders.create(bucket, [name])


async def test_there_is_room_for_a_thousand_and_each_is_made_once(store: ObjectStore, bucket: str) -> None:
    await store.folders.add(bucket, [f"f{number}/" for number in range(MAX_FOLDERS)])
    with pytest.raises(ObjectExists):
        await store.folders.create(bucket, ["f7/"])
    with pytest.raises(Conflict, match="room for 1,000"):
        await store.folders.create(bucket, ["one more/"])
    assert len(shown(await ready(store, bucket))) <= MAX_FOLDERS


async def test_after_a_start_with_a_snapshot_they_are_there_at_once(nats_server: NatsServer, bucket: str, tmp_path: Path) -> None:
    async def started() -> ObjectStore:
        store = ObjectStore(ConnectOptions(servers=(nats_server.url,)), snapshots=tmp_path)
        await store.start()
        return store

    first = await started()
    await first.put(bucket, "file", b"1")
    await ready(first, bucket)
    await first.folders.create(bucket, ["empty/"])
    await first.close()
    assert list(tmp_path.rglob("*"))  # the snapshot
    second = await started()
    assert shown(await ready(second, bucket)) == ["empty/"]
    await second.close()
