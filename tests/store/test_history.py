"""History: every version of every writer, trash, and the bucket as it was."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from nats.aio.client import Client

from buckets.objectstore import (
    BucketChange,
    BucketConfig,
    BucketNotFound,
    Conflict,
    Deed,
    HistoryBehind,
    HistoryChange,
    HistoryConfig,
    HistoryOff,
    InvalidBucketConfig,
    Link,
    Note,
    ObjectExists,
    ObjectStore,
    Origin,
    PermissionDenied,
    Storage,
    Unavailable,
    Version,
    VersionKind,
    VersionNotFound,
)
from buckets.objectstore.names import metadata_subject
from tests.conftest import running_store
from tests.natsserver import NatsServer
from tests.store.helpers import ODD_NAMES, chunk_messages, contents, read, version_data

pytestmark = pytest.mark.servers(since="2.14")


async def test_every_overwrite_is_a_version(store: ObjectStore, kept: str, foreign: Client) -> None:
    for number in range(5):
        await store.put(kept, "x", f"version {number}".encode(), writer=f"user {number}")
    versions = await store.history.versions(kept, "x")
    assert [version.kind for version in versions] == [VersionKind.PUT] * 5
    assert [version.current for version in versions] == [True, False, False, False, False]
    assert [version.writer for version in versions] == [f"user {number}" for number in range(4, -1, -1)]
    assert await contents(store, kept, "x") == [f"version {number}".encode() for number in range(4, -1, -1)]
    assert versions[0].info == await store.info(kept, "x")
    assert await chunk_messages(foreign, kept) == 1


async def test_kinds_of_versions(store: ObjectStore, kept: str) -> None:
    await store.put(kept, "a", b"1", writer="Jürgen\nB")
    await store.update_meta(kept, "a", description="d")
    await store.rename(kept, "a", "b")
    await store.delete(kept, "b")
    await store.put(kept, "b", b"2")
    await store.delete(kept, "b")
    first = await store.history.versions(kept, "a")
    assert [version.kind for version in first] == [VersionKind.RENAME, VersionKind.METADATA, VersionKind.PUT]
    assert (first[0].renamed_to, first[0].renamed_from, first[0].info.deleted) == ("b", "", True)
    assert first[-1].writer == "Jürgen\nB"
    second = await store.history.versions(kept, "b")
    assert [version.kind for version in second] == [VersionKind.DELETE, VersionKind.PUT, VersionKind.DELETE, VersionKind.RENAME]
    assert second[-1].renamed_from == "a"
    assert await contents(store, kept, "a") == [b"1", b"1"]
    assert await contents(store, kept, "b") == [b"2", b"1"]
    assert not any(version.current for version in first + second)


@pytest.mark.parametrize("atomic", [True, False])
async def test_versions_go_on_under_the_names_before(store: ObjectStore, kept: str, atomic: bool) -> None:
    """Where the stream has no atomic batches, a rename copies."""
    await store.update_bucket(kept, BucketChange(atomic=atomic))
    await store.put(kept, "a", b"earlier life")
    await store.delete(kept, "a")
    for content in (b"1", b"22"):
        await store.put(kept, "a", content, writer="jo")
    await store.put(kept, "b", b"in the way")
    await store.rename(kept, "a", "b", overwrite=True, writer="kim")
    await store.put(kept, "b", b"333")
    await store.rename(kept, "b", "c")
    await store.put(kept, "a", b"somebody else")
    versions = await store.history.versions(kept, "c", follow=True)
    assert [(version.info.name, version.kind, version.info.size) for version in versions] == [
        ("c", VersionKind.RENAME, 3),
        ("b", VersionKind.PUT, 3),
        ("b", VersionKind.RENAME, 2),
        ("a", VersionKind.PUT, 2),
        ("a", VersionKind.PUT, 1),
    ]
    assert [version.current for version in versions] == [True, False, False, False, False]
    assert versions[3].replaced == versions[2].info.modified
    in_pieces: list[str] = []
    while len(in_pieces) < 5:
        before = in_pieces[-1] if in_pieces else None
        in_pieces += [version.id for version in await store.history.versions(kept, "c", limit=2, before=before, follow=True)]
    assert in_pieces == [version.id for version in versions]
    names = [version.info.name for version in await store.history.versions(kept, "b", follow=True)]
    assert names == ["b", "b", "b", "b", "a", "a"], "the end of the name, and what was in the way, too"
    assert [version.renamed_to for version in await store.history.versions(kept, "a")][:2] == ["", "b"]
    async with await store.history.open(kept, "c", versions[4].id) as reader:
        assert b"".join([piece async for piece in reader]) == b"1"
    restored = await store.history.restore(kept, "c", versions[4].id)
    assert (restored.name, await read(store, kept, "c"), await read(store, kept, "a")) == ("c", b"1", b"somebody else")
    await store.history.remove(kept, "c", versions[3].id)
    assert [version.info.name for version in await store.history.versions(kept, "c", follow=True)] == ["c", "c", "b", "b", "a"]
    foreign = (await store.history.versions(kept, "a"))[0]
    for verb in (store.history.open, store.history.restore, store.history.remove):
        with pytest.raises(VersionNotFound):
            await verb(kept, "c", foreign.id)


async def test_writers_say_what_they_do(store: ObjectStore, kept: str) -> None:
    second_bucket = f"{kept}-2"
    await store.create_bucket(BucketConfig(second_bucket))
    await store.history.enable(second_bucket)
    await store.put(kept, "a", b"1")
    await store.put(kept, "a", b"2", note=Note(Deed.EDITED, "a"))
    await store.copy(kept, "a", kept, "copy")
    (copied,) = await store.history.versions(kept, "copy")
    assert (copied.kind, copied.origin, copied.place) == (VersionKind.PUT, Origin.COPIED, Link(kept, "a"))
    first = (await store.history.versions(kept, "a"))[1]
    await store.history.restore(kept, "a", first.id)
    await store.update_meta(kept, "a", description="d")
    before = (await store.history.versions(kept, "a"))[1]
    await store.history.restore(kept, "a", before.id)
    await store.move(kept, "a", second_bucket, "dir/b")
    gone, *others = await store.history.versions(kept, "a")
    assert (gone.kind, gone.origin, gone.place) == (VersionKind.DELETE, Origin.MOVED, Link(second_bucket, "dir/b"))
    assert [(version.kind, version.origin, version.restored) for version in others] == [
        (VersionKind.METADATA, Origin.RESTORED, before.id),
        (VersionKind.METADATA, None, ""),
        (VersionKind.PUT, Origin.RESTORED, first.id),
        (VersionKind.PUT, Origin.EDITED, ""),
        (VersionKind.PUT, None, ""),
    ]
    (moved,) = await store.history.versions(second_bucket, "dir/b")
    assert (moved.kind, moved.origin, moved.place) == (VersionKind.PUT, Origin.MOVED, Link(kept, "a"))


async def test_what_others_write_as_notes_is_nothing_but_text(store: ObjectStore, kept: str, foreign: Client) -> None:
    await store.put(kept, "x", b"1")
    stored = await foreign.jetstream().get_last_msg(f"OBJ_{kept}", metadata_subject(kept, "x"))
    for deed, value in [
        (Deed.RESTORED, "../9"),
        (Deed.RESTORED, "9" * 400),
        (Deed.COPIED_FROM, "no bucket!/name"),
        (Deed.MOVED_FROM, "name"),
        (Deed.RENAMED_TO, "y"),
    ]:
        headers = {"Nats-Rollup": "sub", **Note(deed, value).headers()}
        await foreign.jetstream().publish(metadata_subject(kept, "x"), stored.data or b"", headers=headers)
        newest = (await store.history.versions(kept, "x"))[0]
        assert (newest.kind, newest.place, newest.restored, newest.renamed_to) == (VersionKind.METADATA, None, "", "")
    await foreign.jetstream().publish(metadata_subject(kept, "x"), stored.data or b"", headers={str(Deed.COPIED_FROM): "%%%"})
    assert (await store.history.versions(kept, "x"))[0].origin is None
    assert Note(Deed.COPIED_FROM, "n" * 5000).headers() == {}


async def test_a_rename_by_another_client_is_recognised(store: ObjectStore, kept: str, foreign: Client) -> None:
    await store.put(kept, "a", os.urandom(1000))
    await store.history.versions(kept, "a")
    stored = await foreign.jetstream().get_last_msg(f"OBJ_{kept}", metadata_subject(kept, "a"))
    raw = orjson.loads(stored.data or b"")
    await foreign.jetstream().publish(metadata_subject(kept, "b"), orjson.dumps(raw | {"name": "b"}), headers={"Nats-Rollup": "sub"})
    await foreign.jetstream().purge_stream(f"OBJ_{kept}", subject=metadata_subject(kept, "a"))
    (renamed,) = await store.history.versions(kept, "b")
    assert (renamed.kind, renamed.renamed_from, renamed.current) == (VersionKind.RENAME, "a", True)
    (old,) = await store.history.versions(kept, "a")
    assert (old.kind, old.current) == (VersionKind.PUT, False)
    assert [info.name for info in (await store.history.trash(kept)).page().objects] == []
    assert [info.name for info in (await store.history.at(kept, datetime.now(UTC))).page().objects] == ["b"]


async def test_links_have_versions_too(store: ObjectStore, kept: str) -> None:
    await store.put(kept, "target", b"1")
    await store.put(kept, "other", b"2")
    await store.add_link(kept, "link", Link(kept, "target"))
    await store.add_link(kept, "link", Link(kept, "other"))
    versions = await store.history.versions(kept, "link")
    assert [(version.kind, version.info.link) for version in versions] == [
        (VersionKind.LINK, Link(kept, "other")),
        (VersionKind.LINK, Link(kept, "target")),
    ]
    with pytest.raises(VersionNotFound):
        await store.history.open(kept, "link", versions[1].id)
    await store.history.restore(kept, "link", versions[1].id)
    assert await read(store, kept, "link") == b"1"


@pytest.mark.parametrize("name", ODD_NAMES)
async def test_every_name_has_versions(store: ObjectStore, kept: str, name: str) -> None:
    await store.put(kept, name, b"1")
    await store.put(kept, name, b"2")
    assert await contents(store, kept, name) == [b"2", b"1"]
    await store.delete(kept, name)
    assert [entry.name for entry in (await store.history.trash(kept)).entries()] == [name]
    await store.history.undelete(kept, name)
    assert await read(store, kept, name) == b"2"


async def test_versions_are_listed_in_portions(store: ObjectStore, kept: str) -> None:
    for number in range(7):
        await store.put(kept, "x", str(number).encode())
    await store.put(kept, "y", b"")
    everything = await store.history.versions(kept, "x")
    found: list[Version] = []
    while some := await store.history.versions(kept, "x", limit=3, before=found[-1].id if found else None):
        found += some
    assert found == everything
    assert [version.info.size for version in found] == [1] * 7
    with pytest.raises(VersionNotFound):
        await store.history.versions(kept, "x", before="nonsense")


async def test_two_hundred_overwrites_in_a_row_are_all_kept(store: ObjectStore, kept: str) -> None:
    for number in range(200):
        await store.put(kept, "x", str(number).encode())
    assert await contents(store, kept, "x") == [str(number).encode() for number in range(199, -1, -1)]


async def test_two_hundred_overwrites_in_a_row_by_another_client_are_kept_or_known_as_missed(
    store: ObjectStore, kept: str, foreign: Client
) -> None:
    """Nobody makes other clients wait for the history: on a busy machine it can come too late for some."""
    objects = await foreign.jetstream().object_store(kept)
    for number in range(200):
        await objects.put("x", str(number).encode())
    await objects.delete("x")
    versions = await store.history.versions(kept, "x")
    found = [int(await version_data(store, kept, version)) for version in versions if version.complete and not version.info.deleted]
    lost = sorted(set(range(200)) - set(found))
    assert found == sorted(set(found), reverse=True)
    assert len(lost) <= await store.history.missed(kept)


@pytest.mark.parametrize("lost", [[1], [0, 2], [1, 2, 3]])
async def test_what_was_gone_before_it_was_copied_is_counted(store: ObjectStore, bucket: str, foreign: Client, lost: list[int]) -> None:
    """A history cannot be made to miss something at will: here the bucket is changed while it does not copy."""
    await store.put(bucket, "before", b"1")
    await store.history.enable(bucket)
    await store.put(bucket, "x", b"2")
    assert await store.history.missed(bucket) == 0
    await store.history.versions(bucket, "x")
    history = f"HISTORY_OBJ_{bucket}"
    config = orjson.loads((await foreign.request(f"$JS.API.STREAM.INFO.{history}", b"")).data)["config"]
    await foreign.request(f"$JS.API.STREAM.UPDATE.{history}", orjson.dumps(config | {"sources": []}))
    js = foreign.jetstream()
    sequences = [(await js.publish(f"$O.{bucket}.C.nuid", str(number).encode())).seq for number in range(4)]
    for number in lost:
        await js.delete_msg(f"OBJ_{bucket}", sequences[number])
    await foreign.request(f"$JS.API.STREAM.UPDATE.{history}", orjson.dumps(config))
    await store.put(bucket, "y", b"3")
    await store.history.versions(bucket, "y")
    assert await store.history.missed(bucket) == len(lost)
    await store.history.update(bucket, HistoryChange(keep_versions=1))
    await store.history.prune(bucket)
    assert await store.history.missed(bucket) == len(lost)


async def test_a_history_begins_with_what_is_there(store: ObjectStore, bucket: str, foreign: Client) -> None:
    old = await store.put(bucket, "ours", b"1")
    await foreign.jetstream().publish(metadata_subject(bucket, "theirs"), orjson.dumps({"name": "theirs", "nuid": "n", "size": 0}))
    status = await store.history.enable(bucket)
    assert status.enabled
    await store.put(bucket, "ours", b"2")
    versions = await store.history.versions(bucket, "ours")
    assert await contents(store, bucket, "ours") == [b"2", b"1"]
    assert abs(versions[1].info.modified - old.modified) < timedelta(seconds=1)
    await store.delete(bucket, "theirs")
    (_, theirs) = await store.history.versions(bucket, "theirs")
    assert (theirs.before, theirs.kind) == (True, VersionKind.PUT)


async def test_the_first_overwrite_after_switching_on_loses_nothing(store: ObjectStore, bucket: str) -> None:
    data = os.urandom(5_000_000)
    await store.put(bucket, "x", data)
    await store.history.enable(bucket)
    await store.put(bucket, "x", b"2")
    assert await contents(store, bucket, "x") == [b"2", data]


async def test_status_and_settings(store: ObjectStore, bucket: str) -> None:
    assert await store.history.status(bucket) is None
    config = HistoryConfig(Storage.MEMORY, 1, True, 10_000_000, 5, 2.5)
    status = await store.history.enable(bucket, config)
    assert (status.config, status.enabled, status.bucket) == (config, True, bucket)
    assert status.since is not None
    assert abs(status.since - datetime.now(UTC)) < timedelta(minutes=1)
    changed = await store.history.update(bucket, HistoryChange(max_bytes=0, keep_versions=0))
    assert changed.config == HistoryConfig(Storage.MEMORY, 1, True, 0, 0, 2.5)
    assert (await store.history.statuses())[bucket].config == changed.config
    again = await store.history.enable(bucket)
    assert again.config == changed.config
    with pytest.raises(InvalidBucketConfig):
        await store.history.update(bucket, HistoryChange(keep_days=-1))
    with pytest.raises(InvalidBucketConfig):
        await store.history.enable(bucket, HistoryConfig(replicas=3))


async def test_without_history_its_verbs_say_so(store: ObjectStore, bucket: str) -> None:
    for act in (
        store.history.versions(bucket, "x"),
        store.history.trash(bucket),
        store.history.at(bucket, datetime.now(UTC)),
        store.history.prune(bucket),
        store.history.restore(bucket, "x", "1"),
    ):
        with pytest.raises(HistoryOff):
            await act
    await store.history.disable(bucket)
    await store.history.disable(bucket, remove=True)


async def test_a_bucket_with_history_is_no_bucket_more(store: ObjectStore, kept: str) -> None:
    assert f"HISTORY_OBJ_{kept}" not in [status.name for status in await store.buckets()]
    assert [status.name for status in await store.buckets()].count(kept) == 1


async def test_versions_are_restored_as_new_ones(store: ObjectStore, kept: str, foreign: Client) -> None:
    data = os.urandom(1_200_000)
    first = await store.put(kept, "x", data, description="d", headers={"H": ["h"]}, metadata={"m": "m"}, chunk_size=100_000)
    await store.put(kept, "x", b"2")
    old = (await store.history.versions(kept, "x"))[1]
    restored = await store.history.restore(kept, "x", old.id, writer="me")
    assert (restored.digest, restored.description, restored.headers, restored.metadata, restored.chunk_size) == (
        first.digest,
        "d",
        {"H": ("h",)},
        {"m": "m"},
        100_000,
    )
    assert await read(store, kept, "x") == data
    versions = await store.history.versions(kept, "x")
    assert [version.writer for version in versions] == ["me", "", ""]
    assert await contents(store, kept, "x") == [data, b"2", data]
    assert await chunk_messages(foreign, kept) == 12


async def test_restoring_a_change_of_metadata_moves_no_data(store: ObjectStore, kept: str) -> None:
    first = await store.put(kept, "x", b"1", description="before")
    await store.update_meta(kept, "x", description="after")
    old = (await store.history.versions(kept, "x"))[1]
    restored = await store.history.restore(kept, "x", old.id)
    assert (restored.nuid, restored.description) == (first.nuid, "before")
    assert [version.kind for version in await store.history.versions(kept, "x")] == [
        VersionKind.METADATA,
        VersionKind.METADATA,
        VersionKind.PUT,
    ]


async def test_restoring_on_condition(store: ObjectStore, kept: str) -> None:
    await store.put(kept, "x", b"1")
    second = await store.put(kept, "x", b"2")
    third = await store.put(kept, "x", b"3")
    oldest = (await store.history.versions(kept, "x"))[2]
    with pytest.raises(Conflict):
        await store.history.restore(kept, "x", oldest.id, expected_revision=second.revision)
    await store.history.restore(kept, "x", oldest.id, expected_revision=third.revision)
    assert await read(store, kept, "x") == b"1"


@pytest.mark.parametrize("version", ["0", "999999", "-1", "x", "", "1" * 40, "²"])
async def test_versions_that_are_not_there(store: ObjectStore, kept: str, version: str) -> None:
    await store.put(kept, "x", b"1")
    await store.put(kept, "y", b"2")
    with pytest.raises(VersionNotFound):
        await store.history.restore(kept, "x", version)
    with pytest.raises(VersionNotFound):
        await store.history.open(kept, "x", version)


async def test_another_objects_version_is_not_this_ones(store: ObjectStore, kept: str) -> None:
    await store.put(kept, "x", b"1")
    await store.put(kept, "y", b"2")
    (other,) = await store.history.versions(kept, "y")
    with pytest.raises(VersionNotFound):
        await store.history.open(kept, "x", other.id)


async def test_what_is_deleted_is_in_the_trash_until_it_is_back(store: ObjectStore, kept: str) -> None:
    await store.put(kept, "dir/a", b"12345", headers={"Content-Type": ["text/plain"]})
    await store.put(kept, "dir/b", b"1")
    await store.put(kept, "stays", b"")
    await store.delete(kept, "dir/a")
    await store.delete(kept, "dir/b")
    index = await store.history.trash(kept)
    page = index.page()
    assert [(folder.prefix, folder.objects, folder.size) for folder in page.folders] == [("dir/", 2, 6)]
    (a, _) = index.page(prefix="dir/").objects
    assert (a.name, a.size, a.content_type) == ("dir/a", 5, "text/plain")
    assert await store.history.trash(kept) is index
    await store.history.undelete(kept, "dir/a")
    assert await read(store, kept, "dir/a") == b"12345"
    assert [info.name for info in (await store.history.trash(kept)).page(prefix="dir/").objects] == ["dir/b"]
    with pytest.raises(ObjectExists):
        await store.history.undelete(kept, "dir/a")
    with pytest.raises(VersionNotFound):
        await store.history.undelete(kept, "never")


@pytest.mark.parametrize("atomic", [True, False])
async def test_what_was_renamed_and_then_deleted_is_in_the_trash_once(store: ObjectStore, kept: str, atomic: bool) -> None:
    await store.update_bucket(kept, BucketChange(atomic=atomic))
    await store.put(kept, "a", b"data")
    await store.rename(kept, "a", "b")
    assert list((await store.history.trash(kept)).infos()) == []
    await store.delete(kept, "b")
    assert [info.name for info in (await store.history.trash(kept)).infos()] == ["b"]
    await store.history.undelete(kept, "b")
    await store.put(kept, "b", b"overwritten")
    assert list((await store.history.trash(kept)).infos()) == []
    await store.delete(kept, "b")
    await store.put(kept, "a", b"other")
    await store.delete(kept, "a")
    assert sorted(info.name for info in (await store.history.trash(kept)).infos()) == ["a", "b"]


async def test_an_object_in_the_trash_can_be_read_by_its_revision(store: ObjectStore, kept: str) -> None:
    await store.put(kept, "x", b"data")
    await store.delete(kept, "x")
    info = (await store.history.trash(kept)).get("x")
    assert info is not None
    async with await store.history.open(kept, "x", str(info.revision)) as reader:
        assert b"".join([piece async for piece in reader]) == b"data"


async def test_expired_and_purged_objects_are_in_the_trash(store: ObjectStore, kept: str, foreign: Client) -> None:
    await store.put(kept, "x", b"data")
    await store.history.versions(kept, "x")
    await foreign.jetstream().purge_stream(f"OBJ_{kept}")
    assert [info.name for info in (await store.history.trash(kept)).page().objects] == ["x"]
    await store.history.undelete(kept, "x")
    assert await read(store, kept, "x") == b"data"


async def test_the_bucket_as_it_was(store: ObjectStore, kept: str) -> None:
    await store.put(kept, "dir/a", b"old a")
    await store.put(kept, "dir/b", b"b")
    await store.put(kept, "c", b"c")
    await store.delete(kept, "c")
    moment = await now(store, kept)
    await store.put(kept, "dir/a", b"new a")
    await store.delete(kept, "dir/b")
    await store.rename(kept, "dir/a", "dir/e")
    await store.put(kept, "new", b"new")
    then = await store.history.at(kept, moment)
    assert [info.name for info in then.page(prefix="dir/").objects] == ["dir/a", "dir/b"]
    a = then.get("dir/a")
    assert a is not None
    async with await store.history.open(kept, "dir/a", str(a.revision)) as reader:
        assert b"".join([piece async for piece in reader]) == b"old a"
    assert len(await store.history.at(kept, moment - timedelta(days=1))) == 0
    assert {entry.name for entry in (await store.history.at(kept, datetime.now(UTC))).entries()} == {"dir/e", "new"}


async def now(store: ObjectStore, bucket: str) -> datetime:
    """A moment after all that is there, and before all that comes."""
    status = await store.history.status(bucket)
    while status is None or status.stream.last_seq < 1:
        status = await store.history.status(bucket)
    for info in await store.list(bucket):
        await store.history.versions(bucket, info.name)
    moment = datetime.now(UTC)
    await asyncio.sleep(0.002)
    return moment


async def test_a_moment_is_restored_wholly_or_a_folder_of_it(store: ObjectStore, kept: str) -> None:
    for name in ("dir/a", "dir/b", "c", "same"):
        await store.put(kept, name, name.encode())
    moment = await now(store, kept)
    await store.put(kept, "dir/a", b"changed")
    await store.delete(kept, "dir/b")
    await store.delete(kept, "c")
    await store.put(kept, "dir/new", b"new")
    done = [(one.name, one.action, one.error) async for one in store.history.restore_at(kept, moment, prefix="dir/")]
    assert done == [("dir/a", "restored", None), ("dir/b", "restored", None)]
    assert [info.name for info in await store.list(kept)] == ["dir/a", "dir/b", "dir/new", "same"]
    assert await read(store, kept, "dir/a") == b"dir/a"
    done = [(one.name, one.action, one.error) async for one in store.history.restore_at(kept, moment, remove_newer=True)]
    assert done == [
        ("c", "restored", None),
        ("dir/a", "unchanged", None),
        ("dir/b", "unchanged", None),
        ("same", "unchanged", None),
        ("dir/new", "removed", None),
    ]
    assert [info.name for info in await store.list(kept)] == ["c", "dir/a", "dir/b", "same"]


async def test_a_moment_with_more_objects_than_the_server_answers_at_once(store: ObjectStore, bucket: str, foreign: Client) -> None:
    js = foreign.jetstream()
    total = 2500
    for number in range(total):
        await foreign.publish(metadata_subject(bucket, f"{number:05}"), metadata_of(bucket, f"{number:05}"))
    await foreign.flush()
    while (await js.stream_info(f"OBJ_{bucket}")).state.messages < total:
        await asyncio.sleep(0.01)
    await store.history.enable(bucket)
    last = f"{total - 1:05}"
    assert len(await store.history.versions(bucket, last)) == 1
    moment = await now_of(store, bucket, total)
    for number in range(0, total, 500):
        await store.delete(bucket, f"{number:05}")
    assert len(await store.history.at(bucket, moment)) == total
    assert len(await store.history.at(bucket, datetime.now(UTC) + timedelta(seconds=10))) == total - 5
    assert len(await store.history.trash(bucket)) == 5


@pytest.mark.current_server
async def test_more_objects_than_the_server_answers_at_once_are_restored(store: ObjectStore, kept: str, foreign: Client) -> None:
    total = 1100
    for number in range(total):
        await foreign.publish(metadata_subject(kept, f"{number:05}"), metadata_of(kept, f"{number:05}"))
    await foreign.flush()
    moment = await now_of(store, kept, total)
    for number in range(total):
        marker = metadata_of(kept, f"{number:05}", deleted=True)
        await foreign.publish(metadata_subject(kept, f"{number:05}"), marker, headers={"Nats-Rollup": "sub"})
    await foreign.flush()
    await now_of(store, kept, 2 * total)
    restored = [outcome async for outcome in store.history.restore_at(kept, moment)]
    assert [(outcome.action, outcome.error) for outcome in restored] == [("restored", None)] * total
    assert await store.count_objects(kept) == total


def metadata_of(bucket: str, name: str, *, deleted: bool = False) -> bytes:
    """Of an empty object, as another client writes it."""
    return orjson.dumps({"name": name, "bucket": bucket, "nuid": f"n{name}", "size": 0, "chunks": 0, "deleted": deleted})


async def now_of(store: ObjectStore, bucket: str, messages: int) -> datetime:
    status = await store.history.status(bucket)
    while status is None or status.stream.messages < messages:
        await asyncio.sleep(0.01)
        status = await store.history.status(bucket)
    moment = datetime.now(UTC)
    await asyncio.sleep(0.002)
    return moment


async def test_two_may_switch_it_on_at_once(store: ObjectStore, bucket: str) -> None:
    one, other = await asyncio.gather(store.history.enable(bucket), store.history.enable(bucket))
    assert (one.enabled, other.enabled) == (True, True)


async def test_a_bucket_that_cannot_be_deleted_keeps_its_history(store: ObjectStore, kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(bucket: str) -> None:
        raise PermissionDenied("no")

    await store.put(kept, "x", b"1")
    monkeypatch.setattr(store._streams, "delete", refused)
    for remove in (False, True):
        with pytest.raises(PermissionDenied):
            await store.delete_bucket(kept, remove_history=remove)
        status = await store.history.status(kept)
        assert status is not None
        assert status.enabled
    await store.put(kept, "x", b"2")
    assert await contents(store, kept, "x") == [b"2", b"1"]


async def test_switched_off_and_on_again_it_goes_on(store: ObjectStore, kept: str) -> None:
    await store.put(kept, "x", b"1")
    await store.put(kept, "x", b"2")
    await store.history.versions(kept, "x")
    await store.history.disable(kept)
    status = await store.history.status(kept)
    assert status is not None
    assert not status.enabled
    await store.put(kept, "x", b"missed")
    await store.put(kept, "x", b"3")
    assert await contents(store, kept, "x") == [b"2", b"1"]
    assert (await store.history.enable(kept)).enabled
    await store.put(kept, "x", b"4")
    assert await contents(store, kept, "x") == [b"4", b"3", b"2", b"1"]
    await store.history.disable(kept, remove=True)
    with pytest.raises(HistoryOff):
        await store.history.versions(kept, "x")
    assert await read(store, kept, "x") == b"4"


async def test_the_history_of_a_deleted_bucket_is_an_archive(store: ObjectStore, kept: str) -> None:
    await store.put(kept, "x", b"1")
    await store.put(kept, "x", b"2")
    moment = await now(store, kept)
    await store.delete_bucket(kept)
    status = (await store.history.statuses())[kept]
    assert not status.enabled
    assert await contents(store, kept, "x") == [b"2", b"1"]
    assert [info.name for info in (await store.history.at(kept, moment)).page().objects] == ["x"]
    assert [info.name for info in (await store.history.trash(kept)).page().objects] == ["x"]
    (newest, _) = await store.history.versions(kept, "x")
    with pytest.raises(BucketNotFound):
        await store.history.restore(kept, "x", newest.id)
    await store.create_bucket(BucketConfig(kept))
    await store.put(kept, "other", b"new")
    await store.history.restore(kept, "x", newest.id)
    assert await read(store, kept, "x") == b"2"
    await store.history.enable(kept)
    await store.put(kept, "x", b"3")
    assert await contents(store, kept, "x") == [b"3", b"2", b"2", b"1"]
    assert await contents(store, kept, "other") == [b"new"]


async def test_the_history_of_a_deleted_bucket_goes_too_if_that_is_wanted(store: ObjectStore, kept: str) -> None:
    await store.put(kept, "x", b"1")
    await store.delete_bucket(kept, remove_history=True)
    assert await store.history.status(kept) is None


async def test_a_bucket_that_another_client_made_anew_goes_on_in_its_history(store: ObjectStore, kept: str, foreign: Client) -> None:
    for number in range(5):
        await store.put(kept, "x", str(number).encode())
    await store.history.versions(kept, "x")
    js = foreign.jetstream()
    await js.delete_object_store(kept)
    objects = await js.create_object_store(kept)
    await objects.put("x", b"anew")
    await store.put(kept, "x", b"by us")
    assert await contents(store, kept, "x") == [b"by us", b"anew", *(str(number).encode() for number in range(4, -1, -1))]


async def test_a_bucket_that_is_made_anew_again_and_again_goes_on_each_time(store: ObjectStore, kept: str, foreign: Client) -> None:
    """More often than there are filters that let everything pass, which tell sources apart as transforms do."""
    times = 12
    for number in range(times):
        await store.put(kept, "x", b"first of %d" % number)
        await store.put(kept, "x", b"second of %d" % number)
        await foreign.jetstream().delete_object_store(kept)
        await store.create_bucket(BucketConfig(kept))
    await store.put(kept, "x", b"last")
    expected = [b"last", *(b"%s of %d" % (which, number) for number in reversed(range(times)) for which in (b"second", b"first"))]
    found = await contents(store, kept, "x")
    assert found == [data for data in expected if data in found]
    assert len(found) >= times + 1  # what was not yet copied when its bucket went is lost
    assert {f"first of {number}".encode() for number in range(times)} <= set(found)


async def test_an_overwrite_waits_for_the_history(store: ObjectStore, kept: str, foreign: Client) -> None:
    """A history that cannot copy (its limit refuses) must not cost a version."""
    await store.put(kept, "x", b"1")
    await store.history.versions(kept, "x")
    js = foreign.jetstream()
    config = (await js.stream_info(f"HISTORY_OBJ_{kept}")).config.as_dict()
    await foreign.request(
        f"$JS.API.STREAM.UPDATE.HISTORY_OBJ_{kept}",
        orjson.dumps(config | {"max_msg_size": 50}),
    )
    await store.put(kept, "y", os.urandom(100))
    store._gate.patience = 0.3
    with pytest.raises(HistoryBehind):
        await store.put(kept, "y", b"2")
    assert len(await read(store, kept, "y")) == 100
    with pytest.raises(HistoryBehind):
        await store.delete(kept, "y")
    assert await chunk_messages(foreign, kept) == 2


async def test_a_reader_of_a_replaced_object_gets_all_of_the_old_bytes(store: ObjectStore, kept: str) -> None:
    data = os.urandom(40_000_000)
    await store.put(kept, "x", data)
    received = b""
    async with await store.get(kept, "x") as reader:
        pieces = aiter(reader)
        received += await anext(pieces)
        await store.put(kept, "x", b"new")
        received += b"".join([piece async for piece in pieces])
    assert received == data


async def test_a_reader_goes_on_when_the_object_or_the_bucket_is_deleted(store: ObjectStore, kept: str) -> None:
    data = os.urandom(40_000_000)
    for end in ("object", "bucket"):
        await store.put(kept, "x", data)
        received = b""
        async with await store.get(kept, "x") as reader:
            pieces = aiter(reader)
            received += await anext(pieces)
            await (store.delete(kept, "x") if end == "object" else store.delete_bucket(kept))
            received += b"".join([piece async for piece in pieces])
        assert received == data


async def test_history_goes_on_after_a_kill_of_the_server(fresh_nats_server: NatsServer) -> None:
    async with running_store(fresh_nats_server) as store:
        await store.create_bucket(BucketConfig("files"))
        await store.history.enable("files")
        await store.put("files", "x", b"1")
        await store.put("files", "x", b"2")
        fresh_nats_server.kill()
        fresh_nats_server.start()
        await put_again(store, b"3")
        assert await contents(store, "files", "x") == [b"3", b"2", b"1"]


async def put_again(store: ObjectStore, data: bytes) -> None:
    for _ in range(100):
        try:
            await store.put("files", "x", data)
        except (Unavailable, HistoryBehind):
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError


async def slow(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 1000):
        yield data[start : start + 1000]
        await asyncio.sleep(0)


async def test_concurrent_writers_are_all_in_the_history(store: ObjectStore, kept: str) -> None:
    wanted = {f"{writer} {number}".encode() for writer in range(4) for number in range(10)}

    async def write(writer: int) -> None:
        for number in range(10):
            await store.put(kept, "x", slow(f"{writer} {number}".encode()))

    await asyncio.gather(*(write(writer) for writer in range(4)))
    assert set(await contents(store, kept, "x")) == wanted
