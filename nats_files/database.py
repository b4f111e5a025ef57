"""Where users, grants and tokens are kept, from the environment."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from . import datafolder
from .env import Env

PREPARING = 7_023_351  # the advisory lock's number: any that nobody else has in this database
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


@contextlib.contextmanager
def prepared_by_one() -> Iterator[None]:
    """Replicas that start at the same time come in one after the other: two that migrate at once would get into each other's way.

    Of PostgreSQL only; other databases are the business of one process.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [PREPARING])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [PREPARING])


def _options(engine: str) -> dict[str, Any]:
    if engine.endswith("sqlite3"):
        return dict(SQLITE)
    if engine.endswith("postgresql"):
        return {"pool": True}  # each request has a thread of its own, so a connection a thread would be one a request
    return {}
