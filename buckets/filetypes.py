"""What a file is, in a person's words and as a picture: from its content type, else from the end of its name."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Kind(StrEnum):
    """The icon and colour of a row."""

    FOLDER = "folder"
    LINK = "link"
    IMAGE = "image"
    MEDIA = "media"
    PDF = "pdf"
    DATA = "data"
    CODE = "code"
    ARCHIVE = "archive"
    TEXT = "text"
    FILE = "file"


# Names stay as they are; words are translated where they are shown.
Label: TypeAlias = str | Promise


@dataclass(frozen=True, slots=True)
class FileType:
    kind: Kind
    label: Label


_UNKNOWN = FileType(Kind.FILE, _("File"))


def _by_key(tables: Mapping[Kind, Mapping[str, Label]]) -> dict[str, FileType]:
    """From labels by "key key", by kind."""
    return {key: FileType(kind, label) for kind, labels in tables.items() for keys, label in labels.items() for key in keys.split()}


_ENDINGS = _by_key(
    {
        Kind.ARCHIVE: {
            "zst": "Zstandard",
            "zip": _("Zip archive"),
            "gz tgz": "Gzip",
            "tar": _("Tar archive"),
            "bz2": "Bzip2",
            "xz": "XZ",
            "7z": "7-Zip",
            "iso": _("Disk image"),
            "deb": _("Debian package"),
        },
        Kind.DATA: {
            "parquet": "Parquet",
            "csv": _("CSV table"),
            "tsv": _("TSV table"),
            "avro": "Avro",
            "arrow": "Arrow",
            "orc": "ORC",
            "sqlite": "SQLite",
            "db": _("Database"),
            "xlsx xls": _("Excel sheet"),
            "ods": _("Spreadsheet"),
            "onnx": _("ONNX model"),
            "safetensors": "Safetensors",
            "npy": _("NumPy array"),
            "jsonl": _("JSON lines"),
        },
        Kind.CODE: {
            "json": "JSON",
            "yaml yml": "YAML",
            "toml": "TOML",
            "xml": "XML",
            "html htm": "HTML",
            "css": "CSS",
            "js mjs": "JavaScript",
            "ts": "TypeScript",
            "py": "Python",
            "go": "Go",
            "rs": "Rust",
            "c": _("C source"),
            "h": _("C header"),
            "java": "Java",
            "rb": "Ruby",
            "sh": _("Shell script"),
            "sql": "SQL",
            "ipynb": _("Notebook"),
        },
        Kind.TEXT: {
            "md": "Markdown",
            "txt": _("Text"),
            "log": _("Log"),
            "rtf": _("Rich text"),
            "docx doc": _("Word document"),
            "odt": _("Document"),
            "pptx": _("Presentation"),
        },
        Kind.PDF: {
            "pdf": "PDF",
        },
        Kind.IMAGE: {
            "jpg jpeg": _("JPEG image"),
            "png": _("PNG image"),
            "gif": _("GIF image"),
            "webp": _("WebP image"),
            "avif": _("AVIF image"),
            "svg": _("SVG image"),
            "tif tiff": _("TIFF image"),
            "heic": _("HEIC image"),
            "bmp": _("Bitmap image"),
        },
        Kind.MEDIA: {
            "mp4": _("MP4 video"),
            "mov": _("QuickTime video"),
            "mkv": _("Matroska video"),
            "webm": _("WebM video"),
            "mp3": _("MP3 audio"),
            "wav": _("WAV audio"),
            "flac": _("FLAC audio"),
            "ogg": _("Ogg audio"),
            "m4a": _("AAC audio"),
        },
        Kind.FILE: {
            "exe": _("Windows program"),
        },
    }
)

_TYPES = _by_key(
    {
        Kind.PDF: {
            "application/pdf": "PDF",
        },
        Kind.CODE: {
            "application/json": "JSON",
            "application/yaml": "YAML",
            "application/xml": "XML",
            "text/html": "HTML",
        },
        Kind.ARCHIVE: {
            "application/zip": _("Zip archive"),
            "application/gzip": "Gzip",
            "application/zstd": "Zstandard",
            "application/x-tar": _("Tar archive"),
        },
        Kind.DATA: {
            "text/csv": _("CSV table"),
            "application/vnd.apache.parquet": "Parquet",
        },
        Kind.TEXT: {
            "text/markdown": "Markdown",
            "text/plain": _("Text"),
        },
        Kind.IMAGE: {
            "image/jpeg": _("JPEG image"),
            "image/svg+xml": _("SVG image"),
        },
    }
)

_FAMILIES = _by_key(
    {
        Kind.IMAGE: {
            "image": _("Image"),
        },
        Kind.MEDIA: {
            "video": _("Video"),
            "audio": _("Audio"),
        },
        Kind.TEXT: {
            "text": _("Text"),
        },
        Kind.FILE: {
            "font": _("Font"),
        },
        Kind.DATA: {
            "model": _("3D model"),
        },
    }
)


def describe(name: str, content_type: str) -> FileType:
    """The type of the file ``name``. The ending decides when it is known: it says more than most stored types do."""
    dot, ending = name.rpartition(".")[1:]
    bare_type = content_type.partition(";")[0].strip().lower()
    family = bare_type.partition("/")[0]
    by_ending = _ENDINGS.get(ending.lower()) if dot else None
    return by_ending or _TYPES.get(bare_type) or _FAMILIES.get(family) or _UNKNOWN
