"""What the index must answer, worked out the slow and obvious way from a dict."""

from dataclasses import dataclass, field

from buckets.objectstore.entry import Entry
from buckets.objectstore.index import Folder, Sort, SortKey
from buckets.objectstore.index.sorting import token_of

SECOND = 1_000_000_000


def entry(name: str, revision: int, *, size: int = 1, time: int = 0, content_type: str = "", deleted: bool = False) -> Entry:
    """``time`` in seconds."""
    raw = b'{"nuid":"n%d","size":%d}' % (revision, size)
    return Entry(name, token_of(name), raw, revision, time * SECOND, size, content_type, deleted)


def parents(name: str) -> list[str]:
    return [name[: at + 1] for at, character in enumerate(name) if character == "/"]


def folded(name: str) -> tuple[str, str]:
    return name.casefold(), name


def type_of(found: Entry) -> tuple[str, str]:
    stem, _, extension = found.name.split("/")[-1].rpartition(".")
    return found.content_type.casefold(), extension.casefold() if stem else ""


def has_all(name: str, words: list[str]) -> bool:
    return all(word in name.casefold() for word in words)


def own_in(folder: str, words: list[str]) -> bool:
    """Whether one of the words is in the folder's own name, or ends there."""
    above = folder[: folder[:-1].rfind("/") + 1]
    return any(folder.casefold().rfind(word) + len(word) > len(above.casefold()) for word in words)


@dataclass
class Model:
    entries: dict[str, Entry] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)

    def keep(self, folders: dict[str, int]) -> bool:
        before, self.kept = self.kept, folders
        for folder in folders.keys() - before.keys():
            self._touch(folder, folders[folder])
        self._touch("", 0)
        return before.keys() != folders.keys()

    def apply(self, new: Entry) -> bool:
        old = self.entries.get(new.name)
        if new.revision <= (old.revision if old else self.gone.get(new.name, 0)):
            return False
        if new.deleted:
            self.entries.pop(new.name, None)
            self.gone[new.name] = new.revision
        else:
            self.entries[new.name] = new
        self._touch(new.name, new.time_ns)
        return not new.deleted or old is not None

    def discard(self, name: str) -> bool:
        old = self.entries.pop(name, None)
        if old is not None:
            self.gone[name] = old.revision
            self._touch(name, 0)
        return old is not None

    def _touch(self, name: str, time_ns: int) -> None:
        for prefix in parents(name):
            self.times[prefix] = max(self.times.get(prefix, 0), time_ns)
        there = {prefix for known in (*self.entries, *self.kept) for prefix in parents(known)}
        self.times = {prefix: time for prefix, time in self.times.items() if prefix in there}

    def below(self, prefix: str) -> list[Entry]:
        return [found for name, found in self.entries.items() if name.startswith(prefix)]

    def sums(self, prefix: str) -> tuple[int, int, int]:
        found = self.below(prefix)
        return len(found), sum(one.size for one in found), self.times.get(prefix, 0)

    def folders(self, prefix: str) -> set[str]:
        return {name[: name.index("/", len(prefix)) + 1] for name in self.entries if name.startswith(prefix) and "/" in name[len(prefix) :]}

    def shown_folders(self, prefix: str) -> set[str]:
        """With those that are kept without an object in them."""
        below = (name for name in self.kept if name.startswith(prefix) and name != prefix)
        return self.folders(prefix) | {name[: name.index("/", len(prefix)) + 1] for name in below}

    def _all_folders(self, prefix: str) -> set[str]:
        """At any depth."""
        there = (name for name in (*self.entries, *self.kept) if name.startswith(prefix))
        return {folder for name in there for folder in parents(name) if len(folder) > len(prefix)}

    def objects(self, prefix: str) -> list[Entry]:
        return [found for found in self.below(prefix) if "/" not in found.name[len(prefix) :]]

    def page(self, prefix: str, query: str, sort: Sort) -> tuple[list[str], list[str]]:
        """The whole names of all folders and objects of the view, in order."""
        if query:
            words = query.casefold().split() or [query]
            found = [one for one in self.below(prefix) if has_all(one.name[len(prefix) :], words)]
            called = {
                each for each in self._all_folders(prefix) if has_all(each[len(prefix) :], words) and own_in(each[len(prefix) :], words)
            }
            return self._sorted_folders(called, sort), self._sorted_objects(found, sort)
        return self._sorted_folders(self.shown_folders(prefix), sort), self._sorted_objects(self.objects(prefix), sort)

    def scan(self, prefix: str, delimiter: str, query: str, sort: Sort) -> list[str]:
        if query or (not delimiter and sort.key is not SortKey.NAME):
            names = self.page_any(prefix, query, sort)
            return sorted(names, reverse=sort.descending) if sort.key is SortKey.NAME else names
        if not delimiter:
            return sorted((one.name for one in self.below(prefix)), reverse=sort.descending)
        objects = self.objects(prefix)
        if sort.key is SortKey.NAME:
            return sorted([*self.folders(prefix), *(one.name for one in objects)], reverse=sort.descending)
        return [*self._sorted_folders(self.folders(prefix), sort), *self._sorted_objects(objects, sort)]

    def page_any(self, prefix: str, query: str, sort: Sort) -> list[str]:
        found = [one for one in self.below(prefix) if query.casefold() in one.name[len(prefix) :].casefold()]
        return self._sorted_objects(found, sort)

    def _sorted_objects(self, found: list[Entry], sort: Sort) -> list[str]:
        def key(one: Entry) -> tuple[object, tuple[str, str]]:
            values: dict[SortKey, object] = {SortKey.SIZE: one.size, SortKey.MODIFIED: one.time_ns, SortKey.TYPE: type_of(one)}
            return values.get(sort.key), folded(one.name)

        if sort.key is SortKey.NAME:
            return sorted((one.name for one in found), key=folded, reverse=sort.descending)
        return [one.name for one in sorted(found, key=key, reverse=sort.descending)]

    def _sorted_folders(self, folders: set[str], sort: Sort) -> list[str]:
        def key(folder: str) -> tuple[int, tuple[str, str]]:
            _, size, time = self.sums(folder)
            name = folder[:-1]
            label = name[name.rfind("/") + 1 :] if sort.key is SortKey.TYPE else name
            return {SortKey.SIZE: size, SortKey.MODIFIED: time}.get(sort.key, 0), (label.casefold(), name)

        return sorted(folders, key=key, reverse=sort.descending)


def sums_of(folder: Folder) -> tuple[int, int, int]:
    """As ``Model.sums`` gives them."""
    return folder.objects, folder.size, round(folder.modified.timestamp() * SECOND)
