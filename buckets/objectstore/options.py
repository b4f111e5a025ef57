"""How to reach NATS, and how that stands."""

import ssl
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ConnectOptions:
    """Every way of nats-py to connect and authenticate. Times in seconds.

    ``nkey_seed`` is the seed itself or the path of a file with it; ``credentials`` the path of a ``.creds`` file; ``domain`` the
    JetStream domain. ``reconnect_wait`` is the pause between two tries of one server; they never end. ``request_timeout`` bounds one
    request to the server; ``connect_wait`` is how long a request waits for a connection that is away before it is ``Unavailable``.
    ``uploads_replicas``: of the key-value bucket that resumable uploads are kept in.
    """

    servers: tuple[str, ...] = ("nats://127.0.0.1:4222",)
    name: str = "nats-files"
    credentials: str | None = None
    nkey_seed: str | None = None
    user: str | None = None
    password: str | None = None
    token: str | None = None
    tls_ca: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    domain: str | None = None
    reconnect_wait: float = 2.0
    request_timeout: float = 5.0
    connect_wait: float = 2.0
    inbox_prefix: str = "_INBOX"
    uploads_replicas: int = 1

    def client_arguments(self) -> dict[str, Any]:
        """The keyword arguments of nats-py's ``Client.connect`` for these options. Raises OSError for unreadable TLS files."""
        arguments: dict[str, Any] = {
            "servers": list(self.servers),
            "user": self.user,
            "password": self.password,
            "token": self.token,
            "user_credentials": self.credentials,
            "tls": self._tls(),
            "inbox_prefix": self.inbox_prefix,
        }
        if self.nkey_seed:
            is_seed = self.nkey_seed.startswith("SU")
            arguments["nkeys_seed_str" if is_seed else "nkeys_seed"] = self.nkey_seed
        return {key: value for key, value in arguments.items() if value is not None}

    def _tls(self) -> ssl.SSLContext | None:
        if not (self.tls_ca or self.tls_cert):
            return None
        context = ssl.create_default_context(cafile=self.tls_ca)
        if self.tls_cert:
            context.load_cert_chain(self.tls_cert, self.tls_key)
        return context


@dataclass(frozen=True)
class ConnectionState:
    """Whether NATS is there. ``servers`` counts those known of the cluster; ``error`` is the last failure in words, "" when connected."""

    connected: bool
    server_version: str = ""
    servers: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """One of the store's connections: to which ``server`` of how many ``known`` ones, at which ``address`` (without a password).

    ``reconnects``: how often it has come back since the start. ``round_trip``: seconds that a ping takes, None when it is not answered.
    ``secure``: over TLS. ``error``: why it is away, in the client's words.
    """

    purpose: str
    connected: bool
    reconnects: int
    address: str = ""
    server: str = ""
    version: str = ""
    cluster: str = ""
    known: int = 0
    max_payload: int = 0
    secure: bool = False
    round_trip: float | None = None
    error: str = ""
