"""How quickly many objects are listed, and how soon a page hears of another client's write."""

import asyncio
import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import urlencode

import httpx
import nats
from websockets.asyncio.client import ClientConnection, connect

from .metadata import create_objects
from .report import Section, mb
from .site import Site

BUCKET = "bench-listing"
ROWS = 100
REPEAT = 30
FILL_SECONDS = 300
LIVE_SECONDS = 10
PAGES = {"by name": "", "the newest first": "sort=-modified", "by size, in the middle": "sort=size&page=500", "found by name": "q=2007"}


@dataclass(slots=True)
class Times:
    """Milliseconds."""

    head: ClassVar[tuple[str, ...]] = ("times", "median", "95 %", "maximum")
    what: str
    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def p95(self) -> float:
        return sorted(self.values)[round(0.95 * (len(self.values) - 1))]

    @property
    def maximum(self) -> float:
        return max(self.values)

    @property
    def figures(self) -> tuple[str, ...]:
        return (str(len(self.values)), f"{self.median:.1f}", f"{self.p95:.1f}", f"{self.maximum:.1f}")

    def say(self) -> None:
        print(f"  {self.what:<84} median {self.median:6.1f} ms, 95 % {self.p95:6.1f} ms, at most {self.maximum:6.1f} ms", flush=True)


@dataclass(frozen=True, slots=True)
class Filled:
    """A bucket that the site has in its index; ``seconds`` and ``memory`` (bytes) are what that took."""

    objects: int
    seconds: float
    memory: int


@contextmanager
def filled(site: Site, url: str, objects: int) -> Iterator[Filled]:
    site.create(BUCKET)
    try:
        asyncio.run(create_objects(url, BUCKET, objects))
        before = site.memory()
        with site.api() as api:
            found = Filled(objects, _fill(api, objects), site.memory() - before)
        print(f"  index of {objects:,} objects filled in {found.seconds:.1f} s, {found.memory / 1e6:.0f} MB", flush=True)
        yield found
    finally:
        site.remove(BUCKET)


def measure(site: Site, url: str, objects: int) -> list[Section]:
    times: list[Times] = []
    with filled(site, url, objects) as bucket, site.api() as api, closing(site.browser()) as browser:
        times.append(_timed("JSON API, 100 objects", lambda: api_page(api)))
        for what, query in PAGES.items():
            if "page=" not in query or objects > 500 * ROWS:
                times.append(_timed(f"HTML page of 100 rows, {what}", lambda query=query: html_page(browser, query)))  # type: ignore[misc]
        times.append(asyncio.run(_live(site, url, dict(browser.cookies))))
    words = [f"The index was filled from the server in {bucket.seconds:.1f} s and took {mb(bucket.memory)} MB. Then, milliseconds:"]
    title = f"A bucket of {objects:,} objects, all in one folder"
    return [Section(title, words, ("", *Times.head), [(each.what, *each.figures) for each in times])]


def _fill(api: httpx.Client, objects: int) -> float:
    """Seconds from the first request until the list says that it has all."""
    start = time.perf_counter()
    while time.perf_counter() - start < FILL_SECONDS:
        answer = api.get(f"/buckets/{BUCKET}/objects", params={"limit": 1})
        if answer.status_code == 200 and answer.json()["total"] == objects:
            return time.perf_counter() - start
        time.sleep(0.05)
    raise RuntimeError(f"the list was not complete after {FILL_SECONDS} s: {answer.status_code} {answer.text[:300]}")


def _timed(what: str, work: Callable[[], None]) -> Times:
    """``REPEAT`` times, after once that does not count."""
    times = Times(what)
    work()
    for _ in range(REPEAT):
        start = time.perf_counter()
        work()
        times.values.append((time.perf_counter() - start) * 1000)
    times.say()
    return times


def api_page(api: httpx.Client) -> None:
    answer = api.get(f"/buckets/{BUCKET}/objects", params={"limit": ROWS, "delimiter": "/"})
    if len(answer.raise_for_status().json()["objects"]) != ROWS:
        raise RuntimeError("the list is not of 100 objects")


def html_page(browser: httpx.Client, query: str) -> None:
    answer = browser.get(f"/buckets/{BUCKET}/?{query}")
    if answer.raise_for_status().text.count("data-rev=") != ROWS:
        raise RuntimeError(f"the page has {answer.text.count('data-rev=')} rows")


async def _live(site: Site, url: str, cookies: dict[str, str]) -> Times:
    """From the start of a small object's put by nats-py until a browser's WebSocket has been told of it."""
    times = Times("from another client's put to the WebSocket message")
    client = await nats.connect(url)
    store = await client.jetstream().object_store(BUCKET)
    headers = {"Cookie": urlencode(cookies).replace("&", "; ")}
    where = f"{site.address.replace('http', 'ws', 1)}/ws/buckets/{BUCKET}"
    async with connect(where, additional_headers=headers, origin=site.address, max_size=None) as socket:  # type: ignore[arg-type]
        await socket.send(json.dumps({"n": 1, "view": {}, "rows": {}}))
        await _heard(socket, "Report")
        for number in range(REPEAT):
            name = f" live {number:03d}"
            await asyncio.sleep(0.3)  # rows come one by one, not in a burst that is told of together
            start = time.perf_counter()
            put = asyncio.create_task(store.put(name, b"live"))
            await _heard(socket, f"live {number:03d}")
            times.values.append((time.perf_counter() - start) * 1000)
            await put
    await client.close()
    times.say()
    return times


async def _heard(socket: ClientConnection, text: str) -> None:
    async with asyncio.timeout(LIVE_SECONDS):
        while text not in str(await socket.recv()):
            pass
