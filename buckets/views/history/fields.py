"""What the history pages' addresses and forms say, bounded; what cannot be meant is refused in words."""

from datetime import UTC, datetime
from urllib.parse import quote, unquote

from django.http import QueryDict
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_noop

from buckets.listing import MAX_PREFIX
from buckets.services.errors import ServiceError

MAX_NAME = 3000
MAX_VERSION = 40
MAX_MOMENT = 64
FIRST_YEAR, LAST_YEAR = 1970, 2200


class BadField(ServiceError):
    """A field of an address or a form makes no sense."""


def object_name(fields: QueryDict) -> str:
    """``name`` as it is (in addresses), or ``object`` percent-encoded (in forms, which would change line ends)."""
    name = fields.get("name") or unquote(fields.get("object", ""))
    if not 0 < len(name) <= MAX_NAME:
        raise BadField(gettext_noop("Which file? The address has to say its name."))
    return name


def version_id(fields: QueryDict, key: str = "version") -> str:
    version = fields.get(key, "")
    if not 0 < len(version) <= MAX_VERSION:
        raise BadField(gettext_noop("Which version? Choose one in the list of versions."))
    return version


def folder(fields: QueryDict, *, quoted: bool = True) -> str:
    """``prefix``, a folder's whole name, percent-encoded as forms send it or as it is; "" for the whole bucket."""
    prefix = fields.get("prefix", "")
    prefix = unquote(prefix) if quoted else prefix
    if len(prefix) > MAX_PREFIX:
        raise BadField(gettext_noop("The name of that folder is too long."))
    return prefix


def moment(fields: QueryDict) -> datetime | None:
    """``at``, a point in time as RFC 3339 writes it; without a zone it is UTC. None where none is asked for."""
    text = fields.get("at", "")
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text if len(text) <= MAX_MOMENT else "")
    except ValueError:
        raise BadField(gettext_noop("That is no date and time. Write it as in 2026-01-31T12:00.")) from None
    if not FIRST_YEAR < found.year < LAST_YEAR:
        raise BadField(gettext_noop("That time is out of range."))
    return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)


def moment_text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def versions_address(bucket: str, name: str, **more: str) -> str:
    fields = {"name": name, **{key: value for key, value in more.items() if value}}
    return f"{reverse('versions', args=[bucket])}?" + "&".join(f"{key}={quote(value, safe='')}" for key, value in fields.items())


def object_address(bucket: str, name: str) -> str:
    """The object's own page."""
    return f"{reverse('object', args=[bucket])}?name={quote(name, safe='')}"


def show_tag(address: str) -> str:
    """What makes a message offer to show what it is about: ``_messages.html`` has a link for it."""
    return f"show:{address}"


def preview_address(bucket: str, name: str, version: str) -> str:
    """Where a version can be looked at; "" where this site has no such page."""
    try:
        page = reverse("object", args=[bucket])
    except NoReverseMatch:
        return ""
    return f"{page}?name={quote(name, safe='')}&version={quote(version, safe='')}"
