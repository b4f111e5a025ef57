"""ADR-20: what is said of an object, as it is stored."""

import base64
import hashlib
from datetime import datetime, timedelta

import orjson
import pytest
from nats.aio.client import Client

from buckets.objectstore import DigestMismatch, ObjectStore
from buckets.objectstore.names import metadata_subject
from tests.store.helpers import ODD_NAMES, digest, pieces, read
from tests.store.stored import chunks, metadata, only_metadata

REQUIRED = {"name", "bucket", "nuid", "size", "mtime", "chunks", "digest", "options"}


async def put_by_hand(foreign: Client, bucket: str, data: list[bytes], **fields: object) -> None:
    """An object "x" by a writer that says only what ``fields`` say."""
    js = foreign.jetstream()
    for chunk in data:
        await js.publish(f"$O.{bucket}.C.BYHAND", chunk)
    known: dict[str, object] = {"name": "x", "bucket": bucket, "nuid": "BYHAND", "size": sum(map(len, data)), "chunks": len(data)}
    await js.publish(metadata_subject(bucket, "x"), orjson.dumps(known | fields), headers={"Nats-Rollup": "sub"})


async def test_the_stored_info_has_what_adr_20_names(store: ObjectStore, bucket: str, foreign: Client) -> None:
    info = await store.put(bucket, "x", pieces(b"data"), description="d", headers={"A": ["1", "2"]}, metadata={"k": "v"}, chunk_size=3)
    document = (await only_metadata(foreign, bucket)).document
    assert set(document) == REQUIRED | {"description", "headers", "metadata"}
    assert datetime.fromisoformat(document.pop("mtime")).tzinfo is not None
    assert document == {
        "name": "x",
        "description": "d",
        "headers": {"A": ["1", "2"]},
        "metadata": {"k": "v"},
        "options": {"max_chunk_size": 3},
        "bucket": bucket,
        "nuid": info.nuid,
        "size": 4,
        "chunks": 2,
        "digest": digest(b"data"),
    }


