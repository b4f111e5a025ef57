"""The real site in a process of its own, as `manage.py serve` runs it."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.natsserver import free_port

ROOT = Path(__file__).parent.parent
ADMIN, PASSWORD = "admin", "correct horse battery staple"
START_SECONDS = 60


class Site:
    """Served by uvicorn on a free loopback port, with a data folder of its own. ``extra`` is added to its environment."""

    command: tuple[str, ...] = ("serve",)

    def __init__(self, nats_url: str, **extra: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = Path(tempfile.mkdtemp(prefix="nats-files-site-"))
        self.environment = {
            **os.environ,
            "NATS_URL": nats_url,
            "NATS_FILES_DATA": str(self.data),
            "NATS_FILES_ADMIN_PASSWORD": PASSWORD,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "SHUTDOWN_SECONDS": "3",  # of what a test leaves open nobody wants the rest
            **extra,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def under_daphne(cls, nats_url: str) -> "Site":
        """As ``manage.py runserver`` runs it."""
        site = cls(nats_url)
        site.command = ("runserver", "--noreload", f"127.0.0.1:{site.port}")
        site.manage("migrate", "-v", "0")
        site.manage("shell", "-v", "0", "-c", f"from nats_files import firstadmin; firstadmin.create({PASSWORD!r})")
        return site

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        return (self.data / "test.log").read_text()

    def start(self) -> None:
        with (self.data / "test.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", *self.command], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        self._wait_until_it_answers()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)

    def manage(self, *arguments: str) -> str:
        """What `manage.py …` prints, on this site's database."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True, timeout=60).stdout

    def add_user(self, name: str, password: str = PASSWORD) -> None:
        code = f"from django.contrib.auth.models import User; User.objects.create_user({name!r}, password={password!r})"
        self.manage("shell", "-v", "0", "-c", code)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self._process is not None
            if self._process.poll() is not None:
                raise RuntimeError(f"the site ended: {self.log[-3000:]}")
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise RuntimeError(f"the site did not answer in {START_SECONDS} s: {self.log[-3000:]}")
