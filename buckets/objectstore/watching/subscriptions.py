"""What the followers of a live bucket are told, without their ever slowing it down."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from ..entry import Entry

MAX_CHANGED_NAMES = 10_000


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since the last look. ``everything``: look at all again; ``gone``: the bucket was deleted."""

    names: frozenset[str] = frozenset()
    everything: bool = False
    gone: bool = False


class Subscriber(Protocol):
    def add(self, entry: Entry) -> None:
        """An object appeared, changed or (``deleted``) went."""

    def add_everything(self) -> None: ...

    def add_folders(self) -> None:
        """Other folders are there without an object in them."""

    def add_gone(self) -> None: ...

    def add_closed(self) -> None:
        """Nothing more will be told: the store was closed."""


class LiveSubscription:
    """Changes merged until they are asked for: a slow subscriber costs a set of names, never a queue."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._everything = False
        self._gone = False
        self._event = asyncio.Event()

    async def next(self) -> Changes:
        """Wait until something has changed since the last call."""
        await self._event.wait()
        self._event.clear()
        changes = Changes(frozenset(self._names), self._everything, self._gone)
        self._names.clear()
        self._everything = False
        return changes

    def add(self, entry: Entry) -> None:
        self._names.add(entry.name)
        if len(self._names) > MAX_CHANGED_NAMES:
            self._names.clear()
            self._everything = True
        self._event.set()

    def add_everything(self) -> None:
        self._everything = True
        self._event.set()

    def add_folders(self) -> None:
        self.add_everything()

    def add_gone(self) -> None:
        self._gone = True
        self._event.set()

    def add_closed(self) -> None:
        """Whoever waits for more is ended by whoever closes the store."""
