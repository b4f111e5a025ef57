"""Which objects an archive has in it: single names and all that begins in a certain way, now or as it was."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from ..access import AnyUser, Role, require
from ..objectstore import Index
from . import objects, versions
from .errors import TooManyNames
from .prefixes import begins, outermost
from .scans import ScanQuery, piece

MAX_SELECTED = 10_000
PAGE = 200


@dataclass(frozen=True, slots=True)
class Selection:
    """``prefixes``: beginnings of names, "" for the whole bucket. at: as it was then. trash: the last versions of what was deleted."""

    names: Sequence[str] = ()
    prefixes: Sequence[str] = ()
    at: datetime | None = None
    trash: bool = False

    @property
    def root(self) -> str:
        """The folder, with its "/", in which all of it is: the archive leaves that out."""
        parents = [name.split("/")[:-1] for name in (*self.names, *(prefix.removesuffix("/") for prefix in self.prefixes))]
        low, high = min(parents, default=[]), max(parents, default=[])
        common = list(takewhile(lambda pair: pair[0] == pair[1], zip(low, high, strict=False)))
        return "".join(f"{folder}/" for folder, _ in common)

    @property
    def title(self) -> str:
        """The one name or folder that it is about, else ""."""
        all_of_it = (*self.names, *self.prefixes)
        return all_of_it[0].rstrip("/").rpartition("/")[2] if len(all_of_it) == 1 else ""

    def without_doubles(self) -> "Selection":
        """The same objects, each of them once."""
        prefixes = outermost(self.prefixes)
        names = [name for name in dict.fromkeys(self.names) if not begins(name, prefixes)]
        return Selection(names, prefixes, self.at, self.trash)


@dataclass(frozen=True, slots=True)
class Target:
    """An object, or a ``version`` of one; "" where a name that was chosen had none."""

    name: str
    version: str | None = None


class Targets:
    """What ``selection`` chooses, read page by page; with each page the user's rights are looked at again."""

    def __init__(self, user: AnyUser, bucket: str, selection: Selection) -> None:
        """Raises ``TooManyNames``."""
        if len(selection.names) + len(selection.prefixes) > MAX_SELECTED:
            raise TooManyNames(MAX_SELECTED)
        self._user = user
        self._bucket = bucket
        self._selection = selection.without_doubles()
        self._then: Index | None = None

    async def check(self) -> None:
        """VIEWER. Raises what reading the list would raise at once: ``BucketNotFound``, ``StillLoading``, ``HistoryOff``."""
        await self._index()

    async def each(self) -> AsyncIterator[Target]:
        """Each of them once. What is chosen by its name need not be there."""
        for name in self._selection.names:
            yield self._named(name)
        for prefix in self._selection.prefixes:
            async for target in self._below(prefix):
                yield target

    def _named(self, name: str) -> Target:
        if self._then is None:
            return Target(name)
        info = self._then.get(name)
        return Target(name, versions.version_of(info) if info else "")

    async def _below(self, prefix: str) -> AsyncIterator[Target]:
        cursor = None
        while True:
            found = piece(await self._index(), ScanQuery(prefix=prefix, limit=PAGE, cursor=cursor))
            for info in found.objects:
                yield Target(info.name, versions.version_of(info) if self._then is not None else None)
            cursor = found.cursor
            if cursor is None:
                return

    async def _index(self) -> Index:
        """The live one, or what was there then, which is asked for only once."""
        if self._then is not None:
            await require(self._user, self._bucket, Role.VIEWER)
        elif self._selection.at is not None:
            self._then = await versions.moment_index(self._user, self._bucket, self._selection.at)
        elif self._selection.trash:
            self._then = await versions.trash_index(self._user, self._bucket)
        else:
            return (await objects.ready(self._user, self._bucket)).index
        return self._then
