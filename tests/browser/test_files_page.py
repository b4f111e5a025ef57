"""The files page under the hand: keyboard, selection, search, history, hostile names, other windows, no scripts."""

from typing import Any

import pytest
from nats.aio.client import Client
from playwright.async_api import Browser, WebSocketRoute, expect

from buckets.objectstore import ObjectStore
from tests.site import Site

from .conftest import Window, sign_in
from .test_main_job import put


async def focused(window: Window) -> str:
    return str(await window.page.evaluate("document.activeElement.textContent.trim()"))


async def test_it_can_be_used_with_the_keyboard_alone(window: Window, bucket: str, store: ObjectStore) -> None:
    for name in ("a.txt", "b.txt", "c.txt", "folder/deep.txt"):
        await put(store, bucket, name)
    await window.open_bucket(bucket)
    keys, page = window.page.keyboard, window.page
    await keys.press("ArrowDown")
    assert await focused(window) == "folder"
    await keys.press("ArrowDown")
    await keys.press("Space")
    await keys.press("Shift+ArrowDown")
    await expect(page.locator("#selection")).to_contain_text("2 selected")
    await keys.press("Delete")
    await expect(page.locator("#ask-delete")).to_be_visible()
    await keys.press("Escape")
    assert await focused(window) == "b.txt"
    await keys.press("Escape")
    await expect(page.locator("#selection")).to_be_hidden()
    await keys.press("?")
    await expect(page.locator("#help")).to_be_visible()
    await keys.press("Escape")
    await keys.press("/")
    await keys.type("deep")
    await expect(window.row("folder/deep.txt")).to_have_count(1)
    await keys.press("ArrowDown")
    assert await focused(window) == "folder/deep.txt"
    await page.locator("#search").focus()
    await keys.press("Escape")
    await expect(page.locator("#rows > tr")).to_have_count(4)
    await keys.press("Escape")
    await keys.press("Home")
    await keys.press("Enter")
    await expect(page.locator("h1")).to_have_text("folder")
    await keys.press("n")
    await page.get_by_label("Name").fill("new one")
    await keys.press("Enter")
    await expect(window.row("new one").locator(".name")).to_be_focused()
    await keys.press("Enter")
    await expect(page.locator("h1")).to_have_text("new one")
    await expect(page.locator("#empty")).to_contain_text("This folder is empty")


async def test_d_downloads_and_u_opens_the_file_choice(window: Window, bucket: str, store: ObjectStore) -> None:
    await put(store, bucket, "a.txt")
    window.page.on("filechooser", lambda chooser: None)
    await window.open_bucket(bucket)
    await window.page.keyboard.press("ArrowDown")
    async with window.page.expect_download() as download:
        await window.page.keyboard.press("d")
    assert (await download.value).suggested_filename == "a.txt"
    async with window.page.expect_file_chooser():
        await window.page.keyboard.press("u")


async def test_selection_focus_and_scroll_stay_through_live_changes(
    window: Window, bucket: str, store: ObjectStore, foreign: Client
) -> None:
    for number in range(60):
        await put(store, bucket, f"file-{number:02}.txt")
    await window.open_bucket(bucket)
    page = window.page
    await page.get_by_label("Select file-30.txt").check()
    await window.row("file-31.txt").locator(".name").focus()
    before = await window.row("file-31.txt").bounding_box()
    for name in ("aaa", "aab"):
        await (await foreign.jetstream().object_store(bucket)).put(name, b"x")
    await expect(page.locator("#facts")).to_contain_text("62 items")
    assert await window.row("file-31.txt").bounding_box() == before
    assert await focused(window) == "file-31.txt"
    await expect(page.get_by_label("Select file-30.txt")).to_be_checked()
    await put(store, bucket, "file-31.txt", 777)
    await expect(window.row("file-31.txt")).to_contain_text("777 B")
    assert await focused(window) == "file-31.txt"


async def test_back_and_forward_show_what_was_there(window: Window, bucket: str, store: ObjectStore) -> None:
    await put(store, bucket, "one/two/three.txt")
    await window.open_bucket(bucket)
    page = window.page
    for folder in ("one", "two"):
        await window.row(folder).get_by_role("link", name=folder, exact=True).click()
        await expect(page.locator("h1")).to_have_text(folder)
    await page.go_back()
    await expect(page.locator("h1")).to_have_text("one")
    await expect(window.row("two")).to_have_count(1)
    await page.go_back()
    await expect(page.locator("h1")).to_have_text(bucket)
    await page.go_forward()
    await expect(page.locator("h1")).to_have_text("one")
    await expect(page.locator("#live-state")).to_have_text("Live")


