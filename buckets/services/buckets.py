"""What can be done with buckets: authorise, act, record."""

import asyncio
from dataclasses import dataclass

from ..access import AnyUser, Role, require, require_create, roles
from ..models import Grant
from ..objectstore import BucketConfig, BucketNotFound, BucketStatus, ObjectStoreError
from .audit import record
from .runtime import store

COUNTING_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class BucketView:
    """A bucket as a user sees it: its status, how many objects it holds (None: it does not tell now), and what the user may do there."""

    status: BucketStatus
    objects: int | None
    role: Role


async def list_buckets(user: AnyUser) -> list[BucketView]:
    """The buckets that the user may see, by name. No roles, no buckets: that is not an error."""
    held = await roles(user)
    visible = [(status, role) for status in await (await store()).buckets() if (role := held.of(status.name))]
    slots = asyncio.Semaphore(COUNTING_AT_ONCE)

    async def view(status: BucketStatus, role: Role) -> BucketView | None:
        async with slots:
            try:
                return await _view(status, role)
            except BucketNotFound:  # deleted since the list was made
                return None

    views = await asyncio.gather(*(view(status, role) for status, role in visible))
    return [view for view in views if view]


async def get_bucket(user: AnyUser, bucket: str) -> BucketView:
    """VIEWER. Raises ``BucketNotFound``."""
    role = await require(user, bucket, Role.VIEWER)
    return await _view(await (await store()).bucket(bucket), role)


async def create_bucket(user: AnyUser, config: BucketConfig) -> BucketView:
    """Create it and make the user its admin. Needs ``require_create``.

    Raises ``BucketExists``, ``InvalidBucketName`` and ``InvalidBucketConfig``.
    """
    await require_create(user)
    assert user.pk is not None  # no anonymous user may create
    status = await (await store()).create_bucket(config)
    await Grant.objects.aupdate_or_create(bucket=config.name, user_id=user.pk, defaults={"role": Role.ADMIN})
    record("bucket.create", user, config.name)
    return BucketView(status, 0, Role.ADMIN)


async def delete_bucket(user: AnyUser, bucket: str) -> None:
    """ADMIN. Deletes the bucket with all its objects, and the grants to it. Raises ``BucketNotFound``."""
    await require(user, bucket, Role.ADMIN)
    await (await store()).delete_bucket(bucket)
    await Grant.objects.filter(bucket=bucket).adelete()
    record("bucket.delete", user, bucket)


async def _view(status: BucketStatus, role: Role) -> BucketView:
    try:
        objects = await (await store()).count_objects(status.name)
    except BucketNotFound:
        raise
    except ObjectStoreError:  # no leader, say: nothing that those who look at other buckets should suffer from
        objects = None
    return BucketView(status, objects, role)