async def test_what_is_not_said_is_not_stored(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", pieces(b"data"))
    assert set((await only_metadata(foreign, bucket)).document) == REQUIRED


@pytest.mark.parametrize("name", ODD_NAMES)
async def test_the_metadata_lies_under_the_names_padded_base64url(store: ObjectStore, bucket: str, foreign: Client, name: str) -> None:
    await store.put(bucket, name, pieces(b""))
    stored = await only_metadata(foreign, bucket)
    assert stored.subject == f"$O.{bucket}.M.{base64.urlsafe_b64encode(name.encode()).decode()}"
    assert stored.document["name"] == name


async def test_chunks_lie_under_a_nuid_that_every_put_has_anew(store: ObjectStore, bucket: str, foreign: Client) -> None:
    nuids = set()
    for name in ("x", "x", "y"):
        info = await store.put(bucket, name, pieces(b"data"))
        nuids.add(info.nuid)
        assert (await chunks(foreign, bucket))[-1].subject == f"$O.{bucket}.C.{info.nuid}"
    assert len(nuids) == 3


async def test_the_digest_is_sha_256_in_padded_base64url(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", pieces(b"data"))
    stated = (await only_metadata(foreign, bucket)).document["digest"]
    assert stated.startswith("SHA-256=")
    assert len(stated.removeprefix("SHA-256=")) == 44
    assert base64.urlsafe_b64decode(stated.removeprefix("SHA-256=")) == hashlib.sha256(b"data").digest()


@pytest.mark.parametrize("prefix", ["SHA-256=", "sha-256=", "Sha-256="])
async def test_either_case_of_the_digests_prefix_is_read(store: ObjectStore, bucket: str, foreign: Client, prefix: str) -> None:
    await put_by_hand(foreign, bucket, [b"data"], digest=prefix + digest(b"data").removeprefix("SHA-256="))
    assert await read(store, bucket, "x") == b"data"
    assert (await store.info(bucket, "x")).digest == digest(b"data")
    await put_by_hand(foreign, bucket, [], size=4, chunks=1, digest=prefix + digest(b"other").removeprefix("SHA-256="))
    with pytest.raises(DigestMismatch):
        await read(store, bucket, "x")


@pytest.mark.parametrize("stated", ["0001-01-01T00:00:00Z", "", "nonsense", None, 5, "2001-01-01T00:00:00Z"])
async def test_the_messages_time_counts_and_not_the_stated_one(store: ObjectStore, bucket: str, foreign: Client, stated: object) -> None:
    await put_by_hand(foreign, bucket, [b"data"], mtime=stated)
    message = await foreign.jetstream().get_last_msg(f"OBJ_{bucket}", f"$O.{bucket}.M.>")
    assert message.time is not None
    info = await store.info(bucket, "x")
    assert abs(info.modified - message.time) < timedelta(milliseconds=1)
    assert await read(store, bucket, "x") == b"data"


async def test_an_object_without_any_optional_field_is_read(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await put_by_hand(foreign, bucket, [b"data"])
    info = await store.info(bucket, "x")
    assert (info.digest, info.chunk_size, info.problem) == (None, None, None)
    assert await read(store, bucket, "x") == b"data"


async def test_null_is_the_same_as_nothing(store: ObjectStore, bucket: str, foreign: Client) -> None:
    """Rust's async-nats writes it for whatever it has not."""
    nothing = dict.fromkeys(("description", "headers", "metadata", "digest", "deleted", "mtime"))
    await put_by_hand(foreign, bucket, [b"data"], options={"link": None, "max_chunk_size": None}, **nothing)
    info = await store.info(bucket, "x")
    assert (info.problem, info.deleted, info.link) == (None, False, None)
    assert await read(store, bucket, "x") == b"data"


async def test_an_empty_object_has_no_chunks(store: ObjectStore, bucket: str, foreign: Client) -> None:
    info = await store.put(bucket, "x", pieces(b""))
    assert (info.size, info.chunks, info.digest) == (0, 0, digest(b""))
    assert await chunks(foreign, bucket) == []
    assert await read(store, bucket, "x") == b""


async def test_the_chunk_size_is_recorded_also_when_nobody_asked_for_one(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", pieces(b"data"))
    assert (await only_metadata(foreign, bucket)).document["options"] == {"max_chunk_size": 512 * 1024}


async def test_chunks_may_be_shorter_in_the_middle(store: ObjectStore, bucket: str, foreign: Client) -> None:
    parts = [b"a" * 100, b"b", b"c" * 99, b"", b"d" * 100, b"e" * 7]
    await put_by_hand(foreign, bucket, parts, options={"max_chunk_size": 100}, digest=digest(b"".join(parts)))
    assert await read(store, bucket, "x") == b"".join(parts)


async def test_chunks_larger_than_stated_are_read(store: ObjectStore, bucket: str, foreign: Client) -> None:
    parts = [b"a" * 50_000] * 40
    await put_by_hand(foreign, bucket, parts, options={"max_chunk_size": 10}, digest=digest(b"".join(parts)))
    assert await read(store, bucket, "x") == b"".join(parts)


async def test_metadata_published_without_roll_up_counts_by_its_last_message(store: ObjectStore, bucket: str, foreign: Client) -> None:
    """nats.js changes metadata and makes links so."""
    await store.put(bucket, "x", pieces(b"data"), description="first")
    document = (await only_metadata(foreign, bucket)).document
    await foreign.jetstream().publish(metadata_subject(bucket, "x"), orjson.dumps(document | {"description": "second"}))
    assert len(await metadata(foreign, bucket)) == 2
    assert (await store.info(bucket, "x")).description == "second"
    assert [info.description for info in await store.list(bucket)] == ["second"]
    await store.update_meta(bucket, "x", description="third")
    assert [message.document["description"] for message in await metadata(foreign, bucket)] == ["third"]
