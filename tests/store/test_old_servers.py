"""What tells one version of nats-server from another: detected, not assumed. That all else works on each, the other modules show."""

import re

import pytest
from nats.aio.client import Client

from buckets.objectstore import ObjectStore
from buckets.objectstore.names import chunk_subject
from buckets.objectstore.writing.ingest import FastIngest, FastIngestRefused
from tests.conftest import connected
from tests.natsserver import CURRENT, OLD_VERSIONS
from tests.store.helpers import chunk_messages, pieces, read


async def test_the_server_is_of_the_version_that_was_asked_for(store: ObjectStore, server_version: str) -> None:
    await connected(store)
    version = store.state.server_version
    assert version == server_version if server_version != CURRENT else version not in OLD_VERSIONS


def test_there_is_one_of_every_line_that_is_supported() -> None:
    lines = [re.match(r"\d+\.\d+", version) for version in OLD_VERSIONS]
    assert [line[0] for line in lines if line] == ["2.10", "2.11", "2.12", "2.14"]


@pytest.mark.servers(before="2.14")
async def test_a_server_without_fast_ingest_stores_the_start_of_one_as_a_chunk(store: ObjectStore, bucket: str, foreign: Client) -> None:
    """And says under which number, so that the window goes on behind it."""
    ingest = FastIngest(store._bulk, chunk_subject(bucket, "nuid"), 1000, 5)
    await ingest.open()
    with pytest.raises(FastIngestRefused) as refused:
        await ingest.send(b"first")
    await ingest.close()
    stored = await foreign.jetstream().get_last_msg(f"OBJ_{bucket}", chunk_subject(bucket, "nuid"))
    assert (stored.data, stored.seq) == (b"first", refused.value.stored_as)


@pytest.mark.servers(before="2.14")
async def test_and_that_chunk_is_in_the_object_once(store: ObjectStore, bucket: str, foreign: Client) -> None:
    for name in ("first", "second"):
        store._putter.windowed.discard(bucket)  # each finds out for itself
        await store.put(bucket, name, pieces(b"0123456789"), chunk_size=1)
        assert await read(store, bucket, name) == b"0123456789"
    assert await chunk_messages(foreign, bucket) == 20
