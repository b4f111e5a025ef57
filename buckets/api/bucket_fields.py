"""A bucket as requests describe it: a new one, a change, and what cannot be undone."""

from collections.abc import Callable
from typing import TypeVar

from ..objectstore import BucketChange, BucketConfig, Placement, Storage
from . import bodies
from .errors import BadRequest
from .fields import MAX_DESCRIPTION, MAX_NUMBER, Document, flag, number, only, record, text, text_list, texts, whole

T = TypeVar("T")

MAX_TTL_SECONDS = MAX_NUMBER // 1_000_000_000  # the server counts nanoseconds
MAX_REPLICAS = 5
FLAGS = ("fast_ingest", "atomic", "direct", "rollup")
NEW = bodies.fields_of(bodies.NewBucket)
CHANGEABLE = bodies.fields_of(bodies.BucketChange)
FIXED = ("name", "storage")


def bucket_config(document: Document) -> BucketConfig:
    """A new bucket from its JSON; for ``history`` see ``history_fields``. null and 0 mean "no limit"; what is left out gets its default."""
    only(document, NEW)
    return BucketConfig(
        name=text(document, "name", MAX_DESCRIPTION),
        description=text(document, "description", MAX_DESCRIPTION),
        ttl=number(document, "ttl_seconds", MAX_TTL_SECONDS),
        max_bytes=whole(document, "max_bytes", 0, MAX_NUMBER),
        storage=_storage(document),
        replicas=whole(document, "replicas", 1, MAX_REPLICAS),
        compression=flag(document, "compression"),
        metadata=texts(document, "metadata"),
        placement=_placement(document),
        unique_names=flag(document, "unique_names"),
    )


def bucket_change(document: Document) -> BucketChange:
    """What to change of a bucket: what is left out stays. null and 0 mean "no limit"; where that means nothing, null is refused."""
    for key in FIXED:
        if key in document:
            raise BadRequest(f"“{key}” cannot be changed. Make a new bucket and copy the objects.")
    only(document, CHANGEABLE)
    for key in ("replicas", "compression", "unique_names", *FLAGS):
        if key in document and document[key] is None:
            raise BadRequest(f"“{key}” needs a value. Leave it out to keep what it is.")
    return BucketChange(
        description=_given(document, "description", lambda: text(document, "description", MAX_DESCRIPTION)),
        ttl=_given(document, "ttl_seconds", lambda: number(document, "ttl_seconds", MAX_TTL_SECONDS)),
        max_bytes=_given(document, "max_bytes", lambda: whole(document, "max_bytes", 0, MAX_NUMBER)),
        replicas=_given(document, "replicas", lambda: whole(document, "replicas", 1, MAX_REPLICAS)),
        compression=_given(document, "compression", lambda: flag(document, "compression")),
        metadata=_given(document, "metadata", lambda: texts(document, "metadata")),
        placement=_given(document, "placement", lambda: _placement(document)),
        unique_names=_given(document, "unique_names", lambda: flag(document, "unique_names")),
        fast_ingest=_given(document, "fast_ingest", lambda: flag(document, "fast_ingest")),
        atomic=_given(document, "atomic", lambda: flag(document, "atomic")),
        direct=_given(document, "direct", lambda: flag(document, "direct")),
        rollup=_given(document, "rollup", lambda: flag(document, "rollup")),
    )


def _given(document: Document, key: str, read: Callable[[], T]) -> T | None:
    return read() if key in document else None


def confirmation(document: Document) -> str:
    """The name that was typed once more, before what cannot be undone."""
    only(document, bodies.fields_of(bodies.Confirmation))
    return text(document, "confirm", MAX_DESCRIPTION)


def _storage(document: Document) -> Storage:
    value = document.get("storage")
    if value is None:
        return Storage.FILE
    if value not in ("file", "memory"):
        raise BadRequest("“storage” is “file” or “memory”.")
    return Storage(value)


def _placement(document: Document) -> Placement:
    fields = record(document, "placement")
    only(fields, bodies.fields_of(bodies.WantedPlacement))
    return Placement(text(fields, "cluster", MAX_DESCRIPTION), text_list(fields, "tags"))
