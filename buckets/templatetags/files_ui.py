"""How values look on a page: sizes, times, names and icons."""

import base64
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar
from urllib.parse import quote

from django import template
from django.http import HttpRequest
from django.template import Context
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from buckets import requestid
from buckets.errorwords import told
from buckets.listing import Row
from buckets.objectstore import BucketStatus, ObjectInfo, Replica
from buckets.previews.model import Code, Prose, Tree
from buckets.roles import Role
from buckets.rows import row_html
from buckets.services.buckets import BucketView
from buckets.themes import following, theme_of
from buckets.words import bytes_count, duration, exact_time, files_count, grouped, relative_time, short_size

register = template.Library()
register.filter(grouped)
register.filter(files_count)
register.filter(bytes_count)
T = TypeVar("T")
ROLES = {Role.VIEWER: gettext_lazy("viewer"), Role.EDITOR: gettext_lazy("editor"), Role.ADMIN: gettext_lazy("admin")}

# Control characters, and those that could make a name look like another one: direction marks, invisible spaces, separators.
_SPECIAL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]")
_NAMES = {
    "\x7f": "\u2421",
    "\u202e": "⟨RLO⟩",
    "\u202d": "⟨LRO⟩",
    "\u200b": "⟨ZWSP⟩",
    "\ufeff": "⟨BOM⟩",
    "\u200f": "⟨RLM⟩",
    "\u200e": "⟨LRM⟩",
}


@register.filter
def theme(request: HttpRequest) -> str:
    return theme_of(request)


_SWITCH = {
    "system": gettext_lazy("Theme: as your system. Switch to light"),
    "light": gettext_lazy("Theme: light. Switch to dark"),
    "dark": gettext_lazy("Theme: dark. Switch to that of your system"),
}


@register.simple_tag(takes_context=True)
def theme_switch(context: Context) -> dict[str, str]:
    """``next``: the theme that the switch goes to; ``label``: what it says."""
    now = theme_of(context["request"])
    return {"next": following(now), "label": str(_SWITCH[now])}


@register.simple_tag
def request_id() -> str:
    """By which what went wrong is found in the log; "" where there is none."""
    return requestid.current()


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    return format_html('<svg class="icon {}" viewBox="0 0 24 24" aria-hidden="true"><use href="#i-{}"/></svg>', extra, name)


@register.filter
def visible(name: str) -> SafeString:
    """The name escaped, with control characters shown and isolated from the text's direction around it; "(no name)" when it is empty."""
    if not name:
        return format_html('<span class="muted">{}</span>', _("(no name)"))
    if not _SPECIAL.search(name):
        return format_html("<bdi>{}</bdi>", name)
    return format_html("<bdi>{}</bdi>", format_html_join("", "{}", ((_shown(char),) for char in name)))


def _shown(char: str) -> str:
    return format_html('<span class="control">{}</span>', _mark(char)) if _SPECIAL.match(char) else char


@register.filter
def plain(name: str) -> str:
    """The same for places where only text can stand (titles, labels)."""
    return _SPECIAL.sub(lambda found: _mark(found[0]), str(name)) or _("(no name)")


def _mark(char: str) -> str:
    """What is shown instead of a special character: its control picture, else its name or number."""
    return chr(0x2400 + ord(char)) if char < " " else _NAMES.get(char, f"⟨U+{ord(char):04X}⟩")


@register.simple_tag
def size(count: int) -> SafeString:
    return format_html('<data value="{}" title="{}">{}</data>', count, bytes_count(count), short_size(count))


@register.filter
def short(count: int) -> str:
    return short_size(count)


@register.simple_tag
def ago(moment: datetime | None) -> SafeString:
    """The time in relation to now; the page's script keeps it fresh, the exact time is in its title."""
    if moment is None:
        return mark_safe("—")
    utc = moment.astimezone(UTC)
    said = relative_time(utc, datetime.now(UTC))
    return format_html('<time datetime="{}" title="{} UTC" data-ago>{}</time>', utc.isoformat(), exact_time(utc), said)


@register.simple_tag(takes_context=True)
def file_row(context: Context, row: Row) -> SafeString:
    return row_html(context["bucket"], row)


@register.simple_tag
def download_url(bucket: str, name: str) -> str:
    return f"{reverse('api:objects', args=[bucket])}?name={quote(name, safe='')}"


@register.simple_tag
def object_url(bucket: str, name: str, version: str = "") -> str:
    """The page of an object, or of a version of it."""
    address = f"{reverse('object', args=[bucket])}?name={quote(name, safe='')}"
    return f"{address}&version={quote(version, safe='')}" if version else address


