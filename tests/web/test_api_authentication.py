"""Tokens, sessions and CSRF."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from buckets.models import ApiToken
from buckets.services import tokens

from .conftest import CSRF, Cast

Visit = Callable[..., httpx.AsyncClient]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_it_takes_a_token_and_keeps_only_its_digest(bucket: str, base: str, cast: Cast, visit: Visit) -> None:
    token = await tokens.issue(cast.colleague, name="backup")
    assert (await visit(headers=bearer(token)).get(base)).status_code == 200
    stored = await ApiToken.objects.aget(name="backup")
    assert len(stored.digest) == 64
    assert token not in repr(vars(stored))


@pytest.mark.parametrize(
    "header",
    ["Bearer nf_unknown", "Bearer", "Bearer ", "Basic b3duZXI6cHc=", "nf_x", "", "Bearer " + "x" * 5000, "Bearer \u00e9"],
)
async def test_it_refuses_anything_else_with_401(base: str, visit: Visit, header: str) -> None:
    response = await visit().get(base, headers=[(b"Authorization", header.encode("latin-1"))])
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "not_authenticated"
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


async def test_it_refuses_an_expired_token(base: str, cast: Cast, visit: Visit) -> None:
    token = await tokens.issue(cast.owner, expires=timezone.now() + timedelta(minutes=1))
    assert (await visit(headers=bearer(token)).get(base)).status_code == 200
    await ApiToken.objects.filter(expires__isnull=False).aupdate(expires=timezone.now() - timedelta(seconds=1))
    assert (await visit(headers=bearer(token)).get(base)).status_code == 401


async def test_it_refuses_a_revoked_token(base: str, cast: Cast, visit: Visit) -> None:
    token = await tokens.issue(cast.owner, name="lost")
    await ApiToken.objects.filter(name="lost").adelete()
    assert (await visit(headers=bearer(token)).get(base)).status_code == 401


async def test_it_refuses_the_token_of_an_inactive_user(base: str, cast: Cast, visit: Visit) -> None:
    token = await tokens.issue(cast.owner)
    cast.owner.is_active = False
    await cast.owner.asave()
    assert (await visit(headers=bearer(token)).get(base)).status_code == 401


async def test_it_does_not_fall_back_to_the_session_when_the_token_is_bad(base: str, browser: httpx.AsyncClient) -> None:
    assert (await browser.get(base)).status_code == 200
    assert (await browser.get(base, headers=bearer("nf_unknown"))).status_code == 401


async def test_it_notes_the_last_use_once_a_minute(base: str, cast: Cast, visit: Visit) -> None:
    client = visit(headers=bearer(await tokens.issue(cast.owner, name="job")))
    await client.get(base)
    first = (await ApiToken.objects.aget(name="job")).last_used
    await client.get(base)
    assert first is not None
    assert (await ApiToken.objects.aget(name="job")).last_used == first
    await ApiToken.objects.filter(name="job").aupdate(last_used=first - timedelta(minutes=2))
    await client.get(base)
    last = (await ApiToken.objects.aget(name="job")).last_used
    assert last is not None
    assert last > first


UNSAFE = [("PUT", "/objects/x"), ("DELETE", "/objects/x"), ("DELETE", "")]


@pytest.mark.parametrize(("method", "path"), UNSAFE)
async def test_it_requires_the_csrf_token_of_a_session(base: str, browser: httpx.AsyncClient, method: str, path: str) -> None:
    response = await browser.request(method, base + path, content=b"x" if method == "PUT" else None)
    assert (response.status_code, response.json()["error"]["code"]) == (403, "csrf_failed")
    wrong = await browser.request(method, base + path, headers={"X-CSRFToken": "d" * 32})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (403, "csrf_failed")


@pytest.mark.parametrize(("method", "path"), UNSAFE)
async def test_it_takes_a_session_with_the_csrf_token(base: str, browser: httpx.AsyncClient, method: str, path: str) -> None:
    response = await browser.request(method, base + path, headers={"X-CSRFToken": CSRF}, content=b"x" if method == "PUT" else None)
    assert response.status_code in (201, 204)


async def test_it_refuses_a_session_from_another_origin(base: str, browser: httpx.AsyncClient) -> None:
    headers = {"X-CSRFToken": CSRF, "Origin": "http://elsewhere.example"}
    response = await browser.delete(f"{base}/objects/x", headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (403, "csrf_failed")


async def test_it_needs_no_csrf_token_to_read(base: str, browser: httpx.AsyncClient) -> None:
    assert (await browser.get(f"{base}/objects")).status_code == 200


async def test_it_refuses_a_broken_form_as_a_bad_request(bucket: str, browser: httpx.AsyncClient) -> None:
    form = [(b"Content-Type", b"multipart/form-data; boundary=\xe9")]
    response = await browser.post("/api/v1/buckets", content=b"--x", headers=form)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")
