"""Archives: many objects as one zip."""

import asyncio
import base64
import json
import logging
import re
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, TypeAlias

import httpx
import pytest
from nats.aio.client import Client
from pytest_django import Settings

from buckets.access import NotVisible
from buckets.models import Grant
from buckets.objectstore import BucketConfig, Link, ObjectReader, ObjectStore, Unavailable
from buckets.services import archives, damaged
from buckets.services.selections import Selection
from buckets.services.slots import Limits, slots

from .asgi import Exchange
from .conftest import CSRF, Cast, Visitors
from .helpers import listed

MIB = 1024 * 1024
MISSING = "_missing.txt"
Members: TypeAlias = dict[str, bytes]
Fill: TypeAlias = Callable[[Mapping[str, bytes]], Awaitable[None]]


def members(response: httpx.Response) -> Members:
    """What is in the zip, each of which is checked against its CRC."""
    assert response.status_code == 200, response.text
    with zipfile.ZipFile(BytesIO(response.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def fill(site: ObjectStore, bucket: str) -> Fill:
    async def put(objects: Mapping[str, bytes]) -> None:
        for name, content in objects.items():
            await site.put(bucket, name, content)

    return put


@pytest.fixture
def address(base: str) -> str:
    return f"{base}/archive"


TREE = {"docs/a.txt": b"a", "docs/sub/b.txt": b"b", "docs.txt": b"c", "photos/x.jpg": b"x", "ünïcode/日本.txt": b"y"}


async def test_it_sends_a_whole_bucket(address: str, owner: httpx.AsyncClient, fill: Fill) -> None:
    await fill(TREE)
    assert members(await owner.get(address)) == TREE


async def test_it_sends_a_folder_under_its_own_name(address: str, owner: httpx.AsyncClient, fill: Fill) -> None:
    await fill(TREE)
    assert members(await owner.get(address, params={"prefix": "docs/"})) == {"docs/a.txt": b"a", "docs/sub/b.txt": b"b"}
    assert members(await owner.get(address, params={"prefix": "docs/sub/"})) == {"sub/b.txt": b"b"}


async def test_it_sends_several_folders(address: str, owner: httpx.AsyncClient, fill: Fill) -> None:
    await fill(TREE)
    found = members(await owner.get(address, params={"prefix": ["docs/sub/", "photos/", "docs/"]}))
    assert sorted(found) == ["docs/a.txt", "docs/sub/b.txt", "photos/x.jpg"]


async def test_it_sends_a_selection_without_the_folder_that_all_of_it_is_in(address: str, owner: httpx.AsyncClient, fill: Fill) -> None:
    await fill({"a/b/1": b"1", "a/b/2": b"2", "a/b/c/3": b"3", "a/b/c/4": b"4"})
    selection = {"names": ["a/b/1", "a/b/1", "a/b/c/3"], "prefixes": ["a/b/c/"]}
    assert members(await owner.post(address, json=selection)) == {"1": b"1", "c/3": b"3", "c/4": b"4"}


async def test_a_browser_sends_the_selection_as_a_form(address: str, browser: httpx.AsyncClient, fill: Fill) -> None:
    await fill(TREE)
    form = {"csrfmiddlewaretoken": CSRF, "names": ["docs.txt", "photos/x.jpg"], "compress": "on", "file_name": "mine"}
    response = await browser.post(address, data=form)
    assert members(response) == {"docs.txt": b"c", "photos/x.jpg": b"x"}
    assert response.headers["Content-Disposition"] == 'attachment; filename="mine.zip"'


async def test_a_form_may_have_the_selection_as_json(address: str, browser: httpx.AsyncClient, fill: Fill) -> None:
    await fill(TREE)
    form = {"csrfmiddlewaretoken": CSRF, "selection": '{"names": ["docs.txt"]}'}
    assert members(await browser.post(address, data=form)) == {"docs.txt": b"c"}


async def test_a_form_needs_the_csrf_token(address: str, browser: httpx.AsyncClient) -> None:
    response = await browser.post(address, data={"names": ["docs.txt"]})
    assert (response.status_code, response.json()["error"]["code"]) == (403, "csrf_failed")


async def test_an_empty_folder_is_an_empty_archive(address: str, owner: httpx.AsyncClient) -> None:
    assert members(await owner.get(address, params={"prefix": "nothing/"})) == {}


@pytest.mark.parametrize(
    ("parameters", "file_name"),
    [
        ({}, "{bucket}.zip"),
        ({"prefix": "docs/sub/"}, "sub.zip"),
        ({"prefix": ["docs/", "photos/"]}, "{bucket}.zip"),
        ({"file_name": "holiday.ZIP"}, "holiday.ZIP"),
        ({"file_name": "../../x\ny"}, ".._.._x_y.zip"),
    ],
)
async def test_it_is_called_after_what_is_in_it(
    address: str, bucket: str, owner: httpx.AsyncClient, parameters: dict[str, Any], file_name: str
) -> None:
    headers = (await owner.get(address, params=parameters)).headers
    assert headers["Content-Disposition"] == f'attachment; filename="{file_name.format(bucket=bucket)}"'
    assert (headers["Content-Type"], headers["Cache-Control"]) == ("application/zip", "no-store")
    assert headers["X-Content-Type-Options"] == "nosniff"


async def test_names_that_are_not_safe_to_unpack_are_made_so(address: str, owner: httpx.AsyncClient, fill: Fill) -> None:
    await fill({"../../x": b"1", "/abs": b"2", "C:\\x": b"3", "a\nb": b"4", "case": b"5", "CASE": b"6", "case/x": b"7"})
    assert set(members(await owner.get(address))) == {"__/__/x", "abs", "C__x", "a_b", "CASE", "case (2)", "case (3)/x"}


async def test_members_have_the_times_of_their_objects(
    address: str, owner: httpx.AsyncClient, fill: Fill, site: ObjectStore, bucket: str
) -> None:
    await fill({"a": b"a"})
    modified = (await site.info(bucket, "a")).modified
    with zipfile.ZipFile(BytesIO((await owner.get(address)).content)) as archive:
        assert datetime(*archive.getinfo("a").date_time, tzinfo=UTC).timestamp() == pytest.approx(modified.timestamp(), abs=2)


async def test_only_what_gets_smaller_is_deflated_and_only_when_that_is_wanted(address: str, owner: httpx.AsyncClient, fill: Fill) -> None:
    await fill({"a.txt": b"a" * 100_000, "b.jpg": b"b" * 100_000, "c.svg": b"c" * 100_000, "d.docx": b"d" * 100_000})

    async def deflated(**parameters: str) -> set[str]:
        response = await owner.get(address, params=parameters)
        assert len(members(response)) == 4
        with zipfile.ZipFile(BytesIO(response.content)) as archive:
            return {info.filename for info in archive.infolist() if info.compress_type == zipfile.ZIP_DEFLATED}

    assert await deflated() == set()
    assert await deflated(compress="true") == {"a.txt", "c.svg"}


async def test_it_sends_thousands_of_objects(address: str, owner: httpx.AsyncClient, site: ObjectStore, bucket: str) -> None:
    async def put(number: int) -> None:
        await site.put(bucket, f"many/{number:04}", b"%d" % number)

    for start in range(0, 3000, 100):
        await asyncio.gather(*(put(number) for number in range(start, start + 100)))
    found = members(await owner.get(address, params={"prefix": "many/"}))
    assert found == {f"many/{number:04}": b"%d" % number for number in range(3000)}


async def test_it_sends_large_objects_among_small_ones(address: str, owner: httpx.AsyncClient, fill: Fill) -> None:
    objects = {"a": b"a", "b": b"b" * 5 * MIB, "c": b"c", "d": b"d" * 3 * MIB, "e": b""}
    await fill(objects)
    assert members(await owner.get(address)) == objects


@pytest.fixture
async def past(site: ObjectStore, bucket: str, fill: Fill) -> str:
    """When there were "x" with other content, and "gone"."""
    await site.history.enable(bucket)
    await fill({"x": b"old", "gone": b"gone", "then": b""})
    await site.delete(bucket, "then")
    put = (await site.history.versions(bucket, "then"))[-1]
    assert not put.current
    assert not put.info.deleted
    at = put.info.modified  # of its copy: that of "x" is older
    await fill({"x": b"new", "later": b"later"})
    await site.delete(bucket, "gone")
    return at.isoformat().replace("+00:00", "Z")


async def test_it_sends_a_bucket_as_it_was(address: str, owner: httpx.AsyncClient, past: str) -> None:
    response = await owner.get(address, params={"at": past})
    assert {"x": b"old", "gone": b"gone"}.items() <= members(response).items()
    assert "later" not in members(response)
    assert re.search(r' 20\d\d-\d\d-\d\d \d\d\.\d\d\.\d\d\.zip"$', response.headers["Content-Disposition"])


async def test_it_sends_a_selection_as_it_was(address: str, owner: httpx.AsyncClient, past: str) -> None:
    found = members(await owner.post(address, json={"names": ["x", "later"], "at": past}))
    assert found.pop("x") == b"old"
    assert b'"later": There was no object' in found.pop(MISSING)
    assert not found


async def test_it_sends_what_was_deleted(address: str, owner: httpx.AsyncClient, past: str) -> None:
    assert members(await owner.get(address, params={"trash": "true"})) == {"gone": b"gone", "then": b""}


async def test_there_is_no_past_without_a_history(address: str, owner: httpx.AsyncClient) -> None:
    response = await owner.get(address, params={"at": "2026-01-01T00:00:00Z"})
    assert (response.status_code, response.json()["error"]["code"]) == (409, "history_off")


async def test_what_is_not_there_is_named(address: str, owner: httpx.AsyncClient, fill: Fill) -> None:
    await fill({"there": b"there", MISSING: b"an object of that name"})
    found = members(await owner.post(address, json={"names": ["there", 'no "such" one\n', MISSING]}))
    assert found["there"] == b"there"
    assert found[MISSING] == b"an object of that name"
    assert '"no \\"such\\" one\\n": There is no object' in found["_missing (2).txt"].decode()


async def vanish(foreign: Client, bucket: str, name: str) -> None:
    """Take an object away so that no listing hears of it."""
    token = base64.urlsafe_b64encode(name.encode()).decode()
    await foreign.jetstream().purge_stream(f"OBJ_{bucket}", subject=f"$O.{bucket}.M.{token}")


async def damage(foreign: Client, site: ObjectStore, bucket: str, name: str) -> None:
    """Take an object's last chunk away."""
    subject = f"$O.{bucket}.C.{(await site.info(bucket, name)).nuid}"
    js = foreign.jetstream()
    last = await js.get_last_msg(f"OBJ_{bucket}", subject)
    assert last.seq is not None
    await js.delete_msg(f"OBJ_{bucket}", last.seq)


async def test_what_vanishes_meanwhile_is_named_and_the_rest_is_there(
    address: str, owner: httpx.AsyncClient, fill: Fill, foreign: Client, bucket: str
) -> None:
    await fill({"a": b"a", "b": b"b", "c": b"c"})
    await listed(bucket, "a", "b", "c")
    await vanish(foreign, bucket, "b")
    found = members(await owner.get(address))
    assert (found.pop("a"), found.pop("c")) == (b"a", b"c")
    assert found.pop(MISSING).decode().splitlines()[2:] == [f"\"b\": There is no object 'b' in the bucket '{bucket}'."]
    assert not found


@pytest.mark.parametrize("size", [1000, 5 * MIB])
@pytest.mark.parametrize("compress", ["true", "false"])
async def test_what_is_damaged_is_named_and_no_part_of_it_looks_like_a_file(
    address: str, owner: httpx.AsyncClient, fill: Fill, foreign: Client, site: ObjectStore, bucket: str, size: int, compress: str
) -> None:
    await fill({"a": b"a", "b": b"b" * size, "c": b"c" * size})
    await damage(foreign, site, bucket, "b")
    response = await owner.get(address, params={"compress": compress})
    found = members(response)
    assert (found.pop("a"), found.pop("c")) == (b"a", b"c" * size)
    assert b"\"b\": 'b' is incomplete" in found.pop(MISSING)
    assert not found
    assert damaged.problem(await site.info(bucket, "b"))


async def test_it_breaks_off_when_nats_goes_away(
    address: str, owner: httpx.AsyncClient, fill: Fill, application: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill({"a": b"a" * 3 * MIB, "b": b"b"})
    whole = ObjectReader.__aiter__

    async def pieces(reader: ObjectReader) -> AsyncIterator[bytes]:
        async for piece in whole(reader):
            yield piece
            if reader.info.name == "a":
                raise Unavailable("NATS is away.")

    monkeypatch.setattr(ObjectReader, "__aiter__", pieces)
    exchange = Exchange("GET", address, headers={"Authorization": owner.headers["Authorization"]})
    with pytest.raises(Unavailable):
        await exchange.run(application)
    assert not exchange.answer.complete
    assert slots().running == 0


async def test_links_are_followed_with_the_user_s_rights(
    address: str, base: str, bucket: str, visitors: Visitors, fill: Fill, site: ObjectStore
) -> None:
    secret = f"{bucket}-secret"
    await site.create_bucket(BucketConfig(secret))
    await site.put(secret, "there", b"secret")
    await fill({"a": b"a"})
    await site.add_link(bucket, "own", Link(bucket, "a"))
    await site.add_link(bucket, "foreign", Link(secret, "there"))
    await site.add_link(bucket, "all", Link(secret, None))
    seen = members(await visitors["colleague"].get(address))
    assert (seen["a"], seen["own"], set(seen)) == (b"a", b"a", {"a", "own", MISSING})
    assert {line.split(":")[0] for line in seen[MISSING].decode().splitlines()[2:]} == {'"all"', '"foreign"'}
    assert members(await visitors["admin"].get(address))["foreign"] == b"secret"


async def test_who_loses_the_right_to_see_the_bucket_gets_no_more_of_it(
    base: str, bucket: str, cast: Cast, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("buckets.services.selections.PAGE", 10)
    await fill({f"{number:02}": b"x" for number in range(40)})
    archive = await archives.open_archive(cast.colleague, bucket, Selection(prefixes=("",)))
    pieces = archive.pieces()
    await Grant.objects.filter(user=cast.colleague).adelete()
    with pytest.raises(NotVisible):
        [_ async for _ in pieces]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"names": []},
        {"names": "a"},
        {"names": [1]},
        {"names": ["a"], "at": "yesterday"},
        {"names": ["a"], "at": "2026-01-01T00:00:00Z", "trash": True},
        {"names": ["a"], "compress": "yes"},
        {"names": ["a"], "file_name": "x" * 256},
        {"names": ["a"] * 10_001},
        {"names": ["a"] * 6000, "prefixes": ["b"] * 6000},
        {"names": ["\ud800"]},
        {"names": ["a"], "other": 1},
    ],
)
async def test_it_refuses_what_it_does_not_understand(address: str, owner: httpx.AsyncClient, document: dict[str, Any]) -> None:
    response = await owner.post(address, content=json.dumps(document), headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")


@pytest.mark.parametrize("query", ["names=a", "compress=maybe", "prefix=%FF", "at=now"])
async def test_it_refuses_such_an_address(address: str, owner: httpx.AsyncClient, query: str) -> None:
    assert (await owner.get(f"{address}?{query}")).status_code == 400


@pytest.mark.parametrize("selection", ["", "[]", "{", "[" * 100_000])
async def test_it_refuses_such_a_form(address: str, browser: httpx.AsyncClient, selection: str) -> None:
    response = await browser.post(address, data={"csrfmiddlewaretoken": CSRF, "selection": selection})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")


async def test_head_is_refused(address: str, owner: httpx.AsyncClient) -> None:
    assert (await owner.head(address)).status_code == 405


async def test_it_takes_ten_thousand_names(address: str, owner: httpx.AsyncClient, fill: Fill) -> None:
    await fill({"a": b"a"})
    found = members(await owner.post(address, json={"names": ["a", *(f"absent {number}" for number in range(9_999))]}))
    assert (found["a"], len(found[MISSING].splitlines())) == (b"a", 2 + 9_999)


async def test_an_archive_is_recorded(
    address: str, bucket: str, owner: httpx.AsyncClient, fill: Fill, caplog: pytest.LogCaptureFixture
) -> None:
    await fill({"docs/a": b"a"})
    with caplog.at_level(logging.INFO, "buckets.audit"):
        await owner.get(address, params={"prefix": "docs/"})
    entries = [getattr(record, "audit", None) for record in caplog.records]
    assert {"act": "archive.download", "user": "owner", "bucket": bucket, "names": 0, "prefixes": 1, "name": "docs/"} in entries


async def test_a_client_that_goes_away_leaves_no_task_and_no_slot(
    address: str, owner: httpx.AsyncClient, fill: Fill, application: Any
) -> None:
    await fill({f"{number:02}": b"x" * 2 * MIB for number in range(20)} | {f"s{number:02}": b"x" * MIB for number in range(20)})
    before = asyncio.all_tasks()
    exchange = Exchange("GET", address, headers={"Authorization": owner.headers["Authorization"]}, leave_after=10 * MIB)
    answer = await exchange.run(application)
    assert (len(answer.body) >= 10 * MIB, answer.complete) == (True, False)
    assert slots().running == 0
    assert {task for task in asyncio.all_tasks() - before if task.get_name().startswith("archive")} == set()


async def test_an_archive_waits_for_its_turn(address: str, base: str, owner: httpx.AsyncClient, fill: Fill, settings: Settings) -> None:
    settings.MAX_TRANSFERS, settings.TRANSFER_WAIT_SECONDS = 1, 0.02
    await fill({"a": b"a"})
    limits = Limits(1, 1, 1, 1)
    async with slots().hold("somebody", limits):
        response = await owner.get(address)
        assert (response.status_code, response.json()["error"]["code"]) == (503, "busy")
        assert response.headers["Retry-After"]
        assert (await owner.get(f"{base}/objects/a")).status_code == 503
        assert (await owner.put(f"{base}/objects/b", content=b"b")).status_code == 503
    assert members(await owner.get(address)) == {"a": b"a"}
    assert (await owner.put(f"{base}/objects/b", content=b"b")).status_code == 201
    assert slots().running == 0
