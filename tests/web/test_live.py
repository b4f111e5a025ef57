"""The live listing's WebSocket: who may listen, what is told, how much of it, and how it ends."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.test import Client as DjangoClient
from django.utils import timezone
from nats.aio.client import Client
from pytest_django import Settings

from buckets import consumers
from buckets.fragments import nats_html
from buckets.models import Grant
from buckets.objectstore import ConnectionState, ConnectOptions, ObjectStore
from buckets.relay import Pace
from buckets.services import buckets as bucket_service
from buckets.services import runtime
from tests.natsserver import NatsServer

from .conftest import Cast
from .helpers import listed
from .test_pages import fill, put_metadata

Listen: TypeAlias = Callable[..., Awaitable["Listener"]]


class Listener:
    """A browser with the files page open: keeps what it shows as the page's script does."""

    def __init__(self, socket: WebsocketCommunicator) -> None:
        self.socket = socket
        self.order: list[str] = []
        self.html: dict[str, str] = {}
        self.parts: dict[str, str] = {}
        self.updates = 0
        self.number = 0

    async def show(self, rows: dict[str, str] | None = None, **view: object) -> None:
        """Send the view, and what is on the screen, as on connecting and on moving to another folder."""
        self.number += 1
        await self.socket.send_to(text_data=json.dumps({"n": self.number, "view": view, "rows": rows or {}}))

    async def scroll(self, offset: int, count: int = 60, *, follow: bool = True) -> dict[str, Any]:
        """Ask for other rows of the view; what is answered."""
        await self.socket.send_to(text_data=json.dumps({"n": self.number, "offset": offset, "count": count, "follow": follow}))
        while not (message := await self.next()).get("moved"):
            pass
        return message

    async def next(self) -> dict[str, Any]:
        output = await self.socket.receive_output(10)
        assert output["type"] == "websocket.send", output
        message: dict[str, Any] = json.loads(output["text"])
        self.parts |= message.get("parts", {})
        if "order" in message:
            self.updates += 1
            self.order = message["order"]
            self.html |= message["rows"]
        return message

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not reached():
                await self.next()

    async def close_code(self) -> int:
        async with asyncio.timeout(20):
            while True:
                output = await self.socket.receive_output(20)
                if output["type"] == "websocket.close":
                    return int(output["code"])
                self.parts |= json.loads(output["text"]).get("parts", {})

    @property
    def page(self) -> str:
        return "".join(self.html[row] for row in self.order)


@pytest.fixture
async def listen(application: Any, cast: Cast, bucket: str) -> AsyncIterator[Listen]:
    opened: list[WebsocketCommunicator] = []

    async def connect(user: User | None = cast.owner, to: str = bucket, origin: bytes = b"http://testserver") -> Listener:
        headers = [(b"host", b"testserver"), (b"origin", origin), (b"cookie", await sync_to_async(cookie)(user))]
        socket = WebsocketCommunicator(application, f"/ws/buckets/{to}", headers=headers)
        connected, _ = await socket.connect()
        assert connected
        opened.append(socket)
        return Listener(socket)

    yield connect
    for socket in opened:
        await socket.disconnect()


def cookie(user: User | None) -> bytes:
    if user is None:
        return b""
    client = DjangoClient()
    client.force_login(user)
    return f"sessionid={client.cookies['sessionid'].value}".encode()


async def test_a_row_appears_changes_and_goes(bucket: str, site: ObjectStore, foreign: Client, listen: Listen) -> None:
    store = await foreign.jetstream().object_store(bucket)
    listener = await listen()
    await listener.show()
    await listener.until(lambda: "facts" in listener.parts)
    await store.put("new.txt", b"12345")
    await listener.until(lambda: len(listener.order) == 1)
    assert "new.txt" in listener.page
    assert "5 B" in listener.page
    await store.put("new.txt", b"1234567")
    await listener.until(lambda: "7 B" in listener.page)
    assert ">7 B</small>" in listener.parts["used"], "what the side bar says follows too, and is the same measure"
    await store.delete("new.txt")
    await listener.until(lambda: not listener.order)
    assert "This bucket is empty" in listener.parts["empty"]


async def test_a_change_deep_below_changes_the_folders_row(bucket: str, site: ObjectStore, listen: Listen) -> None:
    await fill(site, bucket, "d/e/one")
    listener = await listen()
    await listener.show()
    await listener.until(lambda: "1 file<" in listener.page)
    await fill(site, bucket, "d/e/f/two")
    await listener.until(lambda: "2 files<" in listener.page)


