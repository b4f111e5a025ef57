"""Metadata messages, each on top of the revision that was read: the moment in which an object appears, changes or goes (ADR-20)."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from ..entry import Entry
from ..errors import BucketRestricted, Conflict, InvalidMetadata, ObjectExists, ObjectStoreError, Unavailable
from ..history.gate import Gate
from ..metadata import change_info, dump_info, is_sized, parse_reference
from ..model import ObjectInfo
from ..names import chunk_subject, metadata_subject, stream_name, token_subject
from ..stream.consumer import Delivery
from ..stream.listing import read_each
from ..stream.messages import Messages
from ..stream.streams import Streams
from ..transport.jetstream import JetStream
from .cleanup import Cleanups
from .commit_headers import WRITER, Note

logger = logging.getLogger(__name__)

RACES = 10
# Room for subject, reply and headers within the server's max_payload, which counts headers and data.
PAYLOAD_RESERVE = 4096
# Between the tries of a publish: together long enough for the election of a leader.
PUBLISH_PAUSES = (0.1, 0.5, 1, 2, 4, 4, 4)
ON_ITS_WAY = 0.5
MAX_WRITER = 256
ROLLUP = {"Nats-Rollup": "sub"}
# What a copy's metadata says that the original's does not.
OF_A_COPY = frozenset({"name", "bucket", "nuid", "mtime"})
OF_COPIED_DATA = OF_A_COPY | {"options", "size", "chunks", "digest"}
EXPECTED = "Nats-Expected-Last-Subject-Sequence"


@dataclass(frozen=True, slots=True)
class Change:
    """A metadata message that is to be published in place of ``current`` (None: there is none yet).

    note: what was done, for the history. like: metadata of the same object, of which all is kept but the fields ``changed`` (names of the
    info JSON), known here or not.
    """

    info: ObjectInfo
    current: Entry | None
    writer: str = ""
    note: Note | None = None
    like: bytes = b""
    changed: frozenset[str] = frozenset()

    @property
    def subject(self) -> str:
        """Where the object's metadata is already, else where ADR-20 says."""
        if self.current is not None:
            return token_subject(self.info.bucket, self.current.token)
        return metadata_subject(self.info.bucket, self.info.name)

    @property
    def payload(self) -> bytes:
        return change_info(self.like, self.info, self.changed) if self.like else dump_info(self.info)

    def headers(self) -> dict[str, str]:
        headers = ROLLUP | {EXPECTED: str(self.current.revision if self.current else 0)}
        if self.writer:
            headers[WRITER] = quote(self.writer[:MAX_WRITER], safe=" @+")
        return headers | self.note.headers() if self.note is not None else headers


