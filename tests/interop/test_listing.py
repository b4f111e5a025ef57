"""Both list the same, and we see what it does as it does it."""

import asyncio

from buckets.objectstore import LiveSubscription, ObjectStore
from tests.store.helpers import pieces

from .peers import Meta, Peer


async def test_both_list_the_same(store: ObjectStore, place: str, peer: Peer) -> None:
    for number in range(5):
        await store.put(place, f"ours {number}", pieces(bytes(number)))
        await peer.put(place, f"theirs {number}", bytes(number))
    await store.delete(place, "theirs 0")
    await peer.delete(place, "ours 0")
    ours = {(info.name, info.size, info.chunks, info.digest) for info in await store.list(place)}
    theirs = {(seen.name, seen.size, seen.chunks, seen.digest) for seen in await peer.list(place)}
    assert ours == theirs
    assert {name for name, *_ in ours} == {f"{whose} {number}" for whose in ("ours", "theirs") for number in range(1, 5)}


async def test_an_empty_bucket_is_empty_to_both(store: ObjectStore, place: str, peer: Peer) -> None:
    assert await store.list(place) == []
    assert await peer.list(place) == []


async def test_our_live_listing_has_what_it_does(store: ObjectStore, place: str, peer: Peer) -> None:
    live = await store.live(place)
    await live.wait_ready(10)
    with live.subscribe() as changes:
        await peer.put(place, "x", b"1")
        await told_of(changes, "x")
        assert live.index.get("x") == await store.info(place, "x")
        await peer.put(place, "x", b"22", Meta(description="again"))
        await told_of(changes, "x")
        found = live.index.get("x")
        assert found is not None
        assert (found.size, found.description) == (2, "again")
        await peer.delete(place, "x")
        await told_of(changes, "x")
        assert live.index.get("x") is None


async def told_of(changes: LiveSubscription, name: str) -> None:
    async with asyncio.timeout(10):
        while name not in (await changes.next()).names:
            pass