async def test_only_what_changed_is_sent(bucket: str, site: ObjectStore, listen: Listen) -> None:
    await fill(site, bucket, "a", "b")
    listener = await listen()
    await listener.show()
    await listener.until(lambda: len(listener.order) == 2)
    await fill(site, bucket, "c")
    await listener.until(lambda: len(listener.order) == 3)
    again = await listen()
    shown = {row: html.partition('data-rev="')[2].partition('"')[0] for row, html in listener.html.items()}
    del shown[listener.order[1]]
    await again.show(rows=shown)
    await again.until(lambda: len(again.order) == 3)
    assert list(again.html) == [listener.order[1]]


async def test_of_changes_that_the_view_does_not_show_only_the_buckets_size_is_sent(bucket: str, site: ObjectStore, listen: Listen) -> None:
    await fill(site, bucket, "here/one")
    listener = await listen()
    await listener.show(prefix="here/")
    await listener.until(lambda: len(listener.order) == 1)
    await site.put(bucket, "elsewhere/two", b"x" * 5000)
    message = await listener.next()
    assert (message["rows"], set(message["parts"])) == ({}, {"used"})
    await site.update_meta(bucket, "elsewhere/two", description="of the same size")
    assert await listener.socket.receive_nothing(0.5)


async def test_one_socket_follows_from_view_to_view(bucket: str, site: ObjectStore, listen: Listen) -> None:
    await fill(site, bucket, "d/one", "x")
    listener = await listen()
    await listener.show()
    await listener.until(lambda: len(listener.order) == 2)
    await listener.show(prefix="d/")
    while (await listener.next()).get("n") != 2:
        pass
    assert len(listener.order) == 1
    await listener.show(q="ON", sort="-size")
    while (await listener.next()).get("n") != 3:
        pass
    assert "d%2Fone" in listener.page


async def filled(bucket: str, foreign: Client, listen: Listen, count: int, sort: str = "") -> Listener:
    await asyncio.gather(*(put_metadata(foreign, bucket, f"n{number:04}") for number in range(count)))
    listener = await listen()
    await listener.show(sort=sort)
    await listener.until(lambda: f"{count:,} items" in listener.parts.get("facts", ""))
    return listener


async def test_a_browser_gets_the_rows_that_it_scrolls_to(bucket: str, site: ObjectStore, foreign: Client, listen: Listen) -> None:
    listener = await filled(bucket, foreign, listen, 500)
    answer = await listener.scroll(300, 40)
    assert (answer["offset"], answer["total"], len(answer["rows"])) == (300, 500, 40)
    assert [f"n0{number}" in listener.html[row] for number, row in enumerate(listener.order, 300)] == [True] * 40
    answer = await listener.scroll(310, 40)
    assert (answer["offset"], len(answer["order"]), len(answer["rows"])) == (310, 40, 10)
    assert (await listener.scroll(310, 40))["rows"] == {}
    assert (await listener.scroll(10**12, 10**12))["offset"] == 500 - 300
    answer = await listener.scroll(-5, -5)
    assert (answer["offset"], len(answer["order"])) == (0, 1)


@pytest.mark.parametrize("sort", ["name", "-modified"])
async def test_rows_that_come_before_those_in_sight_move_the_window(
    bucket: str, site: ObjectStore, foreign: Client, listen: Listen, sort: str
) -> None:
    listener = await filled(bucket, foreign, listen, 300, sort=sort)
    await listener.scroll(200, 40)
    before = list(listener.order)
    await asyncio.gather(*(put_metadata(foreign, bucket, f"a{number:04}") for number in range(150)))
    last: dict[str, Any] = {}
    while last.get("total") != 450:
        last = await listener.next()
    assert (last["offset"], last["order"], last["rows"]) == (350, before, {})
    assert not last["moved"]


async def test_at_the_top_new_rows_are_seen(bucket: str, site: ObjectStore, foreign: Client, listen: Listen) -> None:
    listener = await filled(bucket, foreign, listen, 120)
    await listener.scroll(0, 40, follow=False)
    await put_metadata(foreign, bucket, "a first")
    await listener.until(lambda: "a first" in listener.html[listener.order[0]])
    assert len(listener.order) == 40


async def test_a_scroll_of_another_view_is_not_answered(bucket: str, site: ObjectStore, foreign: Client, listen: Listen) -> None:
    listener = await filled(bucket, foreign, listen, 120)
    await listener.socket.send_to(text_data=json.dumps({"n": listener.number + 1, "offset": 50, "count": 10}))
    assert await listener.socket.receive_nothing(0.3)


