"""The form of a link, as pure functions between its fields and where it leads.

A name that holds what a field would change (line ends) travels percent-encoded beside its field, and counts while nobody has typed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from django.utils.translation import gettext as _

from .objectstore import Link

MAX_NAME = 3000
WHOLE, FILE = "bucket", "file"


@dataclass(frozen=True)
class LinkForm:
    """What the form shows, or what came back with it. ``place``: the bucket that the link is made in; ``errors``: by field."""

    place: str
    name: str = ""
    to_bucket: str = ""
    to_name: str = ""
    kind: str = FILE
    revision: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def to(self) -> Link:
        return Link(self.to_bucket, None if self.kind == WHOLE else self.to_name)

    @property
    def exact(self) -> dict[str, str]:
        """The names percent-encoded, for the fields beside theirs."""
        return {"name": quote(self.name, safe=""), "to_name": quote(self.to_name, safe="")}


def received(fields: Mapping[str, str], place: str) -> LinkForm:
    """The form as it came."""
    form = LinkForm(
        place=fields.get("place") or place,
        name=_exact(fields, "name"),
        to_bucket=fields.get("to_bucket", ""),
        to_name=_exact(fields, "to_name"),
        kind=WHOLE if fields.get("kind") == WHOLE else FILE,
        revision=fields.get("revision", ""),
    )
    if not form.to_bucket:
        form.errors["to_bucket"] = _("Choose the bucket that the link leads to.")
    if form.kind == FILE and not form.to_name:
        form.errors["to_name"] = _("Choose the file that the link leads to.")
    return form


def as_field(name: str) -> str:
    """What a browser makes of a name in a field of one line."""
    return re.sub("[\r\n]", "", name)


def _exact(fields: Mapping[str, str], key: str) -> str:
    typed = fields.get(key, "")[:MAX_NAME]
    stored = unquote(fields.get(f"{key}_exact", ""))[:MAX_NAME]
    return stored if stored and as_field(stored) == typed else typed
