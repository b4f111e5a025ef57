"""Acting on what is chosen: moving, copying, linking, downloading, renaming, dragging, the menu; and taking it back."""

import asyncio
import io
import zipfile
from typing import Any

import pytest
from playwright.async_api import Browser, Route, expect

from buckets.objectstore import BucketConfig, ObjectStore
from tests.site import Site

from .conftest import Window
from .test_accessibility import findings
from .test_grid import image, picture, to_grid
from .test_main_job import put

both = pytest.mark.parametrize("scheme", ["light", "dark"], indirect=True)


async def names(store: ObjectStore, bucket: str) -> list[str]:
    return sorted(info.name for info in await store.list(bucket))


async def is_stored(store: ObjectStore, bucket: str, *expected: str) -> None:
    """Wait until the bucket has just these objects."""
    async with asyncio.timeout(20):
        while await names(store, bucket) != sorted(expected):
            await asyncio.sleep(0.05)


async def select(window: Window, *labels: str) -> None:
    for label in labels:
        await window.page.get_by_label(f"Select {label}", exact=True).check()


async def test_files_and_a_folder_are_moved_with_the_keyboard_and_put_back(window: Window, bucket: str, store: ObjectStore) -> None:
    before = ("a.txt", "b.txt", "box/deep/c.txt", "target/old/x.txt", "theirs.txt")
    for name in before:
        await put(store, bucket, name)
    await window.open_bucket(bucket)
    keys, page = window.page.keyboard, window.page
    await select(window, "a.txt", "b.txt", "box")
    await keys.press("m")
    dialog = page.locator("#ask-place")
    await expect(dialog).to_contain_text("Move 2 files and 1 folder")
    await expect(dialog.locator("[data-go]")).to_be_disabled()
    await expect(dialog.locator("#place-folders li")).to_have_count(2)
    await keys.type("tar")
    await keys.press("Enter")
    await expect(dialog.locator("[data-what]")).to_have_text(f"2 files and 1 folder → {bucket} / target")
    await keys.type("new/2026")
    await expect(dialog.locator("#place-folders [aria-selected=true]")).to_contain_text("New folder")
    await keys.press("Enter")
    await expect(dialog.locator("[data-what]")).to_have_text(f"2 files and 1 folder → {bucket} / target / new / 2026")
    await keys.press("Enter")
    await expect(page.locator("#toasts")).to_contain_text(f"3 files moved to {bucket} / target / new / 2026.")
    where = "target/new/2026/"
    await is_stored(store, bucket, f"{where}a.txt", f"{where}b.txt", f"{where}box/deep/c.txt", "target/old/x.txt", "theirs.txt")
    await page.locator("#toasts").get_by_role("button", name="Undo").click()
    await expect(page.locator("#toasts")).to_contain_text("Undone.")
    await is_stored(store, bucket, *before)
    await select(window, "target")
    await keys.press("m")
    await keys.type("target")
    await keys.press("Enter")
    await expect(dialog.locator("[data-what]")).to_have_text("A folder cannot be put into itself.")
    await expect(dialog.locator("[data-go]")).to_be_disabled()
    await keys.press("Escape")
    await expect(dialog).to_be_hidden()


async def test_copies_into_another_bucket_ask_once_about_taken_names(window: Window, bucket: str, store: ObjectStore) -> None:
    other = f"{bucket}-other"
    await store.create_bucket(BucketConfig(other))
    await store.history.enable(other)
    for name in ("a.txt", "b.txt", "box/c.txt", "d.txt"):
        await put(store, bucket, name, 5)
    for name in ("a.txt", "b.txt", "box/c.txt"):
        await put(store, other, name, 3)
    await window.open_bucket(bucket)
    page = window.page
    await select(window, "a.txt", "b.txt", "box", "d.txt")
    await page.locator("#selection").get_by_role("button", name="Copy…").click()
    await page.locator("#ask-place").get_by_label("Bucket").select_option(other)
    await page.locator("#ask-place").get_by_role("button", name="Copy here").click()
    question = page.locator("#ask-taken")
    await expect(question).to_contain_text(f"a.txt is already in {other}")
    await expect(question).to_contain_text("keeps what it was among its versions")
    await question.get_by_role("button", name="Keep both").click()
    await expect(question).to_contain_text(f"b.txt is already in {other}")
    await question.get_by_label("Do this for all 2").check()
    await question.get_by_role("button", name="Replace").click()
    await expect(page.locator("#toasts")).to_contain_text(f"4 files copied to {other}.")
    await is_stored(store, other, "a.txt", "a (2).txt", "b.txt", "box/c.txt", "d.txt")
    assert [(await store.info(other, name)).size for name in ("a.txt", "a (2).txt", "b.txt", "box/c.txt")] == [3, 5, 5, 5]
    await put(store, other, "d.txt", 9)
    await page.locator("#toasts").get_by_role("button", name="Undo").click()
    await expect(page.locator("#toasts")).to_contain_text("d.txt stays as it is")
    await is_stored(store, other, "a.txt", "b.txt", "box/c.txt", "d.txt")
    assert [(await store.info(other, name)).size for name in ("a.txt", "b.txt", "box/c.txt", "d.txt")] == [3, 3, 3, 9]
    assert len(await names(store, bucket)) == 4


