"""What a decision is made from: the request, the upload's state, and what this server offers (tus 1.0.0)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

VERSION = "1.0.0"
MAX_LENGTH = 2**63 - 1
# The digests that can be asked for, with their size in bytes. tus wants sha1 wherever "checksum" is offered ("Checksum").
DIGEST_SIZES: Mapping[str, int] = MappingProxyType({"sha256": 32, "sha1": 20})
# The metadata that tus clients put a file's name into: NATS permits any character in an object's name.
NAME_KEYS = frozenset({"filename", "name", "relativePath"})


class Extension(StrEnum):
    """The extensions that can be switched on, named and ordered as ``Tus-Extension`` lists them."""

    CREATION = "creation"
    CREATION_WITH_UPLOAD = "creation-with-upload"
    CREATION_DEFER_LENGTH = "creation-defer-length"
    EXPIRATION = "expiration"
    TERMINATION = "termination"
    CHECKSUM = "checksum"
    CONCATENATION = "concatenation"


# An upload has to be created before any of these means something ("Creation With Upload": MUST NOT be offered alone).
_NEEDS_CREATION = frozenset({Extension.CREATION_WITH_UPLOAD, Extension.CREATION_DEFER_LENGTH, Extension.CONCATENATION})


class Headers(Mapping[str, str]):
    """Header fields by name in any case; a field that came several times is one list, joined with commas (RFC 9110, 5.3)."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        pairs = fields.items() if isinstance(fields, Mapping) else fields
        self._fields: dict[str, str] = {}
        for name, value in pairs:
            known = self._fields.get(name.lower())
            self._fields[name.lower()] = value if known is None else f"{known},{value}"

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        # Authorization and cookies are among them: names are enough for a log.
        return f"Headers({', '.join(self._fields)})"


@dataclass(frozen=True, slots=True)
class Request:
    """The head of an HTTP request. ``headers`` may be any mapping or pairs; they are kept as ``Headers``."""

    method: str
    headers: Mapping[str, str] = field(default_factory=Headers)

    def __post_init__(self) -> None:
        if not isinstance(self.headers, Headers):
            object.__setattr__(self, "headers", Headers(self.headers))

    @property
    def effective_method(self) -> str:
        """The method to act on: ``X-HTTP-Method-Override`` where it is presented, whatever the actual one is (section of that name)."""
        return (self.headers.get("X-HTTP-Method-Override", "").strip() or self.method).upper()


@dataclass(frozen=True, slots=True)
class Upload:
    """The state of one upload, as it is stored between requests.

    ``length`` is None while it is deferred, and for a ``final`` upload until its parts are known. ``offset`` counts the bytes that are
    kept. ``expires`` is aware of its time zone. ``concat`` is ``Upload-Concat`` as it came at creation, ``final_of`` the ids in it.
    ``gone`` says that the upload was terminated or removed, or used up by a final one, and only the memory of it is left.
    Raises ``ValueError`` for a state that cannot be: an offset below 0 or beyond the length, a moment without a zone.
    """

    id: str
    length: int | None
    offset: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)
    expires: datetime | None = None
    partial: bool = False
    final_of: tuple[str, ...] = ()
    concat: str = ""
    gone: bool = False

    def __post_init__(self) -> None:
        if self.offset < 0 or (self.length is not None and self.offset > self.length):
            raise ValueError(f"upload {self.id}: offset {self.offset} is outside of its length {self.length}")
        if self.expires is not None and self.expires.tzinfo is None:
            raise ValueError(f"upload {self.id}: the moment of its expiry has no time zone")

    @property
    def is_complete(self) -> bool:
        """All bytes are there. An upload of length 0 is complete from the start ("Creation", POST)."""
        return self.offset == self.length

    @property
    def may_expire(self) -> bool:
        """Only unfinished uploads expire ("Expiration"). A partial one is never finished by itself: nobody may come to concatenate it."""
        return self.partial or not self.is_complete

    def is_expired(self, now: datetime) -> bool:
        """Its time is over ("Expiration")."""
        return self.expires is not None and self.may_expire and self.expires <= now


@dataclass(frozen=True, slots=True)
class Limits:
    """What this server offers, and the bounds of what it reads.

    ``extensions`` are those switched on: what is advertised is what of them can work (``offered``), and nothing else is accepted.
    ``max_size`` None means that only ``MAX_LENGTH`` bounds an upload. ``collection`` is the path that uploads are created at, without a
    slash at its end: when given, the uploads named in ``Upload-Concat`` must lie right below it. ``lifetime`` is how long an unfinished
    upload is kept after its last append. ``max_header`` bounds a header's characters (proxies pass 8 KiB in a line, and Node reads 16 KiB
    in all: metadata goes back with every HEAD), ``max_pairs``, ``max_key`` and ``max_value`` the metadata, ``max_parts`` a final upload.
    Raises ``ValueError`` for values that make no sense, and for a digest that is not known.
    """

    max_size: int | None = None
    extensions: frozenset[Extension] = frozenset(Extension)
    algorithms: tuple[str, ...] = tuple(DIGEST_SIZES)
    lifetime: timedelta | None = timedelta(hours=24)
    collection: str = ""
    max_header: int = 8_192
    max_pairs: int = 32
    max_key: int = 128
    max_value: int = 4_096
    max_parts: int = 256

    def __post_init__(self) -> None:
        if self.max_size is not None and not 0 <= self.max_size <= MAX_LENGTH:
            raise ValueError(f"max_size must be from 0 to {MAX_LENGTH}, not {self.max_size}")
        if unknown := [name for name in self.algorithms if name not in DIGEST_SIZES]:
            raise ValueError(f"no such checksum: {', '.join(unknown)}; known are {', '.join(DIGEST_SIZES)}")
        if self.lifetime is not None and self.lifetime <= timedelta():
            raise ValueError("lifetime must be longer than nothing; None keeps uploads for ever")

    @property
    def offered(self) -> tuple[Extension, ...]:
        """The extensions that work here, in the order of ``Extension``."""
        return tuple(extension for extension in Extension if self.offers(extension))

    def offers(self, extension: Extension) -> bool:
        """Whether ``extension`` is switched on and so is what it builds on."""
        if extension not in self.extensions or (extension is Extension.CHECKSUM and not self.algorithms):
            return False
        return extension not in _NEEDS_CREATION or Extension.CREATION in self.extensions

    @property
    def largest(self) -> int:
        """The most bytes that an upload may have."""
        return MAX_LENGTH if self.max_size is None else self.max_size

    def expiry(self, now: datetime) -> datetime | None:
        """When an upload expires that was appended to ``now`` ("Expiration"); None for never."""
        if self.lifetime is None or not self.offers(Extension.EXPIRATION):
            return None
        return now.astimezone(UTC) + self.lifetime
