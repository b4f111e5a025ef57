"""Clients that hold still in the middle of a transfer, on the real server: they lose it, and what they held goes to others."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.serve.process import Serve, until
from tests.serve.test_transfers import MIB, Running, content

STALL_SECONDS = 2
SIZE = 96 * MIB
LARGE, SMALL = "/api/v1/buckets/files/objects/large", "/api/v1/buckets/files/objects/small"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """It lets one transfer at a time in."""
    options = {"MAX_TRANSFERS": "1", "TRANSFER_WAIT_SECONDS": "60", "TRANSFER_STALL_SECONDS": str(STALL_SECONDS)}
    with Serve(tmp_path_factory.mktemp("stalled"), **options) as serve:
        running = Running(serve, serve.ready().address)
        assert running.client.put(LARGE, content=content(SIZE // MIB)).status_code == 201
        assert running.client.put(SMALL, content=b"small").status_code == 201
        yield running
        running.client.close()


@contextmanager
def connected(site: Running, request: str, *headers: str) -> Iterator[socket.socket]:
    """A connection whose own buffer holds little, with a request on its way."""
    host, port = site.address.removeprefix("http://").split(":")
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 128 * 1024)
        connection.settimeout(60)
        connection.connect((host, int(port)))
        lines = [f"{request} HTTP/1.1", "Host: localhost", f"Authorization: {site.client.headers['Authorization']}", *headers]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        yield connection


def take_all(connection: socket.socket) -> int:
    received = 0
    while piece := connection.recv(MIB):
        received += len(piece)
    return received


@pytest.mark.parametrize("address", [LARGE, "/api/v1/buckets/files/archive"])
def test_a_client_that_takes_nothing_is_cut_off_and_its_slot_goes_to_the_next(site: Running, address: str) -> None:
    with connected(site, f"GET {address}") as connection:
        assert connection.recv(12) == b"HTTP/1.1 200"
        began = time.monotonic()
        assert site.client.get(SMALL).content == b"small"
        assert STALL_SECONDS * 0.5 < time.monotonic() - began < STALL_SECONDS * 8
        assert "took nothing for 2 s" in site.serve.output
        with pytest.raises(ConnectionResetError):  # it is told, too
            take_all(connection)


def test_a_client_that_is_only_slow_gets_all_of_it(site: Running) -> None:
    with connected(site, f"GET {LARGE}", "Connection: close") as connection:
        received, until_then = 0, time.monotonic() + 3 * STALL_SECONDS
        while time.monotonic() < until_then:
            received += len(connection.recv(32 * 1024))
            time.sleep(0.1)
        assert received < SIZE // 4
        assert received + take_all(connection) > SIZE


def test_a_client_that_sends_nothing_loses_its_upload_and_its_slot(site: Running) -> None:
    with connected(site, "PUT /api/v1/buckets/files/objects/never", f"Content-Length: {SIZE}") as connection:
        connection.sendall(b"x" * MIB)
        until(lambda: site.client.get("/api/v1/buckets/files").json()["stream"]["messages"] > 0, site.serve)
        assert site.client.get(SMALL).content == b"small"
        assert connection.recv(12) == b"HTTP/1.1 400"
    assert site.client.get("/api/v1/buckets/files/objects/never").status_code == 404


def test_memory_comes_back_when_many_stall(site: Running) -> None:
    site.client.get(LARGE)
    before = site.memory()
    for _ in range(3):
        with connected(site, f"GET {LARGE}") as connection:
            assert connection.recv(12) == b"HTTP/1.1 200"
            assert site.client.get(SMALL).content == b"small"
    assert site.memory() - before < 32 * MIB
