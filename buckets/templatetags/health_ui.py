"""How the health page says things."""

from dataclasses import dataclass

from django import template
from django.utils.translation import gettext as _

from ..health.model import Severity
from ..health.words import time_span
from ..objectstore import Tier
from ..words import grouped, short_size

register = template.Library()


@dataclass(frozen=True, slots=True)
class Use:
    """``limit`` "": there is none."""

    name: str
    used: str
    limit: str
    percent: int

    @property
    def fullness(self) -> str:
        return "full" if self.percent >= 95 else "high" if self.percent >= 75 else ""


@register.filter
def uses(tier: Tier) -> list[Use]:
    return [
        _use(_("Disk"), tier.storage, tier.max_storage, sized=True),
        _use(_("Memory"), tier.memory, tier.max_memory, sized=True),
        _use(_("Streams"), tier.streams, tier.max_streams),
        _use(_("Consumers"), tier.consumers, tier.max_consumers),
    ]


def _use(name: str, used: int, limit: int | None, *, sized: bool = False) -> Use:
    say = short_size if sized else grouped
    return Use(name, say(used), "" if limit is None else say(limit), min(100, used * 100 // limit) if limit else 0)


@register.filter
def milliseconds(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return _("%(number)s ms") % {"number": grouped(round(1000 * seconds)) if seconds >= 0.001 else "< 1"}


@register.filter
def whole_span(seconds: float) -> str:
    return time_span(int(seconds))


@register.filter
def severity_word(severity: Severity) -> str:
    return {Severity.ERROR: _("Error"), Severity.WARNING: _("Warning"), Severity.NOTE: _("Note")}[severity]


@register.filter
def purpose_word(purpose: str) -> str:
    """What the connection is for."""
    return {"control": _("Small requests"), "bulk": _("Data"), "watch": _("Changes")}.get(purpose, purpose)
