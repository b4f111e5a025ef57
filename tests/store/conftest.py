"""The store's tests run on every supported version of nats-server: once each, where a test uses one of the shared servers.

``@pytest.mark.servers(since="2.14")`` leaves out older ones, ``before="2.14"`` newer ones; ``@pytest.mark.current_server`` is for
tests that are no different on an older server.
"""

from collections.abc import Iterator

import pytest

from buckets.objectstore import ObjectStore
from tests.conftest import shared_servers
from tests.natsserver import CURRENT, OLD_VERSIONS, NatsServer

SHARED = {"nats_server", "fresh_nats_server"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if SHARED & set(metafunc.fixturenames):
        metafunc.parametrize("server_version", versions_for(metafunc.definition))


def versions_for(test: pytest.Item) -> list[str]:
    if test.get_closest_marker("current_server") is not None:
        return [CURRENT]
    wanted = test.get_closest_marker("servers")
    since, before = (wanted.kwargs.get(key) for key in ("since", "before")) if wanted is not None else (None, None)
    return [
        version
        for version in [*OLD_VERSIONS, CURRENT]
        if (since is None or _number(version) >= _number(since)) and (before is None or _number(version) < _number(before))
    ]


def _number(version: str) -> tuple[int, ...]:
    return (1_000_000,) if version == CURRENT else tuple(int(part) for part in version.split("."))


class Servers:
    """One server of each version, from when it is first asked for."""

    def __init__(self, current: NatsServer) -> None:
        self._servers = {CURRENT: current}

    def of(self, version: str) -> NatsServer:
        if version not in self._servers:
            self._servers[version] = server = NatsServer(version=version)
            server.start()
            shared_servers.append(server)
        return self._servers[version]

    def remove(self) -> None:
        for version, server in self._servers.items():
            if version != CURRENT:
                shared_servers.remove(server)
                server.remove()


@pytest.fixture(scope="session")
def nats_servers(current_nats_server: NatsServer) -> Iterator[Servers]:
    servers = Servers(current_nats_server)
    yield servers
    servers.remove()


@pytest.fixture
def nats_server(nats_servers: Servers, server_version: str) -> NatsServer:
    """The run's server of the version that the test is run on."""
    return nats_servers.of(server_version)


@pytest.fixture
def fresh_nats_server(server_version: str) -> Iterator[NatsServer]:
    """A server of the test's own, to stop and kill."""
    server = NatsServer(version=server_version)
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def kept(store: ObjectStore, bucket: str) -> str:
    """A bucket with history."""
    await store.history.enable(bucket)
    return bucket
