"""Logging in: how often one may fail, by name and by address, on the site's page and on the admin's."""

import logging
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from buckets.models import LoginAttempt
from buckets.services import logins

from .browsers import submit
from .conftest import CSRF

PAGES = ["/login", "/admin/login/"]
PASSWORD = "correct horse"


@pytest.fixture
async def stranger(settings: Settings, visit: Callable[..., httpx.AsyncClient], transactional_db: None) -> httpx.AsyncClient:
    """A browser that is not signed in; "ada", a superuser, could."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    await User.objects.acreate_superuser("ada", password=PASSWORD)
    return visit(cookies={"csrftoken": CSRF})


async def failures(count: int, name: str = "ada", address: str = "192.0.2.1", age: timedelta = timedelta()) -> None:
    at = timezone.now() - age
    await LoginAttempt.objects.abulk_create([LoginAttempt(name=name, address=address, at=at) for _ in range(count)])


async def sign_in(browser: httpx.AsyncClient, page: str = "/login", name: str = "ada", password: str = PASSWORD) -> httpx.Response:
    return await submit(browser, f"{page}?next=/healthz", [("username", name), ("password", password)])


@pytest.mark.parametrize("page", PAGES)
async def test_after_too_many_failures_even_the_right_password_has_to_wait(stranger: httpx.AsyncClient, page: str) -> None:
    await failures(logins.PER_NAME - 1)
    assert (await sign_in(stranger, page, password="wrong")).status_code == 200
    refused = await sign_in(stranger, page)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 300
    assert "Too many failed attempts to sign in. Try again in 5 minutes." in refused.text
    assert 'value="ada"' in refused.text
    assert "sessionid" not in stranger.cookies


@pytest.mark.parametrize("page", PAGES)
async def test_failures_are_forgotten_after_five_minutes(stranger: httpx.AsyncClient, page: str) -> None:
    await failures(logins.PER_NAME, age=timedelta(minutes=5))
    assert (await sign_in(stranger, page)).status_code == 302
    assert not await LoginAttempt.objects.aexists()


async def test_an_address_may_not_try_many_names(stranger: httpx.AsyncClient) -> None:
    for number in range(logins.PER_ADDRESS):
        await failures(1, name=f"user{number}", address="127.0.0.1")
    assert (await sign_in(stranger)).status_code == 429


async def test_failures_with_other_names_from_elsewhere_do_not_count(stranger: httpx.AsyncClient) -> None:
    await failures(100, name="bob")
    assert (await sign_in(stranger)).status_code == 302


async def test_who_is_refused_does_not_have_to_wait_longer_for_it(stranger: httpx.AsyncClient) -> None:
    await failures(logins.PER_NAME)
    assert (await sign_in(stranger)).status_code == 429
    assert await LoginAttempt.objects.acount() == logins.PER_NAME


@pytest.mark.parametrize("name", ["ada", " ada", "\uff41da", " " * 200 + "ada"], ids=ascii)
async def test_a_name_written_in_another_way_is_the_same(stranger: httpx.AsyncClient, name: str) -> None:
    await failures(logins.PER_NAME)
    assert (await sign_in(stranger, name=name)).status_code == 429


async def test_names_that_nobody_can_have_are_no_error(stranger: httpx.AsyncClient) -> None:
    for name in ("", "nul\0", "x" * 50_000):
        assert (await sign_in(stranger, name=name)).status_code == 200


@pytest.mark.parametrize(
    ("address", "counted"),
    [("2001:db8::1:2", "2001:db8::"), ("::ffff:192.0.2.7", "192.0.2.7"), ("192.0.2.7", "192.0.2.7"), ("unix:", "")],
)
def test_an_ipv6_network_counts_as_one_address(db: None, address: str, counted: str) -> None:
    assert logins.begin("ada", address).address == counted


async def test_failures_and_refusals_are_in_the_audit_log(stranger: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    await failures(logins.PER_NAME - 1)
    with caplog.at_level(logging.INFO, "buckets.audit"):
        await sign_in(stranger, password="wrong")
        await sign_in(stranger, "/admin/login/")
    who = 'name="ada" address="127.0.0.1"'
    assert [record.getMessage() for record in caplog.records if record.name == "buckets.audit"] == [
        f"login.failure {who}",
        f"login.refuse {who}",
    ]


async def test_a_form_without_its_token_is_not_an_attempt(stranger: httpx.AsyncClient) -> None:
    assert (await stranger.post("/login", data={"username": "ada", "password": PASSWORD})).status_code == 403
    assert not await LoginAttempt.objects.aexists()
