"""The main job, as a person does it: files in by drag and drop, seen live, out by download."""

import asyncio
import hashlib
import json
import os
from pathlib import Path

from nats.aio.client import Client
from playwright.async_api import expect

from buckets.objectstore import BucketConfig, ObjectStore
from buckets.objectstore.names import metadata_subject

from .conftest import Window


async def test_a_file_is_dragged_in_seen_and_downloaded_byte_for_byte(window: Window, bucket: str, foreign: Client, tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    source = tmp_path / "harbour panorama.jpg"
    source.write_bytes(content)
    await window.open_bucket(bucket)
    await window.drag(source)
    row = window.row("harbour panorama.jpg")
    await expect(row).to_contain_text("2.86 MiB")
    await expect(row).to_contain_text("JPEG image")
    await expect(window.page.locator("#tray h2")).to_have_text("1 uploaded")
    await row.hover()
    async with window.page.expect_download() as download:
        await row.get_by_role("link", name="Download harbour panorama.jpg").click()
    saved = await (await download.value).path()
    assert (await download.value).suggested_filename == "harbour panorama.jpg"
    assert saved.read_bytes() == content
    stored = await (await foreign.jetstream().object_store(bucket)).get("harbour panorama.jpg")
    assert hashlib.sha256(stored.data or b"").digest() == hashlib.sha256(content).digest()


async def test_what_another_client_writes_appears_and_goes_without_a_reload(window: Window, bucket: str, foreign: Client) -> None:
    others = await foreign.jetstream().object_store(bucket)
    await window.open_bucket(bucket)
    await window.page.evaluate("window.untouched = true")
    await others.put("from-elsewhere.txt", b"12345")
    await expect(window.row("from-elsewhere.txt")).to_contain_text("5 B")
    await others.put("from-elsewhere.txt", b"1234567")
    await expect(window.row("from-elsewhere.txt")).to_contain_text("7 B")
    await others.delete("from-elsewhere.txt")
    await expect(window.row("from-elsewhere.txt")).to_have_count(0)
    assert await window.page.evaluate("window.untouched")


async def test_a_dropped_folder_keeps_its_folders_and_all_its_files(window: Window, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "tree" / "deep").mkdir(parents=True)
    for number in range(130):
        (tmp_path / "tree" / f"{number:03}.txt").write_text(str(number))
    (tmp_path / "tree" / "deep" / "leaf.md").write_text("leaf")
    await window.open_bucket(bucket)
    await window.drag(tmp_path / "tree")
    await expect(window.page.locator("#tray h2")).to_have_text("131 uploaded")
    await expect(window.row("tree")).to_contain_text("131 files")
    await window.row("tree").get_by_role("link", name="tree", exact=True).click()
    await expect(window.page.locator("#facts")).to_contain_text("131 items")
    await expect(window.row("deep")).to_contain_text("1 file")


async def test_files_can_be_dropped_onto_a_folders_row(window: Window, bucket: str, store: ObjectStore, tmp_path: Path) -> None:
    await put(store, bucket, "photos/one.jpg")
    (tmp_path / "two.jpg").write_bytes(b"2")
    await window.open_bucket(bucket)
    await window.drag(tmp_path / "two.jpg", onto="#rows > tr[data-kind=folder]")
    await expect(window.row("photos")).to_contain_text("2 files")
    assert (await store.info(bucket, "photos/two.jpg")).size == 1


async def test_uploads_go_on_while_moving_through_folders(window: Window, bucket: str, store: ObjectStore, tmp_path: Path) -> None:
    await put(store, bucket, "folder/one.txt")
    (tmp_path / "large.bin").write_bytes(bytes(60_000_000))
    await window.open_bucket(bucket)
    await window.drag(tmp_path / "large.bin")
    await expect(window.page.locator("#tray li")).to_contain_text("large.bin")
    await window.row("folder").get_by_role("link", name="folder", exact=True).click()
    await expect(window.row("one.txt")).to_have_count(1)
    await expect(window.page.locator("#tray h2")).to_have_text("1 uploaded", timeout=30_000)
    assert (await store.info(bucket, "large.bin")).size == 60_000_000


async def test_a_cancelled_upload_leaves_nothing(window: Window, bucket: str, foreign: Client, tmp_path: Path) -> None:
    with (tmp_path / "endless.bin").open("wb") as large:
        large.truncate(3_000_000_000)
    await window.open_bucket(bucket)
    await window.drag(tmp_path / "endless.bin")
    await expect(window.page.locator("#tray li .state")).to_contain_text("%")
    stream = f"OBJ_{bucket}"
    while (await foreign.jetstream().stream_info(stream)).state.messages < 4:
        pass
    window.expected = ("423",)  # the piece under way may not have ended yet: the page asks again
    await window.page.get_by_role("button", name="Cancel: endless.bin").click()
    await expect(window.page.locator("#tray")).to_be_hidden()
    await settled(foreign, stream)
    await expect(window.page.locator("#facts")).to_contain_text("0 items")


async def settled(foreign: Client, stream: str) -> None:
    """Until the stream is empty: the site learns of the cancellation, and purges, a moment later."""
    async with asyncio.timeout(30):
        while (await foreign.jetstream().stream_info(stream)).state.messages:
            await asyncio.sleep(0.05)  # nothing tells of a purge


async def test_a_taken_name_is_asked_about_once(window: Window, bucket: str, store: ObjectStore, tmp_path: Path) -> None:
    names = ("a.txt", "b.txt")
    for name in names:
        await put(store, bucket, name)
        (tmp_path / name).write_text("new content")
    await window.open_bucket(bucket)
    await expect(window.row("b.txt")).to_have_count(1)
    files = [tmp_path / name for name in names]
    dialog = window.page.locator("#ask-conflict")
    await window.drag(*files)
    await dialog.get_by_label("For all").check()
    await dialog.get_by_role("button", name="Keep both").click()
    await expect(window.row("b (2).txt")).to_contain_text("11 B")
    await expect(window.row("a.txt")).to_contain_text("1 B")
    await expect(window.page.locator("#tray h2")).to_have_text("2 uploaded")
    await window.drag(files[0])
    await dialog.get_by_role("button", name="Replace").click()
    await expect(window.row("a.txt")).to_contain_text("11 B")
    await expect(window.page.locator("#tray h2")).to_have_text("3 uploaded")
    await window.drag(files[1])
    await dialog.get_by_role("button", name="Skip").click()
    await expect(window.page.locator("#tray h2")).to_have_text("3 uploaded, 1 skipped")
    await expect(window.row("b.txt")).to_contain_text("1 B")


async def test_a_refusal_is_told_in_words_and_can_be_tried_again(window: Window, store: ObjectStore, bucket: str, tmp_path: Path) -> None:
    full = f"{bucket}-full"
    await store.create_bucket(BucketConfig(full, max_bytes=500_000))
    await put(store, full, "old", 400_000)
    (tmp_path / "large.bin").write_bytes(bytes(300_000))
    window.expected = ("507",)
    await window.open_bucket(full)
    await window.drag(tmp_path / "large.bin")
    await expect(window.page.locator("#tray .why")).to_contain_text("full")
    await store.delete(full, "old")
    await window.page.get_by_role("button", name="Try again: large.bin").click()
    await expect(window.row("large.bin")).to_contain_text("293 KiB")


async def test_files_are_deleted_after_a_question(window: Window, bucket: str, store: ObjectStore) -> None:
    for name in ("one.txt", "two.txt", "folder/three.txt"):
        await put(store, bucket, name)
    await window.open_bucket(bucket)
    await window.page.get_by_label("Select two.txt").check()
    await window.page.get_by_label("Select folder").check()
    await expect(window.page.locator("#selection")).to_contain_text("2 selected")
    await window.page.locator("#selection").get_by_role("button", name="Delete").click()
    dialog = window.page.locator("#ask-delete")
    await expect(dialog).to_contain_text("Delete 1 file and 1 folder with all in it?")
    await dialog.get_by_role("button", name="Cancel").click()
    await window.page.locator("#selection").get_by_role("button", name="Delete").click()
    await dialog.get_by_role("button", name="Delete", exact=True).click()
    await expect(window.page.locator("#toasts")).to_contain_text("2 files deleted.")
    await expect(window.page.locator("#rows > tr")).to_have_count(1)
    await expect(window.page.locator("#selection")).to_be_hidden()


async def put(store: ObjectStore, bucket: str, name: str, size: int = 1) -> None:
    async def content() -> object:
        yield b"x" * size

    await store.put(bucket, name, content())  # type: ignore[arg-type]


async def test_a_large_folder_is_deleted_whole(window: Window, bucket: str, foreign: Client) -> None:
    publish = foreign.jetstream().publish
    for number in range(1100):
        name = f"folder/{number:04}"
        raw = json.dumps({"name": name, "bucket": bucket, "nuid": "N", "size": 0, "chunks": 0}).encode()
        await publish(metadata_subject(bucket, name), raw, headers={"Nats-Rollup": "sub"})
    await window.open_bucket(bucket)
    await expect(window.row("folder")).to_contain_text("1,100 files")
    await window.page.get_by_label("Select folder").check()
    await window.page.keyboard.press("Delete")
    await window.page.locator("#ask-delete").get_by_role("button", name="Delete", exact=True).click()
    await expect(window.page.locator("#empty")).to_contain_text("This bucket is empty", timeout=30_000)
    await expect(window.page.locator("#toasts")).to_contain_text("files deleted.")
