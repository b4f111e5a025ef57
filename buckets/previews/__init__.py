"""What a file shows of itself: pure functions from bytes to a bounded, safe preview. No Django, no NATS.

Parsing what strangers wrote can take any time and memory, so it happens in processes of their own (``worker``), with limits.
"""

from .asking import BROKEN, BUSY, SLOW, THUMBNAILS, ask
from .kinds import Kind, Plan, plan
from .model import Archive, Asked, Failed, Hex, Need, Picture, Preview

__all__ = [
    "BROKEN",
    "BUSY",
    "SLOW",
    "THUMBNAILS",
    "Archive",
    "Asked",
    "Failed",
    "Hex",
    "Kind",
    "Need",
    "Picture",
    "Plan",
    "Preview",
    "ask",
    "plan",
]
