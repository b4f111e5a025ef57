"""The health page in a browser: by keyboard, live, on a phone, without scripts, and for admins only."""

import re
from typing import Any

from playwright.async_api import expect

from buckets.objectstore import BucketConfig, ObjectStore
from tests.site import PASSWORD, Site

from .conftest import Window, sign_in, watch
from .test_accessibility import findings
from .test_main_job import put

SLOW = 60_000


async def test_an_admin_sees_what_is_wrong_as_it_happens(window: Window, store: ObjectStore, bucket: str) -> None:
    page, full = window.page, f"{bucket}-full"
    await store.create_bucket(BucketConfig(full, max_bytes=100_000))
    await put(store, full, "some", 20_000)
    await window.open("/")
    link = page.get_by_role("link", name="Health")
    await link.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Health", level=1)).to_be_visible()
    await expect(link).to_have_attribute("aria-current", "page")
    row = page.locator(f"#health-{full}")
    await expect(row.get_by_role("cell").nth(2)).to_have_text("1")
    await expect(page.locator("#health")).to_contain_text("Small requests")
    told = page.locator("[data-code=bucket_full]", has_text=full)
    await expect(told).to_have_count(0)

    await row.get_by_role("link").focus()
    await put(store, full, "more", 74_000)
    await expect(told).to_contain_text("Delete something, or raise its size limit", timeout=SLOW)  # nobody has reloaded
    await expect(row.get_by_role("cell").nth(2)).to_have_text("2")
    await expect(row.get_by_role("link")).to_be_focused()

    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert not await findings(window)
    await page.set_viewport_size({"width": 390, "height": 844})
    assert not await findings(window)
    assert await page.evaluate("document.getElementById('health').scrollWidth <= document.getElementById('health').clientWidth")
    await row.scroll_into_view_if_needed()
    await expect(row.get_by_role("cell").nth(1)).to_be_in_viewport()
    await row.get_by_role("link").click()
    await expect(page.locator("#live-state")).to_contain_text("Live")


async def test_it_is_all_there_without_scripts_and_not_for_others(
    window: Window, store: ObjectStore, bucket: str, live_site: Site, cookies: list[Any]
) -> None:
    browser = window.page.context.browser
    assert browser is not None
    plain = await browser.new_context(java_script_enabled=False)
    await plain.add_cookies(cookies)
    page = await plain.new_page()
    await page.goto(f"{window.url}/health")
    await expect(page.locator(f"#health-{bucket}")).to_be_visible()
    await expect(page.get_by_text("This page renews itself.")).to_be_hidden()
    await plain.close()

    live_site.add_user(bucket)
    context = await browser.new_context()
    other = Window(await context.new_page(), window.url, expected=("403",))
    watch(other.page, other.errors)
    await sign_in(other, bucket, PASSWORD)
    await expect(other.page.get_by_role("link", name="Health")).to_have_count(0)
    await other.open("/health")
    await expect(other.page.get_by_role("heading", name="You may not do this")).to_be_visible()
    await expect(other.page.locator(".reference code")).to_have_text(re.compile("^[0-9a-f]{16}$"))
    assert not other.unexpected()
    await context.close()
