"""The bytes that are carried: random, so that nothing can compress them, and known by their SHA-256."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

MIB = 1024 * 1024
BLOCK = MIB
UNIT = 32 * MIB


@dataclass(frozen=True)
class Payload:
    """``mib`` MiB: 32 of them random, again and again."""

    mib: int

    @cached_property
    def unit(self) -> bytes:
        return os.urandom(min(UNIT, self.size))

    @property
    def size(self) -> int:
        return self.mib * MIB

    def blocks(self) -> Iterator[memoryview]:
        """Views of a MiB each, without a copy."""
        view, units = memoryview(self.unit), len(self.unit) // BLOCK
        for number in range(self.mib):
            start = number % units * BLOCK
            yield view[start : start + BLOCK]

    @cached_property
    def digest(self) -> str:
        found = hashlib.sha256()
        for block in self.blocks():
            found.update(block)
        return found.hexdigest()

    @cached_property
    def whole(self) -> bytes:
        """All of it in memory, for libraries that take bytes."""
        return b"".join(self.blocks())

    def write(self, path: Path) -> None:
        with path.open("wb") as file:
            for block in self.blocks():
                file.write(block)
