"""A bucket's whole life under the hand of an admin: made, set, repaired, sealed, deleted, brought back; also without scripts."""

from datetime import UTC, datetime, timedelta
from typing import Any

from nats.aio.client import Client
from playwright.async_api import Browser, Locator, Page, expect

from buckets.objectstore import BucketConfig, HistoryConfig, ObjectStore, Storage
from tests.site import Site

from .conftest import Window, sign_in
from .test_accessibility import both, findings

FOCUSED = "(element) => element === document.activeElement"


async def tab_to(page: Page, target: Locator, *, most: int = 120) -> None:
    """As with nothing but a keyboard; fails when it cannot be reached, or is not seen to have the focus."""
    for _ in range(most):
        if await target.evaluate(FOCUSED):
            break
        await page.keyboard.press("Tab")
    await expect(target).to_be_focused()


async def type_into(page: Page, label: str, text: str, *, exact: bool = True) -> None:
    await tab_to(page, page.get_by_label(label, exact=exact))
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type(text)


async def press(page: Page, role: Any, name: str, key: str = "Enter") -> None:
    await tab_to(page, page.locator("#main").get_by_role(role, name=name, exact=True).first)
    await page.keyboard.press(key)


async def test_a_bucket_is_made_changed_sealed_and_deleted_by_keyboard_alone(window: Window, store: ObjectStore, bucket: str) -> None:
    page, name = window.page, f"{bucket}-made"
    await window.open("/")
    await press(page, "link", "New bucket")
    await expect(page.locator("#id_name")).to_be_focused()
    await page.keyboard.type(name)
    await type_into(page, "Keep files for", "30 days")
    await type_into(page, "Size limit", "1,5 GiB")
    await tab_to(page, page.get_by_label("Keep a history"))
    await page.keyboard.press("Space")
    await tab_to(page, page.locator("details.more > summary"))
    await page.keyboard.press("Enter")
    await type_into(page, "Keep old versions for", "90 days")
    await press(page, "button", "Create bucket")
    await expect(page.locator("#empty")).to_contain_text("This bucket is empty")
    config = (await store.bucket(name)).config
    assert (config.ttl, config.max_bytes) == (30 * 86400, 3 * 1024**3 // 2)
    history = await store.history.status(name)
    assert history
    assert (history.enabled, history.config.keep_days) == (True, 90)

    await store.put(name, "a.txt", b"x" * 3000)
    await tab_to(page, page.locator("#side").get_by_role("link", name="Settings"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="General")).to_be_visible()
    await expect(page.get_by_label("Keep files for")).to_have_value("30 days")
    await type_into(page, "Size limit", "2 kB")
    window.expected += ("400",)
    await press(page, "button", "Review changes…")
    await expect(page.get_by_role("alert")).to_contain_text("below the")
    await type_into(page, "Size limit", "36 GB")
    await type_into(page, "Keep files for", "1 ms")
    await press(page, "button", "Review changes…")
    await expect(page.get_by_role("alert")).to_contain_text("seconds at least")
    await type_into(page, "Keep files for", "1 year")
    await press(page, "button", "Review changes…")
    await expect(page.locator(".changes")).to_contain_text("Files stay longer.")
    await expect(page.locator(".changes")).to_contain_text("36 GB")
    await expect(page.get_by_role("button", name="Change it")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#toasts")).to_contain_text("The settings are changed.")
    assert (await store.bucket(name)).config.max_bytes == 36_000_000_000

    await type_into(page, "Always keep the newest", "3")
    await page.keyboard.press("Enter")
    await expect(page.locator(".changes > li")).to_have_count(1)
    await expect(page.locator(".changes")).to_contain_text("Always keep the newest")
    await press(page, "link", "Cancel")
    await press(page, "link", "Seal…")
    await expect(page.get_by_label("Type")).to_be_focused()
    await page.keyboard.type("something else")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Confirm this with the name of the bucket")
    assert not (await store.bucket(name)).sealed
    await type_into(page, "Type", name, exact=False)
    await page.keyboard.press("Enter")
    await expect(page.locator("#toasts")).to_contain_text(f"{name} is sealed.")
    await expect(page.get_by_label("Size limit", exact=True)).to_be_disabled()

    await press(page, "link", "Delete…")
    await expect(page.get_by_label("Type")).to_be_focused()
    await page.keyboard.type(name)
    await press(page, "button", "Delete the bucket")
    await expect(page.locator("#toasts")).to_contain_text("Its history is in the archives.")
    await expect(page.locator("#buckets")).not_to_contain_text(name)

    await tab_to(page, page.locator("#side").get_by_role("link", name="Deleted buckets"))
    await page.keyboard.press("Enter")
    card = page.locator(f"#archive-{name}")
    await tab_to(page, card.get_by_role("link", name="Look inside"))
    await page.keyboard.press("Enter")
    await expect(page.locator(".past tbody tr")).to_contain_text("a.txt")
    await page.go_back()
    await tab_to(page, card.get_by_role("link", name="Bring back…"))
    await page.keyboard.press("Enter")
    await expect(page.locator("#id_name")).to_be_focused()
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type(f"{name}-again")
    await page.keyboard.press("Enter")
    await expect(page.locator("#repair-restore")).to_contain_text("1 file brought back.")
    assert [info.name for info in await store.list(f"{name}-again")] == ["a.txt"]
    await window.open("/archives")
    await tab_to(page, card.get_by_role("link", name="Erase…"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Type")).to_be_focused()
    await page.keyboard.type(name)
    await page.keyboard.press("Enter")
    await expect(page.locator("#toasts")).to_contain_text(f"The archive of {name} is erased for good.")
    assert await store.history.status(name) is None


async def test_repairs_are_watched_over_a_reload_and_cancelled_from_elsewhere(
    window: Window, live_site: Site, store: ObjectStore, bucket: str, foreign: Client
) -> None:
    page = window.page
    for name in ("a", "gone"):
        await store.put(bucket, name, b"data" * 1000)
    await store.delete(bucket, "gone")
    await foreign.jetstream().publish(f"$O.{bucket}.C.LOST", b"x" * 5000)
    await window.open(f"/buckets/{bucket}/settings")
    await page.get_by_role("button", name="Verify").click()
    await expect(page.locator("#repair-verify .outcome")).to_have_text("The 1 file is as it should be.")
    await page.get_by_role("button", name="Purge").click()
    await expect(page.locator("#repair-markers .outcome")).to_have_text("1 marker removed.")
    age = page.get_by_label("not written to for")
    await age.fill("0 s")
    async with page.expect_response(lambda answer: answer.url.endswith("/settings/repair") and answer.request.method == "GET"):
        pass  # the part asks for itself again, and what was typed stays
    await expect(age).to_have_value("0 s")
    await page.get_by_role("button", name="Look for it").click()
    await expect(page.locator("#repair-orphans .outcome")).to_contain_text("1 unfinished upload, 1 chunk, about 4.88 KiB.")
    await expect(page.locator("#repair-orphans")).to_contain_text("may be an upload under way: it is not cleared.")
    await expect(page.get_by_role("button", name="Clear it")).to_have_count(0)
    hour = "{'nuids': 1, 'chunks': 1, 'size': 5000, 'doubtful': 0, 'older_than': 3600}"  # as if it had been found an hour later
    change = f"from buckets.models import Job; Job.objects.filter(bucket={bucket!r}, kind='orphans').update(outcome={hour})"
    live_site.manage("shell", "-v", "0", "-c", change)
    await page.get_by_role("button", name="Clear it").click()
    await expect(page.locator("#repair-orphans .outcome")).to_contain_text("removed")

    now = datetime.now(UTC)
    later = (now + timedelta(hours=1)).isoformat()  # another process that writes how far it is, as often as it likes
    live_site.manage(
        "shell",
        "-v",
        "0",
        "-c",
        f"from buckets.models import Job; Job.objects.filter(bucket={bucket!r}, kind='verify').update(run='other', user='maya', "
        f"started={(now - timedelta(seconds=10)).isoformat()!r}, updated={later!r}, ended=None, done=25, total=100, "
        "size=250 * 1024**2, total_size=800 * 1024**2, outcome={})",
    )
    part = page.locator("#repair-verify")
    await expect(part).to_contain_text("25 of 100 · 250 MiB of 800 MiB")
    await page.reload()
    await expect(part).to_contain_text("MiB/s")
    await expect(part).to_contain_text("left")
    assert await part.locator("progress").get_attribute("value") == "0.3125"
    await part.get_by_role("button", name="Cancel").click()
    await expect(part.get_by_role("button", name="Stopping…")).to_be_disabled()


async def test_it_all_works_without_scripts(chromium: Browser, live_site: Site, store: ObjectStore, bucket: str) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    plain = Window(await context.new_page(), live_site.url)
    page = plain.page
    await sign_in(plain)
    await store.put(bucket, "x", b"data")
    await plain.open(f"/buckets/{bucket}/settings")
    await page.get_by_label("Description").fill("by hand")
    await page.locator("#general summary").click()
    await page.locator("#general").get_by_label("Name", exact=True).fill("team")
    await page.locator("#general").get_by_label("Value", exact=True).fill("ops")
    await page.locator("#general").get_by_role("button", name="Review changes…").click()
    await page.get_by_role("button", name="Back to the form").click()
    await expect(page.get_by_label("Description")).to_have_value("by hand")
    await page.locator("#general").get_by_role("button", name="Review changes…").click()
    await page.get_by_role("button", name="Change it").click()
    await expect(page.locator("#toasts")).to_contain_text("The settings are changed.")
    config = (await store.bucket(bucket)).config
    assert (config.description, config.metadata) == ("by hand", {"team": "ops"})
    await page.get_by_role("button", name="Switch on…").click()
    await expect(page.locator(".changes")).to_contain_text("The history gets a copy of what is here now")
    await page.get_by_role("button", name="Change it").click()
    await expect(page.locator("#toasts")).to_contain_text("History is on.")
    await page.get_by_role("button", name="Verify").click()
    again, verified = page.get_by_role("button", name="Look again"), page.locator("#repair-verify")
    while await again.count():
        await again.click()
    await expect(verified).to_contain_text("Last done")
    await expect(verified).to_contain_text("admin")
    await page.get_by_role("link", name="Delete…").click()
    await page.get_by_label("Remove it too").check()
    await page.get_by_label("Type").fill(bucket)
    await page.get_by_role("button", name="Delete the bucket").click()
    await expect(page.locator("#toasts")).to_contain_text(f"{bucket} is deleted.")
    assert await store.history.status(bucket) is None
    await context.close()


@both
async def test_axe_finds_nothing_and_it_fits_a_phone(window: Window, store: ObjectStore, bucket: str, foreign: Client) -> None:
    page = window.page
    for name in ("a", "b"):
        await store.put(bucket, name, b"data" * 5000)
    await store.history.enable(bucket, HistoryConfig(keep_versions=3))
    await store.create_bucket(BucketConfig(f"{bucket}-gone", storage=Storage.MEMORY))
    await store.history.enable(f"{bucket}-gone")
    await store.delete_bucket(f"{bucket}-gone")
    await foreign.jetstream().purge_stream(f"OBJ_{bucket}", subject=f"$O.{bucket}.C.{(await store.info(bucket, 'b')).nuid}")
    settings = f"/buckets/{bucket}/settings"

    async def looked_at(what: str) -> None:
        assert not await findings(window), what
        assert await page.evaluate("document.scrollingElement.scrollHeight <= innerHeight + 1"), what
        await page.set_viewport_size({"width": 390, "height": 844})
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), what
        cut = "[...document.querySelectorAll('.scroll')].filter((each) => each.scrollWidth > each.clientWidth).length"
        assert not await page.evaluate(cut), what
        await page.set_viewport_size({"width": 1280, "height": 800})

    await window.open("/buckets/new")
    await page.locator("details.more > summary").click()
    await looked_at("a new bucket")
    await window.open(settings)
    await page.locator("details.more > summary").click()
    await page.get_by_role("button", name="Verify").click()
    await expect(page.locator("#repair-verify .outcome")).to_contain_text("1 of 2 files is damaged.")
    await looked_at("settings")
    await page.get_by_label("Keep files for").fill("100 ms")
    await page.locator("#general").get_by_role("button", name="Review changes…").click()
    await expect(page.locator(".changes .warn")).to_contain_text("2 files")
    await looked_at("what a change does")
    await window.open(settings)
    await page.get_by_label("Always keep the newest").fill("1")
    await page.get_by_label("Size limit of the history").fill("1 kB")
    await page.locator("#history").get_by_role("button", name="Review changes…").click()
    await expect(page.locator(".changes .danger")).to_contain_text("for good")
    await looked_at("what a change of the history does")
    await window.open(f"{settings}/delete")
    window.expected += ("400",)
    await page.get_by_label("Type").fill("wrong")
    await page.get_by_role("button", name="Delete the bucket").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await looked_at("not confirmed")
    await store.seal_bucket(bucket)
    await window.open(settings)
    await looked_at("sealed")
    for path in ("/archives", f"/archives/{bucket}-gone/restore"):
        await window.open(path)
        await looked_at(path)
