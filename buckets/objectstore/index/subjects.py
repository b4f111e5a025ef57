"""Which metadata subjects of a bucket are known: to find out that some have vanished, it is enough to count them."""

from collections.abc import Iterable
from hashlib import blake2b


def mark(token: str) -> int:
    """64 bits that stand for a subject, the same in every process."""
    return int.from_bytes(blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest())


class Subjects:
    """Those that are not the subject of an object that is listed: deletion markers, and other subjects for a listed name.

    About 80 bytes each, whatever their length.
    """

    __slots__ = ("_marks",)

    def __init__(self) -> None:
        self._marks: set[int] = set()

    def __len__(self) -> int:
        return len(self._marks)

    def marks(self) -> list[int]:
        return list(self._marks)

    def restore(self, marks: Iterable[int]) -> None:
        self._marks.update(marks)

    def add(self, token: str) -> None:
        self._marks.add(mark(token))

    def discard(self, token: str) -> None:
        if self._marks:
            self._marks.discard(mark(token))
