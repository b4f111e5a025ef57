"""The figures as Markdown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .machine import description
from .transfers import Speeds, failures, ratio

Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Goal:
    """What must hold, and what was found; ``found`` is None where nothing could be measured."""

    what: str
    wanted: str
    found: str | None
    holds: bool

    @classmethod
    def at_least(cls, what: str, found: float | None, wanted: float, unit: str = "x") -> "Goal":
        holds = found is not None and found >= wanted
        return cls(what, f"≥ {wanted:g}{unit}", None if found is None else f"{found:.3g}{unit}", holds)

    @classmethod
    def below(cls, what: str, found: float | None, wanted: float, unit: str) -> "Goal":
        holds = found is not None and found < wanted
        return cls(what, f"< {wanted:g} {unit}", None if found is None else f"{found:.3g} {unit}", holds)


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    words: Sequence[str]
    head: Row
    rows: Sequence[Row]
    goals: Sequence[Goal] = ()
    failures: Sequence[str] = ()

    def markdown(self) -> Iterator[str]:
        yield from ("", f"## {self.title}", "", *self.words)
        if self.rows:
            yield from table(self.head, self.rows)
        for failure in self.failures:
            yield f"\nFailed: {failure}"


@dataclass
class Results:
    sections: list[Section] = field(default_factory=list)

    @property
    def goals(self) -> list[Goal]:
        return [goal for section in self.sections for goal in section.goals]

    @property
    def good(self) -> bool:
        return all(goal.holds for goal in self.goals) and not any(section.failures for section in self.sections)

    def markdown(self) -> str:
        return "\n".join([*_head(), *self._goals(), *(line for section in self.sections for line in section.markdown())]) + "\n"

    def _goals(self) -> Iterator[str]:
        if self.goals:
            yield from ("", "## What must hold")
            rows = [(goal.what, goal.wanted, goal.found or "not measured", "yes" if goal.holds else "**no**") for goal in self.goals]
            yield from table(("goal", "wanted", "found", "holds"), rows)


def _head() -> Iterator[str]:
    yield from ("# Measured", "", "Printed and written by `make bench ARGS=--write`: client, site and server share one machine.")
    yield from table(("", ""), description())


def table(head: Row, rows: Sequence[Row]) -> Iterator[str]:
    yield ""
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(row)} |"


def speeds_section(
    title: str, words: Sequence[str], speeds: Sequence[Speeds], goals: Sequence[Goal], no_put: Sequence[str] = ()
) -> Section:
    """Of the first one beside the others: it is so many times as fast. ``no_put``: whose puts are not their own."""
    ours, rows = speeds[0], list[Row]()
    for each in speeds:
        puts = (_rounds(each.put, each.puts), _times(ours.put, each.put)) if each.label not in no_put else ("", "")
        gets = (_rounds(each.get, each.gets), _times(ours.get, each.get))
        rows.append((each.label, puts[0], "", gets[0], "") if each is ours else (each.label, *puts, *gets))
    return Section(title, words, ("client", "put", "ratio", "get", "ratio"), rows, goals, failures(speeds))


def mb(count: float) -> str:
    return f"{count / 1_000_000:.1f}"


def _times(ours: float | None, theirs: float | None) -> str:
    found = ratio(ours, theirs)
    return "-" if found is None else f"**{found:.2f}x**"


def _rounds(median: float | None, values: list[float]) -> str:
    return "failed" if median is None else f"{median:.0f} ({', '.join(f'{value:.0f}' for value in values)})"
