"""Header values of tus 1.0.0, read strictly and within bounds. What is wrong raises ``Refused`` and nothing else ever is raised."""

import base64
import binascii
import re
from collections.abc import Mapping

from .actions import Checksum, Code, Refused
from .refusals import bad_request
from .values import DIGEST_SIZES, MAX_LENGTH, Limits

CHUNK_TYPE = "application/offset+octet-stream"
_OWS = " \t"
_DIGITS = re.compile(r"[0-9]{1,19}\Z")
_UPLOAD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
# What may stand in a URL (RFC 3986), without what an upload's address does not have: a query, a fragment, a colon in its path.
_URL = re.compile(r"(?:(?i:https?)://[A-Za-z0-9\-._~%!$&'()*+,;=:@\[\]]+(?=/))?([A-Za-z0-9\-._~%!$&'()*+,;=@/]+)\Z")


def length_value(text: str, header: str, code: Code) -> int:
    """A non-negative integer: decimal digits only, at most 19 of them and at most ``MAX_LENGTH`` ("Upload-Length", "Upload-Offset")."""
    if not _DIGITS.match(text) or int(text) > MAX_LENGTH:
        raise Refused(bad_request(code, f"{header} must be a whole number of bytes from 0 to {MAX_LENGTH}."))
    return int(text)


def header_length(headers: Mapping[str, str], header: str, code: Code) -> int | None:
    """``header`` as a number of bytes, None without it. Raises ``Refused`` (400, ``code``)."""
    text = headers.get(header)
    return None if text is None else length_value(text.strip(_OWS), header, code)


def is_chunk(headers: Mapping[str, str]) -> bool:
    """Whether the body is a part of an upload: its media type in any case, parameters aside (RFC 9110, 8.3.1)."""
    return headers.get("Content-Type", "").partition(";")[0].strip(_OWS).lower() == CHUNK_TYPE


def bounded(headers: Mapping[str, str], header: str, code: Code, limits: Limits) -> str:
    """The header without white space at its ends, "" without it. Raises ``Refused`` (400) above ``max_header`` characters."""
    text = headers.get(header, "")
    if len(text) > limits.max_header:
        raise Refused(bad_request(code, f"{header} is longer than the {limits.max_header:,} characters allowed."))
    return text.strip(_OWS)


def strict_base64(text: str) -> bytes | None:
    """What ``text`` stands for in padded Base64 (RFC 4648, 4); None for any other spelling, the ones that decode to the same included."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return value if base64.b64encode(value).decode() == text else None


def checksum(headers: Mapping[str, str], limits: Limits) -> Checksum | None:
    """``Upload-Checksum``: a name, a space, and the digest in Base64 ("Checksum").

    None without it. Raises ``Refused`` (400) for an algorithm that is not offered and for a digest that cannot be one of it.
    """
    if "Upload-Checksum" not in headers:
        return None
    algorithm, _, encoded = bounded(headers, "Upload-Checksum", Code.INVALID_CHECKSUM, limits).partition(" ")
    if algorithm not in limits.algorithms:
        raise Refused(bad_request(Code.INVALID_CHECKSUM, f"The checksum must be one of {', '.join(limits.algorithms)}."))
    digest = strict_base64(encoded)
    if digest is None or len(digest) != DIGEST_SIZES[algorithm]:
        raise Refused(bad_request(Code.INVALID_CHECKSUM, f"Upload-Checksum must be '{algorithm}', a space, and its digest in Base64."))
    return Checksum(algorithm, digest)


def concat(text: str, limits: Limits) -> tuple[str, ...]:
    """The upload ids in ``Upload-Concat``, in its order, repeats kept; none for ``partial`` ("Concatenation").

    Raises ``Refused`` (400) for anything but ``partial`` and ``final;`` with 1 to ``max_parts`` addresses of uploads of this server.
    """
    if text == "partial":
        return ()
    kind, _, addresses = text.partition(";")
    parts = [address for address in addresses.split(" ") if address]
    if kind != "final" or not parts:
        raise Refused(bad_request(Code.INVALID_CONCAT, "Upload-Concat must be 'partial', or 'final;' and the addresses of the parts."))
    if len(parts) > limits.max_parts:
        raise Refused(bad_request(Code.INVALID_CONCAT, f"An upload can be made of {limits.max_parts} parts at the most."))
    return tuple(upload_id(address, limits.collection) for address in parts)


def upload_id(address: str, collection: str) -> str:
    """The id at the end of an upload's absolute or relative ``address``, which must lie in ``collection`` where both have a path.

    The host is not looked at: it may be any name of this server, and the id is looked up here in any case. Raises ``Refused`` (400).
    """
    if url := _URL.match(address):
        folder, _, last = url[1].removesuffix("/").rpartition("/")
        below = not collection or not url[1].startswith("/") or folder == collection.rstrip("/")
        if below and _UPLOAD_ID.match(last):
            return last
    raise Refused(bad_request(Code.INVALID_CONCAT, "Upload-Concat names something that is no upload of this server."))
