"""The live dashboard while very much changes: how busy a browser is, how late it shows the newest, and what many dashboards cost."""

import asyncio
import base64
import json
import multiprocessing
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.synchronize import Event
from typing import Any

import nats
import psutil
from nats.aio.client import Client
from playwright.async_api import CDPSession, Page
from websockets.asyncio.client import ClientConnection, connect

from .browser import chromium, opened
from .metadata import INFO
from .report import Goal, Section
from .site import Site

BUCKETS = tuple(f"bench-live-{number}" for number in range(5))
NAMES = 500  # in each bucket; they are replaced again and again
RATE = 1_000  # changes a second
STEP = 0.02
SETTLED = 10.0
DASHBOARDS = 500
CROWD_SECONDS = 20.0
IDLE = 0.5
LAG = 1.0
GROWTH = 4.0  # MB of JavaScript's heap
ROLLUP = {"Nats-Rollup": "sub"}
# How old the newest row is, ten times a second; seconds.
SAMPLE = """() => { window.lags = []; window.sampling = setInterval(() => {
  const newest = document.querySelector('#changes time');
  if (newest) window.lags.push((Date.now() - Date.parse(newest.dateTime)) / 1000);
}, 100); }"""
ROWS = "document.querySelectorAll('#changes > li').length"


@dataclass(frozen=True, slots=True)
class Watched:
    """One browser. ``busy``: the share of the time in which its main thread did something; ``heap``: MB; ``lags``: seconds."""

    busy: float
    heap: tuple[float, float]
    lags: Sequence[float]
    rows: int
    rate: float
    nodes: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Crowd:
    """Many dashboards at once. ``lags``: seconds until one of them was told; ``consumers``: in NATS, with one dashboard and with all;
    ``cpu``: of the site, in processors; ``answers``: milliseconds that a page took meanwhile."""

    lags: Sequence[float]
    pauses: Sequence[float]
    consumers: tuple[int, int]
    cpu: float
    alone: float
    answers: Sequence[float]
    rate: float


def measure(site: Site, url: str, seconds: float, dashboards: int) -> list[Section]:
    with closing(site.browser()) as client:
        cookies = {cookie.name: cookie.value or "" for cookie in client.cookies.jar}
        for bucket in BUCKETS:
            site.create(bucket)
        try:
            watched = asyncio.run(_watch(site, url, cookies, seconds))
            crowd = asyncio.run(_crowd(site, url, cookies, dashboards, min(seconds, CROWD_SECONDS)))
        finally:
            for bucket in BUCKETS:
                site.remove(bucket)
    return [_browser_section(watched, seconds), _crowd_section(crowd, dashboards)]


@dataclass(frozen=True)
class _Writer:
    over: Event
    counted: Any

    def rate(self, before: tuple[int, float]) -> float:
        count, moment = self.now()
        return (count - before[0]) / (moment - before[1])

    def now(self) -> tuple[int, float]:
        return int(self.counted.value), time.monotonic()


