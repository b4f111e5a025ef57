"""What the tests ask of another object store client, and how they state what it cannot do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Headers = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Seen:
    """An object as a client shows it. ``link``: bucket and name, "" for the whole bucket."""

    name: str
    size: int
    chunks: int
    digest: str
    deleted: bool
    description: str
    headers: Headers
    metadata: Mapping[str, str]
    link: tuple[str, str] | None


@dataclass(frozen=True)
class Facts:
    """What a client lacks. The tests assert it: should a later release have it, they fail, and the statement is taken back."""

    metadata: bool = True
    """It knows an object's metadata map."""
    keeps_metadata: bool = True
    """It keeps the metadata map in an update that says nothing of it."""
    keeps_description: bool = True
    """It keeps the description in an update that says nothing of it."""
    changes_all: bool = True
    """Its update changes headers and metadata too, and not only name and description."""
    renames: bool = True
    renames_to_deleted: bool = True
    """It takes a deleted name for a free one when it renames."""
    links: bool = True
    bucket_links: bool = True
    latin_1: bool = False
    """It keeps names beyond ASCII where ADR-20 does not look for them, and refuses those beyond Latin-1."""


class Refused(Exception):
    """The client said no, in its own words."""


@dataclass(frozen=True)
class Meta:
    """What a writer says about an object; None in an update leaves it as it is."""

    description: str | None = None
    headers: Headers | None = None
    metadata: Mapping[str, str] | None = None
    chunk_size: int | None = None


PLAIN = Meta()


class Peer(Protocol):
    """Every verb raises ``Refused`` when the client does."""

    facts: Facts

    async def create(self, bucket: str) -> None: ...

    async def put(self, bucket: str, name: str, data: bytes, meta: Meta = PLAIN) -> None: ...

    async def get(self, bucket: str, name: str) -> bytes:
        """Through a link, too; what comes has been verified by the client."""
        ...

    async def info(self, bucket: str, name: str) -> Seen | None:
        """None for what was never there, and for what is deleted if the client does not show that."""
        ...

    async def list(self, bucket: str) -> list[Seen]:
        """Without what is deleted."""
        ...

    async def delete(self, bucket: str, name: str) -> None: ...

    async def update(self, bucket: str, name: str, new_name: str, meta: Meta = PLAIN) -> None: ...

    async def link(self, bucket: str, name: str, to_bucket: str, to_name: str) -> None: ...

    async def link_bucket(self, bucket: str, name: str, to_bucket: str) -> None: ...


def as_lists(headers: Mapping[str, object] | None) -> Headers:
    """Headers as ADR-20 has them; some clients show a single value as a text."""
    shown: dict[str, list[str]] = {}
    for key, values in (headers or {}).items():
        shown[key] = [str(value) for value in values] if isinstance(values, list) else [str(values)]
    return shown
