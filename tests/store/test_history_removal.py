"""What goes from a history: by rule, one version, all of a name."""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest
from nats.aio.client import Client

from buckets.objectstore import (
    BucketChange,
    BucketConfig,
    Conflict,
    DigestMismatch,
    HistoryChange,
    HistoryConfig,
    ObjectNotFound,
    ObjectStore,
    Pruned,
    VersionNotFound,
)
from buckets.objectstore.history.records import Record
from tests.store.helpers import contents, history_messages, read, version_data

pytestmark = pytest.mark.servers(since="2.14")


async def pruned_in_two_days(store: ObjectStore, bucket: str) -> Pruned:
    """What pruning takes when no change is younger than two days."""
    status = await store.history.status(bucket)
    assert status is not None
    return await store.history._pruner.prune(status, round((datetime.now(UTC) + timedelta(days=2)).timestamp() * 1e9))


async def until_gone(store: ObjectStore, bucket: str, name: str) -> None:
    """Wait until the server lets it expire."""
    async with asyncio.timeout(10):
        with contextlib.suppress(ObjectNotFound):
            while (await store.info(bucket, name)) is not None:
                await asyncio.sleep(0.05)


async def test_pruning_keeps_so_many_replaced_versions(store: ObjectStore, kept: str, foreign: Client) -> None:
    await store.history.update(kept, HistoryChange(keep_versions=2))
    for number in range(6):
        await store.put(kept, "x", str(number).encode())
    await store.put(kept, "once", b"")
    await store.history.versions(kept, "once")
    pruned = await store.history.prune(kept)
    assert (pruned.versions, pruned.data) == (3, 3)
    assert await contents(store, kept, "x") == [b"5", b"4", b"3"]
    assert len(await store.history.versions(kept, "once")) == 1
    again = await store.history.prune(kept)
    assert (again.versions, again.data) == (0, 0)


async def test_pruning_by_age_counts_from_when_a_version_was_replaced(store: ObjectStore, kept: str) -> None:
    await store.history.update(kept, HistoryChange(keep_days=1))
    for number in range(3):
        await store.put(kept, "x", str(number).encode())
    await store.put(kept, "gone", b"")
    await store.delete(kept, "gone")
    await store.history.versions(kept, "gone")
    assert (await store.history.prune(kept)).versions == 0
    await store.history.update(kept, HistoryChange(keep_days=0.000001))
    await asyncio.sleep(0.15)
    pruned = await store.history.prune(kept)
    assert pruned.versions == 4
    assert await contents(store, kept, "x") == [b"2"]
    assert await store.history.versions(kept, "gone") == []
    assert await read(store, kept, "x") == b"2"


async def test_what_was_pruned_from_the_end_is_not_waited_for(store: ObjectStore, kept: str) -> None:
    await store.history.update(kept, HistoryChange(keep_days=0.000001))
    await store.put(kept, "x", b"1")
    await store.delete(kept, "x")
    await store.history.versions(kept, "x")
    await asyncio.sleep(0.15)
    assert (await store.history.prune(kept)).versions == 2
    store._gate.patience = 1
    assert await store.history.versions(kept, "x") == []
    await store.put(kept, "x", b"2")
    await store.put(kept, "x", b"3")
    assert await contents(store, kept, "x") == [b"3", b"2"]
    assert await store.history.missed(kept) == 0
    await store.erase(kept, "x")
    await store.put(kept, "x", b"4")
    await store.history.disable(kept)
    await store.history.enable(kept)
    assert await contents(store, kept, "x") == [b"4"]
    await store.erase(kept, "x")
    await store.delete_bucket(kept)


async def test_both_rules_together_keep_what_either_keeps(store: ObjectStore, kept: str) -> None:
    await store.history.update(kept, HistoryChange(keep_days=1, keep_versions=1))
    for number in range(4):
        await store.put(kept, "x", str(number).encode())
    await store.history.versions(kept, "x")
    assert (await store.history.prune(kept)).versions == 0
    await store.history.update(kept, HistoryChange(keep_days=0.000001))
    await asyncio.sleep(0.15)
    assert (await store.history.prune(kept)).versions == 2


