"""What strangers send to the real site: bounded, refused, and hardly a line in its log."""

import contextlib
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.natsserver import free_port
from tests.serve.process import Serve, until

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    with Serve(tmp_path_factory.mktemp("hostile"), NATS_URL=f"nats://127.0.0.1:{free_port()}") as serve:
        yield serve.ready()


@pytest.fixture(autouse=True)
def no_traceback(site: Serve) -> Iterator[None]:
    yield
    assert "Traceback" not in site.output


def test_a_host_that_is_not_ours_leaves_nothing_in_the_log(site: Serve) -> None:
    before = site.output
    assert httpx.get(f"{site.address}/login", headers={"Host": "evil.example"}).status_code == 400
    assert site.output == before


@pytest.mark.parametrize("form", ["a=1&" * 1200, "a=" + "x" * 11_000_000], ids=["fields", "bytes"])
def test_a_form_over_the_limits_is_too_large_and_leaves_nothing_in_the_log(site: Serve, form: str) -> None:
    before = site.output
    answer = httpx.post(f"{site.address}/login", content=form, headers={**FORM, "Cookie": f"sessionid=x; csrftoken={'c' * 32}"}, timeout=60)
    assert answer.status_code == 413
    assert site.output == before


def test_who_is_nobody_cannot_fill_the_disk(site: Serve) -> None:
    answer = httpx.post(f"{site.address}/login", content=b"x" * 100_000, headers=FORM)
    assert answer.status_code == 413
    assert "65,536 bytes" in answer.text


def test_a_head_that_is_too_large_is_refused(site: Serve) -> None:
    assert httpx.get(f"{site.address}/healthz", headers={"x": "x" * 100_000}).status_code == 431


def test_a_websocket_to_nowhere_is_refused(site: Serve) -> None:
    assert handshake(site, "/ws/nowhere", site.address) == 403


def test_a_websocket_from_a_page_on_another_port_is_refused(site: Serve) -> None:
    assert handshake(site, "/ws/buckets/b", site.address) == 101
    assert handshake(site, "/ws/buckets/b", site.address + "0") == 403
    assert handshake(site, "/ws/buckets/b", "http://evil.example") == 403
    assert handshake(site, "/ws/buckets/b", None) == 403


def handshake(site: Serve, path: str, origin: str | None) -> int:
    try:
        with connect(site.address.replace("http://", "ws://") + path, origin=origin) as opened:  # type: ignore[arg-type]
            with contextlib.suppress(ConnectionClosed):
                opened.recv(timeout=20)
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def test_more_connections_than_it_takes_get_503(tmp_path: Path) -> None:
    with Serve(tmp_path, NATS_URL=f"nats://127.0.0.1:{free_port()}", MAX_CONNECTIONS="10") as serve:
        serve.ready()
        with connections(serve, 12):
            until(lambda: serve.get("/healthz") == 503, serve)
            assert handshake(serve, "/ws/buckets/b", serve.address) == 503
        until(lambda: serve.get("/healthz") == 200, serve)


def test_it_takes_more_connections_than_the_usual_number_of_open_files(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    try:
        serve = Serve(tmp_path, NATS_URL=f"nats://127.0.0.1:{free_port()}").__enter__()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with contextlib.ExitStack() as ending:
        ending.push(serve.__exit__)
        serve.ready()
        with connections(serve, 100):
            assert serve.get("/healthz") == 200


@contextlib.contextmanager
def connections(serve: Serve, count: int) -> Iterator[None]:
    host, port = serve.address.removeprefix("http://").split(":")
    with contextlib.ExitStack() as opened:
        for _ in range(count):
            opened.enter_context(socket.create_connection((host, int(port)), timeout=20))
        yield
