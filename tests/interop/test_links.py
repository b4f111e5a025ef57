"""Links to objects and to buckets, both ways, and those that lack fields."""

import uuid

import orjson
import pytest
from nats.aio.client import Client

from buckets.objectstore import BucketConfig, Link, ObjectNotFound, ObjectStore, ObjectUnreadable
from buckets.objectstore.names import metadata_subject
from tests.store.helpers import pieces, read

from .peers import Peer, Refused


@pytest.fixture
async def elsewhere(store: ObjectStore) -> str:
    name = f"elsewhere-{uuid.uuid4().hex[:8]}"
    await store.create_bucket(BucketConfig(name))
    return name


async def test_it_reads_through_our_link(store: ObjectStore, place: str, peer: Peer) -> None:
    await store.put(place, "target", pieces(b"content"))
    await store.add_link(place, "link", Link(place, "target"))
    assert await peer.get(place, "link") == b"content"
    seen = await peer.info(place, "link")
    assert seen is not None
    assert (seen.link, seen.size, seen.chunks, seen.deleted) == ((place, "target"), 0, 0, False)


async def test_it_reads_through_our_link_into_another_bucket(store: ObjectStore, place: str, peer: Peer, elsewhere: str) -> None:
    await store.put(elsewhere, "target", pieces(b"content"))
    await store.add_link(place, "link", Link(elsewhere, "target"))
    assert await peer.get(place, "link") == b"content"


async def test_it_takes_our_bucket_link_for_one(store: ObjectStore, place: str, peer: Peer, elsewhere: str) -> None:
    await store.add_link(place, "all", Link(elsewhere))
    seen = await peer.info(place, "all")
    assert seen is not None
    assert seen.link == (elsewhere, "")
    with pytest.raises(Refused, match=r"(?i)bucket"):
        await peer.get(place, "all")


async def test_we_read_through_its_link(store: ObjectStore, place: str, peer: Peer) -> None:
    await store.put(place, "target", pieces(b"content"))
    if not peer.facts.links:
        with pytest.raises(Refused):
            await peer.link(place, "link", place, "target")
        return
    await peer.link(place, "link", place, "target")
    info = await store.info(place, "link")
    assert (info.link, info.size, info.problem, info.readable) == (Link(place, "target"), 0, None, True)
    assert await read(store, place, "link") == b"content"
    assert {each.name for each in await store.list(place)} == {"link", "target"}


async def test_we_take_its_bucket_link_for_one(store: ObjectStore, place: str, peer: Peer, elsewhere: str) -> None:
    if not peer.facts.bucket_links:
        with pytest.raises(Refused):
            await peer.link_bucket(place, "all", elsewhere)
        return
    await peer.link_bucket(place, "all", elsewhere)
    info = await store.info(place, "all")
    assert (info.link, info.problem) == (Link(elsewhere), None)
    with pytest.raises(ObjectUnreadable, match="bucket"):
        await store.get(place, "all")


async def test_we_delete_its_link_and_it_ours(store: ObjectStore, place: str, peer: Peer) -> None:
    await store.put(place, "target", pieces(b"content"))
    if peer.facts.links:
        await peer.link(place, "theirs", place, "target")
        await store.delete(place, "theirs")
    await store.add_link(place, "ours", Link(place, "target"))
    await peer.delete(place, "ours")
    assert [info.name for info in await store.list(place)] == ["target"]
    assert [seen.name for seen in await peer.list(place)] == ["target"]
    assert await read(store, place, "target") == b"content"


async def test_we_replace_its_link_by_ours(store: ObjectStore, place: str, peer: Peer) -> None:
    for name in ("one", "two"):
        await store.put(place, name, pieces(name.encode()))
    if peer.facts.links:
        await peer.link(place, "link", place, "one")
    await store.add_link(place, "link", Link(place, "two"))
    assert await peer.get(place, "link") == b"two"


async def test_either_puts_an_object_in_place_of_the_others_link(store: ObjectStore, place: str, peer: Peer) -> None:
    await store.put(place, "target", pieces(b"content"))
    await store.add_link(place, "ours", Link(place, "target"))
    await peer.put(place, "ours", b"data of its own")
    assert (await store.info(place, "ours")).link is None
    assert await read(store, place, "ours") == b"data of its own"
    if peer.facts.links:
        await peer.link(place, "theirs", place, "target")
        await store.put(place, "theirs", pieces(b"data of its own"))
        assert await peer.get(place, "theirs") == b"data of its own"
    assert await read(store, place, "target") == b"content"


async def test_a_link_of_ours_to_its_object_goes_with_its_overwrites(store: ObjectStore, place: str, peer: Peer) -> None:
    await peer.put(place, "target", b"first")
    await store.add_link(place, "link", Link(place, "target"))
    await peer.put(place, "target", b"second")
    assert await read(store, place, "link") == b"second"
    await peer.delete(place, "target")
    with pytest.raises(ObjectNotFound):
        await store.get(place, "link")


@pytest.mark.parametrize(
    "fields",
    [
        {"options": {"link": {"bucket": "BUCKET", "name": "target"}}},
        {"name": "link", "options": {"link": {"bucket": "BUCKET", "name": "target"}, "max_chunk_size": None}, "headers": None},
        {"name": "link", "bucket": "other", "nuid": "", "options": {"link": {"bucket": "BUCKET", "name": "target"}}, "mtime": ""},
    ],
)
async def test_a_link_that_lacks_fields_is_read(store: ObjectStore, bucket: str, foreign: Client, fields: dict[str, object]) -> None:
    await store.put(bucket, "target", pieces(b"content"))
    raw = orjson.dumps(fields).replace(b"BUCKET", bucket.encode())
    await foreign.jetstream().publish(metadata_subject(bucket, "link"), raw)
    info = await store.info(bucket, "link")
    assert (info.name, info.bucket, info.link, info.problem) == ("link", bucket, Link(bucket, "target"), None)
    assert await read(store, bucket, "link") == b"content"
