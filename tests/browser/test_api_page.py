"""The API's reference: found from the help, searched as one types, read by keyboard, in both themes and on a phone."""

from playwright.async_api import expect

from .conftest import Window
from .test_accessibility import both, findings


@both
async def test_the_api_is_found_searched_and_read(window: Window) -> None:
    page = window.page
    await window.open("/")
    await page.get_by_role("link", name="Help").click()
    await page.get_by_role("dialog").get_by_role("link", name="API for scripts").click()
    await expect(page.get_by_role("heading", name="API", exact=True, level=1)).to_be_visible()
    calls = page.locator(".api-call:not(.api-shape):visible")
    every = await calls.count()
    assert every > 40
    await page.get_by_label("Search the calls").press_sequentially("zip folder")
    await expect(calls).to_have_count(1)
    await expect(page.locator(".api-index li:visible")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(calls.get_by_role("link").first).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(calls.get_by_role("heading", name="Parameters")).to_be_visible()
    assert not await findings(window)
    await page.get_by_label("Search the calls").fill("there is no such thing")
    await expect(page.get_by_text("No call is called so")).to_be_visible()
    await page.get_by_label("Search the calls").fill("")
    await expect(calls).to_have_count(every)
    assert not await findings(window)
    await window.open("/help")
    assert not await findings(window)
    await page.go_back()
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.evaluate("for (const each of document.querySelectorAll('.api-call details')) each.open = true")
    assert await page.evaluate("document.querySelector('.api').scrollWidth <= 390 && document.documentElement.scrollWidth <= 390")


async def test_the_description_is_downloaded_as_a_file(window: Window) -> None:
    await window.open("/api/")
    async with window.page.expect_download() as started:
        await window.page.get_by_role("link", name="OpenAPI file").click()
    assert (await started.value).suggested_filename == "openapi.json"
    assert (await started.value).url.endswith("/api/v1/openapi.json")
