"""Carrying one large object in and out, by the site and by its peers in turns, against the same server."""

import os
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .payload import Payload

BUCKET = "bench"
MB = 1_000_000
WARM_UP = Payload(8)


@dataclass(frozen=True, slots=True)
class Transfer:
    """Seconds for each direction, and the SHA-256 of what came back."""

    put: float
    get: float
    digest: str


class Peer(Protocol):
    @property
    def label(self) -> str: ...

    def run(self, bucket: str, payload: Payload) -> Transfer:
        """Make a bucket of that name, carry the payload in and out, delete the bucket. Only the carrying is timed."""
        ...


@dataclass
class Speeds:
    """What one peer did: MB/s of each round, and what went wrong in words."""

    label: str
    puts: list[float] = field(default_factory=list)
    gets: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def put(self) -> float | None:
        return statistics.median(self.puts) if self.puts else None

    @property
    def get(self) -> float | None:
        return statistics.median(self.gets) if self.gets else None

    def run(self, peer: Peer, payload: Payload, bucket: str) -> None:
        os.sync()  # what the last one wrote is no longer this one's burden
        try:
            transfer = peer.run(bucket, payload)
        except Exception as error:  # a peer that fails is a result
            self.failures.append(f"{type(error).__name__}: {error}"[:200])
            return
        if transfer.digest != payload.digest:
            self.failures.append("what came back differs from what went in")
            return
        self.puts.append(payload.size / MB / transfer.put)
        self.gets.append(payload.size / MB / transfer.get)


def measure(peers: Sequence[Peer], payload: Payload, rounds: int) -> list[Speeds]:
    """All peers in turns, ``rounds`` times, after one small transfer each that does not count."""
    for peer in peers:
        Speeds(peer.label).run(peer, WARM_UP, f"{BUCKET}-warm-up")
    speeds = [Speeds(peer.label) for peer in peers]
    for number in range(rounds):
        for peer, speed in zip(peers, speeds, strict=True):
            speed.run(peer, payload, f"{BUCKET}-{number}-{speeds.index(speed)}")
            _say(speed)
    return speeds


def ratio(ours: float | None, theirs: float | None) -> str:
    return f"{ours / theirs:.1f}x" if ours and theirs else "-"


def all_right(speeds: Iterable[Speeds]) -> bool:
    return not any(speed.failures for speed in speeds)


def _say(speed: Speeds) -> None:
    if speed.puts:
        print(f"  {speed.label:<28} put {speed.puts[-1]:7.1f} MB/s   get {speed.gets[-1]:7.1f} MB/s", flush=True)
    for failure in speed.failures[-1:]:
        print(f"  {speed.label:<28} {failure}", flush=True)
