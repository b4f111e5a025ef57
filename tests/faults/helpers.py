"""What the fault tests do again and again."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable

from nats.aio.client import Client

from buckets.objectstore import ObjectNotFound, ObjectStore

PIECE = 100_000


def content(size: int, seed: int = 0) -> bytes:
    """Bytes in which no two places of a chunk's length are equal, so that a double or a gap shows."""
    block = hashlib.shake_128(str(seed).encode()).digest(min(size, 1 << 20))
    repeated = b"".join(bytes([number & 0xFF]) + block for number in range(size // len(block) + 1)) if size else b""
    return repeated[:size]


async def slowly(data: bytes, meanwhile: Callable[[int], Awaitable[None]], piece: int = PIECE) -> AsyncIterator[bytes]:
    """``data`` in pieces; before each, ``meanwhile`` is awaited with the number of bytes given out so far."""
    for start in range(0, len(data), piece):
        await meanwhile(start)
        yield data[start : start + piece]


def at(*actions: tuple[int, Callable[[], Awaitable[None]]]) -> Callable[[int], Awaitable[None]]:
    """For ``slowly``: run each action once, when so many bytes have been given out."""
    left = sorted(actions, key=lambda action: action[0])

    async def meanwhile(given: int) -> None:
        while left and given >= left[0][0]:
            await left.pop(0)[1]()

    return meanwhile


async def chunks_by_nuid(client: Client, bucket: str) -> dict[str, int]:
    """How many chunk messages there are of each nuid, asked by another client."""
    info = await client.jetstream().stream_info(f"OBJ_{bucket}", subjects_filter=f"$O.{bucket}.C.>")
    return {subject.rpartition(".")[2]: count for subject, count in (info.state.subjects or {}).items()}


async def holds_exactly(store: ObjectStore, client: Client, bucket: str, *names: str) -> None:
    """Assert that the bucket has these objects' chunks, each one once, and no others."""
    infos = [await store.info(bucket, name) for name in names]
    assert await chunks_by_nuid(client, bucket) == {info.nuid: info.chunks for info in infos if info.chunks}


async def exists(store: ObjectStore, bucket: str, name: str) -> bool:
    try:
        await store.info(bucket, name)
    except ObjectNotFound:
        return False
    return True


async def cleaned_up(store: ObjectStore) -> None:
    """Wait until what runs behind a caller's back is done."""
    while store._cleanups._tasks:
        await asyncio.wait(tuple(store._cleanups._tasks))
