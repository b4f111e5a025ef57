"""What a hostile client can put into a bucket, and what must not come of it."""

import asyncio
import socket
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import orjson
import pytest
from nats.aio.client import Client

from buckets.objectstore import DigestMismatch, ObjectNotFound, ObjectStore, ObjectUnreadable
from buckets.objectstore.names import latin1_subject, metadata_subject
from tests.natsserver import NatsServer
from tests.store.helpers import chunk_messages, digest, pieces, read
from tests.store.test_live import names, until


async def publish_info(foreign: Client, bucket: str, name: str, **fields: object) -> None:
    raw = orjson.dumps({"name": name, "bucket": bucket, **fields})
    await foreign.jetstream().publish(metadata_subject(bucket, name), raw, headers={"Nats-Rollup": "sub"})


def publish_raw(server: NatsServer, subject: bytes, payload: bytes) -> None:
    """Publish on a subject that no client library would send."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        lines = connection.makefile("rb")
        lines.readline()
        connection.sendall(b"CONNECT {}\r\nPUB " + subject + b" %d\r\n" % len(payload) + payload + b"\r\nPING\r\n")
        while lines.readline() != b"PONG\r\n":
            pass


async def test_a_subject_that_is_not_utf_8_stops_nothing(store: ObjectStore, bucket: str, nats_server: NatsServer) -> None:
    live = await store.live(bucket)
    await live.wait_ready(10)
    await asyncio.to_thread(publish_raw, nats_server, f"$O.{bucket}.M.".encode() + b"\xff\xfe", b'{"nuid": "x"}')
    await store.put(bucket, "fine", pieces(b"data"))
    await until(live, lambda: len(live.index) == 2)
    assert names(live) == {"fine", r"\xff\xfe"}
    with pytest.raises(ObjectUnreadable, match="cannot be reached"):
        await store.delete(bucket, r"\xff\xfe")


@pytest.mark.parametrize("nuid", [">", "*", "a.b", "x y", "x" * 65])
async def test_a_nuid_with_a_wildcard_reaches_no_other_object(store: ObjectStore, bucket: str, foreign: Client, nuid: str) -> None:
    await store.put(bucket, "innocent", pieces(b"x" * 5000), chunk_size=1000)
    await publish_info(foreign, bucket, "trap", nuid=nuid, size=1, chunks=1)
    with pytest.raises(ObjectUnreadable):
        await store.get(bucket, "trap")
    await store.put(bucket, "trap", pieces(b"replaced"))
    await publish_info(foreign, bucket, "trap", nuid=nuid, size=1, chunks=1)
    await store.delete(bucket, "trap")
    assert await read(store, bucket, "innocent") == b"x" * 5000
    with pytest.raises(ObjectNotFound):
        await store.info(bucket, "trap")


@pytest.mark.parametrize("token", ["a.b.Zm9v", "é", "not-base64!"])
async def test_an_odd_subject_shadows_nothing_and_can_be_deleted(store: ObjectStore, bucket: str, foreign: Client, token: str) -> None:
    await store.put(bucket, "foo", pieces(b"data"))
    await foreign.jetstream().publish(f"$O.{bucket}.M.{token}", b'{"name": "foo", "nuid": "x"}')
    live = await store.live(bucket)
    await live.wait_ready(10)
    await until(live, lambda: len(live.index) == 2)
    assert names(live) == {"foo", token}
    await store.delete(bucket, token)
    assert names(live) == {"foo"}
    assert await read(store, bucket, "foo") == b"data"


async def test_huge_metadata_is_not_kept_in_the_listing_and_can_be_deleted(store: ObjectStore, bucket: str, foreign: Client) -> None:
    huge = "x" * 900_000
    await publish_info(foreign, bucket, "huge", nuid="N", size=3, headers={"Content-Type": ["text/plain"], "X": [huge]})
    live = await store.live(bucket)
    await live.wait_ready(10)
    (entry,) = live.index.entries()
    assert len(entry.raw) < 1000
    listed = live.index.get("huge")
    assert listed is not None
    assert (listed.size, listed.content_type) == (3, "text/plain")
    assert (await store.info(bucket, "huge")).headers["X"] == (huge,)
    await store.delete(bucket, "huge")
    assert not names(live)


@pytest.mark.parametrize("fields", [{"size": 2**62, "chunks": 3}, {"size": -1}, {"size": "3"}, {"size": 3, "chunks": 1.5}])
async def test_sizes_that_cannot_be_are_refused_before_anything_is_sent(
    store: ObjectStore, bucket: str, foreign: Client, fields: dict[str, object]
) -> None:
    await publish_info(foreign, bucket, "absurd", nuid="N", **fields)
    assert (await store.info(bucket, "absurd")).problem
    with pytest.raises(ObjectUnreadable):
        await store.get(bucket, "absurd")
    live = await store.live(bucket)
    await live.wait_ready(10)
    assert live.index.size < 100


async def test_a_bucket_name_that_is_too_long_is_not_listed(store: ObjectStore, foreign: Client) -> None:
    name = "L" * 180
    await foreign.jetstream().add_stream(name=f"OBJ_{name}", subjects=[f"$O.{name}.C.>", f"$O.{name}.M.>"])
    try:
        assert name not in [status.name for status in await store.buckets()]
    finally:
        await foreign.jetstream().delete_stream(f"OBJ_{name}")


async def change_metadata(foreign: Client, bucket: str, name: str, fields: Mapping[str, object], remove: Iterable[str] = ()) -> None:
    """Write an object's metadata with some fields in another way, or without them."""
    js = foreign.jetstream()
    found = orjson.loads((await js.get_last_msg(f"OBJ_{bucket}", metadata_subject(bucket, name))).data or b"")
    raw = orjson.dumps({key: value for key, value in ({**found, **fields}).items() if key not in remove})
    await js.publish(metadata_subject(bucket, name), raw, headers={"Nats-Rollup": "sub"})


