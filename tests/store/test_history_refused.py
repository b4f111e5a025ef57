"""What a server before 2.14 cannot do is refused in words, and nothing else suffers."""

import pytest

from buckets.objectstore import HistoryOff, HistoryUnsupported, ObjectStore
from tests.store.helpers import read

pytestmark = pytest.mark.servers(before="2.14")


async def test_history_cannot_be_switched_on(store: ObjectStore, bucket: str) -> None:
    with pytest.raises(HistoryUnsupported, match=r"2\.14 or later; this one is 2\."):
        await store.history.enable(bucket)
    assert await store.history.status(bucket) is None
    assert bucket not in await store.history.statuses()
    with pytest.raises(HistoryOff):
        await store.history.versions(bucket, "x")


async def test_everything_else_works(store: ObjectStore, bucket: str) -> None:
    await store.put(bucket, "x", b"1")
    await store.put(bucket, "x", b"2")
    await store.rename(bucket, "x", "y")
    assert await read(store, bucket, "y") == b"2"
    await store.erase(bucket, "y")
    assert await store.list(bucket) == []
    await store.delete_bucket(bucket)
