"""Where users, grants and tokens are kept, from the environment."""

from pathlib import Path
from typing import Any, cast

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from . import datafolder
from .env import Env

SQLITE_WAIT_SECONDS = 20
SQLITE = {
    "timeout": SQLITE_WAIT_SECONDS,
    "transaction_mode": "IMMEDIATE",  # a transaction that turns from reading to writing could not wait for its lock
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
}


def read(env: Env, sqlite_file: Path) -> dict[str, Any]:
    """Django's settings for ``DATABASE_URL``'s database, by default SQLite in ``sqlite_file``. Raises ``ImproperlyConfigured``."""
    url = env.text("DATABASE_URL")
    if not url:
        file = str(datafolder.private_file(sqlite_file))
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": file, "CONN_MAX_AGE": None, "OPTIONS": dict(SQLITE)}
    try:
        parsed = cast(dict[str, Any], dj_database_url.parse(url))
    except ValueError:
        raise ImproperlyConfigured("DATABASE_URL is an address such as postgres://user:password@host/name or sqlite:////path.") from None
    return parsed | {"OPTIONS": {**_options(str(parsed["ENGINE"])), **parsed.get("OPTIONS", {})}}


def _options(engine: str) -> dict[str, Any]:
    if engine.endswith("sqlite3"):
        return dict(SQLITE)
    if engine.endswith("postgresql"):
        return {"pool": True}  # each request has a thread of its own, so a connection a thread would be one a request
    return {}
