"""How long a listing takes while many transfers run."""

import contextlib
import functools
import http.client
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from typing import Any

from .listing import Times, api_page, filled, html_page
from .payload import BLOCK, MB, Payload
from .process import loopback
from .report import Goal, Section
from .site import Site, object_path
from .web import at_once, opened, upload

BUCKET = "bench-busy"
NAME = "object"
TRANSFERS = 20  # half of them in, half of them out
MIB = 256
EVERY = 0.05
SETTLED = 1.0
LIMIT_MS = 200.0


def measure(site: Site, url: str, objects: int, seconds: float) -> list[Section]:
    times: list[Times] = []
    with filled(site, url, objects), site.api() as api, closing(site.browser()) as browser:
        works: list[tuple[str, Callable[[], None]]] = [
            ("JSON API, 100 objects", lambda: api_page(api)),
            ("HTML page of 100 rows", lambda: html_page(browser, "")),
        ]
        for what, work in works:
            times.append(_timed(f"{what}, nothing else", seconds / 4, work))
        with _transfers(site) as load:
            during = [_timed(f"{what}, {TRANSFERS} transfers", seconds / 2, work) for what, work in works]
    words = [
        f"Milliseconds, of a bucket of {objects:,} objects, asked for again and again. Meanwhile run {TRANSFERS // 2} uploads and",
        f"{TRANSFERS // 2} downloads of {MIB} MiB, one after the other, which carried {load.speed:.0f} MB/s in all.",
    ]
    goals = [Goal.below(f"{each.what}: 95 % of the answers", each.p95, LIMIT_MS, "ms") for each in during]
    return [
        Section("Listing while transfers run", words, ("", *Times.head), [(each.what, *each.figures) for each in (*times, *during)], goals)
    ]


def _timed(what: str, seconds: float, work: Callable[[], None]) -> Times:
    times = Times(what)
    work()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.perf_counter()
        work()
        times.values.append((time.perf_counter() - start) * 1000)
        time.sleep(EVERY)
    times.say()
    return times


@dataclass
class _Load:
    speed: float = 0.0


@contextmanager
def _transfers(site: Site) -> Iterator[_Load]:
    """In a process of its own, so that it does not keep the one waiting that measures."""
    site.create(BUCKET)
    context = multiprocessing.get_context("spawn")
    running, over, counted = context.Event(), context.Event(), context.Value("q", 0)
    process = context.Process(target=_carry, args=(_Client(site.port, dict(site.headers)), running, over, counted), daemon=True)
    process.start()
    load = _Load()
    try:
        if not running.wait(60):
            raise RuntimeError("the transfers did not begin")
        start, before = time.monotonic(), counted.value
        yield load
        load.speed = (counted.value - before) / MB / (time.monotonic() - start)
    finally:
        over.set()
        process.join(30)
    site.remove(BUCKET)
    if process.exitcode:
        raise RuntimeError("the transfers failed")


@dataclass(frozen=True)
class _Client:
    """What a process of its own needs to know of the site."""

    port: int
    headers: Mapping[str, str]

    def path(self, bucket: str, name: str) -> str:
        return object_path(bucket, name)

    def connection(self) -> http.client.HTTPConnection:
        return loopback(self.port)


def _carry(client: _Client, running: Event, over: Event, counted: Any) -> None:
    """Uploads and downloads until it is ``over``; ``counted`` are their bytes."""
    payload = Payload(MIB)
    blocks = list(payload.blocks())
    upload(client, BUCKET, NAME, blocks, payload.size)

    def count(size: int) -> None:
        with counted.get_lock():
            counted.value += size

    def counting() -> Iterator[memoryview]:
        for block in blocks:
            if over.is_set():
                raise _Over
            yield block
            count(len(block))

    def up(name: str) -> None:
        with contextlib.suppress(_Over):
            while True:
                upload(client, BUCKET, name, counting(), payload.size)

    def down() -> None:
        space = memoryview(bytearray(BLOCK))
        while not over.is_set():
            answer = opened(client, BUCKET, NAME)
            while not over.is_set() and (got := answer.readinto(space)):
                count(got)
            answer.close()

    threading.Timer(SETTLED, running.set).start()
    at_once([*(functools.partial(up, f"in-{number}") for number in range(TRANSFERS // 2)), *[down] * (TRANSFERS // 2)])


class _Over(Exception):
    """The transfers are to end."""
