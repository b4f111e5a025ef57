"""The live dashboard's WebSocket: who is told of what, in how many messages, and at which cost to NATS."""

import asyncio
import json
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import httpx
import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client as DjangoClient
from nats.aio.client import Client
from pytest_django import Settings

from buckets import feed, liveconsumer
from buckets.consumers import BAD_MESSAGE, SIGNED_OUT
from buckets.models import Grant
from buckets.objectstore import BucketConfig, ConnectOptions, Link, ObjectStore
from buckets.objectstore.names import metadata_subject
from buckets.roles import Role
from buckets.services import activity, runtime
from tests.natsserver import NatsServer, free_port

from .conftest import Cast


class Dashboard:
    """What a browser with a dashboard knows."""

    def __init__(self, socket: WebsocketCommunicator) -> None:
        self.socket = socket
        self.places: dict[str, str] = {}
        self.rows: list[list[Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.seconds: dict[str, dict[int, list[int]]] = {}

    async def ask(self, number: int, asked: Mapping[str, str]) -> None:
        await self.socket.send_to(text_data=json.dumps({"n": number, **asked}))

    async def next(self) -> None:
        message = json.loads(await self.socket.receive_from(10))
        if "places" in message:
            self.places = {name: following for name, following, _ in message["places"]}
        if "rows" in message:
            self.messages.append(message)
            self.rows = message["rows"] + ([] if message["first"] else self.rows)
            for bucket, seconds in message["seconds"].items():
                self.seconds.setdefault(bucket, {}).update({each[0]: each[1:] for each in seconds})

    async def until(self, holds: Callable[["Dashboard"], bool]) -> None:
        async with asyncio.timeout(20):
            while not holds(self):
                await self.next()

    def told(self) -> list[tuple[str, str]]:
        """What happened to what, the newest first."""
        return [(row[2], row[3]) for row in self.rows]


Visit: TypeAlias = Callable[..., httpx.AsyncClient]
Watch: TypeAlias = Callable[..., Awaitable[Dashboard]]


@pytest.fixture
async def watch(application: Any, cast: Cast) -> AsyncIterator[Watch]:
    opened: list[WebsocketCommunicator] = []

    async def connect(user: User, **asked: str) -> Dashboard:
        client = DjangoClient()
        await sync_to_async(client.force_login)(user)
        cookie = f"sessionid={client.cookies['sessionid'].value}".encode()
        headers = [(b"host", b"testserver"), (b"origin", b"http://testserver"), (b"cookie", cookie)]
        socket = WebsocketCommunicator(application, "/ws/live", headers=headers)
        assert (await socket.connect(10))[0]
        opened.append(socket)
        dashboard = Dashboard(socket)
        await dashboard.ask(1, asked)
        return dashboard

    yield connect
    for socket in opened:
        await socket.disconnect()


async def test_every_kind_of_change_is_told_with_who_made_it(
    bucket: str, cast: Cast, site: ObjectStore, foreign: Client, watch: Watch
) -> None:
    dashboard = await watch(cast.colleague)
    await dashboard.until(lambda _: dashboard.places.get(bucket) == "followed")
    others = await foreign.jetstream().object_store(bucket)
    await others.put("a/<x>.txt", b"12345")
    await site.put(bucket, "a/<x>.txt", b"1234567", writer="maya")
    await site.update_meta(bucket, "a/<x>.txt", description="new", writer="tom")
    await site.rename(bucket, "a/<x>.txt", "y\n\u202e.txt", writer="tom")
    await site.add_link(bucket, "l", Link(bucket, "y\n\u202e.txt"), writer="tom")
    await others.delete("y\n\u202e.txt")
    await dashboard.until(lambda _: len(dashboard.rows) == 6)
    assert [(row[0], row[2], row[3], row[5], row[6], row[7], row[8]) for row in dashboard.rows[::-1]] == [
        (bucket, "uploaded", "a/<x>.txt", "", 5, None, ""),
        (bucket, "replaced", "a/<x>.txt", "maya", 7, 5, ""),
        (bucket, "details", "a/<x>.txt", "tom", 7, 7, ""),
        (bucket, "renamed", "y\n\u202e.txt", "tom", 7, None, "a/<x>.txt"),
        (bucket, "linked", "l", "tom", 0, None, ""),
        (bucket, "deleted", "y\n\u202e.txt", "", 0, 7, ""),
    ]
    counted = [sum(counts) for counts in zip(*dashboard.seconds[bucket].values(), strict=True)]
    assert counted == [12, 1, 1, 1, 1, 1, 1, 0]


async def test_who_comes_later_is_told_the_recent_past_and_lists_what_is_asked_for(
    bucket: str, cast: Cast, site: ObjectStore, watch: Watch
) -> None:
    other = f"{bucket}-other"
    await site.create_bucket(BucketConfig(other))
    early = await watch(cast.admin)
    await early.until(lambda _: early.places.get(bucket) == early.places.get(other) == "followed")
    for place, name in ((bucket, "Report.pdf"), (bucket, "x.txt"), (other, "report.txt")):
        await site.put(place, name, b"1")
    await site.delete(bucket, "x.txt")
    await early.until(lambda _: len(early.rows) == 4)
    late = await watch(cast.admin, q=" rePORT ")
    await late.until(lambda _: len(late.rows) == 2)
    assert {row[3] for row in late.rows} == {"Report.pdf", "report.txt"}
    assert late.seconds[bucket] == early.seconds[bucket]
    for number, asked, names in (
        (2, {"bucket": other}, ["report.txt"]),
        (3, {"bucket": bucket, "what": "deleted"}, ["x.txt"]),
        (4, {"what": "nonsense", "q": "txt"}, ["x.txt", "report.txt", "x.txt"]),
    ):
        await late.ask(number, asked)
        while late.messages[-1]["n"] != number:
            await late.next()
        assert late.messages[-1]["first"]
        assert [row[3] for row in late.rows] == names
    await site.put(bucket, "unlike", b"1")
    await site.put(bucket, "z.txt", b"1")
    await late.until(lambda _: late.rows[0][3] == "z.txt")
    assert "unlike" not in {row[3] for row in late.rows}


async def test_a_burst_comes_as_few_bounded_messages_with_all_of_it_counted_and_no_bucket_lost_in_it(
    bucket: str, cast: Cast, site: ObjectStore, foreign: Client, watch: Watch
) -> None:
    quiet = f"{bucket}-quiet"
    await site.create_bucket(BucketConfig(quiet))
    dashboard, filtered = await watch(cast.admin), await watch(cast.admin, q="needle")
    for each in (dashboard, filtered):
        await each.until(lambda each: each.places.get(bucket) == each.places.get(quiet) == "followed")
    begin = time.monotonic()
    for number in range(1000):
        name = f"needle {number}" if number % 100 == 50 else f"hay {number}"
        raw = json.dumps({"name": name, "bucket": bucket, "nuid": f"n{number}", "size": 3, "chunks": 1, "digest": ""})
        await foreign.publish(metadata_subject(bucket, name), raw.encode())
        if number == 500:
            await site.put(quiet, "quiet", b"1")
        if number % 100 == 99:
            await foreign.flush()
    await dashboard.until(lambda _: sum(each[1] for each in dashboard.seconds.get(bucket, {}).values()) == 1000)
    turns = (time.monotonic() - begin) / activity.PAUSE + 2
    burst = [message for message in dashboard.messages if not message["first"]]
    assert len(burst) <= turns
    assert max(len(message["rows"]) for message in burst) <= feed.ROWS
    assert sum(len(message["rows"]) + message["more"] for message in burst) <= 1001
    assert (quiet, "quiet") in {(row[0], row[3]) for row in dashboard.rows}
    assert dashboard.rows[0][3] == "hay 999"
    await filtered.until(lambda _: len(filtered.rows) == 10)
    assert [row[3] for row in filtered.rows] == [f"needle {number}" for number in range(950, 0, -100)]


async def test_who_may_not_see_a_bucket_is_told_nothing_of_it_also_when_that_changes(
    bucket: str, cast: Cast, site: ObjectStore, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(liveconsumer, "CHECK_SECONDS", 0.1)
    monkeypatch.setattr(liveconsumer, "NATS_SECONDS", 0.1)
    outsider, colleague = await watch(cast.outsider, bucket=bucket), await watch(cast.colleague)
    await colleague.until(lambda _: colleague.places.get(bucket) == "followed")
    await site.put(bucket, "secret", b"1")
    await colleague.until(lambda _: colleague.told() == [("uploaded", "secret")])
    await outsider.until(lambda _: bool(outsider.messages))
    assert await outsider.socket.receive_nothing(2 * activity.PAUSE)
    assert not outsider.places
    assert not any(message["rows"] or message["seconds"] for message in outsider.messages)
    await Grant.objects.filter(user=cast.colleague).adelete()
    await colleague.until(lambda _: not colleague.places)
    await Grant.objects.acreate(bucket=bucket, user=cast.outsider, role=Role.VIEWER)
    await site.put(bucket, "again", b"1")
    await outsider.until(lambda _: len(outsider.rows) == 2)
    assert await colleague.socket.receive_nothing(2 * activity.PAUSE)
    assert colleague.told() == [("uploaded", "secret")]


async def test_buckets_that_come_and_go_are_followed_and_forgotten(
    bucket: str, cast: Cast, site: ObjectStore, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "LOOK_SECONDS", 0.1)
    new = f"{bucket}-new"
    dashboard = await watch(cast.admin)
    await dashboard.until(lambda _: bucket in dashboard.places)
    await site.create_bucket(BucketConfig(new))
    await dashboard.until(lambda _: dashboard.places.get(new) == "followed")
    await site.put(new, "x", b"1")
    await dashboard.until(lambda _: dashboard.told() == [("uploaded", "x")])
    await site.delete_bucket(new)
    await dashboard.until(lambda _: new not in dashboard.places)
    await site.create_bucket(BucketConfig(new))
    await dashboard.until(lambda _: dashboard.places.get(new) == "followed")
    await site.put(new, "y", b"1")
    await dashboard.until(lambda _: dashboard.told()[0] == ("uploaded", "y"))


async def test_no_more_buckets_are_followed_than_is_set_but_the_one_that_is_asked_for(
    bucket: str, cast: Cast, site: ObjectStore, watch: Watch, settings: Settings
) -> None:
    settings.DASHBOARD_BUCKETS = 1
    old = f"{bucket}-old"
    await site.create_bucket(BucketConfig(old))
    await site.put(old, "x", b"1")
    await site.put(bucket, "x", b"1")
    dashboard = await watch(cast.admin)
    await dashboard.until(lambda _: dashboard.places.get(bucket) == "followed")
    assert dashboard.places[old] == "waiting"
    await dashboard.ask(2, {"bucket": old})
    await dashboard.until(lambda _: dashboard.places[old] == "followed")
    assert dashboard.places[bucket] == "waiting"
    await site.delete(old, "x")
    await dashboard.until(lambda _: dashboard.told() == [("deleted", "x")])


async def test_fifty_dashboards_cost_nats_what_one_costs(cast: Cast, settings: Settings, watch: Watch, transactional_db: None) -> None:
    port = free_port()
    server = NatsServer(f'http: "127.0.0.1:{port}"')
    settings.NATS = ConnectOptions(servers=(server.url,))
    try:
        server.start()
        site = await runtime.store()
        for name in ("one", "two"):
            await site.create_bucket(BucketConfig(name))
        first = await watch(cast.admin)
        await first.until(lambda _: first.places == {"one": "followed", "two": "followed"})
        async with asyncio.timeout(20):
            while (alone := cost(port)) != cost(port) or not alone["consumers"]:
                await asyncio.sleep(0.1)
        assert alone["consumers"] == 2
        crowd = [await watch(cast.admin) for _ in range(49)]
        await site.put("one", "x", b"1")
        for each in crowd:
            await each.until(lambda each: each.told() == [("uploaded", "x")])
        async with asyncio.timeout(20):  # requests that are under way have subscriptions too
            while cost(port) != alone:
                await asyncio.sleep(0.1)
    finally:
        await runtime.close_store()
        server.remove()


def cost(port: int) -> dict[str, int]:
    """What the server itself says that it has."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/jsz", timeout=10) as answer:
        streams = json.load(answer)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/connz?subs=1", timeout=10) as answer:
        connections = json.load(answer)["connections"]
    return {
        "consumers": streams["consumers"],
        "connections": len(connections),
        "subscriptions": sum(each["subscriptions"] for each in connections),
    }


async def test_nonsense_and_who_has_signed_out_are_shown_out(
    bucket: str, cast: Cast, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = await watch(cast.colleague)
    await odd.socket.send_to(text_data='{"n": -1}')
    assert await closed(odd) == BAD_MESSAGE
    monkeypatch.setattr(liveconsumer, "CHECK_SECONDS", 0.1)
    monkeypatch.setattr(liveconsumer, "NATS_SECONDS", 0.1)
    left = await watch(cast.colleague)
    await left.until(lambda _: bool(left.places))
    await Session.objects.all().adelete()
    assert await closed(left) == SIGNED_OUT


async def closed(dashboard: Dashboard) -> int:
    async with asyncio.timeout(10):
        while (output := await dashboard.socket.receive_output(10))["type"] != "websocket.close":
            pass
    return int(output["code"])


async def test_the_page_is_for_who_has_signed_in_and_keeps_what_is_asked_for(browser: httpx.AsyncClient, bucket: str, visit: Visit) -> None:
    page = (await browser.get(f"/live?bucket={bucket}&what=deleted&q=%3Cb%3E")).text
    assert f"<option selected>{bucket}</option>" in page
    assert '<option value="deleted" data-icon="trash" selected>' in page
    assert 'value="&lt;b&gt;"' in page
    async with visit() as nobody:
        assert (await nobody.get("/live")).headers["location"].startswith("/login?next=%2Flive")
