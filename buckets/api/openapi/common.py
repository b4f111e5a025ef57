"""Parameters, answers and errors that many operations have."""

from typing import Annotated, Any, Literal

from .. import answers
from .operation import Answer, Binary, Body, Header, Parameter
from .schema import Bounds, Format

JSON = "application/json"
ROUND = Annotated[int, Bounds(1, 1000)]

ETAG = Header("ETag", "stands for the content; a change of metadata leaves it")
LOCATION = Header("Location", "where the object is")
DONE = Answer("It is done.")

NAMED = Parameter("name", "The object's whole name, for names that cannot stand in a path, such as `..`.")
VERSION = Parameter("version", "The identifier of a version.", Annotated[str, Bounds(1, 64)])
AT = Parameter("at", "As it was at that time.", Annotated[str, Format("date-time")])
PREFIX = Parameter("prefix", "Only what begins with it.", example="2026/")
LISTING = (
    PREFIX,
    Parameter("delimiter", "With `/` what is deeper is told as folders, in `prefixes`.", Literal["/"]),
    Parameter("q", "Only names that have this in them."),
    Parameter(
        "sort",
        "`-` in front is descending.",
        Literal["name", "-name", "size", "-size", "type", "-type", "modified", "-modified"],
    ),
    Parameter("limit", "So many at most.", ROUND, example="100"),
    Parameter("cursor", "Where the answer before ended."),
)
READING = (
    Parameter("Range", "`bytes=…`, one part or up to 16.", where="header"),
    Parameter("If-Range", "The `ETag` or `Last-Modified` of what you have.", where="header"),
    Parameter("If-None-Match", "304 if it is this one.", where="header"),
    Parameter("If-Modified-Since", "304 if it was not modified since.", where="header"),
    Parameter("If-Match", "412 unless it is this one.", where="header"),
    Parameter("If-Unmodified-Since", "412 if it was modified since.", where="header"),
)
WRITING = (
    Parameter("If-Match", "Only if it is still this one.", where="header"),
    Parameter("If-None-Match", "`*`: only if there is none.", where="header"),
    Parameter("If-Unmodified-Since", "Only if it was not modified since.", where="header"),
)
DIGESTS = (
    Parameter("Content-Digest", "`sha-256=:…:` or `sha-512=:…:` of the body: what differs is refused.", where="header"),
    Parameter("Repr-Digest", "The same.", where="header"),
)
READING_ERRORS = ("object_not_found", "object_unreadable", "object_changed", "digest_mismatch", "busy", "invalid_object_name", "forbidden")
PAST_ERRORS = ("history_off", "version_not_found", "history_unsupported")
STORING_ERRORS = (
    "forbidden",
    "invalid_object_name",
    "invalid_metadata",
    "bucket_full",
    "bucket_sealed",
    "bucket_restricted",
    "conflict",
    "history_behind",
    "too_large",
)
BULK_ERRORS = ("forbidden", "too_large")
CONTENT_HEADERS = (
    ETAG,
    Header("Last-Modified", "when the object was written"),
    Header("Content-Disposition", "always an attachment"),
    Header("Repr-Digest", "of the whole object"),
    Header("Content-Digest", "where all of it is sent"),
)
CONTENT = {
    200: Answer("The content, of the object's own media type.", {"*/*": Binary("the object's bytes")}, CONTENT_HEADERS),
    206: Answer(
        "The parts that were asked for.",
        {"*/*": Binary("one part"), "multipart/byteranges": Binary("several")},
        (*CONTENT_HEADERS, Header("Content-Range", "which part this is, where it is one")),
    ),
    304: Answer("It is what you have.", headers=(ETAG,)),
}
HEADERS_ONLY = {200: Answer("The headers.", headers=CONTENT_HEADERS), 304: Answer("It is what you have.", headers=(ETAG,))}


def json(what: str, kind: Any, *headers: Header) -> Answer:
    return Answer(what, {JSON: kind}, headers)


def json_body(kind: Any, example: str, *, required: bool = True) -> Body:
    return Body({JSON: kind}, required, example)


OBJECT = json("The object as it is now.", answers.Object, LOCATION, ETAG)
RESULTS = {200: json("What became of each.", answers.ResultList)}
