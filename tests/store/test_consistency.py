"""Whatever anybody does, the index of a live bucket says what the stream says, also after a restart from a snapshot."""

import asyncio
import random
from contextlib import suppress
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.js.errors import NotFoundError
from nats.js.object_store import ObjectStore as ForeignStore

from buckets.objectstore import ConnectOptions, Link, LiveBucket, ObjectInfo, ObjectStore, ObjectStoreError
from buckets.objectstore.names import metadata_subject
from buckets.objectstore.stream.listing import read_all
from buckets.objectstore.watching import livebuckets
from tests.natsserver import NatsServer
from tests.store.helpers import pieces
from tests.store.test_live import PATIENCE

NAMES = [f"{folder}{name}" for folder in ("", "a/", "a/b/") for name in ("x", "Y.txt", "é", "z z")]
EACH = 40


class Ours:
    def __init__(self, store: ObjectStore, bucket: str, chance: random.Random) -> None:
        self._store, self._bucket, self._chance = store, bucket, chance

    async def act(self) -> None:
        name, other = self._chance.choice(NAMES), self._chance.choice(NAMES)
        acts = (self._put, self._put, self._delete, self._rename, self._link, self._update)
        with suppress(ObjectStoreError):
            await self._chance.choice(acts)(name, other)

    async def _put(self, name: str, _: str) -> None:
        await self._store.put(self._bucket, name, pieces(b"x" * self._chance.randrange(50)))

    async def _delete(self, name: str, _: str) -> None:
        await self._store.delete(self._bucket, name)

    async def _rename(self, name: str, other: str) -> None:
        await self._store.rename(self._bucket, name, other, overwrite=True)

    async def _link(self, name: str, other: str) -> None:
        await self._store.add_link(self._bucket, name, Link(self._bucket, other))

    async def _update(self, name: str, other: str) -> None:
        await self._store.update_meta(self._bucket, name, description=other)


class Theirs:
    def __init__(self, objects: ForeignStore, chance: random.Random) -> None:
        self._objects, self._chance = objects, chance

    async def act(self) -> None:
        name = self._chance.choice(NAMES)
        with suppress(NotFoundError):
            if self._chance.random() < 0.3:
                await self._objects.delete(name)
            else:
                await self._objects.put(name, b"y" * self._chance.randrange(50))


async def in_the_stream(store: ObjectStore, bucket: str) -> dict[str, ObjectInfo]:
    newest = {entry.name: entry for entry in await read_all(store._js, bucket)}
    return {name: entry.info(bucket) for name, entry in newest.items() if not entry.deleted}


async def same(store: ObjectStore, live: LiveBucket) -> None:
    """The index, its order, its sums and its links."""
    entries = await read_all(store._js, live.bucket)
    assert await live.wait_ready(PATIENCE)
    if entries:
        assert await live.wait_revision(entries[-1].revision, PATIENCE)
    infos = await in_the_stream(store, live.bucket)
    index = live.index
    assert list(index.infos()) == [infos[name] for name in sorted(infos)]
    assert index.size == sum(info.size for info in infos.values())
    assert index.subjects == len(entries)
    for name in NAMES:
        links = sorted(info.name for info in infos.values() if info.link == Link(live.bucket, name))
        assert list(index.links_to(live.bucket, name)) == links
    for prefix in ("a/", "a/b/"):
        inside = [info for name, info in infos.items() if name.startswith(prefix)]
        assert index.page(prefix=prefix).objects_total == len(inside)


async def act_at_random(store: ObjectStore, bucket: str, foreign: Client, seed: int) -> None:
    objects = await foreign.jetstream().object_store(bucket)
    actors: list[Ours | Theirs] = [
        Ours(store, bucket, random.Random(seed)),
        Ours(store, bucket, random.Random(seed + 1)),
        Theirs(objects, random.Random(seed + 2)),
    ]

    async def many(actor: Ours | Theirs) -> None:
        for _ in range(EACH):
            await actor.act()

    await asyncio.gather(*[many(actor) for actor in actors])


@pytest.mark.parametrize("seed", [0, 10])
async def test_index_and_stream_agree_after_anything(store: ObjectStore, bucket: str, foreign: Client, seed: int) -> None:
    live = await store.live(bucket)
    await act_at_random(store, bucket, foreign, seed)
    await same(store, live)


@pytest.mark.parametrize("seed", [100])
async def test_they_agree_after_a_restart_from_a_snapshot(
    nats_server: NatsServer, store: ObjectStore, bucket: str, foreign: Client, tmp_path: Path, seed: int
) -> None:
    for round_ in range(2):
        running = ObjectStore(ConnectOptions(servers=(nats_server.url,)), snapshots=tmp_path)
        await running.start()
        try:
            live = await running.live(bucket)
            await act_at_random(running, bucket, foreign, seed + round_)
            await same(running, live)
        finally:
            await running.close()
        assert (tmp_path / f"{bucket}.index").exists()
        await act_at_random(store, bucket, foreign, seed + 50 + round_)
        await foreign.jetstream().purge_stream(f"OBJ_{bucket}", subject=metadata_subject(bucket, NAMES[round_]))


async def test_they_agree_while_subjects_are_purged(
    store: ObjectStore, bucket: str, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(livebuckets, "SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(livebuckets, "SETTINGS_SECONDS", 0.05)
    monkeypatch.setattr(livebuckets, "CHECK_SHARE", 1)
    live = await store.live(bucket)
    acting = asyncio.create_task(act_at_random(store, bucket, foreign, 7))
    chance = random.Random(7)
    while not acting.done():
        await foreign.jetstream().purge_stream(f"OBJ_{bucket}", subject=metadata_subject(bucket, chance.choice(NAMES)))
        await asyncio.sleep(0.02)
    await acting
    async with asyncio.timeout(PATIENCE):
        while live.index.subjects != len(await read_all(store._js, bucket)):
            await asyncio.sleep(0.05)
    await same(store, live)
