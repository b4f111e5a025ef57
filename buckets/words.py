"""Numbers in words: sizes, durations and times as people read them, in the reader's language. ``static/js/numbers.js`` says the same."""

from datetime import datetime

from django.utils.dates import MONTHS_3
from django.utils.formats import get_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 86400 * 365


def grouped(number: int) -> str:
    """With the language's mark between thousands: "90,061", "90.061"."""
    return f"{number:,}".replace(",", str(get_format("THOUSAND_SEPARATOR")))


def short_size(count: int) -> str:
    """Bytes in units of 1,024, with three digits: "512 B", "4.21 KiB", "18.7 GiB"."""
    if count < 1024:
        return f"{count} B"
    value = float(count)
    for unit in _UNITS:
        value /= 1024
        if value < 999.5 or unit == _UNITS[-1]:
            break
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{text.replace('.', str(get_format('DECIMAL_SEPARATOR')))} {unit}"


def files_count(count: int) -> str:
    return ngettext("%(number)s file", "%(number)s files", count) % {"number": grouped(count)}


def bytes_count(count: int) -> str:
    return ngettext("%(number)s byte", "%(number)s bytes", count) % {"number": grouped(count)}


def duration(seconds: float) -> str:
    """A time span in its largest whole unit: "30 days", "1 hour", "90 seconds"."""
    whole = int(seconds)
    if whole >= _YEAR and whole % _YEAR == 0:
        return ngettext("%(number)s year", "%(number)s years", whole // _YEAR) % {"number": grouped(whole // _YEAR)}
    if whole >= _DAY and whole % _DAY == 0:
        return ngettext("%(number)s day", "%(number)s days", whole // _DAY) % {"number": grouped(whole // _DAY)}
    if whole >= _HOUR and whole % _HOUR == 0:
        return ngettext("%(number)s hour", "%(number)s hours", whole // _HOUR) % {"number": grouped(whole // _HOUR)}
    if whole >= _MINUTE and whole % _MINUTE == 0:
        return ngettext("%(number)s minute", "%(number)s minutes", whole // _MINUTE) % {"number": grouped(whole // _MINUTE)}
    number = grouped(whole) if whole >= 1 else f"{seconds:g}".replace(".", str(get_format("DECIMAL_SEPARATOR")))
    return ngettext("%(number)s second", "%(number)s seconds", 1 if number == "1" else 2) % {"number": number}


def clock(seconds: float) -> str:
    """As on a clock: 0:24, 1:05:09."""
    minutes, rest = divmod(int(seconds + 0.999), _MINUTE)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def relative_time(moment: datetime, now: datetime) -> str:
    """How long ago: "just now", "12 min ago", "3 h ago", "yesterday", then the date."""
    seconds = (now - moment).total_seconds()
    if seconds < 45:
        return _("just now")
    if seconds < _HOUR:
        return _("%(number)s min ago") % {"number": max(1, int(seconds / 60))}
    if seconds < _DAY:
        return _("%(number)s h ago") % {"number": int(seconds / _HOUR)}
    if seconds < 2 * _DAY:
        return _("yesterday")
    return _date(moment)


def exact_time(moment: datetime) -> str:
    """To the second: "3 Nov 2026, 14:05:09". In the zone that ``moment`` is in, which is not said."""
    return f"{_date(moment)}, {moment:%H:%M:%S}"


def _date(moment: datetime) -> str:
    return _("{day} {month} {year}").format(day=moment.day, month=str(MONTHS_3[moment.month]).title(), year=moment.year)
