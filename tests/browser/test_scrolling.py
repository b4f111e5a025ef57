"""One list over all the files of a folder: the right rows at the right places, few of them in the document, and nothing jumps."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page, expect

from bench.metadata import create_objects
from buckets.objectstore import BucketConfig, ConnectOptions, ObjectStore, Sort, SortKey
from tests.natsserver import NatsServer

from .conftest import Window
from .test_main_job import put

CROWD = "crowd"
FILES = 4_000
MOST_ROWS = 300
# The rows that can be seen, from the top: names, places in the list, and pixels.
IN_SIGHT = """() => {
  const list = document.getElementById('list'), box = list.getBoundingClientRect();
  const top = box.top + list.querySelector('thead').offsetHeight;
  return [...document.querySelectorAll('#rows > tr')].map((row) => [row, row.getBoundingClientRect()])
    .filter(([, rect]) => rect.bottom > top + 1 && rect.top < box.bottom - 1)
    .map(([row, rect]) => [row.querySelector('.label').textContent, Number(row.ariaRowIndex) - 2, Math.round(rect.top - top)]);
}"""
FILLED = f"""() => {{
  const seen = ({IN_SIGHT})(), list = document.getElementById('list');
  return seen.length && seen[0][2] <= 0 && seen.at(-1)[2] > list.clientHeight - list.querySelector('thead').offsetHeight - 60;
}}"""
SCROLL = "(top) => { document.getElementById('list').scrollTop = top; }"


@pytest.fixture
async def crowd(nats_server: NatsServer) -> AsyncIterator[ObjectStore]:
    """The engine, and a bucket ``CROWD`` with ``FILES`` objects in one folder."""
    store = ObjectStore(ConnectOptions(servers=(nats_server.url,)))
    await store.start()
    await store.create_bucket(BucketConfig(CROWD))
    await create_objects(nats_server.url, CROWD, FILES)
    yield store
    await store.delete_bucket(CROWD)
    await store.close()


async def order(store: ObjectStore, sort: Sort, prefix: str = "", query: str = "") -> list[str]:
    """The names as the store's index has them in this order."""
    live = await store.live(CROWD)
    assert await live.wait_ready(20)
    return [info.name for info in live.index.page(prefix=prefix, query=query, sort=sort, limit=FILES * 2).objects]


async def in_sight(page: Page) -> list[Any]:
    """Once rows fill the list."""
    await page.wait_for_function(FILLED)
    found: list[Any] = await page.evaluate(IN_SIGHT)
    return found


async def first_in_sight(page: Page, index: int) -> list[Any]:
    await page.wait_for_function(f"(index) => ({IN_SIGHT})()[0]?.[1] === index", arg=index)
    return await in_sight(page)


def agree(seen: list[Any], names: list[str]) -> None:
    places = [index for _, index, _ in seen]
    assert places == list(range(places[0], places[0] + len(places)))
    assert [name for name, _, _ in seen] == names[places[0] : places[0] + len(places)]


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
async def test_every_place_shows_the_rows_that_belong_there(window: Window, crowd: ObjectStore, phone: bool) -> None:
    page, names = window.page, await order(crowd, Sort())
    if phone:
        await page.set_viewport_size({"width": 390, "height": 800})
    await window.open_bucket(CROWD)
    await expect(page.locator("#list .files")).to_have_attribute("aria-rowcount", str(FILES + 1))
    height = await page.evaluate("document.getElementById('list').scrollHeight")
    row = await page.locator("#rows > tr").nth(1).bounding_box()
    assert row
    assert abs(height - row["height"] * FILES) < 100
    assert abs(row["width"] - await page.evaluate("document.getElementById('list').clientWidth")) < 1
    for share in (0.5, 0.03, 1, 0.77, 0.9, 0):
        await page.evaluate(SCROLL, share * height)
        agree(await in_sight(page), names)
        assert await page.locator("#rows > tr").count() <= MOST_ROWS
    await page.mouse.move(200, 500)
    for _ in range(30):
        await page.mouse.wheel(0, 400)
    agree(await in_sight(page), names)
    await expect(page.locator("#pager")).to_be_hidden()


async def test_sorting_and_searching_give_one_list_too(window: Window, crowd: ObjectStore) -> None:
    page = window.page
    await put(crowd, CROWD, "folder/Report 0 inside.txt")
    await window.open_bucket(CROWD)
    await page.get_by_role("link", name="Size", exact=True).click()
    await expect(page.locator("th[aria-sort]")).to_have_text("Size↓")
    by_size = ["folder", *await order(crowd, Sort(SortKey.SIZE, descending=True))]
    await page.evaluate(SCROLL, 90_000)
    agree(await in_sight(page), by_size)
    await page.locator("#search").fill("report 09")
    await expect(page.locator("#facts")).to_contain_text("matches")
    assert "sort=-size" in page.url
    found = await order(crowd, Sort(SortKey.SIZE, descending=True), query="report 09")
    await page.keyboard.press("Escape")
    await expect(page.locator("#facts")).to_contain_text("items")
    await page.locator("#search").fill("report 09")
    await expect(page.locator("#list .files")).to_have_attribute("aria-rowcount", str(len(found) + 1))
    await page.evaluate(SCROLL, 2_000)
    agree(await in_sight(page), found)


