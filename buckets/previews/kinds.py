"""Which preview a file gets, by its name and its stated media type: the name decides where its ending is known."""

from dataclasses import dataclass
from enum import StrEnum

KIB, MIB = 1024, 1024 * 1024


class Kind(StrEnum):
    """IMAGE to VIDEO are shown by the browser itself, from the raw bytes; the others are rendered here, from the first of them. THUMBNAIL
    is no file's own: it is made of all the bytes of an image."""

    IMAGE = "image"
    PDF = "pdf"
    AUDIO = "audio"
    VIDEO = "video"
    CODE = "code"
    MARKDOWN = "markdown"
    TABLE = "table"
    JSON = "json"
    ARCHIVE = "archive"
    HEX = "hex"
    THUMBNAIL = "thumbnail"

    @property
    def raw(self) -> bool:
        return self in _RAW


_RAW = {Kind.IMAGE, Kind.PDF, Kind.AUDIO, Kind.VIDEO}

# How many bytes of a file a preview looks at: of the raw ones, how large a file may be that the browser is given.
LIMITS = {
    Kind.IMAGE: 64 * MIB,
    Kind.PDF: 256 * MIB,
    Kind.AUDIO: 2**63,
    Kind.VIDEO: 2**63,
    Kind.CODE: 256 * KIB,
    Kind.MARKDOWN: 256 * KIB,
    Kind.TABLE: 256 * KIB,
    Kind.JSON: 1 * MIB,
    Kind.ARCHIVE: 1 * MIB,
    Kind.HEX: 4 * KIB,
    Kind.THUMBNAIL: 32 * MIB,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """``media_type``: as what the raw bytes may be handed to a browser, "" for not at all."""

    kind: Kind
    media_type: str = ""

    @property
    def limit(self) -> int:
        return LIMITS[self.kind]

    def has_thumbnail(self, size: int) -> bool:
        """Of a file of so many bytes."""
        return self.media_type in _SMALL and 0 < size <= LIMITS[Kind.THUMBNAIL]


# All that is ever handed out as it is. Nothing in it can run: SVG only as an image, and in a sandbox.
_MEDIA = {
    Kind.IMAGE: "png jpeg gif webp avif bmp svg+xml vnd.microsoft.icon x-icon",
    Kind.AUDIO: "mpeg mp4 aac ogg opus flac wav x-wav webm",
    Kind.VIDEO: "mp4 webm ogg quicktime",
}
# Images of which there are thumbnails. No SVG: it is a program of sorts.
_SMALL = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"}
_BY_TYPE = {
    **{f"{kind}/{subtype}": kind for kind, subtypes in _MEDIA.items() for subtype in subtypes.split()},
    "application/pdf": Kind.PDF,
    "text/markdown": Kind.MARKDOWN,
    "text/csv": Kind.TABLE,
    "text/tab-separated-values": Kind.TABLE,
    "application/json": Kind.JSON,
    "application/geo+json": Kind.JSON,
    "application/ld+json": Kind.JSON,
    "application/manifest+json": Kind.JSON,
    "application/x-ipynb+json": Kind.JSON,
    "model/gltf+json": Kind.JSON,
    "application/zip": Kind.ARCHIVE,
    "application/java-archive": Kind.ARCHIVE,
    "application/vnd.android.package-archive": Kind.ARCHIVE,
    "application/x-python-wheel+zip": Kind.ARCHIVE,
    "application/epub+zip": Kind.ARCHIVE,
    "application/x-tar": Kind.ARCHIVE,
}
_TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
# What says nothing of a text is looked at: it is text if it reads as one.
_NEVER_TEXT = ("image/", "audio/", "video/", "font/")


def plan(name: str, stated: str, known: str) -> Plan:
    """stated: the object's own media type; known: the one that its name's ending has, "application/octet-stream" for none."""
    for found in (_bare(known), _bare(stated)):
        if (kind := _BY_TYPE.get(found)) is not None:
            return Plan(kind, found if kind.raw else "")
        if found not in ("", "application/octet-stream"):
            break
    if name.lower().endswith(_TARS):
        return Plan(Kind.ARCHIVE)
    return Plan(Kind.HEX if _bare(known).startswith(_NEVER_TEXT) else Kind.CODE)


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()
