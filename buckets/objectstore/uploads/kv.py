"""A small key-value bucket with compare-and-set (ADR-8), for what replicas of the site share: uploads that are under way."""

import re
from dataclasses import dataclass

from ..errors import BucketExists, BucketNotFound, Conflict, PermissionDenied, Unavailable
from ..stream.messages import Messages
from ..times import NANOSECONDS
from ..transport.jetstream import JetStream

KEY = re.compile(r"[A-Za-z0-9_-]{1,128}\Z")
EXPECTED = "Nats-Expected-Last-Subject-Sequence"
OPERATION = "KV-Operation"


@dataclass(frozen=True, slots=True)
class KeyValue:
    """``revision`` is what the next ``put`` of the key has to be on top of."""

    key: str
    value: bytes
    revision: int
    time_ns: int


class KeyValues:
    """One bucket. It is made when it is first written to. Keys: 1 to 128 letters, digits, "-" and "_"; values: the server's max_payload.

    max_age: after so many seconds a key is gone, 0 for never.
    """

    def __init__(self, js: JetStream, bucket: str, *, replicas: int = 1, description: str = "", max_age: float = 0.0) -> None:
        self._js = js
        self._messages = Messages(js)
        self._bucket = bucket
        self._stream = f"KV_{bucket}"
        self._replicas = replicas
        self._description = description
        self._max_age = max_age
        self._made = False

    async def get(self, key: str) -> KeyValue | None:
        """As the leader has it; None when there is none (any more)."""
        try:
            message = await self._messages.stored(self._stream, last_by_subj=self._subject(key))
        except BucketNotFound:
            return None
        if message is None or message.header(OPERATION.encode()) in ("DEL", "PURGE"):
            return None
        return KeyValue(key, message.data, message.sequence, message.time_ns)

    async def put(self, key: str, value: bytes, revision: int) -> int:
        """On top of ``revision`` only (0: there is none); the new revision. Raises Conflict.

        value: one that nobody else writes, by which it is known again after a lost answer.
        """
        if not self._made:
            await self._make()
        try:
            return await self._put(key, value, revision)
        except Unavailable:  # it may have been deleted: then nobody listens
            await self._make()
            return await self._put_again(key, value, revision)

    async def _put_again(self, key: str, value: bytes, revision: int) -> int:
        """After a try without an answer, which may have been stored."""
        try:
            return await self._put(key, value, revision)
        except Conflict:
            found = await self.get(key)
            if found is None or found.value != value:
                raise
            return found.revision

    async def delete(self, key: str, *, upto: int = 0) -> None:
        """Without a trace; with ``upto`` only if it has not been written since that revision. Twice is no error."""
        body = {"filter": self._subject(key)} | ({"seq": upto + 1} if upto else {})
        try:
            await self._js.api(f"STREAM.PURGE.{self._stream}", body, about=self._bucket)
        except BucketNotFound:
            return

    async def keys(self) -> list[str]:
        found: list[str] = []
        while True:
            body = {"subjects_filter": f"$KV.{self._bucket}.>", "offset": len(found)}
            try:
                answer = await self._js.api(f"STREAM.INFO.{self._stream}", body, about=self._bucket)
            except BucketNotFound:
                return []
            page = answer.get("state", {}).get("subjects") or {}
            found += [subject.rpartition(".")[2] for subject in page]
            if not page or len(found) >= int(answer.get("total", 0)):
                return found

    async def _put(self, key: str, value: bytes, revision: int) -> int:
        headers = {EXPECTED: str(revision), "Nats-Expected-Stream": self._stream}
        return int((await self._js.publish(self._subject(key), value, headers))["seq"])

    async def _make(self) -> None:
        wanted = {
            "name": self._stream,
            "description": self._description,
            "subjects": [f"$KV.{self._bucket}.>"],
            "max_msgs_per_subject": 1,
            "max_age": int(self._max_age * NANOSECONDS),
            "num_replicas": self._replicas,
            "discard": "new",
            "allow_rollup_hdrs": True,
            "allow_direct": True,
            "deny_delete": True,
        }
        try:
            await self._js.api(f"STREAM.CREATE.{self._stream}", wanted, about=self._bucket)
        except BucketExists:
            pass
        except PermissionDenied:
            if not await self._exists():  # an operator may have made it
                raise
        self._made = True

    async def _exists(self) -> bool:
        try:
            await self._js.api(f"STREAM.INFO.{self._stream}", about=self._bucket)
        except BucketNotFound:
            return False
        return True

    def _subject(self, key: str) -> str:
        if not KEY.match(key):
            raise Conflict("That is no key.")
        return f"$KV.{self._bucket}.{key}"
