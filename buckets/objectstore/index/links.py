"""Who links where. Only links cost memory."""

from collections.abc import Iterator

from ..model import Link

NONE: frozenset[str] = frozenset()


class Links:
    __slots__ = ("_of", "_to")

    def __init__(self) -> None:
        self._of: dict[str, Link] = {}
        self._to: dict[Link, set[str]] = {}

    def get(self, name: str) -> Link | None:
        return self._of.get(name)

    def names(self) -> list[str]:
        return list(self._of)

    def all(self) -> Iterator[tuple[str, str, str]]:
        """Each link's name, and the bucket and name ("" for none) that it is to."""
        return ((name, link.bucket, link.name or "") for name, link in self._of.items())

    def to(self, target: Link) -> tuple[str, ...]:
        return tuple(sorted(self._to.get(target, NONE)))

    def set(self, name: str, link: Link | None) -> None:
        """What the object ``name`` links to from now on; None: it is no link, or gone."""
        old = self._of.get(name)
        if old == link:
            return
        if old is not None:
            self._remove(name, old)
        if link is not None:
            self._of[name] = link
            self._to.setdefault(link, set()).add(name)

    def _remove(self, name: str, old: Link) -> None:
        del self._of[name]
        names = self._to[old]
        names.discard(name)
        if not names:
            del self._to[old]
