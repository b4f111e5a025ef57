"""The form of an object's name, description, headers and metadata, as pure functions between its fields and the object.

Forms change line ends and some control characters on their way through a browser. What nobody touched stays as it is: a field that comes
back as a browser makes it of what is stored means what is stored.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from django.utils.translation import gettext as _

from .objectstore import ObjectInfo

MAX_PAIRS = 200
SPARE_ROWS = 1
Pair: TypeAlias = tuple[str, str]


@dataclass(frozen=True)
class Details:
    """What the form shows, or what came back with it: by field, as a browser has it."""

    name: str = ""
    description: str = ""
    headers: list[Pair] = field(default_factory=list)
    metadata: list[Pair] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def header_rows(self) -> list[Pair]:
        return [*self.headers, *[("", "")] * SPARE_ROWS]

    @property
    def metadata_rows(self) -> list[Pair]:
        return [*self.metadata, *[("", "")] * SPARE_ROWS]


@dataclass(frozen=True)
class Change:
    """As ``services.objects.ObjectChange``: None is what stays."""

    name: str | None = None
    description: str | None = None
    headers: Mapping[str, Sequence[str]] | None = None
    metadata: Mapping[str, str] | None = None


def details_of(info: ObjectInfo) -> Details:
    return Details(info.name, info.description, _header_pairs(info), list(info.metadata.items()))


def fits(info: ObjectInfo) -> bool:
    """Whether it has few enough headers and metadata for a form."""
    return len(_header_pairs(info)) <= MAX_PAIRS and len(info.metadata) <= MAX_PAIRS


def received(fields: Mapping[str, str], lists: Mapping[str, Sequence[str]]) -> Details:
    """The form as it came. Rows without a name and a value are dropped."""
    headers, metadata = (_rows(lists.get(f"{kind}_name", ()), lists.get(f"{kind}_value", ())) for kind in ("header", "meta"))
    details = Details(fields.get("name", ""), fields.get("description", ""), headers, metadata, {})
    for kind, pairs in (("headers", headers), ("metadata", metadata)):
        if any(not name for name, _ in pairs):
            details.errors[kind] = _("A value has no name.")
        elif len(pairs) > MAX_PAIRS:
            details.errors[kind] = _("There may be %(count)d at most.") % {"count": MAX_PAIRS}
    if not details.name:
        details.errors["name"] = _("A file needs a name.")
    names = [name for name, _ in metadata]
    if len(set(names)) < len(names):
        details.errors["metadata"] = _("A name stands here twice.")
    return details


def change(details: Details, info: ObjectInfo) -> Change:
    """What of ``info`` the form changes."""
    name = info.name if details.name == in_line(info.name) else details.name
    description = info.description if in_box(details.description) == in_box(info.description) else _text(details.description)
    headers: dict[str, list[str]] = {}
    for key, value in _kept(details.headers, _header_pairs(info)):
        headers.setdefault(key, []).append(value)
    metadata = dict(_kept(details.metadata, list(info.metadata.items())))
    return Change(
        None if name == info.name else name,
        None if description == info.description else description,
        None if headers == {key: list(values) for key, values in info.headers.items() if values} else headers,
        None if metadata == dict(info.metadata) else metadata,
    )


def in_line(text: str) -> str:
    """``text`` as it comes back from a field of one line."""
    return re.sub(r"[\r\n]", "", text).replace("\0", "\ufffd")


def in_box(text: str) -> str:
    """``text`` as it comes back from a field of many lines."""
    return re.sub(r"\r\n|\r|\n", "\r\n", text).replace("\0", "\ufffd")


def _text(text: str) -> str:
    return text.replace("\r\n", "\n")


def _kept(pairs: Sequence[Pair], stored: Sequence[Pair]) -> list[Pair]:
    known = {(in_line(key), in_box(value)): (key, value) for key, value in stored}
    keys = {in_line(key): key for key, _ in stored}
    return [known.get((key, in_box(value)), (keys.get(key, key), _text(value))) for key, value in pairs]


def _rows(names: Sequence[str], values: Sequence[str]) -> list[Pair]:
    return [(name, value) for name, value in zip(names, values, strict=False) if name or value]


def _header_pairs(info: ObjectInfo) -> list[Pair]:
    return [(key, value) for key, values in info.headers.items() for value in values]
