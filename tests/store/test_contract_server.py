"""What the engine relies on of nats-server, asked of it without the engine."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from buckets.objectstore import BucketConfig, ObjectStore
from tests.store.helpers import pieces
from tests.store.stored import api, chunks, metadata, stored, stream_config


@asynccontextmanager
async def inbox(foreign: Client) -> AsyncIterator[tuple[str, Callable[[], Awaitable[Msg]]]]:
    """A subject of one's own, and what comes there next."""
    subject = foreign.new_inbox()
    subscription = await foreign.subscribe(f"{subject}.>")
    yield subject, lambda: subscription.next_msg(timeout=10)
    await subscription.unsubscribe()


class Batch:
    """Fast ingest by hand: ``reply`` subjects of one batch in ``fail`` mode."""

    def __init__(self, foreign: Client, bucket: str, subject: str, flow: int = 10) -> None:
        self._foreign = foreign
        self._prefix = f"{subject}.{uuid.uuid4().hex}.{flow}.fail"
        self._chunks = f"$O.{bucket}.C.BATCH"

    async def send(self, sequence: int, operation: int, data: bytes = b"x") -> None:
        await self._foreign.publish(self._chunks, data, reply=f"{self._prefix}.{sequence}.{operation}.$FI")


async def answer(following: Callable[[], Awaitable[Msg]]) -> dict[str, Any]:
    found = orjson.loads((await following()).data)
    assert isinstance(found, dict)
    return found


@pytest.mark.servers(since="2.14")
async def test_fast_ingest_acks_its_start_and_its_end(bucket: str, foreign: Client) -> None:
    async with inbox(foreign) as (subject, following):
        batch = Batch(foreign, bucket, subject)
        await batch.send(1, 0)
        first = await answer(following)
        assert (first["type"], first["seq"]) == ("ack", 0)
        assert first["msgs"] >= 1
        await batch.send(2, 1)
        await batch.send(3, 2)
        final = await answer(following)
        while final.get("type") == "ack":
            final = await answer(following)
        assert (final["stream"], final["count"]) == (f"OBJ_{bucket}", 3)
    assert len(await chunks(foreign, bucket)) == 3


@pytest.mark.servers(since="2.14")
async def test_fast_ingest_stops_at_a_gap_and_stores_an_unbroken_prefix(bucket: str, foreign: Client) -> None:
    async with inbox(foreign) as (subject, following):
        batch = Batch(foreign, bucket, subject)
        await batch.send(1, 0, b"1")
        await answer(following)
        await batch.send(2, 1, b"2")
        await batch.send(4, 1, b"4")
        found = await answer(following)
        while found.get("type") == "ack":
            found = await answer(following)
        assert found["type"] == "gap"
        assert (await answer(following))["count"] == 2
    assert [message.data for message in await chunks(foreign, bucket)] == [b"1", b"2"]


@pytest.mark.servers(since="2.14")
async def test_fast_ingest_into_a_full_bucket_says_so_and_how_much_it_stored(store: ObjectStore, bucket: str, foreign: Client) -> None:
    name = f"{bucket}-full"
    await store.create_bucket(BucketConfig(name, max_bytes=10_000))
    async with inbox(foreign) as (subject, following):
        batch = Batch(foreign, name, subject)
        await batch.send(1, 0, b"x" * 4000)
        await answer(following)
        await batch.send(2, 1, b"x" * 4000)
        await batch.send(3, 1, b"x" * 4000)
        found = await answer(following)
        while found.get("type") == "ack":
            found = await answer(following)
        assert (found["type"], found["error"]["code"], found["error"]["err_code"]) == ("err", 503, 10077)
        assert (await answer(following))["count"] == 2
        await batch.send(4, 1, b"x")
        assert (await answer(following))["error"]["err_code"] == 10208


@pytest.mark.servers(since="2.14")
async def test_fast_ingest_where_it_is_off_is_error_10205(bucket: str, foreign: Client) -> None:
    config = await stream_config(foreign, f"OBJ_{bucket}")
    await api(foreign, f"STREAM.UPDATE.OBJ_{bucket}", config | {"allow_batched": False})
    async with inbox(foreign) as (subject, following):
        await Batch(foreign, bucket, subject).send(1, 0)
        assert (await answer(following))["error"]["err_code"] == 10205


