"""The real site, as its users run it, on a NATS server that is given."""

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import httpx

from .process import WebProcess

ROOT = Path(__file__).resolve().parent.parent
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
# One user makes them all here.
AT_ONCE = 64


def object_path(bucket: str, name: str) -> str:
    return f"/api/v1/buckets/{bucket}/objects?name={name}"


class Site(WebProcess):
    """``manage.py serve`` with a data folder of its own; ``headers`` show a token."""

    label = "NATS Files over HTTP"
    ready_path = "/readyz"

    def __init__(self, nats_url: str, folder: Path) -> None:
        super().__init__(folder)
        self._password = secrets.token_urlsafe(16)
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(("NATS_", "DJANGO_"))} | {
            "NATS_URL": nats_url,
            "NATS_FILES_DATA": str(folder / f"site-{self.port}"),
            "NATS_FILES_ADMIN_PASSWORD": self._password,
            "MAX_TRANSFERS_PER_USER": str(AT_ONCE),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
        }

    def command(self) -> Sequence[str]:
        return [sys.executable, str(ROOT / "manage.py"), "serve"]

    def environment(self) -> Mapping[str, str]:
        return self._environment

    def started(self) -> None:
        self.headers = {"Authorization": f"Bearer {self._manage('create_token', 'admin').split()[-1]}"}

    def create(self, bucket: str) -> None:
        with self.api() as api:
            api.post("/buckets", json={"name": bucket}).raise_for_status()

    def remove(self, bucket: str) -> None:
        with self.api() as api:
            api.delete(f"/buckets/{bucket}").raise_for_status()

    def path(self, bucket: str, name: str) -> str:
        return object_path(bucket, name)

    def api(self) -> httpx.Client:
        """A client that shows the token."""
        return httpx.Client(base_url=f"{self.address}/api/v1", headers=dict(self.headers), timeout=120)

    def browser(self) -> httpx.Client:
        """A client that has logged in through the page."""
        client = httpx.Client(base_url=self.address, timeout=120, follow_redirects=True)
        found = CSRF.search(client.get("/login").text)
        if found is None:
            raise RuntimeError("the login page has no form")
        form = {"username": "admin", "password": self._password, "csrfmiddlewaretoken": found[1]}
        client.post("/login", data=form, headers={"Referer": f"{self.address}/login"}).raise_for_status()
        if "sessionid" not in client.cookies:
            raise RuntimeError("the login was refused")
        return client

    def browser_headers(self) -> Mapping[str, str]:
        """What a page's script shows with each request that changes something."""
        with closing(self.browser()) as browser:
            cookies = {cookie.name: cookie.value or "" for cookie in browser.cookies.jar}
        session = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return {"Cookie": session, "X-CSRFToken": cookies["csrftoken"], "Origin": self.address, "Referer": f"{self.address}/"}

    def _manage(self, *arguments: str) -> str:
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        done = subprocess.run(command, env=self._environment, capture_output=True, timeout=60, check=False)
        if done.returncode:
            raise RuntimeError(f"manage.py {arguments[0]} failed: {done.stderr.decode()[-2000:]}")
        return done.stdout.decode()
