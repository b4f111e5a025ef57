"""Measure the in-memory index by itself: ``python -m bench.index [--objects 1000000]``. No server, no site."""

import argparse
import gc
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import psutil

from buckets.objectstore.entry import Entry
from buckets.objectstore.index import Index, Sort, SortKey
from buckets.objectstore.index.sorting import token_of

from .report import Goal, Section

START_NS = 1_700_000_000_000_000_000
DAY_NS = 86_400_000_000_000
FOLDERS = (10_000, 0)
PAGE, SEARCH = "page of a folder", "search"
PAGE_MS, SEARCH_MS, MAX_BYTES = 50.0, 300.0, 1200
KINDS = (("pdf", "application/pdf"), ("jpg", "image/jpeg"), ("csv", "text/csv"), ("bin", "application/octet-stream"))
RAW = (
    '{"name":"%s","headers":{"Content-Type":["%s"],"Original-Name":["%s"],"Uploaded-By":["alice"],"Upload-Timestamp":["2025-01-01T00:00:00Z"]},'
    '"options":{"max_chunk_size":524288},"bucket":"files","nuid":"%022d","size":%d,"mtime":"0001-01-01T00:00:00Z","chunks":1,'
    '"digest":"SHA-256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU="}'
)


def entries(count: int, folders: int, revision: int = 0) -> Iterator[Entry]:
    """Objects in random order, in ``folders`` folders of three levels, or directly at the top with 0."""
    for number in range(revision + 1, revision + count + 1):
        yield one(random.randrange(10**9), random.randrange(folders) if folders else None, number)


def one(number: int, folder: int | None, revision: int) -> Entry:
    extension, kind = KINDS[number % len(KINDS)]
    base = f"Report {number:09d} final.{extension}"
    name = base if folder is None else f"projects/{folder % 97:02d}/Folder {folder:05d}/{base}"
    size = random.randrange(10**8)
    raw = (RAW % (name, kind, base, revision, size)).encode()
    return Entry(name, token_of(name), raw, revision, START_NS + random.randrange(365 * DAY_NS), size, kind, False)


@dataclass(frozen=True, slots=True)
class Timed:
    """Milliseconds: the first time, and the median and the maximum after that."""

    kind: str
    first: float
    median: float
    maximum: float


