"""Changing metadata and names, copies, moves, links, erasing: what needs no new data."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from nats.aio.client import Client
from nats.js.errors import ObjectNotFoundError

from buckets.objectstore import (
    BucketChange,
    BucketConfig,
    BucketNotFound,
    Conflict,
    InvalidLink,
    InvalidObjectName,
    Link,
    ObjectExists,
    ObjectNotFound,
    ObjectStore,
    ObjectUnreadable,
)
from buckets.objectstore.names import metadata_subject
from tests.conftest import running_store
from tests.natsserver import NatsServer
from tests.store.helpers import ODD_NAMES, chunk_messages, pieces, read


async def other_bucket(store: ObjectStore, bucket: str) -> str:
    await store.create_bucket(BucketConfig(f"{bucket}-2"))
    return f"{bucket}-2"


async def names(store: ObjectStore, bucket: str) -> list[str]:
    return [info.name for info in await store.list(bucket)]


async def test_bytes_and_files_can_be_put(store: ObjectStore, bucket: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(os.urandom(3_000_000))
    assert (await store.put(bucket, "file", file)).size == 3_000_000
    assert await read(store, bucket, "file") == file.read_bytes()
    await store.put(bucket, "bytes", b"data")
    assert await read(store, bucket, "bytes") == b"data"


async def test_a_file_that_cannot_be_read_leaves_nothing(store: ObjectStore, bucket: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await store.put(bucket, "x", tmp_path / "missing")
    assert await names(store, bucket) == []


async def test_the_list_is_by_name_and_has_deleted_ones_on_request(store: ObjectStore, bucket: str) -> None:
    for name in ("b", "a", "c"):
        await store.put(bucket, name, b"")
    await store.delete(bucket, "b")
    assert await names(store, bucket) == ["a", "c"]
    listed = await store.list(bucket, deleted=True)
    assert [(info.name, info.deleted) for info in listed] == [("a", False), ("b", True), ("c", False)]
    assert (await store.info(bucket, "b", deleted=True)).deleted


async def test_metadata_is_changed_and_the_rest_stays(store: ObjectStore, bucket: str, foreign: Client) -> None:
    before = await store.put(bucket, "x", b"data", description="old", headers={"A": ["1"]}, metadata={"k": "v"}, chunk_size=1000)
    after = await store.update_meta(bucket, "x", description="new")
    assert (after.description, after.headers, after.metadata) == ("new", {"A": ("1",)}, {"k": "v"})
    assert (after.nuid, after.digest, after.chunk_size, after.size) == (before.nuid, before.digest, 1000, 4)
    after = await store.update_meta(bucket, "x", headers={}, metadata={"n": "ü"})
    assert (after.description, after.headers, after.metadata) == ("new", {}, {"n": "ü"})
    assert await store.info(bucket, "x") == after
    assert await read(store, bucket, "x") == b"data"
    assert await chunk_messages(foreign, bucket) == 1


async def test_metadata_of_what_is_not_there_cannot_be_changed(store: ObjectStore, bucket: str) -> None:
    await store.put(bucket, "x", b"data")
    await store.delete(bucket, "x")
    for name in ("x", "never"):
        with pytest.raises(ObjectNotFound):
            await store.update_meta(bucket, name, description="new")


async def test_metadata_can_be_changed_on_condition(store: ObjectStore, bucket: str) -> None:
    info = await store.put(bucket, "x", b"data")
    changed = await store.update_meta(bucket, "x", description="1", expected_revision=info.revision)
    with pytest.raises(Conflict):
        await store.update_meta(bucket, "x", description="2", expected_revision=info.revision)
    assert await store.info(bucket, "x") == changed


async def test_of_many_changes_at_once_none_is_lost(store: ObjectStore, bucket: str) -> None:
    await store.put(bucket, "x", b"data")
    await asyncio.gather(
        store.update_meta(bucket, "x", description="d"),
        store.update_meta(bucket, "x", headers={"H": ["h"]}),
        store.update_meta(bucket, "x", metadata={"m": "m"}),
    )
    info = await store.info(bucket, "x")
    assert (info.description, info.headers, info.metadata) == ("d", {"H": ("h",)}, {"m": "m"})


@pytest.mark.parametrize("atomic", [True, False])
async def test_a_rename_keeps_all_but_the_name(store: ObjectStore, bucket: str, foreign: Client, atomic: bool) -> None:
    """Without atomic batches (before nats-server 2.12 too) its data is copied."""
    if not atomic:
        await store.update_bucket(bucket, BucketChange(atomic=False))
    atomic = (await store.bucket(bucket)).atomic
    before = await store.put(bucket, "old", b"data", description="d", headers={"H": ["h"]})
    after = await store.rename(bucket, "old", "new")
    assert (after.name, after.description, after.headers, after.digest) == ("new", "d", {"H": ("h",)}, before.digest)
    assert (after.nuid == before.nuid) is atomic
    assert await names(store, bucket) == ["new"]
    assert await read(store, bucket, "new") == b"data"
    with pytest.raises(ObjectNotFound):
        await store.info(bucket, "old")
    assert await chunk_messages(foreign, bucket) == 1
    assert after.revision == before.revision + (1 if atomic else 2)


async def test_deleting_the_old_name_again_leaves_the_renamed_object_alone(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "old", b"data")
    await store.rename(bucket, "old", "new")
    await store.delete(bucket, "old")
    with pytest.raises(ObjectNotFoundError):
        await (await foreign.jetstream().object_store(bucket)).delete("old")
    assert await read(store, bucket, "new") == b"data"


@pytest.mark.parametrize("atomic", [True, False])
async def test_a_rename_onto_an_object_needs_leave(store: ObjectStore, bucket: str, foreign: Client, atomic: bool) -> None:
    if not atomic:
        await store.update_bucket(bucket, BucketChange(atomic=False))
    await store.put(bucket, "old", b"old")
    await store.put(bucket, "new", b"new")
    with pytest.raises(ObjectExists):
        await store.rename(bucket, "old", "new")
    assert await names(store, bucket) == ["new", "old"]
    await store.rename(bucket, "old", "new", overwrite=True)
    assert await names(store, bucket) == ["new"]
    assert await read(store, bucket, "new") == b"old"
    assert await chunk_messages(foreign, bucket) == 1


async def test_a_rename_on_condition_and_to_impossible_names(store: ObjectStore, bucket: str) -> None:
    info = await store.put(bucket, "x", b"data")
    assert (await store.rename(bucket, "x", "x")).revision == info.revision
    with pytest.raises(Conflict):
        await store.rename(bucket, "x", "y", expected_revision=info.revision + 1)
    with pytest.raises(InvalidObjectName):
        await store.rename(bucket, "x", "")
    with pytest.raises(ObjectNotFound):
        await store.rename(bucket, "never", "y")
    assert await names(store, bucket) == ["x"]


async def test_of_two_renames_to_one_name_exactly_one_wins(store: ObjectStore, bucket: str) -> None:
    await store.put(bucket, "a", b"a")
    await store.put(bucket, "b", b"b")
    results = await asyncio.gather(store.rename(bucket, "a", "c"), store.rename(bucket, "b", "c"), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["ObjectExists", "ObjectInfo"]
    assert len(await names(store, bucket)) == 2


async def test_every_name_can_be_renamed_to_and_from(store: ObjectStore, bucket: str) -> None:
    await store.put(bucket, "start", b"data")
    name = "start"
    for odd in ODD_NAMES:
        await store.rename(bucket, name, odd)
        name = odd
    assert await names(store, bucket) == [ODD_NAMES[-1]]
    assert await read(store, bucket, ODD_NAMES[-1]) == b"data"


async def test_a_copy_is_an_object_of_its_own(store: ObjectStore, bucket: str) -> None:
    other = await other_bucket(store, bucket)
    data = os.urandom(10_000)
    original = await store.put(bucket, "x", data, description="d", headers={"H": ["h"]}, metadata={"m": "m"}, chunk_size=999)
    for where, name in ((bucket, "y"), (other, "x")):
        copied = await store.copy(bucket, "x", where, name)
        assert (copied.bucket, copied.name, copied.digest, copied.chunk_size) == (where, name, original.digest, 999)
        assert (copied.description, copied.headers, copied.metadata) == (original.description, original.headers, original.metadata)
        assert copied.nuid != original.nuid
        assert await read(store, where, name) == data
    await store.delete(bucket, "x")
    assert await read(store, bucket, "y") == data


async def test_a_copy_replaces_nothing_without_leave(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", b"new")
    await store.put(bucket, "y", b"old")
    with pytest.raises(ObjectExists):
        await store.copy(bucket, "x", bucket, "y")
    with pytest.raises(ObjectExists):
        await store.copy(bucket, "x", bucket, "x", overwrite=True)
    assert await read(store, bucket, "y") == b"old"
    await store.copy(bucket, "x", bucket, "y", overwrite=True)
    assert await read(store, bucket, "y") == b"new"
    assert await chunk_messages(foreign, bucket) == 2


@pytest.mark.parametrize("verb", ["copy", "rename", "link"])
async def test_an_object_that_appears_meanwhile_stays(
    store: ObjectStore, nats_server: NatsServer, bucket: str, foreign: Client, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """Between the look at the name and the moment in which it is taken somebody else takes it."""
    await store.put(bucket, "x", b"ours" * 1000)
    verbs: dict[str, Callable[[], Awaitable[object]]] = {
        "copy": lambda: store.copy(bucket, "x", bucket, "y"),
        "rename": lambda: store.rename(bucket, "x", "y"),
        "link": lambda: store.add_link(bucket, "y", Link(bucket, "x")),
    }
    async with running_store(nats_server) as other:
        gate, appeared = store._commits.gate, False
        real = gate.wait

        async def wait(*arguments: Any) -> None:
            nonlocal appeared
            if not appeared:
                appeared = True
                await other.put(bucket, "y", b"theirs")
            await real(*arguments)

        monkeypatch.setattr(gate, "wait", wait)
        with pytest.raises((ObjectExists, Conflict)):
            await verbs[verb]()
    assert appeared
    assert await names(store, bucket) == ["x", "y"]
    assert await read(store, bucket, "y") == b"theirs"
    assert await read(store, bucket, "x") == b"ours" * 1000
    assert await chunk_messages(foreign, bucket) == 2


async def test_a_move_on_condition_takes_only_what_was_expected(store: ObjectStore, bucket: str) -> None:
    other = await other_bucket(store, bucket)
    first = await store.put(bucket, "x", b"first")
    second = await store.put(bucket, "x", b"second")
    for target in (bucket, other):
        with pytest.raises(Conflict):
            await store.move(bucket, "x", target, "y", expected_revision=first.revision)
    assert (await names(store, bucket), await names(store, other)) == (["x"], [])
    await store.move(bucket, "x", other, "y", expected_revision=second.revision)
    assert (await names(store, bucket), await names(store, other)) == ([], ["y"])


async def test_a_move_goes_to_another_bucket(store: ObjectStore, bucket: str, foreign: Client) -> None:
    other = await other_bucket(store, bucket)
    await store.put(bucket, "x", b"data")
    await store.move(bucket, "x", other, "y")
    assert (await names(store, bucket), await names(store, other)) == ([], ["y"])
    assert await read(store, other, "y") == b"data"
    assert await chunk_messages(foreign, bucket) == 0
    await store.move(other, "y", other, "z")
    assert await names(store, other) == ["z"]


async def test_links_lead_to_objects_and_buckets(store: ObjectStore, bucket: str) -> None:
    other = await other_bucket(store, bucket)
    await store.put(other, "target", b"data")
    link = await store.add_link(bucket, "link", Link(other, "target"), description="d", metadata={"m": "m"})
    assert (link.link, link.size, link.chunks, link.description) == (Link(other, "target"), 0, 0, "d")
    assert await store.info(bucket, "link") == link
    assert await read(store, bucket, "link") == b"data"
    whole = await store.add_link(bucket, "whole", Link(other))
    assert whole.link == Link(other)
    with pytest.raises(ObjectUnreadable):
        await store.get(bucket, "whole")


async def test_links_that_adr_20_forbids_are_refused(store: ObjectStore, bucket: str) -> None:
    await store.put(bucket, "object", b"data")
    await store.put(bucket, "deleted", b"data")
    await store.delete(bucket, "deleted")
    await store.add_link(bucket, "link", Link(bucket, "object"))
    for target in ("link", "deleted", "never"):
        with pytest.raises(InvalidLink):
            await store.add_link(bucket, "new", Link(bucket, target))
    with pytest.raises(ObjectExists):
        await store.add_link(bucket, "object", Link(bucket, "object"))
    with pytest.raises(BucketNotFound):
        await store.add_link(bucket, "new", Link("missing"))
    assert await names(store, bucket) == ["link", "object"]


async def test_a_link_may_replace_a_link_and_a_deleted_object(store: ObjectStore, bucket: str) -> None:
    await store.put(bucket, "a", b"a")
    await store.put(bucket, "b", b"b")
    await store.put(bucket, "gone", b"")
    await store.delete(bucket, "gone")
    for name in ("link", "gone"):
        await store.add_link(bucket, name, Link(bucket, "a"))
        await store.add_link(bucket, name, Link(bucket, "b"))
        assert await read(store, bucket, name) == b"b"


async def test_a_dangling_link_says_where_it_led(store: ObjectStore, bucket: str) -> None:
    other = await other_bucket(store, bucket)
    await store.put(other, "target", b"data")
    await store.add_link(bucket, "link", Link(other, "target"))
    assert [await store.is_dangling(link) for link in (Link(other, "target"), Link(other))] == [False, False]
    await store.delete(other, "target")
    assert [await store.is_dangling(link) for link in (Link(other, "target"), Link(other))] == [True, False]
    with pytest.raises(ObjectNotFound, match="'link' is a link to 'target'"):
        await store.get(bucket, "link")
    await store.delete_bucket(other)
    assert [await store.is_dangling(link) for link in (Link(other, "target"), Link(other))] == [True, True]
    with pytest.raises(ObjectNotFound, match="'link' is a link to 'target'"):
        await store.get(bucket, "link")


async def test_a_link_is_followed_only_with_leave(store: ObjectStore, bucket: str) -> None:
    await store.put(bucket, "secret", b"data")
    await store.add_link(bucket, "link", Link(bucket, "secret"))
    asked: list[Link] = []

    async def may_follow(link: Link) -> None:
        asked.append(link)
        raise PermissionError

    with pytest.raises(PermissionError):
        await store.get(bucket, "link", may_follow=may_follow)
    await store.get(bucket, "secret", may_follow=may_follow)
    assert asked == [Link(bucket, "secret")]


async def test_a_foreign_link_that_lacks_fields_is_read(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "target", b"data")
    await foreign.jetstream().publish(
        metadata_subject(bucket, "link"), orjson.dumps({"options": {"link": {"bucket": bucket, "name": "target"}}})
    )
    assert (await store.info(bucket, "link")).link == Link(bucket, "target")
    assert await read(store, bucket, "link") == b"data"


async def test_links_are_copied_renamed_and_deleted_as_links(store: ObjectStore, bucket: str) -> None:
    await store.put(bucket, "target", b"data")
    await store.add_link(bucket, "link", Link(bucket, "target"))
    assert (await store.copy(bucket, "link", bucket, "copy")).link == Link(bucket, "target")
    assert (await store.rename(bucket, "link", "renamed")).link == Link(bucket, "target")
    await store.delete(bucket, "copy")
    await store.put(bucket, "renamed", b"now an object")
    assert await read(store, bucket, "target") == b"data"
    assert await read(store, bucket, "renamed") == b"now an object"


async def test_erasing_leaves_not_even_a_marker(store: ObjectStore, bucket: str, foreign: Client) -> None:
    await store.put(bucket, "x", b"data")
    await store.erase(bucket, "x")
    await store.erase(bucket, "x")
    await store.erase(bucket, "never")
    assert await store.list(bucket, deleted=True) == []
    assert (await foreign.jetstream().stream_info(f"OBJ_{bucket}")).state.messages == 0


async def test_a_deletion_on_condition(store: ObjectStore, bucket: str) -> None:
    info = await store.put(bucket, "x", pieces(b"1"))
    await store.put(bucket, "x", pieces(b"2"))
    with pytest.raises(Conflict):
        await store.delete(bucket, "x", expected_revision=info.revision)
    assert await read(store, bucket, "x") == b"2"
    await store.delete(bucket, "x", expected_revision=(await store.info(bucket, "x")).revision)
    assert await names(store, bucket) == []
