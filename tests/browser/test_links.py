"""Links in a browser: made by the words on the page, followed, found broken, repaired, and asked about before their target goes."""

import pytest
from playwright.async_api import expect

from buckets.objectstore import BucketConfig, Link, ObjectNotFound, ObjectStore

from .conftest import Window
from .test_accessibility import findings
from .test_object_page import plain

__all__ = ["plain"]
both = pytest.mark.parametrize("scheme", ["light", "dark"], indirect=True)


@pytest.fixture
async def other(bucket: str, store: ObjectStore) -> str:
    """Another bucket, with files to link to."""
    name = f"{bucket}-other"
    await store.create_bucket(BucketConfig(name))
    for each in ("models/v1.onnx", "models/v2.onnx", "readme.txt"):
        await store.put(name, each, b"x" * 2000)
    return name


@both
async def test_a_newcomer_makes_a_link_in_another_bucket_by_the_words_on_the_page(
    window: Window, bucket: str, other: str, store: ObjectStore
) -> None:
    page = window.page
    await window.open_bucket(bucket)
    await page.get_by_role("link", name="Links", exact=True).click()
    await expect(page.locator("#main")).to_contain_text("No links yet")
    assert not await findings(window)
    await page.get_by_role("link", name="New link").first.click()
    await page.get_by_label("Bucket it leads to").select_option(other)
    await page.get_by_label("File it leads to").fill("v2")
    await page.get_by_role("option", name="models/v2.onnx").wait_for()
    assert not await findings(window)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("File it leads to")).to_have_value("models/v2.onnx")
    await expect(page.get_by_label("Name of the link")).to_have_value("v2.onnx")
    await page.get_by_label("Name of the link").fill("latest.onnx")
    await page.get_by_role("button", name="Make the link").click()
    await expect(page.locator(".preview")).to_contain_text("It leads to models/v2.onnx")
    assert (await store.info(bucket, "latest.onnx")).link == Link(other, "models/v2.onnx")
    assert not await findings(window)
    await page.get_by_role("link", name="Go there").click()
    await expect(page.locator("h1")).to_have_text("v2.onnx")
    await expect(page.locator(".details .links")).to_contain_text("latest.onnx")
    await page.get_by_role("link", name="Link to this…").click()
    await expect(page.get_by_label("File it leads to")).to_have_value("models/v2.onnx")
    await page.get_by_label("Make the link in").select_option(bucket)
    await page.get_by_label("A whole bucket").check()
    await expect(page.get_by_label("File it leads to")).to_be_hidden()
    await expect(page.get_by_label("Name of the link")).to_have_value(other)
    await page.get_by_role("button", name="Make the link").click()
    await expect(page.locator(".preview")).to_contain_text("It leads to the bucket")
    assert (await store.info(bucket, other)).link == Link(other, None)


@both
async def test_the_page_of_links_is_live_and_a_broken_one_is_repaired(window: Window, bucket: str, store: ObjectStore) -> None:
    page = window.page
    await store.history.enable(bucket)
    for name in ("a.txt", "b.txt"):
        await store.put(bucket, name, name.encode())
        await store.add_link(bucket, f"to-{name}", Link(bucket, name))
    await window.open(f"/buckets/{bucket}/links")
    await expect(page.locator("tr", has_text="to-a.txt")).to_contain_text("works")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("tr .name", has_text="to-b.txt")).to_be_focused()
    await store.rename(bucket, "a.txt", "folder/renamed.txt")
    await expect(page.locator("tr", has_text="to-a.txt")).to_contain_text("broken")
    await expect(page.locator("tr .name", has_text="to-b.txt")).to_be_focused()
    assert not await findings(window)
    await page.get_by_role("link", name="Repair to-a.txt").click()
    await expect(page.locator(".suggestions")).to_contain_text("the very file, under its new name")
    assert not await findings(window)
    await page.get_by_role("button", name="Lead it there: folder/renamed.txt").click()
    await expect(page.locator("tr", has_text="to-a.txt")).to_contain_text("works")
    assert (await store.info(bucket, "to-a.txt")).link == Link(bucket, "folder/renamed.txt")
    await page.get_by_role("button", name="Delete the link to-b.txt").click()
    await expect(page.locator("tr", has_text="to-b.txt")).to_have_count(0)
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator("tr", has_text="to-b.txt")).to_contain_text("works")
    await page.set_viewport_size({"width": 390, "height": 800})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await expect(page.get_by_role("button", name="Delete the link to-b.txt")).to_be_visible()
    await expect(page.get_by_role("link", name="Change where to-b.txt leads")).to_be_visible()