async def test_skipping_leaves_both_and_a_copy_beside_itself_gets_a_number(window: Window, bucket: str, store: ObjectStore) -> None:
    for name in ("a.txt", "b.txt", "to/a.txt", "to/b.txt"):
        await put(store, bucket, name, len(name))
    await window.open_bucket(bucket)
    page = window.page
    await select(window, "a.txt", "b.txt")
    await page.keyboard.press("m")
    await page.keyboard.type("to")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.locator("#ask-taken")).to_contain_text("cannot be undone: this bucket keeps no history")
    await page.locator("#ask-taken").get_by_role("button", name="Skip").click()
    await expect(page.locator("#ask-taken")).to_contain_text("b.txt")
    await page.keyboard.press("Escape")
    await expect(page.locator("#toasts")).to_contain_text("Nothing was changed.")
    await window.row("a.txt").get_by_role("link", name="a.txt", exact=True).focus()
    await page.keyboard.press("c")
    await expect(page.locator("#ask-place [data-what]")).to_contain_text("a.txt →")
    await page.keyboard.press("Enter")
    await expect(page.locator("#toasts")).to_contain_text("1 file copied")
    await expect(page.locator("#ask-place")).to_be_hidden()
    assert "a.txt" in await page.evaluate("document.activeElement.textContent")
    await is_stored(store, bucket, "a.txt", "a (2).txt", "b.txt", "to/a.txt", "to/b.txt")
    await page.keyboard.press("Control+z")
    await is_stored(store, bucket, "a.txt", "b.txt", "to/a.txt", "to/b.txt")


async def test_links_are_made_in_another_bucket_and_taken_back(window: Window, bucket: str, store: ObjectStore) -> None:
    other = f"{bucket}-other"
    await store.create_bucket(BucketConfig(other))
    await put(store, bucket, "one.txt")
    await put(store, bucket, "box/two.txt")
    await window.open_bucket(bucket)
    page = window.page
    await select(window, "one.txt", "box")
    await page.keyboard.press("l")
    await page.locator("#ask-place").get_by_label("Bucket").select_option(other)
    await page.locator("#place-filter").fill("see also")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.locator("#toasts")).to_contain_text(f"2 links made in {other} / see also.")
    link = (await store.info(other, "see also/box/two.txt")).link
    assert (link and link.bucket, link and link.name) == (bucket, "box/two.txt")
    assert (await store.info(other, "see also/one.txt")).link
    await page.locator("#toasts").get_by_role("button", name="Undo").click()
    await is_stored(store, other)


async def test_a_selection_is_downloaded_as_one_zip_and_a_file_as_it_is(window: Window, bucket: str, store: ObjectStore) -> None:
    for name in ("one.txt", "box/two.txt", "box/in/three.txt", "not.txt"):
        await put(store, bucket, name, len(name))
    await window.open_bucket(bucket)
    page = window.page
    await select(window, "one.txt", "box")
    async with page.expect_download() as download:
        await page.locator("#selection").get_by_role("button", name="Download").click()
    saved = await (await download.value).path()
    assert (await download.value).suggested_filename == f"{bucket}.zip"
    with zipfile.ZipFile(io.BytesIO(saved.read_bytes())) as archive:
        assert sorted(archive.namelist()) == ["box/in/three.txt", "box/two.txt", "one.txt"]
    await page.keyboard.press("Escape")
    await select(window, "not.txt")
    async with page.expect_download() as download:
        await page.keyboard.press("d")
    assert (await download.value).suggested_filename == "not.txt"
    await page.route("**/archive", lambda route: route.fulfill(status=503, json={"error": {"code": "busy", "message": "Busy"}}))
    window.expected += ("503",)
    await select(window, "one.txt")
    await page.keyboard.press("d")
    await expect(page.locator("#toasts")).to_contain_text("The zip could not be made.")


