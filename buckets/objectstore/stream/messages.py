"""Reading single messages of a bucket from its stream's leader."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from ..entry import Entry, prefer
from ..errors import ObjectNotFound, ServerError
from ..names import bucket_of_stream, latin1_subject, metadata_subject, metadata_token, metadata_wildcard, odd_subject, stream_name
from ..times import parse_time_ns
from ..transport.jetstream import JetStream
from ..transport.wire import RawMessage

# What a server says when it is to remove a message that it does not have.
NO_SUCH_MESSAGE = {10043, 10057}
# More subjects than any stream has.
BEYOND_ALL = 2**40


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as a stream keeps it. Headers are parsed when asked for."""

    sequence: int
    message: RawMessage

    @property
    def data(self) -> bytes:
        return self.message.data

    @property
    def subject(self) -> str:
        """Bytes that are not UTF-8 are surrogates here, as in ``RawMessage``."""
        return self.message.raw_header(b"Nats-Subject").decode("utf-8", "surrogateescape")

    @property
    def time_ns(self) -> int:
        return parse_time_ns(self.message.header(b"Nats-Time-Stamp"))

    def is_from(self, stream: str) -> bool:
        """Whether ``stream`` itself gave it to a direct get: a mirror, which may answer in its place, gives its own name."""
        return self.message.raw_header(b"Nats-Stream") == stream.encode()

    def header(self, name: bytes) -> str:
        return self.message.header(name) or ""


def decode_message(answer: dict[str, Any]) -> StoredMessage:
    """An answer of ``STREAM.MSG.GET``, with the headers that a direct get would have added."""
    message = answer["message"]
    try:
        data = base64.b64decode(message.get("data") or b"")
        headers = base64.b64decode(message.get("hdrs") or b"")
    except (binascii.Error, ValueError):
        raise ServerError("NATS gave a message that is not base64.") from None
    added = f"Nats-Subject: {message.get('subject', '')}\r\nNats-Time-Stamp: {message['time']}\r\n\r\n".encode()
    block = (headers.removesuffix(b"\r\n") or b"NATS/1.0\r\n") + added
    return StoredMessage(int(message["seq"]), RawMessage("", "", data, block))


class Messages:
    def __init__(self, js: JetStream) -> None:
        self._js = js

    async def last(self, bucket: str, name: str) -> Entry | None:
        """The object's metadata as the leader has it, deleted or not; None when there never was one.

        Asked of the leader (``STREAM.MSG.GET``) and not by direct get, which another replica or a foreign mirror may answer
        with old data. Raises BucketNotFound.
        """
        entry = await self._last_on(bucket, metadata_subject(bucket, name))
        latin1, odd = latin1_subject(bucket, name), odd_subject(bucket, name)
        if latin1 is not None:
            entry = prefer(entry, await self._named(bucket, latin1, name))
        if odd is not None and (entry is None or entry.deleted):
            entry = prefer(entry, await self._named(bucket, odd, name))
        return entry

    async def _named(self, bucket: str, subject: str, name: str) -> Entry | None:
        found = await self._last_on(bucket, subject)
        return found if found is not None and found.name == name else None

    async def _last_on(self, bucket: str, subject: str) -> Entry | None:
        message = await self.stored(stream_name(bucket), last_by_subj=subject)
        return None if message is None else Entry.read(metadata_token(bucket, subject), message.data, message.sequence, message.time_ns)

    async def stored(self, stream: str, **query: str | int) -> StoredMessage | None:
        """One message from a stream's leader by ``seq``, ``last_by_subj`` or ``next_by_subj`` and ``seq``. Raises BucketNotFound."""
        try:
            answer = await self._js.api(f"STREAM.MSG.GET.{stream}", query, about=bucket_of_stream(stream))
        except ObjectNotFound:
            return None
        return decode_message(answer)

    async def remove(self, stream: str, sequence: int) -> None:
        """Remove one message; harmless when it is gone. Raises BucketNotFound, BucketSealed."""
        try:
            await self._js.api(f"STREAM.MSG.DELETE.{stream}", {"seq": sequence, "no_erase": True}, about=bucket_of_stream(stream))
        except ServerError as error:
            if error.err_code not in NO_SUCH_MESSAGE:
                raise

    async def count(self, bucket: str) -> int:
        """How many objects have metadata in the bucket, deletion markers included. Raises BucketNotFound.

        Asked of the leader, which answers with the number alone when nothing is left of the list behind the offset. (A direct get has
        a number too, and sooner; but a mirror counts what has been replaced, or lacks what is there.)
        """
        body = {"subjects_filter": metadata_wildcard(bucket), "offset": BEYOND_ALL}
        answer = await self._js.api(f"STREAM.INFO.{stream_name(bucket)}", body, about=bucket)
        total = answer.get("total", 0)
        return total if isinstance(total, int) else 0
