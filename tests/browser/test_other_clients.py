"""Files between the browser and the other clients, both ways, byte for byte."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from nats.aio.client import Client
from playwright.async_api import expect

from tests.interop.nats_js import NatsJs
from tests.natsserver import NatsServer

from .conftest import Window

SIZE = 1_000_003


@pytest.fixture
def nats_js(nats_server: NatsServer) -> Iterator[NatsJs]:
    client = NatsJs(nats_server.url)
    yield client
    client.close()


async def test_what_the_browser_uploads_is_read_by_both(
    window: Window, bucket: str, foreign: Client, nats_js: NatsJs, tmp_path: Path
) -> None:
    content = os.urandom(SIZE)
    (tmp_path / "from the browser.bin").write_bytes(content)
    await window.open_bucket(bucket)
    await window.drag(tmp_path / "from the browser.bin")
    await expect(window.page.locator("#tray h2")).to_have_text("1 uploaded")
    objects = await foreign.jetstream().object_store(bucket)
    assert (await objects.get("from the browser.bin")).data == content  # both clients check the digest
    assert await nats_js.get(bucket, "from the browser.bin") == content


async def test_what_both_write_is_listed_and_downloaded(window: Window, bucket: str, foreign: Client, nats_js: NatsJs) -> None:
    contents = {"by-nats-py.bin": os.urandom(SIZE), "by-nats-js.bin": os.urandom(SIZE)}
    await window.open_bucket(bucket)
    await (await foreign.jetstream().object_store(bucket)).put("by-nats-py.bin", contents["by-nats-py.bin"])
    await nats_js.put(bucket, "by-nats-js.bin", contents["by-nats-js.bin"])
    for name, content in contents.items():
        await expect(window.row(name)).to_contain_text("977 KiB")
        await window.row(name).hover()
        async with window.page.expect_download() as download:
            await window.row(name).get_by_role("link", name=f"Download {name}").click()
        assert (await (await download.value).path()).read_bytes() == content
