"""Markdown as HTML: no tag of the file's own gets through, and what is made of it is cleaned once more."""

import re
from collections.abc import Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

from .model import Prose
from .text import MAX_HIGHLIGHTED, highlighted

# A page's own headings are above these: the file's first level is the page's third.
TOP = 3
WEB = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
TAGS = {
    *("a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "s", "span", "strong", "ul"),
    *("h3", "h4", "h5", "h6", "table", "tbody", "td", "th", "thead", "tr"),
}
SCHEMES = {"http", "https", "mailto"}
RELATION = "noopener noreferrer nofollow"
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
CLASSES = {"span": {name for name in STANDARD_TYPES.values() if name}}


def render_markdown(text: str, cut: bool) -> Prose:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 30, "highlight": _highlight}).enable(["table", "strikethrough"])
    parser.validateLink = _is_link  # type: ignore[method-assign, assignment]
    tokens = parser.parse(text)
    _fit(tokens)
    made = parser.renderer.render(tokens, parser.options, {})
    clean = nh3.clean(made, tags=TAGS, attributes=ATTRIBUTES, allowed_classes=CLASSES, url_schemes=SCHEMES, link_rel=RELATION)
    return Prose(clean, cut)


def _is_link(address: str) -> bool:
    """Only to elsewhere: what is relative would lead into this site, not to a file beside this one."""
    return WEB.match(address.strip()) is not None


def _fit(tokens: Sequence[Token]) -> None:
    """Headings one below the other, as the page needs them; images, which would be fetched from elsewhere, become their words."""
    above = TOP - 1
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            if token.type == "heading_open":
                above = min(int(token.tag[1]) + TOP - 1, above + 1, 6)
            token.tag = f"h{above}"
        for child in token.children or ():
            if child.type == "image":
                child.type, child.tag, child.attrs = "text", "", {}
                child.content, child.children = f"[{child.content or 'image'}]", None


def _highlight(code: str, language: str, _: str) -> str:
    try:
        lexer = get_lexer_by_name(language[:50]) if language and len(code) < MAX_HIGHLIGHTED else None
    except ClassNotFound:
        lexer = None
    return "\n".join(highlighted(code, lexer)) if lexer is not None else ""
