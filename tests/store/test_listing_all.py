"""Reading the whole metadata state at once: complete or an error, and nothing is left behind."""

import asyncio

import nats
import pytest
from nats.aio.client import Client

from buckets.objectstore import BucketConfig, BucketNotFound, ObjectStore, Unavailable
from buckets.objectstore.names import metadata_subject
from buckets.objectstore.stream import listing as listing_module
from buckets.objectstore.stream.consumer import Delivery
from buckets.objectstore.stream.listing import read_all
from buckets.objectstore.transport.jetstream import JetStream
from tests.conftest import running_store
from tests.natsserver import NatsServer
from tests.store.helpers import pieces


@pytest.fixture
def js(store: ObjectStore) -> JetStream:
    return store._js


async def fill(foreign: Client, bucket: str, names: list[str]) -> None:
    for name in names:
        await foreign.publish(metadata_subject(bucket, name), b'{"name":"%s","nuid":"x","size":1,"chunks":1}' % name.encode())
    await foreign.jetstream().publish(metadata_subject(bucket, names[-1]), b'{"name":"%s","nuid":"x"}' % names[-1].encode())


async def test_an_empty_bucket_is_an_empty_list(js: JetStream, bucket: str) -> None:
    assert await read_all(js, bucket) == []


async def test_a_missing_bucket_is_an_error(js: JetStream) -> None:
    with pytest.raises(BucketNotFound):
        await read_all(js, "missing")


async def test_deleted_objects_are_there_and_only_the_newest_of_each(store: ObjectStore, js: JetStream, bucket: str) -> None:
    for content in (b"one", b"three"):
        await store.put(bucket, "twice", pieces(content))
    await store.put(bucket, "gone", pieces(b"data"))
    await store.delete(bucket, "gone")
    found = await read_all(js, bucket)
    assert [(entry.name, entry.size, entry.deleted) for entry in found] == [("twice", 5, False), ("gone", 0, True)]
    assert found[0].revision < found[1].revision


async def test_messages_without_roll_up_give_one_entry_a_subject(js: JetStream, bucket: str, foreign: Client) -> None:
    await fill(foreign, bucket, ["a", "b", "a", "b", "a"])
    found = await read_all(js, bucket)
    assert [(entry.name, entry.revision) for entry in found] == [("b", 4), ("a", 6)]


async def test_thousands_are_complete_while_others_write(js: JetStream, bucket: str, foreign: Client) -> None:
    await fill(foreign, bucket, [f"n{number}" for number in range(5000)])
    writing = asyncio.create_task(fill(foreign, bucket, [f"n{number % 5000}" for number in range(2000)]))
    found = await read_all(js, bucket)
    await writing
    assert {entry.name for entry in found} == {f"n{number}" for number in range(5000)}


async def test_the_consumer_is_gone_afterwards(js: JetStream, bucket: str, foreign: Client) -> None:
    await fill(foreign, bucket, ["a"])
    await read_all(js, bucket)
    await js.api("INFO")  # the server has read what was sent before
    assert (await foreign.jetstream().stream_info(f"OBJ_{bucket}")).state.consumer_count == 0


async def test_what_the_stream_says_last_and_then_loses_does_not_hang_it(
    js: JetStream, bucket: str, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(foreign, bucket, ["a", "b"])
    honest = listing_module._Reading._newest
    asked: list[int] = []

    async def one_more(reading: listing_module._Reading) -> int:
        asked.append(await honest(reading))
        return asked[0] + 1 if len(asked) == 1 else asked[-1]

    monkeypatch.setattr(listing_module._Reading, "_newest", one_more)
    assert [entry.name for entry in await read_all(js, bucket)] == ["a", "b"]
    assert len(asked) > 1


async def test_a_server_that_stops_answering_is_an_error_in_bounded_time(
    fresh_nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing_module, "PATIENCE", 0.3)
    async with running_store(fresh_nats_server) as store:
        await store.create_bucket(BucketConfig("lost"))
        await store.put("lost", "x", pieces(b"data"))

        async def never(reading: listing_module._Reading) -> int:
            return 1000

        monkeypatch.setattr(listing_module._Reading, "_newest", never)
        with pytest.raises(Unavailable):
            async with asyncio.timeout(10):
                await read_all(store._js, "lost")


async def test_it_survives_a_kill_of_the_server_in_the_middle(fresh_nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_store(fresh_nats_server, connect_wait=10.0) as store:
        await store.create_bucket(BucketConfig("killed"))
        other = await nats.connect(fresh_nats_server.url)
        await fill(other, "killed", [f"n{number}" for number in range(5000)])
        await other.close()
        take = listing_module._Reading._take
        killed: list[str] = []

        def kill_once(reading: listing_module._Reading, token: str, raw: bytes, delivery: Delivery) -> None:
            take(reading, token, raw, delivery)
            if not killed:
                killed.append(token)
                fresh_nats_server.kill()
                fresh_nats_server.start()

        monkeypatch.setattr(listing_module._Reading, "_take", kill_once)
        assert len(await read_all(store._js, "killed")) == 5000
        assert killed
        for connection in (store._bulk, store._watching):
            await connection.client()  # nats-py leaves a socket behind when it is closed while it reconnects
