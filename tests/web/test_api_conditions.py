"""Conditional requests over HTTP: RFC 9110, section 13. The rules themselves are tested in tests/unit/test_conditions.py."""

from collections.abc import AsyncIterator
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import httpx
import pytest
from nats.aio.client import Client

from buckets.objectstore import Link, ObjectStore

from .helpers import messages

LINK = {"Content-Type": "application/vnd.nats-files.link+json"}
WRITES: list[tuple[str, dict[str, Any]]] = [("PUT", {"content": b"new"}), ("PATCH", {"json": {"description": "new"}}), ("DELETE", {})]


@pytest.fixture
async def x(base: str, owner: httpx.AsyncClient) -> str:
    await owner.put(f"{base}/objects/x", content=b"old")
    return f"{base}/objects/x"


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


FAILED = (412, "precondition_failed")


async def shifted(client: httpx.AsyncClient, address: str, seconds: int) -> str:
    modified = parsedate_to_datetime((await client.head(address)).headers["Last-Modified"])
    return format_datetime(modified + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_reading_knows_dates(x: str, owner: httpx.AsyncClient, method: str) -> None:
    async def status(header: str, seconds: int) -> int:
        return (await owner.request(method, x, headers={header: await shifted(owner, x, seconds)})).status_code

    assert [await status("If-Modified-Since", seconds) for seconds in (-1, 0, 1)] == [200, 304, 304]
    assert [await status("If-Unmodified-Since", seconds) for seconds in (-1, 0, 1)] == [412, 200, 200]


@pytest.mark.parametrize(("method", "body"), WRITES)
async def test_writing_knows_the_date_before_which_it_must_be_unmodified(
    x: str, owner: httpx.AsyncClient, method: str, body: dict[str, Any]
) -> None:
    refused = await owner.request(method, x, headers={"If-Unmodified-Since": await shifted(owner, x, -1)}, **body)
    assert code(refused) == FAILED
    done = await owner.request(method, x, headers={"If-Unmodified-Since": await shifted(owner, x, 0)}, **body)
    assert done.status_code < 300


@pytest.mark.parametrize("condition", [{"If-Match": "*"}, {"If-Match": '"any"'}])
async def test_what_is_not_there_matches_nothing(base: str, owner: httpx.AsyncClient, condition: dict[str, str]) -> None:
    assert code(await owner.put(f"{base}/objects/none", content=b"x", headers=condition)) == FAILED
    assert code(await owner.delete(f"{base}/objects/none", headers=condition)) == FAILED
    assert code(await owner.patch(f"{base}/objects/none", json={}, headers=condition)) == (404, "object_not_found")
    assert code(await owner.get(f"{base}/objects/none", headers=condition)) == (404, "object_not_found")


@pytest.mark.parametrize("condition", [{"If-None-Match": "*"}, {"If-None-Match": '"any"'}])
async def test_what_was_deleted_is_not_there(x: str, owner: httpx.AsyncClient, condition: dict[str, str]) -> None:
    await owner.delete(x)
    assert (await owner.put(x, content=b"new", headers=condition)).status_code == 201


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
@pytest.mark.parametrize(("method", "body"), WRITES)
async def test_a_condition_that_cannot_be_read_is_not_guessed(
    x: str, owner: httpx.AsyncClient, header: str, method: str, body: dict[str, Any]
) -> None:
    refused = await owner.request(method, x, headers={header: "unquoted"}, **body)
    assert code(refused) == (400, "bad_request")
    assert header in refused.json()["error"]["message"]
    assert (await owner.get(x)).content == b"old"


async def test_a_revision_and_a_condition_do_not_go_together(x: str, owner: httpx.AsyncClient) -> None:
    refused = await owner.patch(x, json={"revision": 5}, headers={"If-Match": "*"})
    assert code(refused) == (400, "bad_request")


async def test_who_was_overtaken_while_uploading_loses_and_leaves_nothing(
    bucket: str, x: str, owner: httpx.AsyncClient, foreign: Client
) -> None:
    tag = (await owner.head(x)).headers["ETag"]

    async def body() -> AsyncIterator[bytes]:
        yield b"mine" * 500_000
        await owner.put(x, content=b"theirs")
        yield b"mine"

    assert code(await owner.put(x, content=body(), headers={"If-Match": tag})) == FAILED
    assert (await owner.get(x)).content == b"theirs"
    assert await messages(foreign, bucket) == 2


async def test_of_two_who_want_it_to_be_new_one_wins(base: str, owner: httpx.AsyncClient) -> None:
    address = f"{base}/objects/new"

    async def body() -> AsyncIterator[bytes]:
        await owner.put(address, content=b"theirs")
        yield b"mine"

    assert code(await owner.put(address, content=body(), headers={"If-None-Match": '"any", "other"'})) == FAILED
    assert (await owner.get(address)).content == b"theirs"


async def test_a_link_is_replaced_on_condition(bucket: str, x: str, base: str, owner: httpx.AsyncClient) -> None:
    made = await owner.put(f"{base}/objects/l", json={"bucket": bucket}, headers=LINK)
    to = {"bucket": bucket, "name": "x"}
    assert code(await owner.put(f"{base}/objects/l", json=to, headers={**LINK, "If-Match": '"other"'})) == FAILED
    replaced = await owner.put(f"{base}/objects/l", json=to, headers={**LINK, "If-Match": made.headers["ETag"]})
    assert replaced.json()["link"] == to


async def test_who_reads_a_link_has_the_tag_of_what_it_leads_to(
    bucket: str, x: str, base: str, site: ObjectStore, owner: httpx.AsyncClient
) -> None:
    await site.add_link(bucket, "l", Link(bucket, "x"))
    tag = (await owner.head(x)).headers["ETag"]
    assert (await owner.get(f"{base}/objects/l", headers={"If-None-Match": tag})).status_code == 304


async def test_a_condition_does_not_tell_who_may_not_write(x: str, visitors: dict[str, httpx.AsyncClient]) -> None:
    for name, status in (("colleague", 403), ("outsider", 404), ("anonymous", 401)):
        refused = await visitors[name].put(x, content=b"x", headers={"If-Match": '"other"'})
        assert refused.status_code == status
