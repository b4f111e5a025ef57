"""How soon a bucket of many objects is listed by a process that has just started: ``python -m bench.live [--objects 100000]``.

Cold, and with the snapshot that an earlier process has left; each in a process of its own, which also watches its event loop.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from buckets.objectstore import BucketConfig, ConnectOptions, ObjectStore
from tests.natsserver import NatsServer

from .metadata import create_objects
from .report import Goal, Section, mb

BUCKET = "bench-live"
PATIENCE = 120.0
TICK = 0.001
COLD_SECONDS, WARM_SECONDS = 3.0, 1.0


async def _start(url: str, snapshots: Path | None) -> dict[str, float]:
    store = ObjectStore(ConnectOptions(servers=(url,)), snapshots=snapshots)
    await store.start()
    await store.bucket(BUCKET)
    lags: list[float] = []
    requests: list[float] = []
    probes = [asyncio.create_task(_lag(lags)), asyncio.create_task(_requests(store, requests))]
    begin = time.perf_counter()
    live = await store.live(BUCKET)
    if not await live.wait_ready(PATIENCE):
        raise RuntimeError(f"the index was not ready after {PATIENCE} s")
    ready = time.perf_counter() - begin
    objects, first = len(live.index), max(lags)
    memory = psutil.Process().memory_info().rss
    await asyncio.sleep(1.5)  # what goes on after that: reading names ahead
    lags.clear()
    for probe in probes[1:]:
        probe.cancel()
    begin = time.perf_counter()
    await store.close()
    closed = time.perf_counter() - begin
    found = {"ready": ready, "block": first, "request": max(requests, default=0.0), "close": closed, "close_block": max(lags, default=0.0)}
    return found | {"objects": objects, "memory": memory}


async def _lag(lags: list[float]) -> None:
    """How long the loop did not come back, again and again."""
    while True:
        begin = time.perf_counter()
        await asyncio.sleep(TICK)
        lags.append(time.perf_counter() - begin - TICK)


async def _requests(store: ObjectStore, times: list[float]) -> None:
    """How long a request takes meanwhile."""
    while True:
        begin = time.perf_counter()
        await store.bucket(BUCKET)
        times.append(time.perf_counter() - begin)
        await asyncio.sleep(0.02)


def _in_a_process(url: str, snapshots: str) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.live", "--child", url, "--snapshots", snapshots]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return found


def measure(objects: int, rounds: int) -> list[Section]:
    found: dict[str, list[dict[str, float]]] = {"cold": [], "cold, leaves a snapshot": [], "with the snapshot": []}
    for what, each in _measured(objects, rounds):
        _say(what, each)
        found[what].append(each)
    worst = {what: {key: max(each[key] for each in rounds) for key in rounds[0]} for what, rounds in found.items()}
    words = [
        f"The worst of {rounds} rounds, each in a process of its own: seconds until its index is ready; milliseconds for which",
        "its event loop was blocked, that a request took meanwhile, and that closing took and blocked.",
    ]
    rows = [
        (
            what,
            f"{each['ready']:.2f} s",
            *(f"{each[key] * 1000:.0f}" for key in ("block", "request", "close", "close_block")),
            mb(each["memory"]),
        )
        for what, each in worst.items()
    ]
    goals = [
        Goal.below(f"an index of {objects:,} objects, cold", worst["cold"]["ready"], COLD_SECONDS, "s"),
        Goal.below(f"an index of {objects:,} objects, with a snapshot", worst["with the snapshot"]["ready"], WARM_SECONDS, "s"),
    ]
    head = ("", "ready", "loop blocked, ms", "a request, ms", "closing, ms", "loop blocked then, ms", "memory, MB")
    return [Section(f"{objects:,} objects, after a start", words, head, rows, goals)]


def _say(what: str, found: dict[str, float]) -> None:
    print(
        f"  {what:<28} ready in {found['ready']:.2f} s; the loop blocked for {found['block'] * 1000:.0f} ms at most, a request took "
        f"{found['request'] * 1000:.0f} ms at most; closed in {found['close']:.2f} s ({found['close_block'] * 1000:.0f} ms); "
        f"{found['objects']:,.0f} objects, {found['memory'] / 1e6:.0f} MB",
        flush=True,
    )


async def _fill(url: str, objects: int) -> None:
    store = ObjectStore(ConnectOptions(servers=(url,)))
    await store.start()
    await store.create_bucket(BucketConfig(BUCKET))
    await store.close()
    await create_objects(url, BUCKET, objects)


def _measured(objects: int, rounds: int) -> Iterator[tuple[str, dict[str, float]]]:
    server = NatsServer()
    try:
        server.start()
        asyncio.run(_fill(server.url, objects))
        for _ in range(rounds):
            with tempfile.TemporaryDirectory(prefix="nats-files-bench-") as folder:
                yield "cold", _in_a_process(server.url, "")
                yield "cold, leaves a snapshot", _in_a_process(server.url, folder)
                yield "with the snapshot", _in_a_process(server.url, folder)
    finally:
        server.remove()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--snapshots", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(asyncio.run(_start(arguments.child, Path(arguments.snapshots) if arguments.snapshots else None))))
    else:
        measure(arguments.objects, arguments.rounds)
