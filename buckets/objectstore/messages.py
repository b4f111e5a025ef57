"""Reading single messages of a bucket from its stream's leader."""

import base64
import binascii
import contextlib
from dataclasses import dataclass
from typing import Any

import orjson

from .entry import Entry
from .errors import ObjectNotFound, ServerError, Unavailable
from .jetstream import JetStream
from .names import latin1_subject, metadata_subject, metadata_token, metadata_wildcard, odd_subject, stream_name
from .streams import parse_time_ns


@dataclass(frozen=True, slots=True)
class StoredMessage:
    sequence: int
    time_ns: int
    data: bytes


def decode_message(answer: dict[str, Any]) -> StoredMessage:
    """An answer of ``STREAM.MSG.GET``."""
    message = answer["message"]
    try:
        data = base64.b64decode(message.get("data") or b"")
    except (binascii.Error, ValueError):
        raise ServerError("NATS gave a message that is not base64.") from None
    return StoredMessage(int(message["seq"]), parse_time_ns(message["time"]), data)


class Messages:
    def __init__(self, js: JetStream) -> None:
        self._js = js

    async def last(self, bucket: str, name: str) -> Entry | None:
        """The object's metadata as the leader has it, deleted or not; None when there never was one.

        Asked of the leader (``STREAM.MSG.GET``) and not by direct get, which another replica or a foreign mirror may answer
        with old data. Raises BucketNotFound.
        """
        entry = await self._last_on(bucket, metadata_subject(bucket, name))
        for elsewhere in (latin1_subject(bucket, name), odd_subject(bucket, name)):
            if elsewhere is not None and (entry is None or entry.deleted):
                other = await self._last_on(bucket, elsewhere)
                entry = other if other is not None and other.name == name else entry
        return entry

    async def _last_on(self, bucket: str, subject: str) -> Entry | None:
        try:
            answer = await self._js.api(f"STREAM.MSG.GET.{stream_name(bucket)}", {"last_by_subj": subject}, about=bucket)
        except ObjectNotFound:
            return None
        message = decode_message(answer)
        return Entry.read(metadata_token(bucket, subject), message.data, message.sequence, message.time_ns)

    async def count(self, bucket: str) -> int:
        """How many objects have metadata in the bucket, deletion markers included.

        One batched direct get tells (2.11 and later); else the leader lists the subjects. Raises BucketNotFound.
        """
        query = orjson.dumps({"seq": 1, "next_by_subj": metadata_wildcard(bucket), "batch": 1})
        with contextlib.suppress(Unavailable):
            message = await self._js.connection.request(f"{self._js.prefix}.DIRECT.GET.{stream_name(bucket)}", query)
            pending = message.number(b"Nats-Num-Pending")
            if not message.status and pending is not None:
                return pending + 1
        return await self._count_subjects(bucket)

    async def _count_subjects(self, bucket: str) -> int:
        counted = 0
        while True:
            body = {"subjects_filter": metadata_wildcard(bucket), "offset": counted}
            answer = await self._js.api(f"STREAM.INFO.{stream_name(bucket)}", body, about=bucket)
            page = len(answer.get("state", {}).get("subjects") or {})
            counted += page
            if not page or counted >= int(answer.get("total", 0)):
                return counted