async def test_pruning_by_many_at_once_and_beside_writers_does_no_harm(store: ObjectStore, kept: str) -> None:
    await store.history.update(kept, HistoryChange(keep_versions=1))

    async def write(name: str) -> None:
        for number in range(20):
            await store.put(kept, name, f"{name} {number}".encode())

    async def prune() -> None:
        for _ in range(5):
            await store.history.prune(kept)

    await asyncio.gather(write("a"), write("b"), prune(), prune(), prune())
    await store.history.prune(kept)
    for name in ("a", "b"):
        assert await contents(store, kept, name) == [f"{name} 19".encode(), f"{name} 18".encode()]


async def test_pruned_data_that_was_renamed_stays(store: ObjectStore, kept: str) -> None:
    await store.history.update(kept, HistoryChange(keep_days=0.000001))
    await store.put(kept, "a", b"data")
    await store.rename(kept, "a", "b")
    await store.update_meta(kept, "b", description="d")
    await store.delete(kept, "b")
    await store.history.undelete(kept, "b")
    await store.history.versions(kept, "b")
    await asyncio.sleep(0.15)
    await store.history.prune(kept)
    assert await contents(store, kept, "b") == [b"data"]
    assert await contents(store, kept, "a") == []


async def test_abandoned_data_is_pruned_after_an_hour(store: ObjectStore, kept: str, foreign: Client) -> None:
    await foreign.jetstream().publish(f"$O.{kept}.C.abandoned", b"data")
    await store.put(kept, "x", b"data")
    await store.history.versions(kept, "x")
    status = await store.history.status(kept)
    assert status is not None
    assert (await store.history.prune(kept)).data == 0
    in_an_hour = round((datetime.now(UTC) + timedelta(hours=1, seconds=5)).timestamp() * 1e9)
    assert (await store.history._pruner.prune(status, in_an_hour)).data == 0  # an upload may have paused: it is in the bucket
    await foreign.jetstream().purge_stream(f"OBJ_{kept}", subject=f"$O.{kept}.C.abandoned")
    assert (await store.history._pruner.prune(status, in_an_hour)).data == 1
    assert f"$O.{kept}.C.abandoned" not in await history_messages(foreign, kept)
    assert await contents(store, kept, "x") == [b"data"]


async def test_what_expired_is_pruned_when_it_is_old_enough(store: ObjectStore) -> None:
    bucket = "expiring"
    await store.create_bucket(BucketConfig(bucket, ttl=1))
    await store.history.enable(bucket, HistoryConfig(keep_days=1))
    await store.put(bucket, "x", b"1")
    await store.put(bucket, "x", b"2")
    await until_gone(store, bucket, "x")
    assert await store.history.prune(bucket) == Pruned(0, 0)
    assert [info.name for info in (await store.history.trash(bucket)).infos()] == ["x"]
    assert await pruned_in_two_days(store, bucket) == Pruned(2, 2)
    assert await store.history.versions(bucket, "x") == []
    assert len(await store.history.trash(bucket)) == 0
    await store.delete_bucket(bucket, remove_history=True)


async def test_what_is_there_is_never_pruned_for_its_age(store: ObjectStore, bucket: str) -> None:
    await store.update_bucket(bucket, BucketChange(ttl=3600))
    await store.history.enable(bucket, HistoryConfig(keep_days=0.5))
    await store.put(bucket, "x", b"1")
    await store.put(bucket, "x", b"2")
    assert await contents(store, bucket, "x") == [b"2", b"1"]
    assert await pruned_in_two_days(store, bucket) == Pruned(1, 1)
    assert await contents(store, bucket, "x") == [b"2"]


async def test_what_only_an_earlier_bucket_had_is_pruned_when_it_is_old_enough(store: ObjectStore, kept: str, foreign: Client) -> None:
    await store.history.update(kept, HistoryChange(keep_days=1))
    await store.put(kept, "old", b"1")
    await store.put(kept, "both", b"1")
    assert await contents(store, kept, "both") == [b"1"]
    await foreign.jetstream().delete_stream(f"OBJ_{kept}")
    await store.create_bucket(BucketConfig(kept))
    await store.put(kept, "both", b"2")
    await store.put(kept, "new", b"1")
    await store.history.mend(kept)
    assert await contents(store, kept, "new") == [b"1"]
    assert await store.history.prune(kept) == Pruned(0, 0)
    assert await pruned_in_two_days(store, kept) == Pruned(2, 2)
    assert await contents(store, kept, "old") == []
    assert await contents(store, kept, "both") == [b"2"]
    assert await contents(store, kept, "new") == [b"1"]


