"""Buckets: create, change, seal, list, status, delete."""

from typing import Any

import orjson
import pytest
from nats.aio.client import Client
from nats.js.api import ObjectStoreConfig, StorageType

from buckets.objectstore import (
    BucketChange,
    BucketConfig,
    BucketExists,
    BucketNotFound,
    BucketSealed,
    InvalidBucketConfig,
    InvalidBucketName,
    ObjectStore,
    Placement,
    Storage,
)
from tests.store.helpers import pieces, read


async def test_a_bucket_is_created_as_asked(store: ObjectStore) -> None:
    config = BucketConfig(
        "as-asked",
        description="Quarterly",
        ttl=3600,
        max_bytes=10_000_000,
        storage=Storage.MEMORY,
        compression=True,
        metadata={"team": "ops"},
    )
    created = await store.create_bucket(config)
    assert created.config == config
    assert (await store.bucket("as-asked")).config == config


@pytest.mark.servers(since="2.14")
async def test_a_new_bucket_has_fast_ingest_and_atomic_batches(store: ObjectStore, bucket: str) -> None:
    status = await store.bucket(bucket)
    assert status.fast_ingest
    assert status.atomic
    assert status.direct


async def test_creating_it_twice_is_refused_even_with_equal_settings(store: ObjectStore, bucket: str) -> None:
    with pytest.raises(BucketExists):
        await store.create_bucket(BucketConfig(bucket))
    with pytest.raises(BucketExists):
        await store.create_bucket(BucketConfig(bucket, description="other"))


@pytest.mark.parametrize("name", ["", "a.b", "a b", "a/b", "ü", "a\n", "*", ">", "x" * 129])
async def test_a_bad_name_is_refused_with_the_rule(store: ObjectStore, name: str) -> None:
    with pytest.raises(InvalidBucketName, match="letters, digits"):
        await store.create_bucket(BucketConfig(name))
    with pytest.raises(InvalidBucketName):
        await store.bucket(name)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (BucketConfig("bad", ttl=0.01), "0.1 seconds"),
        (BucketConfig("bad", max_bytes=-5), "size limit"),
        (BucketConfig("bad", replicas=0), "1 to 5 replicas"),
        (BucketConfig("bad", replicas=6), "1 to 5 replicas"),
        (BucketConfig("bad", replicas=3), "stands alone"),
        (BucketConfig("bad", description="x" * 5000), "description"),
    ],
)
async def test_settings_that_cannot_work_are_refused_in_words(store: ObjectStore, config: BucketConfig, words: str) -> None:
    with pytest.raises(InvalidBucketConfig, match=words):
        await store.create_bucket(config)


async def test_buckets_of_other_clients_are_listed_and_other_streams_are_not(store: ObjectStore, foreign: Client) -> None:
    js = foreign.jetstream()
    await js.create_object_store("made-elsewhere", ObjectStoreConfig(description="by nats-py"))
    await js.add_stream(name="orders", subjects=["orders.>"])
    await js.add_stream(name="OBJ_impostor", subjects=["impostor.>"])
    names = [status.name for status in await store.buckets()]
    assert "made-elsewhere" in names
    assert names == sorted(names)
    assert not {"orders", "impostor"} & set(names)
    assert not (await store.bucket("made-elsewhere")).fast_ingest
    with pytest.raises(BucketNotFound):
        await store.bucket("impostor")
    with pytest.raises(BucketNotFound):
        await store.delete_bucket("impostor")


async def test_more_buckets_than_one_answer_holds_are_all_listed(store: ObjectStore, foreign: Client) -> None:
    for number in range(260):
        await foreign.jetstream().create_object_store(f"many-{number:03}", ObjectStoreConfig(storage=StorageType.MEMORY))
    try:
        assert sum(status.name.startswith("many-") for status in await store.buckets()) == 260
    finally:
        for number in range(260):
            await foreign.jetstream().delete_object_store(f"many-{number:03}")


async def test_a_deleted_bucket_is_gone(store: ObjectStore, bucket: str) -> None:
    await store.delete_bucket(bucket)
    with pytest.raises(BucketNotFound):
        await store.bucket(bucket)
    with pytest.raises(BucketNotFound):
        await store.delete_bucket(bucket)
    with pytest.raises(BucketNotFound):
        await store.info(bucket, "x")


