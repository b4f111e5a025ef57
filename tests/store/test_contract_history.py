"""A history is a stream that sources the bucket."""

import pytest
from nats.aio.client import Client

from buckets.objectstore import HistoryConfig, ObjectStore, Storage
from tests.store.helpers import pieces
from tests.store.stored import api, chunks, metadata, stored, stream_config

pytestmark = pytest.mark.servers(since="2.14")


async def content(store: ObjectStore, bucket: str, name: str, version: str) -> bytes:
    async with await store.history.open(bucket, name, version) as reader:
        return b"".join([piece async for piece in reader])


async def test_the_history_is_a_source_without_subjects_or_roll_up(kept: str, foreign: Client) -> None:
    config = await stream_config(foreign, f"HISTORY_OBJ_{kept}")
    assert [source["name"] for source in config["sources"]] == [f"OBJ_{kept}"]
    assert (config.get("subjects"), config.get("allow_rollup_hdrs", False), config.get("mirror")) == (None, False, None)
    assert (config["allow_direct"], config["discard"], config["retention"]) == (True, "old", "limits")
    assert (config["max_msgs_per_subject"], config["max_age"], config["max_bytes"]) == (-1, 0, -1)


async def test_the_history_has_settings_of_its_own(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.history.enable(bucket, HistoryConfig(storage=Storage.MEMORY, compression=True, max_bytes=7_000_000))
    config = await stream_config(foreign, f"HISTORY_OBJ_{bucket}")
    assert (config["storage"], config["compression"], config["max_bytes"]) == ("memory", "s2", 7_000_000)
    assert (await stream_config(foreign, f"OBJ_{bucket}"))["storage"] == "file"


async def test_switching_it_on_changes_nothing_of_the_bucket(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", pieces(b"data"))
    before = await stream_config(foreign, f"OBJ_{bucket}"), await stored(foreign, f"OBJ_{bucket}")
    await store.history.enable(bucket)
    await store.history.versions(bucket, "x")
    assert (await stream_config(foreign, f"OBJ_{bucket}"), await stored(foreign, f"OBJ_{bucket}")) == before


async def test_the_bucket_holds_what_is_current_and_the_history_everything(store: ObjectStore, kept: str, foreign: Client) -> None:
    for number in range(3):
        await store.put(kept, "x", pieces(bytes([number]) * 2500), chunk_size=1000)
    await store.update_meta(kept, "x", description="d")
    versions = await store.history.versions(kept, "x")
    assert (len(await chunks(foreign, kept)), len(await metadata(foreign, kept))) == (3, 1)
    copies = await stored(foreign, f"HISTORY_OBJ_{kept}")
    assert (len([copy for copy in copies if copy.is_chunk]), len([copy for copy in copies if not copy.is_chunk])) == (9, 4)
    assert [str(copy.sequence) for copy in copies if not copy.is_chunk] == [version.id for version in versions[::-1]]


async def test_a_versions_revision_is_the_one_that_it_had_in_the_bucket(store: ObjectStore, kept: str) -> None:
    await store.put(kept, "other", pieces(b"data"))
    revisions = [(await store.put(kept, "x", pieces(b"data"))).revision for _ in range(3)]
    versions = await store.history.versions(kept, "x")
    assert [version.info.revision for version in versions[::-1]] == revisions


async def test_the_current_version_is_read_also_when_the_history_has_lost_its_data(store: ObjectStore, kept: str, foreign: Client) -> None:
    info = await store.put(kept, "x", pieces(b"current"))
    [version] = await store.history.versions(kept, "x")
    await api(foreign, f"STREAM.PURGE.HISTORY_OBJ_{kept}", {"filter": f"$O.{kept}.C.{info.nuid}"})
    assert await content(store, kept, "x", version.id) == b"current"


async def test_a_current_version_is_never_pruned(store: ObjectStore, bucket: str) -> None:
    await store.history.enable(bucket, HistoryConfig(keep_versions=1))
    for name in ("x", "x", "x", "y"):
        await store.put(bucket, name, pieces(name.encode()))
    await store.history.versions(bucket, "x")
    await store.history.prune(bucket)
    for name in ("x", "y"):
        versions = await store.history.versions(bucket, name)
        assert versions[0].current
        assert await content(store, bucket, name, versions[0].id) == name.encode()
