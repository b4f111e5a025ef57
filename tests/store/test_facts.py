"""What the store tells of itself and of NATS, for those who run the site."""

import time

from buckets.objectstore import ObjectStore
from tests.conftest import connected


async def test_it_tells_of_its_connections(store: ObjectStore) -> None:
    await connected(store)
    found = await store.connections()
    assert [each.purpose for each in found] == ["control", "bulk", "watch"]
    assert all(each.connected and each.round_trip is not None and each.server and each.max_payload for each in found)
    assert {each.reconnects for each in found} == {0}
    assert all("@" not in each.address and ":" in each.address for each in found)


async def test_it_tells_what_its_account_uses(store: ObjectStore, bucket: str) -> None:
    account = await store.account()
    assert account.tiers[0].streams >= 1
    assert account.requests > 0


async def test_it_tells_of_uploads_under_way_and_of_its_indexes(store: ObjectStore, bucket: str) -> None:
    begun = await store.uploads.create(bucket, "new", expires=time.time() + 60, length=3)
    assert begun.id in {each.id for each in await store.uploads.under_way() if each.bucket == bucket}
    await store.uploads.terminate(begun.id)
    assert begun.id not in {each.id for each in await store.uploads.under_way()}

    assert bucket not in [each.bucket for each in store.live_buckets()]
    live = await store.live(bucket)
    assert await live.wait_ready(30)
    with live.subscribe():
        assert [(each.bucket, each.readers, each.pending) for each in store.live_buckets() if each.bucket == bucket] == [(bucket, 1, 0)]
    assert live.silent < 30
    assert store.leaderless == frozenset()
