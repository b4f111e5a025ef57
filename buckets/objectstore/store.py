"""The Object Store client: every verb of the domain over two connections that never give up."""

from collections.abc import AsyncIterable, Mapping, Sequence

from .budget import ReadBudget
from .cleanup import Cleanups
from .connection import Connection
from .errors import ObjectNotFound, ObjectUnreadable
from .jetstream import JetStream
from .live import LiveBucket, LiveBuckets
from .messages import Messages
from .model import BucketConfig, BucketStatus, ObjectInfo
from .names import check_bucket_name
from .options import ConnectionState, ConnectOptions
from .put import Writer
from .reader import ObjectReader
from .streams import Streams


class ObjectStore:
    """One per process and event loop. Everything may raise Unavailable, PermissionDenied, InvalidBucketName and ServerError.

    Small requests and the watches use one connection, chunks another, so that a listing never waits behind a download.
    """

    def __init__(self, options: ConnectOptions) -> None:
        timeout = options.request_timeout
        self._control = Connection(options, "control")
        self._bulk = Connection(options, "bulk")
        self._js = JetStream(self._control, options.domain)
        self._bulk_js = JetStream(self._bulk, options.domain)
        self._timeout = timeout
        self._streams = Streams(self._js)
        self._messages = Messages(self._js)
        self._cleanups = Cleanups(self._streams)
        self._writer = Writer(self._js, self._bulk, self._streams, self._messages, self._cleanups, timeout)
        self._live = LiveBuckets(self._js, self._streams)
        self._budget = ReadBudget()

    async def start(self) -> None:
        """Begin to connect; returns at once, also when NATS is away."""
        await self._control.start()
        await self._bulk.start()

    async def close(self) -> None:
        """End watches, give clean-ups a few seconds, disconnect."""
        await self._live.close()
        await self._cleanups.close()
        await self._bulk.close()
        await self._control.close()

    @property
    def state(self) -> ConnectionState:
        """Connected when both connections are."""
        control, bulk = self._control.state, self._bulk.state
        return control if bulk.connected else bulk

    async def create_bucket(self, config: BucketConfig) -> BucketStatus:
        """Make a bucket (with fast ingest and atomic batches where the server has them).

        Raises InvalidBucketName, InvalidBucketConfig, BucketExists (whatever its settings) and BucketFull (no room in the account).
        """
        return await self._streams.create(config)

    async def buckets(self) -> list[BucketStatus]:
        """All buckets by name, whoever made them; an empty list when there are none."""
        return await self._streams.list()

    async def bucket(self, bucket: str) -> BucketStatus:
        """Raises BucketNotFound."""
        return await self._streams.status(bucket)

    async def count_objects(self, bucket: str) -> int:
        """Exact when the bucket is live; else the number of names with metadata, deletion markers included. Raises BucketNotFound."""
        live = self._live.peek(check_bucket_name(bucket))
        return len(live.index) if live is not None and live.ready else await self._messages.count(bucket)

    async def delete_bucket(self, bucket: str) -> None:
        """The bucket with all that is in it, for good. Raises BucketNotFound."""
        await self._streams.delete(bucket)
        self._live.gone(bucket)

    async def put(
        self,
        bucket: str,
        name: str,
        source: AsyncIterable[bytes],
        *,
        description: str = "",
        headers: Mapping[str, Sequence[str]] | None = None,
        metadata: Mapping[str, str] | None = None,
        chunk_size: int | None = None,
        expected_revision: int | None = None,
    ) -> ObjectInfo:
        """Store what ``source`` yields as ``name`` and return the info as it stands in the bucket.

        Nobody sees the object before it is whole; on any failure or cancellation nothing of it is left. A cancellation that comes when all
        is written and the metadata is on its way comes too late. A live listing of this process has it on return. Memory: 8 MiB at most.
        chunk_size: bytes, 512 KiB by default or what the server's max_payload leaves. expected_revision: None writes in any case, 0 only
        if there is no such object, n only on top of revision n. Raises BucketNotFound, InvalidObjectName, InvalidMetadata, Conflict,
        BucketFull, BucketSealed, and whatever ``source`` raises.
        """
        stored = await self._writer.put(
            check_bucket_name(bucket),
            name,
            source,
            description=description,
            headers=headers,
            metadata=metadata,
            chunk_size=chunk_size,
            expected_revision=expected_revision,
        )
        await self._live.caught_up(bucket, stored.revision)
        return stored

    async def info(self, bucket: str, name: str) -> ObjectInfo:
        """The object's metadata from the stream's leader. Raises BucketNotFound, ObjectNotFound (also for a deleted one)."""
        entry = await self._messages.last(check_bucket_name(bucket), name)
        if entry is None or entry.deleted:
            raise ObjectNotFound(f"There is no object {name!r} in the bucket {bucket!r}.")
        return entry.info(bucket)

    async def get(self, bucket: str, name: str) -> ObjectReader:
        """A reader of the object, or of what it links to. Raises BucketNotFound, ObjectNotFound, ObjectUnreadable."""
        info = await self.info(bucket, name)
        if info.link is not None:
            info = await self._linked(info)
        if not (info.nuid and info.readable):
            raise ObjectUnreadable(f"{name!r} cannot be read: {info.problem or 'its metadata does not say where its data is'}.")
        return ObjectReader(info, self._bulk_js, self._messages, self._budget, self._timeout)

    async def _linked(self, info: ObjectInfo) -> ObjectInfo:
        link = info.link
        if link is None or link.name is None:
            raise ObjectUnreadable(f"{info.name!r} is a link to a whole bucket and has no content of its own.")
        target = await self.info(link.bucket, link.name)
        if target.link is not None:
            raise ObjectUnreadable(f"{info.name!r} is a link to a link, which ADR-20 does not allow.")
        return target

    async def delete(self, bucket: str, name: str) -> None:
        """Leave a deletion marker and remove the data, also in a full bucket. Deleting twice is no error.

        Raises BucketNotFound, and ObjectUnreadable for a listed one whose subject is not even text.
        """
        revision = await self._writer.delete(check_bucket_name(bucket), name)
        if not revision and self._live.lists(bucket, name):
            raise ObjectUnreadable(f"{name!r} lies under a subject that is no encoded name, and cannot be reached from here.")
        await self._live.caught_up(bucket, revision)

    async def live(self, bucket: str) -> LiveBucket:
        """The bucket's index and its changes, from the one watch that this process keeps on it. Raises BucketNotFound."""
        return await self._live.get(check_bucket_name(bucket))
