"""A client that takes nothing of what is sent to it is let go; one that is only slow is not."""

import asyncio
import contextlib
import fcntl
import logging
import os
import socket
import struct
import termios
import time
from collections.abc import Callable

log = logging.getLogger("buckets.errors")

LOOKS = 8  # so often in the time that a client may take nothing


def unsent(transport: asyncio.WriteTransport) -> int:
    """Bytes that the client has not confirmed: those in the transport and, where the system tells, those in its own buffer.

    The latter holds megabytes, and gives the transport room only when much of that is gone: minutes, for a slow client.
    """
    return transport.get_write_buffer_size() + _in_system(transport)


def _in_system(transport: asyncio.WriteTransport) -> int:
    connection = transport.get_extra_info("socket")
    try:
        (size,) = struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))
    except (AttributeError, OSError):
        return 0
    return int(size)


def _forget_what_is_unsent(transport: asyncio.WriteTransport) -> None:
    """Or the system would keep it, for minutes, for a client that does not take it."""
    connection = transport.get_extra_info("socket")
    with contextlib.suppress(AttributeError, OSError), socket.socket(fileno=os.dup(connection.fileno())) as same:
        same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class StallWatch:
    """``begin`` when the transport takes no more, ``end`` when it does again or is gone.

    When nothing at all has gone out for ``seconds`` in between, the connection is cut: closing would wait for what nobody takes.
    """

    def __init__(self, transport: asyncio.WriteTransport, seconds: float, size: Callable[[asyncio.WriteTransport], int] = unsent) -> None:
        self._transport = transport
        self._seconds = seconds
        self._size = size
        self._timer: asyncio.TimerHandle | None = None
        self._left = 0
        self._since = 0.0

    def begin(self) -> None:
        self.end()
        self._left, self._since = self._size(self._transport), time.monotonic()
        self._look_later()

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._seconds / LOOKS, self._look)

    def _look(self) -> None:
        left, now = self._size(self._transport), time.monotonic()
        if left < self._left:
            self._left, self._since = left, now
        if now - self._since < self._seconds:
            self._look_later()
            return
        self._timer = None
        log.warning("a client took nothing for %g s and was disconnected", self._seconds)
        _forget_what_is_unsent(self._transport)
        self._transport.abort()
