"""``manage.py serve`` as its user runs it, in a process and a data folder of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent.parent
SECONDS = 60.0


class Serve:
    """A context manager; at its end no process is left, however the test went. ``extra`` is added to a bare environment."""

    def __init__(self, data: Path, *command: str, **extra: str) -> None:
        self.data = data
        self._command = [sys.executable, "manage.py", *(command or ("serve",))]
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(data), "NATS_FILES_DATA": str(data / "data"), "PORT": "0", **extra}
        self._output = data / "output"

    def __enter__(self) -> "Serve":
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                self._command, cwd=ROOT, env=self.environment, stdout=output, stderr=output, start_new_session=True
            )
        return self

    def __exit__(self, *_: object) -> None:
        left = self.children()
        self.process.kill()
        self.process.wait(SECONDS)
        for child in left:
            kill(child.pid)

    @property
    def output(self) -> str:
        return self._output.read_text()

    def ready(self) -> "Serve":
        """Wait until the address is printed, and answers."""
        until(lambda: self.process.poll() is not None or "NATS   " in self.output, self)
        assert self.process.poll() is None, self.output
        until(lambda: self.get("/healthz") == 200, self)
        return self

    @property
    def address(self) -> str:
        return self.fact("Address").rstrip("/")

    def fact(self, name: str) -> str:
        """What stands beside ``name`` in the block that is printed at the start, "" if it is not there."""
        lines = [line.split(maxsplit=1) for line in self.output.splitlines() if line.startswith(f"  {name}  ")]
        return lines[0][1] if lines else ""

    def get(self, path: str) -> int:
        try:
            with urllib.request.urlopen(self.address + path, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return 0

    def children(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def nats_server(self) -> psutil.Process:
        """The embedded server; wait until there is one."""
        found: list[psutil.Process] = []

        def look() -> bool:
            found[:] = [child for child in self.children() if name_of(child).startswith("nats-server")]
            return bool(found)

        until(look, self)
        return found[0]

    def nats_port(self) -> int:
        return int(json.loads((self.data / "data" / "nats" / "account.json").read_text())["port"])

    def wait(self) -> int:
        return self.process.wait(SECONDS)


def name_of(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def until(condition: Callable[[], bool], about: Serve | None = None) -> None:
    """Processes of others tell of nothing: there is no event to await."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, about.output if about else "it never came to be"
        time.sleep(0.02)
