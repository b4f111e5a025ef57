"""Fixtures that all tests share: real servers, and the engine on them."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterator

import nats
import pytest
from hypothesis import HealthCheck, settings
from nats.aio.client import Client

from buckets.objectstore import BucketConfig, ConnectOptions, ObjectStore
from tests.cluster import Cluster
from tests.natsserver import NatsServer
from tests.site import Site

# On a CI machine Hypothesis tries the same cases every time: what it finds anew belongs to whoever works on the code.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault
settings.register_profile("ci", settings.get_profile("here"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "servers(since, before): run the store test only on these versions of nats-server")
    config.addinivalue_line("markers", "current_server: run the store test on the current nats-server only")


# What is shared by many modules; each leaves none of its buckets to the next, for what looks at all of them.
shared_servers: list[NatsServer] = []


@pytest.fixture(scope="module", autouse=True)
def swept() -> Iterator[None]:
    yield
    for server in shared_servers:
        asyncio.run(server.sweep())


@pytest.fixture(scope="session")
def current_nats_server() -> Iterator[NatsServer]:
    """One server for the whole run."""
    server = NatsServer()
    server.start()
    shared_servers.append(server)
    yield server
    shared_servers.remove(server)
    server.remove()


@pytest.fixture(scope="session")
def nats_server(current_nats_server: NatsServer) -> NatsServer:
    """The run's server; use it where nothing is broken on purpose. The store's tests get one of each version in its place."""
    return current_nats_server


@pytest.fixture
def fresh_nats_server() -> Iterator[NatsServer]:
    """A server of the test's own, to stop and kill."""
    server = NatsServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    """Three servers of the test's own, to stop and kill."""
    cluster = Cluster()
    try:
        await asyncio.to_thread(cluster.start)
        await cluster.ready()
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture
async def store(nats_server: NatsServer) -> AsyncIterator[ObjectStore]:
    async with running_store(nats_server) as store:
        yield store


@pytest.fixture
async def bucket(store: ObjectStore) -> str:
    """A fresh bucket's name."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    await store.create_bucket(BucketConfig(name))
    return name


@pytest.fixture
async def foreign(nats_server: NatsServer) -> AsyncIterator[Client]:
    """Another client's connection: nats-py's own."""
    client = await nats.connect(nats_server.url)
    yield client
    await client.close()


@pytest.fixture(scope="session")
def live_site(nats_server: NatsServer) -> Iterator[Site]:
    """The real site under uvicorn on ``nats_server``; log in as ``tests.site.ADMIN`` with ``tests.site.PASSWORD``."""
    site = Site(nats_server.url)
    site.start()
    yield site
    site.remove()


class running_store:
    """An ObjectStore on ``server``, started and closed. Several may run at a time: the last one to end looks for what is left."""

    running = 0

    def __init__(self, server: NatsServer, **options: object) -> None:
        self.store = ObjectStore(ConnectOptions(servers=(server.url,), reconnect_wait=0.1, **options))  # type: ignore[arg-type]

    async def __aenter__(self) -> ObjectStore:
        running_store.running += 1
        await self.store.start()
        return self.store

    async def __aexit__(self, *_: object) -> None:
        await self.store.close()
        running_store.running -= 1
        assert running_store.running or not leftover_tasks(), "the store left tasks behind"


async def connected(store: ObjectStore) -> None:
    """Until all three of its connections are."""
    for connection in (store._control, store._bulk, store._watching):
        await connection.client()


def leftover_tasks() -> list[asyncio.Task[object]]:
    return [task for task in asyncio.all_tasks() if task.get_name().startswith(("nats-", "live-", "watch-"))]
