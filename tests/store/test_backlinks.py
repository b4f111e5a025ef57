"""Who links here, across buckets."""

import uuid

import pytest
from nats.aio.client import Client

from buckets.objectstore import BucketConfig, Link, ObjectStore, Unavailable
from buckets.objectstore.names import metadata_subject
from buckets.objectstore.watching import livebuckets
from tests.store.helpers import pieces


@pytest.fixture
async def other(store: ObjectStore) -> str:
    name = f"other-{uuid.uuid4().hex[:12]}"
    await store.create_bucket(BucketConfig(name))
    return name


async def test_links_in_all_the_buckets_asked_are_found(store: ObjectStore, bucket: str, other: str) -> None:
    for name in ("a", "b"):
        await store.put(bucket, name, pieces(b"data"))
    await store.add_link(bucket, "near", Link(bucket, "a"))
    await store.add_link(other, "far", Link(bucket, "a"))
    await store.add_link(other, "to b", Link(bucket, "b"))
    await store.add_link(other, "whole", Link(bucket))
    assert await store.backlinks(bucket, "a", [bucket, other, "missing"]) == sorted([(bucket, "near"), (other, "far")])
    assert await store.backlinks(bucket, "a", [bucket]) == [(bucket, "near")]
    assert await store.backlinks(bucket, None, [bucket, other, other]) == [(other, "whole")]
    assert await store.backlinks(other, "a", [bucket, other]) == []


async def test_they_follow_what_happens(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "a", pieces(b"data"))
    await store.add_link(bucket, "one", Link(bucket, "a"))
    await store.add_link(bucket, "two", Link(bucket, "a"))
    assert await store.backlinks(bucket, "a", [bucket]) == [(bucket, "one"), (bucket, "two")]
    await store.delete(bucket, "one")
    await store.add_link(bucket, "two", Link(bucket))
    assert await store.backlinks(bucket, "a", [bucket]) == []
    theirs = b'{"name":"three","options":{"link":{"bucket":"%s","name":"a"}}}' % bucket.encode()
    acknowledged = await foreign.jetstream().publish(metadata_subject(bucket, "three"), theirs)
    assert await (await store.live(bucket)).wait_revision(acknowledged.seq, 20)
    assert await store.backlinks(bucket, "a", [bucket]) == [(bucket, "three")]


async def test_a_bucket_that_cannot_be_read_in_time_is_an_error_and_not_left_out(
    store: ObjectStore, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(livebuckets, "LOADING_SECONDS", 0.0)
    with pytest.raises(Unavailable):
        await store.backlinks(bucket, "a", [bucket])
