"""How late the event loop is: everything that this process answers waits for it."""

import asyncio
import time
from collections import deque

PAUSE = 0.5
REMEMBERED = 120  # samples: a minute

_late: deque[float] | None = None


async def measure() -> None:
    """Until cancelled."""
    global _late
    late = _late = deque(maxlen=REMEMBERED)
    try:
        while True:
            due = time.monotonic() + PAUSE
            await asyncio.sleep(PAUSE)
            late.append(max(0.0, time.monotonic() - due))
    finally:
        _late = None


def longest() -> float | None:
    """Seconds, in the last minute; None when nobody measures, or has just begun."""
    return max(_late) if _late else None
