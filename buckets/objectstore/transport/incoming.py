"""What a NATS connection receives, taken from its socket with one copy.

nats-py reads 32 KiB at a time and copies every byte five times before a message is there. Here messages that somebody wants as they are go
straight from the receive buffer to them; all else (control lines, messages of other subscriptions) goes on to nats-py as it came.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

BUFFER = 512 * 1024
ROOM = 64 * 1024
MAX_LINE = 1024 * 1024  # INFO names all servers of a cluster
END = b"\r\n"

# Given a subscription's number, the subject, the reply subject, the data and the headers; False if it does not want such a message.
Deliver = Callable[[int, bytes, bytes, bytes, bytes], bool]


class _Frame(NamedTuple):
    """The first line of a message: ``headers`` and ``size`` (of both) are in bytes."""

    sid: int
    subject: bytes
    reply: bytes
    headers: int
    size: int


def divert(transport: asyncio.Transport, reader: asyncio.StreamReader, deliver: Deliver) -> None:
    """From now on let ``deliver`` have the messages that ``transport`` receives for ``reader``. What ``reader`` has already comes first."""
    before = bytes(reader._buffer)  # type: ignore[attr-defined]
    reader._buffer.clear()  # type: ignore[attr-defined]
    transport.pause_reading()
    incoming = Incoming(transport, deliver)
    transport.set_protocol(incoming)
    transport.resume_reading()
    incoming.feed(before)


class Incoming(asyncio.BufferedProtocol):
    """Stands before the protocol that ``transport`` has."""

    def __init__(self, transport: asyncio.Transport, deliver: Deliver) -> None:
        inner = transport.get_protocol()
        assert isinstance(inner, asyncio.Protocol)
        self._transport = transport
        self._inner = inner
        self._deliver = deliver
        self._buffer = bytearray(BUFFER)
        self._view = memoryview(self._buffer)
        self._start = self._end = 0  # what has come and is not dealt with
        self._needed = 0  # so much of it must be there before it is looked at again

    def get_buffer(self, sizehint: int) -> memoryview:
        if self._start == self._end:
            self._start = self._end = 0
            if len(self._buffer) > 2 * BUFFER:
                self._move(BUFFER)
        if len(self._buffer) - self._start < self._needed or len(self._buffer) - self._end < ROOM:
            self._move(max(BUFFER, self._needed, self._end - self._start + ROOM))
        return self._view[self._end :]

    def buffer_updated(self, nbytes: int) -> None:
        self._end += nbytes
        while self._end - self._start > self._needed and self._take():
            pass

    def feed(self, data: bytes) -> None:
        """As if it had been received."""
        rest = memoryview(data)
        while rest:
            space = self.get_buffer(len(rest))
            size = min(len(space), len(rest))
            space[:size] = rest[:size]
            self.buffer_updated(size)
            rest = rest[size:]

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        self._inner.connection_lost(error)

    def _take(self) -> bool:
        """Deal with one line or message; False if the next one is not all there."""
        line_end = self._buffer.find(END, self._start, self._end)
        if line_end < 0:
            self._needed = self._end - self._start
            if self._needed > MAX_LINE:
                self._transport.abort()
            return False
        body = line_end + len(END)
        frame = _parsed(bytes(self._view[self._start : line_end]))
        end = body if frame is None else body + frame.size + len(END)
        if end > self._end:
            self._needed = end - self._start - 1
            return False
        if frame is None or not self._is_taken(frame, body):
            self._inner.data_received(bytes(self._view[self._start : end]))
        self._start, self._needed = end, 0
        return True

    def _is_taken(self, frame: _Frame, body: int) -> bool:
        data = body + frame.headers
        headers = bytes(self._view[body:data])
        return self._deliver(frame.sid, frame.subject, frame.reply, bytes(self._view[data : body + frame.size]), headers)

    def _move(self, size: int) -> None:
        """What is not dealt with to the beginning, of a buffer that has ``size`` bytes at least."""
        rest = self._view[self._start : self._end]
        buffer = self._buffer if BUFFER <= size <= len(self._buffer) <= 2 * BUFFER else bytearray(size)
        buffer[: len(rest)] = bytes(rest)
        self._start, self._end = 0, len(rest)
        if buffer is not self._buffer:
            self._buffer, self._view = buffer, memoryview(buffer)


def _parsed(line: bytes) -> _Frame | None:
    """None for what is no message, or none that can be understood."""
    words = line.split(b" ")
    sizes = {b"MSG": 1, b"HMSG": 2}.get(words[0])
    if sizes is None or len(words) - sizes not in (3, 4):
        return None
    numbers = [words[2], *words[-sizes:]]
    if not all(number.isdigit() for number in numbers):
        return None
    sid, headers, size = int(words[2]), int(words[-2]) if sizes == 2 else 0, int(words[-1])
    reply = words[3] if len(words) - sizes == 4 else b""
    return _Frame(sid, words[1], reply, headers, size) if headers <= size else None
