"""Typed readers of environment variables. A bad value is a loud failure at the start, never a silent default."""

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = ("1", "true", "yes", "on")
FALSE = ("0", "false", "no", "off")
_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?\Z")
_TOKEN = re.compile(r"[^\s.*>]+\Z")
_SUBJECT = re.compile(r"[^\s.*>]+(\.[^\s.*>]+)*\Z")


class Env:
    """Reads ``values``; an empty value counts as not set. ``names`` are the variables that have been asked for.

    Every reader raises ``ImproperlyConfigured``, which names the variable and the rule, for a value that it cannot take.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.names: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        self.names.append(name)
        return self._values.get(name, "").strip() or default

    def optional(self, name: str) -> str | None:
        return self.text(name) or None

    def secret(self, name: str, shortest: int) -> str:
        """Empty when it is not set. The value is never part of the error."""
        value = self.text(name)
        if value and len(value) < shortest:
            raise ImproperlyConfigured(f"{name} is a secret of {shortest} characters at least; this one has {len(value)}.")
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise ImproperlyConfigured(f"{name} is one of {', '.join(choices)}, not {value!r}.")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.text(name).lower()
        if value not in ("", *TRUE, *FALSE):
            raise ImproperlyConfigured(f"{name} is 1 or 0 (or true, false, yes, no, on, off), not {value!r}.")
        return value in TRUE if value else default

    def whole(self, name: str, default: int, low: int = 0, high: int = 2**63 - 1) -> int:
        value = self.text(name)
        if not value:
            return default
        if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
            raise ImproperlyConfigured(f"{name} is a whole number from {low} to {high}, not {value!r}.")
        return int(value)

    def seconds(self, name: str, default: float) -> float:
        """A time in seconds, from 0.01 to 3600."""
        value = self.text(name)
        if not value:
            return default
        try:
            seconds = float(value)
        except ValueError:
            seconds = -1.0
        if not 0.01 <= seconds <= 3600:
            raise ImproperlyConfigured(f"{name} is a number of seconds from 0.01 to 3600, not {value!r}.")
        return seconds

    def words(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A comma-separated list."""
        return tuple(word.strip() for word in self.text(name).split(",") if word.strip()) or default

    def folder(self, name: str, default: Path) -> Path:
        """The absolute path of a folder, which need not exist yet."""
        path = Path(self.text(name, str(default))).expanduser().absolute()
        if path.exists() and not path.is_dir():
            raise ImproperlyConfigured(f"{name} is a folder, and {str(path)!r} is not one.")
        return path

    def file(self, name: str) -> str | None:
        """The path of a file that can be read."""
        value = self.text(name)
        if value and not Path(value).is_file():
            raise ImproperlyConfigured(f"{name} is the path of a file, and there is none at {value!r}.")
        if value and not os.access(value, os.R_OK):
            raise ImproperlyConfigured(f"{name} is the path of a file, and {value!r} cannot be read by the site.")
        return value or None

    def host(self, name: str, default: str) -> str:
        """An address or a name, without scheme and port."""
        value = self.text(name, default)
        if not _is_host(value):
            raise ImproperlyConfigured(f"{name} is an address such as 127.0.0.1, 0.0.0.0 or ::, or a name, not {value!r}.")
        return value

    def hosts(self, name: str) -> tuple[str, ...]:
        """A comma-separated list of names and addresses; ``.example.org`` is all below that, ``*`` everything."""
        hosts = self.words(name)
        for host in hosts:
            bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host.removeprefix(".")
            if host != "*" and not _is_host(bare):
                raise ImproperlyConfigured(
                    f"{name} lists names and addresses such as files.example.org, without scheme and port, not {host!r}."
                )
        return hosts

    def networks(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """A comma-separated list of addresses and networks; ``*`` is all of them."""
        networks = self.words(name, default)
        for network in networks:
            try:
                network == "*" or ipaddress.ip_network(network, strict=False)
            except ValueError:
                raise ImproperlyConfigured(f"{name} lists addresses and networks such as 10.0.0.0/8, or is *, not {network!r}.") from None
        return networks

    def subject(self, name: str, default: str = "", *, tokens: bool = True) -> str:
        """A NATS subject without wildcards; of one token unless ``tokens``."""
        value = self.text(name, default)
        if value and not (_SUBJECT if tokens else _TOKEN).match(value):
            kind = "the beginning of a subject" if tokens else "a name"
            raise ImproperlyConfigured(f"{name} is {kind}, without spaces, * and >{'' if tokens else ' and dots'}, not {value!r}.")
        return value

    def origins(self, name: str) -> tuple[str, ...]:
        """A comma-separated list of origins: scheme and host, and a port if it is not the usual one."""
        origins = self.words(name)
        for origin in origins:
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or not parts.netloc or parts.path:
                raise ImproperlyConfigured(f"{name} lists origins such as https://files.example.org, not {origin!r}.")
        return origins

    def servers(self, name: str) -> tuple[str, ...]:
        """A comma-separated list of NATS servers: ``host``, ``host:port``, or an address with nats, tls, ws or wss as its scheme."""
        servers = tuple(server if "://" in server else f"nats://{server}" for server in self.words(name))
        for server in servers:
            if not _is_server(server):
                raise ImproperlyConfigured(f"{name} lists NATS servers such as nats://127.0.0.1:4222, not {server!r}.")
        if len({server.startswith("ws") for server in servers}) > 1:
            raise ImproperlyConfigured(
                f"{name} lists servers that are reached either by ws:// and wss://, or by nats:// and tls://, not both."
            )
        return servers


def _is_host(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return bool(_NAME.match(host))


def _is_server(server: str) -> bool:
    try:
        parts = urlsplit(server)
        return parts.scheme in ("nats", "tls", "ws", "wss") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
