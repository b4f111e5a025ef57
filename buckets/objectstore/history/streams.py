"""Histories as streams: making, changing, switching off and on again, removing, asking."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from ..entry import Entry
from ..errors import BucketNotFound, HistoryOff, HistoryUnsupported, ServerError
from ..model import BucketStatus
from ..names import HISTORY_PREFIX, check_bucket_name, history_stream, stream_name, token_subject
from ..stream.messages import Messages, StoredMessage
from ..stream.sourced import Source, bucket_sequence
from ..times import nanoseconds, parse_time, parse_time_ns
from ..transport.jetstream import MESSAGE_NOT_FOUND, JetStream
from .config import (
    HISTORY_LEVEL,
    begins_after,
    changed,
    check_config,
    copied_mark,
    copying,
    epoch,
    history_status,
    is_history,
    marks,
    new_stream,
    own_metadata,
    resumed_at,
    rules,
    settings,
    source_of,
    with_mark,
)
from .model import HistoryChange, HistoryConfig, HistoryStatus

DROP_SECONDS = 5.0
DROP_PAUSE = 0.02
# How often a change is made again that somebody else's change, of the same moment, has undone.
CHANGES = 4


class HistoryStreams:
    """All raise HistoryOff where there is no history."""

    def __init__(self, js: JetStream) -> None:
        self._js = js
        self._messages = Messages(js)
        self.missing: tuple[str, ...] = ()  # histories that did not answer when they were last listed

    async def info(self, bucket: str) -> dict[str, Any]:
        """The stream's info as the server gives it."""
        check_bucket_name(bucket)
        try:
            return await self._js.api(f"STREAM.INFO.{history_stream(bucket)}", about=bucket)
        except BucketNotFound:
            raise HistoryOff(f"The bucket {bucket!r} has no history. It can be switched on in the bucket's settings.") from None

    async def status(self, bucket: str) -> HistoryStatus:
        return history_status(await self.info(bucket))

    async def find(self, bucket: str) -> HistoryStatus | None:
        try:
            return await self.status(bucket)
        except HistoryOff:
            return None

    async def list(self) -> dict[str, HistoryStatus]:
        """All histories by the name of their bucket, those of deleted buckets too."""
        found: dict[str, HistoryStatus] = {}
        without: set[str] = set()
        offset = 0
        while True:
            answer = await self._js.api("STREAM.LIST", {"offset": offset})
            streams, missing = answer.get("streams") or [], answer.get("missing") or []
            found |= {status.bucket: status for status in map(history_status, filter(is_history, streams))}
            without |= {name for name in map(str, missing) if name.startswith(HISTORY_PREFIX)}
            offset += len(streams) + len(missing)
            if not streams or offset >= int(answer.get("total", 0)):
                self.missing = tuple(sorted(without))
                return found

    async def create(self, bucket: BucketStatus, config: HistoryConfig) -> HistoryStatus:
        """Raises HistoryUnsupported for a server before 2.14, InvalidBucketConfig, BucketFull (no room in the account)."""
        wanted = new_stream(config, bucket)
        await self.check_server()
        return history_status(await self._js.api(f"STREAM.CREATE.{history_stream(bucket.name)}", wanted, about=bucket.name))

    async def resume(self, bucket: BucketStatus, config: HistoryConfig, *, anew: bool = False) -> HistoryStatus:
        """Copy on, after a time without copying or for a bucket that was deleted and made again: into the same history.

        anew: from the bucket's beginning, though it is the same.
        """
        check_config(config, alone=not bucket.stream.cluster)
        await self.check_server()
        before = await self.info(bucket.name)
        same = history_status(before).bucket_created == bucket.created.isoformat() and not anew
        start = await self.last_copied(bucket.name) + 1 if same else 1
        floor = begins_after(before["config"]) if same else int(before.get("state", {}).get("last_seq", 0))
        times = copying(before["config"]) + (0 if same else 1)
        missing_nothing = same or anew or not history_status(before).enabled
        preexisting = bucket.stream.last_seq if missing_nothing else 0  # of a new bucket everything was to be copied
        metadata = marks(config, bucket, preexisting, floor, times, start - 1)

        def change(info: dict[str, Any]) -> dict[str, Any] | None:
            found = info["config"]
            if found.get("sources") and resumed_at(found) != resumed_at(before["config"]):
                return None  # done, by us or somebody else
            off = self._changed_config(info, config)
            return off | {"sources": [source_of(bucket.name, start, times)], "metadata": own_metadata(off) | metadata}

        return await self._change(bucket.name, change)

    async def update(self, bucket: str, change: HistoryChange) -> HistoryStatus:
        def updated(info: dict[str, Any]) -> dict[str, Any] | None:
            status, metadata = history_status(info), own_metadata(info["config"])
            config = changed(status.config, change, alone=not status.stream.cluster)
            wanted = self._changed_config(info, config) | {"metadata": metadata | rules(config)}
            same = all(info["config"].get(key) == wanted[key] for key in settings(config, 1))
            return None if same and wanted["metadata"] == metadata else wanted

        return await self._change(bucket, updated)

    async def stop(self, bucket: str) -> HistoryStatus:
        """Copy nothing more; what there is stays."""
        return await self._change(bucket, lambda info: info["config"] | {"sources": []} if info["config"].get("sources") else None)

    async def answer_directly(self, bucket: str) -> bool:
        """Switch direct gets on again if somebody has switched them off. Whether it was so."""
        was_off = not (await self.info(bucket))["config"].get("allow_direct")
        await self._change(bucket, lambda info: None if info["config"].get("allow_direct") else info["config"] | {"allow_direct": True})
        return was_off

    async def _change(self, bucket: str, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> HistoryStatus:
        """Have the server take what ``change`` makes of the configuration, until it has nothing more to change: the server knows no
        conditional update, and one of another process may undo this one."""
        info = await self.info(bucket)
        for _ in range(CHANGES):
            wanted = change(info)
            if wanted is None:
                break
            await self._update(bucket, wanted)
            info = await self.info(bucket)
        return history_status(info)

    async def remove(self, bucket: str) -> None:
        """Everything in it, for good. Removing twice is no error."""
        try:
            await self._js.delete_stream(history_stream(check_bucket_name(bucket)), about=bucket)
        except BucketNotFound:
            return

    async def subjects(self, bucket: str, subject: str) -> dict[str, int]:
        """The subjects that match ``subject``, each with its number of messages."""
        found: dict[str, int] = {}
        while True:
            body = {"subjects_filter": subject, "offset": len(found)}
            answer = await self._js.api(f"STREAM.INFO.{history_stream(bucket)}", body, about=bucket)
            page = answer.get("state", {}).get("subjects") or {}
            found |= page
            if not page or len(found) >= int(answer.get("total", 0)):
                return found

    async def messages(self, bucket: str, subject: str) -> int:
        """How many messages are on a literal subject."""
        return (await self.subjects(bucket, subject)).get(subject, 0)

    async def purge(self, bucket: str, subject: str, *, before: int = 0) -> int:
        """Remove the messages on ``subject``, with ``before`` only those whose sequence is smaller. How many there were."""
        body: dict[str, Any] = {"filter": subject} | ({"seq": before} if before else {})
        try:
            return int((await self._js.api(f"STREAM.PURGE.{history_stream(bucket)}", body, about=bucket)).get("purged", 0))
        except BucketNotFound:
            return 0

    async def delete_message(self, bucket: str, sequence: int) -> None:
        """Remove one message and overwrite it where it is stored. Twice is no error."""
        try:
            await self._js.api(f"STREAM.MSG.DELETE.{history_stream(bucket)}", {"seq": sequence}, about=bucket)
        except ServerError as error:
            if error.err_code not in MESSAGE_NOT_FOUND:
                raise

    async def has(self, bucket: str, entry: Entry) -> bool:
        """Whether the history's newest record of this name is this metadata message. Raises BucketNotFound without a history."""
        found = await self._messages.stored(history_stream(bucket), last_by_subj=token_subject(bucket, entry.token))
        return found is not None and found.data == entry.raw

    async def active(self, bucket: str) -> bool:
        """Whether the server has begun to copy."""
        sources = (await self.info(bucket)).get("sources") or [{}]
        return int(sources[0].get("active", -1)) >= 0

    async def missed(self, bucket: str) -> int:
        """See ``History.missed``. Every message of the bucket since the history was switched on should have become one of the history's;
        sequences never go back, whatever is pruned."""
        info = await self.info(bucket)
        last, preexisting = int(info.get("state", {}).get("last_seq", 0)), history_status(info).preexisting
        copied = await self.last_copied(bucket)
        if copied <= preexisting:
            return 0
        first = await self._first_after(bucket, preexisting, begins_after(info["config"]) + 1, last)
        return max(0, (copied - preexisting) - (last - first + 1))

    async def _first_after(self, bucket: str, preexisting: int, low: int, high: int) -> int:
        """From which sequence of the history on everything was written to the bucket after ``preexisting``."""
        while low < high:
            middle = (low + high) // 2
            message = await self._messages.stored(history_stream(bucket), seq=middle, next_by_subj=">")
            source = Source.of(message.message) if message is not None else None
            if source is None or source.sequence > preexisting:
                high = middle
            else:
                low = middle + 1
        return low

    async def drop_since(self, bucket: str, subject: str, sequence: int) -> None:
        """Remove what was copied from ``subject`` after this sequence of the bucket, where that is no data after all. No history is no
        error. Waits (a few seconds at most) until what is on the subject now has been copied."""
        newest = await self._messages.stored(stream_name(bucket), last_by_subj=subject)
        with contextlib.suppress(HistoryOff, BucketNotFound):
            until = time.monotonic() + DROP_SECONDS
            while newest is not None and await self.last_copied(bucket) < newest.sequence:
                if time.monotonic() > until:
                    break
                await asyncio.sleep(DROP_PAUSE)
            after = 0
            while (found := await self._messages.stored(history_stream(bucket), seq=after + 1, next_by_subj=subject)) is not None:
                after = found.sequence
                if bucket_sequence(found) > sequence:
                    await self.delete_message(bucket, after)

    async def last_copied(self, bucket: str) -> int:
        """The bucket's sequence up to which the history has everything; 0 when it has nothing of the bucket that is there now. For an
        archive, of the one that was."""
        info = await self.info(bucket)
        if await self._is_of_another(info):
            return 0
        return _copied(info["config"], await self._newest(bucket))

    async def went_back(self, bucket: str) -> bool:
        """Whether the bucket has lost messages that were copied (power failure, a restored backup): it gives their sequences out again.

        Seen when it has not yet come as far again, or by another message in the place of the one that was copied last. Raises
        BucketNotFound.
        """
        config, newest = (await self.info(bucket))["config"], await self._newest(bucket)
        copied = _copied(config, newest)
        info = await self._js.api(f"STREAM.INFO.{stream_name(bucket)}", about=bucket)  # after that: what comes meanwhile is no loss
        if copied > int(info.get("state", {}).get("last_seq", 0)):
            return True
        if newest is None or bucket_sequence(newest) != copied:
            return False
        original = await self._messages.stored(stream_name(bucket), seq=copied)
        return original is not None and (original.subject, original.data) != (newest.subject, newest.data)

    async def of_earlier_buckets(self, bucket: str) -> int:
        """Up to which of its sequences it has what was copied from an earlier bucket, or from what the bucket was before it went back."""
        info = await self.info(bucket)
        if await self._is_of_another(info):
            return int(info.get("state", {}).get("last_seq", 0))
        return begins_after(info["config"])

    async def earlier(self, bucket: str) -> tuple[int, int]:
        """Up to which of its sequences, and until when (server time, nanoseconds), it tells of an earlier bucket; (0, 0): of none."""
        info = await self.info(bucket)
        other = await self._other_bucket(info)
        if other is not None:
            return int(info.get("state", {}).get("last_seq", 0)), nanoseconds(other)
        last = begins_after(info["config"])
        if not last:
            return 0, 0
        first = await self._messages.stored(history_stream(bucket), seq=last + 1, next_by_subj=">")
        began = parse_time(history_status(info).bucket_created)
        return last, first.time_ns if first is not None else nanoseconds(began) if began is not None else 0

    async def _is_of_another(self, info: dict[str, Any]) -> bool:
        """Whether there is a bucket, and it is not the one that this history has copied."""
        return await self._other_bucket(info) is not None

    async def _other_bucket(self, info: dict[str, Any]) -> datetime | None:
        """When the bucket was made that is there, if that is not the one that this history has copied."""
        status = history_status(info)
        try:
            answer = await self._js.api(f"STREAM.INFO.{stream_name(status.bucket)}", about=status.bucket)
        except BucketNotFound:
            return None
        created = parse_time(answer.get("created"))
        return created if created is not None and created.isoformat() != status.bucket_created else None

    async def _newest(self, bucket: str) -> StoredMessage | None:
        return await self._messages.stored(history_stream(bucket), last_by_subj=f"$O.{bucket}.>")

    async def note_copied(self, bucket: str, going: Collection[str]) -> None:
        """Before what is on these subjects is removed: if the history's last message is, what ``last_copied`` says must not go back."""
        before, newest = (await self.info(bucket))["config"], await self._newest(bucket)
        if newest is None or newest.subject not in going:
            return
        copied = _copied(before, newest)

        def change(info: dict[str, Any]) -> dict[str, Any] | None:
            config = info["config"]
            wanted = config.get("sources") and epoch(config) == epoch(before) and copied > copied_mark(config)
            return with_mark(config, copied) if wanted else None

        await self._change(bucket, change)

    async def now_ns(self, bucket: str) -> int:
        """The server's time in nanoseconds."""
        return parse_time_ns((await self.info(bucket)).get("ts")) or time.time_ns()

    def _changed_config(self, info: dict[str, Any], config: HistoryConfig) -> dict[str, Any]:
        wanted: dict[str, Any] = info["config"] | settings(config, int(info["config"].get("num_replicas", 1)))
        wanted.pop("subjects", None)  # the server gives one to a stream without sources
        return wanted

    async def _update(self, bucket: str, wanted: dict[str, Any]) -> HistoryStatus:
        wanted = wanted | {"metadata": own_metadata(wanted)}
        return history_status(await self._js.api(f"STREAM.UPDATE.{history_stream(bucket)}", wanted, about=bucket))

    async def check_server(self) -> None:
        """Raises HistoryUnsupported."""
        answer = await self._js.api("INFO")
        level = answer.get("api", {}).get("level", 0)
        if not isinstance(level, int) or level < HISTORY_LEVEL:
            version = self._js.connection.state.server_version
            raise HistoryUnsupported(f"A history needs nats-server 2.14 or later; this one is {version}. Everything else works without it.")


def _copied(config: dict[str, Any], newest: StoredMessage | None) -> int:
    """Up to which sequence of the bucket a history with this newest message has everything."""
    source = Source.of(newest.message) if newest is not None and newest.sequence > begins_after(config) else None
    return max(source.sequence if source else 0, copied_mark(config))
