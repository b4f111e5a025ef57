"""What a request says, typed and bounded. Everything here raises ``BadRequest`` with the field and the rule."""

import json
from collections.abc import AsyncIterable, Mapping
from typing import Any, Protocol, cast
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest

from ..objectstore import BucketConfig, Sort, Storage
from .errors import BadRequest, TooLarge

MAX_JSON_BYTES = 64 * 1024
MAX_DESCRIPTION = 4096
MAX_METADATA_ENTRIES = 100
MAX_METADATA_TEXT = 4096
MAX_NUMBER = 2**63 - 1
MAX_TTL_SECONDS = MAX_NUMBER // 1_000_000_000  # the server counts nanoseconds
MAX_LIMIT = 1000
MAX_REPLICAS = 5
BODY_KEY = "nats_files.body"
WRITABLE = ("name", "description", "ttl_seconds", "max_bytes", "storage", "replicas", "compression", "metadata", "history")


class Body(AsyncIterable[bytes], Protocol):
    """The request's body as it comes in; ``length`` as announced, None if it was not."""

    @property
    def length(self) -> int | None: ...


def request_body(request: HttpRequest) -> Body:
    """The unread body, which the streaming handler leaves in the ASGI scope."""
    scope: Mapping[str, Any] = getattr(request, "scope", {})
    if BODY_KEY not in scope:
        raise RuntimeError("PUT needs the site's own ASGI application, which streams request bodies.")
    return cast(Body, scope[BODY_KEY])


def check_unicode(request: HttpRequest) -> None:
    """Refuse percent-encoded bytes that are not UTF-8: Django would replace them, and the name would be another one."""
    scope: Mapping[str, Any] = getattr(request, "scope", {})
    for raw in (scope.get("raw_path") or b"", scope.get("query_string") or b""):
        try:
            unquote_to_bytes(raw).decode()
        except UnicodeDecodeError:
            raise BadRequest("The address is not valid UTF-8.") from None


def whole_number(request: HttpRequest, key: str, default: int, low: int, high: int) -> int:
    text = request.GET.get(key, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 20 and low <= int(text) <= high):
        raise BadRequest(f"“{key}” is a whole number from {low} to {high:,}.")
    return int(text)


def sort_order(request: HttpRequest) -> Sort:
    text = request.GET.get("sort", "")
    try:
        return Sort.parse(text) if text else Sort()
    except ValueError:
        raise BadRequest("“sort” is name, size, type or modified, with “-” in front for descending.") from None


def delimiter(request: HttpRequest) -> str:
    text = request.GET.get("delimiter", "")
    if text not in ("", "/"):
        raise BadRequest("“delimiter” is “/” or nothing.")
    return text


def json_object(request: HttpRequest) -> dict[str, Any]:
    """The body as a JSON object of 64 KiB at most."""
    if request.content_type != "application/json":
        raise BadRequest("Send a JSON object with “Content-Type: application/json”.")
    if len(request.body) > MAX_JSON_BYTES:
        raise TooLarge(f"The JSON may have {MAX_JSON_BYTES:,} bytes at most.")
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError):
        raise BadRequest("The body is not JSON.") from None
    if not isinstance(document, dict):
        raise BadRequest("The body is not a JSON object.")
    return document


def bucket_config(document: Mapping[str, Any]) -> BucketConfig:
    """A new bucket from its JSON. null and 0 mean "no limit"; what is left out gets its default."""
    unknown = [key for key in document if key not in WRITABLE]
    if unknown:
        raise BadRequest(f"“{unknown[0][:100]}” cannot be set. These can: {', '.join(WRITABLE)}.")
    if document.get("history"):
        raise BadRequest("“history” cannot be switched on yet.")
    return BucketConfig(
        name=_text(document, "name", MAX_DESCRIPTION),
        description=_text(document, "description", MAX_DESCRIPTION),
        ttl=_number(document, "ttl_seconds", MAX_TTL_SECONDS),
        max_bytes=_whole(document, "max_bytes", 0, MAX_NUMBER),
        storage=_storage(document),
        replicas=_whole(document, "replicas", 1, MAX_REPLICAS),
        compression=_flag(document, "compression"),
        metadata=_texts(document, "metadata"),
    )


def _text(document: Mapping[str, Any], key: str, limit: int) -> str:
    value = document.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > limit or not _is_unicode(value):
        raise BadRequest(f"“{key}” is a text of {limit:,} characters at most.")
    return value


def _number(document: Mapping[str, Any], key: str, high: int) -> float:
    value = document.get(key)
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= high:
        raise BadRequest(f"“{key}” is a number from 0 to {high:,}.")
    return float(value)


def _whole(document: Mapping[str, Any], key: str, low: int, high: int) -> int:
    value = document.get(key)
    if value is None:
        return low
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise BadRequest(f"“{key}” is a whole number from {low} to {high:,}.")
    return value


def _flag(document: Mapping[str, Any], key: str) -> bool:
    value = document.get(key)
    if not isinstance(value, bool | None):
        raise BadRequest(f"“{key}” is true or false.")
    return bool(value)


def _storage(document: Mapping[str, Any]) -> Storage:
    value = document.get("storage")
    if value is None:
        return Storage.FILE
    if value not in ("file", "memory"):
        raise BadRequest("“storage” is “file” or “memory”.")
    return Storage(value)


def _texts(document: Mapping[str, Any], key: str) -> Mapping[str, str]:
    value = document.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > MAX_METADATA_ENTRIES:
        raise BadRequest(f"“{key}” is an object of {MAX_METADATA_ENTRIES} texts at most.")
    return {_checked_key(name): _text(value, name, MAX_METADATA_TEXT) for name in value}


def _checked_key(name: str) -> str:
    if not name or len(name) > MAX_METADATA_TEXT or not _is_unicode(name):
        raise BadRequest(f"A key of “metadata” has 1 to {MAX_METADATA_TEXT:,} characters.")
    return name


def _is_unicode(text: str) -> bool:
    """JSON can spell half of a surrogate pair, which no text may hold."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
