"""A real Chromium on the running site. Every test fails when the page logged an error or broke the content security policy."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Playwright, async_playwright, expect

from tests.site import ADMIN, PASSWORD, Site

ARGUMENTS = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
NAMES = ("chromium", "chromium-browser", "google-chrome")
WAIT = 20_000


@dataclass
class Window:
    """A signed-in browser window. ``expected``: what of the console's errors a test provokes on purpose."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    async def open(self, path: str) -> None:
        await self.page.goto(self.url + path)

    async def open_bucket(self, bucket: str, query: str = "") -> None:
        await self.open(f"/buckets/{bucket}/{query}")
        await self.page.locator("#live-state", has_text="Live").wait_for()

    async def drag(self, *paths: Path, onto: str = "#list", drop: bool = True) -> None:
        """Drag files or folders from the desktop over the element and drop them, as the browser's own input events."""
        box = await self.page.locator(onto).first.bounding_box()
        assert box
        point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + min(box["height"] / 2, 300)}
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        session = await self.page.context.new_cdp_session(self.page)
        for kind in ("dragEnter", "dragOver", "drop") if drop else ("dragEnter", "dragOver"):
            await session.send("Input.dispatchDragEvent", {"type": kind, **point, "data": data})
        await session.detach()

    def row(self, name: str) -> Any:
        return self.page.locator("#rows > tr", has=self.page.get_by_role("link", name=name, exact=True))

    def unexpected(self) -> list[str]:
        return [error for error in self.errors if not any(words in error for words in self.expected)]


def executable() -> str:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("The browser tests need Chromium: install your system's package of it (Debian, Ubuntu: chromium).")
    return found


@pytest.fixture
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as started:
        yield started


@pytest.fixture
async def chromium(playwright: Playwright) -> AsyncIterator[Browser]:
    browser = await playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
    yield browser
    await browser.close()


@pytest.fixture(params=["light"])
def scheme(request: pytest.FixtureRequest) -> str:
    """The colour scheme of the window; tests ask for others by parametrising it."""
    return str(request.param)


@pytest.fixture(scope="session")
def cookies() -> list[Any]:
    """The administrator's session, from the first test that signs in: a password's hash is slow on purpose."""
    return []


@pytest.fixture
async def window(chromium: Browser, live_site: Site, scheme: Any, cookies: list[Any]) -> AsyncIterator[Window]:
    context = await chromium.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 800}, timezone_id="UTC")
    context.set_default_timeout(WAIT)
    expect.set_options(timeout=WAIT)
    window = Window(await context.new_page(), live_site.url)
    watch(window.page, window.errors)
    if cookies:
        await context.add_cookies(cookies)
    else:
        await sign_in(window)
        cookies.extend(await context.cookies())
    yield window
    await context.close()
    assert not window.unexpected()


def watch(page: Page, errors: list[str]) -> None:
    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"{message.text} {message.location.get('url', '')}")

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))


async def sign_in(window: Window, name: str = ADMIN, password: str = PASSWORD) -> None:
    await window.open("/login")
    await window.page.get_by_label("Name").fill(name)
    await window.page.get_by_label("Password").fill(password)
    await window.page.get_by_role("button", name="Sign in").click()
    await window.page.get_by_role("heading", name="Buckets", exact=True, level=1).wait_for()
