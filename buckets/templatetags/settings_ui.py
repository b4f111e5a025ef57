"""How jobs look on a page: how far they are, and what came of them."""

from collections.abc import Mapping

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from buckets.services.jobs import JobView
from buckets.words import clock, grouped, short_size

register = template.Library()


@register.filter
def machine(number: float) -> str:
    """For attributes, in any language."""
    return f"{number:.4f}"


@register.filter
def progress_words(view: JobView) -> str:
    """The amount, the speed, and the time that is left: "12 of 40 · 3.1 of 8 GiB · 210 MiB/s · 0:24 left"."""
    parts = [_amount(view)] if view.job.done or view.job.total else []
    if view.job.size and view.seconds >= 1:
        parts.append(_("%(size)s/s") % {"size": short_size(round(view.speed))})
    elif view.job.done and view.seconds >= 1:
        parts.append(_("%(number)s/s") % {"number": grouped(round(view.speed))})
    if view.left is not None and view.seconds >= 1:
        parts.append(_("%(time)s left") % {"time": clock(view.left)})
    if not parts:
        parts.append(_("Reading the bucket for %(time)s") % {"time": clock(view.seconds)})
    return " · ".join(parts)


@register.filter
def done_words(view: JobView) -> str:
    """How far it came."""
    return _("It came to %(amount)s.") % {"amount": _amount(view)} if view.job.total else ""


def _amount(view: JobView) -> str:
    job = view.job
    numbers = {"done": grouped(job.done), "total": grouped(job.total)}
    said = _("%(done)s of %(total)s") % numbers if job.total else grouped(job.done)
    if job.total_size:
        said += " · " + _("%(done)s of %(total)s") % {"done": short_size(job.size), "total": short_size(job.total_size)}
    return said


@register.filter
def orphans_found(outcome: Mapping[str, int]) -> str:
    words = ngettext(
        "%(number)s unfinished upload, %(chunks)s, about %(size)s.",
        "%(number)s unfinished uploads, %(chunks)s, about %(size)s.",
        outcome["nuids"],
    )
    return words % {"number": grouped(outcome["nuids"]), "chunks": _chunks(outcome["chunks"]), "size": short_size(outcome["size"])}


@register.filter
def orphans_cleared(outcome: Mapping[str, int]) -> str:
    words = ngettext(
        "%(number)s unfinished upload removed, %(chunks)s.", "%(number)s unfinished uploads removed, %(chunks)s.", outcome["nuids"]
    )
    return words % {"number": grouped(outcome["nuids"]), "chunks": _chunks(outcome["chunks"])}


def _chunks(count: int) -> str:
    return ngettext("%(number)s chunk", "%(number)s chunks", count) % {"number": grouped(count)}
