"""Versions, Trash and Rewind under the hand: what was lost is found and brought back, with and without scripts."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, expect

from buckets.objectstore import ObjectStore
from tests.site import Site

from .conftest import Window, sign_in
from .test_accessibility import both, findings


@pytest.fixture
async def kept(bucket: str, store: ObjectStore) -> str:
    """The test's bucket, with a history."""
    await store.history.enable(bucket)
    return bucket


async def put(store: ObjectStore, bucket: str, name: str, content: bytes) -> None:
    async def pieces() -> Any:
        yield content

    await store.put(bucket, name, pieces(), writer="maya")


async def content(store: ObjectStore, bucket: str, name: str) -> bytes:
    async with await store.get(bucket, name) as reader:
        return b"".join([piece async for piece in reader])


async def moment(store: ObjectStore, bucket: str) -> str:
    """A time after all that is there, and before all that comes."""
    for info in await store.list(bucket):
        await store.history.versions(bucket, info.name)
    await asyncio.sleep(0.002)
    now = datetime.now(UTC).isoformat()
    await asyncio.sleep(0.002)
    return quote(now)


async def test_an_earlier_version_is_found_compared_and_restored(window: Window, kept: str, store: ObjectStore) -> None:
    await put(store, kept, "plans/plan.md", b"# Plan\nWe ship in June.\n")
    await put(store, kept, "plans/plan.md", b"# Plan\nWe ship never.\n")
    page = window.page
    await window.open_bucket(kept, "?prefix=plans%2F")
    await window.row("plan.md").hover()
    await page.get_by_role("link", name="Versions of plan.md").click()
    steps = page.locator(".timeline > li")
    await expect(steps).to_have_count(2)
    await expect(steps.nth(0)).to_contain_text("current")
    await steps.nth(0).get_by_role("link", name="What changed").click()
    await expect(page.locator(".diff .removed")).to_contain_text("We ship in June.")
    await expect(page.locator(".diff .added")).to_contain_text("We ship never.")
    await page.locator(".crumbs").get_by_role("link", name="Versions").click()
    await steps.nth(1).get_by_role("button", name="Restore").click()
    await expect(page.locator("#toasts")).to_contain_text("plans/plan.md is restored.")
    await expect(steps).to_have_count(3)
    assert await content(store, kept, "plans/plan.md") == b"# Plan\nWe ship in June.\n"
    await expect(steps.nth(0)).to_contain_text("Restored from")
    await page.locator("#toasts").get_by_role("link", name="Show").click()
    await expect(page.locator(".prose")).to_contain_text("We ship in June.")


async def test_versions_are_found_and_restored_after_a_rename(window: Window, kept: str, store: ObjectStore) -> None:
    await put(store, kept, "dir/a.txt", b"first")
    await put(store, kept, "dir/a.txt", b"second")
    await store.rename(kept, "dir/a.txt", "dir/b.txt", writer="kim")
    page = window.page
    steps = page.locator(".timeline > li")
    await window.open(f"/buckets/{kept}/versions?name=dir%2Fa.txt")
    await expect(steps.nth(0)).to_contain_text("Renamed to dir/b.txt")
    await page.get_by_role("link", name="dir/b.txt").first.click()
    await expect(steps).to_have_count(3)
    await expect(steps.nth(0)).to_contain_text("Renamed from dir/a.txt")
    await steps.nth(2).get_by_role("link", name="Preview").click()
    await expect(page.locator(".facts")).to_contain_text("called dir/a.txt then")
    await expect(page.locator(".preview")).to_contain_text("first")
    await page.get_by_role("button", name="Restore").click()
    await expect(steps).to_have_count(4)
    assert await content(store, kept, "dir/b.txt") == b"first"
    await page.locator(".crumbs").get_by_role("link", name="b.txt").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("b.txt")


