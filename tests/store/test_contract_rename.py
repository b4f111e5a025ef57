"""A rename keeps the nuid; a change of metadata keeps the options."""

import asyncio

import orjson
import pytest
from nats.aio.client import Client
from nats.js.api import DeliverPolicy, ObjectStoreConfig

from buckets.objectstore import Conflict, Link, ObjectStore
from buckets.objectstore.names import metadata_subject
from tests.store.helpers import pieces, read
from tests.store.stored import chunks, metadata, stored, stream_config


async def renamed(store: ObjectStore, bucket: str) -> None:
    await store.put(bucket, "old", pieces(b"a" * 5000), chunk_size=1000, description="kept", headers={"A": ["1"]}, metadata={"k": "v"})
    await store.rename(bucket, "old", "new")


@pytest.mark.servers(since="2.12")
async def test_a_rename_touches_no_chunk(store: ObjectStore, bucket: str, foreign: Client) -> None:
    info = await store.put(bucket, "old", pieces(b"a" * 5000), chunk_size=1000)
    before = await chunks(foreign, bucket)
    after = await store.rename(bucket, "old", "new")
    assert after.nuid == info.nuid
    assert await chunks(foreign, bucket) == before
    assert (await foreign.jetstream().stream_info(f"OBJ_{bucket}")).state.last_seq == info.revision + 2


@pytest.mark.servers(since="2.12")
async def test_a_rename_is_one_batch_of_two_messages_next_to_each_other(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await renamed(store, bucket)
    there, gone = await metadata(foreign, bucket)
    assert (there.name, gone.name) == ("new", "old")
    assert gone.sequence == there.sequence + 1
    assert there.headers["Nats-Batch-Id"] == gone.headers["Nats-Batch-Id"]
    assert (there.headers["Nats-Batch-Sequence"], gone.headers["Nats-Batch-Sequence"]) == ("1", "2")
    assert gone.headers["Nats-Batch-Commit"] == "1"
    assert (there.headers["Nats-Rollup"], gone.headers["Nats-Rollup"]) == ("sub", "sub")


async def test_what_a_rename_stores(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await renamed(store, bucket)
    there, gone = (message.document for message in await metadata(foreign, bucket))
    assert (there["name"], there["description"], there["headers"], there["metadata"]) == ("new", "kept", {"A": ["1"]}, {"k": "v"})
    assert (there["size"], there["chunks"], there["options"]) == (5000, 5, {"max_chunk_size": 1000})
    assert (gone["name"], gone["deleted"], gone["size"], gone["chunks"]) == ("old", True, 0, 0)
    assert gone["nuid"] != there["nuid"]


async def test_at_no_moment_is_the_object_under_neither_name(store: ObjectStore, bucket: str, foreign: Client) -> None:
    """Where there are no atomic batches, too: the new name's metadata comes first."""
    seen: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()
    names: set[str] = set()
    js = foreign.jetstream()
    await store.put(bucket, "0", pieces(b"data"))
    watching = await js.subscribe(f"$O.{bucket}.M.>", ordered_consumer=True, deliver_policy=DeliverPolicy.LAST_PER_SUBJECT)
    for number in range(20):
        await store.rename(bucket, str(number), str(number + 1))
    while names != {"20"}:
        document = orjson.loads((await watching.next_msg(timeout=10)).data)
        (names.discard if document.get("deleted") else names.add)(document["name"])
        assert names
        seen.put_nowait((document["name"], bool(document.get("deleted"))))
    assert seen.qsize() == 41


@pytest.mark.servers(since="2.12")
async def test_a_rename_that_loses_a_race_stores_nothing_at_all(store: ObjectStore, bucket: str, foreign: Client) -> None:
    info = await store.put(bucket, "old", pieces(b"data"))
    before = await stored(foreign, f"OBJ_{bucket}")
    with pytest.raises(Conflict):
        await store.rename(bucket, "old", "new", expected_revision=info.revision + 5)
    assert await stored(foreign, f"OBJ_{bucket}") == before


async def test_without_atomic_batches_a_rename_says_the_same(store: ObjectStore, foreign: Client, bucket: str) -> None:
    name = f"{bucket}-plain"
    await foreign.jetstream().create_object_store(name, ObjectStoreConfig())
    assert not (await stream_config(foreign, f"OBJ_{name}")).get("allow_atomic")
    await renamed(store, name)
    there, gone = await metadata(foreign, name)
    assert (there.name, gone.name, gone.document["deleted"]) == ("new", "old", True)
    assert "Nats-Batch-Id" not in there.headers
    assert await read(store, name, "new") == b"a" * 5000


async def test_a_name_in_latin_1_is_renamed_to_one_in_utf_8(store: ObjectStore, bucket: str, foreign: Client) -> None:
    """nats.js's kind of subject: the marker must lie where the object was."""
    raw = orjson.dumps({"name": "ü", "bucket": bucket, "nuid": "BYHAND", "size": 4, "chunks": 1})
    await foreign.jetstream().publish(f"$O.{bucket}.C.BYHAND", b"data")
    await foreign.jetstream().publish(f"$O.{bucket}.M._A==", raw)
    await store.rename(bucket, "ü", "ö")
    assert [info.name for info in await store.list(bucket)] == ["ö"]
    assert {message.subject for message in await metadata(foreign, bucket)} == {f"$O.{bucket}.M._A==", metadata_subject(bucket, "ö")}
    assert await read(store, bucket, "ö") == b"data"


async def test_a_change_of_metadata_never_changes_the_options(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", pieces(b"data"), chunk_size=3)
    await store.add_link(bucket, "link", Link(bucket, "x"))
    for name in ("x", "link"):
        before = await store.info(bucket, name)
        await store.update_meta(bucket, name, description="d", headers={"A": ["1"]}, metadata={"k": "v"})
        after = await store.info(bucket, name)
        assert (after.description, after.headers, after.metadata) == ("d", {"A": ("1",)}, {"k": "v"})
        assert (after.chunk_size, after.link, after.nuid, after.digest) == (before.chunk_size, before.link, before.nuid, before.digest)
    options = {message.name: message.document["options"] for message in await metadata(foreign, bucket)}
    assert options == {"x": {"max_chunk_size": 3}, "link": {"link": {"bucket": bucket, "name": "x"}}}


async def test_a_change_of_metadata_is_one_message_and_moves_no_data(store: ObjectStore, bucket: str, foreign: Client) -> None:
    info = await store.put(bucket, "x", pieces(b"a" * 5000), chunk_size=1000)
    before = await chunks(foreign, bucket)
    after = await store.update_meta(bucket, "x", description="new")
    assert after.revision == info.revision + 1
    assert await chunks(foreign, bucket) == before
