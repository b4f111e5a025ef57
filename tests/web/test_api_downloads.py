"""Downloads: headers, conditions, HEAD, and what happens when they break."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Self

import httpx
import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from buckets.api.download import download
from buckets.objectstore import ObjectInfo, ObjectStore
from buckets.services import objects as object_service

from .asgi import Exchange


@pytest.fixture
async def page(base: str, owner: httpx.AsyncClient) -> str:
    """The address of a stored HTML page."""
    await owner.put(f"{base}/objects/dir%2Fpage.html", content=b"<script>alert(1)</script>")
    return f"{base}/objects/dir%2Fpage.html"


async def test_it_sends_headers_that_keep_a_file_from_acting_as_a_page(page: str, owner: httpx.AsyncClient) -> None:
    headers = (await owner.get(page)).headers
    assert headers["Content-Type"] == "text/html"
    assert headers["Content-Disposition"] == 'attachment; filename="page.html"'
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "private, no-cache"
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["Content-Length"] == "25"
    assert headers["Last-Modified"].endswith(" GMT")


async def test_it_answers_head_as_get_without_the_body(page: str, owner: httpx.AsyncClient) -> None:
    got, head = await owner.get(page), await owner.head(page)
    assert head.status_code == 200
    assert head.content == b""
    assert got.headers["Content-Digest"] == got.headers["Repr-Digest"]  # of a body, which HEAD has none of
    own = {"date": "", "content-digest": "", "x-request-id": ""}
    assert {**head.headers, **own} == {**got.headers, **own}


@pytest.mark.parametrize("role", ["script", "style", "worker", "serviceworker", "object", "embed", "iframe", "manifest", "xslt"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_it_does_not_give_a_file_to_a_page_as_a_part_of_it(page: str, owner: httpx.AsyncClient, method: str, role: str) -> None:
    response = await owner.request(method, page, headers={"Sec-Fetch-Dest": role})
    assert response.status_code == 403
    assert method == "HEAD" or response.json()["error"]["code"] == "forbidden"


@pytest.mark.parametrize("role", ["document", "empty", "image", "video"])
async def test_it_gives_a_file_to_who_downloads_or_looks_at_it(page: str, owner: httpx.AsyncClient, role: str) -> None:
    assert (await owner.get(page, headers={"Sec-Fetch-Dest": role})).status_code == 200


@pytest.mark.parametrize("template", ["{0}", "W/{0}", '"other", {0}', '"a",W/{0} , "b"', "*"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_it_answers_304_to_who_has_it(page: str, owner: httpx.AsyncClient, method: str, template: str) -> None:
    etag = (await owner.head(page)).headers["ETag"]
    response = await owner.request(method, page, headers={"If-None-Match": template.format(etag)})
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["ETag"] == etag
    assert response.headers["Cache-Control"] == "private, no-cache"


async def test_it_sends_the_object_again_when_it_has_changed(page: str, owner: httpx.AsyncClient) -> None:
    etag = (await owner.head(page)).headers["ETag"]
    await owner.put(page, content=b"new")
    response = await owner.get(page, headers={"If-None-Match": etag})
    assert (response.status_code, response.content) == (200, b"new")


async def test_it_answers_412_when_it_must_match_and_does_not(page: str, owner: httpx.AsyncClient) -> None:
    response = await owner.get(page, headers={"If-Match": '"other"'})
    assert (response.status_code, response.json()["error"]["code"]) == (412, "precondition_failed")


class EndlessReader:
    """Reads as ObjectReader does, for ever, and tells when it is closed."""

    def __init__(self, info: ObjectInfo) -> None:
        self.info = replace(info, size=2**40)
        self.open = False
        self.closed = asyncio.Event()

    async def __aenter__(self) -> Self:
        self.open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self.closed.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 100_000
            await asyncio.sleep(0)


@pytest.fixture
async def endless(base: str, owner: httpx.AsyncClient, bucket: str, site: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> EndlessReader:
    """What every download reads from."""
    await owner.put(f"{base}/objects/x", content=b"")
    reader = EndlessReader(await site.info(bucket, "x"))

    async def open_object(*_: object) -> EndlessReader:
        return reader

    monkeypatch.setattr(object_service, "open_object", open_object)
    return reader


async def test_it_closes_the_reader_when_the_client_goes_away(
    base: str, owner: httpx.AsyncClient, endless: EndlessReader, application: Any
) -> None:
    headers = {"Authorization": owner.headers["Authorization"]}
    answer = await Exchange("GET", f"{base}/objects/x", headers=headers, leave_after=1_000_000).run(application)
    assert (len(answer.body) >= 1_000_000, answer.complete) == (True, False)
    assert endless.closed.is_set()


async def test_it_closes_the_reader_of_an_answer_that_is_never_sent(endless: EndlessReader, rf: RequestFactory) -> None:
    response = await download(rf.get("/"), AnonymousUser(), "b", "x")
    assert endless.open
    del response
    async with asyncio.timeout(5):
        await endless.closed.wait()


async def test_it_reads_nothing_for_head(base: str, owner: httpx.AsyncClient, endless: EndlessReader) -> None:
    head = await owner.head(f"{base}/objects/x")
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(2**40))
    assert not endless.open
