"""The scripts' own small parts, in the browser they are for."""

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import expect

from buckets.words import relative_time, short_size

from .conftest import Window

SIZES = [0, 1, 1023, 1024, 1536, 10_239, 1_048_575, 8_400_000, 20_078_934_917, 2**50]


async def call(window: Window, module: str, code: str, argument: object) -> Any:
    """The outcome of ``code`` with the module as ``m`` and ``argument`` as ``a``."""
    base = await window.page.locator("script[type=module]").get_attribute("src")
    assert base
    return await window.page.evaluate(
        f"async (a) => {{ const m = await import('{base.replace('app.js', module)}'); return {code}; }}", argument
    )


async def test_it_says_sizes_as_the_server_does(window: Window) -> None:
    await window.open("/")
    assert await call(window, "numbers.js", "a.map(m.size)", SIZES) == [short_size(size) for size in SIZES]


async def test_it_says_times_as_the_server_does(window: Window) -> None:
    await window.open("/")
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    moments = [now - timedelta(seconds=seconds) for seconds in (-3, 0, 44, 45, 3599, 3600, 86399, 86400, 172_799, 172_800, 10**7)]
    said = await call(
        window,
        "numbers.js",
        "a[1].map((each) => m.ago(new Date(each), new Date(a[0])))",
        [now.isoformat(), [each.isoformat() for each in moments]],
    )
    assert said == [relative_time(each, now) for each in moments]


async def test_it_numbers_names_before_their_ending(window: Window) -> None:
    await window.open("/")
    names = ["a.txt", "no-ending", ".hidden", "d.d/file", "a.tar.gz"]
    assert await call(window, "names.js", "a.map((name) => m.numbered(name, 2))", names) == [
        "a (2).txt", "no-ending (2)", ".hidden (2)", "d.d/file (2)", "a.tar (2).gz",
    ]  # fmt: skip


async def test_a_queue_of_thousands_keeps_the_page_responsive(window: Window, bucket: str) -> None:
    """Nothing is sent: the site's answers are made up, so only the page is measured."""
    stored = {"results": [{"name": "x", "error": None, "object": {"name": "x"}}] * 50}
    await window.page.route("**/api/v1/buckets/*/upload", lambda route: route.fulfill(json=stored))
    await window.open_bucket(bucket)
    await window.page.evaluate(
        "() => { window.longest = 0; let last = performance.now(); const step = () => { const now = performance.now();"
        " window.longest = Math.max(window.longest, now - last); last = now; requestAnimationFrame(step); }; requestAnimationFrame(step); }"
    )
    await call(
        window,
        "uploads/uploads.js",
        "void m.upload((async function* () { for (let i = 0; i < a; i += 1) yield { file: new File(['x'], `n${i}`), path: `n${i}` }; })())",
        3000,
    )
    await expect(window.page.locator("#tray h2")).to_contain_text("Uploading")
    assert await window.page.locator("#tray li").count() <= 40
    await window.page.get_by_role("button", name="Cancel all uploads").click()
    await expect(window.page.locator("#tray h2")).not_to_contain_text("Uploading")
    assert await window.page.locator("#tray li.waiting").count() == 0
    assert await window.page.evaluate("window.longest") < 1500
