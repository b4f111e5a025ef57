"""A request about a whole bucket was carried out, and its answer was lost: repeating it must not hit what others have made since."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from buckets.objectstore import BucketChange, BucketConfig, BucketNotFound, ObjectStore, Unavailable
from buckets.objectstore.transport.wire import RawMessage

Act = Callable[[], Awaitable[object]]


async def nothing() -> None: ...


class Requests:
    """In the place of ``store``'s requests: the first to ``endpoint`` has no answer, and ``act`` comes before it is noticed."""

    def __init__(self, store: ObjectStore, endpoint: str, act: Act = nothing, *, arrives: bool = True) -> None:
        self._request = store._control.request
        self._endpoint = endpoint
        self._act = act
        self._arrives = arrives
        self.lost = False

    async def __call__(self, subject: str, *arguments: Any, **options: Any) -> RawMessage:
        if self.lost or self._endpoint not in subject:
            return await self._request(subject, *arguments, **options)
        self.lost = True
        if self._arrives:
            await self._request(subject, *arguments, **options)
        await self._act()
        raise Unavailable("the answer was lost")


async def buckets(store: ObjectStore) -> set[str]:
    return {status.name for status in await store.buckets()}


@pytest.mark.parametrize("arrives", [True, False])
async def test_a_bucket_is_deleted(store: ObjectStore, bucket: str, monkeypatch: pytest.MonkeyPatch, arrives: bool) -> None:
    requests = Requests(store, "STREAM.DELETE.OBJ_", arrives=arrives)
    monkeypatch.setattr(store._control, "request", requests)
    await store.delete_bucket(bucket)
    assert requests.lost
    assert bucket not in await buckets(store)
    with pytest.raises(BucketNotFound):
        await store.delete_bucket(bucket)


async def test_a_bucket_that_was_made_anew_meanwhile_stays(store: ObjectStore, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def make() -> None:
        await store.create_bucket(BucketConfig(bucket))
        await store.put(bucket, "theirs", b"data")

    requests = Requests(store, "STREAM.DELETE.OBJ_", make)
    monkeypatch.setattr(store._control, "request", requests)
    await store.delete_bucket(bucket)
    assert requests.lost
    assert [info.name for info in await store.list(bucket)] == ["theirs"]


@pytest.mark.parametrize("arrives", [True, False])
async def test_a_history_is_removed(store: ObjectStore, bucket: str, monkeypatch: pytest.MonkeyPatch, arrives: bool) -> None:
    await store.history.enable(bucket)
    requests = Requests(store, "STREAM.DELETE.HISTORY_", arrives=arrives)
    monkeypatch.setattr(store._control, "request", requests)
    await store.history.disable(bucket, remove=True)
    assert requests.lost
    assert await store.history.status(bucket) is None


async def test_a_history_that_was_switched_on_again_meanwhile_stays(
    store: ObjectStore, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.history.enable(bucket)
    requests = Requests(store, "STREAM.DELETE.HISTORY_", lambda: store.history.enable(bucket))
    monkeypatch.setattr(store._control, "request", requests)
    await store.history._streams.remove(bucket)
    assert requests.lost
    assert await store.history.status(bucket) is not None


@pytest.mark.parametrize(
    "config", [BucketConfig("made-plain"), BucketConfig("made-rich", ttl=60, max_bytes=10**6, metadata={"a": "b"}, compression=True)]
)
async def test_a_bucket_is_made(store: ObjectStore, monkeypatch: pytest.MonkeyPatch, config: BucketConfig) -> None:
    """The server takes a second creation with the same settings for the first."""
    requests = Requests(store, "STREAM.CREATE.OBJ_")
    monkeypatch.setattr(store._control, "request", requests)
    status = await store.create_bucket(config)
    assert requests.lost
    assert status.config == config
    await store.delete_bucket(config.name)


async def test_a_history_is_switched_on(store: ObjectStore, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await store.put(bucket, "x", b"data")
    requests = Requests(store, "STREAM.CREATE.HISTORY_")
    monkeypatch.setattr(store._control, "request", requests)
    await store.history.enable(bucket)
    assert requests.lost
    await store.put(bucket, "x", b"newer")
    assert len(await store.history.versions(bucket, "x")) == 2


async def test_a_bucket_is_changed(store: ObjectStore, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = Requests(store, "STREAM.UPDATE.OBJ_")
    monkeypatch.setattr(store._control, "request", requests)
    status = await store.update_bucket(bucket, BucketChange(description="new"))
    assert requests.lost
    assert status.config.description == "new"
