"""Failures of NATS and of the site, each with its status and code."""

import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.db import OperationalError
from nats.aio.client import Client
from pytest_django import Settings

from buckets.api import errors
from buckets.objectstore import BucketConfig, ConnectOptions, ErrorCode, ObjectStore
from buckets.services import buckets as bucket_service
from buckets.services import runtime
from tests.natsserver import NatsServer

from .conftest import Cast, Visitors
from .helpers import messages


def outcome(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def test_it_has_a_status_for_every_code() -> None:
    assert set(ErrorCode) <= set(errors.STATUS)


async def test_it_answers_507_when_the_bucket_is_full(
    site: ObjectStore, cast: Cast, owner: httpx.AsyncClient, bucket_name: str, foreign: Client
) -> None:
    await site.create_bucket(BucketConfig(bucket_name, max_bytes=300_000))
    response = await owner.put(f"/api/v1/buckets/{bucket_name}/objects/x", content=b"x" * 2_000_000)
    assert outcome(response) == (507, "bucket_full")
    assert await messages(foreign, bucket_name) == 0


async def test_it_answers_409_when_the_bucket_is_sealed(bucket: str, base: str, owner: httpx.AsyncClient, foreign: Client) -> None:
    await owner.put(f"{base}/objects/x", content=b"x")
    stream = foreign.jetstream()
    config = (await stream.stream_info(f"OBJ_{bucket}")).config
    await stream.update_stream(config, sealed=True)
    assert outcome(await owner.put(f"{base}/objects/x", content=b"x")) == (409, "bucket_sealed")
    assert outcome(await owner.delete(f"{base}/objects/x")) == (409, "bucket_sealed")
    assert (await owner.get(base)).json()["sealed"] is True


async def test_it_answers_503_when_nats_is_away(fresh_nats_server: NatsServer, settings: Settings, visitors: Visitors) -> None:
    fresh_nats_server.stop()
    settings.NATS = ConnectOptions(servers=(fresh_nats_server.url,), reconnect_wait=0.1, connect_wait=0.2)
    for path in ("/api/v1/buckets", "/api/v1/buckets/x/objects", "/api/v1/buckets/x/objects/y"):
        response = await visitors["admin"].get(path)
        assert outcome(response) == (503, "nats_unavailable")
        assert int(response.headers["Retry-After"]) > 0
        assert str(fresh_nats_server.port) not in response.text
    await runtime.close_store()


async def test_it_logs_an_unknown_error_in_full_and_tells_little(
    admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bucket_service, "roles", _failing(RuntimeError("secret detail")))
    with caplog.at_level(logging.ERROR, "buckets.errors"):
        response = await admin.get("/api/v1/buckets")
    assert outcome(response) == (500, "internal_error")
    assert "secret" not in response.text
    assert "secret detail" in caplog.text


async def test_it_answers_503_when_the_database_is_away(admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_service, "roles", _failing(OperationalError("no route to 10.0.0.5")))
    response = await admin.get("/api/v1/buckets")
    assert outcome(response) == (503, "database_unavailable")
    assert "10.0.0.5" not in response.text


async def test_it_writes_one_audit_line_for_each_act(
    bucket: str, base: str, owner: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "buckets.audit"):
        await owner.put(f"{base}/objects/a%0Aobject.delete", content=b"data")
        await owner.head(f"{base}/objects/a%0Aobject.delete")
        await owner.get(f"{base}/objects/a%0Aobject.delete")
        await owner.delete(f"{base}/objects/a%0Aobject.delete")
        await owner.delete(base)
    lines = [record.getMessage() for record in caplog.records if record.name == "buckets.audit"]
    who = f'user="owner" bucket="{bucket}"'
    assert lines == [
        f'object.upload {who} name="a\\nobject.delete" size=4',
        f'object.download {who} name="a\\nobject.delete" size=4',
        f'object.delete {who} name="a\\nobject.delete"',
        f'bucket.delete {who} history="kept"',
    ]


def _failing(error: Exception) -> Callable[..., Any]:
    async def fail(*_: object) -> None:
        raise error

    return fail
