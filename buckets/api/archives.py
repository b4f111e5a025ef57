"""/buckets/{bucket}/archive: a folder, a selection, a bucket, now or as it was, as one zip that is made while it is sent."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ..access import AnyUser
from ..services import archives
from ..services.safenames import safe_segment
from ..services.selections import MAX_SELECTED, Selection
from . import bodies, parameters
from .download import Download
from .errors import BadRequest, TooLarge
from .fields import flag, only, text
from .headers import attachment
from .object_fields import required_name
from .openapi.common import AT, JSON
from .openapi.operation import Answer, Binary, Body, Parameter, operation
from .openapi.schema import Bounds

MEDIA_TYPE = "application/zip"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
FIELDS = bodies.fields_of(bodies.Selection)
LISTS = ("names", "prefixes")
FLAGS = ("trash", "compress")
MAX_FILE_NAME = 255
Document = Mapping[str, Any]
ZIP = {200: Answer("A zip that is made while it is sent.", {MEDIA_TYPE: Binary("what cannot be read is named in _missing.txt")})}
ERRORS = ("object_not_found", "invalid_object_name", "history_off", "busy", "too_large", "listing_loading")


@operation(
    "A folder or all of it as a zip",
    role="viewer",
    parameters=(
        Parameter("prefix", "All that begins with it; more than once if you like; left out: the whole bucket.", list[str], example="2026/"),
        AT,
        Parameter("trash", "The last versions of what was deleted.", bool),
        Parameter("compress", "Deflate what gets smaller by it.", bool),
        Parameter("file_name", "What to call the zip.", Annotated[str, Bounds(high=MAX_FILE_NAME)]),
    ),
    answers=ZIP,
    errors=ERRORS,
)
async def get_archive(request: HttpRequest, user: User, bucket: str) -> HttpResponseBase:
    """All below ``?prefix=``, which may be there more than once; without it all of the bucket."""
    parameters.check_unicode(request)
    document = _form(request.GET.lists())
    only(document, ("prefix", *FIELDS[2:]))
    prefixes = document.pop("prefix", [""])
    return await archive_of(user, bucket, {**document, "prefixes": prefixes})


@operation(
    "A selection as a zip",
    role="viewer",
    text="Also as a form with the same fields, or with one field `selection` that holds the JSON.",
    body=Body({JSON: bodies.Selection, **dict.fromkeys(FORMS, Binary())}, example='{"names": ["a.txt"], "prefixes": ["2026/"]}'),
    answers=ZIP,
    errors=ERRORS,
)
async def make_archive(request: HttpRequest, user: User, bucket: str) -> HttpResponseBase:
    """What the JSON, the form, or the form's field ``selection`` (the same JSON) names."""
    if request.content_type not in FORMS:
        return await archive_of(user, bucket, parameters.json_object(request, parameters.MAX_BULK_BYTES))
    if "selection" in request.POST:
        return await archive_of(user, bucket, _selection(request.POST["selection"]))
    fields = [(key, values) for key, values in request.POST.lists() if key != "csrfmiddlewaretoken"]
    return await archive_of(user, bucket, _form(fields))


async def archive_of(user: AnyUser, bucket: str, document: Document) -> HttpResponseBase:
    """The zip of what ``document``, the JSON, names. Raises ``BadRequest`` and what ``archives.open_archive`` and its pieces raise."""
    only(document, FIELDS)
    archive = await archives.open_archive(user, bucket, _chosen(document), compress=flag(document, "compress"))
    pieces = archive.pieces()
    first = await anext(pieces)
    headers = {
        "Content-Type": MEDIA_TYPE,
        "Content-Disposition": attachment(_file_name(text(document, "file_name", MAX_FILE_NAME)) or archive.file_name),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Download(_chain(first, pieces), pieces, headers)


def _chosen(document: Document) -> Selection:
    names, prefixes = (_texts(document, key) for key in LISTS)
    at, trash = _moment(document), flag(document, "trash")
    if not (names or prefixes):
        raise BadRequest("What goes into the archive? “names” and “prefixes” say it; the prefix “” is the whole bucket.")
    if at is not None and trash:
        raise BadRequest("“at” and “trash” do not go together.")
    return Selection(names, prefixes, at, trash)


def _texts(document: Document, key: str) -> Sequence[str]:
    values = document.get(key)
    if values is None:
        return ()
    if not isinstance(values, list) or len(values) > MAX_SELECTED:
        raise BadRequest(f"“{key}” is a list of {MAX_SELECTED:,} at most.")
    return tuple(required_name({key: value}, key) for value in values)


def _moment(document: Document) -> datetime | None:
    at = text(document, "at", parameters.MAX_TEXT)
    return parameters.moment(at, "at") if at else None


def _form(fields: Iterable[tuple[str, Sequence[object]]]) -> dict[str, Any]:
    """Fields of a form or of an address as the JSON would have them."""
    found: dict[str, Any] = {}
    for key, values in fields:
        if key in (*LISTS, "prefix"):
            found[key] = values
        elif key in FLAGS:
            found[key] = _boolean(key, values[-1])
        else:
            found[key] = values[-1]
    return found


def _boolean(key: str, value: object) -> bool:
    """As checkboxes and addresses say it."""
    if value not in ("", "true", "false", "on"):
        raise BadRequest(f"“{key}” is true or false.")
    return value in ("true", "on")


def _selection(document: str) -> Document:
    if len(document) > parameters.MAX_BULK_BYTES:
        raise TooLarge(f"The selection may have {parameters.MAX_BULK_BYTES:,} bytes at most.")
    try:
        found = json.loads(document)
    except (ValueError, RecursionError):
        raise BadRequest("“selection” is not JSON.") from None
    if not isinstance(found, dict):
        raise BadRequest("“selection” is not a JSON object.")
    return found


def _file_name(wanted: str) -> str:
    if not wanted:
        return ""
    name = safe_segment(wanted.replace("/", "_"))
    return name if name.lower().endswith(".zip") else f"{name}.zip"


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
