"""What previews are. Texts are plain, and escaped by the page; ``html`` is markup that was made here and has no tag of the file's own."""

import struct
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar, TypeAlias

# Before each message between a worker and who asks it: the lengths of a JSON document and of the bytes behind it.
HEAD = struct.Struct(">II")


@dataclass(frozen=True, slots=True)
class Code:
    """Text. ``lines``: each escaped, perhaps with highlighting. ``note``: what the reader should know of it."""

    lines: list[str]
    language: str = ""
    cut: bool = False
    note: str = ""
    template: ClassVar[str] = "preview_code.html"


@dataclass(frozen=True, slots=True)
class Prose:
    html: str
    cut: bool = False
    template: ClassVar[str] = "preview_prose.html"


@dataclass(frozen=True, slots=True)
class Table:
    head: list[str]
    rows: list[list[str]]
    cut: bool = False
    template: ClassVar[str] = "preview_table.html"


@dataclass(frozen=True, slots=True)
class Tree:
    html: str
    cut: bool = False
    template: ClassVar[str] = "preview_tree.html"


@dataclass(frozen=True, slots=True)
class Archive:
    """``entries``: name, size (-1 for a folder) and when it was changed, as text. ``total`` None: there may be more than was looked at."""

    entries: list[tuple[str, int, str]]
    total: int | None
    format: str
    template: ClassVar[str] = "preview_archive.html"


@dataclass(frozen=True, slots=True)
class Hex:
    """``rows``: offset, the bytes in hexadecimal, and as text."""

    rows: list[tuple[str, str, str]]
    cut: bool = False
    template: ClassVar[str] = "preview_hex.html"


@dataclass(frozen=True, slots=True)
class Failed:
    """There is no preview: why, in a sentence."""

    reason: str
    template: ClassVar[str] = "preview_none.html"


@dataclass(frozen=True, slots=True)
class Need:
    """To go on, these bytes of the file are needed too."""

    start: int
    length: int
    template: ClassVar[str] = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A small picture of a large one, as WebP. Its bytes travel behind the JSON."""

    width: int
    height: int
    data: bytes = b""
    template: ClassVar[str] = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a worker is asked: to render ``kind``. ``spans``: where in the file the bytes are that come with it, start and length each.
    ``box``: of a thumbnail, how wide and high it may be."""

    kind: str
    name: str
    size: int
    spans: list[tuple[int, int]] = field(default_factory=list)
    box: int = 0


Preview: TypeAlias = Code | Prose | Table | Tree | Archive | Hex | Failed
Answer: TypeAlias = Preview | Need | Picture
_CLASSES: dict[str, type[Answer]] = {each.__name__: each for each in (Code, Prose, Table, Tree, Archive, Hex, Failed, Need, Picture)}


def to_json(answer: Answer) -> dict[str, Any]:
    """All but the bytes of a picture (``bytes_of``)."""
    fields = {"is": type(answer).__name__, **asdict(answer)}
    if isinstance(answer, Picture):
        del fields["data"]
    return fields


def bytes_of(answer: Answer) -> bytes:
    return answer.data if isinstance(answer, Picture) else b""


def from_json(fields: dict[str, Any], data: bytes = b"") -> Answer:
    made = _CLASSES[fields.pop("is")](**fields)
    return replace(made, data=data) if isinstance(made, Picture) else made
