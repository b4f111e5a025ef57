"""Digest fields (RFC 9530) as pure functions. A field is a dictionary of byte sequences (RFC 8941, sections 3.2 and 3.3.5)."""

import base64
import binascii
import re
from collections.abc import Mapping

MAX_HEADER = 2000
SIZES: Mapping[str, int] = {"sha-256": 32, "sha-512": 64}
KEY = re.compile(r"[a-z*][a-z0-9_.*-]*")
BYTES = re.compile(r":([A-Za-z0-9+/]*={0,2}):")
# Parameters of a member; nothing that we know has any, and what we do not know is passed over.
PARAMETER = re.compile(r' *; *[a-z*][a-z0-9_.*-]*(=([?][01]|-?[0-9.]{1,16}|:[A-Za-z0-9+/=]*:|[A-Za-z*][!-+\--:<-~]*|"[ !#-\[\]-~]*"))?')
STATED = re.compile(r"sha-256=([A-Za-z0-9_-]{43})=?\Z", re.IGNORECASE)


class MalformedDigest(ValueError):
    """The field cannot be read, or a digest in it has not the length that its algorithm gives."""


def parse_digests(text: str) -> Mapping[str, bytes]:
    """The digests of the algorithms that we know (``sha-256``, ``sha-512``); others are passed over.

    Of a member that comes twice the last counts. Raises ``MalformedDigest``; also for more than 2,000 characters.
    """
    if len(text) > MAX_HEADER:
        raise MalformedDigest
    found: dict[str, bytes] = {}
    rest = text.strip(" ")
    while rest:
        key, value, rest = _member(rest)
        if key in SIZES:
            found[key] = _decoded(value, SIZES[key])
    return found


def _member(text: str) -> tuple[str, str, str]:
    """The first member's key and its value, and what follows."""
    key = KEY.match(text)
    value = BYTES.match(text, key.end() + 1) if key is not None and text[key.end() : key.end() + 1] == "=" else None
    if key is None or value is None:
        raise MalformedDigest
    end = value.end()
    while parameter := PARAMETER.match(text, end):
        end = parameter.end()
    rest = text[end:].lstrip(" \t")
    following = rest[1:].lstrip(" \t")
    if rest and (rest[0] != "," or not following):
        raise MalformedDigest
    return key[0], value[1], following


def _decoded(text: str, size: int) -> bytes:
    try:
        digest = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise MalformedDigest from None
    if len(digest) != size:
        raise MalformedDigest
    return digest


def digest_field(stated: str | None) -> str:
    """An object's digest (``SHA-256=`` and base64url) as a field's value, "" where it has none or an odd one."""
    match = STATED.match(stated or "")
    if match is None:
        return ""
    return f"sha-256=:{base64.b64encode(base64.urlsafe_b64decode(match[1] + '=')).decode()}:"
