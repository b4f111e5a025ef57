"""Bytes in and out through the real servers: uvicorn, which serves, and Daphne, which is for development."""

import hashlib
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import psutil
import pytest

from tests.natsserver import free_port
from tests.serve.process import ROOT, Serve, until
from tests.serve.test_serve import answers

MIB = 1024 * 1024
OBJECT = "/api/v1/buckets/files/objects/one"


class Running:
    """The site under one of its servers, an API token of its admin, and a bucket ``files``."""

    def __init__(self, serve: Serve, address: str) -> None:
        self.serve = serve
        self.address = address
        token = manage(serve, "create_token", "admin")
        self.client = httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60)
        until(lambda: self.client.get("/readyz").status_code == 200, serve)
        assert self.client.post("/api/v1/buckets", json={"name": "files"}).status_code == 201

    def memory(self) -> int:
        return int(psutil.Process(self.serve.process.pid).memory_info().rss)


def manage(serve: Serve, *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=serve.environment, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


@pytest.fixture(scope="module")
def uvicorn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Serve(tmp_path_factory.mktemp("uvicorn")) as serve:
        running = Running(serve, serve.ready().address)
        yield running
        running.client.close()


@pytest.fixture(scope="module")
def daphne(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    port = free_port()
    with Serve(tmp_path_factory.mktemp("daphne"), "runserver", "--noreload", f"127.0.0.1:{port}") as serve:
        manage(serve, "migrate")
        manage(serve, "shell", "-c", "from nats_files import firstadmin; firstadmin.create(None)")
        until(lambda: answers(port), serve)
        running = Running(serve, f"http://127.0.0.1:{port}")
        yield running
        running.client.close()


@pytest.fixture(params=["uvicorn", "daphne"])
def site(request: pytest.FixtureRequest) -> Running:
    running: Running = request.getfixturevalue(request.param)
    return running


def content(mib: int) -> Iterator[bytes]:
    for number in range(mib):
        yield hashlib.sha256(str(number).encode()).digest() * (MIB // 32)


def test_what_goes_in_comes_out(site: Running) -> None:
    assert site.client.put(OBJECT, content=content(9)).status_code == 201
    assert site.client.get(OBJECT).content == b"".join(content(9))


def test_an_answer_before_the_end_of_the_body_reaches_the_client(site: Running) -> None:
    host, port = site.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(f"PUT {OBJECT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {20 * MIB}\r\n\r\n".encode())
        for piece in content(20):
            connection.sendall(piece)
        assert connection.recv(12) == b"HTTP/1.1 401"


def test_nothing_is_left_of_a_broken_upload(site: Running) -> None:
    host, port = site.address.removeprefix("http://").split(":")
    head = f"PUT /api/v1/buckets/files/objects/broken HTTP/1.1\r\nHost: localhost\r\nContent-Length: {20 * MIB}\r\n"
    before = chunks(site)
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(f"{head}Authorization: {site.client.headers['Authorization']}\r\n\r\n".encode())
        for piece in content(5):
            connection.sendall(piece)
        if "daphne" not in str(site.serve.data):  # which hands nothing on before it has the whole body
            until(lambda: chunks(site) > before, site.serve)
    until(lambda: chunks(site) == before, site.serve)
    assert site.client.get("/api/v1/buckets/files/objects/broken").status_code == 404


def chunks(site: Running) -> int:
    return int(site.client.get("/api/v1/buckets/files").json()["stream"]["messages"])


def test_memory_does_not_grow_with_the_size(uvicorn: Running) -> None:
    uvicorn.client.put(OBJECT, content=content(32))
    before = uvicorn.memory()
    seen = []

    def watched() -> Iterator[bytes]:
        for number, piece in enumerate(content(256)):
            if number % 16 == 0:
                seen.append(uvicorn.memory())
            yield piece

    assert uvicorn.client.put(OBJECT, content=watched()).status_code == 201
    with uvicorn.client.stream("GET", OBJECT) as answer:
        for number, _ in enumerate(answer.iter_bytes(MIB)):
            if number % 16 == 0:
                seen.append(uvicorn.memory())
    assert len(seen) == 32
    assert max(seen) - before < 64 * MIB