@pytest.mark.parametrize(
    ("remove", "fields"),
    [(["size"], {}), ([], {"size": 0}), (["size", "chunks"], {}), (["size", "digest"], {}), ([], {"size": 0, "chunks": 0})],
    ids=["no size", "size 0", "neither size nor chunks", "neither size nor digest", "both 0"],
)
async def test_an_object_that_does_not_say_how_large_it_is_is_read_in_full(
    store: ObjectStore, bucket: str, foreign: Client, remove: list[str], fields: dict[str, object]
) -> None:
    data = b"content" * 1000
    await store.put(bucket, "x", pieces(data), chunk_size=1000)
    await change_metadata(foreign, bucket, "x", fields, remove)
    assert (await store.info(bucket, "x")).size == 0
    reader = await store.get(bucket, "x")
    assert reader.info.size == 7000
    async with reader:
        assert b"".join([piece async for piece in reader.within(100, 50)]) == data[100:150]
    assert await read(store, bucket, "x") == data
    assert (await store.copy(bucket, "x", bucket, "copy")).size == 7000


@pytest.mark.parametrize("fields", [{"size": 0}, {"size": 0, "chunks": 0}])
async def test_what_does_not_say_how_large_it_is_is_compared_with_its_digest(
    store: ObjectStore, bucket: str, foreign: Client, fields: dict[str, object]
) -> None:
    for name in ("x", "gone"):
        await store.put(bucket, name, pieces(b"a" * 3000), chunk_size=1000)
        await change_metadata(foreign, bucket, name, {"digest": "SHA-256=" + "A" * 43 + "="} | fields)
    await foreign.jetstream().purge_stream(f"OBJ_{bucket}", subject=f"$O.{bucket}.C.{(await store.info(bucket, 'gone')).nuid}")
    for name in ("x", "gone"):
        with pytest.raises(DigestMismatch):
            await read(store, bucket, name)


async def test_chunks_that_are_gone_do_not_make_an_object_empty(store: ObjectStore, bucket: str, foreign: Client) -> None:
    info = await store.put(bucket, "x", pieces(b"a" * 3000), chunk_size=1000)
    await change_metadata(foreign, bucket, "x", {"size": 0}, ["digest"])
    await foreign.jetstream().purge_stream(f"OBJ_{bucket}", subject=f"$O.{bucket}.C.{info.nuid}")
    with pytest.raises(DigestMismatch, match="incomplete"):
        await read(store, bucket, "x")


