"""What the server takes in one message."""

import os
from collections.abc import AsyncIterator, Iterator

import nats
import pytest
from nats.aio.client import Client

from buckets.objectstore import BucketConfig, InvalidMetadata, Link, ObjectStore
from tests.conftest import running_store
from tests.natsserver import NatsServer
from tests.store.helpers import chunk_messages, pieces, read

LIMIT = 100_000


@pytest.fixture
def narrow_server() -> Iterator[NatsServer]:
    server = NatsServer(f"max_payload: {LIMIT}")
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def narrow(narrow_server: NatsServer) -> AsyncIterator[ObjectStore]:
    async with running_store(narrow_server) as store:
        await store.create_bucket(BucketConfig("files"))
        yield store


@pytest.fixture
async def other(narrow_server: NatsServer) -> AsyncIterator[Client]:
    client = await nats.connect(narrow_server.url)
    yield client
    await client.close()


async def test_chunks_fit_into_the_servers_messages(narrow: ObjectStore) -> None:
    data = os.urandom(1_000_000)
    info = await narrow.put("files", "x", pieces(data))
    assert info.chunk_size is not None
    assert LIMIT // 2 < info.chunk_size < LIMIT
    assert await read(narrow, "files", "x") == data


async def test_a_chunk_size_beyond_the_servers_messages_is_refused_before_any_data(narrow: ObjectStore, other: Client) -> None:
    with pytest.raises(InvalidMetadata, match="chunk size"):
        await narrow.put("files", "x", pieces(b"data"), chunk_size=LIMIT)
    assert await chunk_messages(other, "files") == 0


async def test_metadata_beyond_the_servers_messages_is_refused_in_words(narrow: ObjectStore, other: Client) -> None:
    too_much = "d" * LIMIT
    with pytest.raises(InvalidMetadata):
        await narrow.put("files", "x", pieces(b"data"), description=too_much)
    assert await chunk_messages(other, "files") == 0
    await narrow.put("files", "x", pieces(b"data"))
    with pytest.raises(InvalidMetadata):
        await narrow.update_meta("files", "x", description=too_much)
    with pytest.raises(InvalidMetadata):
        await narrow.add_link("files", "link", Link("files", "x"), description=too_much)
    assert await read(narrow, "files", "x") == b"data"
