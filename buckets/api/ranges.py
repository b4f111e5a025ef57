"""Byte ranges (RFC 9110, section 14) as pure functions: a ``Range`` header and a size in, spans of the object out."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

MAX_HEADER = 2000
MAX_PARTS = 16
MAX_DIGITS = 19
BEYOND_ALL = 10**MAX_DIGITS


class Unsatisfiable(Exception):
    """Well formed, but the object has nothing of what was asked for (416)."""


@dataclass(frozen=True, slots=True)
class Span:
    """``length`` bytes (1 at least) from ``start``."""

    start: int
    length: int

    @property
    def end(self) -> int:
        """The first position behind it."""
        return self.start + self.length

    def content_range(self, size: int) -> str:
        return f"bytes {self.start}-{self.end - 1}/{size}"


def parse_range(header: str, size: int) -> Sequence[Span]:
    """What ``header`` asks of an object of ``size`` bytes: 1 to 16 spans that share no byte, so together never more than the object.

    Spans that overlap or adjoin become one, in the place of the first of them; else the order is the request's. Empty: the header is to
    be ignored, because its unit is not bytes, it is malformed, longer than 2,000 characters, still has more than 16 spans, or wants
    the end of an empty object. Raises ``Unsatisfiable``.
    """
    wanted = _wanted(header, size) if len(header) <= MAX_HEADER else None
    if wanted is None:
        return []
    spans = [span for span in wanted if span is not None]
    if not spans:
        raise Unsatisfiable
    merged = _merged(spans)
    return merged if len(merged) <= MAX_PARTS and all(span.length for span in merged) else []


def _wanted(header: str, size: int) -> Sequence[Span | None] | None:
    """For each part of the header its span, None for one that cannot be satisfied; None for a header that is to be ignored."""
    unit, equals, parts = header.strip(" \t").partition("=")
    if not equals or unit.lower() != "bytes":
        return None
    texts = [text for part in parts.split(",") if (text := part.strip(" \t"))]
    try:
        return [_span(text, size) for text in texts] or None
    except ValueError:
        return None


def _span(text: str, size: int) -> Span | None:
    """Raises ValueError for what is no range. Of an empty object its end is an empty span."""
    first, dash, last = text.partition("-")
    if not dash or not (first or last):
        raise ValueError(text)
    if not first:
        length = min(_number(last), size)
        return Span(size - length, length) if _number(last) else None
    start, end = _number(first), _number(last) if last else BEYOND_ALL
    if end < start:
        raise ValueError(text)
    return Span(start, min(end + 1, size) - start) if start < size else None


def _number(digits: str) -> int:
    """Any number of digits; what is larger than any object stays so."""
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(digits)
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) <= MAX_DIGITS else BEYOND_ALL


def _merged(spans: Sequence[Span]) -> list[Span]:
    groups: list[tuple[int, Span]] = []  # where the group came first in the request, and all that it covers
    for place, span in sorted(enumerate(spans), key=lambda item: item[1].start):
        if groups and span.start <= groups[-1][1].end:
            first, before = groups[-1]
            end = max(before.end, span.end)
            groups[-1] = (min(first, place), Span(before.start, end - before.start))
        else:
            groups.append((place, span))
    return [span for _, span in sorted(groups, key=lambda group: group[0])]


class Multipart:
    """The frame of a ``multipart/byteranges`` answer (RFC 9110, section 14.6)."""

    def __init__(self, spans: Sequence[Span], size: int, content_type: str) -> None:
        boundary = secrets.token_hex(16)  # not to be foreseen, so that no content can forge a part
        self.content_type = f"multipart/byteranges; boundary={boundary}"
        heads = [f"--{boundary}\r\nContent-Type: {content_type}\r\nContent-Range: {span.content_range(size)}\r\n\r\n" for span in spans]
        self.heads = [(head if not place else f"\r\n{head}").encode("latin-1") for place, head in enumerate(heads)]
        self.end = f"\r\n--{boundary}--\r\n".encode()
        self.length = sum(map(len, self.heads)) + sum(span.length for span in spans) + len(self.end)
