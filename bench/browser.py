"""A real Chromium, and what its own trace says of the page's main thread."""

import json
import shutil
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
CATEGORIES = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline", "v8.execute"]
MAIN_THREAD = "CrRendererMain"
OUTER_TASK = "ThreadControllerImpl::RunTask"
WAIT = 10_000
Event = Mapping[str, Any]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Raises RuntimeError when there is none."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise RuntimeError("there is no Chromium on this machine")
    async with async_playwright() as started:
        browser = await started.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        await browser.close()


@asynccontextmanager
async def opened(browser: Browser, address: str, cookies: Mapping[str, str]) -> AsyncIterator[Page]:
    """A page of its own, without anything in its cache."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(WAIT)
    await context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies.items()])
    page = await context.new_page()
    page.on("pageerror", lambda error: print(f"  an error on the page: {error}", flush=True))
    yield page
    await context.close()


@dataclass(frozen=True, slots=True)
class Task:
    """Of the page's main thread: milliseconds, those of them on the processor, and what it did for the longest part of that."""

    duration: float
    busy: float
    what: str


def tasks(trace: bytes) -> list[Task]:
    """The longest first; the parts of the first few."""
    events: list[Event] = json.loads(trace)["traceEvents"]
    own = _page_threads(events)
    found = [event for event in events if event.get("ph") == "X" and (event["pid"], event["tid"]) in own]
    whole = [event for event in found if event["name"] == "RunTask"] or [event for event in found if event["name"] == OUTER_TASK]
    longest = sorted(whole, key=lambda event: -event.get("dur", 0))
    return [
        Task(event.get("dur", 0) / 1000, event.get("tdur", 0) / 1000, _inside(event, found) if at < 5 else "")
        for at, event in enumerate(longest)
    ]


def _page_threads(events: Iterable[Event]) -> set[tuple[int, int]]:
    return {(event["pid"], event["tid"]) for event in events if event["name"] == "thread_name" and event["args"]["name"] == MAIN_THREAD}


def _inside(task: Event, events: Iterable[Event]) -> str:
    end = task["ts"] + task["dur"]
    inner = [
        event
        for event in events
        if event["pid"] == task["pid"]
        and task["ts"] <= event["ts"] < end
        and not event["name"].endswith("RunTask")
        and event.get("dur", 0) > 1000
    ]
    return ", ".join(f"{event['name']} {event['dur'] / 1000:.0f}" for event in sorted(inner, key=lambda event: -event["dur"])[:6])