async def test_before_a_target_goes_one_is_told_and_after_a_rename_links_follow(window: Window, bucket: str, store: ObjectStore) -> None:
    page = window.page
    await store.put(bucket, "a.txt", b"a")
    for name in ("one", "two"):
        await store.add_link(bucket, name, Link(bucket, "a.txt"))
    await window.open_bucket(bucket)
    await window.row("a.txt").get_by_role("checkbox").check()
    await page.keyboard.press("Delete")
    await expect(page.locator("#ask-delete")).to_contain_text("2 links lead to this and will break")
    await expect(page.locator("#ask-delete .breaks")).to_contain_text("one")
    assert not await findings(window)
    await page.keyboard.press("Escape")
    await window.open(f"/buckets/{bucket}/object/details?name=a.txt")
    await expect(page.get_by_label("Let the links follow a new name")).to_be_checked()
    await page.locator("#id_name").fill("b.txt")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#toasts")).to_contain_text("2 links follow.")
    assert (await store.info(bucket, "one")).link == Link(bucket, "b.txt")


async def test_links_work_without_scripts_on_a_phone(plain: Window, bucket: str, other: str, store: ObjectStore) -> None:
    page = plain.page
    await plain.open(f"/buckets/{bucket}/links")
    await page.get_by_role("link", name="New link").first.click()
    await page.get_by_label("Bucket it leads to").select_option(other)
    await page.get_by_label("File it leads to").fill("absent.txt")
    await page.get_by_label("Name of the link").fill("l.txt")
    await page.get_by_role("button", name="Make the link").click()
    await expect(page.get_by_role("alert")).to_contain_text("There is no file “absent.txt” in the bucket")
    await page.get_by_label("File it leads to").fill("readme.txt")
    await page.get_by_role("button", name="Make the link").click()
    await expect(page.locator("h1")).to_have_text("l.txt")
    await plain.open(f"/buckets/{bucket}/links")
    await page.get_by_role("link", name="Change where l.txt leads").click()
    await page.get_by_label("A whole bucket").check()
    await page.get_by_role("button", name="Save").click()
    assert (await store.info(bucket, "l.txt")).link == Link(other, None)
    await page.get_by_role("button", name="Delete the link l.txt").click()
    await expect(page.locator("#main")).to_contain_text("No links yet")
    with pytest.raises(ObjectNotFound):
        await store.info(bucket, "l.txt")


@both
async def test_a_broken_link_is_marked_among_the_files_and_ends_on_words_and_repair(
    window: Window, bucket: str, other: str, store: ObjectStore
) -> None:
    page = window.page
    await store.history.enable(bucket)
    await store.put(bucket, "a.txt", b"here")
    for name, to in (("here", Link(bucket, "a.txt")), ("there", Link(other, "readme.txt")), ("all", Link(other, None))):
        await store.add_link(bucket, name, to)
    await window.open_bucket(bucket)
    marks = page.locator("#rows .broken")
    await expect(page.get_by_role("link", name="there →")).to_be_visible()
    await expect(marks).to_have_count(0)
    await store.delete(bucket, "a.txt")
    await expect(page.locator("tr", has_text="→ a.txt").locator(".broken")).to_have_text("Broken link")
    await store.put(bucket, "a.txt", b"again")
    await expect(marks).to_have_count(0)
    await store.delete(other, "readme.txt")
    await expect(page.locator("tr", has_text="readme.txt").locator(".broken")).to_be_visible()
    assert not await findings(window)
    await page.get_by_role("link", name="there Broken link").click()
    await expect(page.locator(".preview")).to_contain_text("That file is not there (any more)")
    await expect(page.locator(".preview")).to_contain_text(f"It leads to readme.txt in the bucket {other}")
    await expect(page.get_by_role("link", name="Repair…")).to_be_visible()
    assert not await findings(window)
    await store.put(other, "readme.txt", b"again")
    await expect(page.locator("#news")).to_contain_text("What this link leads to has gone, or is back.")
    await page.locator("#news").get_by_role("link", name="Show").click()
    await expect(page.get_by_role("link", name="Go there")).to_be_visible()
    await window.open_bucket(bucket)
    await expect(page.locator("tr", has_text="readme.txt")).to_be_visible()
    await expect(marks).to_have_count(0)
    window.expected = ("404",)
    await store.delete(bucket, "a.txt")
    await window.open(f"/buckets/{bucket}/object?name=a.txt")
    await expect(page.locator(".missing")).to_contain_text("This file is not there any more")
    await expect(page.get_by_role("link", name="Repair here")).to_be_visible()
    assert not await findings(window)
    await page.get_by_role("button", name="Restore").click()
    await expect(page.locator("h1")).to_have_text("a.txt")
    await store.delete_bucket(other)
    await window.open_bucket(bucket)
    await page.get_by_role("link", name="all Broken link").click()
    await expect(page.locator(".preview")).to_contain_text("There is no such bucket (any more)")
