"""Two browsers on one folder stay equal to the store, whoever writes: they themselves, the API, nats-py and @nats-io/obj."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from nats.aio.client import Client
from nats.js.api import ObjectMeta
from nats.js.errors import NotFoundError
from playwright.async_api import Page
from playwright.async_api import TimeoutError as NotInTime

from buckets.objectstore import ObjectStore
from tests.interop.nats_js import NatsJs
from tests.natsserver import NatsServer
from tests.site import ADMIN, Site

from .conftest import Window, watch

OPERATIONS = 500
CHECK_EVERY = 50
NAMES = [f"file {number:03}.{kind}" for number, kind in zip(range(150), ["txt", "pdf", "jpg"] * 50, strict=True)]
DEEP = [f"{folder}/deep {number}.txt" for folder in ("Folder", "other") for number in range(5)]
# The rows in the document, and what the list says of all: an object a row.
SHOWN = """() => ({
  total: Number(document.querySelector('#list .files').ariaRowCount) - 1,
  rows: [...document.querySelectorAll('#rows > tr')].map((row) => ({
    place: Number(row.ariaRowIndex) - 2, name: decodeURIComponent(row.dataset.name), size: Number(row.querySelector('.size data').value),
    rev: row.dataset.kind === 'object' ? row.dataset.rev : '',
  })),
})"""
EQUAL = f"""(expected) => {{
  const {{ total, rows }} = ({SHOWN})();
  return total === expected.length && rows.length >= Math.min(30, total)
    && rows.every(({{ place, ...row }}, at) => place === rows[0].place + at && JSON.stringify(row) === JSON.stringify(expected[place]));
}}"""
SEND = """async ([method, name, body]) => {
  const { listing, csrfToken } = await import(document.querySelector('script[type=module]').src.replace('app.js', 'page.js'));
  const headers = { 'X-CSRFToken': csrfToken(), 'Content-Type': method === 'PATCH' ? 'application/json' : 'text/plain' };
  return (await fetch(`${listing().objectsUrl}?name=${encodeURIComponent(name)}`, { method, headers, body })).status;
}"""
SCROLL = "(share) => { const list = document.getElementById('list'); list.scrollTop = share * list.scrollHeight; }"
Row = dict[str, Any]


class Api:
    """A client of the HTTP API: the site's pages, or a program with a token."""

    def __init__(self, send: Callable[[str, str, str | None], Awaitable[int]]) -> None:
        self._send = send

    async def put(self, name: str, data: bytes) -> None:
        assert await self._send("PUT", name, data.decode()) == 201

    async def delete(self, name: str) -> None:
        assert await self._send("DELETE", name, None) == 204

    async def rename(self, name: str, to: str) -> None:
        assert await self._send("PATCH", name, f'{{"name": "{to}"}}') == 200

    async def describe(self, name: str, words: str) -> None:
        assert await self._send("PATCH", name, f'{{"description": "{words}"}}') == 200


def of_page(page: Page) -> Api:
    async def send(method: str, name: str, body: str | None) -> int:
        status: int = await page.evaluate(SEND, [method, name, body])
        return status

    return Api(send)


def of_client(client: httpx.AsyncClient) -> Api:
    async def send(method: str, name: str, body: str | None) -> int:
        kind = {"Content-Type": "application/json" if method == "PATCH" else "text/plain"}
        return (await client.request(method, "/objects", params={"name": name}, content=body, headers=kind)).status_code

    return Api(send)


class NatsPy:
    def __init__(self, objects: Any) -> None:
        self._objects = objects

    async def put(self, name: str, data: bytes) -> None:
        await self._objects.put(name, data)

    async def delete(self, name: str) -> None:
        await self._objects.delete(name)

    async def rename(self, name: str, to: str) -> None:
        """Its own renaming always refuses (tests/interop/nats_py.py), so people do this."""
        data = (await self._objects.get(name)).data or b""
        await self._objects.put(to, data)
        await self._objects.delete(name)

    async def describe(self, name: str, words: str) -> None:
        await self._objects.update_meta(name, ObjectMeta(name=name, description=words))


class Js(NatsPy):
    def __init__(self, client: NatsJs, bucket: str) -> None:
        self._client, self._bucket = client, bucket

    async def put(self, name: str, data: bytes) -> None:
        await self._client.put(self._bucket, name, data)

    async def delete(self, name: str) -> None:
        await self._client.delete(self._bucket, name)

    async def rename(self, name: str, to: str) -> None:
        await self._client.update(self._bucket, name, to)

    async def describe(self, name: str, words: str) -> None:
        await self._client.put(self._bucket, name, words.encode())


@pytest.fixture
def nats_js(nats_server: NatsServer) -> Iterator[NatsJs]:
    client = NatsJs(nats_server.url)
    yield client
    client.close()


