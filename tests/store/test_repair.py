"""Repair: orphaned chunks, deletion markers, and reading everything to see whether it is what it should be."""

import asyncio
import os
from collections.abc import AsyncGenerator
from typing import Any

import orjson
import pytest
from nats.aio.client import Client
from nats.js.api import ObjectStoreConfig

from buckets.objectstore import BucketConfig, BucketNotFound, BucketSealed, ObjectNotFound, ObjectStore, Verified
from buckets.objectstore.names import metadata_subject
from buckets.objectstore.repair.references import Nuids
from buckets.objectstore.repair.verify import _Checker
from buckets.objectstore.stream.consumer import Delivery, Handler
from buckets.objectstore.stream.listing import read_each
from tests.store.helpers import chunk_messages, pieces, read

CHUNK = 1000


async def orphan(foreign: Client, bucket: str, nuid: str, chunks: int = 3) -> None:
    """Chunks whose writer died before it wrote metadata."""
    for _ in range(chunks):
        await foreign.jetstream().publish(f"$O.{bucket}.C.{nuid}", b"x" * CHUNK)


async def write_metadata(foreign: Client, bucket: str, name: str, **fields: Any) -> None:
    await foreign.jetstream().publish(metadata_subject(bucket, name), orjson.dumps({"name": name, "bucket": bucket} | fields))


async def verified(store: ObjectStore, bucket: str, *names: str) -> dict[str, Verified]:
    return {one.name: one async for one in store.repair.verify(bucket, names or None)}


async def test_orphaned_chunks_are_found_and_removed_and_nothing_else(store: ObjectStore, bucket: str, foreign: Client) -> None:
    data = os.urandom(5000)
    for name in ("a", "b", "deleted"):
        await store.put(bucket, name, pieces(data), chunk_size=CHUNK)
    await store.delete(bucket, "deleted")
    await orphan(foreign, bucket, "LOST1")
    await orphan(foreign, bucket, "LOST2", chunks=1)
    found = await store.repair.orphans(bucket, older_than=0)
    assert [(one.nuid, one.chunks, one.doubt) for one in found] == [("LOST1", 3, None), ("LOST2", 1, None)]
    assert found[0].time < found[1].time
    purged = await store.repair.purge_orphans(bucket, older_than=0)
    assert (purged.nuids, purged.chunks, purged.doubtful) == (2, 4, 0)
    assert await store.repair.orphans(bucket, older_than=0) == []
    assert await chunk_messages(foreign, bucket) == 10
    assert await read(store, bucket, "a") == await read(store, bucket, "b") == data