@register.filter
def lines_visible(text: str) -> SafeString:
    """A value of many lines, escaped: line ends stay, other control characters are shown."""
    return format_html_join("\n", "{}", ((visible(line) if line else "",) for line in text.replace("\r\n", "\n").split("\n")))


@register.filter
def code_lines(preview: Code) -> SafeString:
    """Its lines, which are escaped already (``buckets.previews``), each in an element that is numbered."""
    return mark_safe("".join(f"<span>{line}\n</span>" for line in preview.lines))  # noqa: S308


@register.filter
def ready_html(preview: Prose | Tree) -> SafeString:
    """What ``buckets.previews`` made: cleaned, or escaped, there."""
    return mark_safe(preview.html)  # noqa: S308


@register.filter
def header(info: ObjectInfo, name: str) -> str:
    return info.header(name)


@register.filter
def sha256(info: ObjectInfo) -> str:
    """The stated digest in hexadecimal, as other tools print it; "" where there is none, and what is none as it is."""
    stated = (info.digest or "").partition("=")[2].rstrip("=")
    try:
        return base64.urlsafe_b64decode(stated + "=" * (-len(stated) % 4)).hex()
    except ValueError:
        return stated[:100]


@register.filter
def any_writable(buckets: Iterable[BucketView]) -> bool:
    """Whether there is one into which its visitor may put something."""
    return any(each.role >= Role.EDITOR and not each.status.sealed for each in buckets or ())


@register.filter
def first_of(items: Iterable[T], most: int) -> list[T]:
    return list(islice(items, most))


@register.filter
def in_list(value: T) -> list[T]:
    return [value]


@register.filter
def undo_address(tags: str) -> str:
    """Where a message's Undo is sent (``views.objects.undo_tag``), "" for a message without one."""
    return next((tag.removeprefix("undo:") for tag in (tags or "").split() if tag.startswith("undo:")), "")


@register.filter
def show_address(tags: str) -> str:
    """Where a message's Show leads (``views.history.fields.show_tag``), "" for a message without one."""
    return next((tag.removeprefix("show:") for tag in (tags or "").split() if tag.startswith("show:")), "")


@register.simple_tag
def folder_url(bucket: str, prefix: str = "") -> str:
    page = reverse("files", args=[bucket])
    return f"{page}?prefix={quote(prefix, safe='')}" if prefix else page


@register.filter
def percent(part: int, whole: int) -> int:
    """How much of ``whole`` is used, 0 to 100 and more; at least 1 when anything is."""
    if whole <= 0:
        return 0
    return max(1, part * 100 // whole) if part else 0


@register.filter
def fullness(part: int, whole: int) -> str:
    """The class of a usage bar: calm, nearly full, full."""
    used = percent(part, whole)
    return "full" if used >= 98 else "high" if used >= 80 else ""


@register.filter
def of_name(text: str, name: str) -> str:
    """A text about something, with its name in place of "{name}". Much faster than ``blocktranslate``: rows have many."""
    return text.replace("{name}", plain(name))


@register.filter
def in_words(problem: Exception | str) -> str:
    """An error, or what is wrong with an object, in the reader's language."""
    return told(problem)


@register.filter
def role_word(role: str) -> str:
    return str(ROLES[Role(role)])


@register.filter
def to_the_second(moment: datetime) -> str:
    """In UTC."""
    return exact_time(moment.astimezone(UTC))


@register.filter
def span(seconds: float) -> str:
    return duration(seconds)


@register.filter
def kind_class(kind: str) -> str:
    return f"kind-{kind}"


@register.filter
def replica_trouble(status: BucketStatus) -> bool:
    return any(replica.away or not replica.current for replica in status.stream.replicas)


@register.filter
def replica_words(status: BucketStatus) -> str:
    """The replicas' health: "3 replicas, all current", "3 replicas, n2 is offline"."""
    count = status.config.replicas
    copies = ngettext("%(count)d replica", "%(count)d replicas", count) % {"count": count}
    if not status.stream.replicas:
        return copies
    behind = [_behind(each) for each in status.stream.replicas if each.away or not each.current]
    return f"{copies}, {'; '.join(behind) or _('all current')}"


def _behind(replica: Replica) -> str:
    if replica.away:
        return _("%(name)s is offline") % {"name": replica.name}
    return _("%(name)s is %(count)s messages behind") % {"name": replica.name, "count": grouped(replica.lag)}
