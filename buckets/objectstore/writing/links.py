"""Links to objects and to buckets (ADR-20): making them, and following them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime

from ..errors import BucketNotFound, InvalidLink, ObjectExists, ObjectNotFound, ObjectUnreadable
from ..metadata import dump_info
from ..model import Link, ObjectInfo
from .changes import Changer
from .commit import Commits, check_expected

# Links to links are not made by any client, but appear when a link takes the place of what another one leads to.
MAX_HOPS = 8

MayFollow = Callable[[Link], Awaitable[None]]


class Links:
    def __init__(self, commits: Commits, changer: Changer) -> None:
        self._commits = commits
        self._changer = changer

    async def add(
        self,
        bucket: str,
        name: str,
        to: Link,
        *,
        description: str,
        headers: Mapping[str, Sequence[str]] | None,
        metadata: Mapping[str, str] | None,
        expected_revision: int | None,
        writer: str,
    ) -> ObjectInfo:
        """See ``ObjectStore.add_link``."""
        await self._check_target(to)
        current = await self._commits.messages.last(bucket, name)
        check_expected(current, expected_revision, name)
        if current is not None and not current.deleted and current.info(bucket).link is None:
            raise ObjectExists(f"There is an object {name!r} in the bucket {bucket!r}: a link may replace a link, but never an object.")
        info = ObjectInfo(
            bucket=bucket,
            name=name,
            nuid=self._commits.new_nuid(),
            size=0,
            chunks=0,
            modified=datetime.now(UTC),
            revision=0,
            description=description,
            headers={key: tuple(values) for key, values in (headers or {}).items()},
            metadata=dict(metadata or {}),
            link=to,
        )
        await self._commits.check_size(dump_info(info))
        revision = current.revision if current is not None and not current.deleted else 0
        return await self._changer.publish_new(info, current, revision, writer)

    async def _check_target(self, to: Link) -> None:
        if to.name is None:
            await self._commits.streams.status(to.bucket)
            return
        target = await self._commits.messages.last(to.bucket, to.name)
        if target is None or target.deleted:
            raise InvalidLink(f"There is no object {to.name!r} in the bucket {to.bucket!r} to link to.")
        if target.info(to.bucket).link is not None:
            raise InvalidLink(f"{to.name!r} is a link itself: link to what it leads to.")

    async def follow(self, info: ObjectInfo, may_follow: MayFollow | None) -> ObjectInfo:
        """The object that ``info``, if it is a link, leads to. Raises ObjectNotFound for a dangling one, ObjectUnreadable for one to a
        bucket and for links in a circle, and whatever ``may_follow`` raises, which is asked before each step."""
        name = info.name
        for _ in range(MAX_HOPS):
            if info.link is None:
                return info
            info = await self._step(name, info.link, may_follow)
        raise ObjectUnreadable(f"{name!r} leads from link to link, {MAX_HOPS} times and more.")

    async def _step(self, name: str, link: Link, may_follow: MayFollow | None) -> ObjectInfo:
        if may_follow is not None:
            await may_follow(link)
        if link.name is None:
            raise ObjectUnreadable(f"{name!r} is a link to the whole bucket {link.bucket!r} and has no content of its own.")
        try:
            return (await self._changer.existing(link.bucket, link.name)).info(link.bucket)
        except (ObjectNotFound, BucketNotFound):
            raise ObjectNotFound(
                f"{name!r} is a link to {link.name!r} in the bucket {link.bucket!r}, where there is no such object."
            ) from None

    async def is_dangling(self, link: Link) -> bool:
        """See ``ObjectStore.is_dangling``."""
        try:
            if link.name is None:
                await self._commits.streams.status(link.bucket)
            else:
                await self._changer.existing(link.bucket, link.name)
        except (ObjectNotFound, BucketNotFound):
            return True
        return False
