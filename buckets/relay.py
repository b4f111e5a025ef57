"""What a browser with a files page open has to be told: the difference between what it shows and what the index says now."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from .fragments import files_context, part_html
from .listing import FilesPage, View, Window
from .objectstore import Index, Link, LiveBucket
from .rows import row_html
from .services.buckets import BucketView

MAX_ROWS = 500
MAX_ID = 64
MAX_NUMBER = 2**53 - 1  # what JavaScript counts exactly
START = View()
FIRST = Window()
MIN_PAUSE = 0.1
COST_FACTOR = 5
T = TypeVar("T")


@dataclass
class Screen:
    """What one browser shows: the view, the rows of it that are in its document, the revision of each by its id, in order, and the
    parts beside the rows. ``follow``: rows that come or go before these move the window; else it stays at its offset.
    """

    view: View = START
    number: int = 0
    window: Window = FIRST
    follow: bool = False
    rows: dict[str, str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    total: int = -1
    moved: bool = True
    shown: FilesPage | None = None

    @classmethod
    def parse(cls, message: object, before: "Screen | None" = None) -> "Screen | None":
        """The screen that a browser says it has, None if that is nonsense.

        ``{"n": number, "view": {…}, "offset": …, "count": …, "follow": …, "rows": {id: rev}}``; without a view and rows it is that of
        ``before``, the same number, with another window. Without an offset the window is the view's page.
        """
        if not isinstance(message, dict):
            return None
        number, view, rows = _number(message.get("n")), message.get("view"), _rows(message.get("rows"))
        if number is None:
            return None
        if "view" not in message and before is not None:
            return before.move(message) if number == before.number else before
        if not isinstance(view, dict) or rows is None:
            return None
        screen = cls(View.parse(view), number, rows=rows)
        screen.window = Window.of_page(screen.view.page)
        return screen.move(message) if "offset" in message else screen

    def move(self, message: dict[str, Any]) -> "Screen":
        self.window = Window.parse(message.get("offset"), message.get("count"))
        self.follow = message.get("follow") is True
        self.moved = True
        return self

    def update(self, live: LiveBucket, found: BucketView, leads: Callable[[Link], str]) -> dict[str, Any] | None:
        """The message that brings the browser up to date, None when it is. Afterwards the screen counts as showing it.
        leads: whether what a link leads to is there (``services.linkmarks``).

        ``{"n", "offset", "total", "order": [ids], "rows": {id: html}, "parts": {element id: html}, "moved"}``: only new and changed rows,
        only changed parts. ``moved``: it answers a screen that the browser sent, which always gets an answer.
        """
        context = files_context(live, found, self.view, self._window(live.index))
        files: FilesPage = context["files"].marked(leads)
        parts = part_html(context)
        same = list(self.rows) == [row.id for row in files.rows] and self.total == files.total and self.window.offset == files.offset
        bucket = context["bucket"]
        rows = {row.id: row_html(bucket, row) for row in files.rows if self.rows.get(row.id) != row.rev}
        changed = {name: html for name, html in parts.items() if self.parts.get(name) != html}
        moved, self.moved, self.parts, self.total, self.shown = self.moved, False, parts, files.total, files
        self.rows = {row.id: row.rev for row in files.rows}
        self.window = replace(self.window, offset=files.offset)
        if same and not (rows or changed or moved):
            return None
        message = {"n": self.number, "offset": files.offset, "total": files.total, "order": list(self.rows), "rows": rows, "parts": changed}
        return message | {"moved": moved}

    def _window(self, index: Index) -> Window:
        if not self.follow or self.moved or self.shown is None:
            return self.window
        return replace(self.window, offset=followed(index, self.shown))


def followed(index: Index, shown: FilesPage) -> int:
    """Where the rows that are shown begin by now, told by one of them that has stayed as it was, the nearest to the middle."""
    view, middle = shown.view, len(shown.rows) // 2
    if view.query:
        return shown.offset
    for at in sorted(range(len(shown.rows)), key=lambda at: abs(at - middle)):
        item = shown.rows[at].folder or shown.rows[at].object
        place = index.place(item, prefix=view.prefix, sort=view.sort) if item else None
        if place is not None:
            return max(0, place - at)
    return shown.offset


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_NUMBER else None


def _rows(rows: object) -> dict[str, str] | None:
    if not isinstance(rows, dict) or len(rows) > MAX_ROWS:
        return None
    good = all(isinstance(rev, str) and len(row_id) <= MAX_ID and len(rev) <= MAX_ID for row_id, rev in rows.items())
    return dict(rows) if good else None


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


class Pace:
    """How often one browser's updates are computed, so that a burst of changes, or many browsers, leave time for everything else.

    One browser gets at most an update in 100 ms and a sixth of the time, but for the rows it asks for; all together at most half of the
    process's time.
    """

    def __init__(self) -> None:
        self._cost = 0.0

    async def turn(self, compute: Callable[[], T]) -> T:
        """What ``compute`` gives, when it is this browser's turn; that of the next comes after as long again."""
        loop = asyncio.get_running_loop()
        lock = _turns.setdefault(loop, asyncio.Lock())
        await lock.acquire()
        started = time.perf_counter()
        try:
            return compute()
        finally:
            self._cost = time.perf_counter() - started
            loop.call_later(self._cost, lock.release)

    async def rest(self, asked: asyncio.Event) -> None:
        """Until the next update may be computed, or at once when the browser has ``asked`` for other rows: somebody waits for them."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(MIN_PAUSE, COST_FACTOR * self._cost)):
                await asked.wait()
