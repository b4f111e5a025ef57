"""What compose.yaml describes, as processes on this machine: its environments and configurations, with other addresses and folders."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

from tests.cluster import Cluster
from tests.natsserver import NatsServer, free_port
from tests.site import ADMIN, PASSWORD, Site

from . import compose
from .caddy import Caddy
from .compose import Service
from .postgres import Postgres

NATS, SITES = ("nats-1", "nats-2", "nats-3"), ("site-1", "site-2")
SECRETS = {
    "NATS_PASSWORD": "natsPassword1",
    "POSTGRES_PASSWORD": "postgresPassword1",
    "SECRET_KEY": "s" * 50,
    "NATS_FILES_ADMIN_PASSWORD": PASSWORD,
}


class Deployment:
    """``sites``: the two replicas; ``nats``: the three servers; ``url``: where Caddy is."""

    def __init__(self) -> None:
        self.services = compose.read("compose.yaml", SECRETS)
        self.addresses: dict[str, str] = {}
        self.nats = ComposeCluster(self)
        self.postgres = self._postgres(self.services["postgres"])
        self.sites = [self._site(self.services[name]) for name in SITES]
        self.caddy = self._caddy(self.services["caddy"])
        self.url = self.caddy.url
        self._token = ""

    def here(self, text: str) -> str:
        """``text`` of the compose file with the addresses that its services have on this machine."""
        for there, address in self.addresses.items():
            text = re.sub(rf"(?<![\w.-]){re.escape(there)}(?!\d)", address, text)
        return text

    def start(self) -> None:
        """All at once, as Docker Compose would; Caddy last. The replicas find an empty database, both of them."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda start: start(), (self.nats.start_and_wait, self._start_sites)))
        self.caddy.start("/readyz")

    def _start_sites(self) -> None:
        self.postgres.start()
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda site: site.start(), self.sites))

    def remove(self) -> None:
        self.caddy.remove()
        for site in self.sites:
            site.kill()
            site.remove()
        self.postgres.remove()
        self.nats.remove()

    @property
    def token(self) -> str:
        """Of the administrator, issued at the first replica."""
        self._token = self._token or self.sites[0].manage("create_token", ADMIN).split()[-1]
        return self._token

    def _postgres(self, service: Service) -> Postgres:
        user, password, database = (service.environment[f"POSTGRES_{name}"] for name in ("USER", "PASSWORD", "DB"))
        postgres = Postgres(user=user, password=password, database=database)
        self.addresses["postgres:5432"] = f"127.0.0.1:{postgres.port}"
        return postgres

    def _site(self, service: Service) -> Site:
        environment = {name: self.here(value) for name, value in service.environment.items()}
        site = Site("", **environment, ACCESS_LOG="1")
        self.addresses[f"{service.name}:8000"] = f"127.0.0.1:{site.port}"
        return site

    def _caddy(self, service: Service) -> Caddy:
        """On loopback only; else as it is in its container."""
        port = free_port()
        caddyfile = service.configs["/etc/caddy/Caddyfile"].replace("admin off", "admin off\n\tdefault_bind 127.0.0.1")
        return Caddy(self.here(caddyfile), f"http://127.0.0.1:{port}", SITE_ADDRESS=f":{port}")


class ComposeCluster(Cluster):
    """The three NATS servers of compose.yaml, with the configuration that it gives them."""

    def __init__(self, deployment: Deployment) -> None:
        services = [deployment.services[name] for name in NATS]
        self.servers = [NatsServer() for _ in NATS]
        inside = {name: free_port() for name in NATS}
        for name, server in zip(NATS, self.servers, strict=True):
            deployment.addresses |= {f"{name}:4222": f"127.0.0.1:{server.port}", f"{name}:6222": f"127.0.0.1:{inside[name]}"}
        for service, server in zip(services, self.servers, strict=True):
            text = service.configs["/etc/nats/files.conf"].replace("$SERVER_NAME", service.environment["SERVER_NAME"])
            text = text.replace("0.0.0.0:4222", f"{service.name}:4222").replace("0.0.0.0:6222", f"{service.name}:6222")
            server._config.write_text(deployment.here(text).replace('"/data"', f'"{server.directory}/js"'))
            server.url = f"nats://files:{SECRETS['NATS_PASSWORD']}@127.0.0.1:{server.port}"

    def start_and_wait(self) -> None:
        self.start()
        asyncio.run(self.ready())

    def _named(self, name: str) -> NatsServer:
        return self.servers[NATS.index(name)]
