"""What to answer after the act (tus 1.0.0). ``Location`` is the caller's to add to ``created``."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

from .actions import Answer, Describe, Report
from .metadata import encode_metadata
from .values import VERSION, Extension, Limits, Upload


def created(upload: Upload, limits: Limits, *, with_body: bool) -> Answer:
    """201 for the upload as it is after the request. ``Upload-Offset`` only where the body was part of it ("Creation With Upload")."""
    offset = {"Upload-Offset": str(upload.offset)} if with_body else {}
    return Answer(201, _headers(offset | _expires(upload, limits)))


def appended(upload: Upload, limits: Limits) -> Answer:
    """204 with the new offset ("PATCH"), and the expiry while the upload is unfinished ("Expiration")."""
    return Answer(204, _headers({"Upload-Offset": str(upload.offset)} | _expires(upload, limits)))


def terminated() -> Answer:
    """204 for the upload that is no more ("Termination")."""
    return Answer(204, _headers({}))


def reported(upload: Upload, limits: Limits) -> Report:
    """The headers of a HEAD: offset, length or that it is deferred, metadata, concatenation, expiry; never to be cached ("HEAD").

    A final upload has an offset only once it is complete ("Concatenation").
    """
    headers = {"Cache-Control": "no-store"}
    if not upload.final_of or upload.is_complete:
        headers["Upload-Offset"] = str(upload.offset)
    if upload.length is not None:
        headers["Upload-Length"] = str(upload.length)
    elif not upload.final_of:
        headers["Upload-Defer-Length"] = "1"
    if upload.metadata:
        headers["Upload-Metadata"] = encode_metadata(upload.metadata)
    if concat := upload.concat or ("partial" if upload.partial else ""):
        headers["Upload-Concat"] = concat
    return Report(_headers(headers | _expires(upload, limits)))


def described(limits: Limits) -> Describe:
    """The headers of an OPTIONS: what this server speaks, offers and takes; nothing that is switched off ("OPTIONS")."""
    headers = {"Tus-Version": VERSION}
    if limits.offered:
        headers["Tus-Extension"] = ",".join(limits.offered)
    if limits.max_size is not None:
        headers["Tus-Max-Size"] = str(limits.max_size)
    if limits.offers(Extension.CHECKSUM):
        headers["Tus-Checksum-Algorithm"] = ",".join(limits.algorithms)
    return Describe(_headers(headers))


def http_date(moment: datetime) -> str:
    """``moment``, which knows its zone, as RFC 9110 (5.6.7) writes dates: ``Wed, 25 Jun 2014 16:00:00 GMT``; fractions are cut off."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    return {"Tus-Resumable": VERSION, **headers}


def _expires(upload: Upload, limits: Limits) -> dict[str, str]:
    if upload.expires is None or not upload.may_expire or not limits.offers(Extension.EXPIRATION):
        return {}
    return {"Upload-Expires": http_date(upload.expires)}