async def test_what_is_deleted_comes_back_with_undo(window: Window, bucket: str, store: ObjectStore) -> None:
    await store.history.enable(bucket)
    for name in ("one.txt", "box/two.txt"):
        await put(store, bucket, name)
    await window.open_bucket(bucket)
    page = window.page
    await select(window, "one.txt", "box")
    await page.keyboard.press("Delete")
    await page.locator("#ask-delete").get_by_role("button", name="Delete", exact=True).click()
    await expect(page.locator("#toasts")).to_contain_text("2 files moved to the trash.")
    await is_stored(store, bucket)
    await page.locator("#toasts").get_by_role("button", name="Undo").click()
    await expect(page.locator("#toasts")).to_contain_text("Undone.")
    await is_stored(store, bucket, "one.txt", "box/two.txt")


async def test_a_file_is_renamed_in_its_row_while_others_change_the_list(window: Window, bucket: str, store: ObjectStore) -> None:
    for name in ("first.txt", "second.txt"):
        await put(store, bucket, name)
    await window.open_bucket(bucket)
    page, keys = window.page, window.page.keyboard
    field = page.locator(".rename input")
    await window.row("first.txt").get_by_role("link", name="first.txt", exact=True).focus()
    await keys.press("F2")
    await keys.press("Escape")
    await expect(field).to_have_count(0)
    assert "first.txt" in await page.evaluate("document.activeElement.textContent")
    await keys.press("F2")
    await keys.type("second")
    await put(store, bucket, "first.txt", 77)
    await put(store, bucket, "aaa.txt")
    await expect(window.row("first.txt")).to_contain_text("77 B")
    await expect(window.row("aaa.txt")).to_have_count(1)
    await expect(field).to_have_value("second.txt")
    await expect(field).to_be_focused()
    over, row = await field.bounding_box(), await window.row("first.txt").bounding_box()
    assert over
    assert row
    assert row["y"] <= over["y"] + over["height"] / 2 <= row["y"] + row["height"]
    await keys.press("Enter")
    await expect(page.locator("#rename-note")).to_have_text("This name is taken. Choose another one.")
    await field.fill("sub/renamed.txt")
    await expect(page.locator("#rename-note")).to_have_text("This moves it into the folder sub.")
    await field.fill("renamed <b>.txt")
    await keys.press("Enter")
    await expect(page.locator("#toasts")).to_contain_text("Renamed to renamed <b>.txt.")
    await expect(window.row("renamed <b>.txt")).to_have_count(1)
    await expect(window.row("renamed <b>.txt").locator(".name")).to_be_focused()
    await is_stored(store, bucket, "aaa.txt", "renamed <b>.txt", "second.txt")
    await page.locator("#toasts").get_by_role("button", name="Undo").click()
    await is_stored(store, bucket, "aaa.txt", "first.txt", "second.txt")


async def test_a_folder_is_renamed_with_all_in_it(window: Window, bucket: str, store: ObjectStore) -> None:
    many = [f"box/{number:02}.txt" for number in range(30)]
    for name in (*many, "box/box/in.txt", "other/x.txt"):
        await put(store, bucket, name)
    await window.open_bucket(bucket)
    page, keys = window.page, window.page.keyboard
    field = page.locator(".rename input")
    await window.row("box").get_by_role("link", name="box", exact=True).focus()
    await keys.press("F2")
    await expect(field).to_have_value("box")
    await keys.type("other")
    await keys.press("Enter")
    await expect(page.locator("#rename-note")).to_contain_text("There is a folder of this name already")
    window.expected += ("409",)
    await field.fill("a/b")
    await keys.press("Enter")
    await expect(page.locator("#rename-note")).to_contain_text("has no “/”")
    await field.fill("crate")
    await keys.press("Enter")
    await expect(window.row("crate")).to_contain_text("31 files")
    await is_stored(store, bucket, *(name.replace("box/", "crate/", 1) for name in many), "crate/box/in.txt", "other/x.txt")
    await keys.press("Control+z")
    await is_stored(store, bucket, *many, "box/box/in.txt", "other/x.txt")


async def drag_row(window: Window, label: str, target: Any, *, drop: bool = True) -> None:
    """Drag a row by the mouse over another element."""
    page = window.page
    await window.row(label).locator(".name .label").hover()
    await page.mouse.down()
    await target.hover()
    await target.hover()
    if drop:
        await page.mouse.up()


