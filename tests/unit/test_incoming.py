"""What a NATS connection receives, cut into messages wherever the network has cut it."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buckets.objectstore.transport.incoming import BUFFER, MAX_LINE, Incoming

Message = tuple[int, bytes, bytes, bytes, bytes]
WANTED, OTHER = 7, 8


class Inner(asyncio.Protocol):
    """nats-py's side."""

    def __init__(self) -> None:
        self.received = b""
        self.events: list[str] = []

    def data_received(self, data: bytes) -> None:
        self.received += data

    def pause_writing(self) -> None:
        self.events.append("pause")

    def resume_writing(self) -> None:
        self.events.append("resume")

    def eof_received(self) -> bool | None:
        self.events.append("end")
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self.events.append("lost")


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Inner()
        self.aborted = False

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.inner

    def abort(self) -> None:
        self.aborted = True


class Receiver:
    def __init__(self) -> None:
        self.transport = Transport()
        self.messages: list[Message] = []
        self.incoming = Incoming(self.transport, self._deliver)

    def _deliver(self, *message: Any) -> bool:
        if message[0] != WANTED:
            return False
        self.messages.append(message)
        return True

    def receive(self, data: bytes, size: int = 1 << 30) -> None:
        """As a transport does, ``size`` bytes at a time at most."""
        for piece in (data[start : start + size] for start in range(0, len(data), size)):
            at = 0
            while at < len(piece):
                space = self.incoming.get_buffer(-1)
                count = min(len(space), len(piece) - at)
                assert count
                space[:count] = piece[at : at + count]
                self.incoming.buffer_updated(count)
                at += count


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


def wire(message: Message) -> bytes:
    sid, subject, reply, data, headers = message
    words = [b"HMSG" if headers else b"MSG", subject, str(sid).encode(), *([reply] if reply else [])]
    sizes = [str(len(headers)).encode()] if headers else []
    return b" ".join([*words, *sizes, str(len(headers) + len(data)).encode()]) + b"\r\n" + headers + data + b"\r\n"


texts = st.binary(min_size=1, max_size=12).filter(lambda text: not set(text) & set(b" \r\n"))
messages = st.tuples(
    st.sampled_from([WANTED, OTHER]),
    texts,
    st.just(b"") | texts,
    st.binary(max_size=60),
    st.just(b"") | st.just(b"NATS/1.0\r\nA: b\r\n\r\n"),
)
controls = st.sampled_from([b"PING\r\n", b"PONG\r\n", b"+OK\r\n", b"-ERR 'Slow Consumer'\r\n", b'INFO {"max_payload":1}\r\n'])


@given(st.lists(messages | controls, max_size=12), st.integers(1, 50))
def test_messages_come_whole_and_in_order_however_they_are_cut(sent: list[Message | bytes], size: int) -> None:
    receiver = Receiver()
    receiver.receive(b"".join(each if isinstance(each, bytes) else wire(each) for each in sent), size)
    wanted = [each for each in sent if isinstance(each, tuple) and each[0] == WANTED]
    assert receiver.messages == wanted
    rest = [each if isinstance(each, bytes) else wire(each) for each in sent if each not in wanted]
    assert receiver.transport.inner.received == b"".join(rest)


@pytest.mark.parametrize("size", [BUFFER - 40, BUFFER, BUFFER + 1, 3 * BUFFER])
def test_a_message_may_be_larger_than_the_buffer(receiver: Receiver, size: int) -> None:
    large: Message = (WANTED, b"large", b"reply", b"x" * size, b"NATS/1.0\r\n\r\n")
    small: Message = (WANTED, b"small", b"", b"y", b"")
    receiver.receive(wire(large) + wire(small) + wire(large), 100_000)
    assert receiver.messages == [large, small, large]


def test_the_buffer_is_small_again_after_a_large_message(receiver: Receiver) -> None:
    receiver.receive(wire((WANTED, b"large", b"", b"x" * (8 * BUFFER), b"")))
    assert len(receiver.incoming.get_buffer(-1)) <= 2 * BUFFER


@pytest.mark.parametrize(
    "line",
    [b"MSG", b"MSG a 7", b"MSG a 7 x", b"MSG a 7 -1", b"MSG a x 1", b"HMSG a 7 5 4", b"HMSG a 7 1", b"MSG a 7 b c 1", b"msg a 7 0", b""],
)
def test_what_is_no_message_is_left_to_nats_py(receiver: Receiver, line: bytes) -> None:
    receiver.receive(line + b"\r\n")
    assert (receiver.messages, receiver.transport.inner.received) == ([], line + b"\r\n")


def test_a_line_without_an_end_ends_the_connection(receiver: Receiver) -> None:
    receiver.receive(b"x" * (MAX_LINE + 1), 64 * 1024)
    assert receiver.transport.aborted


def test_what_a_transport_tells_goes_on_to_nats_py(receiver: Receiver) -> None:
    incoming = receiver.incoming
    incoming.pause_writing()
    incoming.resume_writing()
    incoming.eof_received()
    incoming.connection_lost(None)
    assert receiver.transport.inner.events == ["pause", "resume", "end", "lost"]
