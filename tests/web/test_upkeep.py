"""The site's own upkeep, and the command that does the same."""

import asyncio
import io
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import orjson
import pytest
from django.core.management import CommandError, call_command
from nats.aio.client import Client
from nats.js.api import StreamSource
from pytest_django import Settings

from buckets.objectstore import (
    BucketConfig,
    BucketNotFound,
    ConnectOptions,
    HistoryChange,
    HistoryConfig,
    ObjectStore,
    Purged,
    Unavailable,
)
from buckets.services import history, repair, runtime, upkeep
from nats_files.lifespan import Lifespan
from tests.conftest import running_store
from tests.natsserver import NatsServer

Do: TypeAlias = Callable[[Callable[[ObjectStore], Awaitable[object]]], None]


@pytest.fixture
async def kept(site: ObjectStore, bucket_name: str) -> str:
    """A bucket whose history has two versions too many."""
    await fill(site, bucket_name)
    return bucket_name


async def fill(store: ObjectStore, bucket: str) -> None:
    await store.create_bucket(BucketConfig(bucket))
    await store.history.enable(bucket, HistoryConfig(keep_versions=1))
    for number in range(4):
        await store.put(bucket, "x", str(number).encode())
    await store.history.versions(bucket, "x")


async def test_it_prunes_every_history(site: ObjectStore, kept: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="buckets.upkeep")
    await upkeep.tend_all()
    assert len(await site.history.versions(kept, "x")) == 2
    assert f"the history of {kept}: removed 2 old versions, and the data of 2 uploads" in caplog.text
    caplog.clear()
    await upkeep.tend_all()
    assert kept not in caplog.text


