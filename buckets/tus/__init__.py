"""The resumable-upload protocol tus 1.0.0 as decisions.

Pure: a request, the upload's state, the limits and the moment give an action, and nothing here stores, waits or looks at a clock.
The order of use: ``decide_creation`` or ``decide_upload``, the act itself, ``begin`` and ``advance`` for the new state, and an answer.
"""

from .actions import Answer, Append, Checksum, Code, Create, Describe, Refusal, Refused, Report, Terminate
from .answers import appended, created, described, http_date, reported, terminated
from .decisions import decide_creation, decide_upload
from .metadata import encode_metadata, parse_metadata
from .parsing import CHUNK_TYPE
from .progress import advance, begin, concatenate
from .refusals import REASONS, body_too_large, checksum_mismatch, gone, locked, not_found, offset_conflict, upload_too_large
from .values import DIGEST_SIZES, MAX_LENGTH, VERSION, Extension, Headers, Limits, Request, Upload

__all__ = [
    "CHUNK_TYPE",
    "DIGEST_SIZES",
    "MAX_LENGTH",
    "REASONS",
    "VERSION",
    "Answer",
    "Append",
    "Checksum",
    "Code",
    "Create",
    "Describe",
    "Extension",
    "Headers",
    "Limits",
    "Refusal",
    "Refused",
    "Report",
    "Request",
    "Terminate",
    "Upload",
    "advance",
    "appended",
    "begin",
    "body_too_large",
    "checksum_mismatch",
    "concatenate",
    "created",
    "decide_creation",
    "decide_upload",
    "described",
    "encode_metadata",
    "gone",
    "http_date",
    "locked",
    "not_found",
    "offset_conflict",
    "parse_metadata",
    "reported",
    "terminated",
    "upload_too_large",
]
