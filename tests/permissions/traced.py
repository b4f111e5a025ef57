"""What a nats-server's trace says that the site's user published and subscribed to."""

import re

from .documented import USER

_LINE = re.compile(rf'/user:{USER}" - <<- \[(?:H?)(PUB|SUB) ([^\s\]]+)')


def used(log: str, kind: str) -> set[str]:
    """kind: ``PUB`` or ``SUB``."""
    return {subject for verb, subject in _LINE.findall(log) if verb == kind}


def violations(log: str) -> list[str]:
    return [line for line in log.splitlines() if "Violation" in line]
