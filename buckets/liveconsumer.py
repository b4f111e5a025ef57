"""The live dashboard: one WebSocket a browser, all fed from the watches that the process has of the buckets anyway."""

import asyncio
import contextlib
import random
import time

from .consumers import BAD_MESSAGE, NATS_SECONDS, LiveFilesConsumer, _json
from .feed import Asked, changes_message, places_message
from .services import activity
from .services.activity import Viewer
from .services.turns import Moment, Place, Seen

CHECK_SECONDS = 10.0
# Between two answers to what a browser asks for.
REST = 0.1


class LiveDashboardConsumer(LiveFilesConsumer):
    """Tells a browser what happens in the buckets that its user may see: at most four times a second, with a bounded number of rows
    (``feed.changes_message``), and which buckets these are (``feed.places_message``).

    The browser sends what it lists (``feed.Asked``) on connecting and whenever that is something else, and gets the recent past in return,
    ten times a second at most.
    Rights and the session are looked at every ten seconds: buckets that may not be seen any more are no longer told of. Close codes:
    4401 signed out, 4400 a message that makes no sense, 4503 NATS is away.
    """

    asked: Asked | None = None
    told: Moment | None = None
    seen: Seen | None = None
    places: tuple[Place, ...] | None = None

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        asked = Asked.parse(_json(text_data))
        if asked is None:
            await self._end(BAD_MESSAGE)
            return
        self.asked, self.told = asked, None
        self.wake.set()

    async def _relay(self) -> None:
        nats, answered = None, None
        async with activity.watching(await self._user()) as viewer:
            self.wake = viewer.wake
            check_at = time.monotonic() + CHECK_SECONDS * random.uniform(0.5, 1)  # noqa: S311 - no secret
            while True:
                self.wake.clear()
                nats = await self._tell_nats(nats)
                await self._tell_changes(viewer)
                if answered is not self.asked:
                    answered = self.asked
                    await asyncio.sleep(REST)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(NATS_SECONDS):
                        await self.wake.wait()
                if time.monotonic() >= check_at:
                    await viewer.check(await self._user())
                    check_at = time.monotonic() + CHECK_SECONDS

    async def _tell_changes(self, viewer: Viewer) -> None:
        places = viewer.places
        if places is not self.places:
            self.places = places
            await self.send(text_data=places_message(places))
        if (asked := self.asked) is None:
            return
        viewer.want(asked.filter.bucket)
        turn, seen = viewer.turn, viewer.look()
        if self.told is not None and seen.has_past(self.told, self.seen):
            self.told = None  # of a bucket that is new here
        message = changes_message(turn, self.told, seen, asked)
        self.told, self.seen = turn.moment, seen
        if message:
            await self.send(text_data=message)
