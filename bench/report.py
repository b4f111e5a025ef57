"""The figures as Markdown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .engine import CountingSocket
from .listing import Listed
from .machine import description
from .memory import Growth
from .payload import Payload
from .transfers import Speeds, ratio


@dataclass
class Results:
    payload: Payload
    rounds: int
    speeds: list[Speeds] = field(default_factory=list)
    engine: list[Speeds] = field(default_factory=list)
    growths: list[Growth] = field(default_factory=list)
    listed: Listed | None = None

    def markdown(self) -> str:
        return "\n".join([*_head(), *self._transfers(), *self._engine(), *self._memory(), *self._listing()]) + "\n"

    def _transfers(self) -> Iterator[str]:
        if not self.speeds:
            return
        ours = self.speeds[0]
        yield from ("", f"## {self.payload.mib:,} MiB in and out", "")
        yield f"MB/s, median of {self.rounds} rounds in turns (each round in brackets); every download compared with what went in."
        yield "“Ratio”: NATS Files, over HTTP with the server behind it, is so many times as fast as that client directly on the server."
        yield from _table(("client", "put", "ratio", "get", "ratio"), [_speed_row(each, ours) for each in self.speeds])
        yield from _failures(self.speeds)

    def _engine(self) -> Iterator[str]:
        if not self.engine:
            return
        ours = self.engine[0]
        yield from ("", f"## {self.payload.mib:,} MiB in and out by the engine itself, without HTTP", "")
        yield f"MB/s, median of {self.rounds} rounds in turns, from and to memory; “ratio”: the engine is so many times as fast."
        yield "The socket sends the requests that the engine sends for an object, and only counts the bytes that come."
        yield from _table(("client", "put", "ratio", "get", "ratio"), [_engine_row(each, ours) for each in self.engine])
        yield from _failures(self.engine)

    def _memory(self) -> Iterator[str]:
        if not self.growths:
            return
        yield from ("", "## Memory of the web process", "")
        yield "Resident megabytes, sampled fifty times a second."
        rows = [(each.what, _mb(each.before), _mb(each.peak), f"**{_mb(each.growth)}**") for each in self.growths]
        yield from _table(("during", "before", "peak", "growth"), rows)

    def _listing(self) -> Iterator[str]:
        listed = self.listed
        if listed is None:
            return
        yield from ("", f"## A bucket of {listed.objects:,} objects, all in one folder", "")
        yield f"The index was filled from the server in {listed.fill_seconds:.1f} s and took {_mb(listed.memory)} MB. Then, milliseconds:"
        rows = [(each.what, f"{each.median:.1f}", f"{each.maximum:.1f}") for each in listed.times]
        yield from _table((f"{len(listed.times[0].values)} times", "median", "maximum"), rows)


def _head() -> Iterator[str]:
    yield from ("# Measured", "", "Printed and written by `make bench ARGS=--write`: client, site and server share one machine.")
    yield from _table(("", ""), description())


def _speed_row(each: Speeds, ours: Speeds) -> tuple[str, ...]:
    ratios = ("", "") if each is ours else (f"**{ratio(ours.put, each.put)}**", f"**{ratio(ours.get, each.get)}**")
    return (each.label, _rounds(each.put, each.puts), ratios[0], _rounds(each.get, each.gets), ratios[1])


def _engine_row(each: Speeds, ours: Speeds) -> tuple[str, ...]:
    label, put, put_ratio, *get = _speed_row(each, ours)
    return (label, "", "", *get) if each.label == CountingSocket.label else (label, put, put_ratio, *get)


def _failures(speeds: Sequence[Speeds]) -> Iterator[str]:
    for each in speeds:
        for failure in each.failures:
            yield f"\n{each.label}: {failure}"


def _rounds(median: float | None, values: list[float]) -> str:
    return "failed" if median is None else f"{median:.0f} ({', '.join(f'{value:.0f}' for value in values)})"


def _mb(count: int) -> str:
    return f"{count / 1_000_000:.1f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield ""
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(row)} |"
