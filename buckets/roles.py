"""What a user may do with a bucket, in three steps."""

from enum import StrEnum


class Role(StrEnum):
    """Ordered: each role may do what the ones before it may.

    VIEWER lists and downloads, EDITOR also uploads, changes and deletes objects, ADMIN also changes and deletes the bucket.
    """

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        return _RANKS[self.value]

    def __lt__(self, other: str) -> bool:
        return self.rank < Role(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Role(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Role(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Role(other).rank


_RANKS = {"viewer": 0, "editor": 1, "admin": 2}