async def test_one_version_is_removed_for_good(store: ObjectStore, kept: str, foreign: Client) -> None:
    for number in range(3):
        await store.put(kept, "x", str(number).encode())
    versions = await store.history.versions(kept, "x")
    await store.history.remove(kept, "x", versions[1].id)
    assert await contents(store, kept, "x") == [b"2", b"0"]
    assert f"$O.{kept}.C.{versions[1].info.nuid}" not in await history_messages(foreign, kept)
    with pytest.raises(VersionNotFound):
        await store.history.remove(kept, "x", versions[1].id)
    with pytest.raises(Conflict):
        await store.history.remove(kept, "x", versions[0].id)


async def test_removing_a_version_keeps_data_that_another_has(store: ObjectStore, kept: str) -> None:
    await store.put(kept, "x", b"1", description="before")
    await store.update_meta(kept, "x", description="after")
    await store.put(kept, "x", b"2")
    versions = await store.history.versions(kept, "x")
    await store.history.remove(kept, "x", versions[1].id)
    assert await contents(store, kept, "x") == [b"2", b"1"]


async def test_a_version_whose_data_is_missing_says_so(store: ObjectStore, kept: str, foreign: Client) -> None:
    for _ in range(3):
        await store.put(kept, "x", os.urandom(3000), chunk_size=1000)
    versions = await store.history.versions(kept, "x")
    assert [version.complete for version in versions] == [True, True, True]
    (first, *_) = [
        message.seq
        for seq in range(1, 13)
        if (message := await foreign.jetstream().get_msg(f"HISTORY_OBJ_{kept}", seq)).subject == f"$O.{kept}.C.{versions[1].info.nuid}"
    ]
    await foreign.jetstream().delete_msg(f"HISTORY_OBJ_{kept}", first or 0)
    assert [version.complete for version in await store.history.versions(kept, "x")] == [True, False, True]
    with pytest.raises(DigestMismatch):
        await version_data(store, kept, versions[1])


async def test_erasing_takes_all_versions_along(store: ObjectStore, kept: str, foreign: Client) -> None:
    for number in range(3):
        await store.put(kept, "x", str(number).encode())
    await store.put(kept, "y", b"stays")
    await store.erase(kept, "x")
    assert await store.history.versions(kept, "x") == []
    assert [info.name for info in (await store.history.trash(kept)).page().objects] == []
    assert len(await history_messages(foreign, kept)) == 2
    assert await contents(store, kept, "y") == [b"stays"]


async def test_many_are_erased_with_one_look_through_the_history(
    store: ObjectStore, kept: str, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{number:02}" for number in range(40)]
    for name in names:
        await store.put(kept, name, name.encode())
        await store.put(kept, name, b"again")
    await store.rename(kept, "00", "renamed")
    looks = 0
    records = store.history._pruner._records
    real = records.all

    def counted(bucket: str, subject: str = "", **options: int) -> AsyncGenerator[Record, None]:
        nonlocal looks
        looks += not subject
        return real(bucket, subject, **options)

    monkeypatch.setattr(records, "all", counted)
    outcomes = await store.erase_all(kept, [*names[1:30], "never was"])
    assert [outcome.error for outcome in outcomes] == [None] * 30
    assert looks == 1
    assert sorted(info.name for info in await store.list(kept)) == [*names[30:], "renamed"]
    left = await history_messages(foreign, kept)
    assert len([subject for subject in left if ".M." in subject]) == 12
    assert await contents(store, kept, "30") == [b"again", b"30"]
    assert await contents(store, kept, "00") == [b"again", b"00"]


async def test_erasing_takes_the_data_along_that_a_former_name_had(store: ObjectStore, kept: str, foreign: Client) -> None:
    await store.put(kept, "a", b"secret")
    await store.rename(kept, "a", "b")
    await store.erase(kept, "b")
    assert len(await store.history.trash(kept)) == 0
    assert not [subject for subject in await history_messages(foreign, kept) if ".C." in subject]


async def test_the_current_version_stays_also_while_the_history_is_off(store: ObjectStore, kept: str) -> None:
    await store.put(kept, "x", b"1")
    (version,) = await store.history.versions(kept, "x")
    await store.history.disable(kept)
    with pytest.raises(Conflict):
        await store.history.remove(kept, "x", version.id)