class Findings:
    """What is measured of one index, printed as it comes."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.times: list[Timed] = []
        self.bytes_each = 0.0

    def timed(self, kind: str, what: str, work: Callable[..., object], repeat: int = 5, **arguments: object) -> None:
        times = []
        for _ in range(repeat + 1):
            start = time.perf_counter()
            work(**arguments)
            times.append((time.perf_counter() - start) * 1000)
        found = Timed(kind, times[0], statistics.median(times[1:]), max(times[1:]))
        self.times.append(found)
        print(f"{what:<58} {found.first:9.2f} {found.median:9.2f} {found.maximum:9.2f}", flush=True)

    def rows(self) -> list[tuple[str, ...]]:
        """The slowest of each kind."""
        kinds = dict.fromkeys(each.kind for each in self.times)
        of = {kind: [each for each in self.times if each.kind == kind] for kind in kinds}
        rows = [(kind, f"{len(all_)}", *(f"{value:.1f}" for value in _worst(all_))) for kind, all_ in of.items()]
        return [(f"{self.title}: {kind}", *rest) for kind, *rest in rows]

    def slowest(self, kind: str) -> float:
        return max((each.median for each in self.times if each.kind == kind), default=0.0)


def _worst(times: list[Timed]) -> tuple[float, float, float]:
    return max(each.first for each in times), max(each.median for each in times), max(each.maximum for each in times)


def memory() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss


def measure(count: int, folders: Sequence[int]) -> list[Section]:
    found = [_measured(count, each) for each in folders]
    words = [
        f"{count:,} objects in one process, without a server. Milliseconds of the slowest of each kind: the first time,",
        "which makes what it needs, and after that the median and the maximum of a few times.",
        "",
        *(f"{each.title}: {each.bytes_each:,.0f} bytes of memory an object, with all orders made.  " for each in found),
    ]
    goals = [
        goal
        for each in found
        for goal in (
            Goal.below(f"index of {count:,} objects, {each.title}: memory each", each.bytes_each, MAX_BYTES, "bytes"),
            Goal.below(f"index of {count:,} objects, {each.title}: any page", each.slowest(PAGE), PAGE_MS, "ms"),
            Goal.below(f"index of {count:,} objects, {each.title}: any search", each.slowest(SEARCH), SEARCH_MS, "ms"),
        )
    ]
    rows = [row for each in found for row in each.rows()]
    return [Section(f"The index of {count:,} objects", words, ("", "measured", "first", "median", "maximum"), rows, goals)]


def _measured(count: int, folders: int) -> Findings:
    random.seed(7)
    found = Findings(f"{folders:,} folders" if folders else "one folder")
    print(f"\n{count:,} objects, {found.title}")
    before = memory()
    index = filled(count, folders)
    print(f"memory: {(memory() - before) / count:,.0f} bytes an object")
    print(f"{'milliseconds':<58} {'first':>9} {'median':>9} {'max':>9}")
    for prefix in ("", "projects/", "projects/05/"):
        if index.page(prefix=prefix).total:
            pages(found, index, prefix)
    searches(found, index, count)
    scans(found, index)
    changes(found, index, folders)
    found.bytes_each = (memory() - before) / len(index)
    print(f"memory with all these orders: {found.bytes_each:,.0f} bytes an object")
    found.timed("full run of the garbage collector", "full run of the garbage collector", gc.collect, 2)
    return found


def filled(count: int, folders: int) -> Index:
    index, times, raw = Index("files"), [], 0
    for entry in entries(count, folders):
        raw += len(entry.raw)
        start = time.perf_counter()
        index.apply(entry)
        times.append(time.perf_counter() - start)
    print(
        f"fill: {sum(times) / count * 1e6:.1f} us an object, slowest {max(times) * 1000:.1f} ms; {raw / count:.0f} bytes of metadata each"
    )
    return index


def pages(found: Findings, index: Index, prefix: str) -> None:
    for key in SortKey:
        for sort in (Sort(key), Sort(key, True)):
            found.timed(PAGE, f"page of {prefix!r} by {sort}", index.page, prefix=prefix, sort=sort)
    middle = index.page(prefix=prefix).total // 2
    found.timed(PAGE, f"page of {prefix!r} by size from {middle:,}", index.page, prefix=prefix, sort=Sort(SortKey.SIZE), offset=middle)


def searches(found: Findings, index: Index, count: int) -> None:
    found.timed("a step of preparing for search", "a step of preparing for search", index.prepare)
    while index.prepare():
        pass
    for query in ("final.pdf", "123456", "no such thing", "a"):
        hits = index.page(query=query).total
        for key in SortKey:
            found.timed(SEARCH, f"search {query!r} ({hits:,} hits) by {key}", index.page, query=query, sort=Sort(key))
    found.timed(SEARCH, "search 'a' by size, from the middle", index.page, 2, query="a", sort=Sort(SortKey.SIZE), offset=count // 2)


def scans(found: Findings, index: Index) -> None:
    found.timed("scan of 1,000", "scan 1,000", index.scan, cursor=index.scan(limit=1000).cursor)
    found.timed("scan of 1,000", "scan 1,000 with delimiter", index.scan, delimiter="/")
    found.timed("scan of 1,000", "scan 1,000 by -size", index.scan, sort=Sort(SortKey.SIZE, True))
    found.timed("scan of 1,000", "scan 1,000 by size with delimiter", index.scan, delimiter="/", sort=Sort(SortKey.SIZE))
    found.timed("scan of 1,000", "scan 1,000 with query 'final.pdf'", index.scan, query="final.pdf")


def changes(found: Findings, index: Index, folders: int, count: int = 20_000) -> None:
    """Live changes: half of them new objects, a quarter changed ones, a quarter deletions."""
    names = [entry.name for entry in index.entries()]
    times = []
    for number, revision in enumerate(range(index.revision + 1, index.revision + count + 1)):
        if number % 2:
            entry = one(random.randrange(10**9), random.randrange(folders) if folders else None, revision)
        else:
            name = random.choice(names)
            entry = Entry(name, token_of(name), b"{}", revision, START_NS + 400 * DAY_NS + number, number, "", number % 4 == 0)
        start = time.perf_counter()
        index.apply(entry)
        times.append(time.perf_counter() - start)
    print(f"{count:,} live changes with all these orders: {count / sum(times):,.0f} a second, slowest {max(times) * 1000:.1f} ms")
    found.timed(SEARCH, "search '123456' right after them", index.page, 3, query="123456")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--folders", type=int, nargs="*", default=FOLDERS)
    arguments = parser.parse_args()
    measure(arguments.objects, arguments.folders)