async def raw(foreign: Client, endpoint: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """An answer of JetStream's API to another client."""
    answer: dict[str, Any] = orjson.loads((await foreign.request(f"$JS.API.{endpoint}", orjson.dumps(body) if body else b"")).data)
    assert "error" not in answer, answer
    return answer


async def test_everything_that_can_be_changed_is_changed(store: ObjectStore, bucket: str) -> None:
    change = BucketChange(description="Ünï", ttl=60.5, max_bytes=5_000_000, replicas=1, compression=True, metadata={"a": "b"})
    status = await store.update_bucket(bucket, change)
    assert status.config == BucketConfig(bucket, description="Ünï", ttl=60.5, max_bytes=5_000_000, compression=True, metadata={"a": "b"})
    assert await store.bucket(bucket) == status
    nothing = BucketChange(description="", ttl=0, max_bytes=0, compression=False, metadata={})
    assert (await store.update_bucket(bucket, nothing)).config == BucketConfig(bucket)


async def test_a_change_leaves_everything_else_as_it_is(store: ObjectStore, bucket: str, foreign: Client) -> None:
    config = (await raw(foreign, f"STREAM.INFO.OBJ_{bucket}"))["config"]
    config |= {
        "max_msg_size": 2_000_000,
        "max_msgs": 5000,
        "republish": {"src": ">", "dest": f"copy.{bucket}.>"},
        "metadata": {"team": "ops"},
    }
    await raw(foreign, f"STREAM.UPDATE.OBJ_{bucket}", config)
    before = (await raw(foreign, f"STREAM.INFO.OBJ_{bucket}"))["config"]
    await store.update_bucket(bucket, BucketChange(description="changed"))
    after = (await raw(foreign, f"STREAM.INFO.OBJ_{bucket}"))["config"]
    assert after == before | {"description": "changed"}
    assert (await store.update_bucket(bucket, BucketChange())).config.metadata == {"team": "ops"}


async def test_a_ttl_below_the_window_for_duplicates_can_be_set_and_taken_back(store: ObjectStore, bucket: str) -> None:
    assert (await store.update_bucket(bucket, BucketChange(ttl=0.5))).config.ttl == 0.5
    assert (await store.update_bucket(bucket, BucketChange(ttl=0))).config.ttl == 0
    assert (await store.update_bucket(bucket, BucketChange(ttl=86400))).config.ttl == 86400


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (BucketChange(ttl=0.01), "seconds at least"),
        (BucketChange(ttl=-1), "seconds at least"),
        (BucketChange(ttl=1e12), "seconds at least"),
        (BucketChange(max_bytes=-1), "number of bytes"),
        (BucketChange(max_bytes=2**63), "number of bytes"),
        (BucketChange(max_bytes=1000), "below the .* bytes that the bucket holds"),
        (BucketChange(replicas=0), "1 to 5 replicas"),
        (BucketChange(replicas=3), "stands alone"),
        (BucketChange(placement=Placement(tags=("ssd",))), "stands alone"),
        (BucketChange(placement=Placement(cluster="east")), "stands alone"),
        (BucketChange(description="x" * 5000), "too long"),
        (BucketChange(description="\ud800"), "Unicode"),
        (BucketChange(metadata={"a": "x" * 140_000}), "too long"),
        (BucketChange(metadata={"_nats.level": "9"}), "server's own"),
        (BucketChange(rollup=False), "cannot be switched off"),
    ],
)
async def test_a_change_that_cannot_be_is_refused_in_words(store: ObjectStore, bucket: str, change: BucketChange, words: str) -> None:
    await store.put(bucket, "x", pieces(b"a" * 5000))
    before = await store.bucket(bucket)
    with pytest.raises(InvalidBucketConfig, match=words):
        await store.update_bucket(bucket, change)
    assert await store.bucket(bucket) == before


async def test_a_size_limit_that_is_too_low_already_stands_in_the_way_of_no_other_change(store: ObjectStore, foreign: Client) -> None:
    await store.create_bucket(BucketConfig("too-low", max_bytes=100_000))
    await store.put("too-low", "x", pieces(b"a" * 50_000))
    config = (await raw(foreign, "STREAM.INFO.OBJ_too-low"))["config"]
    await raw(foreign, "STREAM.UPDATE.OBJ_too-low", config | {"max_bytes": 1000})
    status = await store.update_bucket("too-low", BucketChange(description="changed", max_bytes=1000))
    assert (status.config.description, status.config.max_bytes) == ("changed", 1000)
    assert (await store.update_bucket("too-low", BucketChange(max_bytes=60_000))).config.max_bytes == 60_000


async def test_a_missing_bucket_and_a_stream_that_is_none_are_not_changed(store: ObjectStore, foreign: Client) -> None:
    await foreign.jetstream().add_stream(name="OBJ_not-one", subjects=["not-one.>"])
    for name in ("missing", "not-one"):
        with pytest.raises(BucketNotFound):
            await store.update_bucket(name, BucketChange(description="x"))
        with pytest.raises(BucketNotFound):
            await store.seal_bucket(name)
    with pytest.raises(InvalidBucketName):
        await store.update_bucket("a.b", BucketChange(description="x"))


async def test_create_or_update_makes_a_bucket_and_then_changes_it(store: ObjectStore, foreign: Client) -> None:
    first = await store.create_or_update_bucket(BucketConfig("either", description="one"))
    assert first.config.description == "one"
    await store.put("either", "x", pieces(b"data"))
    second = await store.create_or_update_bucket(BucketConfig("either", description="two", metadata={"a": "b"}))
    assert (second.config.description, second.config.metadata, second.created) == ("two", {"a": "b"}, first.created)
    assert await read(store, "either", "x") == b"data"
    with pytest.raises(InvalidBucketConfig, match="file storage, which cannot be changed"):
        await store.create_or_update_bucket(BucketConfig("either", storage=Storage.MEMORY))


