"""nats-py's client with a short cut: messages of a raw subscription reach their handler at once.

nats-py queues every message, parses its headers into a dict and wakes a task for it; at 100,000 metadata messages or 500 MB/s
of chunks that is most of the cost. A raw handler is called from the read loop with the bytes as they came, and parses what it needs.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nats.aio.client import Client
from nats.aio.subscription import Subscription
from nats.errors import ConnectionClosedError

from .incoming import divert

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class RawMessage:
    """A message as it came: ``headers`` is the whole header block, status line included, b"" when there is none.

    Subjects need not be UTF-8: other bytes are surrogates here (``surrogateescape``).
    """

    subject: str
    reply: str
    data: bytes
    headers: bytes

    @property
    def status(self) -> int:
        """The status of a control message (204, 404, 503 …), 0 for an ordinary one."""
        line = self.headers[8:12]
        return int(line) if line[:1] == b" " and line[1:].isdigit() else 0

    @property
    def description(self) -> str:
        return self.headers[12 : self.headers.find(b"\r\n")].decode("utf-8", "replace").strip()

    def header(self, name: bytes) -> str | None:
        """The last value of the header ``name`` (exact case: the server's own headers have one), or None.

        The last, because the server appends its own after those that the message was stored with.
        """
        value = self.raw_header(name)
        return value.decode("utf-8", "replace") if value else None

    def raw_header(self, name: bytes) -> bytes:
        """As ``header``, but as it came; b"" when there is none."""
        start = self.headers.rfind(b"\r\n" + name + b":")
        if start < 0:
            return b""
        start += len(name) + 3
        return self.headers[start : self.headers.find(b"\r\n", start)].strip()

    def number(self, name: bytes) -> int | None:
        """The header as a whole number, None when it is missing or none."""
        value = self.header(name)
        return int(value) if value is not None and value.isascii() and value.isdigit() else None


RawHandler = Callable[[RawMessage], None]


class RawClient(Client):
    """A nats-py client that also has raw subscriptions. They are replayed after a reconnect like any other."""

    def __init__(self) -> None:
        super().__init__()
        self._raw_handlers: dict[int, RawHandler] = {}

    async def subscribe_raw(self, subject: str, handler: RawHandler) -> "RawSubscription":
        """Call ``handler`` for each message on ``subject``, in order, from the read loop: it must be quick. What it raises is logged."""
        subscription = await self.subscribe(subject)
        self._raw_handlers[subscription._id] = handler
        return RawSubscription(self, subscription)

    async def publish_raw(self, subject: str, reply: str, payload: bytes) -> None:
        """Publish without headers. The payload goes to the socket as it is; ``publish`` copies it twice."""
        if self.is_closed or self._flush_queue is None:
            raise ConnectionClosedError
        line = f"PUB {subject} {reply} {len(payload)}\r\n".encode()
        self._pending += (line, payload, b"\r\n")
        self._pending_data_size += len(line) + len(payload) + 2
        if self._flush_queue.empty():
            await self._flush_pending()

    def forget_unsent(self) -> None:
        """Of what was published and is not with the system yet, nothing will be sent any more."""
        self._pending = []
        self._pending_data_size = 0

    def break_off(self) -> None:
        """End the connection without a word, and without waiting for the other side."""
        writer = getattr(self._transport, "_io_writer", None)
        if writer is not None:
            writer.transport.abort()

    async def _attempt_reconnect(self) -> None:
        """nats-py's, which first closes the old connection and waits until all is sent: to a host that is gone, a quarter of an hour."""
        self.break_off()
        await super()._attempt_reconnect()

    async def _read_loop(self) -> None:
        """nats-py's, which from now on is given what is for no raw handler. Begun again after each reconnect."""
        writer, reader = getattr(self._transport, "_io_writer", None), getattr(self._transport, "_io_reader", None)
        if writer is not None and reader is not None:  # no WebSocket, which has messages of its own
            divert(writer.transport, reader, self._handle)
        await super()._read_loop()

    async def _process_connect_init(self) -> None:
        """nats-py's, which begins three tasks, and forgets those of a reconnect that breaks off right after this."""
        for task in (self._reading_task, self._ping_interval_task, self._flusher_task):
            if task is not None:
                task.cancel()
        await super()._process_connect_init()

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: Any) -> None:
        if not self._handle(sid, subject, reply, data, headers or b""):
            await super()._process_msg(sid, subject, reply, data, headers)

    def _handle(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> bool:
        """False if the message is for no raw handler."""
        handler = self._raw_handlers.get(sid)
        if handler is None:
            return False
        message = RawMessage(_text(subject), _text(reply), data, headers)
        try:
            handler(message)
        except Exception:  # nothing that comes in may end the reading
            logger.exception("a message on %r was passed over", message.subject)
        return True


def _text(subject: bytes) -> str:
    return subject.decode("utf-8", "surrogateescape")


class RawSubscription:
    def __init__(self, client: RawClient, subscription: Subscription) -> None:
        self._client = client
        self._subscription = subscription

    async def unsubscribe(self) -> None:
        """End it; harmless when the connection is gone."""
        self._client._raw_handlers.pop(self._subscription._id, None)
        if not self._client.is_closed and not self._client.is_draining:
            await self._subscription.unsubscribe()
