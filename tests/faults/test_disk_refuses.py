"""nats-server whose disk takes nothing any more: its own files may not grow. It answers pings as before, but stores nothing and says so to
nobody; until it is restarted with room."""

import asyncio
import resource
from collections.abc import AsyncIterator

import pytest

from buckets.objectstore import BucketConfig, ObjectStore, Unavailable
from buckets.objectstore.writing.chunkwriter import ChunkWriter
from tests.conftest import running_store
from tests.faults.helpers import content
from tests.natsserver import NatsServer
from tests.store.helpers import read

MIB = 1024 * 1024
PATIENCE = 60


@pytest.fixture
async def store(fresh_nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ObjectStore]:
    monkeypatch.setattr(ChunkWriter, "patience", 1.0)
    async with running_store(fresh_nats_server, request_timeout=1.0) as store:
        yield store


async def large() -> AsyncIterator[bytes]:
    for _ in range(64):
        yield content(MIB)


async def test_an_upload_ends_with_an_error_reading_goes_on_and_a_restart_mends_it(
    store: ObjectStore, fresh_nats_server: NatsServer
) -> None:
    await store.create_bucket(BucketConfig("files"))
    await store.put("files", "kept", content(3 * MIB))
    assert fresh_nats_server.process is not None
    resource.prlimit(fresh_nats_server.process.pid, resource.RLIMIT_FSIZE, (4 * MIB, 4 * MIB))
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(Unavailable):
            await store.put("files", "large", large())
    assert await read(store, "files", "kept") == content(3 * MIB)
    fresh_nats_server.stop()
    fresh_nats_server.start()
    async with asyncio.timeout(PATIENCE):
        await store.put("files", "large", large())
        assert await read(store, "files", "large") == content(MIB) * 64
        assert await read(store, "files", "kept") == content(3 * MIB)
        assert {info.name for info in await store.list("files")} == {"kept", "large"}
