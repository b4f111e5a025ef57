"""The Object Store client: every verb of the domain over three connections that never give up."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from . import account
from .account import Account
from .bulk import Outcome, each
from .entry import Entry, prefer
from .errors import ObjectNotFound, ObjectStoreError, ObjectUnreadable
from .folders import FOLDERS_BUCKET, Folders, KeptFolders
from .history.gate import Gate
from .history.history import History
from .history.rewind import filled
from .history.streams import HistoryStreams
from .index import Index
from .model import BucketChange, BucketConfig, BucketStatus, Link, ObjectInfo
from .names import check_bucket_name, token_subject
from .options import ConnectionFacts, ConnectionState, ConnectOptions
from .reading.budget import ReadBudget
from .reading.reader import ObjectReader, ReadContext, sized
from .reading.seeking import Seeker
from .repair.repair import Repair
from .repair.turns import TURN_SECONDS, Turns
from .stream.listing import read_all
from .stream.messages import Messages
from .stream.streams import Streams
from .transport.connection import Connection
from .transport.jetstream import JetStream
from .uploads.kv import KeyValues
from .uploads.uploads import Uploads
from .watching.events import WatchEvent
from .watching.live import LiveBucket
from .watching.livebuckets import LiveBuckets
from .writing.changes import Changer
from .writing.cleanup import Cleanups
from .writing.commit import Commits
from .writing.commit_headers import Note
from .writing.copying import Copier
from .writing.links import Links, MayFollow
from .writing.put import Putter
from .writing.source import Source

UPLOADS_BUCKET = "nats-files-uploads"
TURNS_BUCKET = "nats-files-turns"


class ObjectStore:
    """One per process and event loop. Everything may raise Unavailable, PermissionDenied, InvalidBucketName and ServerError.

    Small requests use one connection, chunks another and the watches a third: no answer waits behind a download, or behind the
    metadata of a large bucket that is being read for the first time.
    """

    def __init__(self, options: ConnectOptions, *, snapshots: Path | None = None) -> None:
        """snapshots: a folder of its own to keep the live buckets' indexes in, so that the next start is quick; made when needed."""
        timeout = options.request_timeout
        self._control = Connection(options, "control")
        self._bulk = Connection(options, "bulk")
        self._watching = Connection(options, "watch")
        self._js = JetStream(self._control, options.domain)
        self._bulk_js = JetStream(self._bulk, options.domain)
        self._timeout = timeout
        self._streams = Streams(self._js)
        self._messages = Messages(self._js)
        self._cleanups = Cleanups(self._streams)
        self._context = ReadContext(self._bulk_js, self._messages, ReadBudget(), timeout, Seeker(self._js, self._bulk_js))
        self._histories = histories = HistoryStreams(self._js)
        self._gate = Gate(histories)
        self._commits = Commits(self._js, self._streams, self._messages, self._cleanups, self._gate)
        self._putter = Putter(self._commits, self._bulk, timeout)
        self._changer = Changer(self._commits)
        self._links = Links(self._commits, self._changer)
        self._copier = Copier(self._context, self._commits, self._putter, self._changer)
        kv = KeyValues(self._js, UPLOADS_BUCKET, replicas=options.uploads_replicas, description="Uploads to object store buckets under way")
        self.uploads = Uploads(kv, self._commits, self._putter, self._context, histories)
        in_use = self.uploads.in_use
        self.history = History(
            self._js, self._context, histories, self._streams, self._gate, self._commits, self._putter, self._changer, in_use
        )
        turns = Turns(
            KeyValues(
                self._js, TURNS_BUCKET, replicas=options.uploads_replicas, description="Whose turn the upkeep was", max_age=TURN_SECONDS
            )
        )
        self.repair = Repair(self._js, self._streams, self._messages, self._context, self._gate, in_use, turns)
        kept = KeptFolders(KeyValues(self._js, FOLDERS_BUCKET, replicas=options.uploads_replicas, description="Folders without an object"))
        self._live = LiveBuckets(JetStream(self._watching, options.domain), self._streams, kept, snapshots)
        self.folders = Folders(kept, self._streams.status, self._live.keep)

    async def start(self) -> None:
        """Begin to connect; returns at once, also when NATS is away."""
        await self._control.start()
        await self._bulk.start()
        await self._watching.start()

    async def close(self) -> None:
        """End watches, give clean-ups a few seconds, disconnect."""
        await self._live.close()
        await self._cleanups.close()
        await self._watching.close()
        await self._bulk.close()
        await self._control.close()

    @property
    def state(self) -> ConnectionState:
        """Connected when all three connections are."""
        states = [connection.state for connection in (self._control, self._bulk, self._watching)]
        return next((state for state in states if not state.connected), states[0])

    async def connections(self) -> list[ConnectionFacts]:
        """How each of the three connections stands, with the time of a ping."""
        return list(await asyncio.gather(*(each.facts() for each in (self._control, self._bulk, self._watching))))

    async def account(self) -> Account:
        """What the site's NATS account may use of JetStream, and does. One try."""
        return await account.ask(self._js)

    @property
    def leaderless(self) -> frozenset[str]:
        """The buckets that were left out when ``buckets`` was last asked, because their stream had no leader; and (as histories) the same
        of ``history.statuses``: names of streams."""
        return frozenset(self._streams.missing) | frozenset(self._histories.missing)

    def live_buckets(self) -> list[LiveBucket]:
        """Those whose index this process keeps now, by name. They are not kept alive by this."""
        return self._live.all()

    async def create_bucket(self, config: BucketConfig) -> BucketStatus:
        """Make a bucket (with fast ingest and atomic batches where the server has them).

        Raises InvalidBucketName, InvalidBucketConfig, BucketExists (whatever its settings) and BucketFull (no room in the account).
        """
        return await self._streams.create(config)

    async def update_bucket(self, bucket: str, change: BucketChange) -> BucketStatus:
        """Change what is not None in ``change``; all else of the stream's configuration stays, whoever set it.

        Of two clients that change a bucket in the same moment one may undo the other's change: the server has no conditional update.
        Raises BucketNotFound, BucketSealed (description, metadata, compression, replicas and placement can be changed even then) and
        InvalidBucketConfig: a limit below what is stored, more replicas than servers, a flag that this server version lacks.
        """
        status = await self._streams.update(bucket, change)
        self._putter.windowed.discard(bucket)  # it may have fast ingest now
        self._putter.limits.forget(bucket)
        return status

    async def check_update(self, bucket: str, change: BucketChange) -> None:
        """Raise what ``update_bucket`` would, as far as that can be known without trying: the server may refuse more (replicas and a
        placement that there are no servers for, limits of the account). Nothing is changed."""
        await self._streams.check(bucket, change)

    async def create_or_update_bucket(self, config: BucketConfig) -> BucketStatus:
        """Make the bucket, or make the one that exists what ``config`` says.

        Fast ingest, atomic batches and whatever ``config`` does not know stay as they are. Raises what ``create_bucket`` and
        ``update_bucket`` raise, except BucketExists; InvalidBucketConfig also for another kind of storage than it has.
        """
        return await self._streams.create_or_update(config)

    async def seal_bucket(self, bucket: str) -> BucketStatus:
        """Make it read-only, for ever: nothing in it can be written, deleted or expire again. It can still be deleted as a whole.

        Sealing twice is no error. Raises BucketNotFound.
        """
        return await self._streams.seal(bucket)

    async def buckets(self) -> list[BucketStatus]:
        """All buckets by name, whoever made them, but for those whose stream has no leader now; an empty list when there are none."""
        return await self._streams.list()

    async def bucket(self, bucket: str) -> BucketStatus:
        """Raises BucketNotFound."""
        return await self._streams.status(bucket)

    async def count_objects(self, bucket: str) -> int:
        """Exact when the bucket is live; else the number of names with metadata, deletion markers included. Raises BucketNotFound."""
        live = self._live.peek(check_bucket_name(bucket))
        return len(live.index) if live is not None and live.ready else await self._messages.count(bucket)

    def files_bytes(self, bucket: str) -> int | None:
        """What the objects have together, of which the stream's size is more (and less while data is removed); None unless the bucket is
        live."""
        live = self._live.peek(check_bucket_name(bucket))
        return live.index.size if live is not None and live.ready else None

    async def delete_bucket(self, bucket: str, *, remove_history: bool = False) -> None:
        """The bucket with all that is in it, for good; its history stays as an archive, or goes too.

        Raises BucketNotFound, and HistoryBehind when the archive would not be complete yet.
        """
        await self._streams.status(bucket)
        await self._cleanups.shielded(self._delete_bucket(bucket, remove_history))

    async def _delete_bucket(self, bucket: str, remove_history: bool) -> None:
        """The history is let go of last: while the bucket is there, it keeps what is written."""
        if not remove_history:
            await self.history.complete(bucket)
        await self._streams.delete(bucket)
        self._live.gone(bucket)
        self._putter.limits.forget(bucket)
        with suppress(ObjectStoreError):  # what is left of it counts for this bucket only
            await self.folders.forget(bucket)
        await self.history.let_go(bucket, remove=remove_history)

    async def put(
        self,
        bucket: str,
        name: str,
        source: Source,
        *,
        description: str = "",
        headers: Mapping[str, Sequence[str]] | None = None,
        metadata: Mapping[str, str] | None = None,
        chunk_size: int | None = None,
        expected_revision: int | None = None,
        expected_digest: bytes | None = None,
        writer: str = "",
        note: Note | None = None,
    ) -> ObjectInfo:
        """Store ``source`` (an async iterable of bytes, bytes, or a path) as ``name`` and return the info as it stands in the bucket.

        Nobody sees the object before it is whole; on any failure or cancellation nothing of it is left. A cancellation that comes when all
        is written and the metadata is on its way comes too late. A live listing of this process has it on return. Memory: 8 MiB at most.
        chunk_size: bytes, 512 KiB by default or what the server's max_payload leaves. expected_revision: None writes in any case, 0 only
        if there is no such object, n only on top of revision n. expected_digest: the SHA-256 (32 bytes) that ``source`` must have, else
        nothing is stored and DigestMismatch raised. writer: who writes, for the history;
        note: what is done, where the metadata does not tell.
        Raises BucketNotFound, InvalidObjectName, InvalidMetadata, Conflict, HistoryBehind (an overwrite waits for the history, 30 seconds
        at most), BucketFull, BucketSealed, BucketRestricted (its stream takes only smaller messages), and whatever ``source`` raises.
        """
        stored = await self._putter.put(
            check_bucket_name(bucket),
            name,
            source,
            description=description,
            headers=headers,
            metadata=metadata,
            chunk_size=chunk_size,
            expected_revision=expected_revision,
            expected_digest=expected_digest,
            writer=writer,
            note=note,
        )
        return await self._seen(stored)

    async def info(self, bucket: str, name: str, *, deleted: bool = False) -> ObjectInfo:
        """The object's metadata from the stream's leader. deleted: that of a deletion marker too.

        Raises BucketNotFound, ObjectNotFound.
        """
        entry = await self._messages.last(check_bucket_name(bucket), name)
        if entry is None or (entry.deleted and not deleted):
            raise ObjectNotFound(f"There is no object {name!r} in the bucket {bucket!r}.")
        return entry.info(bucket)

    async def list(self, bucket: str, *, deleted: bool = False) -> list[ObjectInfo]:
        """All objects by name, with ``deleted`` deletion markers too; complete, and asked of the leader anew each time. Empty is no error.

        For pages, folders and search there is ``live``. Raises BucketNotFound.
        """
        entries: dict[str, Entry] = {}
        for entry in await read_all(self._js, check_bucket_name(bucket)):
            entries[entry.name] = prefer(entries.get(entry.name), entry) or entry
        return [entries[name].info(bucket) for name in sorted(entries) if deleted or not entries[name].deleted]

    async def marked(self, bucket: str) -> Index:
        """``list`` with the deletion markers, as an index for pages, folders and search. ``deleted`` in their infos tells which they are.

        Raises BucketNotFound.
        """
        entries = await read_all(self._js, check_bucket_name(bucket))
        return await filled(bucket, [replace(entry, deleted=False) for entry in entries])

    async def get(self, bucket: str, name: str, *, may_follow: MayFollow | None = None) -> ObjectReader:
        """A reader of the object, or of what it links to. ``may_follow`` is asked before a link is followed, and may raise.

        The size in its info is that of the data, also where the metadata states none though there are chunks (``info`` and listings show
        what is stated).
        Raises BucketNotFound, ObjectNotFound (a dangling link too), ObjectUnreadable.
        """
        info = await self._links.follow(await self.info(bucket, name), may_follow)
        if not (info.nuid and info.readable):
            raise ObjectUnreadable(f"{name!r} cannot be read: {info.problem or 'its metadata does not say where its data is'}.")
        return ObjectReader(await sized(info, self._context), self._context)

    async def update_meta(
        self,
        bucket: str,
        name: str,
        *,
        description: str | None = None,
        headers: Mapping[str, Sequence[str]] | None = None,
        metadata: Mapping[str, str] | None = None,
        expected_revision: int | None = None,
        writer: str = "",
    ) -> ObjectInfo:
        """Replace the description, the headers, the metadata: each as a whole, None leaves it. All else stays as its writer wrote it.

        Raises BucketNotFound, ObjectNotFound, ObjectUnreadable (its metadata is not JSON), InvalidMetadata, Conflict, HistoryBehind,
        BucketFull, BucketSealed.
        """
        return await self._seen(
            await self._changer.update_meta(
                check_bucket_name(bucket),
                name,
                description=description,
                headers=headers,
                metadata=metadata,
                expected_revision=expected_revision,
                writer=writer,
            )
        )

    async def rename(
        self, bucket: str, name: str, new_name: str, *, overwrite: bool = False, expected_revision: int | None = None, writer: str = ""
    ) -> ObjectInfo:
        """Give the object another name. Where the stream has atomic batches no data moves, and the old name goes in the moment in which the
        new one comes. Elsewhere the data is copied, and then the old name goes: were two names on the same data, even for a moment, who
        overwrites one of them then would take it from the other.

        Raises BucketNotFound, ObjectNotFound, InvalidObjectName, ObjectExists (unless ``overwrite``), Conflict, HistoryBehind, BucketFull.
        """
        renamed, marked = await self._copier.rename(
            check_bucket_name(bucket), name, new_name, overwrite=overwrite, expected_revision=expected_revision, writer=writer
        )
        await self._live.caught_up(bucket, marked)
        return renamed

    async def copy(
        self,
        bucket: str,
        name: str,
        to_bucket: str,
        to_name: str,
        *,
        overwrite: bool = False,
        replaces: int | None = None,
        writer: str = "",
    ) -> ObjectInfo:
        """A copy with the same description, headers and metadata; a link is copied as a link. Data passes through here in constant memory.
        replaces: the only revision of the new name that may be overwritten, 0 for none.

        Raises what ``get`` and ``put`` raise, ObjectExists (unless ``overwrite``), and Conflict when what it ``replaces`` is gone.
        """
        return await self._seen(
            await self._copier.copy(
                check_bucket_name(bucket),
                name,
                check_bucket_name(to_bucket),
                to_name,
                overwrite=overwrite,
                writer=writer,
                replaces=replaces,
            )
        )

    async def move(
        self,
        bucket: str,
        name: str,
        to_bucket: str,
        to_name: str,
        *,
        overwrite: bool = False,
        replaces: int | None = None,
        expected_revision: int | None = None,
        writer: str = "",
    ) -> ObjectInfo:
        """Within a bucket a rename; else a copy, after which the original is deleted. Raises what they raise, and Conflict when the
        original was changed meanwhile, or is not the one expected: then it stays, and the copy goes, unless that has replaced something.
        replaces: as for ``copy``."""
        moved, marked = await self._copier.move(
            check_bucket_name(bucket),
            name,
            check_bucket_name(to_bucket),
            to_name,
            overwrite=overwrite,
            expected_revision=expected_revision,
            writer=writer,
            replaces=replaces,
        )
        await self._live.caught_up(bucket, marked)
        return await self._seen(moved)

    async def delete(self, bucket: str, name: str, *, expected_revision: int | None = None, writer: str = "") -> None:
        """Leave a deletion marker and remove the data, also in a full bucket. Deleting twice is no error.

        Raises BucketNotFound, Conflict, HistoryBehind, and ObjectUnreadable for a listed one whose subject is not even text.
        """
        revision = await self._changer.delete(check_bucket_name(bucket), name, expected_revision=expected_revision, writer=writer)
        if not revision and self._live.lists(bucket, name):
            raise ObjectUnreadable(f"{name!r} lies under a subject that is no encoded name, and cannot be reached from here.")
        await self._live.caught_up(bucket, revision)

    async def erase(self, bucket: str, name: str, *, writer: str = "") -> None:
        """Delete for good: the data, the deletion marker, and every version in the history. Twice is no error. Raises as ``delete``."""
        (outcome,) = await self.erase_all(bucket, [name], writer=writer)
        if outcome.error is not None:
            raise outcome.error

    async def erase_all(self, bucket: str, names: Iterable[str], *, writer: str = "") -> Sequence[Outcome[str, int]]:
        """The same of many objects, each with its outcome, in their order; the history is looked through once for all of them."""
        outcomes = await each(names, lambda name: self._erase_current(bucket, name, writer))
        gone = {outcome.item: outcome.result for outcome in outcomes if outcome.result}
        try:
            await self.history.forget(bucket, gone)
        except ObjectStoreError as error:
            return [replace(outcome, error=error) if outcome.item in gone else outcome for outcome in outcomes]
        return outcomes

    async def _erase_current(self, bucket: str, name: str, writer: str) -> int:
        """What the bucket has of it. Up to which revision it was erased; 0 when it has been written again meanwhile."""
        await self.delete(bucket, name, writer=writer)
        upto = (await self._streams.status(bucket)).stream.last_seq
        while (marker := await self._messages.last(bucket, name)) is not None:  # one under each subject that may stand for the name
            if not marker.deleted:
                return 0
            await self._gate.wait(bucket, marker)
            if not await self._streams.purge(bucket, token_subject(bucket, marker.token), upto=marker.revision):
                break  # it went by itself, or another one has come
        return upto

    async def add_link(
        self,
        bucket: str,
        name: str,
        to: Link,
        *,
        description: str = "",
        headers: Mapping[str, Sequence[str]] | None = None,
        metadata: Mapping[str, str] | None = None,
        expected_revision: int | None = None,
        writer: str = "",
    ) -> ObjectInfo:
        """A link to an object, or (``to.name`` None) to a bucket. It may replace another link (ADR-20).

        Raises BucketNotFound, InvalidLink (to what is not there, is deleted, or is a link), ObjectExists (an object has the name),
        InvalidObjectName, InvalidMetadata, Conflict, BucketFull, BucketSealed.
        """
        return await self._seen(
            await self._links.add(
                check_bucket_name(bucket),
                name,
                Link(check_bucket_name(to.bucket), to.name),
                description=description,
                headers=headers,
                metadata=metadata,
                expected_revision=expected_revision,
                writer=writer,
            )
        )

    async def is_dangling(self, link: Link) -> bool:
        """Whether a link leads to what is not there (any more)."""
        return await self._links.is_dangling(link)

    async def _seen(self, stored: ObjectInfo) -> ObjectInfo:
        """``stored``, once the live listing of this process has it."""
        await self._live.caught_up(stored.bucket, stored.revision)
        return stored

    async def live(self, bucket: str) -> LiveBucket:
        """The bucket's index and its changes, from the one watch that this process keeps on it. Raises BucketNotFound."""
        return await self._live.get(check_bucket_name(bucket))

    def watch(self, bucket: str, *, after: int | None = None) -> AsyncGenerator[WatchEvent, None]:
        """The bucket's objects, a ``caught_up`` event, then every change in the order of the stream, without a gap and without a double,
        whatever happens to the connection or the server.

        after: a revision; then only what came later is told first, deletions included (those that left no message, by expiry or
        purge, are not). 0 tells the whole state with the deletion markers. Should the bucket not have come that far (it was made anew), or
        a slow reader be 10,000 changes behind, or objects have vanished without a message, a ``refresh`` event comes and the whole state
        again: nothing grows, and nobody else is slowed down. All watches of a bucket share one subscription of the process.

        Runs until it is closed (``aclose``). Raises BucketNotFound at the start and when the bucket is deleted, Unavailable when
        the store is closed.
        """
        return self._live.watch(check_bucket_name(bucket), after)

    async def backlinks(self, bucket: str, name: str | None, among: Iterable[str]) -> Sequence[tuple[str, str]]:
        """The links, as (bucket, name) and sorted, in the buckets ``among`` to this object, or (``name`` None) to this bucket as a whole.

        Their indexes are read if they are not live yet; a bucket that is not there has none. Raises Unavailable for one that is
        not read within ten seconds.
        """
        return await self._live.backlinks(bucket, name, among)