async def test_an_empty_object_is_read_as_such_whatever_chunks_it_has(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await foreign.jetstream().publish(f"$O.{bucket}.C.EMPTY", b"")
    odd: dict[str, dict[str, object]] = {"nothing": {}, "one chunk": {"chunks": 1}, "a digest": {"chunks": 1, "digest": digest(b"")}}
    for name, fields in odd.items():
        await publish_info(foreign, bucket, name, nuid="EMPTY", size=0, **fields)
        assert await read(store, bucket, name) == b""


ODD: dict[str, object] = {"headers": {"A": ["x"], "B": 5}, "metadata": {"n": 1, "keep": "me"}, "tags": [1.50]}


async def document(foreign: Client, bucket: str, name: str) -> dict[str, object]:
    found = orjson.loads((await foreign.jetstream().get_last_msg(f"OBJ_{bucket}", metadata_subject(bucket, name))).data or b"")
    assert isinstance(found, dict)
    return found


async def test_what_cannot_be_parsed_survives_a_change_a_rename_and_a_copy(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", pieces(b"data"))
    await change_metadata(foreign, bucket, "x", ODD | {"options": {"max_chunk_size": 1000, "future": True}, "digest": "SHA-512=abc"})
    await store.update_meta(bucket, "x", description="new")
    assert (await document(foreign, bucket, "x"))["digest"] == "SHA-512=abc"
    await store.rename(bucket, "x", "y")
    await store.copy(bucket, "y", bucket, "z")
    for name in "yz":
        found = await document(foreign, bucket, name)
        assert {key: found[key] for key in ODD} == ODD
        assert (found["options"], found["name"], found["description"]) == ({"max_chunk_size": 1000, "future": True}, name, "new")
        assert await read(store, bucket, name) == b"data"
    await store.update_meta(bucket, "y", metadata={})
    found = await document(foreign, bucket, "y")
    assert ("metadata" in found, found["headers"]) == (False, ODD["headers"])


@pytest.mark.servers(since="2.14")
async def test_what_cannot_be_parsed_is_restored(store: ObjectStore, kept: str, foreign: Client) -> None:
    await store.put(kept, "x", pieces(b"data"))
    await change_metadata(foreign, kept, "x", ODD)
    odd = (await store.history.versions(kept, "x"))[0]
    await store.update_meta(kept, "x", metadata={})
    await store.history.restore(kept, "x", odd.id)
    assert (await document(foreign, kept, "x"))["metadata"] == ODD["metadata"]
    await store.delete(kept, "x")
    await store.history.undelete(kept, "x")
    found = await document(foreign, kept, "x")
    assert {key: found[key] for key in ODD} == ODD
    assert await read(store, kept, "x") == b"data"


@pytest.mark.servers(since="2.12")  # before, a rename is a copy, which takes what can be read
async def test_metadata_that_is_not_json_is_renamed_as_it_is_and_never_changed(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await foreign.jetstream().publish(metadata_subject(bucket, "broken"), b"{not json")
    with pytest.raises(ObjectUnreadable, match="not JSON"):
        await store.update_meta(bucket, "broken", description="new")
    await store.rename(bucket, "broken", "y")
    assert (await foreign.jetstream().get_last_msg(f"OBJ_{bucket}", metadata_subject(bucket, "y"))).data == b"{not json"
    assert [info.name for info in await store.list(bucket)] == ["y"]


async def test_chunks_that_metadata_does_not_tell_of_go_with_it(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", pieces(b"a" * 3000), chunk_size=1000)
    await change_metadata(foreign, bucket, "x", {}, ["chunks"])
    await store.put(bucket, "x", pieces(b"new"))
    assert await chunk_messages(foreign, bucket) == 1


async def test_both_markers_of_a_name_under_two_subjects_are_erased(store: ObjectStore, bucket: str, foreign: Client) -> None:
    latin1 = latin1_subject(bucket, "é.txt")
    assert latin1 is not None
    await store.put(bucket, "é.txt", pieces(b"data"))
    await foreign.jetstream().publish(latin1, orjson.dumps({"name": "é.txt", "nuid": "OTHER", "size": 0}))
    await store.erase(bucket, "é.txt")
    assert await store.list(bucket, deleted=True) == []
    assert (await store.bucket(bucket)).stream.messages == 0


@pytest.mark.servers(since="2.14")
async def test_a_deletion_without_a_body_is_one_in_the_history_too(store: ObjectStore, kept: str, foreign: Client) -> None:
    await store.put(kept, "x", pieces(b"data"))
    await foreign.jetstream().publish(metadata_subject(kept, "x"), b"", headers={"Nats-Rollup": "sub"})
    async with asyncio.timeout(20):  # it is copied a moment later
        while len(versions := await store.history.versions(kept, "x")) < 2:
            await asyncio.sleep(0.01)
    assert [version.kind for version in versions] == ["delete", "put"]
    assert [info.name for info in (await store.history.trash(kept)).infos()] == ["x"]
    assert len(await store.history.at(kept, datetime.now(UTC))) == 0
    await store.history.undelete(kept, "x")
    assert await store.repair.purge_markers(kept) == 0
    await foreign.jetstream().publish(metadata_subject(kept, "x"), b"", headers={"Nats-Rollup": "sub"})
    assert await store.repair.purge_markers(kept) == 1
