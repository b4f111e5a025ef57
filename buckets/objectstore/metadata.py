"""The info JSON of ADR-20, both ways. What others wrote is hostile until parsed: odd metadata gives a ``problem``, never an error.

A message without a body is a deletion: the server itself leaves such markers (subject_delete_marker_ttl, nats-server 2.11) for what it
removes by age.
"""

import base64
import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

from .errors import InvalidMetadata
from .model import Link, ObjectInfo
from .names import BUCKET_NAME, NUID, decode_name, shown_token
from .times import parse_time

MAX_SIZE = 2**63 - 1
DIGEST_PREFIX = "SHA-256="
MAX_METADATA = 512 * 1024
CONTENT_TYPE_LENGTH = len("Content-Type")
MAX_CHUNK_SIZE = 64 * 1024 * 1024  # nats-server's greatest max_payload


class Summary(NamedTuple):
    """What an index sorts and searches by."""

    name: str
    size: int
    content_type: str
    deleted: bool
    link: Link | None


def digest_text(digest: bytes) -> str:
    """A SHA-256 as ADR-20 writes it: ``SHA-256=`` and padded base64url."""
    return DIGEST_PREFIX + base64.urlsafe_b64encode(digest).decode()


EMPTY_DIGEST = digest_text(hashlib.sha256().digest())


def parse_info(bucket: str, token: str, raw: bytes, revision: int, modified: datetime) -> ObjectInfo:
    """An object's info from its metadata message. Never raises for what is in ``token`` or ``raw``.

    token: what follows "M." in the message's subject; raw: the message's payload.
    """
    reader = _Reader()
    fields = reader.document(raw)
    name = decode_name(token, fields.get("name"), latin1=not raw)
    if name is None:
        name = shown_token(token)
        reader.complain("its subject is not a base64url name")
    link = reader.link(fields)
    deleted = not raw or fields.get("deleted") is True
    if "name" in fields and fields["name"] != name and reader.problem is None:
        reader.complain("the name inside differs from the one in its subject")
    nuid, size, chunks = reader.nuid(fields, required=not deleted and link is None), reader.size(fields), reader.count(fields, "chunks")
    digest = reader.digest(fields)
    if chunks and not (size or deleted or link is not None or digest == EMPTY_DIGEST):
        reader.complain(f"it has {chunks:,} chunks, and does not say of how many bytes")
    return ObjectInfo(
        bucket=bucket,
        name=name,
        nuid=nuid,
        size=size,
        chunks=chunks,
        modified=modified,
        revision=revision,
        digest=digest,
        description=reader.text(fields, "description"),
        headers=reader.headers(fields),
        metadata=reader.text_map(fields, "metadata"),
        chunk_size=reader.chunk_size(fields),
        deleted=deleted,
        link=link,
        problem=reader.problem,
        readable=reader.readable,
    )


def parse_summary(token: str, raw: bytes) -> Summary:
    """What ``parse_info`` says of these, several times as fast: an index is filled with it."""
    reader = _Reader()
    fields = reader.document(raw)
    name = decode_name(token, fields.get("name"), latin1=not raw)
    if name is None:
        name = shown_token(token)
    options = fields.get("options")
    link = reader.link(fields) if isinstance(options, dict) and "link" in options else None
    deleted = not raw or fields.get("deleted") is True
    return Summary(name, reader.size(fields), _content_type(fields.get("headers")), deleted, link)


def parse_reference(token: str, raw: bytes) -> tuple[str, str | None]:
    """The nuid of the data that metadata refers to, "" for none; and the object's name, if that should say so and does not."""
    reader = _Reader()
    fields = reader.document(raw)
    if not raw or fields.get("deleted") is True:
        return "", None
    nuid = reader.nuid(fields, required=False)
    return nuid, parse_summary(token, raw).name if not nuid and reader.link(fields) is None else None


def is_sized(info: ObjectInfo) -> bool:
    """Whether it says how large it is. One that states no bytes is empty only if nothing else in it says otherwise."""
    return bool(info.size or info.link is not None or (info.chunks == 0 and info.digest == EMPTY_DIGEST))


def stated_time(raw: bytes) -> datetime | None:
    """The ``mtime`` inside the metadata, which some writers leave out and others set to year 1; None where it says nothing."""
    stated = _Reader().document(raw).get("mtime")
    moment = parse_time(stated)
    if moment is None and isinstance(stated, str):
        with contextlib.suppress(ValueError):
            moment = datetime.fromisoformat(stated)
    usable = moment is not None and moment.tzinfo is not None and 1 < moment.year < 9999
    return moment.astimezone(UTC) if moment is not None and usable else None


def _content_type(headers: object) -> str:
    if not isinstance(headers, dict):
        return ""
    for key, values in headers.items():
        if len(key) == CONTENT_TYPE_LENGTH and key.lower() == "content-type" and (texts := _Reader().header_values(values)):
            return texts[0]
    return ""


def dump_info(info: ObjectInfo) -> bytes:
    """The info JSON of ``info`` as the reference client writes it. Raises ``InvalidMetadata`` when it cannot be stored."""
    return _dump(_document(info))


def change_info(raw: bytes, info: ObjectInfo, fields: Iterable[str]) -> bytes:
    """``raw`` with these of its fields as in ``info``, and all else as it came, known here or not (options too, but for those that we
    have). What is no JSON object stays what it is.

    Raises ``InvalidMetadata`` when it cannot be stored.
    """
    if not is_document(raw):
        return raw
    try:
        document = json.loads(raw, parse_int=Decimal, parse_float=Decimal)
    except RecursionError:
        raise InvalidMetadata("The metadata is nested too deeply to be changed.") from None
    new = _document(info)
    for field in fields:
        if field == "options" and isinstance(document.get(field), dict):
            document[field] |= new.get(field, {})
        elif field in new:
            document[field] = new[field]
        else:
            document.pop(field, None)
    return _dump(document)


