"""Large files in slices: byte for byte, through pauses, breaks, reloads and the end of a session; and thousands of small ones."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client
from playwright.async_api import Browser, Error, Request, Route, expect

from buckets.objectstore import BucketChange, ObjectStore
from tests.faults.proxy import Proxy
from tests.natsserver import NatsServer
from tests.site import ADMIN, PASSWORD, Site

from .conftest import Window, sign_in, watch

MIB = 1024 * 1024
SLICE = 8 * MIB
BROKEN = ("ERR_FAILED", "ERR_CONNECTION", "ERR_EMPTY_RESPONSE", "ERR_SOCKET", "WebSocket", "423", "409", "503")
UPLOADS = "**/api/v1/uploads/*"


@pytest.fixture
def own_site(nats_server: NatsServer) -> Iterator[Site]:
    """A site to kill."""
    site = Site(nats_server.url)
    site.start()
    yield site
    site.remove()


@pytest.fixture
async def own_window(chromium: Browser, own_site: Site) -> AsyncIterator[Window]:
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(20_000)
    window = Window(await context.new_page(), own_site.url)
    watch(window.page, window.errors)
    await sign_in(window)
    yield window
    await context.close()
    assert not window.unexpected()


class Slices:
    """What the page sends to uploads: (method, offset, bytes), in order."""

    def __init__(self, window: Window) -> None:
        self.sent: list[tuple[str, int, int]] = []
        window.page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if "/api/v1/uploads" in request.url:
            headers = request.headers
            self.sent.append((request.method, int(headers.get("upload-offset", -1)), int(headers.get("content-length", 0))))

    def offsets(self) -> list[int]:
        return [offset for method, offset, _ in self.sent if method == "PATCH"]

    def count(self, method: str) -> int:
        return sum(each == method for each, _, _ in self.sent)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.bin"
    path.write_bytes(os.urandom(40 * MIB))
    return path


def title(window: Window) -> Any:
    return window.page.locator("#tray h2")


def state(window: Window) -> Any:
    return window.page.locator("#tray li .state")


def button(window: Window, name: str) -> Any:
    return window.page.get_by_role("button", name=name, exact=True)


async def content(store: ObjectStore, bucket: str, name: str = "large.bin") -> bytes:
    return b"".join([piece async for piece in await store.get(bucket, name)])


@asynccontextmanager
async def held(window: Window, offset: int) -> AsyncIterator[Callable[[], Any]]:
    """The slice at ``offset`` does not get through while the block runs; what it gives waits until the page has sent that slice."""
    waiting: list[Route] = []

    async def hold(route: Route) -> None:
        if route.request.headers.get("upload-offset") == str(offset):
            waiting.append(route)
        else:
            await route.continue_()

    async def reached() -> None:
        while not waiting:
            await window.page.wait_for_timeout(10)

    await window.page.route(UPLOADS, hold)
    yield reached
    await window.page.unroute(UPLOADS, hold)
    for route in waiting:
        with contextlib.suppress(Error):  # the page has taken it back
            await route.abort()


async def test_a_large_file_arrives_in_slices_byte_for_byte(window: Window, bucket: str, store: ObjectStore, large: Path) -> None:
    slices = Slices(window)
    await window.open_bucket(bucket)
    started = time.monotonic()
    await window.drag(large)
    await expect(title(window)).to_have_text("1 uploaded")
    print(f"\n40 MiB in slices: {40 / (time.monotonic() - started):.0f} MiB/s")
    assert slices.offsets() == [number * SLICE for number in range(5)]
    assert await content(store, bucket) == large.read_bytes()
    assert await window.page.evaluate("localStorage.length") == 0


async def test_a_file_of_one_slice_is_one_request(window: Window, bucket: str, store: ObjectStore, tmp_path: Path) -> None:
    slices = Slices(window)
    (tmp_path / "slice.bin").write_bytes(bytes(SLICE))
    await window.open_bucket(bucket)
    await window.drag(tmp_path / "slice.bin")
    await expect(title(window)).to_have_text("1 uploaded")
    assert slices.sent == []
    assert (await store.info(bucket, "slice.bin")).size == SLICE


async def test_it_goes_on_by_itself_when_the_site_was_killed_in_the_middle(
    own_window: Window, own_site: Site, bucket: str, store: ObjectStore, large: Path
) -> None:
    own_window.expected = BROKEN
    slices = Slices(own_window)
    await own_window.open_bucket(bucket)
    async with held(own_window, 2 * SLICE) as reached:
        await own_window.drag(large)
        await reached()
        own_site.kill()
    await expect(state(own_window)).to_contain_text("trying again")
    own_site.start()
    await expect(title(own_window)).to_have_text("1 uploaded", timeout=60_000)
    assert set(slices.offsets()) == {number * SLICE for number in range(5)}
    assert all(slices.offsets().count(offset) == 1 for offset in (0, SLICE, 4 * SLICE))
    assert slices.count("POST") == 1
    assert await content(store, bucket) == large.read_bytes()


async def test_what_came_of_a_slice_is_not_sent_again(window: Window, bucket: str, store: ObjectStore, large: Path) -> None:
    window.expected = BROKEN
    slices = Slices(window)
    async with Proxy(window.url) as proxy:
        window.url = proxy.url.replace("nats:", "http:")
        await window.open_bucket(bucket)
        proxy.hold_after(12 * MIB)
        await window.drag(large)
        while (await store.bucket(bucket)).size_bytes <= SLICE + MIB // 2:  # of the second slice nothing is stored yet
            await asyncio.sleep(0.01)
        proxy.cut()
        await expect(title(window)).to_have_text("1 uploaded", timeout=30_000)
    assert proxy.cuts > 1
    offsets = [offset for offset in slices.offsets() if offset % SLICE]
    assert any(SLICE < offset < 2 * SLICE for offset in offsets)
    assert slices.offsets().count(0) == 1
    assert await content(store, bucket) == large.read_bytes()


@pytest.mark.parametrize("number", [1, 4])
async def test_an_answer_that_is_lost_does_no_harm(window: Window, bucket: str, store: ObjectStore, large: Path, number: int) -> None:
    window.expected = BROKEN
    slices = Slices(window)
    async with Proxy(window.url) as proxy:
        window.url = proxy.url.replace("nats:", "http:")
        await window.open_bucket(bucket)
        proxy.lose_the_answer_to(f"Upload-Offset: {number * SLICE}\r".encode())
        await window.drag(large)
        await expect(title(window)).to_have_text("1 uploaded", timeout=30_000)
    assert proxy.cuts > 1
    assert slices.count("HEAD") > 0
    assert await content(store, bucket) == large.read_bytes()


async def test_after_a_reload_the_same_file_goes_on(window: Window, bucket: str, store: ObjectStore, large: Path) -> None:
    window.page.on("dialog", lambda dialog: dialog.accept())
    await window.open_bucket(bucket)
    async with held(window, 3 * SLICE) as reached:
        await window.drag(large)
        await reached()
        await window.page.reload()
    await window.page.locator("#live-state", has_text="Live").wait_for()
    slices = Slices(window)
    await window.drag(large)
    await expect(title(window)).to_have_text("1 uploaded")
    assert slices.sent[0][0] == "HEAD"
    assert slices.offsets() == [3 * SLICE, 4 * SLICE]
    assert await content(store, bucket) == large.read_bytes()


async def test_after_a_reload_another_file_of_that_name_starts_anew(window: Window, bucket: str, store: ObjectStore, large: Path) -> None:
    window.page.on("dialog", lambda dialog: dialog.accept())
    await window.open_bucket(bucket)
    async with held(window, SLICE) as reached:
        await window.drag(large)
        await reached()
        await window.page.reload()
    await window.page.locator("#live-state", has_text="Live").wait_for()
    large.write_bytes(os.urandom(40 * MIB))
    os.utime(large, (1, 1))
    await window.drag(large)
    await expect(title(window)).to_have_text("1 uploaded")
    assert await content(store, bucket) == large.read_bytes()


async def test_an_upload_that_is_gone_when_its_file_comes_again_starts_anew(
    window: Window, bucket: str, store: ObjectStore, large: Path
) -> None:
    window.expected = ("404",)
    window.page.on("dialog", lambda dialog: dialog.accept())
    await window.open_bucket(bucket)
    async with held(window, SLICE) as reached:
        await window.drag(large)
        await reached()
        await window.page.reload()
    address = await window.page.evaluate("JSON.parse(Object.values(localStorage)[0]).address")
    await store.uploads.terminate(address.rsplit("/", 1)[1])
    await window.page.locator("#live-state", has_text="Live").wait_for()
    await window.drag(large)
    await expect(title(window)).to_have_text("1 uploaded")
    assert await content(store, bucket) == large.read_bytes()


async def test_it_pauses_and_goes_on(window: Window, bucket: str, store: ObjectStore, large: Path) -> None:
    slices = Slices(window)
    await window.open_bucket(bucket)
    async with held(window, SLICE) as reached:
        await window.drag(large)
        await reached()
        await button(window, "Pause: large.bin").click()
        await expect(state(window)).to_have_text("paused")
        await expect(window.page.locator("#tray .amounts")).to_have_text("8 MiB of 40 MiB")
    await expect(title(window)).to_have_text("Paused · 0 of 1")
    await button(window, "Go on: large.bin").click()
    await expect(title(window)).to_have_text("1 uploaded")
    assert slices.offsets() == [0, SLICE, SLICE, 2 * SLICE, 3 * SLICE, 4 * SLICE]
    assert await content(store, bucket) == large.read_bytes()


async def test_all_pause_and_go_on_by_the_keyboard(window: Window, bucket: str, store: ObjectStore, large: Path, tmp_path: Path) -> None:
    names = [f"{number}.txt" for number in range(6)]
    for name in names:
        (tmp_path / name).write_text(name)
    await window.open_bucket(bucket)
    async with held(window, 0) as reached:
        await window.drag(large)
        await reached()
        await button(window, "Pause all uploads").focus()
        await window.page.keyboard.press("Enter")
        await expect(button(window, "Go on with all uploads")).to_be_focused()
        await window.drag(*[tmp_path / name for name in names])
        await expect(title(window)).to_have_text("Paused · 0 of 7")
    assert await store.list(bucket) == []
    await window.page.keyboard.press("Enter")
    await expect(title(window)).to_have_text("7 uploaded")
    assert {info.name for info in await store.list(bucket)} == {"large.bin", *names}


async def test_a_cancelled_upload_leaves_nothing_in_the_bucket(
    window: Window, bucket: str, store: ObjectStore, foreign: Client, large: Path
) -> None:
    await window.open_bucket(bucket)
    async with held(window, 2 * SLICE) as reached:
        await window.drag(large)
        await reached()
        assert (await foreign.jetstream().stream_info(f"OBJ_{bucket}")).state.messages > 0
        async with window.page.expect_request_finished(lambda request: request.method == "DELETE"):
            await button(window, "Cancel: large.bin").click()
    await expect(window.page.locator("#tray")).to_be_hidden()
    assert (await foreign.jetstream().stream_info(f"OBJ_{bucket}")).state.messages == 0
    assert await window.page.evaluate("localStorage.length") == 0


async def sign_in_beside(window: Window) -> None:
    """In another tab, as the tray's notice offers."""
    async with window.page.context.expect_page() as opened:
        await window.page.locator("#tray .notice").get_by_role("link", name="Sign in").click()
    login = await opened.value
    await login.get_by_label("Name").fill(ADMIN)
    await login.get_by_label("Password").fill(PASSWORD)
    await login.get_by_role("button", name="Sign in").click()
    await login.get_by_role("heading", name="Buckets", exact=True, level=1).wait_for()
    await login.close()


