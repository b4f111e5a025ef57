"""A rename by one is a rename to the other."""

import asyncio

import pytest
from nats.aio.client import Client

from buckets.objectstore import LiveBucket, ObjectNotFound, ObjectStore
from tests.store.helpers import chunk_messages, pieces, read

from .peers import Meta, Peer, Refused


async def test_our_rename_is_one_to_it(store: ObjectStore, place: str, peer: Peer, foreign: Client) -> None:
    await peer.put(place, "old", b"data" * 50_000, Meta(description="kept"))
    before = await store.info(place, "old")
    after = await store.rename(place, "old", "new")
    assert (after.nuid == before.nuid) is (await store.bucket(place)).atomic
    assert await peer.get(place, "new") == b"data" * 50_000
    assert [(seen.name, seen.description) for seen in await peer.list(place)] == [("new", "kept")]
    with pytest.raises(Refused):
        await peer.get(place, "old")
    assert await chunk_messages(foreign, place) == after.chunks


async def test_its_rename_is_one_to_us(store: ObjectStore, place: str, peer: Peer, foreign: Client) -> None:
    info = await store.put(place, "old", pieces(b"data" * 50_000), description="kept")
    if not peer.facts.renames:
        with pytest.raises(Refused):
            await peer.update(place, "old", "new", Meta(description="kept"))
        assert await read(store, place, "old") == b"data" * 50_000
        return
    await peer.update(place, "old", "new")
    after = await store.info(place, "new")
    assert (after.nuid, after.size, after.digest) == (info.nuid, info.size, info.digest)
    assert await read(store, place, "new") == b"data" * 50_000
    assert [each.name for each in await store.list(place)] == ["new"]
    with pytest.raises(ObjectNotFound):
        await store.info(place, "old")
    assert await chunk_messages(foreign, place) == info.chunks


async def test_the_old_name_of_its_rename_leaves_the_live_index(store: ObjectStore, place: str, peer: Peer) -> None:
    """It purges the old name's metadata, of which the server tells nobody."""
    if not peer.facts.renames:
        return
    live = await store.live(place)
    await live.wait_ready(10)
    await store.put(place, "old", pieces(b"data"))
    await peer.update(place, "old", "new")
    await asyncio.wait_for(until_only(live, "new"), 10)


async def until_only(live: LiveBucket, name: str) -> None:
    with live.subscribe() as changes:
        while len(live.index) != 1 or live.index.get(name) is None:
            await changes.next()


async def test_a_name_that_our_rename_has_left_is_free_to_it(store: ObjectStore, place: str, peer: Peer) -> None:
    """We leave a deletion marker there."""
    if not peer.facts.renames:
        return
    await store.put(place, "a", pieces(b"data"))
    await store.rename(place, "a", "b")
    if not peer.facts.renames_to_deleted:
        with pytest.raises(Refused, match="already exists"):
            await peer.update(place, "b", "a")
        return
    await peer.update(place, "b", "a")
    assert [info.name for info in await store.list(place)] == ["a"]
    assert await read(store, place, "a") == b"data"


async def test_a_name_that_its_rename_has_left_is_free_to_us(store: ObjectStore, place: str, peer: Peer) -> None:
    """It leaves nothing there."""
    if not peer.facts.renames:
        return
    await peer.put(place, "a", b"data")
    await peer.update(place, "a", "b")
    await store.rename(place, "b", "a")
    assert await peer.get(place, "a") == b"data"
    assert [seen.name for seen in await peer.list(place)] == ["a"]
