"""Conditional requests (RFC 9110, section 13) as pure functions: headers and an object's validators in, a verdict out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.http import parse_http_date_safe

MAX_HEADER = 8000
# entity-tag = [ "W/" ] opaque-tag (section 8.8.3); lists may have empty elements (section 5.6.1)
TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?:,[ \t]*|\Z)')
READING = ("GET", "HEAD")


class MalformedCondition(ValueError):
    """``str(error)`` is the name of the header."""


class Verdict(StrEnum):
    GO_ON = "go on"
    NOT_MODIFIED = "not modified"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells one state of an object from another: its strong entity tag, and when it was modified."""

    etag: str
    modified: datetime

    @property
    def second(self) -> int:
        """As ``Last-Modified`` says it."""
        return int(self.modified.timestamp())


@dataclass(frozen=True, slots=True)
class Tags:
    """A list of entity tags; ``any``: it was ``*``."""

    strong: frozenset[str] = frozenset()
    weak: frozenset[str] = frozenset()
    any: bool = False

    def strongly(self, current: Validators | None) -> bool:
        """Whether the current one is among them by strong comparison: a weak tag never is."""
        return current is not None and (self.any or current.etag in self.strong)

    def weakly(self, current: Validators | None) -> bool:
        return current is not None and (self.any or current.etag in self.strong or current.etag in self.weak)


def parse_tags(text: str) -> Tags | None:
    """``*`` or a list of entity tags; None if it is neither, or longer than 8,000 characters."""
    rest = text.strip(" \t,")
    if rest == "*":
        return Tags(any=True)
    if not rest or len(text) > MAX_HEADER:
        return None
    strong: set[str] = set()
    weak: set[str] = set()
    while rest:
        tag = TAG.match(rest)
        if tag is None:
            return None
        (weak if tag[1] else strong).add(tag[2])
        rest = rest[tag.end() :].lstrip(" \t,")
    return Tags(frozenset(strong), frozenset(weak))


def evaluate(headers: Mapping[str, str], method: str, current: Validators | None) -> Verdict:
    """What the request's conditions say of the object as it is (None: there is none), in the order of section 13.2.2.

    Dates that are none are ignored, as the RFC demands. A list of tags that is none never matches in a reading request, and raises
    ``MalformedCondition`` in one that writes: there a guess could cost data.
    """
    if "If-Match" in headers:
        if not _tags(headers, "If-Match", method).strongly(current):
            return Verdict.FAILED
    elif _later_than(headers, "If-Unmodified-Since", current):
        return Verdict.FAILED
    if "If-None-Match" in headers:
        if _tags(headers, "If-None-Match", method).weakly(current):
            return Verdict.NOT_MODIFIED if method in READING else Verdict.FAILED
    elif method in READING and _later_than(headers, "If-Modified-Since", current) is False:
        return Verdict.NOT_MODIFIED
    return Verdict.GO_ON


def is_conditional(headers: Mapping[str, str]) -> bool:
    """Whether a request that writes has a condition to evaluate."""
    return any(name in headers for name in ("If-Match", "If-None-Match", "If-Unmodified-Since"))


def range_applies(if_range: str | None, current: Validators) -> bool:
    """Section 13.1.5: whether what the client has is of this object. Tags are compared strongly, dates exactly."""
    if if_range is None:
        return True
    text = if_range.strip(" \t")
    if text.startswith(('"', "W/")):
        return text == current.etag
    return parse_http_date_safe(text) == current.second


def _tags(headers: Mapping[str, str], name: str, method: str) -> Tags:
    tags = parse_tags(headers[name])
    if tags is None and method not in READING:
        raise MalformedCondition(name)
    return tags or Tags()


def _later_than(headers: Mapping[str, str], name: str, current: Validators | None) -> bool | None:
    """Whether the object was modified after the header's date; None where there is no date, or no object."""
    if name not in headers or current is None:
        return None
    date = parse_http_date_safe(headers[name][:MAX_HEADER])
    return None if date is None else current.second > date
