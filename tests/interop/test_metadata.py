"""Description, headers and metadata, both ways, in a put and in a change of them."""

import pytest
from nats.aio.client import Client

from buckets.objectstore import ObjectStore
from tests.store.helpers import chunk_messages, pieces, read

from .peers import Meta, Peer

HEADERS = {"Content-Type": ["text/plain; charset=utf-8"], "X-Many": ["1", "2", "3"]}
METADATA = {"key": "value", "Ünï": '🚢 " \\ \n', "empty": ""}
DESCRIPTION = 'Ünï 🚢 "quoted" \\ and\nmore'


def as_tuples(headers: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(values) for key, values in headers.items()}


async def test_it_shows_what_we_say_of_an_object(store: ObjectStore, place: str, peer: Peer) -> None:
    await store.put(place, "ours", pieces(b"data"), description=DESCRIPTION, headers=HEADERS, metadata=METADATA)
    seen = await peer.info(place, "ours")
    assert seen is not None
    assert (seen.description, seen.headers) == (DESCRIPTION, HEADERS)
    assert seen.metadata == (METADATA if peer.facts.metadata else {})
    assert [each.description for each in await peer.list(place)] == [DESCRIPTION]


async def test_we_show_what_it_says_of_an_object(store: ObjectStore, place: str, peer: Peer) -> None:
    await peer.put(place, "theirs", b"data", Meta(description=DESCRIPTION, headers=HEADERS, metadata=METADATA))
    info = await store.info(place, "theirs")
    assert (info.description, info.headers, info.problem) == (DESCRIPTION, as_tuples(HEADERS), None)
    assert info.metadata == (METADATA if peer.facts.metadata else {})
    assert info.content_type == "text/plain; charset=utf-8"


async def test_it_shows_what_we_change(store: ObjectStore, place: str, peer: Peer) -> None:
    await peer.put(place, "x", b"data", Meta(description="before", headers={"A": ["1"]}))
    before = await store.info(place, "x")
    after = await store.update_meta(place, "x", description=DESCRIPTION, headers=HEADERS, metadata=METADATA)
    assert (after.nuid, after.size, after.digest, after.chunk_size) == (before.nuid, before.size, before.digest, before.chunk_size)
    seen = await peer.info(place, "x")
    assert seen is not None
    assert (seen.description, seen.headers) == (DESCRIPTION, HEADERS)
    assert seen.metadata == (METADATA if peer.facts.metadata else {})
    assert await peer.get(place, "x") == b"data"


async def test_we_show_what_it_changes(store: ObjectStore, place: str, peer: Peer, foreign: Client) -> None:
    info = await store.put(place, "x", pieces(b"data"), description="before", headers={"A": ["1"]})
    live = await store.live(place)
    await live.wait_ready(10)
    with live.subscribe() as changes:
        await peer.update(place, "x", "x", Meta(description=DESCRIPTION, headers=HEADERS, metadata=METADATA))
        assert "x" in (await changes.next()).names
    after = await store.info(place, "x")
    assert (after.nuid, after.size, after.digest) == (info.nuid, info.size, info.digest)
    assert after.description == DESCRIPTION
    assert after.headers == as_tuples(HEADERS if peer.facts.changes_all else {"A": ["1"]})
    assert after.metadata == (METADATA if peer.facts.metadata and peer.facts.changes_all else {})
    assert live.index.get("x") == after
    assert await read(store, place, "x") == b"data"
    assert await chunk_messages(foreign, place) == 1


async def test_what_an_update_of_its_does_not_name_is_kept_or_lost_as_the_client_has_it(
    store: ObjectStore, bucket: str, peer: Peer
) -> None:
    """We show what is there; the clients differ in what they write back."""
    await store.put(bucket, "x", pieces(b"data"), description=DESCRIPTION, metadata=METADATA)
    await peer.update(bucket, "x", "x", Meta(headers={"A": ["1"]}))
    info = await store.info(bucket, "x")
    assert info.metadata == (METADATA if peer.facts.keeps_metadata else {})
    assert info.description == (DESCRIPTION if peer.facts.keeps_description else "")
    assert info.problem is None


@pytest.mark.parametrize("size", [100, 10_000])
async def test_large_metadata_passes_both_ways(store: ObjectStore, bucket: str, peer: Peer, size: int) -> None:
    await store.put(bucket, "ours", pieces(b"data"), description="ü" * size)
    seen = await peer.info(bucket, "ours")
    assert seen is not None
    assert seen.description == "ü" * size
    await peer.put(bucket, "theirs", b"data", Meta(description="ü" * size))
    assert (await store.info(bucket, "theirs")).description == "ü" * size
