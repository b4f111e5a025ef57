"""ADR-31: chunks by batched direct get, asked for ahead of what has come."""

import os
from collections.abc import Iterable

import orjson
import pytest
from nats.aio.client import Client

from buckets.objectstore import ObjectStore
from buckets.objectstore.names import metadata_subject
from tests.store.helpers import digest, read

SIZE = 100
STATED = 8192


async def write(foreign: Client, bucket: str, layout: Iterable[str], chunk: int, **options: object) -> dict[str, bytes]:
    """An object for each letter of ``layout``, whose chunks lie in the stream in that order."""
    data: dict[str, list[bytes]] = {}
    for letter in layout:
        data.setdefault(letter, []).append(os.urandom(chunk))
        await foreign.publish(f"$O.{bucket}.C.{letter}", data[letter][-1])
    for letter, parts in data.items():
        whole = b"".join(parts)
        info = {"name": letter, "bucket": bucket, "nuid": letter, "size": len(whole), "chunks": len(parts), "digest": digest(whole)}
        await foreign.jetstream().publish(metadata_subject(bucket, letter), orjson.dumps(info | {"options": options}))
    return {letter: b"".join(parts) for letter, parts in data.items()}


LAYOUTS = {
    "one behind the other": "A" * 2000,
    "alternating": "AB" * 1000,
    "in a row, then alternating": "A" * 300 + "AB" * 700,
    "in a row, then all of another, then in a row": "A" * 400 + "B" * 2000 + "A" * 1000,
    "in rows of any length": "".join("A" * (number % 37) + "B" * (number % 11) for number in range(100)),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
async def test_every_chunk_is_read_once_wherever_it_lies(store: ObjectStore, bucket: str, foreign: Client, layout: str) -> None:
    """The next batch is asked for as if there were no gaps; what comes twice for that is passed over."""
    for name, data in (await write(foreign, bucket, layout, SIZE, max_chunk_size=STATED)).items():
        assert await read(store, bucket, name) == data


@pytest.mark.parametrize("stated", [10, 1000, None])
async def test_batches_that_end_early_are_gone_on_from_where_they_end(
    store: ObjectStore, bucket: str, foreign: Client, stated: int | None
) -> None:
    """The chunks are larger than was stated, so that fewer of them than asked for are within the batch's bytes."""
    for name, data in (await write(foreign, bucket, "A" * 300, 50_000, max_chunk_size=stated)).items():
        assert await read(store, bucket, name) == data