class Commits:
    """What all writing verbs share."""

    def __init__(self, js: JetStream, streams: Streams, messages: Messages, cleanups: Cleanups, gate: Gate) -> None:
        self._js = js
        self.streams = streams
        self.messages = messages
        self.cleanups = cleanups
        self.gate = gate

    async def commit(self, change: Change, expected_revision: int | None) -> ObjectInfo:
        """Publish it; when another writer was faster, lose (``expected_revision``) or go on top of theirs. The data it replaces is purged.

        Raises Conflict, HistoryBehind, BucketFull, BucketSealed, Unavailable.
        """
        for _ in range(RACES):
            try:
                revision = await self.publish(change)
            except Conflict:
                if expected_revision is not None:
                    raise conflict(change.info.name) from None
                change = replace(change, current=await self.messages.last(change.info.bucket, change.info.name))
            else:
                await self.forget_data(change.current, change.info)
                return await self.as_stored(change.info, revision)
        raise too_contended(change.info.name)

    async def publish(self, change: Change) -> int:
        """The metadata message in place of ``change.current``, once the history has that; the new revision.

        Raises Conflict if that is not the last one any more, and then nothing was stored, nor is it for any other error but Unavailable.
        That one leaves open whether it was: no answer has come, and NATS is away, or somebody else has written since.
        """
        await self.check_size(change.payload)
        await self.gate.wait(change.info.bucket, change.current)
        payload, headers = change.payload, change.headers()
        unsure = False
        for pause in (*PUBLISH_PAUSES, None):
            try:
                return await self._publish_once(change, payload, headers)
            except Unavailable:
                unsure = True
                if pause is None:
                    raise
            except ObjectStoreError as error:
                stored = await self._stored_after_all(change, payload, error, unsure)
                if stored:
                    return stored
                unsure = True
            await asyncio.sleep(pause or ON_ITS_WAY)
        raise too_contended(change.info.name)

    async def _stored_after_all(self, change: Change, payload: bytes, error: ObjectStoreError, unsure: bool) -> int:
        """After a refusal: the revision of our own message, which an earlier try has stored; 0 if one may still be on its way.

        Raises ``error`` when it stands, and Unavailable when that can never be told.
        """
        if not (unsure or isinstance(error, Conflict)):
            raise error
        last = await self.messages.stored(stream_name(change.info.bucket), last_by_subj=change.subject)
        if last is not None and last.data == payload:
            return last.sequence
        if not isinstance(error, Conflict):
            raise error
        if (last.sequence if last is not None else 0) == (change.current.revision if change.current else 0):
            return 0
        if unsure:
            raise Unavailable(
                f"NATS did not answer, and {change.info.name!r} was written by somebody else since. Please look, and try again."
            )
        raise error

    async def _publish_once(self, change: Change, payload: bytes, headers: Mapping[str, str]) -> int:
        try:
            return int((await self._js.publish(change.subject, payload, headers))["seq"])
        except BucketRestricted:
            return await self._publish_without_rollup(change, payload, headers)

    async def _publish_without_rollup(self, change: Change, payload: bytes, headers: Mapping[str, str]) -> int:
        """Another client made the stream without allow_rollup_hdrs: every reader takes the last message, and we remove those before it."""
        plain = {name: value for name, value in headers.items() if name not in ROLLUP}
        answer = await self._js.publish(change.subject, payload, plain)
        try:
            await self.streams.purge(change.info.bucket, change.subject, keep=1)
        except ObjectStoreError as error:
            logger.warning("old metadata stays: %s", error, extra={"bucket": change.info.bucket})
        return int(answer["seq"])

    async def publish_both(self, one: Change, other: Change) -> tuple[int, int]:
        """Both metadata messages in one atomic batch (ADR-50): both are stored, next to each other, or none. Without retries.

        Raises Conflict when either is not on top any more, ServerError where the stream has no atomic batches.
        """
        await self.check_size(one.payload)
        await self.gate.wait(one.info.bucket, one.current)
        await self.gate.wait(other.info.bucket, other.current)
        batch = {"Nats-Batch-Id": self._js.connection.new_token()}
        await self._js.publish_into_batch(one.subject, one.payload, one.headers() | batch | {"Nats-Batch-Sequence": "1"})
        last = batch | {"Nats-Batch-Sequence": "2", "Nats-Batch-Commit": "1"}
        answer = await self._js.publish(other.subject, other.payload, other.headers() | last)
        return int(answer["seq"]) - 1, int(answer["seq"])

    async def check_size(self, payload: bytes) -> None:
        """Raises InvalidMetadata for metadata that cannot be one message on this server."""
        limit = (await self._js.connection.client()).max_payload - PAYLOAD_RESERVE
        size = len(payload)
        if size > limit:
            raise InvalidMetadata(f"Description, headers and metadata take {size:,} bytes together; on this server {limit:,} is the limit.")

    async def forget_data(self, old: Entry | None, new: ObjectInfo) -> None:
        """Purge the chunks of what was replaced, unless the new metadata is of the same data."""
        info = old.info(new.bucket) if old is not None else None
        if info is not None and info.nuid and info.nuid != new.nuid and _may_have_data(info):
            await self.cleanups.purge(new.bucket, chunk_subject(new.bucket, info.nuid))

    async def as_stored(self, info: ObjectInfo, revision: int) -> ObjectInfo:
        """The info with the server's own time, read back from the leader; as written if somebody replaced it already."""
        with contextlib.suppress(ObjectStoreError):  # it is stored, whatever becomes of this
            stored = await self.messages.last(info.bucket, info.name)
            if stored is not None and stored.revision == revision:
                return stored.info(info.bucket)
        return replace(info, revision=revision)

    async def is_referred_to(self, info: ObjectInfo) -> bool:
        """Whether any metadata in the bucket is of this data: under whatever name, for somebody may have renamed it already."""
        found: set[str] = set()

        def take(token: str, raw: bytes, _: Delivery) -> None:
            if parse_reference(token, raw)[0] == info.nuid:
                found.add(token)

        await read_each(self._js, info.bucket, take, begin=found.clear)
        return bool(found)

    @property
    def server_version(self) -> tuple[int, ...]:
        numbers = self._js.connection.state.server_version.partition("-")[0].split(".")
        return tuple(int(number) for number in numbers if number.isdigit())

    def new_nuid(self) -> str:
        return self._js.connection.new_token()


def _may_have_data(info: ObjectInfo) -> bool:
    """Whatever number of chunks it states: some writers state none."""
    return bool(info.chunks or info.size or not (info.deleted or is_sized(info)))


def is_of(entry: Entry | None, info: ObjectInfo) -> bool:
    """Whether the metadata is of the same data: each put has a nuid of its own."""
    return entry is not None and not entry.deleted and entry.info(info.bucket).nuid == info.nuid


def check_expected(current: Entry | None, expected: int | None, name: str) -> None:
    """Raises Conflict unless the object is at the expected revision (0: is not there)."""
    revision = current.revision if current is not None and not current.deleted else 0
    if expected is not None and revision != expected:
        raise conflict(name)


def check_replaceable(current: Entry | None, overwrite: bool, replaces: int | None, bucket: str, name: str) -> None:
    """Unless anything may be overwritten: raises ObjectExists for an object at another revision than the one that may be replaced, and
    Conflict when that is gone."""
    revision = current.revision if current is not None and not current.deleted else 0
    if overwrite or revision == (replaces or 0):
        return
    if revision:
        raise ObjectExists(f"There is an object {name!r} already in the bucket {bucket!r}.")
    raise conflict(name)


def conflict(name: str) -> Conflict:
    return Conflict(f"{name!r} is not at the expected revision: someone else wrote it in the meantime.")


def too_contended(name: str) -> Unavailable:
    return Unavailable(f"{name!r} is being written again and again by others. Please try again.")
