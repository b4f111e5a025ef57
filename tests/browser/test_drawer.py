"""The details of a file beside the list: opened, walked through, followed and closed, with the mouse, the keyboard, Back and on a phone."""

import pytest
from playwright.async_api import expect

from buckets.objectstore import Link, ObjectStore

from .conftest import Window
from .test_accessibility import findings
from .test_object_page import DOT

both = pytest.mark.parametrize("scheme", ["light", "dark"], indirect=True)


@both
async def test_it_is_opened_walked_through_and_closed_and_back_closes_it(window: Window, bucket: str, store: ObjectStore) -> None:
    page = window.page
    for name, data in (("a.txt", b"first text\n"), ("b.png", DOT), ("c.csv", b"x,y\n1,2\n"), ("folder/d.txt", b"below")):
        await store.put(bucket, name, data, headers={"Uploaded-By": ["maya"]})
    await store.add_link(bucket, "e-link", Link(bucket, "a.txt"))
    await window.open_bucket(bucket)
    drawer, title = page.locator("#drawer"), page.locator("#drawer-title")
    await expect(drawer).to_be_hidden()
    await window.row("a.txt").hover()
    await window.row("a.txt").get_by_role("link", name="Details of a.txt").click()
    await expect(title).to_have_text("a.txt")
    await expect(drawer).to_contain_text("first text")
    await expect(drawer).to_contain_text("maya")
    await expect(title).to_be_focused()
    assert page.url.endswith("?open=a.txt")
    assert not await findings(window)
    await page.keyboard.press("ArrowRight")
    await expect(title).to_have_text("b.png")
    await expect(drawer.get_by_role("img", name="b.png")).to_have_js_property("naturalWidth", 1)
    await drawer.get_by_role("button", name="Next file").click()
    await expect(drawer).to_contain_text("Open full page")
    await expect(title).to_have_text("c.csv")
    await page.keyboard.press("ArrowLeft")
    await expect(title).to_have_text("b.png")
    await page.go_back()
    await expect(drawer).to_be_hidden()
    assert "open=" not in page.url
    await page.go_forward()
    await expect(drawer).to_be_visible()
    await expect(title).to_have_text("b.png")
    await page.keyboard.press("Escape")
    await expect(drawer).to_be_hidden()
    await expect(window.row("b.png").locator(".name")).to_be_focused()
    await expect(page).to_have_url(f"{window.url}/buckets/{bucket}/")


@both
async def test_the_keyboard_opens_it_and_it_follows_the_row_and_the_file(window: Window, bucket: str, store: ObjectStore) -> None:
    page = window.page
    await store.history.enable(bucket)
    for name in ("a.txt", "b.txt", "c.txt"):
        await store.put(bucket, name, f"text of {name}".encode())
    await window.open(f"/buckets/{bucket}/?open=b.txt")
    drawer, title = page.locator("#drawer"), page.locator("#drawer-title")
    await expect(drawer).to_contain_text("text of b.txt")
    await page.keyboard.press("i")
    await expect(drawer).to_be_hidden()
    await window.row("a.txt").locator(".name").focus()
    await page.keyboard.press("i")
    await expect(title).to_have_text("a.txt")
    await window.row("a.txt").locator(".name").focus()
    await page.keyboard.press("ArrowDown")
    await expect(drawer).to_contain_text("text of b.txt")
    await expect(window.row("b.txt").locator(".name")).to_be_focused()
    await store.put(bucket, "b.txt", b"written by another client")
    await expect(drawer).to_contain_text("written by another client")
    await store.delete(bucket, "b.txt")
    await expect(drawer).to_contain_text("not there any more")
    assert not await findings(window)
    await drawer.get_by_role("button", name="Restore").click()
    await expect(page.locator("h1")).to_have_text("b.txt")
    await page.go_back()
    await expect(drawer).to_be_visible()
    await expect(title).to_have_text("b.txt")
    await page.keyboard.press("Escape")
    await window.row("c.txt").get_by_role("checkbox").focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("i")
    await expect(drawer).to_be_visible()
    await expect(title).to_have_text("c.txt")
    await page.get_by_role("link", name="Open full page").click()
    await expect(page.locator("h1")).to_have_text("c.txt")


async def test_on_a_phone_it_covers_the_page_and_nothing_behind_it_is_reached(window: Window, bucket: str, store: ObjectStore) -> None:
    page = window.page
    await page.set_viewport_size({"width": 390, "height": 800})
    await store.put(bucket, "a.txt", b"first text\n" * 100)
    await window.open(f"/buckets/{bucket}/?open=a.txt")
    await expect(page.locator("#drawer")).to_contain_text("first text")
    box = await page.locator("#drawer").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 390, "height": 800}
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not await findings(window)
    for _ in range(12):
        await page.keyboard.press("Tab")
        where = "document.activeElement === document.body || document.activeElement.closest('#drawer, .skip, .tray, .toasts') !== null"
        assert await page.evaluate(where)
    await page.get_by_role("button", name="Close the details").click()
    await expect(page.locator("#drawer")).to_be_hidden()
    await expect(window.row("a.txt")).to_be_visible()


async def test_an_earlier_version_is_restored_without_leaving_the_files(window: Window, bucket: str, store: ObjectStore) -> None:
    page, drawer = window.page, window.page.locator("#drawer")
    await store.history.enable(bucket)
    for text in ("first", "second", "third"):
        await store.put(bucket, "2026/a.txt", text.encode())
    await window.open(f"/buckets/{bucket}/?prefix=2026%2F&open=2026%2Fa.txt")
    versions = drawer.get_by_role("listitem")
    await expect(versions).to_have_count(3)
    await expect(drawer).to_contain_text("third")
    assert not await findings(window)
    await versions.nth(2).get_by_role("button", name="Restore").click()
    await expect(page.locator("#toasts")).to_contain_text("2026/a.txt is restored")
    await expect(versions).to_have_count(4)
    await expect(drawer).to_contain_text("first")
    await expect(window.row("a.txt")).to_be_visible()
    async with await store.get(bucket, "2026/a.txt") as reader:
        assert b"".join([piece async for piece in reader]) == b"first"
