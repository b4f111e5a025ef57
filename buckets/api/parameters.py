"""What a request says, typed and bounded. Everything here raises ``BadRequest`` with the field and the rule."""

import json
from collections.abc import AsyncIterable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol, cast
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest

from ..objectstore import Sort
from ..services.scans import ScanQuery
from ..services.verifying import verified
from .errors import BadRequest, TooLarge

MAX_JSON_BYTES = 64 * 1024
MAX_BULK_BYTES = 8 * 1024 * 1024
MAX_TEXT = 64
FIRST_YEAR, LAST_YEAR = 1970, 2200
MAX_LIMIT = 1000
BODY_KEY = "nats_files.body"


class Body(AsyncIterable[bytes], Protocol):
    """The request's body as it comes in; ``length`` as announced, None if it was not."""

    @property
    def length(self) -> int | None: ...


def has_stream(request: HttpRequest) -> bool:
    """Whether the body is one that streams: by its method or its type."""
    return BODY_KEY in getattr(request, "scope", {})


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


def object_name(request: HttpRequest, name: str | None) -> str:
    """The object that the path names, or ``?name=``."""
    check_unicode(request)
    if name is None:
        name = request.GET.get("name")
    if name is None:
        raise BadRequest("Which object? Its name goes into the path, or into “?name=”.")
    return name


def version_parameter(request: HttpRequest, field: str = "version") -> str | None:
    """``?version=``, or another field that says a version."""
    version = request.GET.get(field)
    if version is not None and not 0 < len(version) <= MAX_TEXT:
        raise BadRequest(f"“{field}” is the identifier of a version.")
    return version


def at_parameter(request: HttpRequest) -> datetime | None:
    """``?at=``."""
    text = request.GET.get("at")
    return moment(text, "at") if text is not None else None


def moment(text: str, key: str) -> datetime:
    """A point in time as RFC 3339 writes it: with a time zone, and to the microsecond at most."""
    wrong = BadRequest(f"“{key}” is a time as in 2026-01-31T12:00:00Z or 2026-01-31T13:00:00+01:00 (in an address, “+” is %2B).")
    try:
        found = datetime.fromisoformat(text if len(text) <= MAX_TEXT else "")
    except ValueError:
        raise wrong from None
    if found.tzinfo is None or not FIRST_YEAR < found.year < LAST_YEAR:
        raise wrong
    return found.astimezone(UTC)


def scan_query(request: HttpRequest) -> ScanQuery:
    """Which piece of which listing."""
    check_unicode(request)
    return ScanQuery(
        prefix=request.GET.get("prefix", ""),
        delimiter=delimiter(request),
        query=request.GET.get("q", ""),
        sort=sort_order(request),
        limit=whole_number(request, "limit", MAX_LIMIT, 1, MAX_LIMIT),
        cursor=request.GET.get("cursor") or None,
    )


def flag(request: HttpRequest, key: str) -> bool:
    text = request.GET.get(key, "")
    if text not in ("", "true", "false"):
        raise BadRequest(f"“{key}” is true or false.")
    return text == "true"


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


def json_object(request: HttpRequest, limit: int = MAX_JSON_BYTES, *, optional: bool = False) -> dict[str, Any]:
    """The body as a JSON object of ``limit`` bytes at most; ``optional``: no body is an empty one."""
    if optional and not request.body:
        return {}
    if request.content_type != "application/json":
        raise BadRequest("Send a JSON object with “Content-Type: application/json”.")
    if len(request.body) > limit:
        raise TooLarge(f"The JSON may have {limit:,} bytes at most.")
    return _parsed(request.body)


async def streamed_json(request: HttpRequest, digests: Mapping[str, bytes]) -> dict[str, Any]:
    """The streamed body of a PUT, which must have these digests, as a JSON object of 64 KiB at most."""
    received = bytearray()
    async for piece in verified(request_body(request), digests):
        received += piece
        if len(received) > MAX_JSON_BYTES:
            raise TooLarge(f"The JSON may have {MAX_JSON_BYTES:,} bytes at most.")
    return _parsed(bytes(received))


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("The body is not JSON.") from None
    if not isinstance(document, dict):
        raise BadRequest("The body is not a JSON object.")
    return document
