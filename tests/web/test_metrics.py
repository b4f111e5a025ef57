"""/metrics: who may read it, and that it says what happened, without bothering NATS and without labels that strangers make up."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from buckets.metrics.gauges import OTHERS
from buckets.objectstore import BucketConfig, ConnectOptions, ObjectStore
from buckets.services import health, metering, runtime
from nats_files.observed import UNKNOWN
from tests.conftest import connected
from tests.natsserver import NatsServer

from .conftest import Cast, Visitors
from .helpers import listed

ROOT = Path(__file__).parent.parent.parent
TOKEN = "a secret of the test"
Visit = Callable[..., httpx.AsyncClient]
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def read(client: httpx.AsyncClient) -> Samples:
    answer = await client.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    found = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]
    return {(sample.name.removeprefix("nats_files_"), tuple(sorted(sample.labels.items()))): sample.value for sample in found}


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((name, tuple(sorted(labels.items()))), 0.0)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering, "FRESH_SECONDS", 0.0)


async def test_only_admins_of_every_bucket_and_who_knows_the_token_read_it(
    site: ObjectStore, cast: Cast, visitors: Visitors, visit: Visit, settings: Settings
) -> None:
    everyone = ("owner", "colleague", "outsider", "admin", "anonymous")
    assert [(await visitors[name].get("/metrics")).status_code for name in everyone] == [403, 403, 403, 200, 401]
    holder = visit(headers={"Authorization": f"Bearer {TOKEN}"})
    assert (await holder.get("/metrics")).status_code == 401
    assert (await visit(headers={"Authorization": "Bearer "}).get("/metrics")).status_code == 401
    settings.METRICS_TOKEN = TOKEN
    assert (await holder.get("/metrics")).status_code == 200
    assert (await holder.get("/api/v1/buckets")).status_code == 401, "it is for nothing else"
    settings.METRICS = "off"
    assert [(await client.get("/metrics")).status_code for client in (holder, visitors["admin"])] == [404, 404]


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.1", {}, 401),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 401),
        ("127.0.0.1", {"Forwarded": "for=10.0.0.1"}, 401),
        ("127.0.0.1", {"Host": "evil.example"}, 400),
    ],
)
async def test_with_local_this_machine_reads_it_but_nobody_through_a_proxy_on_it(
    site: ObjectStore, application: object, settings: Settings, client: str, headers: dict[str, str], status: int
) -> None:
    settings.METRICS, settings.ALLOWED_HOSTS = "local", ["testserver"]
    transport = httpx.ASGITransport(app=application, client=(client, 1))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as visitor:
        assert (await visitor.get("/metrics", headers=headers)).status_code == status


async def test_it_counts_what_happens(bucket: str, base: str, admin: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    before = await read(admin)
    assert (await editor.put(f"{base}/objects/x", content=b"12345")).status_code == 201
    assert (await editor.get(f"{base}/objects/x")).content == b"12345"
    assert (await editor.get(f"{base}/objects/nothing")).status_code == 404
    assert (await editor.get("/nowhere/at/all")).status_code == 404
    await editor.request("BREW", f"{base}/objects/x")
    after = await read(admin)

    def more(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert more("transfers_total", direction="upload", outcome="done") == 1
    assert more("transfers_total", direction="download", outcome="done") == 1
    assert value(after, "transfers_running", direction="download") == 0
    assert more("received_bytes_total") == 5
    assert more("sent_bytes_total") > 5
    assert more("errors_total", code="object_not_found") == 1
    count = "http_request_duration_seconds_count"
    assert more(count, route="api:object", method="PUT", status="2xx") == 1
    assert more(count, route="api:object", method="GET", status="4xx") == 1
    assert more(count, route="api:object", method="other", status="4xx") == 1
    assert more(count, route=UNKNOWN, method="GET", status="4xx") == 1
    assert value(after, "http_requests_running") == 1, "the one that asks"


@pytest.fixture
def editor(visitors: Visitors) -> httpx.AsyncClient:
    return visitors["editor"]


async def test_it_tells_the_state_of_buckets_and_of_nats(bucket: str, site: ObjectStore, admin: httpx.AsyncClient) -> None:
    await connected(site)
    await site.history.enable(bucket)
    await site.put(bucket, "x", b"12345")
    await listed(bucket, "x")
    told = await read(admin)
    wanted = {"bucket_objects": 1, "bucket_messages": 2, "bucket_has_leader": 1, "bucket_replicas": 1, "index_objects": 1, "index_ready": 1}
    assert {name: value(told, name, bucket=bucket) for name in wanted} == wanted
    assert value(told, "bucket_size_bytes", bucket=bucket) > 5
    assert value(told, "watch_silence_seconds", bucket=bucket) < 30
    assert ("bucket_limit_bytes", (("bucket", bucket),)) not in told, "it has none"
    assert [value(told, "nats_connected", connection=name) for name in ("control", "bulk", "watch")] == [1, 1, 1]
    assert value(told, "jetstream_up") == 1
    assert value(told, "buckets") >= 1


async def test_more_buckets_than_are_wanted_are_told_of_together(few: ObjectStore, settings: Settings, admin: httpx.AsyncClient) -> None:
    for name in ("a", "b", "c"):
        await few.create_bucket(BucketConfig(name, max_bytes=1000))
    settings.METRICS_BUCKETS = 1
    told = await read(admin)
    assert {labels: number for (name, labels), number in told.items() if name == "bucket_limit_bytes"} == {
        (("bucket", "a"),): 1000,
        (("bucket", OTHERS),): 2000,
    }


@pytest.fixture
async def few(settings: Settings, fresh_nats_server: NatsServer, transactional_db: None) -> AsyncIterator[ObjectStore]:
    settings.NATS = ConnectOptions(servers=(fresh_nats_server.url,), reconnect_wait=0.1)
    yield await runtime.store()
    await runtime.close_store()


async def test_many_who_ask_make_nats_answer_once(site: ObjectStore, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    look = health._look

    async def counted(*arguments: object) -> object:
        looks.append(arguments)
        return await look(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(health, "_look", counted)
    monkeypatch.setattr(metering, "FRESH_SECONDS", 600.0)
    await asyncio.gather(*(read(admin) for _ in range(5)))
    assert len(looks) == 1


async def test_every_metric_is_documented_and_no_other(bucket: str, site: ObjectStore, admin: httpx.AsyncClient) -> None:
    documented = set(re.findall(r"^\| `nats_files_(\w+)` \|", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE))
    assert documented == await names(admin)


async def test_the_dashboard_shows_metrics_that_there_are(bucket: str, site: ObjectStore, admin: httpx.AsyncClient) -> None:
    used = set(re.findall(r"nats_files_(\w+)", (ROOT / "docs" / "grafana" / "nats-files.json").read_text()))
    there = await names(admin)
    parts = {name + part for name in there for part in ("_bucket", "_sum", "_count")}
    assert len(used) > 20
    assert used - there - parts == set()


async def names(client: httpx.AsyncClient) -> set[str]:
    """As they are asked for."""
    text = (await client.get("/metrics")).text
    return set(re.findall(r"^# TYPE nats_files_(\w+) ", text, re.MULTILINE))
