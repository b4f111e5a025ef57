"""Content of any size in chunks of any size, both ways."""

import os

import pytest
from nats.aio.client import Client

from buckets.objectstore import ObjectStore
from tests.store.helpers import chunk_messages, digest, pieces, read

from .peers import Meta, Peer

KIB_128 = 128 * 1024
SIZES = [0, 1, KIB_128, KIB_128 + 1, 1_000_003]


@pytest.mark.parametrize("size", SIZES)
async def test_it_reads_what_we_wrote(store: ObjectStore, place: str, peer: Peer, size: int) -> None:
    data = os.urandom(size)
    info = await store.put(place, "ours", pieces(data))
    assert await peer.get(place, "ours") == data
    seen = await peer.info(place, "ours")
    assert seen is not None
    assert (seen.name, seen.size, seen.chunks, seen.digest) == ("ours", size, info.chunks, digest(data))


@pytest.mark.parametrize("size", SIZES)
async def test_we_read_what_it_wrote(store: ObjectStore, place: str, peer: Peer, size: int) -> None:
    data = os.urandom(size)
    await peer.put(place, "theirs", data)
    assert await read(store, place, "theirs") == data
    info = await store.info(place, "theirs")
    assert (info.size, info.digest, info.problem, info.deleted) == (size, digest(data), None, False)


@pytest.mark.parametrize(("chunk_size", "size"), [(1, 40), (7, 100), (1000, 999), (1000, 1000), (1000, 1001), (99_991, 700_000)])
async def test_it_reads_our_odd_chunks(store: ObjectStore, place: str, peer: Peer, chunk_size: int, size: int) -> None:
    data = os.urandom(size)
    info = await store.put(place, "ours", pieces(data), chunk_size=chunk_size)
    assert info.chunks == -(-size // chunk_size)
    assert await peer.get(place, "ours") == data


@pytest.mark.parametrize(("chunk_size", "size"), [(1, 40), (7, 100), (1000, 999), (1000, 1000), (1000, 1001), (99_991, 700_000)])
async def test_we_read_its_odd_chunks(store: ObjectStore, place: str, peer: Peer, foreign: Client, chunk_size: int, size: int) -> None:
    """They need not be of one size: natsrpy's are not."""
    data = os.urandom(size)
    await peer.put(place, "theirs", data, Meta(chunk_size=chunk_size))
    assert await read(store, place, "theirs") == data
    info = await store.info(place, "theirs")
    assert (info.size, info.chunk_size) == (size, chunk_size)
    assert await chunk_messages(foreign, place) == info.chunks


async def test_an_overwrite_of_ours_by_it_leaves_only_its_chunks(store: ObjectStore, place: str, peer: Peer, foreign: Client) -> None:
    await store.put(place, "x", pieces(os.urandom(5000)), chunk_size=1000)
    data = os.urandom(300_000)
    await peer.put(place, "x", data)
    info = await store.info(place, "x")
    assert await read(store, place, "x") == data
    assert await chunk_messages(foreign, place) == info.chunks


async def test_an_overwrite_of_its_by_us_leaves_only_our_chunks(store: ObjectStore, place: str, peer: Peer, foreign: Client) -> None:
    await peer.put(place, "x", os.urandom(300_000))
    data = os.urandom(5000)
    await store.put(place, "x", pieces(data), chunk_size=1000)
    assert await peer.get(place, "x") == data
    assert await chunk_messages(foreign, place) == 5
