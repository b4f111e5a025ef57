"""One preview of a kind from the bytes that are there. Pure; may take long for what was made to do so."""

from .archives import render_archive
from .hexdump import render_hex
from .kinds import LIMITS, Kind
from .markdown import render_markdown
from .model import Answer, Asked, Code, Hex, Prose, Table, Tree
from .structured import render_json, render_table
from .text import decoded, render_code


def render(asked: Asked, payload: bytes) -> Answer:
    """``payload``: the bytes of ``asked.spans``, one after the other; but for archives that is the beginning of the file."""
    if asked.kind == Kind.THUMBNAIL:
        from .thumbnails import make_thumbnail  # only who makes them needs that much

        return make_thumbnail(payload, asked.box)
    if asked.kind == Kind.ARCHIVE:
        return render_archive(asked.name, asked.size, _spans(asked, payload))
    cut = len(payload) < asked.size
    text = decoded(payload, not cut) if asked.kind != Kind.HEX else None
    if text is None:
        shown = payload[: LIMITS[Kind.HEX]]
        return render_hex(shown, len(shown) < asked.size)
    return _of_text(asked, text, cut)


def _of_text(asked: Asked, text: str, cut: bool) -> Code | Prose | Table | Tree | Hex:
    note = ""
    match asked.kind:
        case Kind.MARKDOWN:
            return render_markdown(text, cut, asked.name)
        case Kind.TABLE:
            table = render_table(asked.name, text, cut)
            if table is not None:
                return table
            note = "This cannot be read as a table, so here is its text."
        case Kind.JSON if not cut:
            try:
                return render_json(text)
            except ValueError as error:
                note = f"This is not valid JSON: {error}."
        case Kind.JSON:
            note = "Too large to be shown as a tree, so here is its text."
    return render_code(asked.name, text[: LIMITS[Kind.CODE]], cut or len(text) > LIMITS[Kind.CODE], note)


def _spans(asked: Asked, payload: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    for start, length in asked.spans:
        found.append((start, payload[at : at + length]))
        at += length
    return found
