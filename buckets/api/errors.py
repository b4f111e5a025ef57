"""Failures as HTTP: the one table from stable codes to statuses, for the API and for pages."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import JsonResponse
from django.http.multipartparser import MultiPartParserError

from .. import requestid
from ..access import NotAllowed, NotVisible
from ..errorwords import told
from ..metrics.instruments import ERRORS
from ..objectstore import ErrorCode, ObjectStoreError, Unavailable
from ..services.errors import ServiceError

log = logging.getLogger("buckets.errors")

RETRY_AFTER_SECONDS = 5
INTERNAL = "internal_error"
INTERNAL_ERROR = "Something went wrong on our side. It has been logged."
NATS_AWAY = "NATS cannot be reached at the moment. The site tries all the time; please try again."
DATABASE_AWAY = "The database cannot be reached. Try again in a moment."

STATUS: Mapping[str, int] = {
    ErrorCode.INVALID_BUCKET_NAME: 400,
    ErrorCode.INVALID_BUCKET_CONFIG: 400,
    ErrorCode.INVALID_OBJECT_NAME: 400,
    ErrorCode.INVALID_METADATA: 400,
    ErrorCode.BUCKET_NOT_FOUND: 404,
    ErrorCode.BUCKET_EXISTS: 409,
    ErrorCode.BUCKET_FULL: 507,
    ErrorCode.BUCKET_SEALED: 409,
    ErrorCode.BUCKET_RESTRICTED: 409,
    ErrorCode.OBJECT_NOT_FOUND: 404,
    ErrorCode.OBJECT_UNREADABLE: 422,
    ErrorCode.OBJECT_CHANGED: 502,
    ErrorCode.CONFLICT: 409,
    ErrorCode.DIGEST_MISMATCH: 502,
    ErrorCode.OBJECT_EXISTS: 409,
    ErrorCode.INVALID_LINK: 422,
    ErrorCode.HISTORY_OFF: 409,
    ErrorCode.HISTORY_UNSUPPORTED: 501,
    ErrorCode.HISTORY_BEHIND: 503,
    ErrorCode.VERSION_NOT_FOUND: 404,
    ErrorCode.UPLOAD_NOT_FOUND: 404,
    ErrorCode.UPLOAD_LOCKED: 423,
    ErrorCode.UPLOAD_OFFSET_MISMATCH: 409,
    ErrorCode.PERMISSION_DENIED: 403,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.SERVER_ERROR: 502,
    "bad_request": 400,
    "client_disconnected": 400,
    "length_mismatch": 400,
    "upload_digest_mismatch": 400,
    "not_confirmed": 400,
    "not_authenticated": 401,
    "forbidden": 403,
    "csrf_failed": 403,
    "not_found": 404,
    "archive_not_found": 404,
    "restore_running": 409,
    "job_running": 409,
    "method_not_allowed": 405,
    "precondition_failed": 412,
    "too_large": 413,
    "range_not_satisfiable": 416,
    "too_many_attempts": 429,
    INTERNAL: 500,
    "busy": 503,
    "stopping": 503,
    "database_unavailable": 503,
    "listing_loading": 503,
}


class ApiError(Exception):
    """A request that the API itself turns down."""

    code = "bad_request"

    def __init__(self, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.headers = headers or {}


class BadRequest(ApiError):
    pass


class TooLarge(ApiError):
    code = "too_large"


class NotAuthenticated(ApiError):
    code = "not_authenticated"


class CsrfFailed(ApiError):
    code = "csrf_failed"


class Forbidden(ApiError):
    code = "forbidden"


class NotFound(ApiError):
    code = "not_found"


class MethodNotAllowed(ApiError):
    code = "method_not_allowed"


class PreconditionFailed(ApiError):
    code = "precondition_failed"


class RangeNotSatisfiable(ApiError):
    code = "range_not_satisfiable"


@dataclass(frozen=True, slots=True)
class Problem:
    """A failure as it is told: HTTP status, stable code, one sentence for the user, headers for the answer."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


def describe(error: Exception) -> Problem:
    """What to tell of ``error``. One that is not known is logged in full, and told in general terms."""
    code, message = _code_and_message(error)
    status = STATUS[code]
    headers = dict(error.headers) if isinstance(error, ApiError) else {}
    ERRORS.labels(code).inc()
    if status == 503:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if code == INTERNAL:
        log.error("%s", error, exc_info=error)
    elif status >= 500:
        log.warning("%s: %s", code, error)
    return Problem(status, code, message, headers)


def answer(error: Exception, *, translated: bool = False) -> JsonResponse:
    """``error`` as the API answers it: ``{"error": {"code", "message"}}``. translated: for the site's own scripts, in their reader's
    language."""
    problem = describe(error)
    message = told(problem.message, problem.code) if translated else problem.message
    body = {"error": error_json(problem.code, message)}
    return JsonResponse(body, status=problem.status, headers={"Cache-Control": "no-store", **problem.headers})


def error_json(code: str, message: str) -> dict[str, str]:
    """``request_id``: to be found in the log. Not there where nobody has given the request one."""
    request = requestid.current()
    return {"code": code, "message": message} | ({"request_id": request} if request else {})


def _code_and_message(error: Exception) -> tuple[str, str]:
    match error:
        case Unavailable():  # its own words may hold addresses
            return error.code, NATS_AWAY
        case ObjectStoreError() | ServiceError() | ApiError():
            return error.code, str(error)
        case NotVisible():
            return ErrorCode.BUCKET_NOT_FOUND, str(error)
        case NotAllowed():
            return "forbidden", str(error)
        case RequestDataTooBig():
            return "too_large", "The request's body is too large."
        case SuspiciousOperation() | MultiPartParserError():
            return "bad_request", "The request is malformed."
        case OperationalError() | InterfaceError():
            return "database_unavailable", DATABASE_AWAY
        case ConnectionError():
            return "client_disconnected", "The connection broke before the request was complete."
        case _:
            return INTERNAL, INTERNAL_ERROR
