"""The page of an object in a browser: opened from the listing, previewed, verified, edited, deleted and brought back."""

import base64
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from buckets.objectstore import ObjectStore
from tests.site import Site

from .conftest import Window, sign_in
from .test_accessibility import findings
from .test_video import record_film

both = pytest.mark.parametrize("scheme", ["light", "dark"], indirect=True)
DOT = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><script>parent.ran = 1</script><rect width="30" height="20"/></svg>'
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
PDF += b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 90 90]>>endobj\ntrailer<</Root 1 0 R>>\n"


async def open_from_list(window: Window, bucket: str, name: str) -> None:
    await window.open_bucket(bucket)
    await window.row(name).get_by_role("link", name=name, exact=True).click()
    await expect(window.page.locator("h1")).to_have_text(name)


async def test_an_image_is_seen_and_a_broken_one_said_to_be(window: Window, bucket: str, store: ObjectStore) -> None:
    for name, data in (("dot.png", DOT), ("drawing.svg", SVG), ("broken.png", b"no image")):
        await store.put(bucket, name, data)
    page = window.page
    for name, width in (("dot.png", 1), ("drawing.svg", 30)):
        await open_from_list(window, bucket, name)
        await expect(page.get_by_role("img", name=name)).to_have_js_property("naturalWidth", width)
    assert await page.evaluate("window.ran") is None
    await open_from_list(window, bucket, "broken.png")
    await expect(page.locator(".preview")).to_contain_text("This image cannot be shown")


async def test_a_film_plays_from_where_one_seeks(window: Window, bucket: str, store: ObjectStore) -> None:
    await window.open("/")
    await store.put(bucket, "film.webm", await record_film(window.page))
    await open_from_list(window, bucket, "film.webm")
    video = window.page.locator("video")
    await expect(video).to_have_js_property("readyState", 4)
    await video.evaluate("(film) => { film.currentTime = 1; }")
    await expect(video).to_have_js_property("seeking", False)
    assert abs(await video.evaluate("(film) => film.currentTime") - 1) < 0.1


async def test_a_pdf_is_shown_within_the_policy(window: Window, bucket: str, store: ObjectStore) -> None:
    await store.put(bucket, "paper.pdf", PDF)
    await window.open_bucket(bucket)
    async with window.page.expect_response(lambda response: "/object/raw" in response.url) as response:
        await window.row("paper.pdf").get_by_role("link", name="paper.pdf", exact=True).click()
    assert (await response.value).status == 200
    await expect(window.page.locator("object.document")).to_be_visible()


async def test_it_is_verified_with_the_outcome_in_words(window: Window, bucket: str, store: ObjectStore) -> None:
    await store.put(bucket, "x.bin", bytes(20_000_000))
    await open_from_list(window, bucket, "x.bin")
    await window.page.get_by_role("button", name="Verify now").click()
    await expect(window.page.locator(".verify p")).to_have_text("Every byte is what its SHA-256 says.")


async def test_a_text_is_edited_and_a_conflict_loses_nothing(window: Window, bucket: str, store: ObjectStore) -> None:
    window.expected = ("412",)
    await store.put(bucket, "notes.txt", b"one\n")
    await open_from_list(window, bucket, "notes.txt")
    page = window.page
    await page.get_by_role("link", name="Edit text").click()
    await page.get_by_label("Text of notes.txt").fill("mine\n")
    await store.put(bucket, "notes.txt", b"theirs\n", headers={"Uploaded-By": ["maya"]})
    await page.keyboard.press("Control+s")
    await expect(page.get_by_role("alert")).to_contain_text("maya changed this file")
    await expect(page.get_by_label("Text of notes.txt")).to_have_value("mine\n")
    assert not await findings(window)
    await page.get_by_role("button", name="Save mine in its place").click()
    await expect(page.locator("#toasts")).to_contain_text("notes.txt is saved.")
    await expect(page.locator("pre.code")).to_contain_text("mine")


