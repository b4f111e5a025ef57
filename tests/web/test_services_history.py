"""What the history services promise beyond what the API shows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeAlias

import pytest

from buckets.access import AnyUser, NotAllowed, NotVisible
from buckets.objectstore import HistoryChange, HistoryOff, ObjectStore, Restored, Unavailable
from buckets.services import background, history, links, moves, objects, rewinding, scans, versions
from buckets.services.errors import RestoreRunning, StillLoading, TooManyNames
from buckets.services.order import Transfer
from buckets.services.versions import NamedVersion

from .conftest import Cast

Act: TypeAlias = Callable[[AnyUser], Awaitable[object]]


@pytest.fixture
async def kept(bucket: str, cast: Cast) -> str:
    """The test's bucket, with a history."""
    await history.set_history(cast.owner, bucket, history.HistoryWish(enabled=True))
    return bucket


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "buckets.audit"]


async def moment_of(site: ObjectStore, bucket: str) -> datetime:
    """A moment after all that is there, and before all that comes."""
    for info in await site.list(bucket):
        await site.history.versions(bucket, info.name)
    moment = datetime.now(UTC)
    await asyncio.sleep(0.002)
    return moment


async def test_they_authorise_before_anything_else(bucket: str, cast: Cast) -> None:
    """The bucket has no history, so whoever comes further hears of that."""
    moment = datetime.now(UTC)
    many = ["x"] * 2000
    for_viewers: list[Act] = [
        lambda user: versions.versions(user, bucket, "x"),
        lambda user: versions.open_version(user, bucket, "x", "1"),
        lambda user: versions.version_at(user, bucket, "x", moment),
        lambda user: versions.trash_index(user, bucket),
        lambda user: versions.moment_index(user, bucket, moment),
        lambda user: links.backlinks(user, bucket, "x"),
    ]
    for_editors: list[Act] = [
        lambda user: versions.restore(user, bucket, [NamedVersion("x", "1")] * 2000),
        lambda user: versions.undelete(user, bucket, many),
        lambda user: anext(rewinding.restore_moment(user, bucket, moment)),
        lambda user: moves.move(user, bucket, [Transfer("x", "y")] * 2000, bucket),
        lambda user: moves.copy(user, bucket, [Transfer("x", "y")] * 2000, bucket),
        lambda user: objects.rename(user, bucket, "x", ""),
    ]
    for_admins: list[Act] = [
        lambda user: versions.remove(user, bucket, "x", "1"),
        lambda user: objects.erase(user, bucket, many),
        lambda user: history.set_history(user, bucket, history.HistoryWish(enabled=True)),
        lambda user: history.remove_history(user, bucket),
        lambda user: history.prune(user, bucket),
        lambda user: history.remove_archive(user, bucket),
    ]
    for act in (*for_viewers, *for_editors, *for_admins):
        with pytest.raises(NotVisible):
            await act(cast.outsider)
    for act in (*for_editors, *for_admins):
        with pytest.raises(NotAllowed):
            await act(cast.colleague)
    for act in for_admins:
        with pytest.raises(NotAllowed):
            await act(cast.editor)


async def test_lists_of_names_are_bounded(bucket: str, cast: Cast) -> None:
    for act in (
        objects.erase(cast.owner, bucket, ["x"] * 1001),
        versions.undelete(cast.owner, bucket, ["x"] * 1001),
        versions.restore(cast.owner, bucket, [NamedVersion("x", "1")] * 1001),
        moves.move(cast.owner, bucket, [Transfer("x", "y")] * 1001, bucket),
        moves.copy(cast.owner, bucket, [Transfer("x", "y")] * 1001, bucket),
    ):
        with pytest.raises(TooManyNames):
            await act


async def test_every_act_says_who_wrote_and_is_recorded(kept: str, cast: Cast, site: ObjectStore, caplog: pytest.LogCaptureFixture) -> None:
    user = cast.owner
    await site.put(kept, "x", b"1")
    await site.put(kept, "x", b"2")
    (_, first) = await site.history.versions(kept, "x")
    moment = await moment_of(site, kept)
    caplog.clear()
    await versions.restore(user, kept, [NamedVersion("x", first.id)])
    await objects.delete(user, kept, ["x"])
    await versions.undelete(user, kept, ["x"])
    assert [result.action async for result in rewinding.restore_moment(user, kept, moment)] == ["restored"]
    await versions.remove(user, kept, "x", first.id)
    await history.set_history(user, kept, history.HistoryWish(enabled=False))
    await history.remove_history(user, kept)
    who = f'user="owner" bucket="{kept}"'
    assert lines(caplog) == [
        f'object.restore {who} name="x" version="{first.id}"',
        f'object.delete {who} name="x"',
        f'object.undelete {who} name="x"',
        f'history.restore {who} at="{moment.isoformat()}" prefix="" restored=1',
        f'version.remove {who} name="x" version="{first.id}"',
        f'history.disable {who} changed=""',
        f"history.remove {who}",
    ]


async def test_the_history_knows_the_writers(kept: str, cast: Cast, site: ObjectStore) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"data"

    await objects.upload(cast.editor, kept, "a", body())
    await objects.update(cast.owner, kept, "a", objects.ObjectChange(description="d"))
    await moves.move(cast.admin, kept, [Transfer("a", "b")], kept)
    await moves.copy(cast.editor, kept, [Transfer("b", "c")], kept)
    await objects.delete(cast.owner, kept, ["b"])
    writers = {name: [version.writer for version in await site.history.versions(kept, name)] for name in ("a", "b", "c")}
    assert writers == {"a": ["admin", "owner", "editor"], "b": ["owner", "admin"], "c": ["editor"]}


