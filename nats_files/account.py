"""How to reach the embedded nats-server: its loopback port and its one user's nkey, kept in the data folder.

The user proves with a signature that it has the seed. The server knows the public key only, and who listens on its port while it is
away learns nothing.
"""

import json
import os
import socket
from dataclasses import dataclass, replace
from pathlib import Path

import nkeys
from django.core.exceptions import ImproperlyConfigured

from . import datafolder

LOOPBACK = "127.0.0.1"
ACCOUNT_FILE = "account.json"
SEED_FILE = "user.nk"


@dataclass(frozen=True)
class Account:
    port: int
    seed_file: Path
    public_key: str

    @property
    def url(self) -> str:
        return f"nats://{LOOPBACK}:{self.port}"


def load(folder: Path) -> Account:
    """The account kept in ``folder``; the first time, a new one on a free port. Raises ``ImproperlyConfigured`` for a broken file."""
    return Account(_port(folder / ACCOUNT_FILE), folder / SEED_FILE, _public_key(folder / SEED_FILE))


def on_free_port(folder: Path, account: Account) -> Account:
    """``account``, moved to another port if somebody else has its own by now."""
    if is_free(account.port):
        return account
    moved = replace(account, port=free_port())
    datafolder.replace(folder / ACCOUNT_FILE, _dump(moved.port))
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


def _port(path: Path) -> int:
    text = datafolder.keep(path, lambda: _dump(free_port()))
    try:
        return int(json.loads(text)["port"])
    except (ValueError, TypeError, KeyError):
        raise _unreadable(path) from None


def _public_key(path: Path) -> str:
    seed = datafolder.keep(path, _new_seed)
    try:
        return bytes(nkeys.from_seed(bytearray(seed.strip().encode())).public_key).decode()
    except (ValueError, nkeys.NkeysError):
        raise _unreadable(path) from None


def _dump(port: int) -> str:
    return json.dumps({"port": port}) + "\n"


def _new_seed() -> str:
    return bytes(nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER)).decode()


def _unreadable(path: Path) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{path} cannot be read. Remove it, and a new one is made.")
