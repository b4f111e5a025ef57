"""What dashboards are told of, and when: buckets, and the turns in which their changes are told."""

import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from ..objectstore import Activity, newest_number


class Following(StrEnum):
    """READING: its index is not complete yet. WAITING: its turn to be read has not come, or there are too many."""

    FOLLOWED = "followed"
    READING = "reading"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket as dashboards know it. ``history``: what was deleted in it can be looked at."""

    name: str
    following: Following
    history: bool


class Moment(NamedTuple):
    """After the change of this ``number``, in this ``second`` of 1970's."""

    number: int
    second: int

    @classmethod
    def now(cls) -> "Moment":
        return cls(newest_number(), int(time.time()))


@dataclass(slots=True)
class Turn:
    """Dashboards are told what has changed up to this ``moment``. ``said``: what has been put together for some of them, by what it
    depends on, and ``past``: the seconds of each bucket; ``seen``: what those who may see these buckets have seen."""

    moment: Moment
    said: dict[Any, str] = field(default_factory=dict)
    past: dict[str, Any] = field(default_factory=dict)
    seen: "dict[frozenset[str], Seen]" = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a dashboard may show: buckets by their names, and what has happened in those of them that are followed."""

    names: frozenset[str]
    activities: dict[str, Activity]

    def has_past(self, until: Moment, beside: "Seen | None") -> bool:
        """Whether something has happened by then in a bucket that is not followed ``beside``."""
        new = (each for name, each in self.activities.items() if beside is None or name not in beside.activities)
        return any(next(each.between(-1, until.number), None) for each in new)
