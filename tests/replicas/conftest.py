"""One deployment for all tests of a module."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.browser.conftest import chromium, playwright  # noqa: F401
from tests.site import ADMIN, PASSWORD

from .deployment import Deployment


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    deployment = Deployment()
    try:
        deployment.start()
        yield deployment
    finally:
        deployment.remove()


@dataclass(frozen=True)
class Clients:
    """Scripts with the administrator's token: of one replica each, and of Caddy, which takes them in turn."""

    one: httpx.AsyncClient
    other: httpx.AsyncClient
    any: httpx.AsyncClient


@pytest.fixture
async def api(deployment: Deployment) -> AsyncIterator[Clients]:
    headers = {"Authorization": f"Bearer {deployment.token}"}
    urls = (deployment.sites[0].url, deployment.sites[1].url, deployment.url)
    clients = [httpx.AsyncClient(base_url=url, headers=headers, timeout=30) for url in urls]
    yield Clients(*clients)
    for client in clients:
        await client.aclose()


async def signed_in(person: httpx.AsyncClient, one: httpx.URL, other: httpx.URL, *, name: str = ADMIN) -> None:
    """Log in with the form of one replica, which goes to the other."""
    await person.get(one.join("/login"))
    form = {"username": name, "password": PASSWORD, "csrfmiddlewaretoken": person.cookies["csrftoken"]}
    answer = await person.post(other.join("/login"), data=form)
    assert answer.status_code == 302, answer.text
