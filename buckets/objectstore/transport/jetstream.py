"""JetStream's request API: one call, one document, the server's errors as ours; retried where a retry can help."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import orjson

from ..errors import (
    BucketExists,
    BucketFull,
    BucketNotFound,
    BucketRestricted,
    BucketSealed,
    Conflict,
    InvalidBucketConfig,
    ObjectNotFound,
    ObjectStoreError,
    ServerError,
    Unavailable,
)
from .connection import Connection
from .wire import RawMessage

logger = logging.getLogger(__name__)
T = TypeVar("T")

RETRIES = 3
FIRST_PAUSE = 0.1

# JetStream error numbers (server/errors.json of nats-server).
STREAM_NOT_FOUND = 10059
STREAM_NAME_IN_USE = 10058
NO_MESSAGE_FOUND = 10037
MESSAGE_NOT_FOUND = {10043, 10057}
WRONG_LAST_SEQUENCE = {10071, 10164}
STREAM_SEALED = 10109
MESSAGE_TOO_LARGE = 10054
STORE_FAILED = 10077
ROLLUP_FAILED = 10111
PURGE_FAILED = 10110
FAST_BATCH_NOT_ENABLED = 10205
FAST_BATCH_UNKNOWN = 10208
ATOMIC_BATCH_DISABLED = 10174
_FULL = {10002, 10023, 10028, 10047}
_AWAY = {10008, 10009, 10039, 10076, 10167}
NO_SUITABLE_PEERS = 10005
NOT_CLUSTERED = 10074
TOO_MANY_STREAMS = 10027
_REFUSED_CONFIG = {10025, 10052, 10055, 10061, 10065, 10069, 10113, 10120, 10122, 10123}
# The stream's replicas are on their way to other servers.
_MOVING = {10124, 10226}
# What "store failed" says when there is no room: the stream's limits, or the disk.
_NO_ROOM = ("maximum bytes", "maximum messages", "no space", "insufficient")


def to_error(error: Mapping[str, Any], subject: str = "") -> ObjectStoreError:
    """A JetStream error document (``code``, ``err_code``, ``description``) as one of ours."""
    number = error.get("err_code", 0)
    words = str(error.get("description", "unknown error"))
    if number == STREAM_NOT_FOUND:
        return BucketNotFound(f"There is no bucket {subject!r}.")
    if number == STREAM_NAME_IN_USE:
        return BucketExists(f"A bucket {subject!r} exists already.")
    if number == NO_MESSAGE_FOUND:
        return ObjectNotFound("There is no such object.")
    if number in WRONG_LAST_SEQUENCE:
        return Conflict("The object was changed by someone else in the meantime.")
    if number == STREAM_SEALED:
        return BucketSealed("The bucket is sealed: it can be read, but never changed again.")
    if number == MESSAGE_TOO_LARGE:
        return BucketRestricted("The bucket's stream takes no message as large as this one (max_msg_size, set by another client).")
    if number == ROLLUP_FAILED and "not permitted" in words:
        return BucketRestricted(
            "The bucket's stream does not allow roll-up headers, which objects are written with. An admin can switch them on again "
            "(in the bucket's settings, or: nats stream edit --allow-rollup)."
        )
    if number == PURGE_FAILED and "not permitted" in words:
        return BucketRestricted("The bucket's stream refuses purges for ever (deny_purge): nothing can be removed from it.")
    if number in _FULL:
        return BucketFull(f"NATS has no room left for that: {words}. The limit is the account's or the servers', not the bucket's.")
    if number == TOO_MANY_STREAMS:
        return InvalidBucketConfig(
            "The NATS account has as many streams as it may have. Each bucket is one, and so is each history: "
            "delete one that nobody needs, or have the account's limit raised."
        )
    if (number == STORE_FAILED and any(sign in words for sign in _NO_ROOM)) or "no space left" in words:
        return BucketFull(f"The bucket is full: {words}. Delete something, or raise its size limit.")
    if number == NOT_CLUSTERED:
        return InvalidBucketConfig("More than one replica needs more than one NATS server, in a cluster; this one stands alone.")
    if number == NO_SUITABLE_PEERS:
        return InvalidBucketConfig(f"The cluster has not enough NATS servers for that, by number, placement or room: {words}.")
    if number in _REFUSED_CONFIG:
        return InvalidBucketConfig(f"NATS does not accept these settings: {words}.")
    if number in _MOVING:
        return Unavailable(f"The bucket's replicas are still being moved: {words}. Please try again in a moment.")
    if number in _AWAY:
        return Unavailable(f"JetStream is not available: {words}. Please try later.")
    return ServerError(f"NATS answered: {words}.", status=int(error.get("code", 0)), err_code=int(number))


def document(message: RawMessage) -> dict[str, Any]:
    """The JSON object in ``message``; raises ``ServerError`` if it is none."""
    try:
        answer = orjson.loads(message.data)
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        raise ServerError("NATS gave an answer that is not JSON.")
    return answer


async def retrying(act: Callable[[], Awaitable[T]], tries: int = RETRIES) -> T:
    """``act``, again after 0.1 s, 0.2 s … as long as it raises ``Unavailable``, ``tries`` times in all. Any other error passes at once."""
    for attempt in range(tries - 1):
        try:
            return await act()
        except Unavailable as error:
            logger.info("retrying: %s", error)
            await asyncio.sleep(FIRST_PAUSE * 2**attempt)
    return await act()


class JetStream:
    def __init__(self, connection: Connection, domain: str | None = None) -> None:
        self.connection = connection
        self.prefix = f"$JS.{domain}.API" if domain else "$JS.API"

    async def api(self, endpoint: str, body: Mapping[str, Any] | None = None, *, about: str = "", again: bool = True) -> dict[str, Any]:
        """Call ``$JS.API.<endpoint>``, with retries unless the request must not be repeated (``again``). ``about`` names the bucket in
        errors."""
        payload = orjson.dumps(body) if body is not None else b""

        async def ask() -> dict[str, Any]:
            answer = document(await self.connection.request(f"{self.prefix}.{endpoint}", payload))
            if "error" in answer:
                raise to_error(answer["error"], about)
            return answer

        return await retrying(ask, RETRIES if again else 1)

    async def delete_stream(self, stream: str, *, about: str = "") -> None:
        """Delete the stream that there is now, with retries, but none that was made under its name meanwhile: after a try without an
        answer it is looked at first, and gone or another one is a success. Raises BucketNotFound when there was none to begin with."""
        created = await self._created(stream, about)
        unanswered = False

        async def attempt() -> None:
            nonlocal unanswered
            try:
                if not unanswered or await self._created(stream, about) == created:
                    await self.api(f"STREAM.DELETE.{stream}", about=about, again=False)
            except Unavailable:
                unanswered = True
                raise
            except BucketNotFound:
                if not unanswered:
                    raise

        await retrying(attempt)

    async def _created(self, stream: str, about: str) -> str:
        return str((await self.api(f"STREAM.INFO.{stream}", about=about)).get("created"))

    async def publish(self, subject: str, payload: bytes, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Publish into a stream and wait for its ack, without retries. A subject of no stream raises ``Unavailable``."""
        return self._checked(await self.connection.request(subject, payload, headers=headers), subject)

    async def publish_into_batch(self, subject: str, payload: bytes, headers: Mapping[str, str]) -> None:
        """A message of an atomic batch (ADR-50) that is not its last one: the server answers with nothing, or an error."""
        message = await self.connection.request(subject, payload, headers=headers)
        if message.data:
            self._checked(message, subject)

    def _checked(self, message: RawMessage, subject: str) -> dict[str, Any]:
        answer = document(message)
        if "error" in answer:
            raise to_error(answer["error"], subject)
        return answer
