"""POST /buckets/{bucket}/upload: many files in one request, each for itself."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from nats.aio.client import Client
from pytest_django import Settings

from buckets.api.together import MEDIA_TYPE, files
from buckets.objectstore import ObjectStore
from buckets.services import runtime, together

from .asgi import Exchange
from .conftest import Visitors
from .helpers import messages


def framed(*parts: tuple[dict[str, Any], bytes]) -> bytes:
    return b"".join(json.dumps({"size": len(data), **facts}).encode() + b"\n" + data for facts, data in parts)


async def send(client: httpx.AsyncClient, base: str, body: Any) -> httpx.Response:
    return await client.post(f"{base}/upload", content=body, headers={"Content-Type": MEDIA_TYPE})


def codes(answer: httpx.Response) -> list[str | None]:
    return [result["error"] and result["error"]["code"] for result in answer.json()["results"]]


@pytest.fixture
def editor(visitors: Visitors) -> httpx.AsyncClient:
    return visitors["editor"]


async def test_it_stores_files_of_all_sizes(editor: httpx.AsyncClient, base: str, bucket: str, site: ObjectStore) -> None:
    sizes = [0, 1, 4096, together.SMALL, together.SMALL + 1, 3_000_000, 10]
    parts = [({"name": f"d/ö{size}"}, bytes([size % 251]) * size) for size in sizes]
    answer = await send(editor, base, framed(*parts))
    assert answer.status_code == 200
    assert [result["object"]["name"] for result in answer.json()["results"]] == [f"d/ö{size}" for size in sizes]
    for facts, data in parts:
        assert b"".join([piece async for piece in await site.get(bucket, facts["name"])]) == data


async def test_it_keeps_the_type_and_guesses_it_where_there_is_none(editor: httpx.AsyncClient, base: str) -> None:
    answer = await send(editor, base, framed(({"name": "a.png"}, b"1"), ({"name": "b", "type": "text/x-own"}, b"2")))
    assert [result["object"]["content_type"] for result in answer.json()["results"]] == ["image/png", "text/x-own"]


async def test_one_that_fails_stops_no_other(editor: httpx.AsyncClient, base: str, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 600_000
    assert (await editor.put(f"{base}/objects/there", content=b"old")).status_code == 201
    large = bytes(together.SMALL + 1)
    answer = await send(
        editor,
        base,
        framed(
            ({"name": "there", "if_absent": True}, b"new"),
            ({"name": "there", "if_absent": True}, large),
            ({"name": "huge"}, bytes(600_001)),
            ({"name": "x" * 9000}, large),
            ({"name": "last"}, b"last"),
        ),
    )
    assert codes(answer)[:3] == ["precondition_failed", "precondition_failed", "too_large"]
    assert codes(answer)[3] is not None
    assert codes(answer)[4] is None
    assert (await editor.get(f"{base}/objects/there")).content == b"old"


@pytest.mark.parametrize("size", [5, together.SMALL + 5])
async def test_what_an_earlier_try_stored_is_no_conflict(editor: httpx.AsyncClient, base: str, size: int) -> None:
    body = framed(({"name": "x", "if_absent": True}, bytes(size)))
    first, second = await send(editor, base, body), await send(editor, base, body)
    assert (codes(first), codes(second)) == ([None], [None])
    assert first.json()["results"][0]["object"]["nuid"] == second.json()["results"][0]["object"]["nuid"]
    other = framed(({"name": "x", "if_absent": True}, b"1" + bytes(size - 1)))
    assert codes(await send(editor, base, other)) == ["precondition_failed"]


async def test_in_a_bucket_with_unique_names_nothing_is_replaced(editor: httpx.AsyncClient, owner: httpx.AsyncClient, base: str) -> None:
    assert (await owner.patch(base, json={"unique_names": True})).json()["unique_names"] is True
    large = bytes(together.SMALL + 1)
    answer = await send(editor, base, framed(*[({"name": "d/report.pdf"}, data) for data in (b"1", b"2", large, large)]))
    names = [result["object"]["name"] for result in answer.json()["results"]]
    assert len(set(names)) == 4
    assert all(name.startswith("d/2") and "-report" in name and name.endswith(".pdf") for name in names)
    assert (await editor.get(f"{base}/objects")).json()["total"] == 4


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"no json\nabc", 400, "bad_request"),
        (b'["name"]\nabc', 400, "bad_request"),
        (b'{"name": "x"}\nabc', 400, "bad_request"),
        (b'{"size": 3}\nabc', 400, "bad_request"),
        (b'{"name": "x", "size": -1}\nabc', 400, "bad_request"),
        (b'{"name": "x", "size": 3, "colour": "red"}\nabc', 400, "bad_request"),
        (b'{"name": "x", "size": 3}', 400, "bad_request"),
        (b'{"name": "x", "size": 4}\nabc', 400, "length_mismatch"),
        (b'{"name": "x", "size": 400000}\nabc', 400, "length_mismatch"),
        (b'{"name": "' + b"x" * 70_000 + b'", "size": 3}\nabc', 400, "bad_request"),
        (framed(*[({"name": f"{number}"}, b"") for number in range(1001)]), 400, "bad_request"),
    ],
)
async def test_what_is_no_list_of_files_is_refused(editor: httpx.AsyncClient, base: str, body: bytes, status: int, code: str) -> None:
    answer = await send(editor, base, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_another_content_type_is_refused(editor: httpx.AsyncClient, base: str) -> None:
    body = framed(({"name": "x"}, b"1"))
    for content_type in ("application/json", "application/octet-stream"):
        answer = await editor.post(f"{base}/upload", content=body, headers={"Content-Type": content_type})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


async def test_who_may_not_write_may_not_upload(visitors: Visitors, base: str, browser: httpx.AsyncClient) -> None:
    body = framed(({"name": "x"}, b"1"))
    assert (await send(visitors["colleague"], base, body)).status_code == 403
    assert (await send(visitors["outsider"], base, body)).status_code == 404
    assert (await send(visitors["anonymous"], base, body)).status_code == 401
    assert (await send(browser, base, body)).json()["error"]["code"] == "csrf_failed"


async def test_a_request_that_is_cut_leaves_whole_files_and_nothing_else(
    application: Any, owner: httpx.AsyncClient, base: str, bucket: str, foreign: Client
) -> None:
    large = framed(({"name": "large"}, bytes(2_000_000)))[:1_000_000]
    headers = {"Authorization": owner.headers["Authorization"], "Content-Type": MEDIA_TYPE}
    exchange = Exchange("POST", f"{base}/upload", headers=headers, body=[framed(({"name": "small"}, b"1")), large], cut=True)
    assert (await exchange.run(application)).status != 200
    await runtime.close_store()
    left = await messages(foreign, bucket)
    assert (await owner.get(f"{base}/objects/large")).status_code == 404
    assert left == (2 if (await owner.get(f"{base}/objects/small")).status_code == 200 else 0)


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
async def test_files_are_read_however_the_body_is_cut(size: int) -> None:
    body = framed(({"name": "a"}, b"\n{}\n"), ({"name": "b"}, b""), ({"name": "c"}, bytes(range(256))), ({"name": "d"}, b"unread"))

    async def cut() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    found = {file.name: b"".join([piece async for piece in file.pieces]) async for file in files(cut()) if file.name != "a"}
    assert found == {"b": b"", "c": bytes(range(256)), "d": b"unread"}
