"""What a browser with a files page open has to be told: the difference between what it shows and what the index says now."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from .fragments import files_context, part_html
from .listing import FilesPage, View
from .objectstore import LiveBucket
from .rows import row_html
from .services.buckets import BucketView

MAX_ROWS = 500
MAX_ID = 64
MAX_NUMBER = 2**53 - 1  # what JavaScript counts exactly
START = View()
MIN_PAUSE = 0.1
COST_FACTOR = 5
T = TypeVar("T")


@dataclass
class Screen:
    """What one browser shows: the view, the revision of each row by its id, in order, and the parts beside the rows."""

    view: View = START
    number: int = 0
    rows: dict[str, str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, message: object) -> "Screen | None":
        """The screen that a browser says it has: ``{"n": number, "view": {…}, "rows": {id: rev}}``; None if that is nonsense."""
        if not isinstance(message, dict) or not isinstance(message.get("view"), dict):
            return None
        number, rows = message.get("n"), message.get("rows")
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= MAX_NUMBER:
            return None
        if not isinstance(rows, dict) or len(rows) > MAX_ROWS:
            return None
        if not all(isinstance(rev, str) and len(row_id) <= MAX_ID and len(rev) <= MAX_ID for row_id, rev in rows.items()):
            return None
        return cls(View.parse(message["view"]), number, dict(rows))

    def update(self, live: LiveBucket, found: BucketView) -> dict[str, Any] | None:
        """The message that brings the browser up to date, None when it is. Afterwards the screen counts as showing it.

        ``{"n", "order": [ids], "rows": {id: html}, "parts": {element id: html}}``: only new and changed rows, only changed parts.
        """
        context = files_context(live, found, self.view)
        files: FilesPage = context["files"]
        parts = part_html(context)
        order_changed = list(self.rows) != [row.id for row in files.rows]
        bucket, can_edit = context["bucket"], context["can_edit"]
        rows = {row.id: row_html(bucket, row, can_edit=can_edit) for row in files.rows if self.rows.get(row.id) != row.rev}
        changed = {name: html for name, html in parts.items() if self.parts.get(name) != html}
        self.rows = {row.id: row.rev for row in files.rows}
        self.parts = parts
        if not (order_changed or rows or changed):
            return None
        return {"n": self.number, "order": list(self.rows), "rows": rows, "parts": changed}


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


class Pace:
    """How often one browser's updates are computed, so that a burst of changes, or many browsers, leave time for everything else.

    One browser gets at most an update in 100 ms and a sixth of the time; all together at most half of the process's time.
    """

    def __init__(self) -> None:
        self._cost = 0.0

    async def turn(self, compute: Callable[[], T]) -> T:
        """What ``compute`` gives, when it is this browser's turn."""
        async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            started = time.perf_counter()
            result = compute()
            self._cost = time.perf_counter() - started
            await asyncio.sleep(self._cost)
        return result

    async def rest(self) -> None:
        await asyncio.sleep(max(MIN_PAUSE, COST_FACTOR * self._cost))
