"""Texts that are edited in the page: read whole, and stored on top of what was read only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings

from ..access import AnyUser, Role, require
from ..objectstore import Deed, Note, ObjectInfo
from . import objects
from .audit import record
from .errors import ServiceError, UploadTooLarge
from .runtime import store
from .slots import transfer

MAX_TEXT = 1024 * 1024
CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\r\f")


class NotText(ServiceError):
    """It cannot be edited as a text without changing what nobody touched."""


@dataclass(frozen=True, slots=True)
class Text:
    """``content`` has line feeds only; ``newline`` is what the file has in their place."""

    info: ObjectInfo
    content: str
    newline: str = "\n"


async def read_text(user: AnyUser, bucket: str, name: str) -> Text:
    """EDITOR. Raises ``ObjectNotFound``, ``NotText`` and what reading raises."""
    await require(user, bucket, Role.EDITOR)
    info = await objects.info(user, bucket, name)
    if info.link is not None or not info.readable:
        raise NotText("A link has no text of its own." if info.link else f"“{name}” cannot be read: {info.problem}.")
    if info.size > MAX_TEXT:
        raise NotText(f"Only texts of {MAX_TEXT // 1024:,} KiB at most can be edited here.")
    async with transfer(user), await objects.open_object(user, bucket, name) as reader:
        data = b"".join([piece async for piece in reader])
    return Text(reader.info, *_decoded(data))


async def save_text(user: AnyUser, bucket: str, name: str, text: Text) -> ObjectInfo:
    """EDITOR. Store ``text`` on top of the revision that it was made from (``text.info``); description, headers and metadata stay.

    Raises ``Conflict`` when there is another one meanwhile, ``NotText`` for more than 1 MiB, and the store's errors.
    """
    await require(user, bucket, Role.EDITOR)
    data = text.content.replace("\n", text.newline).encode()
    if len(data) > MAX_TEXT:
        raise NotText(f"Only texts of {MAX_TEXT // 1024:,} KiB at most can be edited here.")
    if settings.MAX_UPLOAD_BYTES and len(data) > settings.MAX_UPLOAD_BYTES:
        raise UploadTooLarge(settings.MAX_UPLOAD_BYTES)
    before = text.info
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    mine = {"uploaded-by": user.get_username(), "upload-timestamp": now}
    headers: dict[str, Sequence[str]] = {
        key: [mine[key.lower()]] if key.lower() in mine else values for key, values in before.headers.items()
    }
    present = {key.lower() for key in headers}
    headers |= {key: values for key, values in objects.upload_headers(user, name, "", "").items() if key.lower() not in present}
    async with transfer(user):
        stored = await (await store()).put(
            bucket,
            name,
            data,
            description=before.description,
            headers=headers,
            metadata=before.metadata,
            expected_revision=before.revision,
            writer=user.get_username(),
            note=Note(Deed.EDITED, name),
        )
    record("object.upload", user, bucket, name=name, size=stored.size)
    return stored


def editable(info: ObjectInfo) -> bool:
    """Whether it may be a text that can be edited, as far as its metadata tells."""
    return info.link is None and info.readable and info.problem is None and info.size <= MAX_TEXT


def _decoded(data: bytes) -> tuple[str, str]:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise NotText("This is not a text in UTF-8, so it cannot be edited here.") from None
    if any(byte in CONTROLS for byte in set(data)):
        raise NotText("This is not a text: it has control characters, which an editor would lose.")
    crlf, lone = text.count("\r\n"), text.count("\r") - text.count("\r\n")
    if lone or (crlf and crlf != text.count("\n")):
        raise NotText("Its lines end in different ways, which an editor in a page cannot keep.")
    return (text.replace("\r\n", "\n"), "\r\n") if crlf else (text, "\n")
