"""The other clients, each in turn."""

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
from nats.aio.client import Client

from tests.natsserver import NatsServer

from .nats_js import NatsJs
from .nats_py import NatsPy
from .nats_rs import NatsRs
from .peers import Peer


@pytest.fixture(scope="session")
def nats_js(nats_server: NatsServer) -> Iterator[NatsJs]:
    client = NatsJs(nats_server.url)
    yield client
    client.close()


@pytest.fixture
async def nats_rs(nats_server: NatsServer) -> AsyncIterator[NatsRs]:
    client = NatsRs(nats_server.url)
    await client.start()
    yield client
    await client.close()


@pytest.fixture
def nats_py(foreign: Client) -> NatsPy:
    return NatsPy(foreign)


@pytest.fixture(params=["nats_py", "nats_js", "nats_rs"])
async def peer(request: pytest.FixtureRequest, nats_py: NatsPy, nats_js: NatsJs, nats_rs: NatsRs) -> Peer:
    peers: dict[str, Peer] = {"nats_py": nats_py, "nats_js": nats_js, "nats_rs": nats_rs}
    return peers[request.param]


@pytest.fixture(params=["our-bucket", "their-bucket"])
async def place(request: pytest.FixtureRequest, bucket: str, peer: Peer) -> str:
    """A bucket that we made (fast ingest, atomic batches), or one that the other client made."""
    if request.param == "our-bucket":
        return bucket
    name = f"theirs-{uuid.uuid4().hex[:12]}"
    await peer.create(name)
    return name
