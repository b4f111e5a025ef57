"""The site in German, under the hand: what a browser that asks for German sees, and the way to English and back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from buckets.objectstore import BucketChange, Link, ObjectStore
from tests.site import ADMIN, PASSWORD, Site

from .conftest import Window, watch

WORDS_IN_ENGLISH = ("Sign in", "Upload", "Download", "Delete", "files", "item", "ago", "Changed", "Versions", "Trash", "Undo", "Restore")
SHOWN = "() => document.body.innerText"


@pytest.fixture
async def german(chromium: Browser, live_site: Site) -> AsyncIterator[Window]:
    """A window that asks for German, not signed in."""
    context = await chromium.new_context(locale="de-DE", viewport={"width": 1100, "height": 800})
    window = Window(await context.new_page(), live_site.url)
    watch(window.page, window.errors)
    yield window
    await context.close()
    assert not window.unexpected()


async def only_german(window: Window) -> None:
    """Also without anything that is wider than the window."""
    await expect(window.page.locator("html")).to_have_attribute("lang", "de")
    shown = await window.page.evaluate(SHOWN)
    assert [word for word in WORDS_IN_ENGLISH if word in shown] == []
    assert await window.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_all_of_a_day_in_german(german: Window, bucket: str, store: ObjectStore, tmp_path: Path) -> None:
    await store.history.enable(bucket)
    page = german.page
    await german.open("/login")
    await only_german(german)
    await page.get_by_label("Name").fill(ADMIN)
    await page.get_by_label("Passwort").fill("falsch")
    await page.get_by_role("button", name="Anmelden").click()
    await expect(page.get_by_role("alert")).to_contain_text("Groß-/Kleinschreibung")
    await page.get_by_label("Passwort").fill(PASSWORD)
    await page.get_by_role("button", name="Anmelden").click()
    await expect(page.get_by_role("link", name="Neuer Bucket").first).to_be_visible()
    await only_german(german)

    await page.locator(".nav").get_by_role("link", name=bucket).click()
    await expect(page.get_by_role("heading", name="Dieser Bucket ist leer")).to_be_visible()
    await expect(page.locator("#live-state")).to_contain_text("Live")
    file = tmp_path / "bericht.txt"
    file.write_bytes(b"x" * 1536)
    await german.drag(file)
    row = german.row("bericht.txt")
    await expect(row).to_contain_text("1,5 KiB")  # what the socket brings is in German, too
    await expect(row.locator("data")).to_have_attribute("title", "1.536 Bytes")
    await expect(row.locator(".time")).to_have_text("gerade eben")
    await expect(page.locator("#facts")).to_contain_text("1 Eintrag")
    await only_german(german)

    await store.update_bucket(bucket, BucketChange(max_bytes=100_000))
    file.with_name("gross.bin").write_bytes(b"x" * 200_000)
    german.expected = ("507",)
    await german.drag(file.with_name("gross.bin"))
    await expect(page.locator("#tray")).to_contain_text("Der Bucket ist voll.")  # the API says it in English
    await only_german(german)

    await store.add_link(bucket, "verweis", Link(bucket, "bericht.txt"))  # so that it is asked before the file goes
    await row.get_by_role("checkbox", name="bericht.txt auswählen").check()
    await expect(page.locator("#selection")).to_contain_text("1 ausgewählt")
    await page.locator("#selection").get_by_role("button", name="Löschen").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Es kommt in den Papierkorb und lässt sich wiederherstellen.")
    await dialog.get_by_role("button", name="Löschen").click()
    toast = page.locator(".toast", has_text="1 Datei in den Papierkorb verschoben.")
    await expect(row).to_have_count(0)
    await expect(page.locator("#rows .broken")).to_have_text("Defekte Verknüpfung")
    await only_german(german)
    await toast.get_by_role("button", name="Rückgängig").click()
    await expect(row).to_be_visible()

    await row.hover()
    await row.get_by_role("link", name="Versionen von bericht.txt").click()
    await expect(page.locator(".timeline > li").first).to_contain_text("aktuell")
    await only_german(german)
    await page.get_by_role("link", name="Papierkorb").click()
    await expect(page.get_by_role("heading", name="Der Papierkorb ist leer")).to_be_visible()
    await only_german(german)

    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    german.expected = ("404", "507")
    await german.open("/buckets/nowhere/")
    await expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    await page.get_by_role("button", name="Deutsch").click()
    await expect(page.get_by_role("heading", name="Nicht gefunden")).to_be_visible()
    await expect(page.get_by_text("Es gibt keinen Bucket „nowhere“")).to_be_visible()
