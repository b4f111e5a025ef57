"""What a decision comes to: something to do, or a refusal. Every one is a value; doing it is the service's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar


class Code(StrEnum):
    """Why a request was refused. The codes are part of the API: add, never rename."""

    INVALID_REQUEST = "tus_invalid_request"
    INVALID_LENGTH = "tus_invalid_length"
    INVALID_OFFSET = "tus_invalid_offset"
    INVALID_METADATA = "tus_invalid_metadata"
    INVALID_CHECKSUM = "tus_invalid_checksum"
    INVALID_CONCAT = "tus_invalid_concat"
    EXTENSION_OFF = "tus_extension_off"
    LENGTH_FIXED = "tus_length_fixed"
    PART_UNFINISHED = "tus_part_unfinished"
    FINAL_UPLOAD = "tus_final_upload"
    NOT_FOUND = "tus_not_found"
    METHOD_NOT_ALLOWED = "tus_method_not_allowed"
    OFFSET_CONFLICT = "tus_offset_conflict"
    GONE = "tus_gone"
    UNSUPPORTED_VERSION = "tus_unsupported_version"
    TOO_LARGE = "tus_too_large"
    UNSUPPORTED_MEDIA_TYPE = "tus_unsupported_media_type"
    LOCKED = "tus_locked"
    CHECKSUM_MISMATCH = "tus_checksum_mismatch"


@dataclass(frozen=True, slots=True)
class Checksum:
    """``Upload-Checksum``: the digest that the body of this one request must have. ``algorithm`` is a name that ``hashlib.new`` knows."""

    algorithm: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Create:
    """Make an upload ("Creation").

    ``length`` is None while deferred, and for a final upload, whose length is the sum of the uploads in ``final_of``. ``with_body``: the
    body is the upload's beginning ("Creation With Upload"), of at most ``remaining`` bytes, ``content_length`` of them if that is known;
    otherwise the body is not part of the upload. ``checksum`` is of that body.
    """

    length: int | None
    metadata: Mapping[str, str] = field(default_factory=dict)
    partial: bool = False
    final_of: tuple[str, ...] = ()
    concat: str = ""
    with_body: bool = False
    remaining: int = 0
    content_length: int | None = None
    checksum: Checksum | None = None


@dataclass(frozen=True, slots=True)
class Append:
    """Write the body at ``offset``, which is where the upload ends now ("PATCH").

    ``length`` is the upload's length as far as it is known with this request; ``length_now_known`` says that this request told it, so that
    it is to be stored with the append. The body may have ``remaining`` bytes at the most: one byte more is ``body_too_large``.
    ``content_length`` is how many it has, where the client said so.
    """

    offset: int
    length: int | None
    length_now_known: bool
    remaining: int
    content_length: int | None = None
    checksum: Checksum | None = None

    @property
    def keeps_what_arrived(self) -> bool:
        """Whether a body that breaks off is kept so far. With a checksum it is not: nothing unverified may stay ("Checksum")."""
        return self.checksum is None


@dataclass(frozen=True, slots=True)
class Report:
    """Answer a HEAD with these headers and no body."""

    headers: Mapping[str, str]
    status: ClassVar[int] = 200


@dataclass(frozen=True, slots=True)
class Describe:
    """Answer an OPTIONS with these headers and no body."""

    headers: Mapping[str, str]
    status: ClassVar[int] = 204


@dataclass(frozen=True, slots=True)
class Terminate:
    """Remove the upload and what is stored of it ("Termination")."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say after the act: a status and headers, no body."""

    status: int
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Do nothing and say why: ``message`` is one sentence or two for a user, ``code`` is stable, ``headers`` belong in the answer."""

    status: int
    code: Code
    message: str
    headers: Mapping[str, str]


class Refused(Exception):
    """A ``Refusal`` on its way up, for code that cannot return one."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
