"""What the web process takes in memory while large bodies pass through it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .overhttp import OverHttp
from .payload import Payload
from .site import Site

BUCKET = "bench-memory"
SAMPLE_SECONDS = 0.02
SLOW_BYTES_A_SECOND = 1_000_000
SLOW_PIECE = 50_000


@dataclass(slots=True)
class Growth:
    """Resident bytes before, and the most there was meanwhile."""

    what: str
    before: int
    peak: int
    samples: int = 0

    @property
    def growth(self) -> int:
        return self.peak - self.before


@contextmanager
def watched(site: Site, what: str) -> Iterator[Growth]:
    """Samples the process's memory meanwhile, fifty times a second."""
    before = site.memory()
    growth, over = Growth(what, before, before), threading.Event()

    def sample() -> None:
        while not over.wait(SAMPLE_SECONDS):
            growth.peak = max(growth.peak, site.memory())
            growth.samples += 1

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield growth
    finally:
        over.set()
        thread.join()


def measure(site: Site, mib: int, slow_seconds: float) -> list[Growth]:
    """One object of ``mib`` MiB in, out, and out to a client that reads 1 MB/s for ``slow_seconds``."""
    http, payload = OverHttp(site), Payload(mib)
    works: list[tuple[str, Callable[[], object]]] = [
        (f"upload of {mib:,} MiB", lambda: http.upload(BUCKET, payload)),
        (f"download of {mib:,} MiB", lambda: _drain(http, payload)),
        (
            f"download of {mib:,} MiB to a client that reads 1 MB/s, its first {slow_seconds:.0f} s",
            lambda: _read_slowly(http, slow_seconds),
        ),
    ]
    found = []
    with site.api() as api:
        api.post("/buckets", json={"name": BUCKET}).raise_for_status()
        for what, work in works:
            with watched(site, what) as growth:
                work()
            found.append(growth)
            print(f"  {growth.what:<84} {growth.before / 1e6:6.1f} MB, grew by {growth.growth / 1e6:5.1f} MB", flush=True)
        api.delete(f"/buckets/{BUCKET}").raise_for_status()
    return found


def _drain(http: OverHttp, payload: Payload) -> None:
    space, got = memoryview(bytearray(1024 * 1024)), 0
    answer = http.open(BUCKET)
    while piece := answer.readinto(space):
        got += piece
    answer.close()
    if got != payload.size:
        raise RuntimeError(f"{got:,} of {payload.size:,} bytes came")


def _read_slowly(http: OverHttp, seconds: float) -> None:
    answer, got, start = http.open(BUCKET), 0, time.monotonic()
    while (passed := time.monotonic() - start) < seconds:
        if got < passed * SLOW_BYTES_A_SECOND:
            got += len(answer.read(SLOW_PIECE))
        else:
            time.sleep(SLOW_PIECE / SLOW_BYTES_A_SECOND)
    answer.close()
