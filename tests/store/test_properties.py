"""What must hold for any name, any metadata and any way to cut bytes in pieces, on a real server."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from itertools import pairwise
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buckets.objectstore import BucketConfig, ObjectNotFound, ObjectStore
from buckets.objectstore.names import MAX_SUBJECT
from tests.conftest import running_store
from tests.natsserver import NatsServer
from tests.store.helpers import digest

pytestmark = pytest.mark.current_server

T = TypeVar("T")
BOUNDED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
# Any Unicode but lone surrogates, which no JSON text and no base64 of UTF-8 can hold.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=MAX_SUBJECT // 8)
HEADERS = st.dictionaries(TEXT.filter(bool), st.lists(TEXT, min_size=1, max_size=3), max_size=4)
METADATA = st.dictionaries(TEXT, TEXT, max_size=4)

Run = Callable[[Callable[[ObjectStore, str], Coroutine[Any, Any, T]]], T]


@pytest.fixture
def run(nats_server: NatsServer) -> Iterator[Run[Any]]:
    """Runs what it is given, again and again, on one loop with one store and one bucket."""
    with asyncio.Runner() as runner:
        bucket = f"properties-{uuid.uuid4().hex[:12]}"
        started = running_store(nats_server)
        store = runner.run(started.__aenter__())
        runner.run(store.create_bucket(BucketConfig(bucket)))
        yield lambda work: runner.run(work(store, bucket))
        runner.run(store.delete_bucket(bucket))
        runner.run(started.__aexit__())


async def read(store: ObjectStore, bucket: str, name: str) -> bytes:
    async with await store.get(bucket, name) as reader:
        return b"".join([piece async for piece in reader])


@BOUNDED
@given(name=NAMES, new_name=NAMES)
def test_any_name_is_put_listed_renamed_and_deleted(run: Run[None], name: str, new_name: str) -> None:
    async def there_and_back(store: ObjectStore, bucket: str) -> None:
        live = await store.live(bucket)
        assert await live.wait_ready(10)
        await store.put(bucket, name, name.encode())
        assert (await store.info(bucket, name)).name == name
        assert [info.name for info in await store.list(bucket)] == [name]
        assert live.index.get(name) == await store.info(bucket, name)
        await store.rename(bucket, name, new_name)
        assert [info.name for info in await store.list(bucket)] == [new_name]
        assert live.index.get(new_name) == await store.info(bucket, new_name)
        assert await read(store, bucket, new_name) == name.encode()
        await store.delete(bucket, new_name)
        with pytest.raises(ObjectNotFound):
            await store.info(bucket, new_name)
        assert (await store.list(bucket), len(live.index)) == ([], 0)

    run(there_and_back)


@BOUNDED
@given(description=TEXT, headers=HEADERS, metadata=METADATA)
def test_any_description_headers_and_metadata_come_back_as_they_were(
    run: Run[None], description: str, headers: dict[str, list[str]], metadata: dict[str, str]
) -> None:
    async def there_and_back(store: ObjectStore, bucket: str) -> None:
        said = (description, {key: tuple(values) for key, values in headers.items()}, metadata)
        await store.put(bucket, "put", b"data", description=description, headers=headers, metadata=metadata)
        await store.put(bucket, "changed", b"data")
        await store.update_meta(bucket, "changed", description=description, headers=headers, metadata=metadata)
        await store.copy(bucket, "put", bucket, "copied", overwrite=True)
        for info in await store.list(bucket):
            assert (info.description, info.headers, info.metadata) == said
            assert info.problem is None

    run(there_and_back)


@BOUNDED
@given(
    size=st.integers(0, 5000) | st.integers(0, 400_000),
    chunk_size=st.integers(1, 50) | st.integers(1, 5000) | st.integers(1, 1_000_000),
    cuts=st.lists(st.integers(0, 400_000), max_size=20),
)
def test_bytes_in_any_pieces_and_any_chunks_come_back_as_they_were(run: Run[None], size: int, chunk_size: int, cuts: list[int]) -> None:
    chunk_size = max(chunk_size, size // 500)  # more messages prove nothing more
    data = pseudo_random(size)

    async def there_and_back(store: ObjectStore, bucket: str) -> None:
        info = await store.put(bucket, "x", cut(data, cuts), chunk_size=chunk_size)
        assert (info.size, info.chunks, info.digest) == (size, -(-size // chunk_size), digest(data))
        assert await read(store, bucket, "x") == data
        stream = (await store.bucket(bucket)).stream
        assert stream.messages == info.chunks + 1

    run(there_and_back)


def pseudo_random(size: int) -> bytes:
    """Bytes in which no two places look alike, the same in every run."""
    return b"".join(number.to_bytes(4, "big") for number in range(-(-size // 4)))[:size]


async def cut(data: bytes, cuts: list[int]) -> AsyncIterator[bytes]:
    """``data`` in pieces, empty ones too."""
    places = [0, *sorted(place for place in cuts if place <= len(data)), len(data)]
    for start, end in pairwise(places):
        yield data[start:end]
