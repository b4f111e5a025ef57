"""Rows of a listing as JSON, for the page's script."""

from collections.abc import Callable

import httpx
import pytest
from asgiref.sync import sync_to_async
from nats.aio.client import Client

from buckets.objectstore import ObjectStore
from buckets.views import rows

from .browsers import browser_of
from .conftest import Cast
from .helpers import listed
from .test_pages import fill, put_metadata


async def test_it_gives_any_rows_of_a_view(
    bucket: str, site: ObjectStore, browser: httpx.AsyncClient, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"n{number:03}" for number in range(130)]
    monkeypatch.setattr(rows, "MAX_NAMES", 125)
    for name in names:
        await put_metadata(foreign, bucket, name)
    await listed(bucket, *names)
    answer = await browser.get(f"/buckets/{bucket}/rows?offset=100&count=20")
    found = answer.json()
    assert answer.headers["Cache-Control"] == "no-store"
    assert (found["offset"], found["total"], len(found["order"])) == (100, 130, 20)
    assert "n100" in found["rows"][found["order"][0]]
    answer = await browser.get(f"/buckets/{bucket}/rows?offset=120&count=999&names=1&sort=-name")
    assert [row["name"] for row in answer.json()["rows"]] == names[::-1][5:]
    assert answer.headers["Cache-Control"] == "no-store"
    found = (await browser.get(f"/buckets/{bucket}/rows?offset=2&count=2&names=1")).json()
    assert found["rows"] == [{"id": row["id"], "kind": "object", "name": name} for row, name in zip(found["rows"], names[2:4], strict=True)]


async def test_nonsense_is_bounded(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await fill(site, bucket, "a/b c", "x")
    for query in ("", "offset=-1&count=-1", "offset=x&count=%F0%9F%9A%80", f"offset={'9' * 500}&count={'9' * 500}", "offset=1e3&count=²"):
        answer = await browser.get(f"/buckets/{bucket}/rows?names=1&{query}")
        assert answer.status_code == 200, query
        assert len(answer.json()["rows"]) <= rows.MAX_NAMES
    found = (await browser.get(f"/buckets/{bucket}/rows?names=1&count=5")).json()
    assert [(row["kind"], row["name"]) for row in found["rows"]] == [("folder", "a%2F"), ("object", "x")]
    found = (await browser.get(f"/buckets/{bucket}/rows?names=1&count=5&prefix=a%2F&q=X&in=bucket")).json()
    assert [row["name"] for row in found["rows"]] == ["x"]


async def test_only_who_may_see_the_bucket_gets_them(
    bucket: str, cast: Cast, site: ObjectStore, visit: Callable[..., httpx.AsyncClient]
) -> None:
    outsider = await sync_to_async(browser_of)(cast.outsider, visit)
    assert (await outsider.get(f"/buckets/{bucket}/rows?names=1&count=5")).status_code == 404