@contextmanager
def _writing(url: str) -> Iterator[_Writer]:
    """Another client that changes objects, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    over, counted = context.Event(), context.Value("q", 0)
    process = context.Process(target=_write, args=(url, over, counted), daemon=True)
    process.start()
    try:
        yield _Writer(over, counted)
    finally:
        over.set()
        process.join(30)
    if process.exitcode:
        raise RuntimeError("the writer failed")


def _write(url: str, over: Event, counted: Any) -> None:
    asyncio.run(_changes(url, over, counted))


async def _changes(url: str, over: Event, counted: Any) -> None:
    client = await nats.connect(url)
    begin, number = time.monotonic(), 0
    while not over.is_set():
        due = round((time.monotonic() - begin) * RATE)
        while number < due:
            number += 1
            await client.publish(*_message(number), headers=ROLLUP)
        counted.value = number
        await asyncio.sleep(STEP)
    await client.close()


def _message(number: int) -> tuple[str, bytes]:
    bucket = BUCKETS[number % len(BUCKETS)]
    name = f"folder {number % 7}/Measurement {number // len(BUCKETS) % NAMES:04d} of the harbour.csv"
    raw = INFO % (name, "text/csv", bucket, number, number * 7_919 % 1_000_003, 8)
    return f"$O.{bucket}.M.{base64.urlsafe_b64encode(name.encode()).decode()}", raw.encode()


async def _watch(site: Site, url: str, cookies: Mapping[str, str], seconds: float) -> Watched:
    async with chromium() as browser, opened(browser, site.address, cookies) as page:
        await page.goto(f"{site.address}/live")
        await page.locator("#live-state", has_text="Live").wait_for()
        session = await page.context.new_cdp_session(page)
        await session.send("Performance.enable")
        with _writing(url) as writer:
            await asyncio.sleep(SETTLED)
            before, begin, count = await _metrics(session), time.monotonic(), writer.now()
            await page.evaluate(SAMPLE)
            await asyncio.sleep(seconds)
            took, after, rate = time.monotonic() - begin, await _metrics(session, collect=False), writer.rate(count)
            lags = await _lags(page)
            rows = int(await page.evaluate(ROWS))
            last = await _metrics(session)
    busy = (after["TaskDuration"] - before["TaskDuration"]) / took
    heap = (before["JSHeapUsedSize"] / 1e6, last["JSHeapUsedSize"] / 1e6)
    parts = {name: (after[name] - before[name]) / took for name in ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")}
    print(f"  busy {busy:.0%} of the time: {', '.join(f'{name} {share:.1%}' for name, share in parts.items())}", flush=True)
    print(f"  the newest of {rows} {statistics.median(lags):.2f} s old, at most {max(lags):.2f} s; {rate:.0f} changes/s", flush=True)
    print(f"  heap {heap[0]:.2f} MB, {heap[1]:.2f} MB; nodes {before['Nodes']:.0f}, {last['Nodes']:.0f}", flush=True)
    return Watched(busy, heap, lags, rows, rate, (before["Nodes"], last["Nodes"]))


async def _metrics(session: CDPSession, *, collect: bool = True) -> Mapping[str, float]:
    """collect: after the garbage is gone."""
    if collect:
        await session.send("HeapProfiler.collectGarbage")
    found = await session.send("Performance.getMetrics")
    return {each["name"]: float(each["value"]) for each in found["metrics"]}


async def _lags(page: Page) -> list[float]:
    lags: list[float] = await page.evaluate("() => { clearInterval(window.sampling); return window.lags; }")
    return lags


async def _crowd(site: Site, url: str, cookies: Mapping[str, str], dashboards: int, seconds: float) -> Crowd:
    """They are this process's own: it only looks at when messages come, and reads those of one."""
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "Origin": site.address}
    client = await nats.connect(url)
    times: list[list[float]] = []
    lags: list[float] = []
    tasks: list[asyncio.Task[None]] = []
    with _writing(url) as writer:
        try:
            tasks.append(asyncio.create_task(_dashboard(site, headers, times, lags)))
            await asyncio.sleep(SETTLED / 2)
            first = await _consumers(client)
            alone = await _cpu(site, SETTLED / 2)
            for number in range(1, dashboards):
                tasks.append(asyncio.create_task(_dashboard(site, headers, times, None)))
                if number % 10 == 0:
                    await asyncio.sleep(0.1)
            await asyncio.sleep(SETTLED)
            second = await _consumers(client)
            lags.clear()
            for each in times:
                each.clear()
            count, answers = writer.now(), asyncio.create_task(_answers(site, seconds))
            cpu = await _cpu(site, seconds)
            rate = writer.rate(count)
            answered = await answers
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await client.close()
    if failed := [task for task in tasks if not task.cancelled() and task.exception()]:
        raise RuntimeError(f"{len(failed)} dashboards failed: {failed[0].exception()}")
    pauses = [later - earlier for each in times for earlier, later in pairwise(each)]
    print(f"  {dashboards} dashboards: {first} consumers in NATS for one, {second} for all", flush=True)
    print(f"  told after {statistics.median(lags):.2f} s, at most {max(lags):.2f} s; every {statistics.median(pauses):.2f} s", flush=True)
    print(f"  the site takes {alone:.2f} processors for one, {cpu:.2f} for all; a page {statistics.median(answered):.0f} ms", flush=True)
    return Crowd(lags, pauses, (first, second), cpu, alone, answered, rate)


