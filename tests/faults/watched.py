"""The real site under the eyes of a test: what it still has when it should have nothing to do."""

import os
import signal
import time
from collections import Counter
from pathlib import Path

import httpx
import psutil

from buckets.objectstore import ObjectStore
from buckets.objectstore.names import chunk_wildcard
from tests.site import ADMIN, Site

INSIDE = Path(__file__).parent / "inside"
SECONDS = 20.0


class WatchedSite(Site):
    """``take_as_baseline`` is for when it has nothing to do; ``leftovers`` tells what it has more then."""

    def __init__(self, nats_url: str, **extra: str) -> None:
        super().__init__(nats_url, PYTHONPATH=str(INSIDE), NATS_RECONNECT_WAIT="0.05", **extra)
        self.temporary = self.data / "tmp"
        self.temporary.mkdir()
        self.environment["TMPDIR"] = str(self.temporary)
        self._tasks: Counter[str] = Counter()
        self._token = ""

    def start(self) -> None:
        super().start()
        if not self._token:
            self._token = self.manage("create_token", ADMIN).strip()

    def client(self, port: int | None = None) -> httpx.AsyncClient:
        """Straight to the site, or through a proxy on ``port``: then each request has a connection of its own."""
        url = f"http://127.0.0.1:{port or self.port}"
        limits = httpx.Limits(max_keepalive_connections=0 if port else None)
        return httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {self._token}"}, timeout=20, limits=limits)

    def take_as_baseline(self) -> None:
        self._tasks = self.tasks()

    def tasks(self) -> Counter[str]:
        """The names of the coroutines of all asyncio tasks, with their numbers."""
        told = self.data / "tasks"
        told.unlink(missing_ok=True)
        os.kill(self.pid, signal.SIGUSR2)
        deadline = time.monotonic() + SECONDS
        while not told.exists():
            assert time.monotonic() < deadline, self.log[-3000:]
            time.sleep(0.01)
        return Counter(told.read_text().splitlines())

    def leftovers(self) -> list[str]:
        """Tasks, temporary files (of a name or none), and connections of clients."""
        process = psutil.Process(self.pid)
        tasks = [f"task {name}" for name in (self.tasks() - self._tasks).elements()]
        files = [f"file {path}" for path in self.temporary.rglob("*")]
        nameless = [f"file {file.path}" for file in process.open_files() if "(deleted)" in file.path]
        clients = [
            f"connection {one.raddr}"
            for one in process.net_connections("tcp")
            if one.laddr.port == self.port and one.status != psutil.CONN_LISTEN
        ]
        return tasks + files + nameless + clients


async def orphans(store: ObjectStore, bucket: str) -> dict[str, int]:
    """The chunks in the bucket that no object has, by nuid. No object lacks any."""
    expected = {info.nuid: info.chunks for info in await store.list(bucket) if info.chunks}
    start = len(chunk_wildcard(bucket)) - 1
    found = {subject[start:]: count for subject, count in (await store._streams.subjects(bucket, chunk_wildcard(bucket))).items()}
    assert {nuid: found.get(nuid, 0) for nuid in expected} == expected
    return {nuid: count for nuid, count in found.items() if nuid not in expected}