async def test_what_is_younger_than_an_hour_or_in_use_is_left_alone(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await orphan(foreign, bucket, "YOUNG")
    assert await store.repair.orphans(bucket) == []
    assert (await store.repair.purge_orphans(bucket)).nuids == 0
    assert (await store.repair.purge_orphans(bucket, older_than=0, in_use={"YOUNG"})).nuids == 0
    assert await chunk_messages(foreign, bucket) == 3


async def test_chunks_left_by_a_deletion_that_was_cut_short_are_orphans(store: ObjectStore, bucket: str, foreign: Client) -> None:
    info = await store.put(bucket, "x", pieces(b"a" * 5000), chunk_size=CHUNK)
    await write_metadata(foreign, bucket, "x", nuid=info.nuid, size=0, chunks=0, deleted=True)
    assert [one.nuid for one in await store.repair.orphans(bucket, older_than=0)] == [info.nuid]


async def test_an_upload_that_goes_on_meanwhile_loses_nothing(
    store: ObjectStore, bucket: str, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its next chunk comes in the moment before the purge."""
    await orphan(foreign, bucket, "SLOW")
    repair = store.repair
    last = repair._last
    asked = 0

    async def last_and_more(bucket: str, subject: str) -> Any:
        nonlocal asked
        asked += 1
        if asked == 2:
            await orphan(foreign, bucket, "SLOW", chunks=1)
        return await last(bucket, subject)

    monkeypatch.setattr(repair, "_last", last_and_more)
    assert (await repair.purge_orphans(bucket, older_than=0)).nuids == 0
    assert await chunk_messages(foreign, bucket) == 4


async def test_an_object_that_is_renamed_while_its_bucket_is_read_is_no_orphan(
    store: ObjectStore, bucket: str, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first reading misses it: not yet under its new name, no longer under its old one."""
    await write_metadata(foreign, bucket, "old", nuid="MOVED", size=3000, chunks=3)
    await orphan(foreign, bucket, "MOVED")
    repair = store.repair

    async def rename_and_read_nothing(js: Any, bucket: str, take: Handler, *, after: int = 0) -> None:
        if after:
            await read_each(js, bucket, take, after=after)
            return
        await foreign.jetstream().purge_stream(f"OBJ_{bucket}", subject=metadata_subject(bucket, "old"))
        await write_metadata(foreign, bucket, "new", nuid="MOVED", size=3000, chunks=3)

    monkeypatch.setattr("buckets.objectstore.repair.references.read_each", rename_and_read_nothing)
    assert await repair.orphans(bucket, older_than=0) == []


async def test_an_object_that_gets_its_metadata_before_the_purge_is_no_orphan(
    store: ObjectStore, bucket: str, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is renamed at once, which the next reading misses."""
    await orphan(foreign, bucket, "LATE")
    repair, last, readings = store.repair, store.repair._last, 0

    async def last_and_metadata(bucket: str, subject: str) -> Any:
        found = await last(bucket, subject)
        if not readings:
            await write_metadata(foreign, bucket, "late", nuid="LATE", size=3000, chunks=3)
        return found

    async def rename_and_read_nothing(js: Any, bucket: str, take: Handler, *, after: int = 0) -> None:
        nonlocal readings
        readings += 1 if after else 0
        if readings == 1:
            await foreign.jetstream().purge_stream(f"OBJ_{bucket}", subject=metadata_subject(bucket, "late"))
            await write_metadata(foreign, bucket, "renamed", nuid="LATE", size=3000, chunks=3)
        else:
            await read_each(js, bucket, take, after=after)

    monkeypatch.setattr(repair, "_last", last_and_metadata)
    monkeypatch.setattr("buckets.objectstore.repair.references.read_each", rename_and_read_nothing)
    assert (await repair.purge_orphans(bucket, older_than=0)).nuids == 0
    assert (await chunk_messages(foreign, bucket), readings) == (3, 2)


async def test_all_orphans_together_take_one_reading_of_the_metadata(
    store: ObjectStore, bucket: str, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        await orphan(foreign, bucket, f"LOST{number}", chunks=1)
    for number in range(200):
        await foreign.publish(metadata_subject(bucket, f"{number}"), b'{"nuid": "N%d"}' % number)
    await write_metadata(foreign, bucket, "200", nuid="N200")  # acknowledged, so that all before it is stored
    read = 0

    async def count(js: Any, bucket: str, take: Handler, *, after: int = 0) -> None:
        """One more comes after the first reading, which is read once too."""

        def counted(token: str, raw: bytes, delivery: Delivery) -> None:
            nonlocal read
            read += 1
            take(token, raw, delivery)

        await read_each(js, bucket, counted, after=after)
        if not after:
            await write_metadata(foreign, bucket, "201", nuid="N201")

    monkeypatch.setattr("buckets.objectstore.repair.references.read_each", count)
    assert (await store.repair.purge_orphans(bucket, older_than=0)).nuids == 20
    assert read == 202


def test_what_was_added_to_many_nuids_is_there_and_nothing_else() -> None:
    nuids = Nuids()
    for number in range(0, 20_000, 2):
        nuids.add(f"N{number}")
        if number % 100 == 0:
            assert f"N{number}" in nuids
    assert [number for number in range(20_000) if f"N{number}" in nuids] == list(range(0, 20_000, 2))


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"size": 5}', b'{"nuid": "a b", "size": 5}', b'{"nuid": "a.b", "size": 5}'])
async def test_chunks_that_may_belong_to_broken_metadata_are_kept(store: ObjectStore, bucket: str, foreign: Client, raw: bytes) -> None:
    await orphan(foreign, bucket, "BEFORE")
    await foreign.jetstream().publish(metadata_subject(bucket, "broken"), raw)
    await orphan(foreign, bucket, "AFTER")
    found = {one.nuid: one.doubt for one in await store.repair.orphans(bucket, older_than=0)}
    assert found == {"BEFORE": "broken", "AFTER": None}
    purged = await store.repair.purge_orphans(bucket, older_than=0)
    assert (purged.nuids, purged.chunks, purged.doubtful) == (1, 3, 1)
    assert await chunk_messages(foreign, bucket) == 3


async def test_chunks_under_subjects_that_hold_no_nuid_are_left_alone(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", pieces(b"data"))
    for token in ("a.b", "*", "ünï"):
        await foreign.publish(f"$O.{bucket}.C.{token}", b"odd")
    await foreign.flush()
    assert await store.repair.orphans(bucket, older_than=0) == []
    await store.repair.purge_orphans(bucket, older_than=0)
    assert await read(store, bucket, "x") == b"data"


async def test_a_link_and_an_empty_object_are_no_doubt(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await orphan(foreign, bucket, "LOST")
    await store.put(bucket, "empty", pieces(b""))
    await write_metadata(foreign, bucket, "link", options={"link": {"bucket": "other", "name": "x"}})
    assert [one.doubt for one in await store.repair.orphans(bucket, older_than=0)] == [None]


async def test_markers_are_removed_for_good(store: ObjectStore, bucket: str, foreign: Client) -> None:
    for name in ("kept", "gone", "שלום"):
        await store.put(bucket, name, pieces(b"data"))
    await store.delete(bucket, "gone")
    await store.delete(bucket, "שלום")
    assert await store.repair.purge_markers(bucket, older_than=3600) == 0
    assert await store.repair.purge_markers(bucket) == 2
    assert await store.repair.purge_markers(bucket) == 0
    assert (await store.bucket(bucket)).stream.messages == 2
    assert await read(store, bucket, "kept") == b"data"
    with pytest.raises(ObjectNotFound):
        await store.info(bucket, "gone")
    await store.put(bucket, "gone", pieces(b"again"), expected_revision=0)
    assert await read(store, bucket, "gone") == b"again"


async def test_a_name_that_is_written_again_meanwhile_keeps_its_object(
    store: ObjectStore, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.put(bucket, "x", pieces(b"first"))
    await store.delete(bucket, "x")
    streams = store.repair._streams
    purge = streams.purge

    async def put_and_purge(bucket: str, subject: str, **limits: int) -> int:
        await store.put(bucket, "x", pieces(b"second"))
        return await purge(bucket, subject, **limits)

    monkeypatch.setattr(streams, "purge", put_and_purge)
    assert await store.repair.purge_markers(bucket) == 0
    monkeypatch.undo()
    assert await read(store, bucket, "x") == b"second"


async def test_a_marker_under_a_wildcard_takes_nothing_with_it(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", pieces(b"data"))
    for token in ("*", "a.*", ">", "a.>"):
        await foreign.publish(f"$O.{bucket}.M.{token}", b'{"deleted": true}')
    await foreign.flush()
    await store.repair.purge_markers(bucket)
    assert await read(store, bucket, "x") == b"data"


async def test_a_sealed_bucket_can_be_searched_but_not_repaired(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await orphan(foreign, bucket, "LOST")
    await store.put(bucket, "x", pieces(b"data"))
    await store.delete(bucket, "x")
    await store.seal_bucket(bucket)
    assert len(await store.repair.orphans(bucket, older_than=0)) == 1
    with pytest.raises(BucketSealed):
        await store.repair.purge_orphans(bucket, older_than=0)
    with pytest.raises(BucketSealed):
        await store.repair.purge_markers(bucket)


async def test_a_missing_bucket_is_told(store: ObjectStore) -> None:
    with pytest.raises(BucketNotFound):
        await store.repair.orphans("missing")
    with pytest.raises(BucketNotFound):
        await store.repair.purge_orphans("missing")
    with pytest.raises(BucketNotFound):
        await store.repair.purge_markers("missing")
    with pytest.raises(BucketNotFound):
        await verified(store, "missing")
    with pytest.raises(BucketNotFound):
        await verified(store, "missing", "x")


async def test_a_whole_bucket_is_verified(store: ObjectStore, bucket: str, foreign: Client) -> None:
    for number in range(20):
        await store.put(bucket, f"{number}", pieces(os.urandom(number * 700)), chunk_size=CHUNK)
    await (await foreign.jetstream().object_store(bucket)).put("foreign", b"by nats-py" * 1000)
    await store.put(bucket, "deleted", pieces(b"data"))
    await store.delete(bucket, "deleted")
    found = await verified(store, bucket)
    assert len(found) == 21
    assert all(one.ok and one.remark is None and one.total == 21 for one in found.values())
    assert (found["19"].size, found["0"].size, found["foreign"].size) == (13_300, 0, 10_000)


async def test_damage_is_told_in_words_and_stops_nothing(store: ObjectStore, bucket: str, foreign: Client) -> None:
    infos = {
        name: await store.put(bucket, name, pieces(b"a" * 5000), chunk_size=CHUNK) for name in ("short", "long", "other", "none", "good")
    }
    js = foreign.jetstream()
    await js.delete_msg(f"OBJ_{bucket}", infos["short"].revision - 1)
    await js.publish(f"$O.{bucket}.C.{infos['long'].nuid}", b"more")
    await js.delete_msg(f"OBJ_{bucket}", infos["other"].revision - 5)
    await js.publish(f"$O.{bucket}.C.{infos['other'].nuid}", b"b" * CHUNK)
    await js.purge_stream(f"OBJ_{bucket}", subject=f"$O.{bucket}.C.{infos['none'].nuid}")
    await js.publish(metadata_subject(bucket, "broken"), b"{")
    problems = {name: one.problem or "" for name, one in (await verified(store, bucket)).items()}
    assert problems.pop("good") == ""
    assert "4,000 bytes are stored where its metadata states 5,000" in problems["short"]
    assert "5,004 bytes are stored" in problems["long"]
    assert "SHA-256" in problems["other"]
    assert "0 bytes are stored" in problems["none"]
    assert "not JSON" in problems["broken"]


async def test_what_has_less_to_compare_is_remarked_upon(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await orphan(foreign, bucket, "NODIGEST")
    await write_metadata(foreign, bucket, "no digest", nuid="NODIGEST", size=3000, chunks=3)
    await write_metadata(foreign, bucket, "link", options={"link": {"bucket": "other", "name": "x"}})
    found = await verified(store, bucket)
    assert [(one.name, one.ok) for one in found.values()] == [("link", True), ("no digest", True)]
    assert "no digest" in (found["no digest"].remark or "")
    assert "link" in (found["link"].remark or "")


async def test_only_the_objects_named_are_verified(store: ObjectStore, bucket: str) -> None:
    for name in ("a", "b", "c"):
        await store.put(bucket, name, pieces(b"data"))
    await store.delete(bucket, "c")
    found = await verified(store, bucket, "a", "c", "missing", "")
    assert found["a"].ok
    assert [found[name].problem for name in ("c", "missing")] == ["there is no such object"] * 2
    assert "needs a name" in (found[""].problem or "")
    assert "b" not in found


async def test_an_object_replaced_while_it_is_read_is_read_again(store: ObjectStore, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await store.put(bucket, "x", pieces(b"a" * 5000), chunk_size=CHUNK)
    await store.put(bucket, "y", pieces(b"a" * 5000), chunk_size=CHUNK)
    content = _Checker._content
    done: set[str] = set()

    async def replace_and_read(self: _Checker, info: Any) -> Any:
        if info.name not in done:
            done.add(info.name)
            await (store.put(bucket, "x", pieces(b"b" * 7000)) if info.name == "x" else store.delete(bucket, "y"))
        return await content(self, info)

    monkeypatch.setattr(_Checker, "_content", replace_and_read)
    found = await verified(store, bucket)
    assert (found["x"].problem, found["x"].size) == (None, 7000)
    assert (found["y"].problem, found["y"].remark) == (None, "it was deleted meanwhile")


async def test_a_verification_that_is_left_early_leaves_nothing_behind(store: ObjectStore, bucket: str) -> None:
    for number in range(10):
        await store.put(bucket, f"{number}", pieces(os.urandom(500_000)))

    async def first(results: AsyncGenerator[Verified, None]) -> Verified:
        async for one in results:
            await results.aclose()
            return one
        raise AssertionError

    before = asyncio.all_tasks()
    assert (await first(store.repair.verify(bucket))).ok
    assert asyncio.all_tasks() <= before
    assert await read(store, bucket, "9")


async def test_a_bucket_with_many_objects_is_searched(store: ObjectStore, foreign: Client) -> None:
    await foreign.jetstream().create_object_store("search-many", ObjectStoreConfig())
    for number in range(3000):
        await foreign.publish(f"$O.search-many.C.N{number}", b"")
        if number % 1000:
            await foreign.publish(
                metadata_subject("search-many", str(number)),
                orjson.dumps({"name": str(number), "nuid": f"N{number}", "size": 0, "chunks": 1}),
            )
    await orphan(foreign, "search-many", "N3000")  # acknowledged, so that all before it is stored
    assert {one.nuid for one in await store.repair.orphans("search-many", older_than=0)} == {"N0", "N1000", "N2000", "N3000"}
    await store.delete_bucket("search-many")


async def test_it_works_in_a_bucket_without_direct_get(store: ObjectStore, foreign: Client) -> None:
    config = {"name": "OBJ_no-direct-repair", "subjects": ["$O.no-direct-repair.C.>", "$O.no-direct-repair.M.>"], "allow_rollup_hdrs": True}
    await foreign.request("$JS.API.STREAM.CREATE.OBJ_no-direct-repair", orjson.dumps(config))
    await store.put("no-direct-repair", "x", pieces(b"a" * 5000), chunk_size=CHUNK)
    await orphan(foreign, "no-direct-repair", "LOST")
    assert (await verified(store, "no-direct-repair"))["x"].ok
    assert (await store.repair.purge_orphans("no-direct-repair", older_than=0)).nuids == 1


async def test_a_full_bucket_can_be_repaired(store: ObjectStore, foreign: Client) -> None:
    await store.create_bucket(BucketConfig("full-of-orphans", max_bytes=100_000))
    await orphan(foreign, "full-of-orphans", "LOST", chunks=80)
    assert (await store.repair.purge_orphans("full-of-orphans", older_than=0)).chunks == 80
    await store.put("full-of-orphans", "x", pieces(b"a" * 80_000))


@pytest.mark.servers(since="2.14")
async def test_a_history_keeps_what_repair_removes(store: ObjectStore, bucket: str) -> None:
    await store.history.enable(bucket)
    for number in range(5):
        await store.put(bucket, f"{number}", pieces(b"data"))
        await store.delete(bucket, f"{number}")
    assert await store.repair.purge_markers(bucket) == 5
    assert (await store.bucket(bucket)).stream.messages == 0
    assert [version.kind for version in await store.history.versions(bucket, "4")] == ["delete", "put"]
    await store.history.undelete(bucket, "4")
    assert await read(store, bucket, "4") == b"data"
    assert await store.repair.orphans(bucket, older_than=0) == []


async def test_chunks_beyond_those_stated_are_told_even_if_they_are_empty(store: ObjectStore, bucket: str, foreign: Client) -> None:
    info = await store.put(bucket, "x", pieces(b"a" * 5000), chunk_size=CHUNK)
    await foreign.jetstream().publish(f"$O.{bucket}.C.{info.nuid}", b"")
    assert (await verified(store, bucket))["x"].problem == "6 chunks are stored where its metadata states 5"