async def test_of_the_versions_two_at_most_are_ticked_to_compare(window: Window, kept: str, store: ObjectStore) -> None:
    for text in (b"1", b"2", b"3"):
        await put(store, kept, "x.txt", text)
    page = window.page
    await window.open(f"/buckets/{kept}/versions?name=x.txt")
    boxes = page.locator(".timeline input[type=checkbox]")
    compare = page.get_by_role("button", name="Compare ticked")
    await expect(compare).to_be_disabled()
    for number in range(3):
        await boxes.nth(number).check()
        await expect(compare).to_be_enabled(enabled=number > 0)
    await expect(boxes.nth(0)).not_to_be_checked()
    await compare.click()
    await expect(page.locator(".diff .removed")).to_contain_text("1")
    await expect(page.locator(".diff .added")).to_contain_text("2")


async def test_a_wrong_delete_is_undone_from_the_trash(window: Window, kept: str, store: ObjectStore) -> None:
    for name in ("a.txt", "b.txt", "d/c.txt", "d/e.txt"):
        await put(store, kept, name, name.encode())
    page = window.page
    await window.open_bucket(kept)
    await page.get_by_label("Select all on this page").check()
    await page.keyboard.press("Delete")
    await page.locator("#ask-delete").get_by_role("button", name="Delete", exact=True).click()
    await expect(page.locator("#empty")).to_contain_text("This bucket is empty")
    await page.locator("#side").get_by_role("link", name="Trash").click()
    await expect(page.locator("h1")).to_have_text("Trash")
    await expect(page.locator(".past tbody tr")).to_have_count(4)
    await page.get_by_role("link", name="Group by folder").click()
    await expect(page.locator(".past tbody tr")).to_have_count(3)
    bar = page.get_by_role("toolbar", name="Ticked files")
    await expect(bar).to_be_hidden()
    await page.get_by_label("Tick all on this page").check()
    await expect(bar).to_contain_text("3 items ticked")
    await page.get_by_label("Tick b.txt").uncheck()
    await bar.get_by_role("button", name="Restore").click()
    await expect(page.locator("#toasts")).to_contain_text("3 files restored.")
    await expect(page.locator(".past tbody tr")).to_have_count(1)
    assert await content(store, kept, "d/c.txt") == b"d/c.txt"
    await page.get_by_label("Tick b.txt").check()
    await bar.get_by_role("button", name="Erase for good…").click()
    await page.get_by_role("button", name="Erase for good").click()
    await expect(page.locator("#main")).to_contain_text("The trash is empty")


async def test_a_folder_is_rewound_with_its_progress(window: Window, kept: str, store: ObjectStore) -> None:
    await put(store, kept, "d/x.txt", b"then")
    await put(store, kept, "d/y.txt", b"then")
    then = await moment(store, kept)
    await put(store, kept, "d/x.txt", b"now")
    await put(store, kept, "d/newer.txt", b"now")
    await store.delete(kept, "d/y.txt")
    page = window.page
    await window.open(f"/buckets/{kept}/rewind?at={then}")
    await page.get_by_role("link", name="d", exact=True).click()
    await expect(page.locator("h1")).to_have_text("d")
    await expect(page.locator(".past tbody tr")).to_have_count(2)
    await page.get_by_role("link", name="Restore this folder…").click()
    await expect(page.locator(".tally")).to_contain_text("come back or are replaced")
    await page.get_by_label("Also remove what is newer").check()
    await page.get_by_role("button", name="Restore", exact=True).click()
    await expect(page.locator("[data-status]")).to_have_text("Done: 2 files brought back, 0 already the same, 1 newer removed.")
    assert await content(store, kept, "d/x.txt") == b"then"
    await page.get_by_role("link", name="To the files", exact=True).click()
    await expect(page.locator("#rows > tr")).to_have_count(2)