async def test_rows_are_dragged_onto_folders_breadcrumbs_and_buckets(window: Window, bucket: str, store: ObjectStore) -> None:
    other = f"{bucket}-other"
    await store.create_bucket(BucketConfig(other))
    for name in ("a.txt", "b.txt", "c.txt", "box/in/deep.txt"):
        await put(store, bucket, name)
    await window.open_bucket(bucket)
    page = window.page
    await select(window, "a.txt", "b.txt")
    await drag_row(window, "a.txt", window.row("box").locator(".name-cell"), drop=False)
    await expect(window.row("box")).to_have_class("drop-target")
    await expect(page.locator("#drop")).to_be_hidden()
    await page.mouse.up()
    await expect(page.locator("#toasts")).to_contain_text(f"2 files moved to {bucket} / box.")
    await is_stored(store, bucket, "box/a.txt", "box/b.txt", "c.txt", "box/in/deep.txt")
    await window.row("box").get_by_role("link", name="box", exact=True).click()
    await expect(page.locator("h1")).to_have_text("box")
    await drag_row(window, "in", page.locator(".crumbs").get_by_role("link", name=bucket))
    await is_stored(store, bucket, "box/a.txt", "box/b.txt", "c.txt", "in/deep.txt")
    await page.keyboard.down("Control")
    await drag_row(window, "a.txt", page.locator("#side").get_by_role("link", name=other))
    await page.keyboard.up("Control")
    await is_stored(store, other, "a.txt")
    await is_stored(store, bucket, "box/a.txt", "box/b.txt", "c.txt", "in/deep.txt")


async def test_the_menu_of_a_row_works_by_mouse_and_keyboard(window: Window, bucket: str, store: ObjectStore) -> None:
    for name in ("a.txt", "b.txt", "box/c.txt"):
        await put(store, bucket, name)
    await window.open_bucket(bucket)
    page, keys = window.page, window.page.keyboard
    menu = page.get_by_role("menu")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await select(window, "a.txt")
    await window.row("b.txt").click(button="right")
    await expect(menu.get_by_role("menuitem")).to_have_count(10)
    await expect(page.get_by_label("Select a.txt")).not_to_be_checked()
    await expect(page.get_by_label("Select b.txt")).to_be_checked()
    await menu.get_by_role("menuitem", name="Copy address").click()
    await expect(page.locator("#toasts")).to_contain_text("on the clipboard")
    assert (await page.evaluate("navigator.clipboard.readText()")) == f"{window.url}/buckets/{bucket}/object?name=b.txt"
    await keys.press("Escape")
    await window.row("box").get_by_role("link", name="box", exact=True).focus()
    await keys.press("Shift+F10")
    await expect(menu.get_by_role("menuitem", name="Open")).to_be_focused()
    await expect(menu.get_by_role("menuitem", name="Versions")).to_have_count(0)
    await keys.press("ArrowUp")
    await expect(menu.get_by_role("menuitem", name="Delete")).to_be_focused()
    await keys.press("ArrowDown")
    await keys.press("r")
    await expect(menu.get_by_role("menuitem", name="Rename")).to_be_focused()
    await keys.press("Escape")
    await expect(menu).to_be_hidden()
    assert "box" in await page.evaluate("document.activeElement.textContent")
    await keys.press("ContextMenu")
    await keys.press("r")
    await keys.press("Enter")
    await expect(page.locator(".rename input")).to_have_value("box")
    await keys.press("Escape")
    await window.row("a.txt").click(button="right")
    await page.mouse.click(600, 700)
    await expect(menu).to_be_hidden()
    await window.row("a.txt").click(button="right")
    await menu.get_by_role("menuitem", name="Versions").click()
    await page.wait_for_url("**/versions?name=a.txt")


@both
async def test_on_a_phone_the_menu_is_behind_three_dots(window: Window, bucket: str, store: ObjectStore) -> None:
    await put(store, bucket, "a.txt")
    await put(store, bucket, "box/b.txt")
    await window.page.set_viewport_size({"width": 390, "height": 800})
    await window.open_bucket(bucket)
    page = window.page
    await expect(page.get_by_role("button", name="Delete a.txt")).to_be_hidden()
    await page.get_by_role("button", name="More for a.txt").click()
    await expect(page.get_by_role("menu").get_by_role("menuitem", name="Rename")).to_be_visible()
    assert not await findings(window)
    await page.get_by_role("menuitem", name="Move…").click()
    await expect(page.locator("#place-folders li")).to_have_count(1)
    assert not await findings(window)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.locator("#place-folders li").click()
    await page.get_by_role("button", name="Move here").click()
    await is_stored(store, bucket, "box/a.txt", "box/b.txt")
    await select(window, "box")
    assert not await findings(window)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@both
