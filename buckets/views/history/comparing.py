"""Two texts line by line. Pure, and bounded in what it takes and in what it costs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from django.utils.translation import ngettext

from buckets.words import grouped

MAX_BYTES = 256 * 1024
MAX_LINES = 1500
MAX_LINE = 1000
AROUND = 3


@dataclass(frozen=True, slots=True)
class Line:
    """``kind``: "same", "added", "removed", or "gap" for so many equal lines that are left out (``text`` says it)."""

    kind: str
    old: int | None
    new: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    lines: tuple[Line, ...]
    added: int
    removed: int


def text_of(content: bytes) -> str | None:
    """None for what is no text, or too much of it."""
    if len(content) > MAX_BYTES or b"\0" in content:
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def compare(old: str, new: str) -> Difference | None:
    """None where there is too much that differs to be shown."""
    before, after = _split(old), _split(new)
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    before_middle, after_middle = before[start : len(before) - end], after[start : len(after) - end]
    if max(len(before_middle), len(after_middle)) > MAX_LINES:
        return None
    matcher = SequenceMatcher(None, before_middle, after_middle)
    lines = [_line("same", number, number, text) for number, text in enumerate(before[:start], 1)]
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            lines += [_line("same", start + i1 + k + 1, start + j1 + k + 1, before_middle[i1 + k]) for k in range(i2 - i1)]
            continue
        lines += [_line("removed", start + i + 1, None, before_middle[i]) for i in range(i1, i2)]
        lines += [_line("added", None, start + j + 1, after_middle[j]) for j in range(j1, j2)]
    old_at, new_at = len(before) - end, len(after) - end
    lines += [_line("same", old_at + k + 1, new_at + k + 1, before[old_at + k]) for k in range(end)]
    added, removed = (sum(line.kind == kind for line in lines) for kind in ("added", "removed"))
    return Difference(tuple(_without_the_equal(lines)), added, removed)


def _split(text: str) -> list[str]:
    """A newline ends a line, it does not begin another one."""
    return text.removesuffix("\n").split("\n") if text else []


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    return next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other)))


def _line(kind: str, old: int | None, new: int | None, text: str) -> Line:
    text = text.removesuffix("\r")
    return Line(kind, old, new, text if len(text) <= MAX_LINE else text[:MAX_LINE] + "…")


def _without_the_equal(lines: Sequence[Line]) -> Iterator[Line]:
    """Of equal lines only those around a difference."""
    different = [at for at, line in enumerate(lines) if line.kind != "same"]
    near = {at + step for at in different for step in range(-AROUND, AROUND + 1)}
    left_out = 0
    for at, line in enumerate(lines):
        if at not in near:
            left_out += 1
            continue
        if left_out:
            yield _gap(left_out)
            left_out = 0
        yield line
    if left_out:
        yield _gap(left_out)


def _gap(count: int) -> Line:
    return Line("gap", None, None, ngettext("%(number)s equal line", "%(number)s equal lines", count) % {"number": grouped(count)})
