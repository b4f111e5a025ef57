"""Finding what one looks for: the search, the way through a folder file by file, and what fits on a phone."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Route, expect

from buckets.objectstore import ObjectStore

from .conftest import Window
from .test_accessibility import findings
from .test_object_page import DOT, plain

__all__ = ["plain"]
both = pytest.mark.parametrize("scheme", ["light", "dark"], indirect=True)
# Whether two elements, each by its selector, lie over each other.
OVERLAP = """([one, other]) => {
  const [a, b] = [one, other].map((each) => document.querySelector(each).getBoundingClientRect());
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}"""


async def label(window: Window) -> str:
    return str(await window.page.evaluate("document.activeElement.querySelector('.label')?.textContent"))


@both
async def test_words_in_any_order_find_files_and_folders_and_the_search_is_cleared(window: Window, bucket: str, store: ObjectStore) -> None:
    for name in ("Reports/2026/q3 summary.pdf", "Reports/old.txt", "q3.txt", "summary.txt"):
        await store.put(bucket, name, b"x")
    page = window.page
    await window.open_bucket(bucket)
    search, clear, rows = page.locator("#search"), page.get_by_role("button", name="Clear the search"), page.locator("#rows > tr")
    await expect(clear).to_be_hidden()
    await page.keyboard.press("/")
    await page.keyboard.type("summary q3")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Reports/2026/q3 summary.pdf")
    await expect(page.locator("#announcer")).to_have_text("1 match")
    await expect(search).to_be_focused()
    await clear.click()
    await expect(rows).to_have_count(3)
    await expect(search).to_be_focused()
    await expect(search).to_have_value("")
    await page.keyboard.type("2026")
    await expect(page.locator("#announcer")).to_have_text("2 matches")
    await expect(rows.first).to_have_attribute("data-kind", "folder")
    await expect(rows.first.locator(".label")).to_have_text("Reports/2026")
    assert not await findings(window)
    await page.keyboard.press("Escape")
    await expect(rows).to_have_count(3)
    await expect(search).to_be_focused()
    await page.keyboard.type("2026")
    await expect(rows).to_have_count(2)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("2026")
    await expect(rows).to_contain_text("q3 summary.pdf")


@both
async def test_the_arrows_go_on_beside_the_details_and_from_file_to_file(window: Window, bucket: str, store: ObjectStore) -> None:
    for name in ("a.txt", "b.png", "c.txt", "folder/d.txt"):
        await store.put(bucket, name, DOT if name.endswith("png") else name.encode())
    page, keys = window.page, window.page.keyboard
    title = page.locator("#drawer-title")
    await window.open_bucket(bucket)
    await window.row("a.txt").locator(".name").focus()
    await keys.press("i")
    await expect(title).to_have_text("a.txt")
    assert await label(window) == "a.txt"
    await keys.press("ArrowDown")
    await expect(title).to_have_text("b.png")
    assert await label(window) == "b.png"
    await keys.press("F6")
    await expect(title).to_be_focused()
    await keys.press("ArrowDown")
    await expect(title).to_have_text("c.txt")
    await expect(title).to_be_focused()
    await keys.press("F6")
    assert await label(window) == "c.txt"
    await page.get_by_role("button", name="Grid").click()
    await expect(window.row("c.txt")).to_have_class("shown")
    await expect(window.row("c.txt")).to_have_css("box-shadow", await shadow_of(window, "inset 0 0 0 2px var(--accent)"))
    assert not await findings(window)
    await page.get_by_role("link", name="Open full page").click()
    await expect(page.locator("h1")).to_have_text("c.txt")
    await expect(page.get_by_role("link", name="Next file")).to_have_count(0)
    await keys.press("ArrowLeft")
    await expect(page.locator("h1")).to_have_text("b.png")
    picture = await page.locator(".picture img").bounding_box()
    frame = await page.locator(".picture").bounding_box()
    assert picture
    assert frame
    assert picture["y"] == frame["y"]
    assert not await findings(window)
    await page.get_by_role("link", name="Next file: c.txt").click()
    await expect(page.locator("h1")).to_have_text("c.txt")
    await keys.press("ArrowLeft")
    await expect(page.locator("h1")).to_have_text("b.png")
    await keys.press("ArrowLeft")
    await expect(page.locator("h1")).to_have_text("a.txt")
    await expect(page.get_by_role("link", name="Previous file")).to_have_count(0)


async def shadow_of(window: Window, value: str) -> str:
    """How the browser writes it."""
    script = """(value) => { const probe = document.body.appendChild(document.createElement('i')); probe.style.boxShadow = value;
      const written = getComputedStyle(probe).boxShadow; probe.remove(); return written; }"""
    return str(await window.page.evaluate(script, value))


@both
async def test_on_a_phone_the_list_begins_high_and_what_is_hit_is_large(window: Window, bucket: str, store: ObjectStore) -> None:
    page = window.page
    await page.set_viewport_size({"width": 390, "height": 800})
    long = "a folder with a name that is far too long for a telephone/and another one in it that is as long/"
    for name in ("a.txt", "b.txt", f"{long}report.txt"):
        await store.put(bucket, name, b"x")
    await window.open_bucket(bucket)
    assert await page.locator("#list").evaluate("(list) => list.getBoundingClientRect().top") <= 150
    assert not await page.evaluate(OVERLAP, [".topbar .btn", ".crumbs h1"])
    assert not await findings(window)
    await page.get_by_role("button", name="More for a.txt").click()
    await expect(page.locator("#row-menu button").first).to_be_visible()
    assert min(await heights(window, "#row-menu button")) >= 44
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Menu", exact=True).click()
    await expect(page.locator("#side .nav a").first).to_be_visible()
    assert min(await heights(window, "#side .nav li > a")) >= 44
    await page.keyboard.press("Escape")
    await window.open_bucket(bucket, f"?prefix={long.replace('/', '%2F')}")
    await expect(window.row("report.txt")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not await page.evaluate(OVERLAP, [".topbar .btn", ".crumbs li"])
    assert not await page.evaluate(OVERLAP, [".crumbs", ".views"])
    await page.locator("#search").fill("report")
    await expect(page.get_by_role("link", name="Whole bucket")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def heights(window: Window, selector: str) -> list[float]:
    return list(await window.page.locator(selector).evaluate_all("(all) => all.map((each) => each.getBoundingClientRect().height)"))


async def test_uploads_cover_neither_the_selection_nor_the_details(window: Window, bucket: str, store: ObjectStore, tmp_path: Path) -> None:
    page = window.page
    for name in ("a.txt", "b.txt"):
        await store.put(bucket, name, b"x")
    (tmp_path / "up.txt").write_text("up")
    await window.open_bucket(bucket)
    await page.locator("#pick-files").set_input_files(str(tmp_path / "up.txt"))
    await expect(page.locator("#tray h2")).to_have_text("1 uploaded")
    await page.get_by_label("Select a.txt").check()
    await expect(page.locator("#selection")).to_be_visible()
    for width in (1280, 1100):
        await page.set_viewport_size({"width": width, "height": 800})
        assert not await page.evaluate(OVERLAP, ["#tray", "#selection"])
    await window.row("b.txt").locator(".name").focus()
    await page.keyboard.press("i")
    await expect(page.locator("#drawer")).to_be_visible()
    await page.wait_for_function("() => document.getAnimations().every((each) => each.playState !== 'running')", polling=50)
    for width in (1280, 1100):
        await page.set_viewport_size({"width": width, "height": 800})
        for one, other in (("#tray", "#selection"), ("#tray", "#drawer"), ("#selection", "#drawer")):
            assert not await page.evaluate(OVERLAP, [one, other]), (width, one, other)


async def test_a_key_pressed_before_the_scripts_are_there_is_not_lost(window: Window, bucket: str) -> None:
    page = window.page
    held = asyncio.Event()

    async def wait(route: Route) -> None:
        await held.wait()
        await route.continue_()

    await page.route("**/js/keyboard.js", wait)
    await page.goto(f"{window.url}/buckets/{bucket}/", wait_until="commit")
    await page.wait_for_function("() => window.earlyKeys !== undefined && document.getElementById('pick-files')")
    await page.keyboard.press("u")
    async with page.expect_file_chooser():
        held.set()


async def test_a_folder_is_made_without_scripts(plain: Window, bucket: str, store: ObjectStore) -> None:
    page = plain.page
    await plain.open(f"/buckets/{bucket}/")
    await page.get_by_role("link", name="New folder").click()
    await page.locator("#id_name").fill("2026/invoices")
    await page.get_by_role("button", name="Create").click()
    await expect(page.locator("#toasts")).to_contain_text("The folder 2026/invoices is made.")
    await page.get_by_role("link", name="2026", exact=True).click()
    await page.get_by_role("link", name="New folder").click()
    await page.locator("#id_name").fill("invoices")
    await page.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("alert")).to_contain_text("There is a folder of this name already")
    assert sorted(await store.folders.list(bucket)) == ["2026/", "2026/invoices/"]


async def test_a_single_file_goes_to_the_trash_without_a_question_unless_a_link_would_break(
    window: Window, bucket: str, store: ObjectStore
) -> None:
    from buckets.objectstore import Link

    page = window.page
    await store.history.enable(bucket)
    for name in ("a.txt", "b.txt"):
        await store.put(bucket, name, b"x")
    await store.add_link(bucket, "to b", Link(bucket, "b.txt"))
    await window.open_bucket(bucket)
    await window.row("a.txt").locator(".name").focus()
    await page.keyboard.press("Delete")
    await expect(page.locator("#toasts")).to_contain_text("1 file moved to the trash.")
    await expect(page.locator("#ask-delete")).to_be_hidden()
    await page.locator("#toasts").get_by_role("button", name="Undo").click()
    await expect(window.row("a.txt")).to_be_visible()
    await window.row("b.txt").locator(".name").focus()
    await page.keyboard.press("Delete")
    await expect(page.locator("#ask-delete")).to_contain_text("1 link leads to this and will break")
    await page.keyboard.press("Escape")
    await page.keyboard.press("F2")
    await page.get_by_label("New name of b.txt").fill("c.txt")
    await page.keyboard.press("Enter")
    toast = page.locator(".toast", has_text="1 link leads to where this was.")
    await expect(toast).to_have_attribute("data-seconds", "0")
    await toast.get_by_role("button", name="Let the links follow").click()
    await expect(page.locator("#toasts")).to_contain_text("1 link follows.")


async def test_what_is_typed_in_the_move_dialog_is_where_things_go(window: Window, bucket: str, store: ObjectStore) -> None:
    page = window.page
    for name in ("a.txt", "b.txt", "archive/old.txt"):
        await store.put(bucket, name, b"x")
    await window.open_bucket(bucket)
    outcome: Any = page.locator("#ask-place [data-what]")
    await window.row("a.txt").locator(".name").focus()
    await page.keyboard.press("m")
    await page.locator("#place-filter").fill("arch")
    await expect(outcome).to_have_text(f"a.txt → {bucket} / archive")
    await page.locator("#place-filter").fill("brand new")
    await expect(outcome).to_have_text(f"a.txt → {bucket} / brand new")
    await page.get_by_role("button", name="Move here").click()
    await expect(page.locator("#toasts")).to_contain_text("moved")
    assert (await store.info(bucket, "brand new/a.txt")).size == 1
