"""The reader's theme: chosen with and without scripts, kept, and the system's by default."""

import pytest
from playwright.async_api import Browser, expect

from .conftest import Window, watch

COLOUR = "getComputedStyle(document.body).backgroundColor"


@pytest.mark.parametrize("scheme", ["dark"], indirect=True)
async def test_the_theme_is_switched_at_once_and_stays(window: Window, bucket: str) -> None:
    await window.open_bucket(bucket)
    page = window.page
    dark = await page.evaluate(COLOUR)
    await page.get_by_role("button", name="Theme: as your system").click()
    await expect(page.get_by_role("button", name="Theme: light")).to_be_visible()
    light = await page.evaluate(COLOUR)
    assert light != dark
    await page.reload()
    assert await page.evaluate(COLOUR) == light
    await page.get_by_role("button", name="Theme: light").click()
    assert await page.evaluate(COLOUR) == dark
    await page.get_by_role("button", name="Theme: dark").click()
    await page.reload()
    await expect(page.get_by_role("button", name="Theme: as your system")).to_be_visible()
    assert not [each for each in await page.context.cookies() if each.get("name") == "theme"]


async def test_without_scripts_too(window: Window, chromium: Browser, bucket: str) -> None:
    context = await chromium.new_context(java_script_enabled=False, color_scheme="light")
    await context.add_cookies(await window.page.context.cookies())  # type: ignore[arg-type]
    page = await context.new_page()
    watch(page, window.errors)
    await page.goto(f"{window.url}/buckets/{bucket}/?sort=size")
    for name, theme in (("Theme: as your system", "light"), ("Theme: light", "dark"), ("Theme: dark", "system")):
        await page.get_by_role("button", name=name).click()
        await expect(page.locator(f'html[data-theme="{theme}"]')).to_be_attached()
        assert page.url.endswith(f"/buckets/{bucket}/?sort=size")
    await context.close()
