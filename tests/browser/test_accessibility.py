"""axe-core finds nothing on any page, in both themes."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from buckets.objectstore import BucketConfig, ObjectStore

from .conftest import Window
from .test_main_job import put

AXE = (Path(__file__).parent / "vendor/axe/axe.min.js").read_text()
both = pytest.mark.parametrize("scheme", ["light", "dark"], indirect=True)


async def findings(window: Window) -> list[str]:
    """What axe says against the page as it is now, a line each. Axe's own attempts at styles are refused, and are no errors of the page."""
    page = window.page
    window.expected += ("Applying inline style",)
    await page.wait_for_function("() => document.getAnimations().every((each) => each.playState !== 'running')", polling=50)
    await page.evaluate(AXE)
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(({violations}) => violations)")
    return [f"{each['id']}: {node['html'][:160]} {node['failureSummary'][:300]}" for each in found for node in each["nodes"]]


@both
async def test_the_login(window: Window) -> None:
    await window.page.context.clear_cookies()
    await window.open("/")
    await expect(window.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert not await findings(window)


@both
async def test_the_buckets_and_a_new_one(window: Window, store: ObjectStore, bucket: str) -> None:
    await store.create_bucket(BucketConfig(f"{bucket}-full", description="Nearly full", max_bytes=2000, ttl=86400, compression=True))
    await put(store, f"{bucket}-full", "some", 1400)
    await window.open("/")
    assert not await findings(window)
    await window.open("/buckets/new")
    assert not await findings(window)
    window.expected += ("400",)
    await window.page.get_by_role("button", name="Create bucket").click()
    await expect(window.page.get_by_role("alert").first).to_be_visible()
    assert not await findings(window)


@both
async def test_the_files_with_a_selection_a_question_and_an_upload(window: Window, store: ObjectStore, bucket: str, tmp_path: Path) -> None:
    for name in ("folder/a.txt", "image.jpg", "table.csv", "code.py", "film.mp4", "page.pdf", "all.zip", "line\nbreak"):
        await put(store, bucket, name)
    (tmp_path / "up.txt").write_text("up")
    await window.open_bucket(bucket)
    assert not await findings(window)
    await window.drag(tmp_path / "up.txt")
    await expect(window.page.locator("#tray h2")).to_have_text("1 uploaded")
    await window.page.get_by_label("Select image.jpg").check()
    assert not await findings(window)
    await window.page.keyboard.press("Delete")
    await expect(window.page.locator("#ask-delete")).to_be_visible()
    assert not await findings(window)
    await window.page.keyboard.press("Escape")
    await window.page.keyboard.press("?")
    await expect(window.page.locator("#help")).to_be_visible()
    assert not await findings(window)


@both
async def test_the_empty_and_the_missing(window: Window, bucket: str) -> None:
    await window.open_bucket(bucket)
    assert not await findings(window)
    await window.open_bucket(bucket, "?q=nothing")
    assert not await findings(window)
    window.expected += ("404",)
    await window.open("/buckets/not-there/")
    assert not await findings(window)
    await window.open("/nowhere")
    assert not await findings(window)