async def test_a_folder_is_searched_or_the_whole_bucket(window: Window, crowd: ObjectStore) -> None:
    page = window.page
    await put(crowd, CROWD, "folder/Report 0 inside.txt")
    await window.open_bucket(CROWD, "?prefix=folder%2F")
    await page.locator("#search").fill("report 0")
    await expect(page.locator("#rows > tr")).to_have_count(1)
    await page.get_by_role("link", name="Whole bucket").click()
    await expect(page.get_by_role("link", name="Whole bucket")).to_have_attribute("aria-current", "true")
    await expect(page.locator("h1")).to_have_text("folder")
    found = await order(crowd, Sort(), query="report 0")
    await expect(page.locator("#list .files")).to_have_attribute("aria-rowcount", str(len(found) + 1))
    await page.locator("#search").fill("report 00")
    await expect(page.locator("#facts")).not_to_contain_text(f"{len(found):,} matches")
    assert "in=bucket" in page.url
    await page.get_by_role("link", name="This folder").click()
    await expect(page.locator("#empty")).to_contain_text("Neither in this folder")


async def test_the_keys_go_through_all_rows(window: Window, crowd: ObjectStore) -> None:
    page, names = window.page, await order(crowd, Sort())
    await window.open_bucket(CROWD)

    async def focus_is_on(index: int) -> None:
        await page.wait_for_function("(name) => document.activeElement.textContent.trim() === name", arg=names[index])
        await expect(page.locator(":focus")).to_be_in_viewport()

    keys = page.keyboard
    await keys.press("ArrowDown")
    await focus_is_on(0)
    await keys.press("End")
    await focus_is_on(FILES - 1)
    await keys.press("ArrowUp")
    await focus_is_on(FILES - 2)
    await keys.press("Home")
    await focus_is_on(0)
    for _ in range(40):
        await keys.press("ArrowDown")
    await focus_is_on(40)
    await page.evaluate(SCROLL, 100_000)
    await in_sight(page)
    assert await page.evaluate("document.activeElement.id") == "list"
    await page.evaluate(SCROLL, 40 * 42 - 200)
    await focus_is_on(40)
    await page.evaluate(SCROLL, 100_000)
    await in_sight(page)
    await keys.press("ArrowDown")
    await focus_is_on(41)
    await keys.press("PageDown")
    await page.wait_for_function("(name) => document.activeElement.textContent.trim() > name", arg=names[45])


async def test_what_is_in_sight_stays_while_hundreds_come_above_it(window: Window, crowd: ObjectStore, nats_server: NatsServer) -> None:
    page = window.page
    await window.open_bucket(CROWD)
    await page.evaluate(SCROLL, 50_010)
    before = await in_sight(page)
    await put(crowd, CROWD, "!first")
    await expect(page.locator("#facts")).to_contain_text(f"{FILES + 1:,} items")
    after = await in_sight(page)
    assert [(name, top) for name, _, top in after] == [(name, top) for name, _, top in before]
    assert after[0][1] == before[0][1] + 1
    for number in range(150):
        await put(crowd, CROWD, f"!{number:03}")
    await expect(page.locator("#facts")).to_contain_text(f"{FILES + 151:,} items")
    after = await first_in_sight(page, before[0][1] + 151)
    assert [(name, top) for name, _, top in after] == [(name, top) for name, _, top in before]
    await crowd.delete(CROWD, before[2][0])
    await expect(page.locator("#facts")).to_contain_text(f"{FILES + 150:,} items")
    seen = await in_sight(page)
    assert [name for name, _, _ in seen[:3]] == [before[0][0], before[1][0], before[3][0]]
    agree(seen, await order(crowd, Sort()))


async def test_the_address_follows_and_leads_back(window: Window, crowd: ObjectStore) -> None:
    page, names = window.page, await order(crowd, Sort())
    await window.open_bucket(CROWD, "?page=12")
    agree(await first_in_sight(page, 1100), names)
    await page.evaluate(SCROLL, 2345 * 42 + 10)
    await page.wait_for_url("**page=24")
    await page.reload()
    agree(await first_in_sight(page, 2345), names)
    await page.locator("#live-state", has_text="Live").wait_for()
    await page.get_by_role("link", name="Changed", exact=True).dispatch_event("click")
    await expect(page.locator("th[aria-sort]")).to_contain_text("Changed")
    assert "page=" not in page.url
    await page.go_back()
    agree(await first_in_sight(page, 2345), names)
    assert "page=24" in page.url


async def test_rows_come_also_where_no_socket_brings_them(window: Window, crowd: ObjectStore) -> None:
    page, names = window.page, await order(crowd, Sort())
    await page.route_web_socket("**/ws/**", lambda socket: socket.close(code=3000))
    await window.open(f"/buckets/{CROWD}/")
    await expect(page.locator("#live-state")).to_have_text("Reconnecting…")
    await page.evaluate(SCROLL, 80_000)
    agree(await in_sight(page), names)


async def test_a_range_is_selected_over_rows_that_are_not_in_the_document(window: Window, crowd: ObjectStore) -> None:
    page = window.page
    await window.open_bucket(CROWD)
    await page.locator("#rows input[type=checkbox]").nth(1).check()
    await page.evaluate(SCROLL, 3000 * 42)
    await first_in_sight(page, 3000)
    await page.locator("#rows > tr[aria-rowindex='3004'] input[type=checkbox]").click(modifiers=["Shift"])
    await expect(page.locator("#selection")).to_contain_text("3,002 selected")
    await page.keyboard.press("Control+a")
    await expect(page.locator("#selection")).to_contain_text(f"{FILES:,} selected")
