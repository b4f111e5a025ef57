"""Measure the in-memory index by itself: ``python -m bench.index [--objects 1000000]``. No server, no site."""

import argparse
import gc
import random
import statistics
import time
from collections.abc import Callable, Iterator

import psutil

from buckets.objectstore.entry import Entry
from buckets.objectstore.index import Index, Sort, SortKey
from buckets.objectstore.index.sorting import token_of

START_NS = 1_700_000_000_000_000_000
DAY_NS = 86_400_000_000_000
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


def timed(what: str, work: Callable[..., object], repeat: int = 5, **arguments: object) -> None:
    """Print how long ``work`` takes the first time, and the median and maximum of ``repeat`` times after that."""
    times = []
    for _ in range(repeat + 1):
        start = time.perf_counter()
        work(**arguments)
        times.append((time.perf_counter() - start) * 1000)
    print(f"{what:<58} {times[0]:9.2f} {statistics.median(times[1:]):9.2f} {max(times[1:]):9.2f}")


def memory() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss


def measure(count: int, folders: int) -> None:
    random.seed(7)
    print(f"\n{count:,} objects in {folders:,} folders" if folders else f"\n{count:,} objects in one folder")
    before = memory()
    index = filled(count, folders)
    print(f"memory: {(memory() - before) / count:,.0f} bytes an object")
    print(f"{'milliseconds':<58} {'first':>9} {'median':>9} {'max':>9}")
    for prefix in ("", "projects/", "projects/05/"):
        if index.page(prefix=prefix).total:
            pages(index, prefix)
    searches(index, count)
    scans(index)
    changes(index, folders)
    print(f"memory with all these orders: {(memory() - before) / len(index):,.0f} bytes an object")
    timed("full run of the garbage collector", gc.collect, 2)


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


def pages(index: Index, prefix: str) -> None:
    for key in SortKey:
        for sort in (Sort(key), Sort(key, True)):
            timed(f"page of {prefix!r} by {sort}", index.page, prefix=prefix, sort=sort)
    middle = index.page(prefix=prefix).total // 2
    timed(f"page of {prefix!r} by size from {middle:,}", index.page, prefix=prefix, sort=Sort(SortKey.SIZE), offset=middle)


def searches(index: Index, count: int) -> None:
    timed("a step of preparing for search", index.prepare)
    while index.prepare():
        pass
    for query in ("final.pdf", "123456", "no such thing", "a"):
        hits = index.page(query=query).total
        for key in SortKey:
            timed(f"search {query!r} ({hits:,} hits) by {key}", index.page, query=query, sort=Sort(key))
    timed("search 'a' by size, from the middle", index.page, 2, query="a", sort=Sort(SortKey.SIZE), offset=count // 2)


def scans(index: Index) -> None:
    timed("scan 1,000", index.scan, cursor=index.scan(limit=1000).cursor)
    timed("scan 1,000 with delimiter", index.scan, delimiter="/")
    timed("scan 1,000 by -size", index.scan, sort=Sort(SortKey.SIZE, True))
    timed("scan 1,000 by size with delimiter", index.scan, delimiter="/", sort=Sort(SortKey.SIZE))
    timed("scan 1,000 with query 'final.pdf'", index.scan, query="final.pdf")


def changes(index: Index, folders: int, count: int = 20_000) -> None:
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
    timed("search '123456' right after them", index.page, 3, query="123456")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--folders", type=int, nargs="*", default=[10_000, 0])
    arguments = parser.parse_args()
    for folder_count in arguments.folders:
        measure(arguments.objects, folder_count)
