"""ADR-20: links, as they are stored and read."""

from collections.abc import Callable, Coroutine

import pytest
from nats.aio.client import Client

from buckets.objectstore import (
    BucketConfig,
    BucketNotFound,
    InvalidLink,
    Link,
    ObjectExists,
    ObjectNotFound,
    ObjectStore,
    ObjectStoreError,
    ObjectUnreadable,
)
from tests.store.helpers import pieces, read
from tests.store.stored import chunks, metadata, only_metadata


@pytest.fixture
async def elsewhere(store: ObjectStore, bucket: str) -> str:
    await store.create_bucket(BucketConfig(f"{bucket}-elsewhere"))
    return f"{bucket}-elsewhere"


async def test_a_link_is_metadata_that_names_bucket_and_object(store: ObjectStore, bucket: str, foreign: Client, elsewhere: str) -> None:
    await store.put(elsewhere, "target", pieces(b"content"))
    await store.add_link(bucket, "link", Link(elsewhere, "target"), description="d")
    message = await only_metadata(foreign, bucket)
    document = message.document
    assert document["options"] == {"link": {"bucket": elsewhere, "name": "target"}}
    assert (document["name"], document["bucket"], document["description"]) == ("link", bucket, "d")
    assert (document["size"], document["chunks"], document.get("digest")) == (0, 0, None)
    assert document["nuid"]
    assert message.headers["Nats-Rollup"] == "sub"
    assert await chunks(foreign, bucket) == []


async def test_a_bucket_link_names_no_object(store: ObjectStore, bucket: str, foreign: Client, elsewhere: str) -> None:
    await store.add_link(bucket, "all", Link(elsewhere))
    assert (await only_metadata(foreign, bucket)).document["options"] == {"link": {"bucket": elsewhere}}
    with pytest.raises(ObjectUnreadable, match=elsewhere):
        await store.get(bucket, "all")


async def test_a_link_is_read_through_into_another_bucket(store: ObjectStore, bucket: str, elsewhere: str) -> None:
    await store.put(elsewhere, "target", pieces(b"content"))
    await store.add_link(bucket, "link", Link(elsewhere, "target"))
    assert await read(store, bucket, "link") == b"content"
    await store.put(elsewhere, "target", pieces(b"new content"))
    assert await read(store, bucket, "link") == b"new content"


Make = Callable[[ObjectStore, str], Coroutine[None, None, Link]]


async def to_a_link(store: ObjectStore, bucket: str) -> Link:
    await store.put(bucket, "target", pieces(b"content"))
    await store.add_link(bucket, "first", Link(bucket, "target"))
    return Link(bucket, "first")


async def to_a_bucket_link(store: ObjectStore, bucket: str) -> Link:
    await store.add_link(bucket, "first", Link(bucket))
    return Link(bucket, "first")


async def to_a_deleted_object(store: ObjectStore, bucket: str) -> Link:
    await store.put(bucket, "target", pieces(b"content"))
    await store.delete(bucket, "target")
    return Link(bucket, "target")


async def to_what_never_was(_: ObjectStore, bucket: str) -> Link:
    return Link(bucket, "never")


async def to_no_bucket(_: ObjectStore, bucket: str) -> Link:
    return Link(f"{bucket}-missing", "target")


async def to_a_missing_bucket(_: ObjectStore, bucket: str) -> Link:
    return Link(f"{bucket}-missing")


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (to_a_link, InvalidLink),
        (to_a_bucket_link, InvalidLink),
        (to_a_deleted_object, InvalidLink),
        (to_what_never_was, InvalidLink),
        (to_no_bucket, BucketNotFound),
        (to_a_missing_bucket, BucketNotFound),
    ],
)
async def test_a_link_that_cannot_be_read_is_not_made(
    store: ObjectStore, bucket: str, foreign: Client, make: Make, error: type[ObjectStoreError]
) -> None:
    to = await make(store, bucket)
    before = await metadata(foreign, bucket)
    with pytest.raises(error):
        await store.add_link(bucket, "link", to)
    assert await metadata(foreign, bucket) == before


async def test_a_link_never_replaces_a_live_object_but_a_link_or_a_deleted_one(store: ObjectStore, bucket: str) -> None:
    for name in ("one", "two", "taken"):
        await store.put(bucket, name, pieces(name.encode()))
    with pytest.raises(ObjectExists):
        await store.add_link(bucket, "taken", Link(bucket, "one"))
    assert await read(store, bucket, "taken") == b"taken"
    await store.delete(bucket, "taken")
    await store.add_link(bucket, "taken", Link(bucket, "one"))
    assert await read(store, bucket, "taken") == b"one"
    await store.add_link(bucket, "taken", Link(bucket, "two"))
    assert await read(store, bucket, "taken") == b"two"
    await store.add_link(bucket, "taken", Link(bucket))
    assert (await store.info(bucket, "taken")).link == Link(bucket)


async def test_an_object_may_replace_a_link_and_leaves_its_target_alone(store: ObjectStore, bucket: str) -> None:
    await store.put(bucket, "target", pieces(b"content"))
    await store.add_link(bucket, "link", Link(bucket, "target"))
    await store.put(bucket, "link", pieces(b"data of its own"))
    assert (await store.info(bucket, "link")).link is None
    assert await read(store, bucket, "link") == b"data of its own"
    assert await read(store, bucket, "target") == b"content"


async def test_a_dangling_link_is_listed_as_a_link_and_cannot_be_read(store: ObjectStore, bucket: str, elsewhere: str) -> None:
    await store.put(elsewhere, "target", pieces(b"content"))
    await store.add_link(bucket, "link", Link(elsewhere, "target"))
    await store.delete(elsewhere, "target")
    [info] = await store.list(bucket)
    assert (info.link, info.problem) == (Link(elsewhere, "target"), None)
    with pytest.raises(ObjectNotFound, match="link to 'target'"):
        await store.get(bucket, "link")
    await store.delete_bucket(elsewhere)
    with pytest.raises(ObjectNotFound, match="link to 'target'"):
        await store.get(bucket, "link")


async def test_links_in_a_circle_end_in_an_error(store: ObjectStore, bucket: str, foreign: Client) -> None:
    """No client makes one on purpose; a link that takes its target's place may."""
    await store.put(bucket, "a", pieces(b"content"))
    await store.add_link(bucket, "b", Link(bucket, "a"))
    await store.delete(bucket, "a")
    raw = (await only_named(foreign, bucket, "b")).replace(b'"name":"a"', b'"name":"b"')
    await foreign.jetstream().publish(f"$O.{bucket}.M.YQ==", raw)
    with pytest.raises(ObjectUnreadable):
        await store.get(bucket, "b")


async def only_named(foreign: Client, bucket: str, name: str) -> bytes:
    [message] = [message for message in await metadata(foreign, bucket) if message.name == name]
    return message.data