async def test_it_recovers_from_a_lost_connection(window: Window, bucket: str, store: ObjectStore) -> None:
    sockets: list[WebSocketRoute] = []

    def through(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    await window.page.route_web_socket("**/ws/**", through)
    await window.open_bucket(bucket)
    await window.page.evaluate("window.untouched = true")
    await sockets[0].close(code=3000)
    await expect(window.page.locator("#live-state")).to_have_text("Reconnecting…")
    await put(store, bucket, "meanwhile.txt")
    await expect(window.row("meanwhile.txt")).to_have_count(1)
    await expect(window.page.locator("#live-state")).to_have_text("Live")
    assert len(sockets) == 2
    assert await window.page.evaluate("window.untouched")


async def test_it_says_when_the_browser_is_offline(window: Window, bucket: str) -> None:
    await window.open_bucket(bucket)
    await window.page.context.set_offline(True)
    await expect(window.page.locator("#offline")).to_be_visible()
    await window.page.context.set_offline(False)
    await expect(window.page.locator("#offline")).to_be_hidden()


async def test_hostile_names_are_shown_selected_and_deleted_like_any_other(window: Window, bucket: str, store: ObjectStore) -> None:
    names = [
        "<img src=x onerror=alert(1)>",
        "line\nbreak",
        "cr\rname",
        "nul\0name",
        "quo\"te'.txt",
        "\u202egpj.exe",
        "..",
        "%2F&amp;",
        "🚀 " + "x" * 490,
    ]
    for name in names:
        await put(store, bucket, name)
    await window.open_bucket(bucket)
    await expect(window.page.locator("#rows > tr")).to_have_count(len(names))
    await window.page.get_by_label("Select all on this page").check()
    await window.page.keyboard.press("Delete")
    await window.page.locator("#ask-delete").get_by_role("button", name="Delete", exact=True).click()
    await expect(window.page.locator("#empty")).to_contain_text("This bucket is empty")


async def test_a_deleted_bucket_says_so(window: Window, bucket: str, store: ObjectStore) -> None:
    await window.open_bucket(bucket)
    await store.delete_bucket(bucket)
    await expect(window.page.get_by_role("alert").first).to_contain_text(f"The bucket {bucket} was deleted")


async def test_a_new_bucket_is_made_and_opened(window: Window, bucket: str) -> None:
    await window.open("/")
    await window.page.locator("#main").get_by_role("link", name="New bucket").click()
    await window.page.locator("#main").get_by_role("textbox", name="Name").fill("not a name")
    window.expected = ("400",)
    await window.page.get_by_role("button", name="Create bucket").click()
    await expect(window.page.get_by_role("alert")).to_contain_text("letters, digits")
    await window.page.locator("#main").get_by_role("textbox", name="Name").fill(f"{bucket}-made")
    await window.page.get_by_role("button", name="Create bucket").click()
    await expect(window.page.locator("h1")).to_have_text(f"{bucket}-made")
    await expect(window.page.locator("#side")).to_contain_text(f"{bucket}-made")


async def test_the_menu_opens_the_sidebar_on_a_phone(window: Window, bucket: str) -> None:
    await window.page.set_viewport_size({"width": 400, "height": 800})
    await window.open_bucket(bucket)
    await expect(window.page.locator("#side")).to_be_hidden()
    await window.page.get_by_role("button", name="Menu").click()
    await window.page.locator("#side").get_by_role("link", name="NATS Files").click()
    await expect(window.page.locator("#side")).to_be_hidden()
    await expect(window.page.locator("h1")).to_have_text("Buckets")
    assert await window.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.fixture
async def plain(chromium: Browser, live_site: Site) -> Any:
    """A window without scripts."""
    context = await chromium.new_context(java_script_enabled=False)
    window = Window(await context.new_page(), live_site.url)
    await sign_in(window)
    yield window
    await context.close()


async def test_it_works_without_scripts(plain: Window, bucket: str, store: ObjectStore, tmp_path: Any) -> None:
    for name in ("folder/one.txt", "two.txt", "three.txt"):
        await put(store, bucket, name)
    (tmp_path / "four.txt").write_text("four")
    page = plain.page
    await plain.open(f"/buckets/{bucket}/")
    await page.get_by_role("link", name="folder", exact=True).click()
    await page.get_by_role("link", name="Upload").click()
    await page.get_by_label("Files", exact=True).set_input_files(tmp_path / "four.txt")
    await page.get_by_role("button", name="Upload").click()
    await expect(page.locator("#toasts")).to_contain_text("1 file uploaded.")
    await expect(plain.row("four.txt")).to_have_count(1)
    await page.get_by_role("link", name="four.txt", exact=True).click()
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download").first.click()
    assert (await (await download.value).path()).read_text() == "four"
    await page.get_by_role("link", name=bucket, exact=True).first.click()
    await page.get_by_role("searchbox").fill("t")
    await page.keyboard.press("Enter")
    await expect(page.locator("#rows > tr")).to_have_count(4)
    await page.get_by_role("link", name="Size").click()
    await page.get_by_label("Select two.txt").check()
    await page.get_by_role("button", name="Delete what is ticked…").click()
    await expect(page.locator("#main")).to_contain_text("Delete 1 file?")
    await page.get_by_role("button", name="Delete").click()
    await expect(page.locator("#toasts")).to_contain_text("1 file deleted.")
    await expect(plain.row("two.txt")).to_have_count(0)
