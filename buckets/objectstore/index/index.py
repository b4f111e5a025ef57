"""The in-memory index of one bucket: folders, sorting, search and pages are answered from it."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter

from ..entry import Entry, moment
from ..metadata import parse_info
from ..model import Link, ObjectInfo
from .cursor import Cursor
from .foldersearch import FoundFolder, in_order, matching_folders, words_of
from .links import Links
from .ordered import Ordered
from .scanning import Prefix, Scanner
from .search import Matches, prepare
from .sorting import BY_EXACT_NAME, NAME, RAW, REVISION, ROW_KEYS, TIME, TOKEN, Row, Sort, row_of, token_of
from .subjects import Subjects
from .tree import NODE_KEYS, Node, Tree
from .walking import folders_at, names_below, of_size

MAX_REMEMBERED = 100_000
FEW_HITS = 5_000
BY_NAME = Sort()


@dataclass(frozen=True, slots=True)
class Folder:
    """``prefix``: its whole name with the "/" at the end; the sums and ``modified``, the time of the latest change, are of all below."""

    prefix: str
    name: str
    objects: int
    size: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a view of ``total`` folders and objects; ``objects_total`` and ``size`` (bytes) are of the objects at any depth."""

    folders: tuple[Folder, ...]
    objects: tuple[ObjectInfo, ...]
    total: int
    objects_total: int
    size: int
    offset: int
    limit: int


@dataclass(frozen=True, slots=True)
class Scan:
    """A stretch of a listing. ``total`` counts all objects and prefixes of it; ``cursor`` is None at the end."""

    objects: tuple[ObjectInfo, ...]
    prefixes: tuple[Folder, ...]
    total: int
    cursor: str | None