async def test_it_tells_once_what_a_history_has_missed(
    site: ObjectStore, kept: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def missed(bucket: str) -> int:
        return 3 if bucket == kept else 0

    monkeypatch.setattr(history, "missed", missed)
    await upkeep.tend_all()
    assert caplog.text.count(f"the history of {kept} has missed 3 messages") == 1
    await upkeep.tend_all()
    assert caplog.text.count("has missed") == 1


async def test_many_may_do_it_at_once(site: ObjectStore, kept: str) -> None:
    await asyncio.gather(*(upkeep.tend_all() for _ in range(4)))
    assert [version.info.size for version in await site.history.versions(kept, "x")] == [1, 1]


async def test_one_history_that_fails_stops_no_other(
    site: ObjectStore, kept: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(site, f"a-{kept}")
    await fill(site, f"b-{kept}")
    prune = history.prune

    async def failing(user: None, bucket: str) -> object:
        if bucket.startswith("a-"):
            raise Unavailable("no leader")
        if bucket.startswith("b-"):
            raise ValueError("odd")
        return await prune(user, bucket)

    monkeypatch.setattr(history, "prune", failing)
    await upkeep.tend_all()
    assert len(await site.history.versions(kept, "x")) == 2
    assert f"the history of a-{kept} could not be looked after: no leader" in caplog.text
    assert "ValueError: odd" in caplog.text


async def test_it_lets_the_history_of_a_bucket_that_was_made_anew_go_on(site: ObjectStore, kept: str, foreign: Client) -> None:
    js = foreign.jetstream()
    await js.delete_object_store(kept)
    objects = await js.create_object_store(kept)
    await upkeep.tend_all()
    await objects.put("anew", b"data")
    assert len(await site.history.versions(kept, "anew")) == 1


@pytest.fixture
async def orphaned(site: ObjectStore, bucket_name: str, foreign: Client, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket with an object, an upload that is under way, and what a process left that died. An hour is over at once."""
    monkeypatch.setattr("buckets.objectstore.repair.repair.HOUR", 0.0)
    await site.create_bucket(BucketConfig(bucket_name))
    await site.put(bucket_name, "kept", b"data")
    await leave_chunks(foreign, bucket_name, "LEFT")
    return bucket_name


@asynccontextmanager
async def process(server: NatsServer) -> AsyncIterator[ObjectStore]:
    """What another process of the site has."""
    store = ObjectStore(ConnectOptions(servers=(server.url,), reconnect_wait=0.1))
    await store.start()
    yield store
    await store.close()


async def leave_chunks(foreign: Client, bucket: str, nuid: str) -> None:
    await foreign.jetstream().publish(f"$O.{bucket}.C.{nuid}", b"1")
    await foreign.jetstream().publish(f"$O.{bucket}.C.{nuid}", b"2")


async def nuids(foreign: Client, bucket: str) -> set[str]:
    info = await foreign.jetstream().stream_info(f"OBJ_{bucket}", subjects_filter=f"$O.{bucket}.C.>")
    return {subject.rpartition(".")[2] for subject in info.state.subjects or {}}


async def let_the_turns_end(foreign: Client) -> None:
    await foreign.jetstream().purge_stream("KV_nats-files-turns")


async def test_it_removes_what_dead_processes_left_and_nothing_that_is_used(
    site: ObjectStore, orphaned: str, foreign: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    upload = await site.uploads.create(orphaned, "under way", expires=time.time() + 1000, length=10)
    await site.uploads.append(upload.id, 0, one_piece(b"12345"))
    await upkeep.tend_all()
    assert await nuids(foreign, orphaned) == {(await site.info(orphaned, "kept")).nuid, upload.nuid}
    assert f"{orphaned}: removed 2 chunks of 1 uploads whose writers had died" in caplog.text
    assert f'bucket.purge_orphans user="manage.py" bucket="{orphaned}" nuids=1 chunks=2' in caplog.text
    done = await site.uploads.append(upload.id, 5, one_piece(b"67890"))
    assert done.info is not None
    assert done.info.size == 10


async def one_piece(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def test_what_is_younger_than_an_hour_stays(
    site: ObjectStore, orphaned: str, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("buckets.objectstore.repair.repair.HOUR", 3600.0)
    await upkeep.tend_all()
    assert "LEFT" in await nuids(foreign, orphaned)


async def test_of_many_processes_one_looks_for_orphans_and_none_for_a_while_then(
    site: ObjectStore, orphaned: str, foreign: Client, nats_server: NatsServer
) -> None:
    async with process(nats_server) as another, process(nats_server) as third:
        purged = await asyncio.gather(*(store.repair.purge_orphans_in_turn(orphaned) for store in (site, another, third)))
        assert sorted(one is None for one in purged) == [False, True, True]
        await leave_chunks(foreign, orphaned, "LATER")
        await upkeep.tend_all()
        assert "LATER" in await nuids(foreign, orphaned)
        await let_the_turns_end(foreign)
        assert await another.repair.purge_orphans_in_turn(orphaned) == Purged(1, 2)


async def test_a_turn_ends_by_itself(site: ObjectStore, orphaned: str, foreign: Client) -> None:
    await upkeep.tend_all()
    config = (await foreign.jetstream().stream_info("KV_nats-files-turns")).config
    assert config.max_age == 3000


async def test_a_bucket_in_which_nothing_changes_is_read_once(
    site: ObjectStore, orphaned: str, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []
    purge = site.repair.purge_orphans

    async def counted(bucket: str, *, older_than: float) -> Purged:
        looked.append(bucket)
        return await purge(bucket, older_than=older_than)

    monkeypatch.setattr(site.repair, "purge_orphans", counted)
    for _ in range(4):
        await site.repair.purge_orphans_in_turn(orphaned)
        await let_the_turns_end(foreign)
    assert len(looked) == 2  # what was left, and that nothing is left
    await leave_chunks(foreign, orphaned, "MORE")
    assert await site.repair.purge_orphans_in_turn(orphaned) == Purged(1, 2)


async def test_what_copies_from_other_streams_is_left_alone(site: ObjectStore, orphaned: str, foreign: Client) -> None:
    await foreign.jetstream().add_stream(name=f"OBJ_{orphaned}-copy", mirror=StreamSource(name=f"OBJ_{orphaned}"))
    async with asyncio.timeout(10):
        while (await foreign.jetstream().stream_info(f"OBJ_{orphaned}-copy")).state.messages < 4:
            await asyncio.sleep(0.01)
    await upkeep.tend_all()
    assert (await foreign.jetstream().stream_info(f"OBJ_{orphaned}-copy")).state.messages == 4
    await foreign.jetstream().delete_stream(f"OBJ_{orphaned}-copy")


async def test_one_bucket_that_fails_stops_no_other(
    site: ObjectStore, orphaned: str, foreign: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a-", "b-", "c-"):
        await site.create_bucket(BucketConfig(f"{name}{orphaned}"))
    look = repair.purge_orphans_in_turn
    errors = {"a-": Unavailable("no leader"), "b-": ValueError("odd"), "c-": BucketNotFound("gone meanwhile")}

    async def failing(bucket: str) -> Purged:
        if bucket[:2] in errors and bucket[2:] == orphaned:
            raise errors[bucket[:2]]
        return await look(bucket)

    monkeypatch.setattr(repair, "purge_orphans_in_turn", failing)
    await upkeep.tend_all()
    assert "LEFT" not in await nuids(foreign, orphaned)
    assert f"orphaned chunks in a-{orphaned} could not be looked for: no leader" in caplog.text
    assert "ValueError: odd" in caplog.text
    assert f"c-{orphaned}" not in caplog.text


async def test_it_goes_on_whatever_happens_until_it_is_cancelled(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    errors = [Unavailable("NATS is away"), ValueError("odd"), None]
    done = asyncio.Event()

    async def tend_all() -> None:
        if not errors:
            done.set()
            return
        error = errors.pop(0)
        if error:
            raise error

    monkeypatch.setattr(upkeep, "tend_all", tend_all)
    task = asyncio.create_task(upkeep.run(0.01))
    async with asyncio.timeout(10):
        await done.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "the buckets could not be looked after: NATS is away" in caplog.text
    assert "ValueError: odd" in caplog.text


async def test_a_history_that_does_not_copy_is_reported(
    site: ObjectStore, kept: str, foreign: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server itself reports neither a lag nor an error then."""
    monkeypatch.setattr(upkeep, "LOOK_SECONDS", 0.3)
    await upkeep.tend_all()
    assert f"the history of {kept} is behind" not in caplog.text
    config = (await foreign.jetstream().stream_info(f"HISTORY_OBJ_{kept}")).config.as_dict()
    await foreign.request(f"$JS.API.STREAM.UPDATE.HISTORY_OBJ_{kept}", orjson.dumps(config | {"max_msg_size": 50}))
    await site.put(kept, "large", b"x" * 1000)
    await upkeep.tend_all()
    assert f"the history of {kept} is behind or stalled: what was written last is not in it after 0.3 s" in caplog.text


@pytest.mark.parametrize("end", ["overwritten", "pruned", "erased", "archived", "never written to"])
async def test_a_history_that_lacks_nothing_is_not_reported(
    site: ObjectStore, bucket_name: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(upkeep, "LOOK_SECONDS", 0.3)
    await site.create_bucket(BucketConfig(bucket_name))
    await site.history.enable(bucket_name, HistoryConfig(keep_days=0.000001))
    if end != "never written to":
        await site.put(bucket_name, "first", b"data")
        await site.put(bucket_name, "x", b"data")
        await site.put(bucket_name, "x", b"data")
    if end == "pruned":
        await site.delete(bucket_name, "x")
        await site.history.versions(bucket_name, "x")
        await asyncio.sleep(0.15)
    if end == "erased":
        await site.erase(bucket_name, "x")
    if end == "archived":
        await site.delete_bucket(bucket_name)
    await upkeep.tend_all()
    assert f"the history of {bucket_name} is behind" not in caplog.text
    assert f"the history of {bucket_name} could not" not in caplog.text
    if end == "pruned":
        assert await site.history.versions(bucket_name, "x") == []
        await site.delete_bucket(bucket_name)


class Server:
    """What the ASGI server tells a lifespan, and hears from it."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.told: list[str] = []
        self._started = False

    async def receive(self) -> Any:
        if not self._started:
            self._started = True
            return {"type": "lifespan.startup"}
        await self.stop.wait()
        return {"type": "lifespan.shutdown"}

    async def send(self, message: Any) -> None:
        self.told.append(message["type"])


@pytest.fixture
async def stopped(settings: Settings, nats_server: NatsServer) -> AsyncIterator[None]:
    settings.NATS = ConnectOptions(servers=(nats_server.url,), reconnect_wait=0.1)
    yield
    await runtime.close_store()


@pytest.mark.parametrize(("minutes", "running"), [(60, True), (0, False)])
async def test_it_runs_with_the_site_and_ends_with_it(stopped: None, settings: Settings, minutes: int, running: bool) -> None:
    def upkeep_tasks() -> list[asyncio.Task[object]]:
        return [task for task in asyncio.all_tasks() if task.get_name() == "upkeep"]

    settings.UPKEEP_MINUTES = minutes
    server = Server()
    site = asyncio.create_task(Lifespan(set())({"type": "lifespan"}, server.receive, server.send))  # type: ignore[arg-type]
    async with asyncio.timeout(10):
        while server.told != ["lifespan.startup.complete"]:
            await asyncio.sleep(0.01)
        assert bool(upkeep_tasks()) is running
        server.stop.set()
        await site
    assert server.told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert upkeep_tasks() == []


@pytest.fixture
def do(nats_server: NatsServer) -> Do:
    """Acts with a store, in a loop of its own: a command has its own, too."""

    async def connected(act: Callable[[ObjectStore], Awaitable[object]]) -> None:
        async with running_store(nats_server) as store:
            await act(store)

    return lambda act: asyncio.run(connected(act))


@pytest.fixture
def pruned(settings: Settings, nats_server: NatsServer, do: Do) -> str:
    settings.NATS = ConnectOptions(servers=(nats_server.url,), reconnect_wait=0.1)
    name = f"prune-{uuid.uuid4().hex[:12]}"
    do(lambda store: fill(store, name))
    return name


def run(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("prune_history", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_prune_history_says_what_it_removed(pruned: str) -> None:
    assert run(pruned) == (f"{pruned}: removed 2 versions, and the data of 2 uploads\n", "1 of 1 histories\n")
    assert run(pruned)[0] == f"{pruned}: removed 0 versions, and the data of 0 uploads\n"


def test_prune_history_goes_through_all_histories_and_archives(pruned: str, do: Do) -> None:
    async def leave(store: ObjectStore) -> None:
        await fill(store, f"{pruned}-gone")
        await store.delete_bucket(f"{pruned}-gone")

    do(leave)
    out, _ = run()
    assert f"{pruned}: removed 2 versions" in out
    assert f"{pruned}-gone: removed 2 versions" in out


def test_prune_history_fails_for_a_bucket_without_one_and_does_the_others(pruned: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError, match="could not be pruned: missing") as raised:
        call_command("prune_history", "missing", pruned, stdout=out, stderr=err)
    assert raised.value.returncode != 0
    assert f"{pruned}: removed 2 versions" in out.getvalue()
    assert "missing: The bucket 'missing' has no history." in err.getvalue()


def test_prune_history_keeps_everything_without_a_rule(pruned: str, do: Do) -> None:
    do(lambda store: store.history.update(pruned, HistoryChange(keep_versions=0)))
    assert run(pruned)[0] == f"{pruned}: removed 0 versions, and the data of 0 uploads\n"


def test_prune_history_says_so_when_nats_is_away(settings: Settings) -> None:
    settings.NATS = ConnectOptions(servers=("nats://127.0.0.1:9",), connect_wait=0.2)
    with pytest.raises(CommandError, match="cannot be reached"):
        run()
