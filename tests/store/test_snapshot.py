"""Indexes on disk: a restart reads only what changed, and nothing of a file is believed that the stream does not bear out."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from nats.aio.client import Client

from buckets.objectstore import BucketConfig, ConnectOptions, Link, LiveBucket, ObjectStore
from buckets.objectstore.names import metadata_subject
from buckets.objectstore.watching import livebuckets
from buckets.objectstore.watching.snapshot import Position, Snapshots
from tests.natsserver import NatsServer
from tests.store.helpers import pieces
from tests.store.test_hostile import publish_raw
from tests.store.test_live import PATIENCE, names, until

Start = Callable[[], AbstractAsyncContextManager[ObjectStore]]


@asynccontextmanager
async def started(server: NatsServer, snapshots: Path) -> AsyncIterator[ObjectStore]:
    """A store as a process that has just started has it, beside the test's own."""
    store = ObjectStore(ConnectOptions(servers=(server.url,)), snapshots=snapshots)
    await store.start()
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
def start(nats_server: NatsServer, tmp_path: Path) -> Start:
    return lambda: started(nats_server, tmp_path / "index")


@pytest.fixture
def file(tmp_path: Path, bucket: str) -> Path:
    return tmp_path / "index" / f"{bucket}.index"


async def ready(store: ObjectStore, bucket: str) -> LiveBucket:
    live = await store.live(bucket)
    assert await live.wait_ready(PATIENCE)
    return live


async def run_once(start: Start, bucket: str) -> None:
    async with start() as store:
        await ready(store, bucket)


async def test_a_restart_reads_only_what_has_changed(start: Start, store: ObjectStore, bucket: str) -> None:
    for name in ("kept", "changed", "removed", "d/inside"):
        await store.put(bucket, name, pieces(b"data"))
    await run_once(start, bucket)
    await store.put(bucket, "changed", pieces(b"longer data"))
    await store.delete(bucket, "removed")
    await store.put(bucket, "new", pieces(b"data"))
    async with start() as again:
        live = await ready(again, bucket)
        assert names(live) == {"kept", "changed", "new", "d/inside"}
        assert live.loaded == 3
        changed = live.index.get("changed")
        assert changed is not None
        assert changed == await store.info(bucket, "changed")
        assert live.index.page(prefix="d").objects[0].name == "d/inside"


async def test_the_file_is_for_its_owner_only_and_whole(start: Start, store: ObjectStore, bucket: str, file: Path) -> None:
    await store.put(bucket, "a", pieces(b"data"))
    await run_once(start, bucket)
    assert file.stat().st_mode & 0o777 == 0o600
    assert os.listdir(file.parent) == [file.name]


async def test_everything_about_an_index_is_kept(start: Start, store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "d/é.TXT", pieces(b"data"), headers={"Content-Type": ["Text/Plain"]})
    await store.put(bucket, "d/gone", pieces(b"data"))
    await store.add_link(bucket, "link", Link(bucket, "d/é.TXT"))
    await store.add_link(bucket, "whole", Link(bucket))
    await foreign.jetstream().publish(f"$O.{bucket}.M.not-base64!", b"nonsense")
    await store.delete(bucket, "d/gone")
    async with start() as first:
        before = (await ready(first, bucket)).index
    async with start() as second:
        live = await ready(second, bucket)
        after = live.index
        assert live.loaded == 0
    assert list(after.infos()) == list(before.infos())
    assert sorted(after.entries(), key=lambda entry: entry.name) == sorted(before.entries(), key=lambda entry: entry.name)
    assert after.page().folders == before.page().folders
    assert (after.subjects, after.revision) == (before.subjects, before.revision)
    assert after.links_to(bucket, "d/é.TXT") == ("link",)
    assert after.links_to(bucket, None) == ("whole",)


@pytest.mark.parametrize("vanished", ["a", "marker"])
async def test_what_was_purged_meanwhile_is_not_listed(
    start: Start, store: ObjectStore, bucket: str, foreign: Client, vanished: str
) -> None:
    for name in ("a", "b", "marker"):
        await store.put(bucket, name, pieces(b"data"))
    await store.delete(bucket, "marker")
    await run_once(start, bucket)
    await foreign.jetstream().purge_stream(f"OBJ_{bucket}", subject=metadata_subject(bucket, vanished))
    async with start() as again:
        live = await ready(again, bucket)
        assert names(live) == {"a", "b"} - {vanished}
        assert live.index.subjects == 2


async def test_what_was_purged_is_noticed_beside_what_was_added(start: Start, store: ObjectStore, bucket: str, foreign: Client) -> None:
    for name in ("a", "b"):
        await store.put(bucket, name, pieces(b"data"))
    await run_once(start, bucket)
    await foreign.jetstream().purge_stream(f"OBJ_{bucket}", subject=metadata_subject(bucket, "a"))
    await store.put(bucket, "c", pieces(b"data"))
    async with start() as again:
        assert names(await ready(again, bucket)) == {"b", "c"}


