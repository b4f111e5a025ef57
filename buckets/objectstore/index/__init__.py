"""The in-memory index of a bucket. Pure: no I/O, no clock, no loop."""

from .index import Folder, Index, Listing, Scan
from .sorting import Sort, SortKey

__all__ = ["Folder", "Index", "Listing", "Scan", "Sort", "SortKey"]
