"""What the store tests do again and again."""

import hashlib
from collections.abc import AsyncIterator

from nats.aio.client import Client

from buckets.objectstore import ObjectStore, Version
from buckets.objectstore.metadata import digest_text

ODD_NAMES = [
    "plain.txt",
    "/leading/slash",
    "..",
    ".",
    "../up",
    "a//b",
    "trailing/",
    "with space",
    " ",
    "quote\"s and 'apostrophes'",
    "new\nline",
    "tab\tand\rreturn",
    "per%20cent%2F",
    "question?and#hash&amp;",
    "emoji 🚢🌊",
    "שלום עולם",
    "<script>alert(1)</script>",
    "wild.*.>",
    "x" * 500,
    "🚢" * 500,
    "\x00\x01\x7f",
]


async def pieces(data: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    """``data`` as an async iterator of pieces."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def read(store: ObjectStore, bucket: str, name: str) -> bytes:
    async with await store.get(bucket, name) as reader:
        return b"".join([piece async for piece in reader])


def digest(data: bytes) -> str:
    return digest_text(hashlib.sha256(data).digest())


async def chunk_messages(foreign: Client, bucket: str) -> int:
    """How many chunk messages the bucket holds, asked by another client."""
    info = await foreign.jetstream().stream_info(f"OBJ_{bucket}", subjects_filter=f"$O.{bucket}.C.>")
    return sum((info.state.subjects or {}).values())


async def version_data(store: ObjectStore, bucket: str, version: Version) -> bytes:
    async with await store.history.open(bucket, version.info.name, version.id) as reader:
        return b"".join([piece async for piece in reader])


async def contents(store: ObjectStore, bucket: str, name: str) -> list[bytes]:
    """Of all versions that have some, the newest first."""
    versions = await store.history.versions(bucket, name)
    return [await version_data(store, bucket, version) for version in versions if not version.info.deleted]


async def history_messages(foreign: Client, bucket: str) -> dict[str, int]:
    """What a bucket's history has: its subjects, with the number of messages on each."""
    info = await foreign.jetstream().stream_info(f"HISTORY_OBJ_{bucket}", subjects_filter=">")
    return info.state.subjects or {}
