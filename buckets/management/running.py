"""What the commands on buckets share: an event loop with the store in it, time spans, names, progress."""

import argparse
import json
import re
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from asgiref.sync import async_to_sync
from django.core.management.base import CommandError, OutputWrapper

from buckets.objectstore import ObjectStoreError
from buckets.services import runtime

T = TypeVar("T")

_SPAN = re.compile(r"([0-9]{1,12})(s|m|h|d)?\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
PROGRESS_SECONDS = 1.0


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run ``work`` in a loop of its own, and disconnect. What the object store refuses is a ``CommandError`` in its words."""

    async def run_and_disconnect() -> T:
        try:
            return await work()
        finally:
            await runtime.close_store()

    try:
        return async_to_sync(run_and_disconnect)()
    except ObjectStoreError as error:
        raise CommandError(str(error)) from error


def span(text: str) -> float:
    """An argument's type: 90, 90s, 15m, 12h or 7d, in seconds."""
    found = _SPAN.match(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time span: write 90s, 15m, 12h or 7d.")
    return float(int(found[1]) * _SECONDS[found[2] or "s"])


def shown(name: str) -> str:
    """A name on one line, whatever is in it."""
    return json.dumps(name, ensure_ascii=False)


class Progress:
    """A line on stderr every second, and one at the end."""

    def __init__(self, stderr: OutputWrapper) -> None:
        self._stderr = stderr
        self._next = time.monotonic() + PROGRESS_SECONDS
        self._shown = ""

    def tell(self, line: str) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + PROGRESS_SECONDS
            self.end(line)

    def end(self, line: str) -> None:
        if line != self._shown:
            self._shown = line
            self._stderr.write(line)
            self._stderr.flush()