async def test_a_session_that_ends_in_the_middle_asks_for_a_login_and_goes_on(
    own_window: Window, bucket: str, store: ObjectStore, large: Path
) -> None:
    own_window.expected = ("401", "4401", "403", "WebSocket")
    slices = Slices(own_window)
    context = own_window.page.context
    await own_window.open_bucket(bucket)
    async with held(own_window, 2 * SLICE) as reached:
        await own_window.drag(large)
        await reached()
        await context.clear_cookies()
    notice = own_window.page.locator("#tray .notice")
    await expect(notice).to_contain_text("You are signed out")
    await expect(state(own_window)).to_have_text("paused")
    await sign_in_beside(own_window)
    await notice.get_by_role("button", name="Go on").click()
    await expect(title(own_window)).to_have_text("1 uploaded")
    await expect(own_window.row("large.bin")).to_contain_text("40 MiB")
    assert slices.count("POST") == 1
    assert await content(store, bucket) == large.read_bytes()


async def test_a_large_file_whose_name_is_taken_asks_before_it_is_sent(
    window: Window, bucket: str, store: ObjectStore, large: Path
) -> None:
    await store.put(bucket, "large.bin", b"old")
    slices = Slices(window)
    await window.open_bucket(bucket)
    await window.drag(large)
    dialog = window.page.locator("#ask-conflict")
    await dialog.get_by_role("button", name="Keep both").click()
    await expect(title(window)).to_have_text("1 uploaded")
    assert await content(store, bucket, "large (2).bin") == large.read_bytes()
    await window.drag(large)
    await dialog.get_by_role("button", name="Replace").click()
    await expect(title(window)).to_have_text("2 uploaded")
    assert await content(store, bucket) == large.read_bytes()
    assert slices.offsets() == [number * SLICE for number in range(5)] * 2


