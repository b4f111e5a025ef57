"""What live pages about one object, or about all of a bucket, are told through their WebSocket, and how that ends."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.test import Client as DjangoClient

from buckets import consumers
from buckets.models import Grant
from buckets.objectconsumer import Subject
from buckets.objectstore import ObjectStore

from .conftest import Cast
from .helpers import listed

Listen: TypeAlias = Callable[..., Awaitable[WebsocketCommunicator]]


@pytest.fixture
async def listen(application: Any, cast: Cast, bucket: str) -> AsyncIterator[Listen]:
    """Opens the socket of a page of the bucket as a browser in which the user has signed in."""
    opened: list[WebsocketCommunicator] = []

    async def connect(user: User, place: str = bucket) -> WebsocketCommunicator:
        client = DjangoClient()
        await sync_to_async(client.force_login)(user)
        cookie = f"sessionid={client.cookies['sessionid'].value}".encode()
        headers = [(b"host", b"testserver"), (b"origin", b"http://testserver"), (b"cookie", cookie)]
        socket = WebsocketCommunicator(application, f"/ws/pages/{place}", headers=headers)
        assert (await socket.connect(10))[0]
        opened.append(socket)
        return socket

    yield connect
    for socket in opened:
        await socket.disconnect()


async def told(socket: WebsocketCommunicator) -> int:
    """The next revision that the page is told."""
    async with asyncio.timeout(10):
        while "revision" not in (message := json.loads(await socket.receive_from(10))):
            pass
    return int(message["revision"])


async def closed(socket: WebsocketCommunicator) -> int:
    async with asyncio.timeout(10):
        while (output := await socket.receive_output(10))["type"] != "websocket.close":
            pass
    return int(output["code"])


async def test_a_page_is_told_of_its_object_and_of_no_other(bucket: str, cast: Cast, site: ObjectStore, listen: Listen) -> None:
    first = await site.put(bucket, "x", b"1")
    socket = await listen(cast.colleague)
    await socket.send_to(text_data=json.dumps({"name": "x", "revision": first.revision}))
    await site.put(bucket, "y", b"1")
    second = await site.put(bucket, "x", b"2")
    assert await told(socket) == second.revision
    await site.delete(bucket, "x")
    assert await told(socket) == 0


async def test_a_page_that_came_late_or_again_is_told_at_once(bucket: str, cast: Cast, site: ObjectStore, listen: Listen) -> None:
    first = await site.put(bucket, "x", b"1")
    second = await site.put(bucket, "x", b"2")
    await listed(bucket, "x")
    socket = await listen(cast.colleague)
    await socket.send_to(text_data=json.dumps({"name": "x", "revision": first.revision}))
    assert await told(socket) == second.revision


async def test_a_page_of_all_of_the_bucket_is_told_of_anything_in_it(bucket: str, cast: Cast, site: ObjectStore, listen: Listen) -> None:
    first = await site.put(bucket, "x", b"1")
    await listed(bucket, "x")
    socket = await listen(cast.colleague)
    await socket.send_to(text_data=json.dumps({"name": None, "revision": first.revision}))
    await site.delete(bucket, "x")
    assert await told(socket) > first.revision


async def test_who_may_not_look_is_told_nothing(
    bucket: str, cast: Cast, site: ObjectStore, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await closed(await listen(cast.outsider)) == await closed(await listen(cast.outsider, "absent")) == consumers.NOT_FOUND
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.1)
    socket = await listen(cast.colleague)
    await Grant.objects.filter(user=cast.colleague).adelete()
    assert await closed(socket) == consumers.NOT_FOUND


NONSENSE: list[object] = [
    None, [], {}, {"name": "x"}, {"name": 3, "revision": 1}, {"name": "", "revision": 1}, {"name": "x" * 5000, "revision": 1},
    {"name": "x", "revision": -1}, {"name": "x", "revision": True}, {"name": "x", "revision": 2**60},
]  # fmt: skip


@pytest.mark.parametrize("message", NONSENSE)
def test_nonsense_is_no_subject(message: object) -> None:
    assert Subject.parse(message) is None


async def test_a_message_that_makes_no_sense_ends_it(bucket: str, cast: Cast, listen: Listen) -> None:
    socket = await listen(cast.colleague)
    await socket.send_to(text_data="{")
    assert await closed(socket) == consumers.BAD_MESSAGE
