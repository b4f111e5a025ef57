"""The site of the web tests, on a server that lets it do what the documentation says and nothing else. Other clients may do all."""

from collections.abc import AsyncIterator, Iterator

import pytest
from pytest_django import Settings

from buckets.objectstore import ConnectOptions, ObjectStore
from buckets.services import runtime
from tests.conftest import shared_servers
from tests.natsserver import NatsServer
from tests.web.conftest import (  # noqa: F401
    admin,
    application,
    base,
    browser,
    bucket,
    bucket_name,
    cast,
    django_db_modify_db_settings,
    index_folder,
    owner,
    visit,
    visitors,
)

from . import documented, traced


@pytest.fixture(scope="session")
def nats_server() -> Iterator[NatsServer]:
    server = NatsServer(documented.read("all buckets").configuration())
    server.start()
    shared_servers.append(server)
    yield server
    shared_servers.remove(server)
    server.remove()


def options(server: NatsServer) -> ConnectOptions:
    return ConnectOptions(
        servers=(server.url,),
        user=documented.USER,
        password=documented.PASSWORD,
        inbox_prefix=documented.INBOX_PREFIX,
        reconnect_wait=0.1,
    )


@pytest.fixture
async def site(settings: Settings, nats_server: NatsServer, transactional_db: None) -> AsyncIterator[ObjectStore]:
    settings.NATS = options(nats_server)
    yield await runtime.store()
    await runtime.close_store()


@pytest.fixture(autouse=True)
def nothing_is_refused(nats_server: NatsServer) -> Iterator[None]:
    """No test of the web's needs more than what is documented."""
    log = nats_server.directory / "log"
    before = log.stat().st_size
    yield
    with log.open() as lines:
        lines.seek(before)
        assert traced.violations(lines.read()) == []
