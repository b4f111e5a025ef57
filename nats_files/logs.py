"""Logging to stderr: one line a record, as text for people or as JSON for machines."""

import asyncio
import json
import logging
import time
from typing import Any

from buckets import requestid

# What Django says with a traceback of a request that it has refused: anybody could fill the disk with these.
REFUSALS = ("DisallowedHost", "RequestDataTooBig", "TooManyFieldsSent", "TooManyFilesSent")
STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "taskName", "color_message"}


class TextFormatter(logging.Formatter):
    """``2026-01-31T12:00:00Z INFO buckets.audit message request=4f…``.

    A message cannot forge a line of its own; only a traceback has more lines.
    """

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        request = getattr(record, "request_id", "")
        return one_line(super().formatMessage(record).strip() + (f" request={request}" if request else ""))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, exception, and what the record carries beside that."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {key: value for key, value in record.__dict__.items() if key not in STANDARD}
        entry |= {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


class RequestId(logging.Filter):
    """Lets everything pass, and says of which request it tells."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = requestid.current()
        if request and not hasattr(record, "request_id"):
            record.request_id = request
        return True


class Uncaught(logging.Filter):
    """Of failed requests only those whose exception nobody has handled; who answers with an error on purpose has logged it."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.exc_info is not None


class NotCancelled(logging.Filter):
    """Not the requests that end because the site does."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def one_line(text: str) -> str:
    """``text`` with its control characters written out."""
    return text if text.isprintable() else "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def configuration(level: str, style: str, access_log: bool) -> dict[str, Any]:
    """The ``LOGGING`` setting. style: "text" or "json"."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"text": {"()": TextFormatter}, "json": {"()": JsonFormatter}},
        "filters": {"request_id": {"()": RequestId}, "uncaught": {"()": Uncaught}, "not_cancelled": {"()": NotCancelled}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": style, "filters": ["request_id"]},
            "none": {"class": "logging.NullHandler"},
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            "django.request": {"level": "ERROR", "filters": ["uncaught"]},
            "uvicorn.error": {"level": "WARNING", "filters": ["not_cancelled"]},
            "nats_files.access": {"level": "INFO" if access_log else "CRITICAL"},
            "daphne": {"level": "WARNING"},
            "asyncio": {"level": "WARNING"},
            # The client library prints tracebacks for every lost connection; the store logs those itself, in one line.
            "nats": {"handlers": ["none"], "propagate": False},
            **{f"django.security.{name}": {"handlers": ["none"], "propagate": False} for name in REFUSALS},
        },
    }
