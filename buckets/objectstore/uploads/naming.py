"""Names that are nobody's yet: with the moment of the upload, and with a number when that is not enough. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime

MOST = 1000


def dated(name: str, moment: datetime) -> str:
    """``name`` with the moment (in UTC, to the second) before its last part: "a/report.pdf" becomes "a/20261123-140509-report.pdf"."""
    folder, slash, base = name.rpartition("/")
    return f"{folder}{slash}{moment.astimezone(UTC):%Y%m%d-%H%M%S}-{base}"


def numbered(name: str, number: int) -> str:
    """``name`` with a number before the ending of its last part, as the page does it: "a/report.pdf" becomes "a/report (2).pdf"."""
    folder, slash, base = name.rpartition("/")
    stem, dot, ending = base.rpartition(".")
    return f"{folder}{slash}{stem} ({number}).{ending}" if stem else f"{folder}{slash}{dot}{ending} ({number})"


def candidates(name: str) -> Iterator[str]:
    """``name`` itself, then ``name`` with the numbers from 2 to 1,000."""
    yield name
    for number in range(2, MOST + 1):
        yield numbered(name, number)
