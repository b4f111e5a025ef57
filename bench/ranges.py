"""The first byte of a range in the middle of a very large object."""

import asyncio
import http.client
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import nats

from buckets.objectstore import BucketConfig
from buckets.objectstore.names import stream_name

from .engine import pieces, started
from .listing import Times
from .payload import Payload
from .plaindisk import Copyparty
from .report import Goal, Section
from .site import Site
from .web import WebServer

BUCKET = "bench-ranges"
ALONE, MIXED = "alone", ("mixed-1", "mixed-2")
LENGTH = 64 * 1024
REPEAT = 50
LIMIT_MS = 50.0


def measure(site: Site, disk: Copyparty, url: str, gib: float) -> list[Section]:
    payload, half = Payload(round(gib * 1024)), Payload(max(64, round(gib * 1024 / 10)))
    start = time.perf_counter()
    chunks = asyncio.run(_fill(url, payload, half))
    print(f"  filled in {time.perf_counter() - start:.0f} s", flush=True)
    disk.create(BUCKET)
    with (disk.files / BUCKET / ALONE).open("wb") as file:
        file.truncate(payload.size)
    found = [
        asyncio.run(_server_itself(url, chunks, f"nats-server itself, {gib:g} GiB, one whole chunk of it")),
        *_probed(site, ALONE, payload, f"{gib:g} GiB"),
        *_probed(site, MIXED[0], half, f"{half.mib:,} MiB, written at once with another"),
        *_probed(disk, ALONE, payload, f"{gib:g} GiB, a sparse file", compared=False),
    ]
    for server in (site, disk):
        server.remove(BUCKET)
    words = [
        f"Milliseconds from the request to the first byte, {REPEAT} times anywhere in the object over one connection, each compared",
        "with what went in. “The first”: where the object's chunks lie is not known to the site yet.",
        "nats-server reads the whole block of 8 MiB that has the chunk: its own share of the time is in the first row.",
    ]
    rows = [(each.what, *each.figures) for each in found]
    goals = [
        Goal.below(f"first byte of a range: {each.what}, at most", each.maximum, LIMIT_MS, "ms")
        for each in found
        if site.label in each.what
    ]
    return [Section("The first byte of a range", words, ("range of", *Times.head), rows, goals)]


async def _fill(url: str, payload: Payload, half: Payload) -> int:
    """Gives the number of chunks of the one alone, which have the stream's first sequences."""
    async with started(url) as store:
        await store.create_bucket(BucketConfig(BUCKET))
        await store.put(BUCKET, ALONE, pieces(payload))
        await asyncio.gather(*(store.put(BUCKET, name, pieces(half)) for name in MIXED))
        return (await store.info(BUCKET, ALONE)).chunks


async def _server_itself(url: str, chunks: int, what: str) -> Times:
    positions = random.Random(11)
    client = await nats.connect(url)
    times = Times(what)
    for _ in range(REPEAT):
        start = time.perf_counter()
        request = json.dumps({"seq": positions.randint(1, chunks)}).encode()
        message = await client.request(f"$JS.API.DIRECT.GET.{stream_name(BUCKET)}", request, timeout=10)
        times.values.append((time.perf_counter() - start) * 1000)
        if (message.headers or {}).get("Status"):
            raise RuntimeError("the server has no such chunk")
    await client.close()
    times.say()
    return times


def _probed(server: WebServer, name: str, payload: Payload, what: str, compared: bool = True) -> Iterator[Times]:
    """The first request, and the others: a part of some length, and all from there on, which is broken off (a connection each)."""
    positions = random.Random(7)

    def position() -> int:
        return positions.randrange(payload.size - LENGTH)

    def part(connection: http.client.HTTPConnection, at: int) -> float:
        took, first, answer = _first_byte(server, connection, name, f"bytes={at}-{at + LENGTH - 1}")
        _compare(first + answer.read(), payload, at, compared)
        return took

    def rest(connection: http.client.HTTPConnection, at: int) -> float:
        took, first, _ = _first_byte(server, connection, name, f"bytes={at}-")
        _compare(first, payload, at, compared)
        connection.close()
        return took

    with _connected(server) as connection:
        yield _timed(f"{server.label}, {what}, the first", 1, lambda: part(connection, payload.size // 2))
        yield _timed(f"{server.label}, {what}, {LENGTH // 1024} KiB", REPEAT, lambda: part(connection, position()))
        yield _timed(f"{server.label}, {what}, to the end", REPEAT, lambda: rest(connection, position()))


def _timed(what: str, repeat: int, probe: Callable[[], float]) -> Times:
    times = Times(what, [probe() * 1000 for _ in range(repeat)])
    times.say()
    return times


@contextmanager
def _connected(server: WebServer) -> Iterator[http.client.HTTPConnection]:
    connection = server.connection()
    connection.connect()
    try:
        yield connection
    finally:
        connection.close()


def _first_byte(
    server: WebServer, connection: http.client.HTTPConnection, name: str, wanted: str
) -> tuple[float, bytes, http.client.HTTPResponse]:
    if connection.sock is None:
        connection.connect()
    start = time.perf_counter()
    connection.request("GET", server.path(BUCKET, name), headers={**server.headers, "Range": wanted})
    answer = connection.getresponse()
    first = answer.read(1)
    took = time.perf_counter() - start
    if answer.status != 206:
        raise RuntimeError(f"a range was answered {answer.status}")
    return took, first, answer


def _compare(found: bytes, payload: Payload, at: int, compared: bool) -> None:
    if compared:
        expected = payload.at(at, len(found))
        if found[: len(expected)] != expected:
            raise RuntimeError(f"what came from {at:,} on differs from what went in")
