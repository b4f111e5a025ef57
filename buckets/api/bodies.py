"""What the API takes, as types: their fields are the ones that a request may have, and the OpenAPI document is made of them."""

from collections.abc import Sequence
from typing import Annotated, Literal, NotRequired, Required, TypeAlias, TypedDict

from .answers import StorageName
from .openapi.schema import Bounds, Format

Moment: TypeAlias = Annotated[str, Format("date-time"), "with a time zone, and to the microsecond at most"]
Names: TypeAlias = Annotated[list[str], Bounds(high=1000)]
Metadata: TypeAlias = Annotated[dict[str, str], Bounds(high=100)]
Headers: TypeAlias = Annotated[dict[str, list[str]], Bounds(high=100)]
Confirm: TypeAlias = Annotated[str, "the bucket's name once more: it cannot be undone"]
Replicas: TypeAlias = Annotated[int, Bounds(1, 5)]


def fields_of(body: type) -> Sequence[str]:
    """The fields that a body of this type may have, in their order."""
    return tuple(body.__annotations__)


class WantedPlacement(TypedDict, total=False):
    cluster: str | None
    tags: list[str] | None


class HistorySettings(TypedDict, total=False):
    """null and 0 mean no limit; ``replicas`` null, as many as the bucket has."""

    enabled: bool | None
    storage: Annotated[StorageName | None, "of a new one only"]
    replicas: Replicas | None
    compression: bool | None
    max_bytes: Annotated[int, Bounds(0)] | None
    keep_versions: Annotated[int, Bounds(0, 1_000_000)] | None
    keep_days: Annotated[float, Bounds(0, 36_500)] | None


WantedHistory: TypeAlias = Annotated[
    bool | HistorySettings | None, "true: on, with the settings that it had, or defaults; false or null: off, what there is stays"
]


class NewBucket(TypedDict, total=False):
    """null and 0 mean no limit; what is left out gets its default."""

    name: Required[str]
    description: Annotated[str | None, Bounds(high=4096)]
    ttl_seconds: Annotated[float, Bounds(0)] | None
    max_bytes: Annotated[int, Bounds(0)] | None
    storage: StorageName | None
    replicas: Replicas | None
    compression: bool | None
    metadata: Metadata | None
    placement: WantedPlacement | None
    unique_names: bool | None
    history: WantedHistory


class BucketChange(TypedDict, total=False):
    """What is left out stays; null and 0 mean no limit."""

    description: Annotated[str | None, Bounds(high=4096)]
    ttl_seconds: Annotated[float, Bounds(0)] | None
    max_bytes: Annotated[int, Bounds(0)] | None
    replicas: Replicas
    compression: bool
    metadata: Metadata | None
    placement: WantedPlacement | None
    unique_names: bool
    fast_ingest: bool
    atomic: bool
    direct: bool
    rollup: bool
    history: WantedHistory


class Confirmation(TypedDict):
    confirm: Confirm


class ObjectChange(TypedDict, total=False):
    """What is left out stays; null empties it."""

    name: Annotated[str, "the new name"]
    description: Annotated[str | None, Bounds(high=4096)]
    headers: Annotated[Headers | None, "all of them: those that are not here go"]
    metadata: Annotated[Metadata | None, "all of it: what is not here goes"]
    revision: Annotated[int | None, Bounds(1), "only if it is still this one"]


class NewLink(TypedDict, total=False):
    bucket: Required[Annotated[str, "the bucket that the link leads to"]]
    name: Annotated[str | None, "the object; null or left out: the whole bucket"]
    description: Annotated[str | None, Bounds(high=4096)]
    headers: Headers | None
    metadata: Metadata | None


class Restore(TypedDict, total=False):
    version: Annotated[str | None, "left out: the last one of a deleted object"]
    revision: Annotated[int | None, Bounds(1), "only on top of this one; with a version"]


class Deletion(TypedDict):
    names: Names
    for_good: NotRequired[Annotated[bool | None, "deletion markers and all versions go too (admin)"]]


class Selected(TypedDict):
    names: Names


class Transfer(TypedDict):
    name: str
    to: Annotated[str, "its new name"]


Transfers: TypeAlias = Annotated[list[Transfer], Bounds(high=1000)]


class Carry(TypedDict):
    items: Transfers
    bucket: NotRequired[Annotated[str | None, "where to; left out: within this bucket"]]
    overwrite: NotRequired[Annotated[bool | None, "replace what has the name already"]]


class NamedVersion(TypedDict):
    name: str
    version: str


class Restoration(TypedDict):
    items: Annotated[list[NamedVersion], Bounds(high=1000)]


class Moved(TypedDict):
    items: Transfers
    bucket: NotRequired[Annotated[str | None, "where they are now; left out: still in this bucket"]]


class Rewind(TypedDict):
    at: Moment
    prefix: NotRequired[Annotated[str | None, "only what begins with it"]]
    remove_newer: NotRequired[Annotated[bool | None, "delete what was not there then"]]


class Selection(TypedDict, total=False):
    """Some names or prefixes have to be there; the prefix "" is the whole bucket."""

    names: Annotated[list[str] | None, Bounds(high=10_000)]
    prefixes: Annotated[list[str] | None, Bounds(high=10_000)]
    at: Annotated[Moment | None, "as it was then"]
    trash: Annotated[bool | None, "the last versions of what was deleted"]
    compress: bool | None
    file_name: Annotated[str | None, Bounds(high=255)]


class UploadedFile(TypedDict):
    """The line before each file."""

    name: str
    size: Annotated[int, Bounds(0)]
    type: NotRequired[Annotated[str | None, "its media type"]]
    if_absent: NotRequired[Annotated[bool | None, "only if there is no such object"]]


class NewJob(TypedDict):
    job: Literal["find_orphans", "clear_orphans", "purge_markers", "verify"]
    older_than_seconds: NotRequired[
        Annotated[float | None, Bounds(0), "of orphans: longer than any upload may pause; an hour by default, to clear at least 300"]
    ]


class BringBack(TypedDict, total=False):
    bucket: Annotated[str | None, "the new bucket's name; left out: the old one"]
    history: Annotated[bool | None, "whether it is to have a history; of the old name it always has"]
