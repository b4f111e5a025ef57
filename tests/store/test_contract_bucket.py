"""ADR-20: a bucket is a stream of a certain shape."""

import pytest
from nats.aio.client import Client

from buckets.objectstore import BucketConfig, InvalidBucketName, ObjectStore, Storage
from tests.store.stored import stream_config


async def test_a_bucket_is_a_stream_of_chunks_and_metadata(store: ObjectStore, foreign: Client, bucket: str) -> None:
    config = await stream_config(foreign, f"OBJ_{bucket}")
    assert config["subjects"] == [f"$O.{bucket}.C.>", f"$O.{bucket}.M.>"]
    assert config["discard"] == "new"
    assert config["allow_rollup_hdrs"] is True
    assert config["allow_direct"] is True
    assert (config["retention"], config["storage"], config["num_replicas"]) == ("limits", "file", 1)
    assert (config["max_age"], config["max_bytes"], config["max_msgs"], config["max_msgs_per_subject"]) == (0, -1, -1, -1)
    assert config["compression"] == "none"


@pytest.mark.servers(since="2.14")
async def test_a_bucket_of_ours_takes_fast_ingest_and_atomic_batches(foreign: Client, bucket: str) -> None:
    config = await stream_config(foreign, f"OBJ_{bucket}")
    assert (config["allow_batched"], config["allow_atomic"]) == (True, True)


async def test_what_is_asked_of_a_bucket_is_asked_of_its_stream(store: ObjectStore, foreign: Client) -> None:
    wanted = BucketConfig(
        "contract-config",
        description="Ünï",
        ttl=3600.5,
        max_bytes=5_000_000,
        storage=Storage.MEMORY,
        compression=True,
        metadata={"owner": "me"},
    )
    await store.create_bucket(wanted)
    config = await stream_config(foreign, "OBJ_contract-config")
    assert (config["description"], config["max_age"], config["max_bytes"]) == ("Ünï", 3_600_500_000_000, 5_000_000)
    assert (config["storage"], config["compression"], config["metadata"]["owner"]) == ("memory", "s2", "me")


@pytest.mark.servers(since="2.11")
async def test_the_servers_own_metadata_is_not_shown(store: ObjectStore, foreign: Client) -> None:
    await store.create_bucket(BucketConfig("contract-metadata", metadata={"mine": "1"}))
    assert any(key.startswith("_nats.") for key in (await stream_config(foreign, "OBJ_contract-metadata"))["metadata"])
    assert (await store.bucket("contract-metadata")).config.metadata == {"mine": "1"}


@pytest.mark.parametrize("name", ["", "a.b", "a b", "a*", ">", "ä", "a/b", "$O"])
async def test_a_name_that_is_no_bucket_name_is_refused(store: ObjectStore, name: str) -> None:
    with pytest.raises(InvalidBucketName):
        await store.create_bucket(BucketConfig(name))


async def test_a_sealed_bucket_is_read_only(store: ObjectStore, foreign: Client, bucket: str) -> None:
    await store.seal_bucket(bucket)
    config = await stream_config(foreign, f"OBJ_{bucket}")
    assert (config["sealed"], config["deny_delete"], config["deny_purge"]) == (True, True, True)