async def test_dialogs_and_fields_of_acting_are_accessible(window: Window, bucket: str, store: ObjectStore) -> None:
    for name in ("a.txt", "b.txt", "box/a.txt", "box/b.txt"):
        await put(store, bucket, name)
    await window.open_bucket(bucket)
    page, keys = window.page, window.page.keyboard
    await window.row("a.txt").click(button="right")
    assert not await findings(window)
    await keys.press("Escape")
    await keys.press("F2")
    await page.locator(".rename input").fill("")
    await keys.press("Enter")
    assert not await findings(window)
    await keys.press("Escape")
    await select(window, "b.txt")
    await keys.press("m")
    await keys.type("bo")
    await expect(page.locator("#place-folders [aria-selected=true]")).to_contain_text("box")
    assert not await findings(window)
    await keys.press("Enter")
    await store.delete(bucket, "a.txt")
    await store.delete(bucket, "b.txt")
    await keys.press("Enter")
    await expect(page.locator("#results")).to_contain_text("2 files were not moved")
    await expect(page.locator("#results")).to_contain_text("There is no object")
    assert not await findings(window)
    await keys.press("Escape")
    await put(store, bucket, "a.txt")
    await select(window, "a.txt")
    await keys.press("c")
    await keys.type("box")
    await keys.press("Enter")
    await keys.press("Enter")
    await expect(page.locator("#ask-taken")).to_be_visible()
    assert not await findings(window)
    await keys.press("Escape")
    await keys.press("?")
    await expect(page.locator("#help")).to_contain_text("Rename")
    assert not await findings(window)


async def test_a_name_that_somebody_takes_meanwhile_is_asked_about(window: Window, bucket: str, store: ObjectStore) -> None:
    await put(store, bucket, "plan.txt", 5)
    await put(store, bucket, "box/x.txt")
    await window.open_bucket(bucket)
    page = window.page
    await select(window, "plan.txt")
    await page.keyboard.press("m")
    await page.keyboard.type("box")
    await page.keyboard.press("Enter")
    await put(store, bucket, "box/plan.txt", 9)
    await page.keyboard.press("Enter")
    await expect(page.locator("#ask-taken")).to_contain_text(f"plan.txt is already in {bucket} / box")
    assert (await store.info(bucket, "box/plan.txt")).size == 9
    await page.locator("#ask-taken").get_by_role("button", name="Keep both").click()
    await is_stored(store, bucket, "box/x.txt", "box/plan.txt", "box/plan (2).txt")
    assert (await store.info(bucket, "box/plan (2).txt")).size == 5


async def test_long_work_shows_how_far_it_is_and_can_be_stopped(window: Window, bucket: str, store: ObjectStore) -> None:
    many = [f"box/{number:03}.txt" for number in range(90)]
    await asyncio.gather(*(put(store, bucket, name) for name in many))
    await put(store, bucket, "to/x.txt")
    await window.open_bucket(bucket)
    page = window.page
    go_on = asyncio.Event()
    requests = 0

    async def slow(route: Route) -> None:
        nonlocal requests
        requests += 1
        if requests > 1:
            await go_on.wait()
        await route.continue_()

    await page.route("**/act", slow)
    await select(window, "box")
    await page.keyboard.press("m")
    await page.keyboard.type("to")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.locator("#toasts")).to_contain_text("of 90")
    await page.locator("#toasts").get_by_role("button", name="Stop").click()
    go_on.set()
    await expect(page.locator("#toasts")).to_contain_text("files moved to")
    moved = [name for name in await names(store, bucket) if name.startswith("to/box/")]
    assert 20 <= len(moved) < 90
    await page.locator("#toasts").get_by_role("button", name="Undo").click()
    await is_stored(store, bucket, *many, "to/x.txt")


