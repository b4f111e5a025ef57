"""Three real nats-servers as one cluster, on loopback ports."""

import asyncio
import contextlib
import json
from typing import Any

import nats
from nats.aio.client import Client
from nats.errors import Error

from tests.natsserver import CURRENT, NatsServer, free_port

SIZE = 3
PATIENCE = 60
PAUSE = 0.05


class Cluster:
    """``servers[i]`` is called ``n<i>``. Single ones are stopped, killed and started; their data stays."""

    def __init__(self, *, version: str = CURRENT, extra: str = "") -> None:
        self.servers = [NatsServer(version=version) for _ in range(SIZE)]
        self._ports = [free_port() for _ in self.servers]
        for number, server in enumerate(self.servers):
            server.configure(f"{self._membership(number)}\n{extra}")

    def _membership(self, number: int) -> str:
        routes = ", ".join(f"nats-route://127.0.0.1:{port}" for port in self._ports)
        return f"server_name: n{number}\ncluster {{ name: test, listen: 127.0.0.1:{self._ports[number]}, routes: [{routes}] }}"

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(server.url for server in self.servers)

    def start(self) -> None:
        """All three; they are of use when ``ready`` returns."""
        for server in self.servers:
            server.launch()
        for server in self.servers:
            server.wait_until_it_listens()

    def remove(self) -> None:
        for server in self.servers:
            server.remove()

    async def ready(self) -> None:
        """Wait until each server answers for JetStream and a stream can have three replicas."""
        async with asyncio.timeout(PATIENCE):
            for server in self.servers:
                async with _connected(server.url) as client:
                    await _until(client, "INFO", lambda _: True)
            async with _connected(self.servers[0].url) as client:
                wanted = {"name": "READY", "subjects": ["ready"], "num_replicas": SIZE, "storage": "memory"}
                await _until(client, "STREAM.CREATE.READY", lambda _: True, wanted)
                await _until(client, "STREAM.DELETE.READY", lambda _: True)

    async def leader(self, stream: str) -> NatsServer:
        """The server that leads ``stream`` now."""
        info = await self._info(stream, lambda info: bool(info["cluster"].get("leader")))
        return self._named(info["cluster"]["leader"])

    def _named(self, name: str) -> NatsServer:
        return self.servers[int(name.removeprefix("n"))]

    async def lead(self, stream: str, server: NatsServer) -> None:
        """Make ``server`` the leader of ``stream``."""
        preferred = {"placement": {"preferred": f"n{self.servers.index(server)}"}}
        async with asyncio.timeout(PATIENCE), _connected(server.url) as client:
            while await self.leader(stream) is not server:
                await client.request(f"$JS.API.STREAM.LEADER.STEPDOWN.{stream}", json.dumps(preferred).encode(), timeout=5)

    async def current(self, stream: str) -> None:
        """Wait until all replicas of ``stream`` have all that its leader has."""
        await self._info(stream, lambda info: all(r["current"] and not r.get("lag") for r in info["cluster"]["replicas"]))

    async def _info(self, stream: str, good: Any) -> dict[str, Any]:
        running = next(server for server in self.servers if server.process is not None)
        async with asyncio.timeout(PATIENCE), _connected(running.url) as client:
            return await _until(client, f"STREAM.INFO.{stream}", good)


@contextlib.asynccontextmanager
async def _connected(url: str) -> Any:
    client = await nats.connect(url)
    try:
        yield client
    finally:
        await client.close()


async def _until(client: Client, endpoint: str, good: Any, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask JetStream again and again: there is no event that tells of an election."""
    while True:
        with contextlib.suppress(Error):
            answer = json.loads((await client.request(f"$JS.API.{endpoint}", json.dumps(body or {}).encode(), timeout=2)).data)
            if "error" not in answer and good(answer):
                return dict(answer)
        await asyncio.sleep(PAUSE)
