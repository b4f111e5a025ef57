"""What the web process takes in memory while large bodies pass through it."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .payload import BLOCK, MB, MIB, Payload
from .report import Goal, Section, mb
from .site import Site
from .web import NAME, at_once, opened, upload

BUCKET = "bench-memory"
LARGE, PART = "large", "part"
SAMPLE_SECONDS = 0.02
SLOW_BYTES_A_SECOND = 1_000_000
SLOW_PIECE = 50_000
CROWD = 25  # in, and as many out
ONE_MIB = 64
CROWD_MIB = 400


@dataclass(slots=True)
class Growth:
    """Resident bytes before, and the most there was meanwhile."""

    what: str
    before: int
    peak: int
    limit_mib: int

    @property
    def growth(self) -> int:
        return self.peak - self.before

    @property
    def goal(self) -> Goal:
        return Goal.below(f"memory growth, {self.what}", self.growth / MIB, self.limit_mib, "MiB")


def measure(site: Site, url: str, mib: int, crowd_mib: int, slow_seconds: float) -> list[Section]:
    """Each in a web process that has just started and carried one small object; ``site`` only sets the stage."""
    one, many = Payload(mib), Payload(crowd_mib)
    site.create(BUCKET)
    _put(site, LARGE, one)
    _put(site, PART, many)
    works: list[tuple[str, Callable[[Site], object], int]] = [
        (f"upload of {mib:,} MiB", lambda fresh: _put(fresh, NAME, one), ONE_MIB),
        (f"download of {mib:,} MiB", lambda fresh: _drain(fresh, LARGE, one), ONE_MIB),
        (f"download to a client that reads 1 MB/s, {slow_seconds:g} s of it", lambda fresh: _read_slowly(fresh, slow_seconds), ONE_MIB),
        (f"{CROWD} uploads and {CROWD} downloads of {crowd_mib:,} MiB at once", lambda fresh: _crowd(fresh, many), CROWD_MIB),
    ]
    found = [_in_a_new_process(url, *work) for work in works]
    site.remove(BUCKET)
    words = ["Resident megabytes, sampled fifty times a second, each in a process that has just started and carried one small object."]
    rows = [(each.what, mb(each.before), mb(each.peak), f"**{mb(each.growth)}**") for each in found]
    return [Section("Memory of the web process", words, ("during", "before", "peak", "growth"), rows, [each.goal for each in found])]


def _in_a_new_process(url: str, what: str, work: Callable[[Site], object], limit_mib: int) -> Growth:
    with tempfile.TemporaryDirectory(prefix="nats-files-bench-") as folder, Site(url, Path(folder)) as site:
        small = Payload(1)
        _put(site, NAME, small)
        _drain(site, NAME, small)
        with _watched(site, what, limit_mib) as growth:
            work(site)
    print(f"  {growth.what:<64} {growth.before / MB:6.1f} MB, grew by {growth.growth / MB:5.1f} MB", flush=True)
    return growth


@contextmanager
def _watched(site: Site, what: str, limit_mib: int) -> Iterator[Growth]:
    """Samples the process's memory meanwhile, fifty times a second."""
    before = site.memory()
    growth, over = Growth(what, before, before, limit_mib), threading.Event()

    def sample() -> None:
        while not over.wait(SAMPLE_SECONDS):
            growth.peak = max(growth.peak, site.memory())

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield growth
    finally:
        over.set()
        thread.join()


def _put(site: Site, name: str, payload: Payload) -> None:
    upload(site, BUCKET, name, list(payload.blocks()), payload.size)


def _drain(site: Site, name: str, payload: Payload) -> None:
    space, got = memoryview(bytearray(BLOCK)), 0
    answer = opened(site, BUCKET, name)
    while piece := answer.readinto(space):
        got += piece
    answer.close()
    if got != payload.size:
        raise RuntimeError(f"{got:,} of {payload.size:,} bytes came")


def _crowd(site: Site, payload: Payload) -> None:
    ups = [lambda number=number: _put(site, f"crowd-{number}", payload) for number in range(CROWD)]
    downs = [lambda: _drain(site, PART, payload)] * CROWD
    at_once([*ups, *downs])


def _read_slowly(site: Site, seconds: float) -> None:
    answer, got, start = opened(site, BUCKET, LARGE), 0, time.monotonic()
    while (passed := time.monotonic() - start) < seconds:
        if got < passed * SLOW_BYTES_A_SECOND:
            got += len(answer.read(SLOW_PIECE))
        else:
            time.sleep(SLOW_PIECE / SLOW_BYTES_A_SECOND)
    answer.close()