async def test_what_expired_meanwhile_is_not_listed(start: Start, store: ObjectStore) -> None:
    await store.create_bucket(BucketConfig("short-snapshot", ttl=1.0))
    await store.put("short-snapshot", "x", pieces(b"data"))
    await run_once(start, "short-snapshot")
    async with asyncio.timeout(PATIENCE):
        while await store.count_objects("short-snapshot"):
            await asyncio.sleep(0.05)
    async with start() as again:
        assert names(await ready(again, "short-snapshot")) == set()
    await store.delete_bucket("short-snapshot")


async def test_a_bucket_made_anew_has_nothing_of_the_old(start: Start, store: ObjectStore, bucket: str) -> None:
    for name in ("a", "b"):
        await store.put(bucket, name, pieces(b"data"))
    await run_once(start, bucket)
    await store.delete_bucket(bucket)
    await store.create_bucket(BucketConfig(bucket))
    for name in ("c", "d", "e"):
        await store.put(bucket, name, pieces(b"data"))
    async with start() as again:
        assert names(await ready(again, bucket)) == {"c", "d", "e"}


async def test_a_stream_that_has_lost_its_end_is_read_anew(start: Start, store: ObjectStore, bucket: str, file: Path) -> None:
    """As after a crash that took what was not on disk yet: the sequences are given out again."""
    await store.put(bucket, "a", pieces(b"data"))
    async with start() as first:
        index = (await ready(first, bucket)).index
    found = await Snapshots(file.parent).load(bucket)
    assert found is not None
    real = found[1]
    for position in (Position(real.created, real.last + 100, real.last_time), Position(real.created, real.last, real.last_time + 1)):
        index.revision = position.last
        await Snapshots(file.parent).save(index, position)
        async with start() as again:
            live = await ready(again, bucket)
            assert (names(live), live.loaded) == ({"a"}, 1)


@pytest.mark.parametrize(
    "instead",
    [
        ["other0", "other1", "other2", "other3", "other2"],  # nothing is left where the snapshot ends
        ["last", "other1", "last", "other3", "last"],  # but there is a newer one of that name
        ["last", "other1", "other2", "other2"],  # an older one
        ["other0", "other1", "last", "other2"],  # another one
        ["other0"],  # it is not as long
    ],
)
async def test_a_stream_that_went_back_and_was_written_on_is_read_anew(
    fresh_nats_server: NatsServer, tmp_path: Path, instead: list[str]
) -> None:
    """Restored from a backup that is older than the snapshot."""
    async with started(fresh_nats_server, tmp_path / "none") as store:
        await store.create_bucket(BucketConfig("back"))
        await store.put("back", "kept", pieces(b"data"))
        await asyncio.to_thread(fresh_nats_server.back_up)
    async with started(fresh_nats_server, tmp_path / "index") as store:
        live = await ready(store, "back")
        for number in range(3):
            info = await store.put("back", "last", pieces(b"x" * number))
        assert await live.wait_revision(info.revision, PATIENCE)
    await asyncio.to_thread(fresh_nats_server.go_back)
    async with started(fresh_nats_server, tmp_path / "index") as store:
        for name in instead:
            await store.put("back", name, pieces(b"data"))
        live = await ready(store, "back")
        assert list(live.index.infos()) == await store.list("back")


@pytest.mark.parametrize("deleted", [False, True])
async def test_only_what_was_last_written_is_read_again_where_that_was_replaced(
    start: Start, store: ObjectStore, bucket: str, deleted: bool
) -> None:
    for name in ("a", "b", "hot", "hot"):
        await store.put(bucket, name, pieces(b"data"))
    async with start() as first:
        live = await ready(first, bucket)
        info = await store.put(bucket, "hot", pieces(b"data"))
        assert await live.wait_revision(info.revision, PATIENCE)
    if deleted:
        await store.delete(bucket, "hot")
    else:
        await store.put(bucket, "hot", pieces(b"newest"))
    await store.put(bucket, "c", pieces(b"data"))
    async with start() as again:
        live = await ready(again, bucket)
        assert live.loaded == 2
        assert list(live.index.infos()) == await store.list(bucket)


async def test_all_is_read_again_where_what_was_last_written_is_gone(
    start: Start, store: ObjectStore, bucket: str, foreign: Client
) -> None:
    for name in ("a", "b"):
        await store.put(bucket, name, pieces(b"data"))
    await run_once(start, bucket)
    await foreign.jetstream().purge_stream(f"OBJ_{bucket}", subject=metadata_subject(bucket, "b"))
    await store.put(bucket, "c", pieces(b"data"))
    async with start() as again:
        live = await ready(again, bucket)
        assert (names(live), live.loaded) == ({"a", "c"}, 2)