async def _dashboard(site: Site, headers: Mapping[str, str], times: list[list[float]], lags: list[float] | None) -> None:
    address = f"ws{site.address.removeprefix('http')}/ws/live"
    async with connect(address, additional_headers=headers, open_timeout=60, max_size=None) as socket:
        await socket.send(json.dumps({"n": 1}))
        own: list[float] = []
        times.append(own)
        await _listen(socket, own, lags)


async def _listen(socket: ClientConnection, own: list[float], lags: list[float] | None) -> None:
    async for message in socket:
        own.append(time.monotonic())
        if lags is None:
            continue
        found = json.loads(message)
        if found.get("rows") and not found["first"]:
            lags.append(time.time() - found["rows"][0][4] / 1000)


async def _consumers(client: Client) -> int:
    """Of the buckets' streams."""
    infos = [await client.jetstream().stream_info(f"OBJ_{bucket}") for bucket in BUCKETS]
    return sum(info.state.consumer_count for info in infos)


async def _cpu(site: Site, seconds: float) -> float:
    process = psutil.Process(site.pid)
    before, begin = process.cpu_times(), time.monotonic()
    await asyncio.sleep(seconds)
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / (time.monotonic() - begin)


async def _answers(site: Site, seconds: float) -> list[float]:
    end, found = time.monotonic() + seconds, list[float]()
    with site.api() as api:
        while time.monotonic() < end:
            begin = time.perf_counter()
            await asyncio.to_thread(api.get, f"/buckets/{BUCKETS[0]}/objects")
            found.append((time.perf_counter() - begin) * 1000)
            await asyncio.sleep(0.2)
    return found


def _browser_section(found: Watched, seconds: float) -> Section:
    words = [
        f"One browser with the dashboard of {len(BUCKETS)} buckets for {seconds:g} s, after {SETTLED:g} s, while another client makes",
        f"{found.rate:,.0f} changes a second (metadata without data). The main thread's time as the browser itself counts it; the heap",
        "after a garbage collection.",
    ]
    head = ("main thread busy", "newest change, median", "at most", "rows", "heap, MB", "at the end", "nodes", "at the end ")
    row = (f"{found.busy:.0%}", f"{statistics.median(found.lags):.2f} s", f"{max(found.lags):.2f} s", str(found.rows))
    sizes = (f"{found.heap[0]:.1f}", f"{found.heap[1]:.1f}", f"{found.nodes[0]:.0f}", f"{found.nodes[1]:.0f}")
    goals = [
        Goal.at_least("changes a second while the dashboard is measured", found.rate, RATE * 0.95, "/s"),
        Goal.at_least("the dashboard's main thread is idle, of the time", 1 - found.busy, IDLE, ""),
        Goal.below("the newest change on the dashboard", max(found.lags), LAG, "s"),
        Goal.below("growth of the dashboard's heap", found.heap[1] - found.heap[0], GROWTH, "MB"),
    ]
    return Section(f"The live dashboard at {RATE:,} changes a second", words, head, [(*row, *sizes)], goals)


def _crowd_section(found: Crowd, dashboards: int) -> Section:
    words = [
        f"{dashboards} dashboards of {len(BUCKETS)} buckets on one process of the site, at {found.rate:,.0f} changes a second; from a",
        "change to the message that tells one of them of it. All clients are one process on the same machine.",
    ]
    head = (
        "NATS consumers for one",
        "for all",
        "told after, median",
        "at most",
        "a message every",
        "processors for one",
        "for all ",
        "a page, median",
    )
    row = (
        *map(str, found.consumers),
        f"{statistics.median(found.lags):.2f} s",
        f"{max(found.lags):.2f} s",
        f"{statistics.median(found.pauses):.2f} s",
        f"{found.alone:.2f}",
        f"{found.cpu:.2f}",
        f"{statistics.median(found.answers):.0f} ms",
    )
    what = f"NATS consumers for {dashboards} dashboards of {len(BUCKETS)} buckets"
    goals = [Goal.below(what, found.consumers[1], len(BUCKETS) + 1, ""), Goal.below("until one of them is told", max(found.lags), LAG, "s")]
    return Section(f"{dashboards} dashboards", words, head, [row], goals)
