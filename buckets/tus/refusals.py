"""Every refusal with its status and its words (tus 1.0.0, the section named at each)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from .actions import Code, Refusal
from .values import VERSION, Extension, Limits, Upload

MISMATCH = 460
# Phrases that HTTP's own registry lacks.
REASONS: Mapping[int, str] = MappingProxyType({MISMATCH: "Checksum Mismatch"})


def refusal(status: int, code: Code, message: str, **headers: str) -> Refusal:
    """A refusal with the headers that every one has: the version, and no caching, since a 404 or 410 may be cached otherwise."""
    always = {"Tus-Resumable": VERSION, "Cache-Control": "no-store"}
    return Refusal(status, code, message, always | {name.replace("_", "-"): value for name, value in headers.items()})


def bad_request(code: Code, message: str) -> Refusal:
    return refusal(400, code, message)


def unsupported_version() -> Refusal:
    """ "Tus-Resumable": 412, and ``Tus-Version`` says which would do."""
    message = f"This server speaks version {VERSION} of the tus protocol: send 'Tus-Resumable: {VERSION}'."
    return refusal(412, Code.UNSUPPORTED_VERSION, message, Tus_Version=VERSION)


def method_not_allowed(allowed: Iterable[str]) -> Refusal:
    """RFC 9110, 15.5.6: 405 names what is allowed."""
    methods = ", ".join(allowed)
    return refusal(405, Code.METHOD_NOT_ALLOWED, f"This address takes {methods} only.", Allow=methods)


def extension_off(extension: Extension) -> Refusal:
    return bad_request(Code.EXTENSION_OFF, f"This server does not offer the tus extension '{extension}'.")


def not_found() -> Refusal:
    """ "HEAD" and "PATCH": 404. Also for an upload that the caller may not know of."""
    return refusal(404, Code.NOT_FOUND, "There is no such upload. Start the upload anew.")


def gone(upload: Upload, now: datetime) -> Refusal:
    """ "Expiration" and "Termination": 410 while the server remembers the upload."""
    how = "has expired" if upload.is_expired(now) else "was ended"
    return refusal(410, Code.GONE, f"This upload {how} and cannot be continued. Start it anew.")


def final_upload() -> Refusal:
    """ "Concatenation": 403 for data sent to a final upload."""
    return refusal(403, Code.FINAL_UPLOAD, "This upload is made of other uploads; no data can be sent to it.")


def offset_conflict(upload: Upload, offset: int) -> Refusal:
    """ "PATCH": 409 when the offsets do not match; nothing is changed."""
    message = f"The upload stands at byte {upload.offset}, the data sent begins at byte {offset}. Ask for the offset and go on from there."
    return refusal(409, Code.OFFSET_CONFLICT, message)


def locked() -> Refusal:
    """Another request is writing to this upload: 423, which clients take as "try again soon"."""
    return refusal(423, Code.LOCKED, "Another request is writing to this upload. Try again in a moment.", Retry_After="1")


def unsupported_media_type() -> Refusal:
    """ "PATCH": 415."""
    return refusal(415, Code.UNSUPPORTED_MEDIA_TYPE, "Send the upload's data with 'Content-Type: application/offset+octet-stream'.")


def upload_too_large(size: int, limits: Limits) -> Refusal:
    """ "Creation": 413 for an upload above ``Tus-Max-Size``."""
    message = f"An upload of {size:,} bytes is more than the {limits.largest:,} bytes that this server takes."
    return refusal(413, Code.TOO_LARGE, message)


def body_too_large(remaining: int) -> Refusal:
    """A body with more bytes than the upload has left: 413. The bytes beyond are no part of any file."""
    return refusal(413, Code.TOO_LARGE, f"The data sent goes beyond the end of the upload, which has {remaining:,} bytes left.")


def checksum_mismatch() -> Refusal:
    """ "Checksum": 460; the body must have been discarded, and the offset be as before."""
    message = "The data that arrived is not what was sent: its checksum differs. It was discarded; send it again."
    return refusal(MISMATCH, Code.CHECKSUM_MISMATCH, message)


def length_fixed(length: int) -> Refusal:
    """ "Creation", POST: once set the length must not be changed."""
    return bad_request(Code.LENGTH_FIXED, f"The upload's length is {length:,} bytes and cannot be changed.")


def part_unfinished() -> Refusal:
    """ "Concatenation" without ``concatenation-unfinished``: the parts have to be complete."""
    return bad_request(Code.PART_UNFINISHED, "Not all parts of this upload are complete. Finish them first.")
