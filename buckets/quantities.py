"""Sizes and time spans as people write them, both ways: "36 GB", "1.5 GiB", "30 days", "12h"; also in German, "1,5 GiB", "30 Tage".

Pure. What is written reads as exactly what it was written for; what can be read in two ways ("1.024": a thousand, or one and a bit?) is
refused. Ready-made parsers guess there, know no decimal comma, and round.
"""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

from django.utils.formats import get_format
from django.utils.translation import gettext as _

from .words import duration

MAX_TEXT = 60
MAX_DIGITS = 24
# Larger numbers would be written with a mark for thousands.
PLAIN = 1000
KIB, MIB, GIB, TIB, PIB = (1024**power for power in range(1, 6))
KB, MB, GB, TB, PB = (1000**power for power in range(1, 6))
MINUTE, HOUR, DAY, WEEK, MONTH, YEAR = 60, 3600, 86_400, 7 * 86_400, 30 * 86_400, 365 * 86_400

SIZES: Mapping[str, int] = {
    **dict.fromkeys(("", "b", "byte", "bytes"), 1),
    "kb": KB,
    "mb": MB,
    "gb": GB,
    "tb": TB,
    "pb": PB,
    **dict.fromkeys(("k", "ki", "kib"), KIB),
    **dict.fromkeys(("m", "mi", "mib"), MIB),
    **dict.fromkeys(("g", "gi", "gib"), GIB),
    **dict.fromkeys(("t", "ti", "tib"), TIB),
    **dict.fromkeys(("p", "pi", "pib"), PIB),
}
SPANS: Mapping[str, Fraction] = {
    unit: Fraction(seconds)
    for seconds, units in (
        (Fraction(1, 1000), "ms millisecond milliseconds millisekunde millisekunden"),
        (1, "s sec secs second seconds sek sekunde sekunden"),
        (MINUTE, "m min mins minute minutes minuten"),
        (HOUR, "h hr hrs hour hours std stunde stunden"),
        (DAY, "d day days t tag tage tagen"),
        (WEEK, "w week weeks woche wochen"),
        (MONTH, "month months monat monate monaten"),
        (YEAR, "y year years a jahr jahre jahren"),
    )
    for unit in units.split()
}
# From large to small: in these a size is written.
WRITTEN: Sequence[tuple[str, int]] = (
    ("PiB", PIB),
    ("PB", PB),
    ("TiB", TIB),
    ("TB", TB),
    ("GiB", GIB),
    ("GB", GB),
    ("MiB", MIB),
    ("MB", MB),
    ("KiB", KIB),
    ("kB", KB),
)
_SPACES = "[ \u00a0\u2009\u202f]"
_PART = re.compile(rf"([0-9][0-9.,'’_]*(?:{_SPACES}[0-9]{{3}}(?![0-9])[0-9.,]*)*){_SPACES}*([a-zäöü]*)\.?{_SPACES}*", re.IGNORECASE)
_GROUPED = re.compile(r"[0-9]{1,3}(?:([.,'’_ ])[0-9]{3})(?:\1[0-9]{3})*\Z")


class NotUnderstood(ValueError):
    """``str(error)`` is one sentence, in the reader's language."""


def parse_size(text: str) -> int:
    """Bytes. GB is 10⁹ and GiB 2³⁰ of them; G is a GiB, as in the NATS command line. Fractions of a byte are rounded.

    Raises ``NotUnderstood``.
    """
    parts = _parts(text)
    if len(parts) != 1 or parts[0][1] not in SIZES:
        raise NotUnderstood(_("Write a size with its unit, such as 500 MB, 1.5 GiB or 36 GB."))
    number, unit = parts[0]
    return round(number * SIZES[unit])


def parse_span(text: str) -> float:
    """Seconds. A month is 30 days and a year 365; "1 d 12 h" is a sum. A number alone means nothing.

    Raises ``NotUnderstood``.
    """
    parts = _parts(text)
    if not parts or any(unit not in SPANS for _number, unit in parts):
        raise NotUnderstood(_("Write a time with its unit, such as 12 hours, 30 days, 1 d 12 h or 2 years."))
    return float(sum(number * SPANS[unit] for number, unit in parts))


def size_text(count: int) -> str:
    """As short as it can be told exactly, in the reader's language: ``parse_size`` gives ``count`` again."""
    written = ((unit, _exactly(Fraction(count, size))) for unit, size in WRITTEN if count >= size)
    return min((f"{number} {unit}" for unit, number in written if number), key=len, default=f"{count} B")


def span_text(seconds: float) -> str:
    """In the reader's language, and exactly: ``parse_span`` gives ``seconds`` again, to the millisecond."""
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    largest = next((unit for unit in (YEAR, DAY, HOUR, MINUTE, 1) if whole >= unit and whole % unit == 0), 1)
    if whole and not milliseconds and whole // largest < PLAIN:
        return duration(whole)
    parts = []
    for unit, size in (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", 1)):
        count, whole = divmod(whole, size)
        parts += [f"{count} {unit}"] if count else []
    parts += [f"{milliseconds} ms"] if milliseconds else []
    return " ".join(parts) or "0 s"


def _exactly(number: Fraction) -> str | None:
    """With two decimals at most: three would look like thousands."""
    whole, hundredths = divmod(number * 100, 100)
    if hundredths.denominator != 1:
        return None
    decimals = f"{int(hundredths):02}".rstrip("0")
    return f"{whole}{get_format('DECIMAL_SEPARATOR')}{decimals}" if decimals else str(whole)


def _parts(text: str) -> list[tuple[Fraction, str]]:
    """Numbers, each with the unit that follows it, in lower case. Raises ``NotUnderstood`` for numbers that are none."""
    rest, parts = text.strip(), []
    if len(rest) > MAX_TEXT:
        return []
    while rest:
        found = _PART.match(rest)
        if found is None:
            return []
        parts.append((_number(found[1]), found[2].lower()))
        rest = rest[found.end() :]
    return parts


def _number(text: str) -> Fraction:
    digits = re.sub(_SPACES, " ", text)
    if sum(each.isdigit() for each in digits) > MAX_DIGITS:
        raise NotUnderstood(_("“%(text)s” is too large a number.") % {"text": text})
    whole, mark, decimals = _split(digits)
    if mark and not _GROUPED.match(whole) and _GROUPED.match(digits) and whole != "0":
        raise NotUnderstood(
            _("“%(text)s” can be read in two ways. Write it without a mark for thousands, or with another number of decimals.")
            % {"text": text}
        )
    if not (whole.isdigit() or _GROUPED.match(whole)) or not (decimals.isdigit() or not mark):
        raise NotUnderstood(_("“%(text)s” is not a number.") % {"text": text})
    return Fraction(f"{re.sub('[^0-9]', '', whole)}.{decimals or '0'}")


def _split(digits: str) -> tuple[str, str, str]:
    """At the decimal mark: the last comma or point, unless it is there more than once, and so stands for thousands."""
    at = max(digits.rfind("."), digits.rfind(","))
    if at < 0 or digits.count(digits[at]) > 1:
        return digits, "", ""
    return digits[:at], digits[at], digits[at + 1 :]
