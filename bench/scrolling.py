"""How smoothly a browser scrolls through a folder of very many files, and how soon the page can be used."""

import asyncio
import statistics
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Page

from .browser import CATEGORIES, Task, chromium, opened, tasks
from .listing import BUCKET, filled
from .report import Goal, Section
from .site import Site

LONGEST_TASK = 50.0
SLICE = 100.0
USABLE = 1.0
KIB = 100.0
LOADS = 5
NOTCHES = 120
JUMPS = 20
KEYS = 30
# Frames while the page is scrolled: the times between them, milliseconds.
FRAMES = """() => { window.gaps = []; let last = performance.now(); const step = (now) => { window.gaps.push(now - last); last = now;
  window.frames_on = requestAnimationFrame(step); }; requestAnimationFrame(step); }"""
# Milliseconds from the jump until real rows fill the list.
JUMP = """(share) => new Promise((resolve) => {
  const list = document.getElementById('list'), rows = document.getElementById('rows'), head = list.querySelector('thead').offsetHeight;
  const height = rows.children[1].getBoundingClientRect().top - rows.children[0].getBoundingClientRect().top;
  const top = Math.round(share * (list.scrollHeight - list.clientHeight)), begin = performance.now();
  const first = Math.floor(top / height), last = Math.ceil((top + list.clientHeight - head) / height) - 1;
  list.scrollTop = top;
  const look = () => {
    const from = rows.firstElementChild.ariaRowIndex - 2, to = rows.lastElementChild.ariaRowIndex - 2;
    if (from <= first && to >= last) resolve(performance.now() - begin);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""
SIZES = """() => performance.getEntriesByType('resource').filter((each) => /\\.(js|css)$/.test(new URL(each.name).pathname))
  .reduce((sum, each) => sum + each.encodedBodySize, 0)"""

# From each input to the paint that answers it, as the browser itself counts (Event Timing, in steps of 8 ms).
INPUTS = """() => { window.inputs = []; new PerformanceObserver((list) => window.inputs.push(...list.getEntries()
  .filter((each) => each.interactionId).map((each) => [each.name, each.duration])))
  .observe({ type: 'event', durationThreshold: 16, buffered: true }); }"""
ANSWER = 100.0


@dataclass(frozen=True, slots=True)
class Scrolled:
    """Milliseconds."""

    tasks: list[Task]
    gaps: list[float]
    slices: list[float]


def measure(site: Site, url: str, objects: int) -> list[Section]:
    with filled(site, url, objects), closing(site.browser()) as client:
        cookies = {cookie.name: cookie.value or "" for cookie in client.cookies.jar}
        return asyncio.run(_measure(site.address, cookies, objects))


async def _measure(address: str, cookies: Mapping[str, str], objects: int) -> list[Section]:
    async with chromium() as browser:
        loads = [await _load(browser, address, cookies) for _ in range(LOADS)]
        async with opened(browser, address, cookies) as page:
            await _open(page, address)
            found = await _scroll(browser, page)
        async with opened(browser, address, cookies) as page:
            await _open(page, address)
            inputs = await _act(page)
    return [_scroll_section(found, objects), _input_section(inputs, objects), _load_section(loads)]


async def _open(page: Page, address: str) -> None:
    await page.goto(f"{address}/buckets/{BUCKET}/")
    await page.locator("#live-state", has_text="Live").wait_for()


async def _load(browser: Browser, address: str, cookies: Mapping[str, str]) -> tuple[float, float]:
    """Seconds from nothing until the list is live and can be used; KiB of script and style that came, compressed."""
    async with opened(browser, address, cookies) as page:
        await _open(page, address)
        return await page.evaluate("performance.now()") / 1000, await page.evaluate(SIZES) / 1024


async def _scroll(browser: Browser, page: Page) -> Scrolled:
    await page.evaluate(FRAMES)
    await browser.start_tracing(page=page, categories=CATEGORIES)
    await page.mouse.move(700, 400)
    for notch in range(NOTCHES):
        await page.mouse.wheel(0, 240 if notch < NOTCHES * 2 / 3 else -240)
    slices = [await page.evaluate(JUMP, (number * 0.618) % 1) for number in range(1, JUMPS + 1)]
    for key in ["End", "Home", *["PageDown"] * KEYS, *["ArrowDown"] * KEYS]:
        await page.keyboard.press(key)
    trace = await browser.stop_tracing()
    gaps: list[float] = await page.evaluate("() => { cancelAnimationFrame(window.frames_on); return window.gaps; }")
    return Scrolled(tasks(trace), gaps[1:], slices)


async def _act(page: Page) -> list[tuple[str, float]]:
    """What people do on the page, twice: the name of each input that took 16 ms or more, and how long."""
    await page.evaluate(INPUTS)
    name = page.locator("#rows .name").nth(3)
    for _ in range(2):
        await page.locator("#rows input[type=checkbox]").nth(1).click()
        await page.keyboard.press("Escape")
        await name.click(button="right")
        await page.keyboard.press("Escape")
        await name.focus()
        for key in (
            "Space",
            "ArrowDown",
            "Shift+ArrowDown",
            "Control+a",
            "Escape",
            "F2",
            "Escape",
            "m",
            "Escape",
            "?",
            "Escape",
            "i",
            "Escape",
        ):
            await page.keyboard.press(key)
        await page.get_by_role("button", name="Grid").click()
        await page.get_by_role("button", name="List").click()
        await page.get_by_role("link", name="Size").click()
        await page.locator("th[aria-sort]", has_text="Size").wait_for()
        await page.get_by_role("link", name="Name").click()
        await page.locator("th[aria-sort]", has_text="Name").wait_for()
        await page.keyboard.press("/")
        await page.keyboard.type("2007")
        await page.keyboard.press("Escape")
    await page.wait_for_timeout(500)  # entries come some time after what they tell of
    return [(str(name), float(duration)) for name, duration in await page.evaluate("window.inputs")]


def _input_section(inputs: list[tuple[str, float]], objects: int) -> Section:
    slow = sorted(inputs, key=lambda each: -each[1])
    longest = slow[0][1] if slow else 0.0
    print(f"  {len(inputs)} inputs took 16 ms or more, the longest {slow[:5]}", flush=True)
    words = [
        f"In a folder of {objects:,}: selecting, menu, dialogs, rename, details, grid, sorting, searching. From input to the paint that",
        "answers it, as the browser counts. Milliseconds.",
    ]
    rows = [
        (
            str(len(inputs)),
            f"{statistics.median(each[1] for each in inputs) if inputs else 0:.0f}",
            f"{longest:.0f}",
            slow[0][0] if slow else "",
        )
    ]
    goals = [Goal.below("the paint that answers an input", longest, ANSWER, "ms")]
    return Section("Answers to inputs", words, ("inputs of 16 ms and more", "their median", "the longest", "which was"), rows, goals)


def _scroll_section(found: Scrolled, objects: int) -> Section:
    longest, typical = found.tasks[0], statistics.median(task.duration for task in found.tasks)
    busy = [task.busy for task in found.tasks]
    words = [
        f"Chromium's own trace while the wheel turns {NOTCHES} times, the scrollbar jumps {JUMPS} times to anywhere, and the keys go to",
        "both ends and on by pages and rows. A slice: from a jump until the rows there fill the list. Milliseconds.",
    ]
    rows = [
        (
            "the page's tasks",
            str(len(found.tasks)),
            f"{typical:.1f}",
            f"{longest.duration:.1f}",
        ),
        ("the same, on the processor", str(len(busy)), f"{statistics.median(busy):.1f}", f"{max(busy):.1f}"),
        ("from frame to frame", str(len(found.gaps)), f"{statistics.median(found.gaps):.1f}", f"{max(found.gaps):.1f}"),
        ("a slice", str(len(found.slices)), f"{statistics.median(found.slices):.1f}", f"{max(found.slices):.1f}"),
    ]
    for task in found.tasks[:5]:
        print(f"  a task of {task.duration:.1f} ms ({task.busy:.1f} on the processor): {task.what}", flush=True)
    for row in rows:
        print(f"  {row[0]:<28} {row[1]:>6} times, median {row[2]} ms, at most {row[3]} ms", flush=True)
    goals = [
        Goal.below(f"the longest task while {objects:,} rows are scrolled", longest.duration, LONGEST_TASK, "ms"),
        Goal.below(f"a slice of {objects:,} rows after a jump", max(found.slices), SLICE, "ms"),
    ]
    return Section(f"Scrolling through {objects:,} files", words, ("", "times", "median", "maximum"), rows, goals)


def _load_section(loads: list[tuple[float, float]]) -> Section:
    seconds, kib = [each[0] for each in loads], loads[0][1]
    print(
        f"  usable after {statistics.median(seconds):.2f} s (at most {max(seconds):.2f} s) with {kib:.0f} KiB of script and style",
        flush=True,
    )
    words = [f"{LOADS} times with an empty cache, until the list is live."]
    rows: list[tuple[Any, ...]] = [(f"{statistics.median(seconds):.2f} s", f"{max(seconds):.2f} s", f"{kib:.0f} KiB")]
    goals = [
        Goal.below("the first page can be used", statistics.median(seconds), USABLE, "s"),
        Goal.below("script and style of the first page, compressed", kib, KIB, "KiB"),
    ]
    return Section("The first page", words, ("median", "maximum", "script and style"), rows, goals)
