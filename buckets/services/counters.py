"""What happened in this process since it started, as plain numbers."""

from collections import Counter
from collections.abc import Mapping

DAMAGED_READS = "damaged_reads"
ORPHANED_CHUNKS = "orphaned_chunks"

_counts: Counter[str] = Counter()


def count(what: str, by: int = 1) -> None:
    _counts[what] += by


def counts() -> Mapping[str, int]:
    """0 for whatever has not happened."""
    return Counter(_counts)
