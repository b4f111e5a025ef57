"""Live files: one WebSocket a browser, fed from the bucket's one watch."""

import asyncio
import contextlib
import json
import logging
import time
from typing import Any

import orjson
from channels.auth import get_user
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.db import SessionStore
from django.utils import translation

from . import language
from .access import AnyUser, NotVisible
from .fragments import gone_html, nats_html
from .objectstore import BucketNotFound, ConnectionState, InvalidBucketName, LiveBucket, LiveSubscription, ObjectStoreError
from .relay import Pace, Screen
from .services import buckets as bucket_service
from .services import objects as object_service
from .services.buckets import BucketView
from .services.linkmarks import LinkTargets
from .services.runtime import store

log = logging.getLogger(__name__)

MAX_MESSAGE = 256 * 1024
CHECK_SECONDS = 30.0
SESSION_SECONDS = 5.0
NATS_SECONDS = 1.0

SIGNED_OUT, NOT_FOUND, GONE, BAD_MESSAGE, TRY_AGAIN = 4401, 4404, 4410, 4400, 4503
INTERNAL_ERROR = 1011


class LiveFilesConsumer(AsyncWebsocketConsumer):
    """Tells a browser what changes in the view it shows.

    The browser sends its screen (see ``relay.Screen``) on connecting and whenever it shows another view, and where in the view it is
    whenever it has been scrolled; it gets updates in return: at most one in 100 ms besides those it asks for (see ``relay.Pace``).
    Close codes: 4401 signed out, 4404 the right to the bucket is not there or not what it was, 4410 the bucket was deleted, 4400 a message
    that makes no sense, 4503 NATS is away.
    """

    async def connect(self) -> None:
        await self.accept()
        self.bucket: str = self.scope["url_route"]["kwargs"].get("bucket", "")
        self.user: AnyUser = AnonymousUser()
        self.screen: Screen | None = None
        self.pace = Pace()
        self.wake = asyncio.Event()
        self.task = asyncio.create_task(self._serve())

    async def disconnect(self, code: int) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        screen = Screen.parse(_json(text_data), self.screen)
        if screen is None:
            await self._end(BAD_MESSAGE)
            return
        self.screen = screen
        self.wake.set()

    async def _serve(self) -> None:
        """Until the socket closes. Whatever ends it earlier becomes a close code."""
        translation.activate(language.of_socket(self.scope))  # for this task only
        try:
            await self._relay()
        except (NotVisible, BucketNotFound, InvalidBucketName, RoleChanged):
            await self._end(NOT_FOUND)
        except SignedOut:
            await self._end(SIGNED_OUT)
        except ObjectStoreError:
            await self._tell_nats(None)
            await self._end(TRY_AGAIN)
        except OSError:
            log.debug("the browser at %s has gone", self.bucket)
        except Exception:
            log.exception("live listing of %s failed", self.bucket)
            await self._end(INTERNAL_ERROR)

    async def _relay(self) -> None:
        user = await self._user()
        live = await object_service.live(user, self.bucket)
        found = await bucket_service.get_bucket(user, self.bucket)
        nats, look = None, True
        checked = signed_in = time.monotonic()
        targets = LinkTargets(user, live)
        with live.subscribe() as changes, targets, Waiter(changes, self.wake, targets.changed) as waiter:
            while not live.gone:
                nats = await self._tell_nats(nats)
                if look:
                    await self._tell_files(live, found, targets)
                    await self.pace.rest(self.wake)
                look = await waiter.wait(NATS_SECONDS)
                if time.monotonic() - signed_in > SESSION_SECONDS:
                    await self._session()
                    signed_in = time.monotonic()
                if time.monotonic() - checked > CHECK_SECONDS:
                    found, checked, look = await self._check_again(found), time.monotonic(), True
                    await self._look_at_links(targets, anew=True)
        await self._send({"parts": gone_html(self.bucket)})
        await self._end(GONE)

    async def _tell_files(self, live: LiveBucket, found: BucketView, targets: LinkTargets) -> None:
        """Rows first; where links into other buckets lead a moment later, if that is not known yet."""
        while (screen := self.screen) is not None:
            if update := await self.pace.turn(lambda: screen.update(live, found, targets.state)):
                await self._send(update)
            if not await self._look_at_links(targets):
                return

    async def _look_at_links(self, targets: LinkTargets, *, anew: bool = False) -> bool:
        """Whether something is known now that was not shown. NATS being away changes nothing."""
        shown = self.screen.shown if self.screen else None
        try:
            return shown is not None and await targets.look(shown.links, anew=anew)
        except ObjectStoreError:
            return False

    async def _tell_nats(self, told: ConnectionState | None) -> ConnectionState:
        """Also on connecting: the page may have been rendered in another time."""
        state = (await store()).state
        if state != told:
            await self._send({"parts": nats_html(state, self.user)})
        return state

    async def _check_again(self, found: BucketView) -> BucketView:
        """Whether the user still has the right, and the bucket's status as it is now. NATS being away changes neither."""
        user = await self._user()
        try:
            again = await bucket_service.get_bucket(user, self.bucket)
        except BucketNotFound:
            raise
        except ObjectStoreError:
            return found
        if again.role is not found.role:
            raise RoleChanged
        return again

    async def _user(self) -> User:
        """Who this is now: sessions end, and accounts are switched off, while sockets are open."""
        user = await get_user({"session": await self._session()})  # type: ignore[typeddict-item]  # it needs no more of the scope
        if not isinstance(user, User):
            raise SignedOut
        self.user = user
        return user

    async def _session(self) -> SessionStore:
        """The session as it is now, with one query. One that has ended or expired is empty."""
        session = SessionStore(self.scope["session"].session_key)
        if await session.aget(SESSION_KEY) is None:
            raise SignedOut
        return session

    async def _end(self, code: int) -> None:
        with contextlib.suppress(OSError):  # it has gone by itself
            await self.close(code)

    async def _send(self, message: dict[str, Any]) -> None:
        await self.send(text_data=orjson.dumps(message).decode())


class SignedOut(Exception):
    pass


class RoleChanged(Exception):
    """The page was made for another role: the browser has to ask for it again."""


class Waiter:
    """Waits for the index to change, the browser to show another view, or what links lead to, whichever comes first. Nothing is lost
    between waits."""

    def __init__(self, changes: LiveSubscription, wake: asyncio.Event, linked: asyncio.Event) -> None:
        self._changes = changes
        self._events = {"wake": wake, "linked": linked}
        self._tasks: dict[str, asyncio.Task[Any]] = {}

    def __enter__(self) -> "Waiter":
        return self

    def __exit__(self, *_: object) -> None:
        for task in self._tasks.values():
            task.cancel()

    async def wait(self, timeout: float) -> bool:
        """True when something happened, False when ``timeout`` seconds passed without."""
        if "changes" not in self._tasks:
            self._tasks["changes"] = asyncio.create_task(self._changes.next())
        for name, event in self._events.items():
            if name not in self._tasks:
                self._tasks[name] = asyncio.create_task(event.wait())
        done, _ = await asyncio.wait(self._tasks.values(), timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        self._tasks = {name: task for name, task in self._tasks.items() if not task.done()}
        for event in self._events.values():
            event.clear()
        return bool(done)


def _json(text: str | None) -> object:
    if text is None or len(text) > MAX_MESSAGE:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
