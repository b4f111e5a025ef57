"""What a file is, in a person's words and as a picture: from its content type, else from the end of its name."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True, slots=True)
class FileType:
    kind: Kind
    label: str


_UNKNOWN = FileType(Kind.FILE, "File")


def _by_key(tables: Mapping[Kind, str]) -> dict[str, FileType]:
    """From lines "key key: label", by kind."""
    found = {}
    for kind, lines in tables.items():
        for line in lines.strip().splitlines():
            keys, _, label = line.partition(": ")
            found.update(dict.fromkeys(keys.split(), FileType(kind, label)))
    return found


_ENDINGS = _by_key(
    {
        Kind.ARCHIVE: """
            zst: Zstandard
            zip: Zip archive
            gz tgz: Gzip
            tar: Tar archive
            bz2: Bzip2
            xz: XZ
            7z: 7-Zip
            iso: Disk image
            deb: Debian package
        """,
        Kind.DATA: """
            parquet: Parquet
            csv: CSV table
            tsv: TSV table
            avro: Avro
            arrow: Arrow
            orc: ORC
            sqlite: SQLite
            db: Database
            xlsx xls: Excel sheet
            ods: Spreadsheet
            onnx: ONNX model
            safetensors: Safetensors
            npy: NumPy array
            jsonl: JSON lines
        """,
        Kind.CODE: """
            json: JSON
            yaml yml: YAML
            toml: TOML
            xml: XML
            html htm: HTML
            css: CSS
            js mjs: JavaScript
            ts: TypeScript
            py: Python
            go: Go
            rs: Rust
            c: C source
            h: C header
            java: Java
            rb: Ruby
            sh: Shell script
            sql: SQL
            ipynb: Notebook
        """,
        Kind.TEXT: """
            md: Markdown
            txt: Text
            log: Log
            rtf: Rich text
            docx doc: Word document
            odt: Document
            pptx: Presentation
        """,
        Kind.PDF: """
            pdf: PDF
        """,
        Kind.IMAGE: """
            jpg jpeg: JPEG image
            png: PNG image
            gif: GIF image
            webp: WebP image
            avif: AVIF image
            svg: SVG image
            tif tiff: TIFF image
            heic: HEIC image
            bmp: Bitmap image
        """,
        Kind.MEDIA: """
            mp4: MP4 video
            mov: QuickTime video
            mkv: Matroska video
            webm: WebM video
            mp3: MP3 audio
            wav: WAV audio
            flac: FLAC audio
            ogg: Ogg audio
            m4a: AAC audio
        """,
        Kind.FILE: """
            exe: Windows program
        """,
    }
)

_TYPES = _by_key(
    {
        Kind.PDF: """
            application/pdf: PDF
        """,
        Kind.CODE: """
            application/json: JSON
            application/yaml: YAML
            application/xml: XML
            text/html: HTML
        """,
        Kind.ARCHIVE: """
            application/zip: Zip archive
            application/gzip: Gzip
            application/zstd: Zstandard
            application/x-tar: Tar archive
        """,
        Kind.DATA: """
            text/csv: CSV table
            application/vnd.apache.parquet: Parquet
        """,
        Kind.TEXT: """
            text/markdown: Markdown
            text/plain: Text
        """,
        Kind.IMAGE: """
            image/jpeg: JPEG image
            image/svg+xml: SVG image
        """,
    }
)

_FAMILIES = _by_key(
    {
        Kind.IMAGE: """
            image: Image
        """,
        Kind.MEDIA: """
            video: Video
            audio: Audio
        """,
        Kind.TEXT: """
            text: Text
        """,
        Kind.FILE: """
            font: Font
        """,
        Kind.DATA: """
            model: 3D model
        """,
    }
)


def describe(name: str, content_type: str) -> FileType:
    """The type of the file ``name``. The ending decides when it is known: it says more than most stored types do."""
    _, dot, ending = name.rpartition(".")
    bare_type = content_type.partition(";")[0].strip().lower()
    family = bare_type.partition("/")[0]
    by_ending = _ENDINGS.get(ending.lower()) if dot else None
    return by_ending or _TYPES.get(bare_type) or _FAMILIES.get(family) or _UNKNOWN
