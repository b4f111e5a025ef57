"""Pages of an object, its versions and the trash follow what others do, and leave alone what somebody is at."""

import pytest
from playwright.async_api import expect

from buckets.objectstore import ObjectStore

from .conftest import Window
from .test_accessibility import findings

both = pytest.mark.parametrize("scheme", ["light", "dark"], indirect=True)


@both
async def test_the_page_of_an_object_tells_who_changed_or_deleted_it(window: Window, bucket: str, store: ObjectStore) -> None:
    page = window.page
    await store.history.enable(bucket)
    await store.put(bucket, "a.txt", b"one")
    await window.open(f"/buckets/{bucket}/object?name=a.txt")
    await expect(page.locator("pre.code")).to_contain_text("one")
    await store.put(bucket, "a.txt", b"two", writer="maya")
    await expect(page.locator("#news")).to_contain_text("maya changed this file.")
    await expect(page.locator("pre.code")).to_contain_text("one")
    assert not await findings(window)
    await page.locator("#news").get_by_role("link", name="Show").click()
    await expect(page.locator("pre.code")).to_contain_text("two")
    await store.delete(bucket, "a.txt", writer="tom")
    await expect(page.locator("#news")).to_contain_text("tom deleted this file.")
    await page.locator("#news").get_by_role("button", name="Restore").click()
    await expect(page.locator("#toasts")).to_contain_text("a.txt is back.")


async def test_a_text_that_is_being_edited_stays_while_the_page_tells_of_a_change(window: Window, bucket: str, store: ObjectStore) -> None:
    page = window.page
    await store.put(bucket, "a.txt", b"one")
    await window.open(f"/buckets/{bucket}/object/text?name=a.txt")
    await page.get_by_label("Text of a.txt").fill("mine")
    await store.put(bucket, "a.txt", b"two")
    await expect(page.locator("#news")).to_contain_text("What you typed stays")
    await expect(page.get_by_label("Text of a.txt")).to_have_value("mine")
    await expect(page.get_by_label("Text of a.txt")).to_be_focused()


async def test_a_new_version_slides_in_and_arrow_keys_move_through_them(window: Window, bucket: str, store: ObjectStore) -> None:
    page = window.page
    await store.history.enable(bucket)
    for text in (b"one", b"two"):
        await store.put(bucket, "a.txt", text)
    await window.open(f"/buckets/{bucket}/versions?name=a.txt")
    steps = page.locator("li.step")
    await expect(steps).to_have_count(2)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect(steps.nth(1)).to_be_focused()
    await page.keyboard.press("Space")
    await expect(steps.nth(1).get_by_role("checkbox")).to_be_checked()
    await store.put(bucket, "a.txt", b"three")
    await expect(steps).to_have_count(3)
    await expect(steps.nth(0)).to_contain_text("current")
    await expect(steps.nth(2)).to_be_focused()
    await expect(steps.nth(2).get_by_role("checkbox")).to_be_checked()
    await page.keyboard.press("Enter")
    await expect(page.locator("pre.code")).to_contain_text("one")


async def test_the_trash_fills_while_it_is_open_and_ticks_stay(window: Window, bucket: str, store: ObjectStore) -> None:
    page = window.page
    await store.history.enable(bucket)
    for name in ("a.txt", "b.txt", "c.txt"):
        await store.put(bucket, name, name.encode())
    await store.delete(bucket, "a.txt")
    await window.open(f"/buckets/{bucket}/trash")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Space")
    await expect(page.get_by_label("Tick a.txt")).to_be_checked()
    await store.delete(bucket, "b.txt")
    await expect(page.locator("tbody tr")).to_have_count(2)
    await expect(page.get_by_label("Tick a.txt")).to_be_checked()
    await expect(page.locator(".selection [data-count]")).to_have_text("1 item ticked")
    await page.get_by_label("Tick b.txt").check()
    await expect(page.locator(".selection [data-count]")).to_have_text("2 items ticked")
    await page.locator(".selection").get_by_role("button", name="Restore").click()
    await expect(page.locator("#main")).to_contain_text("The trash is empty")


async def test_the_sizes_beside_every_page_follow_soon(window: Window, bucket: str, store: ObjectStore) -> None:
    page = window.page
    await window.open_bucket(bucket)
    await store.put(bucket, "large.bin", bytes(3_000_000))
    await expect(page.locator("#side-body li", has_text=bucket).locator("small")).to_contain_text("2.8", timeout=5000)
