"""Uploads that are too long, too short or broken off leave nothing behind."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from nats.aio.client import Client
from pytest_django import Settings

from buckets.services import runtime

from .asgi import Exchange
from .helpers import messages

PIECE = b"x" * 100_000


async def in_pieces(number: int) -> AsyncIterator[bytes]:
    for _ in range(number):
        yield PIECE


async def left(foreign: Client, bucket: str, base: str, owner: httpx.AsyncClient) -> tuple[int, int]:
    """What a broken upload left, once the clean-ups behind are done: messages in the stream, and the status of the object."""
    await runtime.close_store()
    return await messages(foreign, bucket), (await owner.get(f"{base}/objects/x")).status_code


async def put(application: Any, owner: httpx.AsyncClient, base: str, *body: bytes, length: int | None, cut: bool = False) -> Any:
    headers = {"Authorization": owner.headers["Authorization"]} | ({"Content-Length": str(length)} if length is not None else {})
    return await Exchange("PUT", f"{base}/objects/x", headers=headers, body=body, cut=cut).run(application)


async def test_it_refuses_too_long_an_upload_before_reading_it(base: str, owner: httpx.AsyncClient, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    response = await owner.put(f"{base}/objects/x", content=b"x" * 1001)
    assert (response.status_code, response.json()["error"]["code"]) == (413, "too_large")
    assert "1,000" in response.json()["error"]["message"]
    assert (await owner.put(f"{base}/objects/x", content=b"x" * 1000)).status_code == 201


async def test_it_refuses_an_upload_that_gets_too_long(
    bucket: str, base: str, owner: httpx.AsyncClient, foreign: Client, settings: Settings
) -> None:
    settings.MAX_UPLOAD_BYTES = 3_000_000
    response = await owner.put(f"{base}/objects/x", content=in_pieces(60))
    assert (response.status_code, response.json()["error"]["code"]) == (413, "too_large")
    assert await left(foreign, bucket, base, owner) == (0, 404)


@pytest.mark.parametrize("length", [2_000_001, 1_999_999])
async def test_it_refuses_a_body_that_is_not_as_long_as_announced(
    bucket: str, base: str, owner: httpx.AsyncClient, foreign: Client, application: Any, length: int
) -> None:
    answer = await put(application, owner, base, *[PIECE] * 20, length=length)
    assert (answer.status, b'"length_mismatch"' in answer.body) == (400, True)
    assert await left(foreign, bucket, base, owner) == (0, 404)


@pytest.mark.parametrize("length", [None, 5_000_000])
async def test_it_leaves_nothing_of_an_upload_that_is_cut(
    bucket: str, base: str, owner: httpx.AsyncClient, foreign: Client, application: Any, length: int | None
) -> None:
    answer = await put(application, owner, base, *[PIECE] * 30, length=length, cut=True)
    assert answer.status != 201
    assert await left(foreign, bucket, base, owner) == (0, 404)


async def test_it_keeps_the_old_object_when_its_replacement_is_cut(base: str, owner: httpx.AsyncClient, application: Any) -> None:
    await owner.put(f"{base}/objects/x", content=b"old")
    await put(application, owner, base, PIECE, length=None, cut=True)
    assert (await owner.get(f"{base}/objects/x")).content == b"old"