async def test_a_last_message_whose_subject_is_no_text_is_no_error(
    nats_server: NatsServer, start: Start, store: ObjectStore, bucket: str, file: Path
) -> None:
    await store.put(bucket, "a", pieces(b"data"))
    async with start() as first:
        live = await ready(first, bucket)
        await asyncio.to_thread(publish_raw, nats_server, f"$O.{bucket}.M.".encode() + b"\xff", b"{}")
        await until(live, lambda: len(live.index) == 2)
    found = await Snapshots(file.parent).load(bucket)
    assert found is not None
    assert (found[1].token, found[1].before) == ("", 0)
    async with start() as again:
        live = await ready(again, bucket)
        assert (len(live.index), live.loaded) == (2, 0)


@pytest.mark.current_server
async def test_a_file_that_is_damaged_anywhere_is_not_used(start: Start, store: ObjectStore, bucket: str, file: Path) -> None:
    await store.put(bucket, "d/a", pieces(b"data"))
    await store.add_link(bucket, "link", Link(bucket, "d/a"))
    await store.delete(bucket, "link")
    await store.add_link(bucket, "again", Link(bucket, "d/a"))
    await run_once(start, bucket)
    whole = file.read_bytes()
    snapshots = Snapshots(file.parent)
    assert await snapshots.load(bucket)
    for at in range(len(whole)):
        file.write_bytes(whole[:at])
        assert await snapshots.load(bucket) is None, f"cut off at {at}"
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        assert await snapshots.load(bucket) is None, f"changed at {at}"
    file.write_bytes(whole.replace(b"NFI1", b"NFI2", 1))
    async with start() as again:
        live = await ready(again, bucket)
        assert names(live) == {"d/a", "again"}
        assert live.loaded > 0


async def test_the_file_of_another_bucket_is_not_used(start: Start, store: ObjectStore, bucket: str, file: Path) -> None:
    await store.put(bucket, "a", pieces(b"data"))
    await run_once(start, bucket)
    os.rename(file, file.with_name("other.index"))
    assert await Snapshots(file.parent).load("other") is None


async def test_files_of_buckets_that_are_gone_are_removed(start: Start, store: ObjectStore, bucket: str, file: Path) -> None:
    file.parent.mkdir()
    stale, fresh, old = (file.with_name(name) for name in ("no-such-bucket.index", "x.partial", "y.partial"))
    for path in (stale, fresh, old):
        path.touch()
    os.utime(old, (1, 1))
    async with start() as first:
        await ready(first, bucket)
        async with asyncio.timeout(PATIENCE):
            while stale.exists() or old.exists():
                await asyncio.sleep(0.01)
        assert fresh.exists()
        await first.put(bucket, "a", pieces(b"data"))
    assert file.exists()
    async with start() as second:
        await ready(second, bucket)
        await second.delete_bucket(bucket)
    assert not file.exists()


async def test_it_is_written_when_the_bucket_is_dropped_and_now_and_then(
    start: Start, store: ObjectStore, bucket: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(livebuckets, "SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(livebuckets, "SAVE_SECONDS", 0.01)
    await store.put(bucket, "a", pieces(b"data"))

    async def written() -> None:
        async with asyncio.timeout(PATIENCE):
            while not file.exists():
                await asyncio.sleep(0.01)

    async with start() as running:
        await ready(running, bucket)
        await written()
        monkeypatch.setattr(livebuckets, "SAVE_SECONDS", 1000)
    file.unlink()
    async with start() as running:
        live = await ready(running, bucket)
        monkeypatch.setattr("buckets.objectstore.watching.live.IDLE_SECONDS", -1)
        await written()
        assert await running.live(bucket) is not live


async def test_a_folder_that_cannot_be_written_is_no_error(
    nats_server: NatsServer, store: ObjectStore, bucket: str, tmp_path: Path
) -> None:
    (tmp_path / "index").write_text("in the way")
    await store.put(bucket, "a", pieces(b"data"))
    async with started(nats_server, tmp_path / "index") as running:
        assert names(await ready(running, bucket)) == {"a"}


async def test_an_index_that_has_not_changed_is_not_written_again(start: Start, store: ObjectStore, bucket: str, file: Path) -> None:
    await store.put(bucket, "a", pieces(b"data"))
    await run_once(start, bucket)
    before = file.stat().st_ino
    await run_once(start, bucket)
    assert file.stat().st_ino == before


async def test_an_object_purged_while_it_is_watched_is_noticed(
    store: ObjectStore, bucket: str, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(livebuckets, "SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(livebuckets, "SETTINGS_SECONDS", 0.05)
    monkeypatch.setattr(livebuckets, "CHECK_SHARE", 1)
    for name in ("a", "b"):
        await store.put(bucket, name, pieces(b"data"))
    live = await ready(store, bucket)
    await foreign.jetstream().purge_stream(f"OBJ_{bucket}", subject=metadata_subject(bucket, "a"))
    await until(live, lambda: names(live) == {"b"})
    assert live.ready
    await store.put(bucket, "a", pieces(b"data"))
    await until(live, lambda: names(live) == {"a", "b"})
