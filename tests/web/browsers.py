"""Signed-in browsers: a session cookie and a CSRF token each, as a browser would send them."""

from collections.abc import Callable
from urllib.parse import urlencode

import httpx
from django.contrib.auth.models import User
from django.test import Client

from .conftest import CSRF

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def browser_of(user: User, visit: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    client = Client()
    client.force_login(user)
    return visit(cookies={"sessionid": client.cookies["sessionid"].value, "csrftoken": CSRF})


async def submit(browser: httpx.AsyncClient, address: str, fields: list[tuple[str, str]], **headers: str) -> httpx.Response:
    """Send a form as a browser does, with its CSRF token."""
    body = urlencode([("csrfmiddlewaretoken", CSRF), *fields])
    return await browser.post(address, content=body, headers=FORM | headers)