@pytest.mark.servers(since="2.11")
async def test_a_batched_direct_get_gives_the_messages_of_a_subject_and_then_ends(store: ObjectStore, bucket: str, foreign: Client) -> None:
    """``Nats-Num-Pending`` counts what follows; before 2.12 the message itself, too."""
    itself = int(foreign.connected_server_version.minor < 12)
    info = await store.put(bucket, "x", pieces(b"a" * 5000), chunk_size=1000)
    query = {"seq": 2, "next_by_subj": f"$O.{bucket}.C.{info.nuid}", "batch": 3, "max_bytes": 100_000}
    async with inbox(foreign) as (subject, following):
        await foreign.publish(f"$JS.API.DIRECT.GET.OBJ_{bucket}", orjson.dumps(query), reply=f"{subject}.1")
        for sequence, pending in ((2, 3), (3, 2), (4, 1)):
            message = await following()
            headers = message.headers or {}
            assert (int(headers["Nats-Sequence"]), int(headers["Nats-Num-Pending"])) == (sequence, pending + itself)
            assert "Nats-Time-Stamp" in headers
            assert len(message.data) == 1000
        end = (await following()).headers or {}
        assert (end["Status"], end["Description"], end["Nats-Num-Pending"]) == ("204", "EOB", "1")


async def test_a_direct_get_of_nothing_is_404(bucket: str, foreign: Client) -> None:
    query = orjson.dumps({"seq": 1, "next_by_subj": f"$O.{bucket}.C.NONE"})
    message = await foreign.request(f"$JS.API.DIRECT.GET.OBJ_{bucket}", query, timeout=10)
    assert message.headers is not None
    assert message.headers["Status"] == "404"


