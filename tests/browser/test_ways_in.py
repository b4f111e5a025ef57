"""The ways into a bucket beside the buttons: new folders, drops onto folders and breadcrumbs, and the clipboard."""

import re
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client
from nats.js.errors import NotFoundError
from playwright.async_api import Browser, expect

from buckets.objectstore import ObjectStore

from .conftest import WAIT, Window, watch
from .test_accessibility import findings

both = pytest.mark.parametrize("scheme", ["light", "dark"], indirect=True)
# Puts a picture of one colour onto the real clipboard.
COPY_PICTURE = """async () => {
  const canvas = new OffscreenCanvas(40, 30);
  canvas.getContext('2d').fillRect(0, 0, 40, 30);
  const blob = await canvas.convertToBlob({ type: 'image/png' });
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
}"""
# A paste of files, as the browser tells of it.
PASTE_FILES = """(names) => {
  const data = new DataTransfer();
  for (const name of names) data.items.add(new File(['pasted'], name, { type: 'text/plain', lastModified: 1 }));
  document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
}"""


async def names(store: ObjectStore, bucket: str) -> list[str]:
    live = await store.live(bucket)
    await live.wait_ready(10)
    return sorted(info.name for info in live.index.scan().objects)


async def make_folder(window: Window, name: str) -> None:
    await window.page.keyboard.press("n")
    await window.page.get_by_label("Name", exact=True).fill(name)
    await window.page.get_by_role("button", name="Create", exact=True).click()


@both
async def test_a_new_folder_stays_while_it_is_empty_for_everybody_here_and_nobody_else(
    window: Window, bucket: str, store: ObjectStore, foreign: Client, chromium: Browser, cookies: list[Any], tmp_path: Path
) -> None:
    page = window.page
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(WAIT)
    await context.add_cookies(cookies)
    other = Window(await context.new_page(), window.url)
    watch(other.page, other.errors)
    await window.open_bucket(bucket)
    await other.open_bucket(bucket)
    await expect(page.locator("#empty")).to_contain_text("Drop, paste or upload")

    await page.keyboard.press("n")
    await expect(page.get_by_label("Name", exact=True)).to_be_focused()
    assert not await findings(window)
    await page.keyboard.press("Escape")
    await expect(page.locator("#ask-folder")).to_be_hidden()
    await make_folder(window, "<b>reports/2026")
    await expect(window.row("<b>reports").locator(".name")).to_be_focused()
    await expect(other.row("<b>reports")).to_contain_text("0 files")
    with pytest.raises(NotFoundError):
        await (await foreign.jetstream().object_store(bucket)).list()

    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("<b>reports")
    await page.get_by_role("link", name="2026", exact=True).click()
    await expect(page.locator("h1")).to_have_text("2026")
    await expect(page.locator("#empty")).to_contain_text("This folder is empty")
    await expect(page.locator(".crumbs a")).to_have_text([bucket, "<b>reports"])
    assert not await findings(window)

    (tmp_path / "a.txt").write_text("a")
    await window.drag(tmp_path / "a.txt")
    await expect(window.row("a.txt")).to_be_visible()
    await expect(other.row("<b>reports")).to_contain_text("1 file")
    await store.delete(bucket, "<b>reports/2026/a.txt")
    await expect(page.locator("#empty")).to_contain_text("This folder is empty")
    await expect(other.row("<b>reports")).to_contain_text("0 files")
    await page.locator(".crumbs a").first.click()
    await expect(page.locator("h1")).to_have_text(bucket)

    await make_folder(window, "<b>reports")
    await expect(page.locator(".toast.error")).to_contain_text("There is a folder of this name already")
    await page.locator(".toast.error").get_by_role("button", name="Close").click()
    window.expected += ("409",)
    await window.row("<b>reports").locator(".name").focus()
    await page.keyboard.press("F2")
    await page.get_by_label("New name of <b>reports").fill("plans")
    await page.keyboard.press("Enter")
    await expect(other.row("plans")).to_be_visible()
    await expect(other.row("<b>reports")).to_have_count(0)
    await window.row("plans").locator(".name").focus()
    await page.keyboard.press("Delete")
    await page.locator("#ask-delete").get_by_role("button", name="Delete").click()
    await expect(other.page.locator("#empty")).to_contain_text("This bucket is empty")
    await page.get_by_role("button", name="Undo").last.click()
    await expect(other.row("plans")).to_be_visible()
    assert sorted(await store.folders.list(bucket)) == ["plans/", "plans/2026/"]
    assert not other.unexpected()
    await context.close()


async def test_what_is_dropped_onto_a_folder_a_tile_or_a_breadcrumb_goes_there(
    window: Window, bucket: str, store: ObjectStore, tmp_path: Path
) -> None:
    (tmp_path / "tree" / "deep").mkdir(parents=True)
    (tmp_path / "tree" / "deep" / "leaf.txt").write_text("leaf")
    (tmp_path / "one.txt").write_text("one")
    await store.folders.create(bucket, ["a/b/"])
    page = window.page
    await window.open_bucket(bucket)
    await window.drag(tmp_path / "one.txt", onto="#rows > tr", drop=False)
    await expect(window.row("a")).to_have_class(re.compile("drop-target"))
    await expect(page.locator("#drop > div")).to_be_hidden()
    await window.drag(tmp_path / "tree", tmp_path / "one.txt", onto="#rows > tr")
    await expect(window.row("a")).to_contain_text("2 files")
    await expect(window.row("a")).not_to_have_class(re.compile("drop-target"))
    await page.get_by_role("button", name="Grid").click()
    await window.row("a").get_by_role("link").first.click()
    await expect(page.locator("h1")).to_have_text("a")
    await expect(window.row("b")).to_be_visible()
    await window.drag(tmp_path / "one.txt", onto="#rows > tr")
    await expect(window.row("b")).to_contain_text("1 file")
    await window.drag(tmp_path / "one.txt", onto=".crumbs a", drop=False)
    await expect(page.locator(".crumbs a")).to_have_class(re.compile("drop-target"))
    await window.drag(tmp_path / "one.txt", onto=".crumbs a")
    await expect(page.locator("#tray h2")).to_have_text("4 uploaded")
    assert await names(store, bucket) == ["a/b/one.txt", "a/one.txt", "a/tree/deep/leaf.txt", "one.txt"]


async def test_a_picture_and_files_are_pasted_and_fields_keep_their_own(window: Window, bucket: str, store: ObjectStore) -> None:
    page = window.page
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await store.put(bucket, "in/kept.txt", b"x")
    await window.open_bucket(bucket, "?prefix=in%2F")
    await page.evaluate(COPY_PICTURE)
    await page.locator("#search").focus()
    await page.keyboard.press("Control+v")
    await page.locator("#main").focus()
    await page.keyboard.press("Control+v")
    await expect(page.locator("#tray h2")).to_have_text("1 uploaded")
    await page.evaluate(PASTE_FILES, ["image.png", "kept.txt"])
    await page.locator("#ask-conflict").get_by_role("button", name="Keep both").click()
    await expect(page.locator("#tray h2")).to_have_text("3 uploaded")
    found = await names(store, bucket)
    assert [name for name in found if not name.startswith("in/pasted")] == ["in/image.png", "in/kept (2).txt", "in/kept.txt"]
    (pasted,) = (name for name in found if name.startswith("in/pasted"))
    assert re.fullmatch(r"in/pasted-20\d{6}-\d{6}\.png", pasted)
    assert (await store.info(bucket, pasted)).content_type == "image/png"
