"""Fields of a JSON object, typed and bounded. Everything here raises ``BadRequest`` with the field and the rule.

A field that is missing or null gives the type's empty value; whether it is there at all is for the caller to ask.
"""

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

from .errors import BadRequest

Document: TypeAlias = Mapping[str, Any]

MAX_DESCRIPTION = 4096
MAX_METADATA_ENTRIES = 100
MAX_METADATA_TEXT = 4096
MAX_NUMBER = 2**63 - 1


def only(document: Document, writable: Collection[str]) -> None:
    """Refuse a field that is not one of ``writable``."""
    unknown = [key for key in document if key not in writable]
    if unknown:
        raise BadRequest(f"“{_shown(unknown[0])}” cannot be set. These can: {', '.join(writable)}.")


def text(document: Document, key: str, limit: int) -> str:
    value = document.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > limit or not _is_unicode(value):
        raise BadRequest(f"“{_shown(key)}” is a text of {limit:,} characters at most.")
    return value


def number(document: Document, key: str, high: int) -> float:
    """0 or more."""
    value = document.get(key)
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= high:
        raise BadRequest(f"“{key}” is a number from 0 to {high:,}.")
    return float(value)


def whole(document: Document, key: str, low: int, high: int) -> int:
    """``low`` when it is missing or null."""
    value = document.get(key)
    if value is None:
        return low
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise BadRequest(f"“{key}” is a whole number from {low} to {high:,}.")
    return value


def flag(document: Document, key: str) -> bool:
    value = document.get(key)
    if not isinstance(value, bool | None):
        raise BadRequest(f"“{key}” is true or false.")
    return bool(value)


def texts(document: Document, key: str) -> Mapping[str, str]:
    """An object of texts, such as metadata."""
    value = document.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > MAX_METADATA_ENTRIES:
        raise BadRequest(f"“{key}” is an object of {MAX_METADATA_ENTRIES} texts at most.")
    return {_checked_key(key, name): text(value, name, MAX_METADATA_TEXT) for name in value}


def text_list(document: Document, key: str) -> tuple[str, ...]:
    value = document.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_METADATA_ENTRIES or not all(_is_short(item) for item in value):
        raise BadRequest(f"“{key}” is a list of {MAX_METADATA_ENTRIES} texts at most.")
    return tuple(value)


def record(document: Document, key: str) -> Document:
    """An object within the object."""
    value = document.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequest(f"“{key}” is an object.")
    return value


def _checked_key(field: str, name: str) -> str:
    if not name or len(name) > MAX_METADATA_TEXT or not _is_unicode(name):
        raise BadRequest(f"A key of “{field}” has 1 to {MAX_METADATA_TEXT:,} characters.")
    return name


def _is_short(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_METADATA_TEXT and _is_unicode(value)


def _is_unicode(value: str) -> bool:
    """JSON can spell half of a surrogate pair, which no text may hold."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _shown(key: str) -> str:
    return key[:100].encode("utf-8", "replace").decode()
