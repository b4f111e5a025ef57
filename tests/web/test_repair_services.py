"""Who may repair, and what is recorded of it."""

from collections.abc import AsyncIterator

import pytest
from nats.aio.client import Client

from buckets.access import NotAllowed, NotVisible
from buckets.objectstore import BucketNotFound
from buckets.services import objects, repair

from .conftest import Cast


async def body(data: bytes) -> AsyncIterator[bytes]:
    yield data


@pytest.fixture
async def orphaned(bucket: str, cast: Cast, foreign: Client) -> str:
    """A bucket with an object, a deletion marker and a chunk of nothing."""
    for name in ("kept", "deleted"):
        await objects.upload(cast.editor, bucket, name, body(b"data"))
    await objects.delete(cast.editor, bucket, ["deleted"])
    await foreign.jetstream().publish(f"$O.{bucket}.C.LOST", b"data")
    return bucket


async def test_only_admins_of_the_bucket_may(orphaned: str, cast: Cast) -> None:
    for user, error in ((cast.editor, NotAllowed), (cast.colleague, NotAllowed), (cast.outsider, NotVisible)):
        with pytest.raises(error):
            await repair.find_orphans(user, orphaned)
        with pytest.raises(error):
            await repair.purge_orphans(user, orphaned, older_than=0)
        with pytest.raises(error):
            await repair.purge_deleted(user, orphaned)
        with pytest.raises(error):
            await anext(repair.verify(user, orphaned))
    assert len(await repair.find_orphans(cast.owner, orphaned, older_than=0)) == 1
    assert len(await repair.find_orphans(None, orphaned, older_than=0)) == 1


async def test_it_records_who_repaired_what(orphaned: str, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="buckets.audit")
    await repair.purge_orphans(cast.owner, orphaned, older_than=0)
    await repair.purge_deleted(None, orphaned)
    assert [result.name async for result in repair.verify(cast.owner, orphaned)] == ["kept"]
    lines = [record.getMessage() for record in caplog.records if record.name == "buckets.audit"]
    assert lines == [
        f'bucket.purge_orphans user="owner" bucket="{orphaned}" nuids=1 chunks=1',
        f'bucket.purge_deleted user="manage.py" bucket="{orphaned}" markers=1',
        f'bucket.verify user="owner" bucket="{orphaned}" objects=1 damaged=0',
    ]


async def test_a_missing_bucket_is_told(orphaned: str, cast: Cast) -> None:
    with pytest.raises(BucketNotFound):
        await repair.find_orphans(cast.admin, "missing")
    with pytest.raises(BucketNotFound):
        await anext(repair.verify(cast.admin, "missing"))
