"""Numbers in words: sizes, durations and times as people read them."""

from datetime import datetime

_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_SPANS = ((86400 * 365, "year"), (86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


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
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {unit}"


def duration(seconds: float) -> str:
    """A time span in its largest whole unit: "30 days", "1 hour", "90 seconds"."""
    whole = int(seconds)
    for length, word in _SPANS:
        if whole >= length and whole % length == 0:
            return f"{whole // length:,} {word}{'' if whole == length else 's'}"
    return f"{seconds:g} seconds"


def relative_time(moment: datetime, now: datetime) -> str:
    """How long ago: "just now", "12 min ago", "3 h ago", "yesterday", then the date. ``static/js/times.js`` says the same."""
    seconds = (now - moment).total_seconds()
    if seconds < 45:
        return "just now"
    if seconds < 3600:
        return f"{max(1, int(seconds / 60))} min ago"
    if seconds < 86400:
        return f"{int(seconds / 3600)} h ago"
    if seconds < 2 * 86400:
        return "yesterday"
    return f"{moment.day} {moment:%b %Y}"
