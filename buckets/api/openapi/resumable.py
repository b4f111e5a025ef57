"""What the operations of resumable uploads (tus 1.0.0) have in common."""

from collections.abc import Sequence
from typing import Annotated, Literal

from .operation import Answer, Binary, Body, Header, Parameter
from .schema import Bounds

TYPE = "application/offset+octet-stream"
SPEAKING = Parameter("Tus-Resumable", "The version of the protocol.", Literal["1.0.0"], "header", required=True, example="1.0.0")
LENGTH = Parameter("Upload-Length", "The whole length, once it is known.", Annotated[int, Bounds(0)], "header", example="1048576")
DEFERRED = Parameter("Upload-Defer-Length", "The length is not known yet.", Literal["1"], "header")
METADATA = Parameter(
    "Upload-Metadata",
    "Pairs of a key and a value in base64: `bucket`, `name` (or `relativePath`, `filename`), and perhaps `filetype`.",
    where="header",
    required=True,
    example="bucket cmVwb3J0cw==,name YS5wZGY=",
)
IF_NONE_MATCH = Parameter("If-None-Match", "Only if there is no such object.", Literal["*"], "header")
OFFSET = Parameter("Upload-Offset", "Where the piece begins.", Annotated[int, Bounds(0)], "header", required=True, example="0")
CHECKSUM = Parameter("Upload-Checksum", "`sha256` or `sha1` and the piece's digest in base64.", where="header")
OVERRIDE = Parameter("X-HTTP-Method-Override", "Which method it stands for.", Literal["HEAD", "PATCH", "DELETE"], "header", required=True)
PIECE = Body({TYPE: Binary("the next bytes")})
FIRST_PIECE = Body({TYPE: Binary("perhaps the first bytes already")}, required=False)

SPOKEN = Header("Tus-Resumable", "the version of the protocol")
STANDS = Header("Upload-Offset", "how many bytes have come")
EXPIRES = Header("Upload-Expires", "when it is taken back unless more comes")
NAME = Header("Object-Name", "percent-encoded: the name that the object has, or will have")
CREATED = Answer("It has begun.", headers=(SPOKEN, Header("Location", "the upload's address"), NAME, STANDS, EXPIRES))
TAKEN = Answer("The piece is stored.", headers=(SPOKEN, STANDS, EXPIRES, NAME))
STATE = Answer(
    "Where it stands.",
    headers=(
        SPOKEN,
        STANDS,
        Header("Upload-Length", "its whole length, if it is known"),
        Header("Upload-Metadata", "as it was given"),
        EXPIRES,
        NAME,
    ),
)
SPEAKS = Answer(
    "What this server speaks.",
    headers=(
        SPOKEN,
        Header("Tus-Version", "all versions"),
        Header("Tus-Extension", "what it offers beyond the core"),
        Header("Tus-Max-Size", "the largest upload in bytes"),
        Header("Tus-Checksum-Algorithm", "of Upload-Checksum"),
    ),
)
GONE = Answer("It is taken back.", headers=(SPOKEN,))

MALFORMED = (
    (400, "tus_invalid_request"),
    (400, "tus_invalid_length"),
    (400, "tus_invalid_offset"),
    (400, "tus_invalid_metadata"),
    (400, "tus_invalid_checksum"),
    (400, "tus_extension_off"),
    (400, "tus_length_fixed"),
    (412, "tus_unsupported_version"),
)
REFUSED: Sequence[str | tuple[int, str]] = (*MALFORMED, (404, "tus_not_found"), (410, "tus_gone"), (423, "tus_locked"))
PIECES: Sequence[str | tuple[int, str]] = (
    *REFUSED,
    (409, "tus_offset_conflict"),
    (413, "tus_too_large"),
    (415, "tus_unsupported_media_type"),
    (460, "tus_checksum_mismatch"),
    "client_disconnected",
    "busy",
    "conflict",
    "bucket_full",
    "bucket_sealed",
    "bucket_not_found",
    "precondition_failed",
    "history_behind",
    "forbidden",
)
BEGINNING: Sequence[str | tuple[int, str]] = (
    *MALFORMED,
    (413, "tus_too_large"),
    "bad_request",
    "forbidden",
    "bucket_not_found",
    "invalid_object_name",
    "invalid_metadata",
    "precondition_failed",
    "bucket_sealed",
    "bucket_full",
    "busy",
)
