"""A deletion by one is a deletion to the other."""

import pytest
from nats.aio.client import Client

from buckets.objectstore import ObjectNotFound, ObjectStore
from tests.store.helpers import chunk_messages, pieces, read

from .peers import Peer, Refused


async def test_what_we_delete_is_gone_for_it(store: ObjectStore, place: str, peer: Peer) -> None:
    await peer.put(place, "x", b"data" * 50_000)
    await store.delete(place, "x")
    seen = await peer.info(place, "x")
    assert seen is not None
    assert (seen.deleted, seen.size, seen.chunks) == (True, 0, 0)
    assert await peer.list(place) == []


async def test_what_it_deletes_is_gone_for_us(store: ObjectStore, place: str, peer: Peer, foreign: Client) -> None:
    live = await store.live(place)
    await live.wait_ready(10)
    await store.put(place, "x", pieces(b"data" * 50_000), chunk_size=1000)
    with live.subscribe() as changes:
        await peer.delete(place, "x")
        assert "x" in (await changes.next()).names
    assert live.index.get("x") is None
    with pytest.raises(ObjectNotFound):
        await store.info(place, "x")
    marker = await store.info(place, "x", deleted=True)
    assert (marker.deleted, marker.size, marker.chunks, marker.problem) == (True, 0, 0, None)
    assert await chunk_messages(foreign, place) == 0


async def test_a_name_is_free_again_after_either_has_deleted_it(store: ObjectStore, place: str, peer: Peer, foreign: Client) -> None:
    await peer.put(place, "x", b"1")
    await store.delete(place, "x")
    await peer.put(place, "x", b"2")
    assert await read(store, place, "x") == b"2"
    await peer.delete(place, "x")
    await store.put(place, "x", pieces(b"3"), expected_revision=0)
    assert await peer.get(place, "x") == b"3"
    assert await chunk_messages(foreign, place) == 1


async def test_a_name_that_never_was_is_missing_for_both(store: ObjectStore, place: str, peer: Peer) -> None:
    assert await peer.info(place, "never") is None
    with pytest.raises(Refused):
        await peer.get(place, "never")
    with pytest.raises(ObjectNotFound):
        await store.get(place, "never")