async def test_hostile_names_are_moved_and_put_back_like_any_other(window: Window, bucket: str, store: ObjectStore) -> None:
    hostile = [
        "<img src=x onerror=alert(1)>",
        "line\nbreak",
        "cr\rname",
        "quo\"te'.txt",
        "\u202egpj.exe",
        "..",
        "%2F&amp;",
        "ends/",
        "a?b#c",
    ]
    for name in hostile:
        await put(store, bucket, name)
    await window.open_bucket(bucket)
    page = window.page
    await page.keyboard.press("Control+a")
    await expect(page.locator("#selection")).to_contain_text(f"{len(hostile)} selected")
    await page.keyboard.press("m")
    await page.keyboard.type('<b>&"')
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await is_stored(store, bucket, *(f'<b>&"/{name}' for name in hostile))
    await page.locator("#toasts").get_by_role("button", name="Undo").click()
    await is_stored(store, bucket, *hostile)


async def test_in_a_bucket_that_one_may_only_view_nothing_can_be_changed_but_copied(
    window: Window, bucket: str, store: ObjectStore
) -> None:
    other = f"{bucket}-0other"
    await store.create_bucket(BucketConfig(other))
    for name in ("a.txt", "box/b.txt"):
        await put(store, bucket, name)
    await store.seal_bucket(bucket)
    await window.open_bucket(bucket)
    page, keys = window.page, window.page.keyboard
    await drag_row(window, "a.txt", window.row("box").locator(".name-cell"))
    await window.row("a.txt").get_by_role("link", name="a.txt", exact=True).focus()
    for key in ("F2", "m", "Delete"):
        await keys.press(key)
    await expect(page.locator(".rename, dialog[open]")).to_have_count(0)
    await window.row("a.txt").click(button="right")
    offered = ["Open", "Download", "Copy…", "Link…", "Copy address", "Versions", "Details"]
    await expect(page.get_by_role("menuitem").locator("span")).to_have_text(offered)
    await page.get_by_role("menuitem", name="Copy…").click()
    await page.locator("#ask-place").get_by_label("Bucket").select_option(other)
    await page.locator("#ask-place").get_by_role("button", name="Copy here").click()
    await is_stored(store, other, "a.txt")
    await is_stored(store, bucket, "a.txt", "box/b.txt")


async def test_without_scripts_what_is_ticked_is_moved_by_a_form(
    chromium: Browser, live_site: Site, cookies: list[Any], window: Window, bucket: str, store: ObjectStore
) -> None:
    for name in ("a.txt", "box/b.txt", "c.txt"):
        await put(store, bucket, name)
    context = await chromium.new_context(java_script_enabled=False)
    await context.add_cookies(cookies)
    plain = Window(await context.new_page(), live_site.url)
    await plain.open(f"/buckets/{bucket}/")
    await select(plain, "a.txt", "box")
    async with plain.page.expect_download() as download:
        await plain.page.get_by_role("button", name="Download as zip").click()
    assert (await download.value).suggested_filename == f"{bucket}.zip"
    await plain.page.get_by_role("button", name="Move or copy…").click()
    await plain.page.get_by_label("And the folder").fill("to/there")
    await plain.page.get_by_role("button", name="Go").click()
    await expect(plain.page.locator("#toasts")).to_contain_text("2 files done.")
    await is_stored(store, bucket, "to/there/a.txt", "to/there/box/b.txt", "c.txt")
    await context.close()


async def test_a_picture_in_the_grid_is_dragged_as_its_file_and_not_uploaded(window: Window, bucket: str, store: ObjectStore) -> None:
    await store.put(bucket, "wide.png", image())
    await put(store, bucket, "box/x.txt")
    await window.open_bucket(bucket)
    page = window.page
    await to_grid(window)
    await expect(picture(window, "wide.png")).to_have_class("thumb there")
    await picture(window, "wide.png").hover(force=True)
    await page.mouse.down()
    await window.row("box").hover()
    await window.row("box").hover()
    await expect(page.locator("#drop")).to_be_hidden()
    await page.mouse.up()
    await is_stored(store, bucket, "box/wide.png", "box/x.txt")
    await expect(page.locator("#tray")).to_be_hidden()


async def test_who_types_faster_than_the_folders_come_gets_the_one_that_is_there(window: Window, bucket: str, store: ObjectStore) -> None:
    for name in ("a.txt", "target/x.txt"):
        await put(store, bucket, name)
    await window.open_bucket(bucket)
    page = window.page
    typed = asyncio.Event()

    async def slow(route: Route) -> None:
        await typed.wait()
        await route.continue_()

    await page.route("**/folders?*", slow)
    await select(window, "a.txt")
    await page.keyboard.press("m")
    await page.keyboard.type("tar")
    await page.keyboard.press("Enter")
    typed.set()
    await expect(page.locator("#ask-place [data-what]")).to_have_text(f"a.txt → {bucket} / target")
