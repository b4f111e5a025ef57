"""The bytes that are carried: random, so that nothing can compress them, and known by their SHA-256."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

MIB = 1024 * 1024
MB = 1_000_000
BLOCK = MIB
UNIT = 32 * MIB
Buffer: TypeAlias = bytes | memoryview


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

    @property
    def amount(self) -> float:
        """In the unit that speeds are given in."""
        return self.size / MB

    def warm_up(self) -> "Payload":
        return Payload(8)

    def blocks(self) -> Iterator[memoryview]:
        """Views of a MiB each, without a copy."""
        view, units = memoryview(self.unit), len(self.unit) // BLOCK
        for number in range(self.mib):
            start = number % units * BLOCK
            yield view[start : start + BLOCK]

    def at(self, position: int, length: int) -> bytes:
        """What is there, at most to the end of the unit."""
        start = position % len(self.unit)
        return self.unit[start : start + length]

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


@dataclass(frozen=True)
class Files:
    """So many files of ``size`` random bytes."""

    count: int
    size: int

    @property
    def amount(self) -> float:
        return self.count

    def warm_up(self) -> "Files":
        return Files(20, self.size)

    @cached_property
    def contents(self) -> Mapping[str, bytes]:
        return {f"file-{number:05d}.bin": os.urandom(self.size) for number in range(self.count)}

    @cached_property
    def digest(self) -> str:
        return self.digest_of(self.contents)

    def digest_of(self, contents: Mapping[str, bytes]) -> str:
        """The SHA-256 of these contents one after the other, in the order of the files."""
        found = hashlib.sha256()
        for name in self.contents:
            found.update(contents.get(name, b""))
        return found.hexdigest()
