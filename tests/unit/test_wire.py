"""Raw messages and where deliveries stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buckets.objectstore.stream.consumer import Delivery
from buckets.objectstore.transport.wire import RawMessage


def message(headers: bytes) -> RawMessage:
    return RawMessage("s", "", b"", headers)


def test_a_status_line_is_read() -> None:
    eob = message(b"NATS/1.0 204 EOB\r\nNats-Num-Pending: 3\r\n\r\n")
    assert (eob.status, eob.description, eob.number(b"Nats-Num-Pending")) == (204, "EOB", 3)


def test_an_ordinary_message_has_no_status() -> None:
    assert message(b"").status == 0
    assert message(b"NATS/1.0\r\nA: b\r\n\r\n").status == 0


def test_the_servers_own_header_is_the_last_one() -> None:
    forged = message(b"NATS/1.0\r\nNats-Sequence: 1\r\nNats-Sequence: 99\r\n\r\n")
    assert forged.number(b"Nats-Sequence") == 99


def test_a_header_that_only_ends_alike_is_another_one() -> None:
    assert message(b"NATS/1.0\r\nX-Nats-Sequence: 1\r\n\r\n").number(b"Nats-Sequence") is None


@given(st.binary(max_size=100))
def test_any_header_block_is_read_without_an_error(block: bytes) -> None:
    raw = message(block)
    assert raw.status >= 0
    raw.header(b"A")
    raw.number(b"A")
    assert isinstance(raw.description, str)


@pytest.mark.parametrize(
    "reply",
    [
        "$JS.ACK.OBJ_b.c.1.70.3.1790000000000000000.5",
        "$JS.ACK.hub.acc.OBJ_b.c.1.70.3.1790000000000000000.5.rnd",
        "$JS.ACK._.acc.OBJ_b.c.1.70.3.1790000000000000000.5",
    ],
)
def test_ack_subjects_of_all_forms_are_read(reply: str) -> None:
    assert Delivery.parse(reply) == Delivery(stream=70, consumer=3, time_ns=1790000000000000000, pending=5)


@pytest.mark.parametrize("reply", ["", "$JS.ACK", "$JS.FC.OBJ_b.x", "a.b.c.d.e.f.g.h.i", "$JS.ACK.s.c.1.x.3.4.5"])
def test_other_subjects_are_none(reply: str) -> None:
    assert Delivery.parse(reply) is None