@pytest.fixture
async def api(live_site: Site, bucket: str) -> AsyncIterator[httpx.AsyncClient]:
    token = live_site.manage("create_token", ADMIN).split()[-1]
    address = f"{live_site.url}/api/v1/buckets/{bucket}"
    async with httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        yield client


async def stored(objects: Any, api: httpx.AsyncClient) -> list[Row]:
    """What is at the top of the bucket, folders first, by name: names and sizes as nats-py lists them, with the API's revisions."""
    try:
        found = {info.name: info.size for info in await objects.list() if not info.deleted}
    except NotFoundError:
        found = {}
    listed = (await api.get("/objects", params={"limit": 1000})).json()["objects"]
    revisions = {each["name"]: str(each["revision"]) for each in listed}
    folders = sorted({name.partition("/")[0] for name in found if "/" in name}, key=lambda name: (name.casefold(), name))
    inside = {folder: sum(size for name, size in found.items() if name.startswith(f"{folder}/")) for folder in folders}
    files = sorted((name for name in found if "/" not in name), key=lambda name: (name.casefold(), name))
    top = [{"name": f"{folder}/", "size": inside[folder], "rev": ""} for folder in folders]
    return top + [{"name": name, "size": found[name], "rev": revisions.get(name, "")} for name in files]


def by_size(rows: list[Row]) -> list[Row]:
    """The largest first; a page's order is exactly the reverse of the other."""
    split = sum(row["name"].endswith("/") for row in rows)
    backwards = (rows[:split][::-1], rows[split:][::-1])
    return [row for some in backwards for row in sorted(some, key=lambda row: -int(row["size"]))]


async def act(clients: list[Any], chance: random.Random, there: set[str], number: int) -> None:
    """One operation of a client that the chance chooses; ``there`` are the names that exist, before and afterwards."""
    client = chance.choice(clients)
    missing = sorted({*NAMES, *DEEP} - there)
    kind = chance.choices(["put", "overwrite", "delete", "rename", "describe"], [30, 15, 18, 22, 15])[0]
    if (kind == "put" and missing) or not there:
        name = chance.choice(missing)
        await client.put(name, b"x" * chance.randrange(2_000))
        there.add(name)
        return
    name = chance.choice(sorted(there))
    if kind == "delete":
        await client.delete(name)
        there.discard(name)
    elif kind == "rename" and missing:
        to = chance.choice(missing)
        await client.rename(name, to)
        there.discard(name)
        there.add(to)
    elif kind == "describe":
        await client.describe(name, f"said {number}")
    else:
        await client.put(name, b"y" * chance.randrange(2_000))


async def agree(page: Page, expected: list[Row]) -> None:
    """Wait until the page shows what is expected."""
    try:
        await page.wait_for_function(EQUAL, arg=expected)
    except NotInTime:
        shown = await page.evaluate(SHOWN)
        places = range(shown["rows"][0]["place"], len(expected))
        wrong = [(row, expected[at]) for at, row in zip(places, shown["rows"], strict=False) if row != {"place": at, **expected[at]}]
        pytest.fail(f"{page.url}: {shown['total']} of {len(expected)}, {len(shown['rows'])} from {places.start}, wrong: {wrong[:3]}")


async def test_two_browsers_stay_equal_to_the_store(
    window: Window, bucket: str, store: ObjectStore, foreign: Client, nats_js: NatsJs, api: httpx.AsyncClient
) -> None:
    chance = random.Random(7)
    first, second = window.page, await window.page.context.new_page()
    watch(second, window.errors)
    objects = await foreign.jetstream().object_store(bucket)
    there = set(NAMES[::2])
    for name in sorted(there):
        await objects.put(name, b"z" * chance.randrange(2_000))
    await window.open_bucket(bucket)
    await second.goto(f"{window.url}/buckets/{bucket}/?sort=-size")
    await second.locator("#live-state", has_text="Live").wait_for()
    clients = [of_page(first), of_page(second), of_client(api), NatsPy(objects), Js(nats_js, bucket)]
    for number in range(1, OPERATIONS + 1):
        await act(clients, chance, there, number)
        if number % CHECK_EVERY == 0:
            expected = await stored(objects, api)
            assert {row["name"] for row in expected if not row["name"].endswith("/")} == {name for name in there if "/" not in name}
            await agree(first, expected)
            await agree(second, by_size(expected))
            await first.evaluate(SCROLL, chance.random())
            await second.evaluate(SCROLL, chance.random())
    for page, rows in ((first, expected), (second, by_size(expected))):
        for share in (0, 0.25, 0.5, 0.75, 1):
            await page.evaluate(SCROLL, share)
            await agree(page, rows)
    await second.close()