@pytest.mark.servers(since="2.12")
async def test_an_atomic_batch_with_one_wrong_expectation_stores_nothing(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", pieces(b""))
    before = await stored(foreign, f"OBJ_{bucket}")
    expected = {"Nats-Rollup": "sub", "Nats-Batch-Id": uuid.uuid4().hex}
    one = expected | {"Nats-Batch-Sequence": "1", "Nats-Expected-Last-Subject-Sequence": "0"}
    other = expected | {"Nats-Batch-Sequence": "2", "Nats-Batch-Commit": "1", "Nats-Expected-Last-Subject-Sequence": "77"}
    await foreign.publish(f"$O.{bucket}.M.bmV3", b"{}", headers=one)
    answered = await foreign.request(f"$O.{bucket}.M.b2xk", b"{}", headers=other, timeout=10)
    assert orjson.loads(answered.data)["error"]["err_code"] == 10071
    assert await stored(foreign, f"OBJ_{bucket}") == before


@pytest.mark.servers(since="2.11")
async def test_a_mirror_of_a_bucket_always_answers_its_direct_gets(bucket: str, foreign: Client) -> None:
    """That is why a history is no mirror."""
    config = {"name": f"MIRROR_{bucket}", "mirror": {"name": f"OBJ_{bucket}"}, "mirror_direct": False, "storage": "memory"}
    assert (await api(foreign, f"STREAM.CREATE.MIRROR_{bucket}", config))["config"]["mirror_direct"] is True
    updated = await api(foreign, f"STREAM.UPDATE.MIRROR_{bucket}", config | {"num_replicas": 1, "mirror_direct": False})
    assert updated["config"]["mirror_direct"] is True


async def sourcing(foreign: Client, bucket: str) -> str:
    name = f"HISTORY_OBJ_{bucket}"
    config = {"name": name, "sources": [{"name": f"OBJ_{bucket}"}], "allow_direct": True, "discard": "old", "storage": "memory"}
    assert "error" not in await api(foreign, f"STREAM.CREATE.{name}", config)
    return name


async def until_copied(foreign: Client, stream: str, messages: int) -> None:
    async with asyncio.timeout(10):
        while (await api(foreign, f"STREAM.INFO.{stream}"))["state"]["messages"] != messages:
            await asyncio.sleep(0.01)


@pytest.mark.servers(since="2.14")
async def test_a_sourcing_stream_keeps_what_rolls_up_and_says_where_it_is_from(store: ObjectStore, bucket: str, foreign: Client) -> None:
    history = await sourcing(foreign, bucket)
    revisions = [(await store.put(bucket, "x", pieces(bytes(number)))).revision for number in (0, 0, 0)]
    await until_copied(foreign, history, 3)
    copies = await stored(foreign, history)
    assert [copy.name for copy in copies] == ["x"] * 3
    assert all(copy.headers["Nats-Rollup"] == "sub" for copy in copies)
    origins = [copy.headers["Nats-Stream-Source"].split() for copy in copies]
    assert [(origin[0], int(origin[1])) for origin in origins] == [(f"OBJ_{bucket}", revision) for revision in revisions]
    assert len(await metadata(foreign, bucket)) == 1


@pytest.mark.servers(since="2.14")
async def test_sourcing_goes_on_after_purges_and_deletions_in_the_copy(store: ObjectStore, bucket: str, foreign: Client) -> None:
    history = await sourcing(foreign, bucket)
    info = await store.put(bucket, "x", pieces(b"a" * 3000), chunk_size=1000)
    await until_copied(foreign, history, 4)
    await api(foreign, f"STREAM.PURGE.{history}", {"filter": f"$O.{bucket}.C.{info.nuid}"})
    await api(foreign, f"STREAM.MSG.DELETE.{history}", {"seq": 4})
    await until_copied(foreign, history, 0)
    await store.put(bucket, "y", pieces(b"data"))
    await until_copied(foreign, history, 2)


@pytest.mark.servers(since="2.14")
async def test_the_last_messages_at_a_time_or_sequence_are_one_answer_of_up_to_1024(
    store: ObjectStore, bucket: str, foreign: Client
) -> None:
    js = foreign.jetstream()
    acks = [await js.publish(f"$O.{bucket}.M.n{number}", b"{}") for number in (1, 2, 3)]
    moment = datetime.now(UTC)
    await js.publish(f"$O.{bucket}.M.n1", b"{}")
    for bound in ({"up_to_time": moment.isoformat().replace("+00:00", "Z")}, {"up_to_seq": acks[-1].seq}):
        assert await multi_last(foreign, bucket, bound) == [ack.seq for ack in acks]
    many = [foreign.publish(f"$O.{bucket}.M.m{number}", b"{}") for number in range(1022)]
    await asyncio.gather(*many)
    await js.publish(f"$O.{bucket}.C.last", b"")
    [status] = await multi_last(foreign, bucket, {})
    assert status == "413"


async def multi_last(foreign: Client, bucket: str, bound: dict[str, Any]) -> list[object]:
    """Sequences, in order; or the status if there is none."""
    found: list[object] = []
    async with inbox(foreign) as (subject, following):
        query = {"multi_last": [f"$O.{bucket}.M.>"], **bound}
        await foreign.publish(f"$JS.API.DIRECT.GET.OBJ_{bucket}", orjson.dumps(query), reply=f"{subject}.1")
        while True:
            headers = (await following()).headers or {}
            if "Status" in headers:
                return found if headers["Status"] == "204" else [headers["Status"]]
            found.append(int(headers["Nats-Sequence"]))


@pytest.mark.servers(since="2.14")
async def test_a_bucket_made_anew_is_copied_only_once_its_source_was_named_anew(store: ObjectStore, bucket: str, foreign: Client) -> None:
    history = await sourcing(foreign, bucket)
    for _ in range(3):
        await store.put(bucket, "x", pieces(b"data"))
    await until_copied(foreign, history, 6)
    await store.delete_bucket(bucket)
    await store.create_bucket(BucketConfig(bucket))
    await store.put(bucket, "x", pieces(b"data"))
    config = await stream_config(foreign, history)
    for sources in ([], [{"name": f"OBJ_{bucket}", "opt_start_seq": 1}]):
        assert "error" not in await api(foreign, f"STREAM.UPDATE.{history}", config | {"sources": sources})
    await until_copied(foreign, history, 8)


@pytest.mark.servers(before="2.14")
async def test_an_older_server_does_not_copy_what_rolls_up(store: ObjectStore, bucket: str, foreign: Client) -> None:
    """That is why a history needs 2.14."""
    history = await sourcing(foreign, bucket)
    await store.put(bucket, "x", pieces(b"a" * 3000), chunk_size=1000)
    async with asyncio.timeout(10):
        while (await api(foreign, f"STREAM.INFO.{history}"))["state"]["messages"] < 3:
            await asyncio.sleep(0.01)
    await foreign.jetstream().publish(f"$O.{bucket}.C.later", b"never copied")
    await foreign.flush()
    state = (await api(foreign, f"STREAM.INFO.{history}"))["state"]
    assert state["messages"] == 3