class Index:
    """Not thread-safe. Any name is possible. A folder is what names have before a "/", so "/abs" is in a folder named ""."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket
        self.clear()

    def clear(self) -> None:
        """Forget everything, revisions included."""
        self.revision = 0
        self._rows: dict[str, Row] = {}
        self._order: Ordered[Row] = Ordered(BY_EXACT_NAME)
        self._tree = Tree()
        self._gone: OrderedDict[str, int] = OrderedDict()
        self._links = Links()
        self._others = Subjects()
        self._kept: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, name: str) -> bool:
        return name in self._rows

    @property
    def size(self) -> int:
        """Bytes of all objects."""
        return self._tree.root.size

    @property
    def subjects(self) -> int:
        """How many metadata subjects the bucket has if this index is right: those of the objects, deletion markers, and odd ones."""
        return len(self._rows) + len(self._others)

    def links_to(self, bucket: str, name: str | None) -> tuple[str, ...]:
        """The names of the links in this bucket to that object, or (``name`` None) to that bucket as a whole, sorted."""
        return self._links.to(Link(bucket, name))

    def link_names(self) -> list[str]:
        """The names of all links in this bucket, in no order."""
        return self._links.names()

    def link(self, name: str) -> Link | None:
        """What the object of this name links to; None: it is no link, or not there."""
        return self._links.get(name)

    def get(self, name: str) -> ObjectInfo | None:
        row = self._rows.get(name)
        return None if row is None else self._info(row)

    def entry(self, name: str) -> Entry | None:
        row = self._rows.get(name)
        return None if row is None else self._entry(row)

    def entries(self) -> Iterator[Entry]:
        """All objects, in no order; of the content type what is sorted by. Valid until the next change."""
        return map(self._entry, self._rows.values())

    def names(self) -> list[str]:
        """Of all objects, in no order."""
        return list(self._rows)

    def names_below(self, prefix: str, after: str | None, limit: int) -> list[str]:
        """Up to ``limit`` names that begin with ``prefix`` (any text) and follow ``after`` by code points, None: from the first on. Of what
        is there throughout, a walk that goes on after the last name given tells each once, whatever changes in between."""
        return names_below(self._order, prefix, after, limit)

    def of_size(self, size: int, after: str | None, among: int) -> tuple[list[Entry], str | None]:
        """A walk like that of ``names_below`` over all objects: those of this size in bytes among the next ``among``, and the name to go on
        after; None when there were none. Entries are like those of ``entries``."""
        rows, last = of_size(self._order, size, after, among)
        return [self._entry(row) for row in rows], last

    def folders(self, text: str, limit: int) -> tuple[Folder, ...]:
        """Up to ``limit`` folders, by name, in the folder that ``text`` is in ("a/b/" or "a/b/fi"), whose names begin with what is left of
        it in any case. Those without an object too."""
        return tuple(_folder(prefix, node) for prefix, node in folders_at(self._tree, text, limit))

    def infos(self) -> Iterator[ObjectInfo]:
        """All objects as they are now, by name; the index may change meanwhile."""
        return map(self._info, list(self._order))

    def times(self) -> Iterator[tuple[str, int, int]]:
        """Name, revision and time of all objects as they are now; the index may change meanwhile."""
        return map(itemgetter(NAME, REVISION, TIME), list(self._order))

    def keep(self, folders: Mapping[str, int]) -> bool:
        """These folders, by their whole names with the "/" at the end, are there also without an object in them, each since a time in
        nanoseconds; others no longer are. ``page`` and ``place`` know them, ``scan`` and the sums do not. False when nothing changed.
        """
        before, self._kept = self._kept, dict(folders)
        gone, new = before.keys() - self._kept.keys(), self._kept.keys() - before.keys()
        for prefix in new:
            self._tree.pin(prefix, self._kept[prefix])
        for prefix in gone:
            self._tree.unpin(prefix)
        return bool(gone or new)

    @property
    def kept(self) -> Mapping[str, int]:
        """What ``keep`` was told."""
        return self._kept

    def has_folder(self, prefix: str) -> bool:
        """By its whole name with the "/" at the end."""
        return prefix.endswith("/") and self._tree.find(prefix) is not None

    def apply(self, entry: Entry) -> bool:
        """Take in what a metadata message says. True when an object appeared, changed or went.

        Anything not newer than what is known of its name is ignored, also after its removal: the revisions of the
        ``MAX_REMEMBERED`` names last removed are kept for that.
        """
        old = self._rows.get(entry.name)
        if not self._is_news(entry, old):
            return False
        if entry.deleted:
            return self._delete(entry, old)
        self._links.set(entry.name, entry.link)
        row = row_of(entry, old)
        self._rows[row[NAME]] = row
        if old is None:
            self._gone.pop(entry.name, None)
            self._order.add(row)
            self._tree.insert(row)
        else:
            self._order.replace(row)
            self._tree.replace(old, row)
        return True

    def discard(self, name: str) -> bool:
        """Forget an object or a deletion marker that is no longer there, without a message about it (expired, purged).

        False when no object of that name was known.
        """
        row = self._rows.get(name)
        if row is None:
            self._others.discard(token_of(name))
            return False
        self._forget(row, row[REVISION], 0)
        return True

    def prepare(self, chunks: int = 8) -> bool:
        """Read a few thousand names for searching, some milliseconds' work; False when none are left.

        The first search does all that is left itself, which takes a second at a million objects; later ones, whatever changes, do not.
        """
        return prepare(self._order, chunks)

    def page(
        self, *, prefix: str = "", query: str = "", sort: Sort = BY_NAME, offset: int = 0, limit: int = 100, objects_only: bool = False
    ) -> Listing:
        """What a folder has directly in it, folders first, both sorted; or with ``query`` every object below it whose name there
        has all of its words in any case and order, and (unless ``objects_only``) the folders that are called so, those without an object
        too; see ``foldersearch``. ``objects_only`` without a query: every object below it. ``prefix``: a folder's whole name. A folder
        that is not there is empty. By name means regardless of case; a folder's type is its name.
        """
        offset, limit = max(offset, 0), max(limit, 0)
        prefix = prefix if not prefix or prefix.endswith("/") else prefix + "/"
        if query or objects_only:
            return self._found(prefix, query, sort, offset, limit, objects_only)
        node = self._tree.find(prefix)
        if node is None:
            return Listing((), (), 0, 0, 0, offset, limit)
        children = self._tree.children(node, sort.key)
        nodes = children.folders.slice(offset, offset + limit, sort.descending)
        skipped = max(offset - len(children.folders), 0)
        rows = children.objects.slice(skipped, skipped + limit - len(nodes), sort.descending)
        folders = tuple(_folder(f"{prefix}{child.name}/", child) for child in nodes)
        total = len(children.folders) + len(children.objects)
        return Listing(folders, self._infos(rows), total, node.count, node.size, offset, limit)

    def place(self, item: Folder | ObjectInfo, *, prefix: str = "", sort: Sort = BY_NAME) -> int | None:
        """The offset in ``page`` (without a query) of what is directly in the folder ``prefix``; None when it is not there any more as
        it was given.
        """
        node = self._tree.find(prefix if not prefix or prefix.endswith("/") else prefix + "/")
        if node is None:
            return None
        children = self._tree.children(node, sort.key)
        if isinstance(item, Folder):
            child = (node.children or {}).get(item.name)
            if child is None or _folder(item.prefix, child) != item:
                return None
            at, count, before = children.folders.position(NODE_KEYS[sort.key](child)), len(children.folders), 0
        else:
            row = self._rows.get(item.name)
            if row is None or row[REVISION] != item.revision:
                return None
            at, count, before = children.objects.position(ROW_KEYS[sort.key](row)), len(children.objects), len(children.folders)
        return before + (count - 1 - at if sort.descending else at)

    def scan(
        self, *, prefix: str = "", delimiter: str = "", query: str = "", sort: Sort = BY_NAME, limit: int = 1000, cursor: str | None = None
    ) -> Scan:
        """Objects whose name begins with ``prefix`` (any text), from ``cursor`` on, at least one if there is one.

        With ``delimiter`` "/" those with a "/" further on are rolled up into prefixes, as in S3. By name is by code points,
        prefixes among the objects; in other orders prefixes come first, as in ``page``. A ``query`` (as in ``page``) finds objects at
        any depth, and nothing is rolled up. What exists throughout and is not changed is given exactly once, whatever else changes.
        Raises ValueError with a sentence for another delimiter or a cursor not from the same listing.
        """
        if delimiter not in ("", "/"):
            raise ValueError('The delimiter must be "/" or nothing.')
        last = Cursor.parse(cursor, sort, prefix) if cursor else None
        limit = max(limit, 1)
        found = Scanner(self._order, self._tree, prefix, sort, self._kept).scan(delimiter, query, limit, last)
        rows = (item for item in found.items if not isinstance(item, Prefix))
        prefixes = tuple(_folder(item.name, item.node) for item in found.items if isinstance(item, Prefix))
        return Scan(self._infos(rows), prefixes, found.total, str(found.cursor) if found.cursor else None)

    def _found(self, prefix: str, query: str, sort: Sort, offset: int, limit: int, objects_only: bool) -> Listing:
        words = words_of(query)
        matches = Matches(self._order, prefix, words)
        found = [] if objects_only else in_order(self._folders_called(matches, prefix, words), sort)
        shown, skipped = found[offset : offset + limit], max(offset - len(found), 0)
        rows = matches.select(sort.key, skipped, skipped + limit - len(shown), descending=sort.descending)
        folders = tuple(replace(_folder(each.prefix, each.node), name=each.name) for each in shown)
        return Listing(folders, self._infos(rows), len(found) + matches.total, matches.total, matches.size, offset, limit)

    def _folders_called(self, matches: Matches, prefix: str, words: Sequence[str]) -> list[FoundFolder]:
        """What is in a folder that is called so was found, too: few hits need no walk through all folders."""
        if matches.total > FEW_HITS:
            return matching_folders(self._tree, prefix, words)
        hits = [row[NAME] for row in matches.select(None, 0, matches.total)]
        return matching_folders(self._tree, prefix, words, [*hits, *(name for name in self._kept if name.startswith(prefix))])

    def _is_news(self, entry: Entry, old: Row | None) -> bool:
        """Whether it is newer than what is known of its name. Its subject is known from now on."""
        old_token = old[TOKEN] or token_of(old[NAME]) if old else ""
        if entry.revision <= (old[REVISION] if old else self._gone.get(entry.name, 0)):
            if old_token != entry.token:
                self._others.add(entry.token)
            return False
        self.revision = max(self.revision, entry.revision)
        if old and old_token != entry.token:
            if entry.deleted:  # what lies elsewhere under the same name is still there: see Messages.last
                self._others.add(entry.token)
                return False
            self._others.add(old_token)
        if entry.deleted:
            self._others.add(entry.token)
        else:
            self._others.discard(entry.token)
        return True

    def _delete(self, entry: Entry, old: Row | None) -> bool:
        if old is None:
            self._remember(entry.name, entry.revision)
            self._tree.touch(entry.name, entry.time_ns)
            return False
        self._forget(old, entry.revision, entry.time_ns)
        return True

    def _forget(self, row: Row, revision: int, time: int) -> None:
        self._remember(row[NAME], revision)
        del self._rows[row[NAME]]
        self._links.set(row[NAME], None)
        self._order.remove(row)
        self._tree.remove(row, time)

    def _remember(self, name: str, revision: int) -> None:
        self._gone[name] = revision
        self._gone.move_to_end(name)
        if len(self._gone) > MAX_REMEMBERED:
            self._gone.popitem(last=False)

    def _entry(self, row: Row) -> Entry:
        name, _, size, time_ns, kind, revision, raw, token = row
        link = self._links.get(name)
        return Entry(name, token or token_of(name), raw, revision, time_ns, size, kind.partition("\0")[0], False, link)

    def _info(self, row: Row) -> ObjectInfo:
        return parse_info(self.bucket, row[TOKEN] or token_of(row[NAME]), row[RAW], row[REVISION], moment(row[TIME]))

    def _infos(self, rows: Iterable[Row]) -> tuple[ObjectInfo, ...]:
        return tuple(map(self._info, rows))


def _folder(prefix: str, node: Node) -> Folder:
    return Folder(prefix, node.name, node.count, node.size, moment(node.time))
