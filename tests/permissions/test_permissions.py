"""The permissions that are documented are those that the site needs: no more, and no fewer. What is missing is told in words."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

import httpx
import nats
import pytest
from pytest_django import Settings

from buckets.services import runtime
from tests.natsserver import NatsServer

from . import documented, traced
from .conftest import options
from .documented import Permissions
from .flows import API, upload_in_pieces, use_everything, watch

DOCUMENTED = documented.read("all buckets")
READING = 8
On: TypeAlias = Callable[[Permissions], Awaitable[NatsServer]]


@pytest.fixture
async def on(settings: Settings, transactional_db: None) -> AsyncIterator[On]:
    """Has the site work on a server of the test's own with these permissions."""
    servers: list[NatsServer] = []

    async def start(permissions: Permissions) -> NatsServer:
        server = NatsServer(permissions.configuration())
        servers.append(server)
        server.start()
        settings.NATS = options(server)
        return server

    yield start
    await runtime.close_store()
    for server in servers:
        server.remove()


def log_of(server: NatsServer) -> str:
    return (server.directory / "log").read_text()


async def test_the_whole_site_needs_exactly_what_is_documented(
    admin: httpx.AsyncClient, browser: httpx.AsyncClient, bucket_name: str, on: On
) -> None:
    server = await on(DOCUMENTED)
    await use_everything(admin, browser, bucket_name)
    log = log_of(server)
    assert traced.violations(log) == []
    for kind, allowed in (("PUB", DOCUMENTED.publish), ("SUB", DOCUMENTED.subscribe)):
        used = traced.used(log, kind)
        assert [pattern for pattern in allowed if not any(documented.matches(pattern, subject) for subject in used)] == []
        assert [subject for subject in used if not any(documented.matches(pattern, subject) for pattern in allowed)] == []


async def test_one_bucket_needs_no_other(admin: httpx.AsyncClient, browser: httpx.AsyncClient, bucket_name: str, on: On) -> None:
    server = await on(DOCUMENTED.narrowed(bucket_name))
    await use_everything(admin, browser, bucket_name)
    assert traced.violations(log_of(server)) == []
    answer = await admin.post(API, json={"name": "another"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "nats_permission_denied")


async def test_a_site_that_only_reads_needs_the_first_lines(admin: httpx.AsyncClient, bucket_name: str, on: On) -> None:
    reading = DOCUMENTED
    for subject in DOCUMENTED.publish[READING:]:
        reading = reading.without_publishing(subject)
    server = await on(reading)
    other = await nats.connect(server.url)
    objects = await other.jetstream().create_object_store(bucket_name)
    await objects.put("x", b"x" * 1_000_000)
    for path in ("", "/objects", "/objects/x", "/archive"):
        assert (await admin.get(f"{API}/{bucket_name}{path}")).status_code == 200, path
    assert (await admin.get(f"{API}/{bucket_name}/objects/x", headers={"Range": "bytes=500000-"})).content == b"x" * 500_000
    assert traced.violations(log_of(server)) == []
    answer = await admin.put(f"{API}/{bucket_name}/objects/y", content=b"y")
    assert (answer.status_code, f"$O.{bucket_name}.C." in answer.json()["error"]["message"]) == (403, True)
    await other.close()


async def test_a_site_that_makes_no_buckets_works_with_those_that_are_there(
    admin: httpx.AsyncClient, bucket_name: str, on: On, browser: httpx.AsyncClient
) -> None:
    using = DOCUMENTED
    for verb in ("CREATE", "UPDATE", "DELETE"):
        using = using.without(f"$JS.API.STREAM.{verb}.*")
    other = await nats.connect((await on(using)).url)
    await other.jetstream().create_object_store(bucket_name)
    for name in documented.OWN:
        await other.jetstream().create_key_value(bucket=f"nats-files-{name}")
    await upload_in_pieces(admin, bucket_name)
    await watch(admin, browser, bucket_name, "finished")
    await other.close()


MISSING = {
    "$JS.API.INFO": "may not use the subject $JS.API.INFO",
    "$JS.API.STREAM.CREATE.*": "may not use the subject $JS.API.STREAM.CREATE.OBJ_",
    "$JS.API.DIRECT.GET.*": "may not use the subject $JS.API.DIRECT.GET.OBJ_",
    "$O.*.C.*": "may not use the subject $O.",
    "$O.*.M.>": "may not use the subject $O.",
    "$KV.nats-files-uploads.*": "may not use the subject $KV.nats-files-uploads.",
    "_INBOX_files.>": "may not subscribe to _INBOX_files.>, where answers come",
}


@pytest.mark.parametrize("subject", MISSING)
async def test_a_permission_that_is_missing_is_told(
    admin: httpx.AsyncClient, browser: httpx.AsyncClient, bucket_name: str, on: On, subject: str
) -> None:
    await on(DOCUMENTED.without(subject))
    with pytest.raises(AssertionError) as refused:
        await use_everything(admin, browser, bucket_name)
    assert ": 403 " in str(refused.value)
    assert MISSING[subject] in str(refused.value)
