"""Buckets as streams (ADR-20): creating, changing, sealing, listing, asking and deleting them."""

import logging
from collections.abc import AsyncIterator, Iterable
from typing import Any

from ..errors import BucketExists, BucketNotFound, InvalidBucketConfig
from ..model import BucketChange, BucketConfig, BucketStatus
from ..names import check_bucket_name, stream_name
from ..transport.jetstream import JetStream
from .streamconfig import (
    bucket_status,
    change_to,
    changed_config,
    check_change,
    check_config,
    is_bucket,
    same_config,
    sealed_config,
    stream_config,
)

logger = logging.getLogger(__name__)


class Streams:
    def __init__(self, js: JetStream) -> None:
        self._js = js
        self.missing: tuple[str, ...] = ()  # streams that did not answer when they were last listed

    async def create(self, config: BucketConfig) -> BucketStatus:
        """Raises InvalidBucketName, InvalidBucketConfig, BucketExists (whatever its settings), BucketFull (no room in the account)."""
        check_config(config)
        if await self._exists(config.name):  # the server takes a creation with equal settings for a success
            raise BucketExists(f"A bucket {config.name!r} exists already.")
        wanted = stream_config(config, await self._api_level())
        return bucket_status(await self._js.api(f"STREAM.CREATE.{stream_name(config.name)}", wanted, about=config.name))

    async def update(self, bucket: str, change: BucketChange) -> BucketStatus:
        """Change what ``change`` names and keep all else of the stream's configuration, known here or not.

        See ``ObjectStore.update_bucket``.
        """
        info, wanted = await self._changed(bucket, change)
        if same_config(wanted, info):
            return bucket_status(info)
        return await self._update(bucket, wanted)

    async def check(self, bucket: str, change: BucketChange) -> None:
        """See ``ObjectStore.check_update``."""
        await self._changed(bucket, change)

    async def _changed(self, bucket: str, change: BucketChange) -> tuple[dict[str, Any], dict[str, Any]]:
        """The stream's info as it is, and its configuration as it is to be."""
        check_change(change)
        info = await self._bucket_info(bucket)
        level = await self._api_level() if change.fast_ingest or change.atomic else 0
        return info, changed_config(info, change, level)

    async def create_or_update(self, config: BucketConfig) -> BucketStatus:
        """See ``ObjectStore.create_or_update_bucket``."""
        try:
            return await self.create(config)
        except BucketExists:
            existing = await self.status(config.name)
        if existing.config.storage is not config.storage:
            raise InvalidBucketConfig(
                f"The bucket {config.name!r} exists with {existing.config.storage} storage, which cannot be changed. "
                "Make a new bucket and copy its objects."
            )
        return await self.update(config.name, change_to(config))

    async def seal(self, bucket: str) -> BucketStatus:
        """Make it read-only for ever. Sealing twice is no error. Raises BucketNotFound."""
        info = await self._bucket_info(bucket)
        if bucket_status(info).sealed:
            return bucket_status(info)
        return await self._update(bucket, sealed_config(info))

    async def _update(self, bucket: str, wanted: dict[str, Any]) -> BucketStatus:
        await self._js.api(f"STREAM.UPDATE.{stream_name(bucket)}", wanted, about=bucket)
        return await self.status(bucket)  # the answer to an update says less of the stream's state

    async def _exists(self, bucket: str) -> bool:
        try:
            await self._js.api(f"STREAM.INFO.{stream_name(bucket)}", about=bucket)
        except BucketNotFound:
            return False
        return True

    async def status(self, bucket: str) -> BucketStatus:
        """Raises BucketNotFound, also for a stream of the right name that is no bucket."""
        return bucket_status(await self._bucket_info(bucket))

    async def _bucket_info(self, bucket: str) -> dict[str, Any]:
        check_bucket_name(bucket)
        # Without deleted_details the number of deleted messages is all that is told of them, which is what a status wants.
        answer = await self._js.api(f"STREAM.INFO.{stream_name(bucket)}", about=bucket)
        if not is_bucket(answer):
            raise BucketNotFound(f"There is no bucket {bucket!r}.")
        return answer

    async def list(self) -> list[BucketStatus]:
        """All buckets by name. One whose stream has no leader now is left out: nothing is known of it."""
        found: dict[str, BucketStatus] = {}
        without: list[str] = []
        offset = 0
        while True:
            answer = await self._js.api("STREAM.LIST", {"subject": "$O.*.C.>", "offset": offset})
            streams, missing = answer.get("streams") or [], answer.get("missing") or []
            without += map(str, missing)
            found |= {status.name: status for status in map(bucket_status, filter(is_bucket, streams))}
            offset += len(streams) + len(missing)
            if not streams or offset >= int(answer.get("total", 0)):
                self._note_missing(without)
                return [found[name] for name in sorted(found)]

    def _note_missing(self, names: Iterable[str]) -> None:
        """Told once, not each time that somebody looks."""
        missing = tuple(sorted(set(names)))
        if missing and missing != self.missing:
            logger.warning("streams that do not answer are not listed: %s", ", ".join(missing))
        self.missing = missing

    async def delete(self, bucket: str) -> None:
        """The bucket and everything in it. Raises BucketNotFound."""
        await self.status(bucket)
        await self._js.delete_stream(stream_name(bucket), about=bucket)

    async def messages(self, bucket: str, subject: str) -> int:
        """How many messages the leader has on ``subject`` (a literal one); 0 when the bucket is gone."""
        return (await self.subjects(bucket, subject)).get(subject, 0)

    async def subjects(self, bucket: str, subject: str) -> dict[str, int]:
        """The leader's subjects that match ``subject``, each with its number of messages; none when the bucket is gone."""
        found: dict[str, int] = {}
        async for page in self.subject_pages(bucket, subject):
            found |= page
        return found

    async def subject_pages(self, bucket: str, subject: str) -> AsyncIterator[dict[str, int]]:
        """The same in pieces of up to 100,000."""
        offset = 0
        while True:
            try:
                body = {"subjects_filter": subject, "offset": offset}
                answer = await self._js.api(f"STREAM.INFO.{stream_name(bucket)}", body, about=bucket)
            except BucketNotFound:
                return
            page = answer.get("state", {}).get("subjects") or {}
            yield page
            offset += len(page)
            if not page or offset >= int(answer.get("total", 0)):
                return

    async def purge(self, bucket: str, subject: str, *, upto: int = 0, keep: int = 0) -> int:
        """Remove the messages on ``subject``; harmless when there are none or the bucket is gone. Gives how many there were.

        upto: only those up to this stream sequence; keep: all but so many of the newest. (ADR-10; not both.)
        """
        body: dict[str, Any] = {"filter": subject}
        if upto:
            body["seq"] = upto + 1
        if keep:
            body["keep"] = keep
        try:
            answer = await self._js.api(f"STREAM.PURGE.{stream_name(bucket)}", body, about=bucket)
        except BucketNotFound:
            return 0
        return int(answer.get("purged", 0))

    async def _api_level(self) -> int:
        answer = await self._js.api("INFO")
        level = answer.get("api", {}).get("level", 0)
        return level if isinstance(level, int) else 0