async def test_reading_a_version_is_recorded_with_the_version(
    kept: str, cast: Cast, site: ObjectStore, caplog: pytest.LogCaptureFixture
) -> None:
    await site.put(kept, "x", b"data")
    (version,) = await site.history.versions(kept, "x")
    reader = await versions.open_version(cast.colleague, kept, "x", version.id)
    assert b"".join([part async for part in objects.read_pieces(cast.colleague, kept, "x", reader, version=version.id)]) == b"data"
    assert lines(caplog)[-1] == f'object.download user="colleague" bucket="{kept}" name="x" size=4 version="{version.id}"'


async def test_restoring_a_moment_goes_on_when_nobody_looks_any_more(
    kept: str, cast: Cast, site: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewinding, "WAITING", 2)
    names = [f"{number:02}" for number in range(20)]
    for name in names:
        await site.put(kept, name, b"old")
    moment = await moment_of(site, kept)
    for name in names:
        await site.put(kept, name, b"new!")
    results = rewinding.restore_moment(cast.editor, kept, moment)
    assert (await anext(results)).action == "restored"
    with pytest.raises(RestoreRunning):
        await anext(rewinding.restore_moment(cast.editor, kept, moment))
    await results.aclose()
    async with asyncio.timeout(20):
        while any(info.size != 3 for info in await site.list(kept)):
            await asyncio.sleep(0.01)
    async with asyncio.timeout(5):
        while kept in rewinding._running:
            await asyncio.sleep(0.01)
    assert [result.action async for result in rewinding.restore_moment(cast.editor, kept, moment)] == ["unchanged"] * 20


async def test_restoring_a_moment_gives_all_results_to_a_slow_reader(
    kept: str, cast: Cast, site: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewinding, "WAITING", 2)
    for number in range(10):
        await site.put(kept, str(number), b"")
    moment = await moment_of(site, kept)
    results: list[Restored] = []
    async for result in rewinding.restore_moment(cast.editor, kept, moment):
        results.append(result)
        await asyncio.sleep(0.01)
    assert [result.name for result in results] == [str(number) for number in range(10)]


async def test_restoring_a_moment_ends_when_the_site_stops(kept: str, cast: Cast, site: ObjectStore) -> None:
    for number in range(300):
        await site.put(kept, str(number), b"old")
    moment = await moment_of(site, kept)
    for number in range(300):
        await site.delete(kept, str(number))
    results = rewinding.restore_moment(cast.editor, kept, moment)
    assert (await anext(results)).action == "restored"
    await background.close()
    with pytest.raises(Unavailable):
        _ = [result async for result in results]
    assert kept not in rewinding._running
    assert 0 < len(await site.list(kept)) < 300


async def test_what_is_wrong_with_restoring_a_moment_is_told(bucket: str, cast: Cast) -> None:
    for _ in range(2):
        with pytest.raises(HistoryOff):
            await anext(rewinding.restore_moment(cast.editor, bucket, datetime.now(UTC)))


async def test_work_in_the_background_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("odd")

    await background.start(fail(), "something")
    assert "something failed" in caplog.text
    assert "ValueError: odd" in caplog.text


async def test_the_trash_of_a_moment_ago_is_true_at_once(kept: str, cast: Cast, site: ObjectStore) -> None:
    await site.put(kept, "x", b"data")
    await objects.delete(cast.editor, kept, ["x"])
    assert (await versions.trash_index(cast.colleague, kept)).get("x") is not None
    await versions.undelete(cast.editor, kept, ["x"])
    assert (await versions.trash_index(cast.colleague, kept)).get("x") is None


async def test_versions_are_bounded_by_their_metadata(kept: str, cast: Cast, site: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        await site.put(kept, "x", b"", description="d" * 2000)
    monkeypatch.setattr(scans, "MAX_SCAN_BYTES", 5000)
    found = await versions.versions(cast.colleague, kept, "x")
    assert (len(found.versions), found.more) == (2, True)
    monkeypatch.setattr(scans, "MAX_SCAN_BYTES", 1)
    assert len((await versions.versions(cast.colleague, kept, "x")).versions) == 1


async def test_backlinks_wait_for_indexes_so_long_only(bucket: str, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> bool:
        return False

    live = await objects.live(cast.colleague, bucket)
    monkeypatch.setattr(type(live), "wait_ready", never)
    with pytest.raises(StillLoading):
        await links.backlinks(cast.colleague, bucket, "x")


async def test_archives_are_listed_to_admins_of_their_name(kept: str, cast: Cast, site: ObjectStore) -> None:
    async def listed(user: AnyUser) -> bool:
        return kept in [status.bucket for status in await history.archives(user)]

    assert not await listed(cast.admin)
    await site.delete_bucket(kept)  # as another client does: the grants stay
    assert [await listed(user) for user in (cast.admin, cast.owner, cast.editor, cast.outsider)] == [True, True, False, False]
    assert (await versions.versions(cast.colleague, kept, "x")).versions == []
    await history.remove_archive(cast.owner, kept)
    assert not await listed(cast.admin)


async def test_the_operator_prunes_without_a_role(kept: str, site: ObjectStore, caplog: pytest.LogCaptureFixture) -> None:
    await history.prune(None, kept)
    assert not [line for line in lines(caplog) if line.startswith("history.prune")]
    for number in range(3):
        await site.put(kept, "x", str(number).encode())
    await site.history.versions(kept, "x")
    await site.history.update(kept, HistoryChange(keep_versions=1))
    assert (await history.prune(None, kept)).versions == 1
    assert lines(caplog)[-1] == f'history.prune user="manage.py" bucket="{kept}" versions=1 data=1'