async def test_a_time_is_chosen_in_the_readers_zone(chromium: Browser, window: Window, kept: str, store: ObjectStore) -> None:
    await put(store, kept, "x.txt", b"1")
    context = await chromium.new_context(timezone_id="Asia/Tokyo")
    await context.add_cookies(await window.page.context.cookies())  # type: ignore[arg-type]
    page = await context.new_page()
    await page.goto(f"{window.url}/buckets/{kept}/rewind")
    await expect(page.locator("[data-zone]")).to_have_text("Asia/Tokyo")
    await page.get_by_label("Date and time").fill("2026-01-31T12:00:00")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator(".facts")).to_contain_text("As it was 31 Jan 2026, 12:00:00")
    assert "at=2026-01-31T03%3A00%3A00.000Z" in page.url
    await expect(page.get_by_label("Date and time")).to_have_value("2026-01-31T12:00")
    await context.close()


async def test_history_is_switched_on_with_one_click(window: Window, bucket: str, store: ObjectStore) -> None:
    await window.open_bucket(bucket)
    await window.page.locator("#side").get_by_role("link", name="Rewind").click()
    await expect(window.page.locator("#main")).to_contain_text("What it costs")
    await window.page.get_by_role("button", name="Switch history on").click()
    await expect(window.page.locator("#toasts")).to_contain_text("History is on.")
    status = await store.history.status(bucket)
    assert status
    assert status.enabled


async def test_it_all_works_without_scripts(chromium: Browser, live_site: Site, kept: str, store: ObjectStore) -> None:
    await put(store, kept, "d/x.txt", b"first")
    then = await moment(store, kept)
    await put(store, kept, "d/x.txt", b"second")
    await store.delete(kept, "d/x.txt")
    context = await chromium.new_context(java_script_enabled=False)
    plain = Window(await context.new_page(), live_site.url)
    page = plain.page
    await sign_in(plain)
    await plain.open(f"/buckets/{kept}/trash")
    await page.get_by_label("Tick d/x.txt", exact=True).check()
    await page.get_by_role("toolbar").get_by_role("button", name="Restore").click()
    await expect(page.locator("#toasts")).to_contain_text("d/x.txt is restored.")
    await plain.open(f"/buckets/{kept}/versions?name=d%2Fx.txt")
    await expect(page.locator(".timeline > li")).to_have_count(4)
    await plain.open(f"/buckets/{kept}/rewind?at={then}")
    await page.get_by_role("link", name="Restore all…").click()
    await page.get_by_role("button", name="Restore", exact=True).click()
    await expect(page.locator(".tally")).to_contain_text("brought back")
    assert await content(store, kept, "d/x.txt") == b"first"
    await context.close()


@both
async def test_axe_finds_nothing(window: Window, kept: str, store: ObjectStore) -> None:
    for name, text in (("a.txt", b"old\n"), ("a.txt", b"new\n"), ("gone.txt", b"x"), ("d/gone.pdf", b"x")):
        await put(store, kept, name, text)
    then = await moment(store, kept)
    for name in ("gone.txt", "d/gone.pdf"):
        await store.delete(kept, name)
    page = window.page
    for path in ("versions?name=a.txt", "versions?name=gone.txt", "trash", "rewind", f"rewind?at={then}", f"rewind/restore?at={then}"):
        await window.open(f"/buckets/{kept}/{path}")
        assert not await findings(window), path
    await window.open(f"/buckets/{kept}/versions?name=a.txt")
    await page.get_by_role("link", name="What changed").click()
    await page.locator(".diff").wait_for()
    assert not await findings(window)
    await window.open(f"/buckets/{kept}/trash")
    await page.get_by_label("Tick gone.txt").check()
    assert not await findings(window)
    await store.history.disable(kept)
    await window.open(f"/buckets/{kept}/trash")
    await expect(page.get_by_role("note")).to_contain_text("History is off.")
    assert not await findings(window)
    await store.history.disable(kept, remove=True)
    await window.open(f"/buckets/{kept}/trash")
    await expect(page.locator("#main")).to_contain_text("What it costs")
    assert not await findings(window)
    await page.set_viewport_size({"width": 400, "height": 800})
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
