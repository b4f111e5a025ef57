"""What an ordered consumer makes of what the server sends."""

import pytest

from buckets.objectstore.options import ConnectOptions
from buckets.objectstore.stream.consumer import Consumer, Delivery
from buckets.objectstore.transport.connection import Connection
from buckets.objectstore.transport.jetstream import JetStream
from buckets.objectstore.transport.wire import RawMessage


class Fed:
    """A consumer that is given messages by hand."""

    def __init__(self) -> None:
        self.got: list[tuple[str, int]] = []
        js = JetStream(Connection(ConnectOptions(), "test"))
        self.consumer = Consumer(js, "files", lambda token, _, delivery: self.got.append((token, delivery.stream)))

    def drained(self) -> bool:
        return self.consumer.drained

    def broken(self) -> bool:
        return self.consumer.broken

    def message(self, number: int, stream: int, pending: int, token: str = "YQ==") -> None:
        reply = f"$JS.ACK.OBJ_files.name.1.{stream}.{number}.1700000000000000000.{pending}"
        self.consumer._receive(RawMessage(f"$O.files.M.{token}", reply, b"{}", b""))

    def heartbeat(self, last: int) -> None:
        self.consumer._receive(RawMessage("inbox", "", b"", b"NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: %d\r\n\r\n" % last))


@pytest.fixture
def fed() -> Fed:
    return Fed()


def test_it_is_drained_when_nothing_is_pending(fed: Fed) -> None:
    fed.message(1, 7, pending=1)
    assert not fed.drained()
    fed.message(2, 9, pending=0, token="Yg==")
    assert fed.drained()
    assert fed.got == [("YQ==", 7), ("Yg==", 9)]


def test_it_is_drained_when_what_was_pending_was_removed(fed: Fed) -> None:
    fed.message(1, 7, pending=1)
    fed.heartbeat(1)
    assert fed.drained()
    assert not fed.broken()


def test_a_gap_breaks_it_and_nothing_more_is_handled(fed: Fed) -> None:
    fed.message(1, 7, pending=5)
    fed.message(3, 9, pending=3)
    assert fed.broken()
    fed.message(2, 8, pending=4)
    assert fed.got == [("YQ==", 7)]


def test_a_message_missing_at_the_end_is_noticed_by_the_heartbeat(fed: Fed) -> None:
    fed.message(1, 7, pending=1)
    fed.heartbeat(2)
    assert fed.broken()
    assert not fed.drained()


@pytest.mark.parametrize("reply", ["", "a.b.c", "$JS.ACK.s.c.1.x.1.1.0", "$JS.ACK." + "9" * 10])
def test_a_reply_that_is_no_ack_subject_breaks_it(fed: Fed, reply: str) -> None:
    assert Delivery.parse(reply) is None
    fed.consumer._receive(RawMessage("$O.files.M.YQ==", reply, b"{}", b""))
    assert fed.broken()


def test_both_forms_of_ack_subjects_are_read() -> None:
    short = "$JS.ACK.OBJ_files.name.1.7.2.1700000000000000000.3"
    long = "$JS.ACK.domain.account.OBJ_files.name.1.7.2.1700000000000000000.3.token"
    assert Delivery.parse(short) == Delivery.parse(long) == Delivery(7, 2, 1700000000000000000, 3)
