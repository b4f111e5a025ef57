"""The pages under Daphne, which `manage.py runserver` is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from nats.aio.client import Client
from playwright.async_api import Browser, expect

from tests.natsserver import NatsServer
from tests.site import Site

from .conftest import Window, sign_in, watch


@pytest.fixture
def daphne(nats_server: NatsServer) -> Iterator[Site]:
    site = Site.under_daphne(nats_server.url)
    site.start()
    yield site
    site.remove()


async def test_the_main_job_works_there_too(daphne: Site, chromium: Browser, bucket: str, foreign: Client, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("hello")
    context = await chromium.new_context()
    window = Window(await context.new_page(), daphne.url)
    watch(window.page, window.errors)
    await sign_in(window)
    await window.open_bucket(bucket)
    await window.drag(tmp_path / "notes.md")
    await expect(window.row("notes.md")).to_contain_text("5 B")
    await (await foreign.jetstream().object_store(bucket)).put("from-elsewhere.txt", b"12345678")
    row = window.row("from-elsewhere.txt")
    await expect(row).to_contain_text("8 B")
    await row.hover()
    async with window.page.expect_download() as download:
        await row.get_by_role("link", name="Download from-elsewhere.txt").click()
    assert (await (await download.value).path()).read_bytes() == b"12345678"
    await context.close()
    assert not window.unexpected()
