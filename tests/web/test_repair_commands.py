"""verify, purge_orphans and purge_deleted."""

import asyncio
import io
import uuid
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import nats
import pytest
from django.core.management import CommandError, call_command
from nats.aio.client import Client
from pytest_django import Settings

from buckets.objectstore import BucketConfig, ConnectOptions, ObjectStore
from tests.conftest import running_store
from tests.natsserver import NatsServer
from tests.store.helpers import pieces

Act: TypeAlias = Callable[[ObjectStore, Client], Awaitable[object]]
Do: TypeAlias = Callable[[Act], None]


@pytest.fixture
def bucket(settings: Settings, nats_server: NatsServer, do: Do) -> str:
    """A bucket with the objects "good" and "bad\\nname"."""
    settings.NATS = ConnectOptions(servers=(nats_server.url,), reconnect_wait=0.1)
    name = f"repair-{uuid.uuid4().hex[:12]}"

    async def fill(store: ObjectStore, _: Client) -> None:
        await store.create_bucket(BucketConfig(name))
        for one in ("good", "bad\nname"):
            await store.put(name, one, pieces(b"a" * 3000), chunk_size=1000)

    do(fill)
    return name


@pytest.fixture
def do(nats_server: NatsServer) -> Do:
    """Acts with a store and a foreign client, in a loop of its own: a command has its own, too."""

    async def connected(act: Act) -> None:
        client = await nats.connect(nats_server.url)
        async with running_store(nats_server) as store:
            await act(store, client)
        await client.close()

    return lambda act: asyncio.run(connected(act))


def run(*arguments: str, verbosity: int = 1) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(*arguments, stdout=out, stderr=err, verbosity=verbosity)
    return out.getvalue(), err.getvalue()


def damage(bucket: str, name: str) -> Act:
    async def act(store: ObjectStore, client: Client) -> None:
        info = await store.info(bucket, name)
        await client.jetstream().delete_msg(f"OBJ_{bucket}", info.revision - 1)

    return act


def orphan(bucket: str, nuid: str = "LOST") -> Act:
    async def act(store: ObjectStore, client: Client) -> None:
        for _ in range(3):
            await client.jetstream().publish(f"$O.{bucket}.C.{nuid}", b"data")

    return act


def test_verify_says_that_all_is_well_and_how_far_it_came(bucket: str) -> None:
    out, err = run("verify", bucket)
    assert out == "All of 2 objects are as they should be.\n"
    assert err == "2 of 2 objects, 6,000 bytes read, 0 damaged\n"


def test_verify_fails_when_an_object_is_damaged_and_names_it_on_one_line(bucket: str, do: Do) -> None:
    do(damage(bucket, "bad\nname"))
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 of 2 objects are damaged") as raised:
        call_command("verify", bucket, stdout=out, stderr=io.StringIO())
    assert raised.value.returncode != 0
    assert out.getvalue() == 'damaged: "bad\\nname": 2,000 bytes are stored where its metadata states 3,000\n'


def test_verify_reads_only_the_objects_named(bucket: str, do: Do) -> None:
    do(damage(bucket, "bad\nname"))
    out, _ = run("verify", bucket, "good", verbosity=2)
    assert out == 'ok: "good"\nAll of 1 objects are as they should be.\n'
    with pytest.raises(CommandError, match="1 of 1 objects"):
        run("verify", bucket, "missing")


@pytest.mark.parametrize("command", ["verify", "purge_orphans", "purge_deleted"])
def test_a_missing_bucket_is_told_in_words(bucket: str, command: str) -> None:
    with pytest.raises(CommandError):
        run(command, "missing")


def test_it_says_so_when_nats_is_away(settings: Settings) -> None:
    settings.NATS = ConnectOptions(servers=("nats://127.0.0.1:9",), connect_wait=0.2)
    with pytest.raises(CommandError, match="cannot be reached"):
        run("verify", "any")


def test_purge_orphans_only_tells_in_a_dry_run(bucket: str, do: Do) -> None:
    do(orphan(bucket))
    out, _ = run("purge_orphans", bucket, "--dry-run", "--older-than", "0s")
    assert out.startswith(f"{bucket}: LOST, 3 chunks, last written 20")
    out, _ = run("purge_orphans", bucket, "--dry-run", "--older-than", "0s")
    assert "LOST" in out


def test_purge_orphans_removes_what_is_old_enough(bucket: str, do: Do) -> None:
    do(orphan(bucket))
    out, err = run("purge_orphans", bucket)
    assert (out, err) == ("", "1 of 1 buckets\n")
    out, _ = run("purge_orphans", bucket, "--older-than", "0s")
    assert out == f"{bucket}: removed 3 chunks of 1 unfinished uploads\n"
    out, _ = run("verify", bucket)
    assert out == "All of 2 objects are as they should be.\n"


def test_purge_orphans_goes_through_all_buckets_but_sealed_ones(bucket: str, do: Do) -> None:
    other = f"{bucket}-sealed"

    async def seal(store: ObjectStore, client: Client) -> None:
        await store.create_bucket(BucketConfig(other))
        await orphan(other)(store, client)
        await orphan(bucket)(store, client)
        await store.seal_bucket(other)

    do(seal)
    out, _ = run("purge_orphans", "--older-than", "0s")
    assert f"{bucket}: removed 3 chunks of 1 unfinished uploads" in out
    assert other not in out
    with pytest.raises(CommandError, match=f"could not be done: {other}"):
        run("purge_orphans", other, "--older-than", "0s")


def test_purge_orphans_says_what_it_keeps_and_why(bucket: str, do: Do) -> None:
    async def broken(store: ObjectStore, client: Client) -> None:
        await orphan(bucket)(store, client)
        await client.jetstream().publish(f"$O.{bucket}.M.YnJva2Vu", b"{")

    do(broken)
    out, _ = run("purge_orphans", bucket, "--older-than", "0s", "--dry-run")
    assert 'kept, as it may belong to "broken"' in out
    out, _ = run("purge_orphans", bucket, "--older-than", "0s")
    assert out == f"{bucket}: kept 1 that may belong to objects with broken metadata (see --dry-run)\n"


def test_purge_deleted_removes_markers(bucket: str, do: Do) -> None:
    do(lambda store, _: store.delete(bucket, "good"))
    assert run("purge_deleted", bucket, "--older-than", "1h") == (f"{bucket}: removed 0 deletion markers\n", "")
    assert run("purge_deleted", bucket) == (f"{bucket}: removed 1 deletion markers\n", "1 of 1 deletion markers\n")


@pytest.mark.parametrize("text", ["", "x", "-1h", "1w", "1.5h", "9999999999999s", "١h"])
def test_a_bad_time_span_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match=r"no time span|expected one argument"):
        run("purge_orphans", "any", "--older-than", text)
