"""The live dashboard in a browser: what other clients do appears, can be narrowed down, held still and opened."""

import re

from nats.aio.client import Client
from playwright.async_api import Locator, expect

from buckets.objectstore import BucketConfig, ObjectStore

from .conftest import Window
from .test_accessibility import findings

HOSTILE = "folder/<img src=x onerror=alert(1)>\n\u202etxt"


def row(window: Window, *texts: str) -> Locator:
    found = window.page.locator("#changes > li")
    for text in texts:
        found = found.filter(has_text=text)
    return found


async def followed(window: Window, bucket: str) -> None:
    await expect(window.page.get_by_role("button", name=re.compile(f"^{bucket} "))).to_be_visible()
    await expect(window.page.locator("#live-facts")).to_have_text(re.compile(r"^\s*\d+ buckets? followed\s*$"))


async def test_what_others_do_appears_and_can_be_narrowed_down_held_and_opened(
    window: Window, bucket: str, store: ObjectStore, foreign: Client
) -> None:
    page, news = window.page, window.page.locator("#live-news")
    other = f"{bucket}-b"
    await store.create_bucket(BucketConfig(other))
    await store.history.enable(bucket)
    await window.open("/")
    await page.get_by_role("link", name="Live changes").click()
    await expect(page.locator("#live-state")).to_have_text("Live")
    await followed(window, bucket)

    others = await foreign.jetstream().object_store(bucket)
    await others.put("folder/a.txt", b"12345")
    await expect(row(window, "a.txt")).to_contain_text(re.compile(f"Uploaded.*folder/.*a.txt.*{bucket}.*another client.*5 B", re.DOTALL))
    await store.put(bucket, "folder/a.txt", bytes(1029), writer="maya")
    await expect(row(window, "Replaced", "maya")).to_contain_text("+1 KiB1 KiB")
    await store.put(other, HOSTILE, b"1", writer="tom")
    await expect(row(window, other, "tom")).to_contain_text("<img src=x onerror=alert(1)>␊⟨U+202E⟩txt")
    await expect(page.locator("#changes > li")).to_have_count(3)
    card = page.get_by_role("button", name=re.compile(f"^{bucket} "))
    await expect(card).to_contain_text("2 · 1.01 KiB in 5 min")
    await expect(card.locator(".chart path").first).to_have_attribute("d", re.compile("^M0 20"))

    # Narrowed down, which the address keeps.
    await card.click()
    await expect(page.locator("#changes > li")).to_have_count(2)
    await expect(card).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("/")
    await page.keyboard.type("NO SUCH")
    await expect(page.locator("#live-empty")).to_contain_text("No such change lately")
    assert page.url.endswith(f"/live?bucket={bucket}&q=NO+SUCH")
    await page.reload()
    await expect(page.locator("#live-empty")).to_contain_text("No such change lately")
    await page.get_by_role("link", name="Show all changes").click()
    await expect(page.locator("#changes > li")).to_have_count(3)
    assert page.url.endswith("/live")

    # Held still: by p, and while a row has the focus.
    await page.mouse.move(5, 5)
    await page.locator("#main").focus()
    await page.keyboard.press("p")
    await expect(page.locator("#live-state")).to_have_text("Paused")
    await store.delete(bucket, "folder/a.txt", writer="tom")
    await store.put(bucket, "b.txt", b"1")
    await expect(news).to_have_text("Show 2 new changes")
    await expect(page.locator("#changes > li")).to_have_count(3)
    await page.keyboard.press("p")
    await expect(page.locator("#changes > li")).to_have_count(5)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect(row(window, "Deleted").locator(".name")).to_be_focused()
    await store.put(bucket, "c.txt", b"1")
    await expect(news).to_have_text("Show 1 new change")
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert not await findings(window)
    await page.keyboard.press("Escape")
    await expect(row(window, "c.txt")).to_be_visible()
    await expect(news).to_be_hidden()

    # Opened: what was deleted where its versions are, and back.
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("End")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page.locator("li.step").first).to_contain_text("Deleted")
    assert f"/buckets/{bucket}/versions?name=folder%2Fa.txt" in page.url
    await page.go_back()
    await expect(page.locator("#changes > li")).to_have_count(6)
    await page.set_viewport_size({"width": 390, "height": 844})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not await findings(window)
    await row(window, "c.txt").locator(".name").click()
    await expect(page.get_by_role("heading", name="c.txt", level=1)).to_be_visible()


async def test_a_dashboard_goes_on_after_its_connection_was_lost_and_forgets_a_bucket_that_went(
    window: Window, bucket: str, store: ObjectStore
) -> None:
    page = window.page
    window.expected += ("WebSocket",)
    await page.add_init_script(
        "window.sockets = []; window.WebSocket = class extends WebSocket { constructor(...all) { super(...all); sockets.push(this); } }"
    )
    await window.open(f"/live?bucket={bucket}")
    await followed(window, bucket)
    await store.put(bucket, "a", b"1")
    await expect(row(window, "Uploaded")).to_have_count(1)
    await page.context.set_offline(True)
    await page.evaluate("sockets.at(-1).close()")
    await expect(page.locator("#live-state")).to_have_text("Offline")
    await store.put(bucket, "b", b"1")
    await page.context.set_offline(False)
    await expect(row(window, "Uploaded")).to_have_count(2)
    await expect(page.locator("#live-state")).to_have_text("Live")
    await store.delete_bucket(bucket)
    await expect(page.locator("#changes > li")).to_have_count(0)
    await expect(page.locator("#live-empty")).to_be_visible()
