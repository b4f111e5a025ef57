"""What buckets should hold after a row of operations: plain dicts, written without a look at the engine."""

from dataclasses import dataclass, field, replace

from buckets.objectstore import (
    Conflict,
    InvalidLink,
    Link,
    ObjectExists,
    ObjectInfo,
    ObjectNotFound,
    ObjectStoreError,
    ObjectUnreadable,
    VersionKind,
    VersionNotFound,
)

HOPS = 8
Place = tuple[str, str]
"""Bucket and name."""


@dataclass(frozen=True)
class Thing:
    """A live object or link. ``data_id`` tells uploads apart, also those of equal bytes; ``revision`` is what the engine said."""

    data: bytes = b""
    data_id: object = None
    description: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    link: Link | None = None
    revision: int = 0


@dataclass(frozen=True)
class Past:
    """One version, oldest first in ``Plain.past``; ``thing`` None for a deletion."""

    kind: VersionKind
    thing: Thing | None


class Fails(Exception):
    """The operation must raise this error, and change nothing."""

    def __init__(self, error: type[ObjectStoreError]) -> None:
        super().__init__(error.__name__)
        self.error = error


class Plain:
    """Every operation raises ``Fails`` where the engine must fail."""

    def __init__(self) -> None:
        self.things: dict[Place, Thing] = {}
        self.past: dict[Place, list[Past]] = {}

    def names(self, bucket: str) -> list[str]:
        return sorted(name for where, name in self.things if where == bucket)

    def expect(self, place: Place, expected: int | None) -> None:
        thing = self.things.get(place)
        if expected is not None and expected != (thing.revision if thing is not None else 0):
            raise Fails(Conflict)

    def existing(self, place: Place) -> Thing:
        if place not in self.things:
            raise Fails(ObjectNotFound)
        return self.things[place]

    def put(self, place: Place, thing: Thing, expected: int | None) -> None:
        self.expect(place, expected)
        self._now(place, VersionKind.PUT, replace(thing, data_id=object()))

    def delete(self, place: Place, expected: int | None = None) -> None:
        self.expect(place, expected)
        if self.things.pop(place, None) is not None:
            self._add(place, Past(VersionKind.DELETE, None))

    def erase(self, place: Place) -> None:
        """Also what the name's versions were called before they were renamed, unless that is still there."""
        self.delete(place)
        erased = {past.thing.data_id for past in self.past.pop(place, []) if past.thing is not None}
        gone = erased - {thing.data_id for at, thing in self.things.items() if at[0] == place[0]}
        for at, versions in self.past.items():
            if at[0] == place[0]:
                versions[:] = [past for past in versions if past.thing is None or past.thing.data_id not in gone]

    def update(self, place: Place, description: str, expected: int | None) -> None:
        thing = self.existing(place)
        self.expect(place, expected)
        self._now(place, VersionKind.METADATA, replace(thing, description=description))

    def rename(self, place: Place, to: Place, overwrite: bool, expected: int | None) -> None:
        thing = self.existing(place)
        self.expect(place, expected)
        if place == to:
            return
        if to in self.things and not overwrite:
            raise Fails(ObjectExists)
        self._now(to, VersionKind.RENAME, thing)
        del self.things[place]
        self._add(place, Past(VersionKind.RENAME, None))

    def copy(self, place: Place, to: Place, overwrite: bool) -> None:
        thing = self.existing(place)
        if place == to or (to in self.things and not overwrite):
            raise Fails(ObjectExists)
        self._now(to, VersionKind.PUT if thing.link is None else VersionKind.LINK, replace(thing, data_id=object()))

    def move(self, place: Place, to: Place, overwrite: bool) -> None:
        if place[0] == to[0]:
            self.rename(place, to, overwrite, None)
        else:
            self.copy(place, to, overwrite)
            self.delete(place)

    def link(self, place: Place, to: Link, expected: int | None) -> None:
        if to.name is not None:
            target = self.things.get((to.bucket, to.name))
            if target is None or target.link is not None:
                raise Fails(InvalidLink)
        self.expect(place, expected)
        if place in self.things and self.things[place].link is None:
            raise Fails(ObjectExists)
        self._now(place, VersionKind.LINK, Thing(link=to, data_id=object()))

    def restore(self, place: Place, number: int) -> None:
        """The version that is ``number`` from the oldest."""
        thing = self.past[place][number].thing
        if thing is None:
            raise Fails(VersionNotFound)
        current = self.things.get(place)
        if thing.link is not None:
            self._now(place, VersionKind.LINK, replace(thing, data_id=object()))
        elif current is not None and current.data_id is thing.data_id:
            self._now(place, VersionKind.METADATA, thing)
        else:
            self._now(place, VersionKind.PUT, replace(thing, data_id=object()))

    def undelete(self, place: Place) -> None:
        last = [number for number, past in enumerate(self.past.get(place, [])) if past.thing is not None]
        if not last:
            raise Fails(VersionNotFound)
        if place in self.things:
            raise Fails(ObjectExists)
        self.restore(place, last[-1])

    def read(self, place: Place) -> bytes:
        thing = self.existing(place)
        for _ in range(HOPS):
            if thing.link is None:
                return thing.data
            if thing.link.name is None:
                raise Fails(ObjectUnreadable)
            thing = self.existing((thing.link.bucket, thing.link.name))
        raise Fails(ObjectUnreadable)

    def written(self, place: Place, info: ObjectInfo) -> None:
        """What the engine said of the operation's outcome."""
        self.things[place] = replace(self.things[place], revision=info.revision)

    def _now(self, place: Place, kind: VersionKind, thing: Thing) -> None:
        self.things[place] = thing
        self._add(place, Past(kind, thing))

    def _add(self, place: Place, past: Past) -> None:
        self.past.setdefault(place, []).append(past)
