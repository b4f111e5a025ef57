"""/healthz and /readyz."""

from collections.abc import Callable

import httpx
import pytest
from django.db import OperationalError
from pytest_django import Settings

from buckets.objectstore import ConnectOptions, ObjectStore
from buckets.services import runtime
from buckets.views import health
from tests.conftest import connected
from tests.natsserver import NatsServer

Visit = Callable[..., httpx.AsyncClient]


async def test_it_is_ready_when_nats_and_the_database_are_there(site: ObjectStore, visit: Visit) -> None:
    await connected(site)
    response = await visit().get("/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "nats": "ok", "database": "ok"})
    assert (await visit().head("/readyz")).status_code == 200


async def test_it_is_alive_but_not_ready_when_nats_is_away(
    fresh_nats_server: NatsServer, settings: Settings, transactional_db: None, visit: Visit
) -> None:
    fresh_nats_server.stop()
    settings.NATS = ConnectOptions(servers=(fresh_nats_server.url,), reconnect_wait=0.1, connect_wait=0.2)
    response = await visit().get("/readyz")
    assert (response.status_code, response.json()) == (503, {"status": "unavailable", "nats": "unavailable", "database": "ok"})
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
    assert (response.status_code, response.json()) == (503, {"status": "unavailable", "nats": "ok", "database": "unavailable"})
