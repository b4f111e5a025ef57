"""The pictures of the documentation, of the real site with demo data: ``python -m scripts.screenshots [NAME…]``. Needs Chromium.

Each is made in light and in dark and kept as a small WebP in docs/images.
"""

import asyncio
import io
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

from PIL import Image
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from scripts import demo
from tests.site import ADMIN, PASSWORD

FOLDER = Path(__file__).parent.parent / "docs" / "images"
SIZE: ViewportSize = {"width": 1500, "height": 880}
PHONE: ViewportSize = {"width": 390, "height": 760}
BUSTLE_SECONDS = 12.0
Take: TypeAlias = Callable[[Page, str], Awaitable[None]]


async def files(page: Page, site: str) -> None:
    await page.goto(f"{site}/buckets/reports/?prefix=2026/")
    await page.locator("#live-state", has_text="Live").wait_for()
    await page.locator("#rows > tr", has=page.get_by_role("link", name="harbour-panorama.jpg", exact=True)).get_by_role("checkbox").check()
    if (page.viewport_size or SIZE)["width"] > PHONE["width"]:
        await page.keyboard.press("i")
        await page.locator(".drawer img").first.wait_for()


async def grid(page: Page, site: str) -> None:
    await page.goto(f"{site}/buckets/reports/?prefix=2026/photos/")
    await page.locator("#live-state", has_text="Live").wait_for()
    await page.get_by_role("button", name="Grid", exact=True).click()
    await page.locator("#rows img").nth(8).wait_for()
    await page.wait_for_load_state("networkidle")


async def versions(page: Page, site: str) -> None:
    await page.goto(f"{site}/buckets/reports/versions?name=2026/launch-plan.md")


async def live(page: Page, site: str) -> None:
    await page.goto(f"{site}/live")
    await page.wait_for_timeout(BUSTLE_SECONDS * 500)


async def health(page: Page, site: str) -> None:
    await page.goto(f"{site}/health")


async def settings(page: Page, site: str) -> None:
    await page.goto(f"{site}/buckets/reports/settings")


async def api(page: Page, site: str) -> None:
    await page.goto(f"{site}/api/#put_object")
    await page.locator("[aria-labelledby=put_object] summary").click()


PICTURES: dict[str, tuple[Take, ViewportSize]] = {
    "files": (files, SIZE),
    "grid": (grid, SIZE),
    "phone": (files, PHONE),
    "versions": (versions, SIZE),
    "live": (live, SIZE),
    "health": (health, SIZE),
    "settings": (settings, SIZE),
    "api": (api, SIZE),
}


async def main(names: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    async with demo.running() as (site, clients), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-quic"])
        for scheme in ("light", "dark"):
            for name in names or PICTURES:
                take, size = PICTURES[name]
                bustle = asyncio.create_task(demo.bustle(clients, BUSTLE_SECONDS)) if name == "live" else None
                await picture(browser, site.url, scheme, name, take, size)
                if bustle is not None:
                    await bustle
        await browser.close()


async def picture(browser: Browser, site: str, scheme: str, name: str, take: Take, size: ViewportSize) -> None:
    context = await browser.new_context(color_scheme="dark" if scheme == "dark" else "light", viewport=size, timezone_id="UTC")
    page = await context.new_page()
    await page.goto(f"{site}/login")
    await page.get_by_label("Name").fill(ADMIN)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("heading", name="Buckets", exact=True, level=1).wait_for()
    await take(page, site)
    await page.mouse.move(700, 5)
    await page.wait_for_timeout(500)  # what slides or fades in has come to rest
    with Image.open(io.BytesIO(await page.screenshot())) as image:
        image.save(FOLDER / f"{name}-{scheme}.webp", quality=88, method=6)
    await context.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
