"""Times as the server writes them (RFC 3339 with up to nine decimals)."""

import re
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NANOSECONDS = 1_000_000_000
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)\Z")


def parse_time(text: object) -> datetime | None:
    """RFC 3339 as Go writes it (up to nine decimals) as a UTC time to the microsecond; None for Go's zero time and for nonsense."""
    found = _TIME.match(text) if isinstance(text, str) else None
    if found is None or found[1].startswith("0001-"):
        return None
    zone = "+00:00" if found[3] == "Z" else found[3]
    decimals = (found[2] or "0").ljust(6, "0")[:6]
    try:
        return datetime.fromisoformat(f"{found[1]}.{decimals}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):  # a 30th of February
        return None


def parse_time_ns(text: object) -> int:
    """RFC 3339 as nanoseconds since 1970; 0 for nonsense."""
    found = _TIME.match(text) if isinstance(text, str) else None
    moment = parse_time(text)
    if found is None or moment is None:
        return 0
    return int(moment.replace(microsecond=0).timestamp()) * NANOSECONDS + int((found[2] or "0").ljust(9, "0"))


def nanoseconds(moment: datetime) -> int:
    """Since 1970; exact to the microsecond, which a float is not."""
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000