async def test_a_thousand_changes_in_a_second_cost_at_most_ten_updates(
    bucket: str, site: ObjectStore, foreign: Client, listen: Listen
) -> None:
    listener = await listen()
    await listener.show()
    await listener.until(lambda: "facts" in listener.parts)
    listener.updates = 0
    started = time.monotonic()
    await asyncio.gather(*(put_metadata(foreign, bucket, f"n{number:04}") for number in range(1000)))
    await listener.until(lambda: "1,000 items" in listener.parts["facts"])
    seconds = time.monotonic() - started
    assert listener.updates <= 10 * seconds + 1
    assert len(listener.order) == 100


async def test_many_browsers_together_leave_half_of_the_time_to_others() -> None:
    busy = 0.0

    def compute() -> None:
        nonlocal busy
        started = time.perf_counter()
        while time.perf_counter() < started + 0.01:
            pass
        busy += time.perf_counter() - started

    started = time.perf_counter()
    await asyncio.gather(*(Pace().turn(compute) for _ in range(20)))
    assert busy < 0.55 * (time.perf_counter() - started)


async def test_a_reconnected_browser_catches_up(bucket: str, site: ObjectStore, listen: Listen) -> None:
    await fill(site, bucket, "gone", "stays")
    first = await listen()
    await first.show()
    await first.until(lambda: len(first.order) == 2)
    shown = {row: html.partition('data-rev="')[2].partition('"')[0] for row, html in first.html.items()}
    await first.socket.disconnect()
    await site.delete(bucket, "gone")
    await fill(site, bucket, "new")
    second = await listen()
    second.html = dict(first.html)
    await second.show(rows=shown)
    await second.until(lambda: len(second.order) == 2 and "new" in second.page)
    assert "gone" not in second.page


@pytest.mark.parametrize(
    "message",
    ["no JSON", "[]", "[" * 100_000, '{"n": 1}', '{"n": "x", "view": {}, "rows": {}}', '{"n": 1, "view": {}, "rows": {"r": 5}}',
     json.dumps({"n": 2**70, "view": {}, "rows": {}}), '{"n": -1, "view": {}, "rows": {}}', '{"n": true, "view": {}, "rows": {}}',
     json.dumps({"n": 1, "view": {}, "rows": {str(number): "1" for number in range(1000)}}), "x" * 1_000_000],
    ids=lambda message: message[:20],
)  # fmt: skip
async def test_a_message_that_makes_no_sense_ends_it(listen: Listen, message: str) -> None:
    listener = await listen()
    await listener.socket.send_to(text_data=message)
    assert await listener.close_code() == 4400


async def test_a_hostile_view_is_bounded(bucket: str, site: ObjectStore, listen: Listen) -> None:
    await fill(site, bucket, "a")
    listener = await listen()
    await listener.show(prefix="x" * 100_000, q=["list"], sort={"a": 1}, page=-(10**30))
    await listener.until(lambda: len(listener.order) == 1)


async def test_the_anonymous_and_the_uninvited_are_turned_away(bucket: str, cast: Cast, listen: Listen) -> None:
    assert await (await listen(None)).close_code() == 4401
    assert await (await listen(cast.outsider)).close_code() == 4404
    assert await (await listen(cast.admin, to="no-such-bucket")).close_code() == 4404


async def test_another_sites_page_cannot_listen(application: Any, cast: Cast, bucket: str) -> None:
    headers = [(b"host", b"testserver"), (b"origin", b"http://evil.example"), (b"cookie", await sync_to_async(cookie)(cast.owner))]
    socket = WebsocketCommunicator(application, f"/ws/buckets/{bucket}", headers=headers)
    connected, _ = await socket.connect()
    assert not connected


@pytest.mark.parametrize("what", ["grant", "session", "account", "role"])
async def test_it_ends_when_the_right_does(
    bucket: str, cast: Cast, site: ObjectStore, listen: Listen, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.0)
    monkeypatch.setattr(consumers, "NATS_SECONDS", 0.05)
    listener = await listen(cast.colleague)
    await listener.show()
    await listener.until(lambda: "facts" in listener.parts)
    await take_away(what, cast.colleague)
    assert await listener.close_code() == (4404 if what in ("grant", "role") else 4401)


