"""The health page and the same as JSON, on one server and on a cluster of which one is killed."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from pytest_django import Settings

from buckets.health.model import Health
from buckets.objectstore import BucketConfig, ConnectOptions, HistoryConfig, ObjectStore
from buckets.objectstore.names import history_stream, stream_name
from buckets.services import health, overview, runtime
from tests.cluster import Cluster
from tests.conftest import connected
from tests.natsserver import NatsServer

from .browsers import browser_of
from .conftest import Cast, Visitors
from .helpers import listed

PATIENCE = 90


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look is a new one."""
    monkeypatch.setattr(health, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(health, "UPLOADS_FRESH_SECONDS", 0.0)
    monkeypatch.setattr(health, "PATIENCE", 5.0)


@pytest.fixture
def admins_browser(cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    return browser_of(cast.admin, visit)


def text(page: httpx.Response) -> str:
    """What is to be read."""
    assert page.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text.partition("<main")[2].partition("</main>")[0]))


async def test_it_says_how_all_is(site: ObjectStore, bucket: str, admins_browser: httpx.AsyncClient, admin: httpx.AsyncClient) -> None:
    await connected(site)
    await site.history.enable(bucket, HistoryConfig())
    await site.put(bucket, "x", b"1234")
    await site.uploads.create(bucket, "new", expires=2**31, length=4)
    await listed(bucket, "x")
    overview.forget()
    told = (await admin.get("/api/v1/health")).json()
    (mine,) = [each for each in told["buckets"] if each["name"] == bucket]
    assert (mine["has_leader"], mine["objects"], mine["stream"]["messages"], mine["uploads"]) == (True, 1, 2, 1)
    assert (mine["stream"]["first_seq"], mine["stream"]["last_seq"]) == (1, 2)
    assert (mine["history"]["enabled"], mine["history"]["error"], mine["index"]["objects"]) == (True, "", 1)
    assert [each["purpose"] for each in told["connections"]] == ["control", "bulk", "watch"]
    assert all(each["connected"] and each["version"].startswith("2.") and each["round_trip"] < 5 for each in told["connections"])
    assert told["jetstream"][0]["streams"] >= 2
    assert (told["process"]["transfers"]["upload"], told["process"]["stopping"]) == (0, False)
    shown = text(await admins_browser.get("/health"))
    for words in (bucket, "Small requests", "127.0.0.1:", "about 1.04 KiB", "1, 0 B", "Python 3.", "This page renews itself."):
        assert words in shown, words


async def test_only_admins_of_every_bucket_see_it(bucket: str, cast: Cast, visitors: Visitors, owners: httpx.AsyncClient) -> None:
    assert (await owners.get("/health")).status_code == 403
    assert "/health" not in (await owners.get("/")).text
    assert (await visitors["anonymous"].get("/health")).headers["Location"] == "/login?next=%2Fhealth"
    assert [(await visitors[name].get("/api/v1/health")).status_code for name in ("owner", "outsider", "anonymous", "admin")] == [
        403,
        403,
        401,
        200,
    ]


@pytest.fixture
def owners(cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    return browser_of(cast.owner, visit)


async def test_it_answers_while_nats_is_away(
    fresh_nats_server: NatsServer, settings: Settings, admins_browser: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    settings.NATS = ConnectOptions(servers=(fresh_nats_server.url,), reconnect_wait=0.1, connect_wait=0.2)
    store = await runtime.store()
    await connected(store)
    assert "All is well" in text(await admins_browser.get("/health"))
    fresh_nats_server.stop()
    await until(lambda found: not any(each.connected for each in found.connections))
    shown = text(await admins_browser.get("/health"))
    assert "NATS cannot be reached." in shown
    assert (await admin.get("/api/v1/health")).json()["findings"][0]["code"] == "nats_away"
    await runtime.close_store()


@pytest.fixture
async def clustered(settings: Settings, cluster: Cluster, transactional_db: None) -> AsyncIterator[ObjectStore]:
    settings.NATS = ConnectOptions(servers=cluster.urls, reconnect_wait=0.1, uploads_replicas=3)
    yield await runtime.store()
    await runtime.close_store()


async def test_a_server_of_three_that_is_killed_is_told_of(
    clustered: ObjectStore, cluster: Cluster, admins_browser: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    """What has three copies loses one of them; what lies on that server alone has no leader any more."""
    await clustered.create_bucket(BucketConfig("safe", replicas=3))
    await clustered.create_bucket(BucketConfig("alone"))
    await clustered.history.enable("safe", HistoryConfig())
    for stream in (stream_name("safe"), history_stream("safe")):
        await cluster.current(stream)
    await until(lambda found: found.findings == () and found.buckets is not None and len(found.buckets) == 2)
    told = (await admin.get("/api/v1/health")).json()
    assert {each["cluster"] for each in told["connections"]} == {"test"}
    assert {each["known_servers"] for each in told["connections"]} == {3}
    safe = told["buckets"][1]["stream"]
    assert {safe["leader"], *(each["name"] for each in safe["replicas"])} == {"n0", "n1", "n2"}

    lost = await cluster.leader(stream_name("alone"))
    name = f"n{cluster.servers.index(lost)}"
    await cluster.lead(stream_name("safe"), lost)  # whoever leads next has never heard of it
    await cluster.current(stream_name("safe"))
    await asyncio.to_thread(lost.kill)
    codes = ["no_leader_alone", "server_away"]
    await until(lambda found: [each.code for each in found.findings] == codes)
    told = (await admin.get("/api/v1/health")).json()
    assert [(each["code"], each["bucket"]) for each in told["findings"]] == [("no_leader_alone", "alone"), ("server_away", None)]
    assert [(each["name"], each["has_leader"]) for each in told["buckets"]] == [("alone", False), ("safe", True)]
    shown = text(await admins_browser.get("/health"))
    assert "alone has no leader" in shown
    assert f"The server {name} is away" in shown

    await asyncio.to_thread(lost.start)
    await until(lambda found: found.findings == ())


async def until(good: Callable[[Health], bool]) -> None:
    """The site sees what happens to NATS when it asks: there is no event to await."""
    found = await health.glance(0.0)
    try:
        async with asyncio.timeout(PATIENCE):
            while not good(found):
                await asyncio.sleep(0.1)
                found = await health.glance(0.0)
    except TimeoutError:
        pytest.fail(f"It never came to be: {found}")