@pytest.mark.servers(before="2.12")
async def test_flags_that_an_old_server_lacks_are_refused_in_words(store: ObjectStore, bucket: str) -> None:
    for change, version in ((BucketChange(fast_ingest=True), "2.14"), (BucketChange(atomic=True), "2.12")):
        with pytest.raises(InvalidBucketConfig, match=version):
            await store.update_bucket(bucket, change)


@pytest.mark.servers(since="2.12", before="2.14")
async def test_a_server_of_between_has_atomic_batches_but_no_fast_ingest(store: ObjectStore, foreign: Client) -> None:
    await foreign.jetstream().create_object_store("between", ObjectStoreConfig())
    assert (await store.update_bucket("between", BucketChange(atomic=True))).atomic
    with pytest.raises(InvalidBucketConfig, match=r"2\.14"):
        await store.update_bucket("between", BucketChange(fast_ingest=True))
    assert not (await store.update_bucket("between", BucketChange(fast_ingest=False, atomic=False))).atomic


@pytest.mark.servers(since="2.14")
async def test_a_foreign_bucket_keeps_its_flags_until_they_are_switched_on(store: ObjectStore, foreign: Client) -> None:
    await foreign.jetstream().create_object_store("plain", ObjectStoreConfig())
    same = await store.create_or_update_bucket(BucketConfig("plain", description="same flags"))
    assert (same.fast_ingest, same.atomic) == (False, False)
    on = await store.update_bucket("plain", BucketChange(fast_ingest=True, atomic=True))
    assert (on.fast_ingest, on.atomic, on.config.description) == (True, True, "same flags")
    off = await store.update_bucket("plain", BucketChange(fast_ingest=False, atomic=False, direct=False))
    assert (off.fast_ingest, off.atomic, off.direct) == (False, False, False)


async def test_a_sealed_bucket_is_read_only_for_ever(store: ObjectStore, bucket: str) -> None:
    await store.update_bucket(bucket, BucketChange(ttl=3600))
    await store.put(bucket, "x", pieces(b"data"))
    assert (await store.seal_bucket(bucket)).sealed
    assert (await store.seal_bucket(bucket)).sealed
    assert (await store.bucket(bucket)).config.ttl == 0
    assert await read(store, bucket, "x") == b"data"
    with pytest.raises(BucketSealed):
        await store.put(bucket, "y", pieces(b"data"))
    with pytest.raises(BucketSealed):
        await store.delete(bucket, "x")


async def test_a_sealed_bucket_can_be_described_and_deleted_but_not_changed(store: ObjectStore, bucket: str) -> None:
    await store.seal_bucket(bucket)
    for change in (BucketChange(ttl=60), BucketChange(max_bytes=10_000), BucketChange(fast_ingest=True), BucketChange(rollup=True)):
        with pytest.raises(BucketSealed, match="sealed for ever"):
            await store.update_bucket(bucket, change)
    changed = await store.update_bucket(bucket, BucketChange(description="archive", metadata={"year": "2026"}))
    assert (changed.sealed, changed.config.description, changed.config.metadata) == (True, "archive", {"year": "2026"})
    await store.delete_bucket(bucket)


async def test_the_status_has_all_of_the_streams_state(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", pieces(b"a" * 3000), chunk_size=1000)
    await store.put(bucket, "x", pieces(b"b" * 2000), chunk_size=1000)
    await foreign.jetstream().subscribe(f"$O.{bucket}.M.>", ordered_consumer=True)
    status = await store.bucket(bucket)
    state = status.stream
    assert (state.messages, state.subjects, state.first_seq, state.last_seq) == (3, 2, 5, 7)
    assert (state.deleted, state.consumers, state.cluster, state.replicas) == (0, 1, "", ())
    assert (state.max_messages, state.max_per_subject, state.discard) == (0, 0, "new")
    info = await foreign.jetstream().stream_info(f"OBJ_{bucket}")
    await foreign.jetstream().update_stream(info.config.evolve(max_msgs=5000, max_msgs_per_subject=4000, discard="old"))
    limited = (await store.bucket(bucket)).stream
    assert (limited.max_messages, limited.max_per_subject, limited.discard) == (5000, 4000, "old")
    assert state.bytes > 2000
    assert status.created <= (state.first_time or status.created) <= (state.last_time or status.created)
    assert (status.rollup, status.deny_purge, status.mirror, status.sources) == (True, False, "", ())


async def test_a_bucket_that_copies_from_others_says_so(store: ObjectStore, bucket: str, foreign: Client) -> None:
    config = {"name": "OBJ_sourcing", "subjects": ["$O.sourcing.C.>", "$O.sourcing.M.>"], "sources": [{"name": f"OBJ_{bucket}"}]}
    await raw(foreign, "STREAM.CREATE.OBJ_sourcing", config)
    assert (await store.bucket("sourcing")).sources == (f"OBJ_{bucket}",)