@pytest.mark.parametrize("how", ["ended", "expired"])
async def test_it_ends_soon_when_the_session_does(
    cast: Cast, site: ObjectStore, listen: Listen, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    from django.contrib.sessions.models import Session

    monkeypatch.setattr(consumers, "SESSION_SECONDS", 0.0)
    monkeypatch.setattr(consumers, "NATS_SECONDS", 0.05)
    listener = await listen()
    await listener.show()
    await listener.until(lambda: "facts" in listener.parts)
    if how == "ended":
        await Session.objects.all().adelete()
    else:
        await Session.objects.all().aupdate(expire_date=timezone.now())
    assert await listener.close_code() == 4401


async def test_an_expired_session_opens_no_socket(cast: Cast, listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.sessions.models import Session

    real = consumers.LiveFilesConsumer._user

    async def just_expired(self: consumers.LiveFilesConsumer) -> User:
        await Session.objects.all().aupdate(expire_date=timezone.now())
        return await real(self)

    monkeypatch.setattr(consumers.LiveFilesConsumer, "_user", just_expired)
    assert await (await listen()).close_code() == 4401


@pytest.mark.parametrize(("who", "told"), [("admin", True), ("owner", False)])
async def test_only_superusers_are_told_the_error_of_nats(cast: Cast, who: str, told: bool) -> None:
    banner = nats_html(ConnectionState(connected=False, error="dial 10.0.0.5"), getattr(cast, who))["banner"]
    assert ("10.0.0.5" in banner) is told


async def take_away(what: str, user: User) -> None:
    from django.contrib.sessions.models import Session

    if what == "grant":
        await Grant.objects.filter(user=user).adelete()
    elif what == "role":
        await Grant.objects.filter(user=user).aupdate(role="editor")
    elif what == "session":
        await Session.objects.all().adelete()
    else:
        user.is_active = False
        await user.asave()


async def test_a_deleted_bucket_is_said_to_be_deleted(bucket: str, cast: Cast, listen: Listen) -> None:
    listener = await listen()
    await listener.show()
    await listener.until(lambda: "facts" in listener.parts)
    await bucket_service.delete_bucket(cast.owner, bucket)
    assert await listener.close_code() == 4410
    assert f"The bucket {bucket} was deleted" in listener.parts["listing"]


async def test_it_says_when_nats_is_away_and_goes_on_when_it_is_back(
    settings: Settings, cast: Cast, bucket_name: str, fresh_nats_server: NatsServer, application: Any, transactional_db: None
) -> None:
    settings.NATS = ConnectOptions(servers=(fresh_nats_server.url,), reconnect_wait=0.1)
    await bucket_service.create_bucket(cast.admin, bucket_config(bucket_name))
    headers = [(b"host", b"testserver"), (b"origin", b"http://testserver"), (b"cookie", await sync_to_async(cookie)(cast.owner))]
    socket = WebsocketCommunicator(application, f"/ws/buckets/{bucket_name}", headers=headers)
    await socket.connect()
    listener = Listener(socket)
    try:
        await listener.show()
        await listener.until(lambda: "facts" in listener.parts)
        assert "Connected" in listener.parts["nats-status"]
        await asyncio.to_thread(fresh_nats_server.stop)
        await listener.until(lambda: "NATS is away" in listener.parts["nats-status"])
        assert "hidden" not in listener.parts["banner"].partition(">")[0]
        await asyncio.to_thread(fresh_nats_server.start)
        await listener.until(lambda: "Connected" in listener.parts["nats-status"])
        await fill(await runtime.store(), bucket_name, "after.txt")
        await listener.until(lambda: "after.txt" in listener.page)
    finally:
        await socket.disconnect()
        await runtime.close_store()


def bucket_config(name: str) -> Any:
    from buckets.objectstore import BucketConfig

    return BucketConfig(name)


async def test_a_listing_that_is_still_loading_shows_how_far_it_is(bucket: str, site: ObjectStore, cast: Cast) -> None:
    from buckets.listing import View
    from buckets.objectstore import LiveBucket
    from buckets.relay import Screen
    from buckets.services.linkmarks import LinkTargets

    await fill(site, bucket, "a")
    await listed(bucket, "a")
    live = LiveBucket(bucket)
    live.expected = 5000
    live.loaded = 1200
    update = Screen(View()).update(live, await bucket_service.get_bucket(cast.owner, bucket), LinkTargets(cast.owner, live).state)
    assert update is not None
    assert "1,200 of 5,000" in update["parts"]["empty"]
    assert "Reading" in update["parts"]["facts"]
