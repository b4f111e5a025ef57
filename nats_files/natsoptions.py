"""How to reach NATS, from the environment."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import nkeys
from django.core.exceptions import ImproperlyConfigured

from buckets.objectstore import ConnectOptions

from . import account
from .env import Env


def read(env: Env, embedded: Path) -> ConnectOptions:
    """The options for ``NATS_URL``'s servers; without it those of the embedded server, which keeps its account in ``embedded``.

    Raises ``ImproperlyConfigured`` for a bad value, half a pair, and an authentication that no server is named for.
    """
    servers = env.servers("NATS_URL")
    options = ConnectOptions(
        servers=servers,
        reconnect_wait=env.seconds("NATS_RECONNECT_WAIT", 2.0),
        request_timeout=env.seconds("NATS_REQUEST_TIMEOUT", 5.0),
        inbox_prefix=env.subject("NATS_INBOX_PREFIX", "_INBOX"),
        uploads_replicas=env.whole("NATS_UPLOADS_REPLICAS", 1, 1, 5),
    )
    ways = _ways(env)
    if servers:
        return _loadable(replace(options, **ways))
    if any(ways.values()):
        raise ImproperlyConfigured("NATS_URL is not set, but a NATS variable that says how to authenticate, TLS or the domain is.")
    own = account.load(embedded)
    return replace(options, servers=(own.url,), nkey_seed=str(own.seed_file))


def _ways(env: Env) -> dict[str, Any]:
    user, password = _together("NATS_USER", env.optional("NATS_USER"), "NATS_PASSWORD", env.optional("NATS_PASSWORD"))
    cert, key = _together("NATS_TLS_CERT", env.file("NATS_TLS_CERT"), "NATS_TLS_KEY", env.file("NATS_TLS_KEY"))
    return {
        "credentials": _credentials(env),
        "nkey_seed": _nkey_seed(env),
        "user": user,
        "password": password,
        "token": env.optional("NATS_TOKEN"),
        "tls_ca": env.file("NATS_TLS_CA"),
        "tls_cert": cert,
        "tls_key": key,
        "domain": env.subject("NATS_JS_DOMAIN", tokens=False) or None,
    }


def _credentials(env: Env) -> str | None:
    path = env.file("NATS_CREDS")
    if path and not all(mark in Path(path).read_text(errors="replace") for mark in ("NATS USER JWT", "USER NKEY SEED")):
        raise ImproperlyConfigured(f"NATS_CREDS is the path of a .creds file, with a user's JWT and seed, and {path!r} is none.")
    return path


def _nkey_seed(env: Env) -> str | None:
    """The seed itself is never part of the error."""
    value = env.text("NATS_NKEY_SEED")
    if not value:
        return None
    try:
        seed = value if value.startswith("SU") else Path(value).read_text()
        nkeys.from_seed(bytearray(seed.strip().encode()))
    except (OSError, ValueError, nkeys.NkeysError):
        raise ImproperlyConfigured("NATS_NKEY_SEED is a user's seed (SU…) or the path of a file with one.") from None
    return value


def _loadable(options: ConnectOptions) -> ConnectOptions:
    try:
        options.client_arguments()
    except OSError as error:  # of which what OpenSSL says is one
        told = error.strerror or type(error).__name__
        raise ImproperlyConfigured(
            f"NATS_TLS_CA, NATS_TLS_CERT and NATS_TLS_KEY are files in PEM format that fit together: {told}."
        ) from None
    return options


def _together(name: str, value: str | None, other_name: str, other: str | None) -> tuple[str | None, str | None]:
    if bool(value) != bool(other):
        raise ImproperlyConfigured(f"{name} and {other_name} are set together or not at all.")
    return value, other