def is_document(raw: bytes) -> bool:
    """Whether it is a JSON object, and so can be changed."""
    reader = _Reader()
    reader.document(raw)
    return bool(raw) and reader.problem is None


def _document(info: ObjectInfo) -> dict[str, Any]:
    document: dict[str, Any] = {"name": info.name}
    if info.description:
        document["description"] = info.description
    if info.headers:
        document["headers"] = {key: list(values) for key, values in info.headers.items()}
    if info.metadata:
        document["metadata"] = dict(info.metadata)
    options = _options(info)
    if options:
        document["options"] = options
    document |= {"bucket": info.bucket, "nuid": info.nuid, "size": info.size, "mtime": _rfc3339(info.modified), "chunks": info.chunks}
    if info.digest:
        document["digest"] = info.digest
    if info.deleted:
        document["deleted"] = True
    return document


def _dump(document: Mapping[str, Any]) -> bytes:
    try:
        raw = orjson.dumps(document, default=_number)
    except (TypeError, orjson.JSONEncodeError):
        raise InvalidMetadata("The description, headers or metadata are not valid Unicode text, or nested too deeply.") from None
    if len(raw) > MAX_METADATA:
        raise InvalidMetadata(f"Description, headers and metadata take {len(raw):,} bytes together; {MAX_METADATA:,} is the limit.")
    return raw


def _number(value: object) -> orjson.Fragment:
    """A number that came from somebody else, with all its digits."""
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError


def _options(info: ObjectInfo) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if info.link:
        options["link"] = {"bucket": info.link.bucket} | ({"name": info.link.name} if info.link.name is not None else {})
    if info.chunk_size:
        options["max_chunk_size"] = info.chunk_size
    return options


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


class _Reader:
    """Takes fields out of a foreign document and remembers the first thing that is wrong with it."""

    def __init__(self) -> None:
        self.problem: str | None = None
        self.readable = True

    def complain(self, problem: str) -> None:
        self.problem = self.problem or problem

    def document(self, raw: bytes) -> Mapping[str, Any]:
        if not raw:
            return {}
        try:
            document = orjson.loads(raw)
        except orjson.JSONDecodeError:
            self.complain("its metadata is not JSON")
            return {}
        if not isinstance(document, dict):
            self.complain("its metadata is not a JSON object")
            return {}
        return document

    def nuid(self, fields: Mapping[str, Any], required: bool) -> str:
        value = self.text(fields, "nuid", required)
        if NUID.match(value):
            return value
        if value:
            self.complain("its nuid is not one")
        self.readable = self.readable and not required
        return ""

    def size(self, fields: Mapping[str, Any]) -> int:
        """Bounded by the chunks where their number is stated: nothing may be announced that cannot be there."""
        size, chunks = self.count(fields, "size"), self.count(fields, "chunks")
        if not chunks or size <= chunks * MAX_CHUNK_SIZE:
            return size
        self.complain(f"its size of {size:,} bytes cannot be in {chunks:,} chunks")
        self.readable = False
        return 0

    def text(self, fields: Mapping[str, Any], key: str, required: bool = False) -> str:
        value = fields.get(key)
        if isinstance(value, str) and (value or not required):
            return value
        if value is not None or required:
            self.complain(f"{key} is missing or not a text")
        return ""

    def count(self, fields: Mapping[str, Any], key: str) -> int:
        value = fields.get(key)
        if value is None:  # null is how Rust's client writes nothing
            return 0
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_SIZE:
            return value
        self.complain(f"{key} is not a whole number of 0 or more")
        self.readable = False
        return 0

    def digest(self, fields: Mapping[str, Any]) -> str | None:
        value = self.text(fields, "digest")
        if not value:
            return None
        if value[: len(DIGEST_PREFIX)].upper() != DIGEST_PREFIX:
            self.complain("its digest is not a SHA-256")
            return None
        return DIGEST_PREFIX + value[len(DIGEST_PREFIX) :]

    def headers(self, fields: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
        value = fields.get("headers")
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.complain("headers is not an object")
            return {}
        return {key: self.header_values(values) for key, values in value.items()}

    def header_values(self, values: Any) -> tuple[str, ...]:
        if isinstance(values, str):
            return (values,)
        if isinstance(values, list) and all(isinstance(value, str) for value in values):
            return tuple(values)
        self.complain("a header is not a list of texts")
        return ()

    def text_map(self, fields: Mapping[str, Any], key: str) -> Mapping[str, str]:
        value = fields.get(key)
        if value is None:
            return {}
        if isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
            return value
        self.complain(f"{key} is not an object of texts")
        return {}

    def _options(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        value = fields.get("options")
        if value is None:
            return {}
        if isinstance(value, dict):
            return value
        self.complain("options is not an object")
        return {}

    def chunk_size(self, fields: Mapping[str, Any]) -> int | None:
        return self.count(self._options(fields), "max_chunk_size") or None

    def link(self, fields: Mapping[str, Any]) -> Link | None:
        value = self._options(fields).get("link")
        if value is None:
            return None
        bucket = value.get("bucket") if isinstance(value, dict) else None
        name = value.get("name") if isinstance(value, dict) else None
        if not isinstance(bucket, str) or not BUCKET_NAME.match(bucket) or not isinstance(name, str | None):
            self.complain("its link does not say to which bucket")
            return None
        return Link(bucket, name or None)
