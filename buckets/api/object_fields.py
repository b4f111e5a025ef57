"""What requests say about objects: changes, links, lists of names."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ..objectstore import Link
from ..services.bulk import MAX_NAMES
from ..services.links import NewLink
from ..services.objects import ObjectChange
from ..services.order import Transfer
from ..services.versions import NamedVersion
from . import bodies
from .errors import BadRequest
from .fields import (
    MAX_DESCRIPTION,
    MAX_METADATA_ENTRIES,
    MAX_METADATA_TEXT,
    MAX_NUMBER,
    Document,
    only,
    record,
    text,
    text_list,
    texts,
    whole,
)

MAX_NAME = 16 * 1024  # more than any name that the store takes: it says so better
MAX_VERSION = 40
T = TypeVar("T")


def object_change(document: Document) -> ObjectChange:
    """What is left out stays; null empties it. A null name is refused."""
    only(document, bodies.fields_of(bodies.ObjectChange))
    return ObjectChange(
        name=required_name(document, "name") if "name" in document else None,
        description=text(document, "description", MAX_DESCRIPTION) if "description" in document else None,
        headers=headers(document) if "headers" in document else None,
        metadata=texts(document, "metadata") if "metadata" in document else None,
    )


def revision(document: Document) -> int | None:
    """``revision``, if it is there."""
    return whole(document, "revision", 1, MAX_NUMBER) if document.get("revision") is not None else None


def new_link(document: Document) -> NewLink:
    only(document, bodies.fields_of(bodies.NewLink))
    bucket = text(document, "bucket", MAX_DESCRIPTION)
    if not bucket:
        raise BadRequest("“bucket” is the bucket that the link leads to.")
    name = required_name(document, "name") if document.get("name") is not None else None
    return NewLink(
        Link(bucket, name), text(document, "description", MAX_DESCRIPTION), headers(document) or None, texts(document, "metadata") or None
    )


def headers(document: Document) -> Mapping[str, Sequence[str]]:
    """``headers``: each with its list of values."""
    fields = record(document, "headers")
    if len(fields) > MAX_METADATA_ENTRIES:
        raise BadRequest(f"“headers” is an object of {MAX_METADATA_ENTRIES} lists of texts at most.")
    for key in fields:
        if not 0 < len(key) <= MAX_METADATA_TEXT:
            raise BadRequest(f"A key of “headers” has 1 to {MAX_METADATA_TEXT:,} characters.")
        text({"headers": key}, "headers", MAX_METADATA_TEXT)
    return {key: text_list(fields, key) for key in fields}


def names(document: Document) -> Sequence[str]:
    """``names``: 1,000 at most."""
    return _list(document, "names", lambda item: required_name({"names": item}, "names"))


def transfers(document: Document) -> Sequence[Transfer]:
    """``items`` of ``name`` and ``to``."""
    return _items(
        document, bodies.fields_of(bodies.Transfer), lambda item: Transfer(required_name(item, "name"), required_name(item, "to"))
    )


def named_versions(document: Document) -> Sequence[NamedVersion]:
    """``items`` of ``name`` and ``version``."""
    return _items(document, bodies.fields_of(bodies.NamedVersion), lambda item: NamedVersion(required_name(item, "name"), version(item)))


def version(document: Document) -> str:
    found = text(document, "version", MAX_VERSION)
    if not found:
        raise BadRequest("“version” is the identifier of a version.")
    return found


def required_name(document: Document, key: str) -> str:
    """A text that has to be there. Whether it can be a name is for the store to say."""
    if not isinstance(document.get(key), str):
        raise BadRequest(f"“{key}” needs the name of an object.")
    return text(document, key, MAX_NAME)


def _items(document: Document, keys: Sequence[str], read: Callable[[Document], T]) -> Sequence[T]:
    def item(value: object) -> T:
        if not isinstance(value, dict):
            raise BadRequest(f"“items” is a list of objects with {' and '.join(keys)}.")
        only(value, keys)
        return read(value)

    return _list(document, "items", item)


def _list(document: Document, key: str, read: Callable[[Any], T]) -> Sequence[T]:
    values = document.get(key)
    if not isinstance(values, list) or len(values) > MAX_NAMES:
        raise BadRequest(f"“{key}” is a list of {MAX_NAMES:,} at most.")
    return [read(value) for value in values]
