"""Carrying a payload in and out, by the site and by its peers in turns, against the same server."""

import itertools
import os
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

BUCKET = "bench"
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Transfer:
    """Seconds for each direction, and the SHA-256 of what came back."""

    put: float
    get: float
    digest: str


class Amount(Protocol):
    @property
    def amount(self) -> float: ...

    @property
    def digest(self) -> str: ...


A = TypeVar("A", bound=Amount)
Carried_contra = TypeVar("Carried_contra", bound=Amount, contravariant=True)


class Peer(Protocol[Carried_contra]):
    @property
    def label(self) -> str: ...

    def run(self, bucket: str, payload: Carried_contra) -> Transfer:
        """Make a bucket of that name, carry the payload in and out, delete the bucket. Only the carrying is timed."""
        ...


@dataclass
class Speeds:
    """What one peer did: the payload's amount a second in each round, and what went wrong in words."""

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

    def run(self, peer: Peer[A], payload: A, bucket: str) -> None:
        os.sync()  # what the last one wrote is no longer this one's burden
        try:
            transfer = peer.run(bucket, payload)
        except Exception as error:  # a peer that fails is a result
            self.failures.append(f"{type(error).__name__}: {error}"[:200])
            return
        if transfer.digest != payload.digest:
            self.failures.append("what came back differs from what went in")
            return
        self.puts.append(payload.amount / transfer.put)
        self.gets.append(payload.amount / transfer.get)


def measure(peers: Sequence[Peer[A]], warm_up: A, payload: A, rounds: int) -> list[Speeds]:
    """All peers in turns, ``rounds`` times, after one small transfer each that does not count."""
    for peer in peers:
        Speeds(peer.label).run(peer, warm_up, _new_bucket())
    speeds = [Speeds(peer.label) for peer in peers]
    for _ in range(rounds):
        for peer, speed in zip(peers, speeds, strict=True):
            speed.run(peer, payload, _new_bucket())
            _say(speed)
    return speeds


def _new_bucket() -> str:
    """What a peer that failed has left behind is in nobody's way."""
    return f"{BUCKET}-{next(_numbers)}"


def ratio(ours: float | None, theirs: float | None) -> float | None:
    return ours / theirs if ours and theirs else None


def failures(speeds: Iterable[Speeds]) -> list[str]:
    return [f"{each.label}: {failure}" for each in speeds for failure in each.failures]


def _say(speed: Speeds) -> None:
    if speed.puts:
        print(f"  {speed.label:<40} put {speed.puts[-1]:7.1f}   get {speed.gets[-1]:7.1f}", flush=True)
    for failure in speed.failures[-1:]:
        print(f"  {speed.label:<40} {failure}", flush=True)
