"""Versions, trash and rewind for every writer: a second stream sources the bucket's and keeps all that was ever in it."""

from .model import HistoryChange, HistoryConfig, HistoryStatus, Origin, Pruned, Restored, Version, VersionKind

__all__ = ["HistoryChange", "HistoryConfig", "HistoryStatus", "Origin", "Pruned", "Restored", "Version", "VersionKind"]
