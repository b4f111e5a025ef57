"""The site's own upkeep, and the command that does the same."""

import asyncio
import io
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import orjson
import pytest
from django.core.management import CommandError, call_command
from nats.aio.client import Client
from pytest_django import Settings

from buckets.objectstore import BucketConfig, ConnectOptions, HistoryChange, HistoryConfig, ObjectStore, Unavailable
from buckets.services import history, runtime, upkeep
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
    assert "the histories could not be looked after: NATS is away" in caplog.text
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
