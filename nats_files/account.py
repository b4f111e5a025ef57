"""How to reach the embedded nats-server: its loopback port and its one user, kept in the data folder."""

import json
import secrets
import socket
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from . import datafolder

LOOPBACK = "127.0.0.1"
ACCOUNT_FILE = "account.json"
USER = "nats-files"


@dataclass(frozen=True)
class Account:
    port: int
    user: str
    password: str

    @property
    def url(self) -> str:
        return f"nats://{LOOPBACK}:{self.port}"


def load(folder: Path) -> Account:
    """The account kept in ``folder``; the first time, a new one on a free port. Raises ``ImproperlyConfigured`` for a broken file."""
    path = folder / ACCOUNT_FILE
    text = datafolder.keep(path, lambda: _dump(Account(free_port(), USER, secrets.token_urlsafe(32))))
    try:
        return Account(**json.loads(text))
    except (ValueError, TypeError):
        raise ImproperlyConfigured(f"{path} cannot be read. Remove it, and a new one is made.") from None


def on_free_port(folder: Path, account: Account) -> Account:
    """``account``, moved to another port if somebody else has its own by now."""
    if is_free(account.port):
        return account
    moved = replace(account, port=free_port())
    datafolder.replace(folder / ACCOUNT_FILE, _dump(moved))
    return moved


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _dump(account: Account) -> str:
    return json.dumps(asdict(account)) + "\n"
