"""What can be put: an async iterable of bytes, bytes, or a file."""

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator
from typing import TypeAlias

READ_BYTES = 1024 * 1024

Source: TypeAlias = AsyncIterable[bytes] | bytes | bytearray | memoryview | os.PathLike[str]


def as_stream(source: Source) -> AsyncIterable[bytes]:
    """``source`` as pieces of bytes. A file is read off the event loop, 1 MiB at a time; it raises OSError when it cannot be read."""
    if isinstance(source, bytes | bytearray | memoryview):
        return _pieces(source)
    return _file(source) if isinstance(source, os.PathLike) else source


async def _pieces(data: bytes | bytearray | memoryview) -> AsyncIterator[bytes]:
    yield bytes(data)


async def _file(path: os.PathLike[str]) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(open, path, "rb") as file:
        while piece := await asyncio.to_thread(file.read, READ_BYTES):
            yield piece
