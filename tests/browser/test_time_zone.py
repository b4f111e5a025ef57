"""Times, numbers and words as they are where the reader is; without scripts, times are in UTC and say so."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, expect

from buckets.objectstore import ObjectStore
from buckets.words import relative_time, short_size
from tests.site import Site

from .conftest import WAIT, Window, sign_in, watch
from .test_scripts import SIZES, call

NEW_YORK = ZoneInfo("America/New_York")
MONTHS = ("Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez")


@pytest.fixture
async def abroad(chromium: Browser, window: Window) -> AsyncIterator[Window]:
    """A window of somebody who reads German, in New York."""
    context = await chromium.new_context(timezone_id="America/New_York", locale="de-DE")
    context.set_default_timeout(WAIT)
    await context.add_cookies(await window.page.context.cookies())  # type: ignore[arg-type]
    page = Window(await context.new_page(), window.url)
    watch(page.page, page.errors)
    yield page
    await context.close()
    assert not page.unexpected()


def exact(moment: datetime) -> str:
    there = moment.astimezone(NEW_YORK)
    hours = int((there.utcoffset() or timedelta()).total_seconds() / 3600)
    return f"{there.day}. {MONTHS[there.month - 1]} {there.year}, {there:%H:%M:%S} GMT{hours}"


async def test_the_page_speaks_the_readers_language_and_time(abroad: Window, bucket: str, store: ObjectStore) -> None:
    page = abroad.page
    first = await store.put(bucket, "first.bin", b"x" * 1536)
    await abroad.open_bucket(bucket)
    time = abroad.row("first.bin").locator("time")
    await expect(time).to_have_text("gerade eben")
    await expect(time).to_have_attribute("title", exact(first.modified))
    later = await store.put(bucket, "later.bin", b"x")
    await expect(abroad.row("later.bin").locator("time")).to_have_attribute("title", exact(later.modified))
    await abroad.row("first.bin").get_by_role("checkbox").check()
    await expect(page.locator("#selection [data-count]")).to_have_text("1 ausgewählt")
    await page.keyboard.press("Delete")
    await expect(page.locator("#ask-delete [data-title]")).to_have_text("1 Datei löschen?")
    await page.keyboard.press("Escape")
    await abroad.open(f"/buckets/{bucket}/object?name=first.bin")
    await expect(page.locator("#main time").first).to_have_attribute("title", exact(first.modified))
    await store.history.enable(bucket)
    await abroad.open(f"/buckets/{bucket}/rewind")
    await expect(page.locator("[data-zone]")).to_have_text("America/New_York")


async def test_old_dates_are_those_of_the_readers_day_wherever_they_come_up(abroad: Window, bucket: str) -> None:
    page = abroad.page
    await abroad.open_bucket(bucket)
    come = "([kind, at]) => { const time = document.createElement('time'); time.dateTime = at; time.dataset[kind] = '';"
    come += " time.title = time.textContent = 'UTC'; document.getElementById('main').append(time); }"
    await page.evaluate(come, ["ago", "2026-01-02T03:04:05+00:00"])
    ago = page.locator("#main > time[data-ago]")
    await expect(ago).to_have_text("1. Jan 2026")
    await expect(ago).to_have_attribute("title", "1. Jan 2026, 22:04:05 GMT-5")
    await page.evaluate(come, ["exact", "2026-07-02T03:04:05+00:00"])
    await expect(page.locator("#main > time[data-exact]")).to_have_text("1. Jul 2026, 23:04:05")
    await ago.evaluate("(time) => { time.textContent = time.title = '2 Jan 2026 UTC'; }")
    await expect(ago).to_have_text("1. Jan 2026")


async def test_numbers_and_times_are_said_as_the_server_says_them(abroad: Window) -> None:
    from django.utils.translation import override

    await abroad.open("/")
    now = datetime(2026, 11, 23, 18, tzinfo=UTC)
    days = [timedelta(days) for days in range(0, 390, 30)]
    moments = [now - each for each in (timedelta(seconds=45), timedelta(hours=1), timedelta(1), timedelta(2), *days)]
    with override("de"):
        sizes, times = [short_size(size) for size in SIZES], [relative_time(each, now) for each in moments]
    assert await call(abroad, "numbers.js", "a.map(m.size)", SIZES) == sizes
    assert "1,5 KiB" in sizes
    said = "a[1].map((each) => m.ago(new Date(each), new Date(a[0])))"
    assert await call(abroad, "numbers.js", said, [now.isoformat(), [each.isoformat() for each in moments]]) == times


async def test_without_scripts_times_are_in_utc_and_say_so(chromium: Browser, live_site: Site, bucket: str, store: ObjectStore) -> None:
    put = await store.put(bucket, "x", b"x")
    context = await chromium.new_context(java_script_enabled=False, timezone_id="America/New_York")
    plain = Window(await context.new_page(), live_site.url)
    await sign_in(plain)
    await plain.open(f"/buckets/{bucket}/")
    await expect(plain.row("x").locator("time")).to_have_attribute("title", re.compile(f"{put.modified:%H:%M:%S} UTC$"))
    await context.close()
