"""Text and code: decoding, and highlighting by Pygments."""

import html

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_for_filename
from pygments.lexers.special import TextLexer
from pygments.util import ClassNotFound

from .model import Code

MAX_LINES = 5000
MAX_LINE = 2000
MAX_HIGHLIGHTED = 64 * 1024
BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
# Lexers that would call by a name nobody knows what is a text to everybody: todo.txt is one.
PLAIN = frozenset({"Todotxt"})
CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\r\f\b\x1b")


def decoded(data: bytes, whole: bool) -> str | None:
    """``data`` as text: UTF-8 or what its byte order mark says, else Latin-1; None where it is none. not whole: the end may be half a
    character."""
    for mark, encoding in BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    if any(byte in CONTROLS for byte in set(data)):
        return None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        if not whole and error.start >= len(data) - 3:
            return data[: error.start].decode()
    strange = sum(byte >= 0x80 for byte in data)
    return data.decode("latin-1") if strange * 10 < len(data) * 3 and not any(0x80 <= byte < 0xA0 for byte in data) else None


def render_code(name: str, text: str, cut: bool, note: str = "") -> Code:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    cut = cut or len(lines) > MAX_LINES or any(len(line) > MAX_LINE for line in lines)
    lines = [line if len(line) <= MAX_LINE else line[:MAX_LINE] + "…" for line in lines[:MAX_LINES]]
    shown = "\n".join(lines)
    lexer = _lexer(name)
    if lexer is None or len(shown) > MAX_HIGHLIGHTED:
        return Code([html.escape(line) for line in lines], "", cut, note)
    return Code(highlighted(shown, lexer), lexer.name, cut, note)


def plain(name: str, data: bytes, cut: bool, note: str) -> Code | None:
    """Without highlighting: takes next to no time, whatever the text is."""
    text = decoded(data, not cut)
    return None if text is None else render_code("", text, cut, note)


def highlighted(text: str, lexer: Lexer) -> list[str]:
    """A line each; no element goes from one line into the next."""
    marked: str = highlight(text, lexer, HtmlFormatter(nowrap=True))
    return marked.removesuffix("\n").split("\n")


def _lexer(name: str) -> Lexer | None:
    """By the name alone: guessing by content would run the guesses of hundreds of lexers."""
    try:
        found = find_lexer_class_for_filename(name.rpartition("/")[2][-200:]) if name else None
    except ClassNotFound:
        return None
    return None if found is None or found is TextLexer or found.name in PLAIN else found(stripnl=False, ensurenl=False)
