"""What the tests of tus share: a moment, limits, an upload, requests as a client sends them, and short ways to look at answers."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from buckets.tus import (
    Append,
    Code,
    Create,
    Describe,
    Extension,
    Limits,
    Refusal,
    Report,
    Request,
    Terminate,
    Upload,
    decide_creation,
    decide_upload,
)

NOW = datetime(2026, 11, 23, 14, 5, 9, tzinfo=UTC)
LIMITS = Limits(max_size=1_000, collection="/api/v1/uploads")
UPLOAD = Upload("u1", length=100, offset=70)
CHUNK = {"Content-Type": "application/offset+octet-stream"}
VERSION = {"Tus-Resumable": "1.0.0"}


def without(*extensions: Extension) -> Limits:
    return replace(LIMITS, extensions=frozenset(Extension) - set(extensions))


def base64_of(value: str | bytes) -> str:
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()


def post(headers: dict[str, str], limits: Limits = LIMITS) -> Create | Describe | Refusal:
    return decide_creation(Request("POST", VERSION | headers), limits)


def create(headers: dict[str, str], limits: Limits = LIMITS) -> Create:
    action = post(headers, limits)
    assert isinstance(action, Create), action
    return action


def on(
    method: str, headers: dict[str, str], upload: Upload | None = UPLOAD, limits: Limits = LIMITS, now: datetime = NOW
) -> Append | Report | Terminate | Describe | Refusal:
    return decide_upload(Request(method, VERSION | headers), upload, limits, now)


def patch(
    headers: dict[str, str], upload: Upload | None = UPLOAD, limits: Limits = LIMITS
) -> Append | Report | Terminate | Describe | Refusal:
    return on("PATCH", CHUNK | headers, upload, limits)


def append(headers: dict[str, str], upload: Upload = UPLOAD, limits: Limits = LIMITS) -> Append:
    action = patch(headers, upload, limits)
    assert isinstance(action, Append), action
    return action


def head(upload: Upload = UPLOAD, limits: Limits = LIMITS, now: datetime = NOW) -> dict[str, str]:
    action = on("HEAD", {}, upload, limits, now)
    assert isinstance(action, Report), action
    return dict(action.headers)


def options(limits: Limits = LIMITS) -> dict[str, str]:
    action = decide_creation(Request("OPTIONS"), limits)
    assert isinstance(action, Describe), action
    return dict(action.headers)


def refused(action: object, status: int, code: Code) -> Refusal:
    """The refusal, which must be of this status and code, say something, and have the headers that every one has."""
    assert isinstance(action, Refusal), action
    assert (action.status, action.code) == (status, code), action
    assert action.message.endswith(".")
    assert action.headers["Tus-Resumable"] == "1.0.0"
    assert action.headers["Cache-Control"] == "no-store"
    return action


def expiring(**fields: Any) -> Upload:
    """An upload whose time is over at ``NOW``."""
    return replace(UPLOAD, expires=NOW - timedelta(seconds=1), **fields)
