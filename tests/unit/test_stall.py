"""Who takes nothing for too long is cut off; who is only slow is not."""

import asyncio
import socket

import pytest

from nats_files.stall import StallWatch, unsent


class Transport(asyncio.WriteTransport):
    """``left``: what it says to have still to send, one number for each time that it is asked, the last one for ever."""

    def __init__(self, *left: int) -> None:
        super().__init__()
        self.left = list(left)
        self.cut = asyncio.Event()

    def get_write_buffer_size(self) -> int:
        return self.left.pop(0) if len(self.left) > 1 else self.left[0]

    def abort(self) -> None:
        self.cut.set()


async def test_a_client_that_takes_nothing_is_cut_off() -> None:
    transport = Transport(100)
    StallWatch(transport, 0.05).begin()
    async with asyncio.timeout(5):
        await transport.cut.wait()


async def test_a_client_that_takes_a_byte_now_and_then_is_not() -> None:
    transport = Transport(*range(1000, 950, -1), 0)
    watch = StallWatch(transport, 0.08)
    watch.begin()
    while len(transport.left) > 20:
        assert not transport.cut.is_set()
        await asyncio.sleep(0.01)
    watch.end()


async def test_nothing_is_cut_off_after_the_end() -> None:
    transport = Transport(100)
    watch = StallWatch(transport, 0.02)
    watch.begin()
    watch.end()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(transport.cut.wait(), 0.1)


async def test_what_the_system_has_not_sent_counts_too() -> None:
    server, client = socket.socketpair()
    with server, client:
        server.setblocking(False)
        _, writer = await asyncio.open_connection(sock=server)
        writer.write(b"x" * 10_000_000)
        before = unsent(writer.transport)
        held = writer.transport.get_write_buffer_size()
        assert before > held > 0
        client.recv(100_000)
        assert unsent(writer.transport) < before
        writer.transport.abort()
        await asyncio.sleep(0)
