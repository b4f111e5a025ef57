"""The JavaScript client ``@nats-io/obj`` and ours, each reading what the other wrote."""

import asyncio
import json
import os
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.js.api import ObjectStoreConfig

from buckets.objectstore import ObjectNotFound, ObjectStore
from tests.natsserver import NatsServer
from tests.store.helpers import digest, pieces, read

SCRIPT = Path(__file__).parent.parent / "interop_node" / "objects.mjs"
NAMES = ["plain.txt", "/a/../b//", 'quote"and\nnewline', "x" * 500]


class NatsJs:
    """One call of the client a process."""

    def __init__(self, server: NatsServer, bucket: str) -> None:
        self._arguments = (server.url.removeprefix("nats://"), bucket)

    async def __call__(self, action: str, name: str, data: bytes = b"") -> bytes:
        process = await asyncio.create_subprocess_exec(
            "node", str(SCRIPT), action, *self._arguments,
            env={**os.environ, "NAME": json.dumps(name)},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, errors = await asyncio.wait_for(process.communicate(data), 60)
        assert process.returncode == 0, errors.decode()
        return output


@pytest.fixture
def nats_js(nats_server: NatsServer, bucket: str) -> NatsJs:
    return NatsJs(nats_server, bucket)


@pytest.mark.parametrize("size", [0, 10, 131_072, 3_000_001])
async def test_it_reads_what_we_wrote(store: ObjectStore, bucket: str, nats_js: NatsJs, size: int) -> None:
    data = os.urandom(size)
    await store.put(bucket, "ours", pieces(data), description="by us")
    assert await nats_js("get", "ours") == data
    info = json.loads(await nats_js("info", "ours"))
    assert (info["size"], info["digest"], info["description"]) == (size, digest(data), "by us")


@pytest.mark.parametrize("size", [0, 10, 131_072, 3_000_001])
async def test_we_read_what_it_wrote(store: ObjectStore, bucket: str, nats_js: NatsJs, size: int) -> None:
    data = os.urandom(size)
    await nats_js("put", "theirs", data)
    assert await read(store, bucket, "theirs") == data
    info = await store.info(bucket, "theirs")
    assert (info.size, info.digest, info.problem) == (size, digest(data), None)


@pytest.mark.parametrize("name", NAMES)
async def test_odd_names_mean_the_same_to_both(store: ObjectStore, bucket: str, nats_js: NatsJs, name: str) -> None:
    await nats_js("put", name, b"theirs")
    assert await read(store, bucket, name) == b"theirs"
    await store.put(bucket, name, pieces(b"ours"))
    assert await nats_js("get", name) == b"ours"


async def test_names_that_it_encodes_in_latin_1_are_the_same_object_to_us(store: ObjectStore, bucket: str, nats_js: NatsJs) -> None:
    """nats.js 3.4 keeps names beyond ASCII under a Latin-1 subject, and refuses those beyond Latin-1."""
    live = await store.live(bucket)
    await nats_js("put", "Übersicht.txt", b"theirs")
    assert await read(store, bucket, "Übersicht.txt") == b"theirs"
    await live.wait_ready(10)
    found = live.index.get("Übersicht.txt")
    assert found is not None
    assert found.problem is None
    await store.put(bucket, "Übersicht.txt", pieces(b"ours"))
    assert await nats_js("get", "Übersicht.txt") == b"ours"
    await store.delete(bucket, "Übersicht.txt")
    assert json.loads(await nats_js("info", "Übersicht.txt"))["deleted"] is True
    assert await store.count_objects(bucket) == 0


async def test_deletions_mean_the_same_to_both(store: ObjectStore, bucket: str, nats_js: NatsJs) -> None:
    await nats_js("put", "a", b"data")
    await store.delete(bucket, "a")
    assert json.loads(await nats_js("info", "a"))["deleted"] is True
    await store.put(bucket, "b", pieces(b"data"))
    await nats_js("delete", "b")
    with pytest.raises(ObjectNotFound):
        await store.info(bucket, "b")


async def test_what_it_does_is_in_the_live_index(store: ObjectStore, foreign: Client, nats_server: NatsServer) -> None:
    await foreign.jetstream().create_object_store("live-js", ObjectStoreConfig())
    live = await store.live("live-js")
    await live.wait_ready(10)
    with live.subscribe() as changes:
        await NatsJs(nats_server, "live-js")("put", "theirs", b"data")
        assert "theirs" in (await asyncio.wait_for(changes.next(), 10)).names