async def test_a_name_that_is_taken_meanwhile_is_asked_about_at_the_end(
    window: Window, bucket: str, store: ObjectStore, large: Path
) -> None:
    window.expected = ("412",)
    await window.open_bucket(bucket)
    async with held(window, 4 * SLICE) as reached:
        await window.drag(large)
        await reached()
        await store.put(bucket, "large.bin", b"faster")
        window.expected += BROKEN
    dialog = window.page.locator("#ask-conflict")
    await expect(dialog).to_be_visible()
    assert await content(store, bucket) == b"faster"
    await dialog.get_by_role("button", name="Replace").click()
    await expect(title(window)).to_have_text("1 uploaded")
    assert await content(store, bucket) == large.read_bytes()


async def test_a_busy_site_is_asked_again_when_it_says(window: Window, bucket: str, store: ObjectStore, large: Path) -> None:
    window.expected = ("503",)
    busy = iter([True, True])

    async def answer(route: Route) -> None:
        if route.request.method == "PATCH" and next(busy, False):
            await route.fulfill(status=503, headers={"Retry-After": "1"}, json={"error": {"code": "busy", "message": "Later."}})
        else:
            await route.continue_()

    await window.page.route(UPLOADS, answer)
    await window.open_bucket(bucket)
    started = time.monotonic()
    await window.drag(large)
    await expect(title(window)).to_have_text("1 uploaded", timeout=30_000)
    assert time.monotonic() - started >= 2
    assert await content(store, bucket) == large.read_bytes()


