"""What a dashboard is told, put together once in each turn for all who may see the same buckets and ask for the same changes."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from .objectstore import KINDS, Activity, Change
from .objectstore.names import MAX_BUCKET_NAME
from .relay import MAX_NUMBER
from .services.turns import Moment, Place, Seen, Turn

MAX_WORDS = 200
ROWS = 30
FIRST_ROWS = 200
SECONDS = 300
# So many different answers are kept in a turn.
MOST_SAID = 32
NANOSECONDS_PER_MILLISECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Filter:
    """Which changes a dashboard lists: of one bucket, of one kind, of names that contain ``words`` in any case; "" for all."""

    bucket: str = ""
    kind: str = ""
    words: str = ""

    @classmethod
    def parse(cls, values: Mapping[str, object]) -> "Filter":
        """From an address's query or a browser's message (``bucket``, ``what``, ``q``); nonsense in one of them counts as none."""
        bucket, kind, words = (value if isinstance(value, str) else "" for value in map(values.get, ("bucket", "what", "q")))
        known = kind if kind in KINDS else ""
        return cls(bucket if len(bucket) <= MAX_BUCKET_NAME else "", known, words[:MAX_WORDS].casefold().strip())

    def wants(self, change: Change) -> bool:
        if self.kind and change.kind != self.kind:
            return False
        return not self.words or self.words in change.name.casefold() or self.words in change.was.casefold()


@dataclass(frozen=True, slots=True)
class Asked:
    """What one dashboard shows: the filter, and the number that its messages carry."""

    number: int
    filter: Filter

    @classmethod
    def parse(cls, message: object) -> "Asked | None":
        """``{"n": number, "bucket": …, "what": …, "q": …}``; None if that is nonsense."""
        if not isinstance(message, dict):
            return None
        number = message.get("n")
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= MAX_NUMBER:
            return None
        return cls(number, Filter.parse(message))


def places_message(places: Sequence[Place]) -> str:
    """``{"places": [[bucket, following, whether it has a history], …]}``."""
    return _dump({"places": [(place.name, place.following, place.history) for place in places]})


def changes_message(turn: Turn, since: Moment | None, seen: Seen, asked: Asked) -> str:
    """What has come between ``since`` and a turn, the recent past for None; "" for nothing.

    ``{"n", "now", "first", "rows": [row], "more", "seconds": {bucket: [[second, bytes, changes of each kind…], …]}}``: the newest rows
    first, of each bucket as many as of the others if there are too many; ``more``: how many that would have been listed too are not.
    A row: ``[bucket, revision, kind, name, milliseconds, who, size, size before or null, former name]``. ``now`` is a second, too.
    Seconds are told as a whole whenever something is added. ``first``: it begins anew.
    """
    key = (since.number if since else -1, seen.names, asked.filter)
    if key not in turn.said:
        if len(turn.said) >= MOST_SAID:
            turn.said.clear()
        turn.said[key] = _changes(turn, since, seen.activities, asked.filter)
    said = turn.said[key]
    return f'{{"n":{asked.number},"now":{int(time.time())},{said}' if said else ""


def _changes(turn: Turn, since: Moment | None, activities: Mapping[str, Activity], wanted: Filter) -> str:
    """The end of a message, which is the same for many."""
    if since is None:
        return _past(turn, activities, wanted)
    seconds: dict[str, list[list[int]]] = {}
    found: list[list[tuple[str, Change]]] = []
    for bucket, activity in activities.items():
        if new := list(activity.between(since.number, turn.moment.number)):
            seconds[bucket] = _seconds(activity, since.second)
            if wanted.bucket in ("", bucket):
                found.append([(bucket, change) for change in new if wanted.wants(change)])
    rows = _share([some for some in found if some], ROWS)
    if not (rows or seconds):
        return ""
    return _said({"first": False, "more": sum(map(len, found)) - len(rows), "seconds": seconds}, rows)


def _past(turn: Turn, activities: Mapping[str, Activity], wanted: Filter) -> str:
    """What is asked for most often: of each bucket no more is looked at than there is room for, and its seconds are put together once."""
    found: list[list[tuple[str, Change]]] = []
    for bucket, activity in activities.items():
        if bucket not in turn.past:
            turn.past[bucket] = orjson.Fragment(orjson.dumps(_seconds(activity, turn.moment.second - SECONDS)))
        if wanted.bucket in ("", bucket):
            listed = (change for change in activity.between(-1, turn.moment.number) if wanted.wants(change))
            found.append([(bucket, change) for change in islice(listed, FIRST_ROWS)])
    rows = _share([some for some in found if some], FIRST_ROWS)
    return _said({"first": True, "more": 0, "seconds": {bucket: turn.past[bucket] for bucket in activities}}, rows)


def _seconds(activity: Activity, since: int) -> list[list[int]]:
    return [[each.at, each.bytes, *each.counts] for each in activity.seconds(since)]


def _said(message: Mapping[str, Any], rows: list[tuple[str, Change]]) -> str:
    return _dump({**message, "rows": [_row(bucket, change) for bucket, change in rows]})[1:]


def _share(found: list[list[tuple[str, Change]]], most: int) -> list[tuple[str, Change]]:
    """The newest of each list, as many as there is room for; where that is too little, as many of each."""
    shared: list[tuple[str, Change]] = []
    for at, some in enumerate(sorted(found, key=len)):
        shared += some[: max(1, (most - len(shared)) // (len(found) - at))]
    return sorted(shared, key=lambda each: -each[1].number)[:most]


def _row(bucket: str, change: Change) -> tuple[Any, ...]:
    milliseconds = change.time_ns // NANOSECONDS_PER_MILLISECOND
    return (bucket, change.revision, change.kind, change.name, milliseconds, change.writer, change.size, change.before, change.was)


def _dump(message: Mapping[str, Any]) -> str:
    return orjson.dumps(message).decode()
