"""How an upload's state goes on: from a ``Create`` to its first state, and with every append to the next (tus 1.0.0)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from . import refusals
from .actions import Append, Code, Create, Refusal
from .values import Extension, Limits, Upload


def begin(create: Create, upload_id: str, limits: Limits, now: datetime, *, joined: int | None = None) -> Upload:
    """The state of the new upload, without a byte ("Creation"); ``joined`` is the length of a final one, whose bytes are all there.

    Raises ``ValueError`` where only one of ``create`` and ``joined`` speaks of a final upload.
    """
    if bool(create.final_of) != (joined is not None):
        raise ValueError(f"upload {upload_id}: joined is for a final upload, and needed there")
    length = create.length if joined is None else joined
    return Upload(upload_id, length, joined or 0, create.metadata, limits.expiry(now), create.partial, create.final_of, create.concat)


def advance(upload: Upload, act: Append | Create, received: int, limits: Limits, now: datetime) -> Upload:
    """The state after ``received`` bytes of the body were kept: all of it, or what came before it broke off ("PATCH").

    A length that the request told is part of it, and the expiry starts anew. Not to be called where the body was discarded. Raises
    ``ValueError`` for more bytes than the action allows, for an action that begins where the upload does not stand, and for a final upload.
    """
    offset = act.offset if isinstance(act, Append) else 0
    if upload.final_of or offset != upload.offset or not 0 <= received <= act.remaining:
        raise ValueError(f"upload {upload.id}: {received} bytes at {offset} do not fit an upload at {upload.offset}")
    return replace(upload, length=act.length, offset=offset + received, expires=limits.expiry(now))


def concatenate(parts: Sequence[Upload | None], limits: Limits, now: datetime) -> int | Refusal:
    """The length of the final upload of ``parts``, or why it cannot be ("Concatenation").

    ``parts`` are the states in the order of ``final_of``, None for one that is not there or not the caller's. All must be partial
    and complete; their sum must be within the limits.
    """
    here = [part for part in parts if part is not None and not _is_over(part, limits, now)]
    if len(here) < len(parts):
        return refusals.refusal(404, Code.NOT_FOUND, "A part of this upload is not there any more. Start the upload anew.")
    if not all(part.partial for part in here):
        return refusals.bad_request(Code.INVALID_CONCAT, "Only uploads made as partial ones can be put together.")
    if not all(part.is_complete for part in here):
        return refusals.part_unfinished()
    total = sum(part.offset for part in here)
    return total if total <= limits.largest else refusals.upload_too_large(total, limits)


def _is_over(upload: Upload, limits: Limits, now: datetime) -> bool:
    return upload.gone or (limits.offers(Extension.EXPIRATION) and upload.is_expired(now))
