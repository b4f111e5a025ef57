"""Web servers as processes of their own, on loopback."""

import http.client
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import psutil

from tests.natsserver import free_port

START_SECONDS = 60
STOP_SECONDS = 20
BLOCK = 1024 * 1024


def loopback(port: int) -> http.client.HTTPConnection:
    """For bodies: nothing is faster in Python than its plain client with large blocks."""
    return http.client.HTTPConnection("127.0.0.1", port, timeout=120, blocksize=BLOCK)


class WebProcess:
    """A web server on a free loopback port, ready when ``ready_path`` answers 200. A context manager."""

    ready_path = "/"

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.headers: Mapping[str, str] = {}
        self._log = folder / f"{type(self).__name__}-{self.port}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        raise NotImplementedError

    def started(self) -> None:
        """Called when the server is ready."""

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            environment = dict(self.environment())
            self._process = subprocess.Popen(self.command(), env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self._wait()
            self.started()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def memory(self) -> int:
        """Resident bytes of the process (and of those that it may have started)."""
        if self._process is None:
            return 0
        process = psutil.Process(self._process.pid)
        return sum(each.memory_info().rss for each in [process, *process.children(recursive=True)])

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def connection(self) -> http.client.HTTPConnection:
        return loopback(self.port)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"the server ended: {self._log.read_text()[-2000:]}")
            try:
                if httpx.get(self.address + self.ready_path, headers=self.headers, timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise RuntimeError(f"the server was not ready in {START_SECONDS} s: {self._log.read_text()[-2000:]}")

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
