"""A history beside what other clients and operators do: mirrors of it, renames without a marker, buckets made anew."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from nats.aio.client import Client

from buckets.objectstore import BucketConfig, HistoryChange, ObjectStore
from buckets.objectstore.names import metadata_subject
from tests.store.helpers import contents, history_messages, read

pytestmark = pytest.mark.servers(since="2.14")


async def names_at(store: ObjectStore, bucket: str, moment: datetime) -> list[str]:
    return sorted(info.name for info in (await store.history.at(bucket, moment)).infos())


async def now(store: ObjectStore, bucket: str, name: str) -> datetime:
    """After all that was written of ``name`` has been copied."""
    await store.history.versions(bucket, name)
    return datetime.now(UTC)


async def rename(foreign: Client, bucket: str, name: str, new: str) -> None:
    """As the Go client does it: the old name's metadata is purged."""
    js = foreign.jetstream()
    metadata = orjson.loads((await js.get_last_msg(f"OBJ_{bucket}", metadata_subject(bucket, name))).data or b"")
    await js.publish(metadata_subject(bucket, new), orjson.dumps(metadata | {"name": new}), headers={"Nats-Rollup": "sub"})
    await js.purge_stream(f"OBJ_{bucket}", subject=metadata_subject(bucket, name))


@pytest.fixture(params=["limited", "only chunks", "empty"])
async def mirrored(request: pytest.FixtureRequest, store: ObjectStore, kept: str, foreign: Client) -> AsyncIterator[str]:
    """A bucket whose history has a mirror that answers direct gets in its place, and lacks much."""
    for number in range(6):
        await store.put(kept, f"{number}", b"old %d" % number)
        await store.put(kept, f"{number}", b"new %d" % number)
    await store.history.versions(kept, "5")
    history = f"HISTORY_OBJ_{kept}"
    name = f"MIRROR_{kept}"
    configs: dict[str, dict[str, Any]] = {
        "limited": {"mirror": {"name": history}, "max_msgs": 4, "discard": "old"},
        "only chunks": {"mirror": {"name": history, "filter_subject": f"$O.{kept}.C.>"}},
        "empty": {"mirror": {"name": history, "opt_start_seq": 100_000}},
    }
    answer = await foreign.request(
        f"$JS.API.STREAM.CREATE.{name}", orjson.dumps({"name": name, "mirror_direct": True} | configs[request.param])
    )
    assert "error" not in orjson.loads(answer.data)
    async with asyncio.timeout(10):
        while request.param != "empty" and not (await foreign.jetstream().stream_info(name)).state.messages:
            await asyncio.sleep(0.01)
    yield kept
    await foreign.jetstream().delete_stream(name)


async def test_a_mirror_that_lacks_much_hides_nothing(store: ObjectStore, mirrored: str) -> None:
    moment = datetime.now(UTC)
    for number in range(30):  # chance decides who answers
        assert await names_at(store, mirrored, moment + timedelta(microseconds=number)) == ["0", "1", "2", "3", "4", "5"]
        assert await contents(store, mirrored, f"{number % 6}") == [b"new %d" % (number % 6), b"old %d" % (number % 6)]
    await store.delete(mirrored, "0")
    assert [info.name for info in (await store.history.trash(mirrored)).infos()] == ["0"]
    await store.put(mirrored, "later", b"data")
    restored = [outcome async for outcome in store.history.restore_at(mirrored, moment, remove_newer=True)]
    assert sorted((outcome.name, outcome.action) for outcome in restored if outcome.action != "unchanged") == [
        ("0", "restored"),
        ("later", "removed"),
    ]


async def test_direct_gets_that_somebody_switched_off_are_switched_on_again(store: ObjectStore, kept: str, foreign: Client) -> None:
    await store.put(kept, "x", b"1")
    moment = await now(store, kept, "x")
    history = f"HISTORY_OBJ_{kept}"
    config = (await foreign.jetstream().stream_info(history)).config
    await foreign.jetstream().update_stream(config.evolve(allow_direct=False))
    assert await names_at(store, kept, moment) == ["x"]
    assert await contents(store, kept, "x") == [b"1"]
    assert (await foreign.jetstream().stream_info(history)).config.allow_direct


async def test_a_mirror_that_lacks_much_costs_no_version_its_data(store: ObjectStore, mirrored: str, foreign: Client) -> None:
    before = await history_messages(foreign, mirrored)
    status = await store.history.status(mirrored)
    assert status is not None
    in_two_hours = round((datetime.now(UTC) + timedelta(hours=2)).timestamp() * 1e9)
    for _ in range(10):
        await store.history._pruner.prune(status, in_two_hours)
    assert await history_messages(foreign, mirrored) == before


async def test_a_moment_of_the_bucket_that_is_there_has_nothing_of_the_one_before(store: ObjectStore, kept: str) -> None:
    await store.put(kept, "old", b"1")
    await store.put(kept, "both", b"1")
    first = await now(store, kept, "both")
    await store.delete_bucket(kept)
    await store.create_bucket(BucketConfig(kept))
    await store.history.enable(kept)
    await store.put(kept, "both", b"2")
    await store.put(kept, "new", b"1")
    second = await now(store, kept, "new")
    assert await names_at(store, kept, first) == ["both", "old"]
    assert await names_at(store, kept, second) == ["both", "new"]
    await store.put(kept, "later", b"1")
    assert [
        (outcome.name, outcome.action)
        async for outcome in store.history.restore_at(kept, second, remove_newer=True)
        if outcome.action != "unchanged"
    ] == [("later", "removed")]
    assert [info.name for info in await store.list(kept)] == ["both", "new"]
    assert [info.name for info in (await store.history.trash(kept)).infos()] == ["later", "old"]


async def test_what_another_client_renamed_is_there_under_one_name_at_any_time(store: ObjectStore, kept: str, foreign: Client) -> None:
    for size in (0, 1000):
        await store.put(kept, f"a{size}", b"x" * size)
        before = await now(store, kept, f"a{size}")
        await rename(foreign, kept, f"a{size}", f"b{size}")
        renamed = await now(store, kept, f"b{size}")
        await store.put(kept, f"b{size}", b"overwritten")
        after = await now(store, kept, f"b{size}")
        assert f"a{size}" in await names_at(store, kept, before)
        for moment in (renamed, after):
            names = await names_at(store, kept, moment)
            assert f"b{size}" in names
            assert f"a{size}" not in names
    assert len(await store.history.trash(kept)) == 0
    await store.put(kept, "later", b"1")
    assert all([outcome.action == "unchanged" async for outcome in store.history.restore_at(kept, after)])
    assert await read(store, kept, "b0") == b"overwritten"


async def test_what_another_client_renamed_is_pruned_when_it_is_old_enough(store: ObjectStore, kept: str, foreign: Client) -> None:
    await store.history.update(kept, HistoryChange(keep_days=1))
    await store.put(kept, "a", b"data")
    await now(store, kept, "a")
    await rename(foreign, kept, "a", "b")
    await store.put(kept, "b", b"overwritten")
    await now(store, kept, "b")
    status = await store.history.status(kept)
    assert status is not None
    in_two_days = round((datetime.now(UTC) + timedelta(days=2)).timestamp() * 1e9)
    pruned = await store.history._pruner.prune(status, in_two_days)
    assert (pruned.versions, pruned.data) == (2, 1)
    assert await contents(store, kept, "b") == [b"overwritten"]