async def test_a_file_that_is_gone_from_the_disk_is_said_to_be(window: Window, bucket: str, large: Path) -> None:
    window.expected = ("ERR_",)
    await window.open_bucket(bucket)
    async with held(window, 0) as reached:
        await window.drag(large)
        await reached()
        await button(window, "Pause: large.bin").click()
        large.unlink()
    await button(window, "Go on: large.bin").click()
    await expect(window.page.locator("#tray .why")).to_contain_text("changed, moved or deleted")


async def test_many_small_files(window: Window, bucket: str, store: ObjectStore, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(300):
        (folder / f"{number:03}.bin").write_bytes(os.urandom(4096))
    await window.open_bucket(bucket)
    started = time.monotonic()
    await window.drag(folder)
    await expect(title(window)).to_have_text("300 uploaded", timeout=60_000)
    print(f"\n300 files of 4 KiB: {300 / (time.monotonic() - started):.0f} files/s")
    assert len(await store.list(bucket)) == 300
    assert await content(store, bucket, "many/123.bin") == (folder / "123.bin").read_bytes()


async def test_a_session_that_ends_while_small_files_go_up_together_costs_none_of_them(
    own_window: Window, bucket: str, store: ObjectStore, tmp_path: Path
) -> None:
    own_window.expected = ("401", "4401", "403", "WebSocket")
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(400):
        (folder / f"{number:03}.bin").write_bytes(os.urandom(4096))
    context, requests = own_window.page.context, 0

    async def ends_with_the_third(route: Route) -> None:
        nonlocal requests
        requests += 1
        if requests == 3:
            await context.clear_cookies()
        await route.continue_()

    await own_window.open_bucket(bucket)
    await own_window.page.route("**/upload", ends_with_the_third)
    await own_window.drag(folder)
    notice = own_window.page.locator("#tray .notice")
    await expect(notice).to_contain_text("You are signed out")
    assert len(await store.list(bucket)) < 400
    await sign_in_beside(own_window)
    await notice.get_by_role("button", name="Go on").click()
    await expect(title(own_window)).to_have_text("400 uploaded", timeout=60_000)
    assert {info.name for info in await store.list(bucket)} == {f"many/{number:03}.bin" for number in range(400)}
    assert await content(store, bucket, "many/399.bin") == (folder / "399.bin").read_bytes()


async def test_small_files_whose_answer_was_lost_are_no_conflict(window: Window, bucket: str, store: ObjectStore, tmp_path: Path) -> None:
    window.expected = BROKEN
    names = [f"{number}.txt" for number in range(30)]
    for name in names:
        (tmp_path / name).write_text(name)
    async with Proxy(window.url) as proxy:
        window.url = proxy.url.replace("nats:", "http:")
        await window.open_bucket(bucket)
        proxy.lose_the_answer_to(b'"name":"29.txt"')
        await window.drag(*[tmp_path / name for name in names])
        await expect(title(window)).to_have_text("30 uploaded", timeout=30_000)
    assert proxy.cuts > 1
    assert {info.name for info in await store.list(bucket)} == set(names)


async def test_a_small_file_that_is_gone_does_not_keep_others_back(
    window: Window, bucket: str, store: ObjectStore, large: Path, tmp_path: Path
) -> None:
    window.expected = ("ERR_",)
    files = [tmp_path / f"{number}.txt" for number in range(5)]
    for file in files:
        file.write_text(file.name)
    await window.open_bucket(bucket)
    async with held(window, 0) as reached:
        await window.drag(large)
        await reached()
        await button(window, "Pause all uploads").click()
        await window.drag(*files)
        await expect(title(window)).to_have_text("Paused · 0 of 6")
        await button(window, "Cancel: large.bin").click()
        files[2].unlink()
    await button(window, "Go on with all uploads").click()
    await expect(title(window)).to_have_text("4 uploaded, 1 failed")
    await expect(window.page.locator("#tray .why:visible")).to_contain_text("changed, moved or deleted")
    assert {info.name for info in await store.list(bucket)} == {"0.txt", "1.txt", "3.txt", "4.txt"}


async def test_a_folder_keeps_its_paths_in_slices_too(window: Window, bucket: str, store: ObjectStore, tmp_path: Path) -> None:
    contents = {"album/one.txt": b"1", "album/deep/er/large.bin": os.urandom(SLICE + 1), "album/deep/two.txt": b"2"}
    for name, data in contents.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    await window.open_bucket(bucket, "?prefix=here%2F")
    await window.drag(tmp_path / "album")
    await expect(title(window)).to_have_text("3 uploaded")
    for name, data in contents.items():
        assert await content(store, bucket, f"here/{name}") == data


async def test_no_more_than_four_requests_run_at_once(window: Window, bucket: str, store: ObjectStore, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.bin" for number in range(7)]
    for file in files:
        file.write_bytes(bytes(300_000))
    running: list[Route] = []
    let_through = asyncio.Event()

    async def hold(route: Route) -> None:
        running.append(route)
        await let_through.wait()
        await route.continue_()

    await window.page.route("**/api/v1/buckets/*/upload", hold)
    await window.open_bucket(bucket)
    await window.drag(*files)
    await expect(window.page.locator("#tray li.sending")).to_have_count(4)
    await expect(window.page.locator("#tray li.waiting")).to_have_count(3)
    assert len(running) == 4
    let_through.set()
    await expect(title(window)).to_have_text("7 uploaded")


async def test_all_that_is_cancelled_is_gone_from_the_bucket(
    window: Window, bucket: str, foreign: Client, large: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.bin"
    other.write_bytes(bytes(2 * SLICE))
    await window.open_bucket(bucket)
    async with held(window, SLICE) as reached:
        await window.drag(large, other)
        await reached()
        await button(window, "Cancel all uploads").click()
    await expect(window.page.locator("#tray")).to_be_hidden()
    while (await foreign.jetstream().stream_info(f"OBJ_{bucket}")).state.messages:
        await window.page.wait_for_timeout(20)
    assert await window.page.evaluate("localStorage.length") == 0


async def test_hostile_names_are_only_text(window: Window, bucket: str, store: ObjectStore, tmp_path: Path) -> None:
    name = "<img src=x onerror=document.title='broken'>&quot;\u202etxt.bin"
    (tmp_path / name).write_bytes(bytes(SLICE + 1))
    await store.put(bucket, name, b"old")
    await window.open_bucket(bucket)
    await window.drag(tmp_path / name)
    dialog = window.page.locator("#ask-conflict")
    await expect(dialog.locator("[data-title]")).to_contain_text("<img src=x onerror=document.title='broken'>")
    await dialog.get_by_role("button", name="Replace").click()
    await expect(title(window)).to_have_text("1 uploaded")
    await expect(window.page.locator("#tray bdi")).to_contain_text("<img src=x onerror=document.title='broken'>&quot;⟨U+202E⟩txt.bin")
    assert await window.page.locator("#tray img, #ask-conflict img").count() == 0
    assert await window.page.title() != "broken"


async def test_in_a_bucket_with_unique_names_nobody_is_asked_and_the_new_name_is_told(
    window: Window, bucket: str, store: ObjectStore, tmp_path: Path
) -> None:
    await store.update_bucket(bucket, BucketChange(unique_names=True))
    for name, size in (("small.txt", 1), ("large.bin", SLICE + 1)):
        (tmp_path / name).write_bytes(bytes(size))
        await store.put(bucket, name, b"old")
    await window.open_bucket(bucket)
    await window.drag(tmp_path / "small.txt", tmp_path / "large.bin")
    await expect(title(window)).to_have_text("2 uploaded")
    made = sorted(info.name for info in await store.list(bucket) if info.name not in ("small.txt", "large.bin"))
    assert [name[15:] for name in made] == ["-large.bin", "-small.txt"] or [name[15:] for name in made] == ["-small.txt", "-large.bin"]
    for name in made:
        await expect(window.page.locator("#tray bdi", has_text=name)).to_have_count(1)
