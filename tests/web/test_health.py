"""/healthz and /readyz."""

import asyncio
from collections.abc import Callable

import httpx
import pytest
from django.db import OperationalError
from pytest_django import Settings

from buckets.objectstore import Account, ConnectOptions, ObjectStore
from buckets.services import draining, jetstream, runtime
from buckets.views import health
from tests.conftest import connected
from tests.natsserver import NatsServer

Visit = Callable[..., httpx.AsyncClient]


async def test_it_is_ready_when_nats_and_the_database_are_there(site: ObjectStore, visit: Visit) -> None:
    await connected(site)
    response = await visit().get("/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "nats": "ok", "jetstream": "ok", "database": "ok"})
    assert (await visit().head("/readyz")).status_code == 200


async def test_it_is_alive_but_not_ready_when_nats_is_away(
    fresh_nats_server: NatsServer, settings: Settings, transactional_db: None, visit: Visit
) -> None:
    fresh_nats_server.stop()
    settings.NATS = ConnectOptions(servers=(fresh_nats_server.url,), reconnect_wait=0.1, connect_wait=0.2)
    response = await visit().get("/readyz")
    states = {"status": "unavailable", "nats": "unavailable", "jetstream": "unavailable", "database": "ok"}
    assert (response.status_code, response.json()) == (503, states)
    assert "Retry-After" in response.headers
    assert (await visit().get("/healthz")).status_code == 200
    await runtime.close_store()


async def test_it_becomes_ready_when_nats_comes_back(
    fresh_nats_server: NatsServer, settings: Settings, transactional_db: None, visit: Visit
) -> None:
    fresh_nats_server.stop()
    settings.NATS = ConnectOptions(servers=(fresh_nats_server.url,), reconnect_wait=0.1, connect_wait=20)
    assert (await visit().get("/readyz")).status_code == 503
    fresh_nats_server.start()
    await connected(await runtime.store())
    assert (await visit().get("/readyz")).status_code == 200
    await runtime.close_store()


async def test_it_tells_no_detail_when_the_database_is_away(site: ObjectStore, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OperationalError("no route to 10.0.0.5")

    await connected(site)
    monkeypatch.setattr(health, "_ask_database", fail)
    response = await visit().get("/readyz")
    states = {"status": "unavailable", "nats": "ok", "jetstream": "ok", "database": "unavailable"}
    assert (response.status_code, response.json()) == (503, states)


async def test_it_is_not_ready_without_jetstream_and_does_not_wait_for_it(
    site: ObjectStore, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a cluster most of whose servers are gone: there is a connection, and nothing behind it answers."""

    asked = []

    async def never(store: ObjectStore) -> Account:
        asked.append(store)
        await asyncio.Event().wait()
        raise AssertionError

    await connected(site)
    monkeypatch.setattr(ObjectStore, "account", never)
    monkeypatch.setattr(jetstream, "ANSWER_SECONDS", 0.1)
    monkeypatch.setattr(jetstream, "FRESH_SECONDS", 60.0)
    first = await visit().get("/readyz")
    states = {"status": "unavailable", "nats": "ok", "jetstream": "unavailable", "database": "ok"}
    assert (first.status_code, first.json()) == (503, states)
    assert (await visit().get("/readyz")).status_code == 503
    assert len(asked) == 1  # who wants to know again soon is told the same


async def test_it_is_not_ready_when_it_is_about_to_stop(site: ObjectStore, visit: Visit) -> None:
    await connected(site)
    draining.begin()
    try:
        response = await visit().get("/readyz")
    finally:
        draining.end()
    assert (response.status_code, response.json()) == (503, {"status": "stopping"})
    assert (await visit().get("/healthz")).status_code == 200
