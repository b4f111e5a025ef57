"""Chunks of one size from pieces of any, and their digest."""

import hashlib
from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from buckets.objectstore.chunking import Digest, chunked


async def source(pieces: list[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@given(st.lists(st.binary(max_size=50), max_size=20), st.integers(1, 40))
async def test_chunks_are_whole_but_the_last_and_lose_nothing(pieces: list[bytes], size: int) -> None:
    chunks = [chunk async for chunk in chunked(source(pieces), size)]
    assert b"".join(chunks) == b"".join(pieces)
    assert all(len(chunk) == size for chunk in chunks[:-1])
    assert all(0 < len(chunk) <= size for chunk in chunks[-1:])


async def test_the_digest_is_the_same_in_line_and_in_a_thread() -> None:
    data = [b"small", b"x" * 1_000_000, b"", b"y" * 100_000, b"end"]
    digest = Digest()
    for piece in data:
        await digest.add(piece)
    assert await digest.finish() == hashlib.sha256(b"".join(data)).digest()
