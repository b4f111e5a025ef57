"""Tables and trees: CSV, TSV and JSON."""

import csv
import json
from html import escape
from typing import Any

from .model import Table, Tree

MAX_ROWS = 500
MAX_COLUMNS = 60
MAX_CELL = 400
MAX_NODES = 3000
MAX_DEPTH = 60
OPEN_DEPTH = 2
DELIMITERS = ",;\t|"


class _Number(str):
    """As it is written: neither rounded nor a reason to fail."""

    __slots__ = ()


class _Pairs(list[tuple[str, Any]]):
    """An object with all its members, also those of the same name."""


def render_table(name: str, text: str, cut: bool) -> Table | None:
    """The first 500 rows and 60 columns; None for what is no table."""
    if cut:
        text = text[: text.rfind("\n") + 1] or text
    first = text.partition("\n")[0]
    delimiter = "\t" if name.lower().endswith((".tsv", ".tab")) else max(DELIMITERS, key=first.count)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(text.splitlines(keepends=True), delimiter=delimiter):
            if len(rows) > MAX_ROWS:
                cut = True
                break
            cut = cut or len(row) > MAX_COLUMNS
            rows.append([cell if len(cell) <= MAX_CELL else cell[:MAX_CELL] + "…" for cell in row[:MAX_COLUMNS]])
    except csv.Error:
        return None
    width = max(map(len, rows), default=0)
    if not width:
        return None
    head, *body = [row + [""] * (width - len(row)) for row in rows]
    return Table(head, body, cut)


def render_json(text: str) -> Tree:
    """Raises ValueError for what is no JSON, or too deep."""
    try:
        value = json.loads(text, object_pairs_hook=_Pairs, parse_int=_Number, parse_float=_Number, parse_constant=_Number)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    writer = _TreeWriter()
    writer.write("", value, 0)
    return Tree("".join(writer.parts), writer.cut)


class _TreeWriter:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self.nodes = 0
        self.cut = False

    def write(self, key: str, value: Any, depth: int) -> None:
        """``key``: as HTML."""
        self.nodes += 1
        if isinstance(value, _Pairs) and value:
            self._branch(key, [(f'<span class="na">{escape(name)}</span>', each) for name, each in value], "{}", depth)
        elif isinstance(value, list) and value:
            self._branch(key, [(f'<span class="muted">{number}</span>', each) for number, each in enumerate(value)], "[]", depth)
        else:
            self.parts.append(f'<div class="leaf">{_label(key)}{_leaf(value)}</div>')

    def _branch(self, key: str, children: list[tuple[str, Any]], brackets: str, depth: int) -> None:
        opened = " open" if depth < OPEN_DEPTH else ""
        count = f'<span class="muted">{brackets[0]}{len(children):,}{brackets[1]}</span>'
        self.parts.append(f"<details{opened}><summary>{_label(key)}{count}</summary>")
        for place, (name, value) in enumerate(children):
            if self.nodes >= MAX_NODES or depth >= MAX_DEPTH:
                self.cut = True
                self.parts.append(f'<div class="leaf muted">… {len(children) - place:,} more</div>')
                break
            self.write(name, value, depth + 1)
        self.parts.append("</details>")


def _label(key: str) -> str:
    return f"{key}: " if key else ""


def _leaf(value: Any) -> str:
    match value:
        case _Number():
            return f'<span class="m">{escape(_short(value))}</span>'
        case str():
            return f'<span class="s">{escape(json.dumps(_short(value), ensure_ascii=False))}</span>'
        case list():
            return '<span class="muted">{}</span>' if isinstance(value, _Pairs) else '<span class="muted">[]</span>'
        case _:
            return f'<span class="k">{json.dumps(value)}</span>'


def _short(text: str) -> str:
    return text if len(text) <= MAX_CELL else text[:MAX_CELL] + "…"