async def test_a_page_is_not_left_with_an_unsaved_text_unasked(window: Window, bucket: str, store: ObjectStore) -> None:
    await store.put(bucket, "notes.txt", b"one\n")
    await window.open(f"/buckets/{bucket}/object/text?name=notes.txt")
    page = window.page
    asked: list[str] = []

    async def stay(dialog: object) -> None:
        asked.append(dialog.message)  # type: ignore[attr-defined]
        await dialog.dismiss()  # type: ignore[attr-defined]

    page.on("dialog", stay)
    await page.get_by_label("Text of notes.txt").fill("mine\n")
    await page.get_by_role("link", name=bucket).first.click()
    await expect(page.get_by_label("Text of notes.txt")).to_have_value("mine\n")
    assert asked == ["Leave without saving?"]


async def test_details_are_edited_and_the_file_is_renamed(window: Window, bucket: str, store: ObjectStore) -> None:
    await store.put(bucket, "old.txt", b"one\n", metadata={"a": "b"})
    await open_from_list(window, bucket, "old.txt")
    page = window.page
    await page.get_by_role("link", name="Rename, edit").click()
    await page.locator("#id_name").fill("new.txt")
    metadata = page.get_by_role("group", name="Metadata")
    await metadata.get_by_role("button", name="Add").click()
    await page.keyboard.type("project")
    await page.keyboard.press("Tab")
    await page.keyboard.type("harbour")
    await metadata.get_by_role("button", name="Remove a").click()
    assert not await findings(window)
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("h1")).to_have_text("new.txt")
    await expect(page.locator(".details")).to_contain_text("harbour")
    assert (await store.info(bucket, "new.txt")).metadata == {"project": "harbour"}


async def test_what_is_deleted_comes_back_by_undo(window: Window, bucket: str, store: ObjectStore) -> None:
    await store.history.enable(bucket)
    await store.put(bucket, "x.txt", b"one\n")
    await open_from_list(window, bucket, "x.txt")
    await window.page.get_by_role("button", name="Delete").click()
    await expect(window.page.locator("#empty")).to_contain_text("This bucket is empty")
    await window.page.get_by_role("button", name="Undo").click()
    await expect(window.page.locator("h1")).to_have_text("x.txt")
    await expect(window.page.locator("pre.code")).to_contain_text("one")


@both
async def test_axe_finds_nothing_in_any_preview(window: Window, bucket: str, store: ObjectStore) -> None:
    files = {
        "code.py": b"# said\ndef f(x):\n    return 'a' + 1.5\n" * 80,
        "notes.md": b"### One\n\n# Two\n\n[link](https://example.org)\n\n- a\n\n> b\n\n`c`\n\n|a|b|\n|-|-|\n|1|2|\n",
        "table.csv": b"a,b,\n" + b"1,2,3\n" * 100,
        "tree.json": b'{"a": [1, "b", null, {"c": {}}], "d": true}',
        "bytes.bin": bytes(range(256)) * 9,
        "dot.png": DOT,
        "empty.txt": b"",
    }
    for name, data in files.items():
        await store.put(bucket, name, data, description="What it is", headers={"X": ["y"]}, metadata={"k": "v"})
        await window.open(f"/buckets/{bucket}/object?name={name}")
        assert not await findings(window), name


@pytest.fixture
async def plain(chromium: Browser, live_site: Site) -> AsyncIterator[Window]:
    """A window without scripts, as narrow as a phone."""
    context = await chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    window = Window(await context.new_page(), live_site.url)
    await sign_in(window)
    yield window
    await context.close()


async def test_all_of_it_works_without_scripts_on_a_phone(plain: Window, bucket: str, store: ObjectStore) -> None:
    await store.put(bucket, "notes.txt", b"one\n")
    page = plain.page
    await plain.open(f"/buckets/{bucket}/")
    await page.get_by_role("link", name="notes.txt", exact=True).click()
    await expect(page.locator("pre.code")).to_contain_text("one")
    await page.get_by_role("button", name="Verify now").click()
    await expect(page.locator("#toasts")).to_contain_text("Every byte is what its SHA-256 says.")
    await page.get_by_role("link", name="Edit text").click()
    await page.get_by_label("Text of notes.txt").fill("two\n")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("pre.code")).to_contain_text("two")
    await page.get_by_role("link", name="Rename, edit").click()
    await page.get_by_label("Description").fill("said")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".details .description")).to_have_text("said")
    await page.get_by_role("button", name="Delete…").click()
    await page.get_by_role("button", name="Delete").click()
    await expect(page.locator("#empty")).to_contain_text("This bucket is empty")
