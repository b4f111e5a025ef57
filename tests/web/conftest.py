"""The fixed cast of the web tests, their clients, and the site on a real nats-server."""

import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import Client
from django.utils.module_loading import import_string
from pytest_django import Settings

from buckets.models import Grant
from buckets.objectstore import BucketConfig, ConnectOptions, ObjectStore
from buckets.roles import Role
from buckets.services import background, runtime, tokens
from tests.natsserver import NatsServer

CSRF = "c" * 32
Visitors: TypeAlias = dict[str, httpx.AsyncClient]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A database in a file: requests come from several threads, and SQLite's shared memory does not wait for a lock."""
    from django.conf import settings
    from django.db import connections

    database = connections["default"]
    if database.vendor == "sqlite":
        path = tmp_path_factory.mktemp("database") / "test.sqlite3"
        database.settings_dict["TEST"]["NAME"] = str(path)
        settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = str(path)


@dataclass(frozen=True)
class Cast:
    """owner, editor and colleague have a role in the test's bucket (admin, editor, viewer), outsider has none, admin is a superuser."""

    owner: User
    editor: User
    colleague: User
    outsider: User
    admin: User


@pytest.fixture
def bucket_name() -> str:
    return f"web-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def cast(transactional_db: None, bucket_name: str) -> Cast:
    admin = User.objects.create_superuser("admin")
    people = {name: User.objects.create_user(name) for name in ("owner", "editor", "colleague", "outsider")}
    for name, role in (("owner", Role.ADMIN), ("editor", Role.EDITOR), ("colleague", Role.VIEWER)):
        Grant.objects.create(bucket=bucket_name, user=people[name], role=role)
    return Cast(admin=admin, **people)


@pytest.fixture
def application() -> Any:
    from django.conf import settings

    return import_string(settings.ASGI_APPLICATION)


@pytest.fixture(autouse=True)
def index_folder(settings: Settings, tmp_path: Path) -> Path:
    """Where the site of this test keeps its indexes."""
    settings.INDEX_FOLDER = tmp_path / "index"
    settings.THUMBNAIL_FOLDER = tmp_path / "thumbnails"
    return tmp_path / "index"


@pytest.fixture
async def site(settings: Settings, nats_server: NatsServer, transactional_db: None) -> AsyncIterator[ObjectStore]:
    """The site works on ``nats_server``; gives the store that its views use."""
    settings.NATS = ConnectOptions(servers=(nats_server.url,), reconnect_wait=0.1)
    yield await runtime.store()
    await background.close()
    await runtime.close_store()


@pytest.fixture
async def bucket(site: ObjectStore, cast: Cast, bucket_name: str) -> str:
    """A fresh bucket, in which the cast have their roles."""
    await site.create_bucket(BucketConfig(bucket_name))
    return bucket_name


@pytest.fixture
def visit(application: Any) -> Callable[..., httpx.AsyncClient]:
    """Makes a client of the site; keyword arguments are httpx's."""

    def make(**options: Any) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=application), base_url="http://testserver", timeout=30, **options)

    return make


@pytest.fixture
def visitors(cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> Visitors:
    """A client for each of the cast by name, with an API token, and "anonymous"."""
    users = {name: getattr(cast, name) for name in ("owner", "editor", "colleague", "outsider", "admin")}
    made = {name: visit(headers={"Authorization": f"Bearer {async_to_sync(tokens.issue)(user)}"}) for name, user in users.items()}
    return made | {"anonymous": visit()}


@pytest.fixture
def owner(visitors: Visitors) -> httpx.AsyncClient:
    return visitors["owner"]


@pytest.fixture
def admin(visitors: Visitors) -> httpx.AsyncClient:
    return visitors["admin"]


@pytest.fixture
def browser(cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    """The owner's browser: a session cookie and a CSRF cookie. Unsafe requests need the header ``X-CSRFToken: CSRF`` too."""
    client = Client()
    client.force_login(cast.owner)
    return visit(cookies={"sessionid": client.cookies["sessionid"].value, "csrftoken": CSRF})


@pytest.fixture
def base(bucket: str) -> str:
    """The test bucket's address."""
    return f"/api/v1/buckets/{bucket}"
