"""The real site, as its users run it, on a NATS server that is given."""

import http.client
import os
import re
import secrets
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import httpx
import psutil

from tests.natsserver import free_port

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
STOP_SECONDS = 20
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Site:
    """``manage.py serve`` on a free loopback port with a data folder of its own. A context manager."""

    def __init__(self, nats_url: str, data: Path) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.token = ""
        self._log = data / "site.log"
        self._password = secrets.token_urlsafe(16)
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(("NATS_", "DJANGO_"))} | {
            "NATS_URL": nats_url,
            "NATS_FILES_DATA": str(data / "site"),
            "NATS_FILES_ADMIN_PASSWORD": self._password,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Site":
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"], cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            self._wait()
            self.token = self._manage("create_token", "admin").split()[-1]
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def memory(self) -> int:
        """Resident bytes of the web process (and of those that it may have started)."""
        if self._process is None:
            return 0
        process = psutil.Process(self._process.pid)
        return sum(each.memory_info().rss for each in [process, *process.children(recursive=True)])

    def api(self) -> httpx.Client:
        """A client that shows the token."""
        return httpx.Client(base_url=f"{self.address}/api/v1", headers={"Authorization": f"Bearer {self.token}"}, timeout=120)

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

    def connection(self) -> http.client.HTTPConnection:
        """For large bodies: nothing is faster in Python than its plain client with large blocks."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120, blocksize=1024 * 1024)

    def _manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self._environment, capture_output=True, timeout=60, check=False)
        if done.returncode:
            raise RuntimeError(f"manage.py {arguments[0]} failed: {done.stderr.decode()[-2000:]}")
        return done.stdout.decode()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"the site ended: {self._log.read_text()[-2000:]}")
            try:
                if httpx.get(f"{self.address}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise RuntimeError(f"the site was not ready in {START_SECONDS} s: {self._log.read_text()[-2000:]}")

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
