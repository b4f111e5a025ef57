"""Markdown as HTML: no tag of the file's own gets through, and what is made of it is cleaned once more."""

import re
from collections.abc import Sequence
from urllib.parse import quote, unquote

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
    *("a", "blockquote", "br", "code", "em", "hr", "img", "li", "ol", "p", "pre", "s", "span", "strong", "ul"),
    *("h3", "h4", "h5", "h6", "table", "tbody", "td", "th", "thead", "tr"),
}
SCHEMES = {"http", "https", "mailto"}
RELATION = "noopener noreferrer nofollow"
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "img": {"src", "alt", "loading"}}
# What ``object/raw`` shows as an image.
IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".bmp", ".svg", ".ico")
CLASSES = {"span": {name for name in STANDARD_TYPES.values() if name}}


def render_markdown(text: str, cut: bool, name: str = "") -> Prose:
    """``name``: the file's own, from which images beside it are found; they are shown by ``object/raw`` beside the page."""
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 30, "highlight": _highlight}).enable(["table", "strikethrough"])
    parser.validateLink = lambda address: _is_link(address) or image_beside(name, address) is not None  # type: ignore[method-assign, assignment]
    tokens = parser.parse(text)
    _fit(tokens, name)
    made = parser.renderer.render(tokens, parser.options, {})
    clean = nh3.clean(made, tags=TAGS, attributes=ATTRIBUTES, allowed_classes=CLASSES, url_schemes=SCHEMES, link_rel=RELATION)
    return Prose(clean, cut)


def image_beside(name: str, address: str) -> str | None:
    """The name of the image that ``address`` leads to from the file ``name``, in the same bucket; None for anything else."""
    if not address or ":" in address or "?" in address or address.startswith(("/", "#", "\\")):
        return None
    steps = name.split("/")[:-1]
    for step in unquote(address.partition("#")[0]).split("/"):
        if step == ".." and not steps:
            return None
        if step == "..":
            steps.pop()
        elif step != ".":
            steps.append(step)
    found = "/".join(steps)
    return found if found.lower().endswith(IMAGES) and found.isprintable() else None


def _is_link(address: str) -> bool:
    """Only to elsewhere: what is relative would lead into this site, not to a file beside this one."""
    return WEB.match(address.strip()) is not None


def _fit(tokens: Sequence[Token], name: str) -> None:
    """Headings one below the other, as the page needs them; images and links as ``_image`` and ``_beside`` make them."""
    above = TOP - 1
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            if token.type == "heading_open":
                above = min(int(token.tag[1]) + TOP - 1, above + 1, 6)
            token.tag = f"h{above}"
        for child in token.children or ():
            if child.type == "image":
                _image(child, name)
            elif child.type == "link_open":
                _unlink(child)


def _image(token: Token, name: str) -> None:
    """One beside the file is shown; one that would be fetched from elsewhere becomes its words."""
    found = image_beside(name, str(token.attrs.get("src", "")))
    if found is None:
        token.type, token.tag, token.attrs = "text", "", {}
        token.content, token.children = f"[{token.content or 'image'}]", None
    else:
        token.attrs = {"src": f"object/raw?name={quote(found, safe='')}", "alt": token.content, "loading": "lazy"}


def _unlink(token: Token) -> None:
    """What is relative would lead into this site."""
    if not _is_link(str(token.attrs.get("href", ""))):
        token.attrs = {}


def _highlight(code: str, language: str, _: str) -> str:
    try:
        lexer = get_lexer_by_name(language[:50]) if language and len(code) < MAX_HIGHLIGHTED else None
    except ClassNotFound:
        lexer = None
    return "\n".join(highlighted(code, lexer)) if lexer is not None else ""
