"""Names and the subjects they map to (ADR-20)."""

import base64
import binascii
import re

from .errors import InvalidBucketName, InvalidObjectName

BUCKET_NAME = re.compile(r"[a-zA-Z0-9_-]+\Z")
BUCKET_NAME_RULE = "A bucket name has letters, digits, '-' and '_' only, and 1 to 128 of them."
MAX_BUCKET_NAME = 128
# A protocol line may have 4,096 bytes (nats-server's max_control_line) and also carries a reply subject and two lengths.
MAX_SUBJECT = 3800
STREAM_PREFIX = "OBJ_"
HISTORY_PREFIX = "HISTORY_OBJ_"
# base64url's alphabet in terms of base64's; what only the latter has becomes invalid.
_STANDARD = bytes.maketrans(b"-_+/", b"+/\0\0")
NUID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_TOKEN = re.compile(r"[^\s.*>]+(\.[^\s.*>]+)*\Z")


def check_bucket_name(bucket: str) -> str:
    """Give ``bucket`` back, or raise ``InvalidBucketName`` with the rule (ADR-20: ``^[a-zA-Z0-9_-]+$``)."""
    if len(bucket) > MAX_BUCKET_NAME or not BUCKET_NAME.match(bucket):
        raise InvalidBucketName(f"{bucket[:MAX_BUCKET_NAME]!r} is not a bucket name. {BUCKET_NAME_RULE}")
    return bucket


def stream_name(bucket: str) -> str:
    return STREAM_PREFIX + bucket


def history_stream(bucket: str) -> str:
    """The stream that keeps the bucket's old versions."""
    return HISTORY_PREFIX + bucket


def bucket_of_stream(stream: str) -> str:
    return stream.removeprefix("HISTORY_").removeprefix(STREAM_PREFIX)


def chunk_subject(bucket: str, nuid: str) -> str:
    """Where the chunks are. A nuid is one literal token: a wildcard here would reach, and purge, the chunks of other objects."""
    if not NUID.match(nuid):
        raise ValueError(f"{nuid!r} is not a nuid")
    return f"$O.{bucket}.C.{nuid}"


def chunk_wildcard(bucket: str) -> str:
    return f"$O.{bucket}.C.>"


def metadata_wildcard(bucket: str) -> str:
    return f"$O.{bucket}.M.>"


def metadata_subject(bucket: str, name: str) -> str:
    """The subject of the object's metadata: its name in padded base64url, one token.

    Raises ``InvalidObjectName`` for an empty name, one that is not valid Unicode, and one that makes the subject too long.
    """
    if not name:
        raise InvalidObjectName("An object needs a name: it is empty.")
    try:
        raw = name.encode()
    except UnicodeEncodeError:
        raise InvalidObjectName(f"The name {name!a} is not valid Unicode.") from None
    subject = token_subject(bucket, _token(raw))
    if len(subject) > MAX_SUBJECT:
        raise InvalidObjectName(f"The name is too long: it has {len(raw):,} bytes, and NATS subjects have room for about 2,800.")
    return subject


def latin1_subject(bucket: str, name: str) -> str | None:
    """Where nats.js (3.4) keeps the metadata of a name beyond ASCII: it encodes Latin-1, not UTF-8. None if the name has no such form."""
    if name.isascii():
        return None
    try:
        return token_subject(bucket, _token(name.encode("latin-1")))
    except UnicodeEncodeError:
        return None


def odd_subject(bucket: str, name: str) -> str | None:
    """Where metadata lies that is shown under its own token, because that is no encoded name; None if ``name`` cannot be one."""
    return token_subject(bucket, name) if _TOKEN.match(name) and decode_name(name) is None else None


def metadata_token(bucket: str, subject: str) -> str:
    """What follows ``$O.<bucket>.M.``: one token, unless some client writes otherwise."""
    return subject.removeprefix(token_subject(bucket, ""))


def shown_token(token: str) -> str:
    """A token that is no encoded name, as text that can be shown and stored."""
    return token.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def token_subject(bucket: str, token: str) -> str:
    return f"$O.{bucket}.M.{token}"


def decode_name(token: str, stated: object = None, *, latin1: bool = False) -> str | None:
    """The object's name from the last token of its metadata subject, or None if no client would have written it.

    stated: the name inside the metadata, which decides whether a token that is not UTF-8 is nats.js's Latin-1; or ``latin1``: it is.
    """
    try:
        raw = binascii.a2b_base64(token.encode("ascii").translate(_STANDARD) + b"=" * (-len(token) % 4), strict_mode=True)
    except (binascii.Error, ValueError):
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError:
        name = raw.decode("latin-1")
        return name if latin1 or name == stated else None


def _token(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()
