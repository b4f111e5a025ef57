"""SIGTERM while bytes move: what has begun comes to its end, nothing new begins, and whatever happens the process ends in time."""

import base64
import contextlib
import hashlib
import http.client
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.serve.process import SECONDS, Serve, until
from tests.serve.test_transfers import Running, manage

MIB = 1024 * 1024
PASSWORD = "of the test alone"
OBJECTS = "/api/v1/buckets/files/objects"
CONTENT = b"".join(hashlib.sha256(str(number).encode()).digest() * (MIB // 32) for number in range(24))


def running(folder: Path, **environment: str) -> Serve:
    return Serve(folder, NATS_FILES_ADMIN_PASSWORD=PASSWORD, **environment)


def host(running: Running) -> tuple[str, int]:
    name, port = running.address.removeprefix("http://").split(":")
    return name, int(port)


def half_taken_download(site: Running) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse, bytes]:
    """A download whose client has taken the beginning and no more: what is under way is more than any buffer holds."""
    connection = http.client.HTTPConnection(*host(site), timeout=SECONDS)
    connection.connect()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    connection.request("GET", f"{OBJECTS}/there", headers={"Authorization": site.client.headers["Authorization"]})
    answer = connection.getresponse()
    return connection, answer, answer.read(MIB)


class HalfSentUpload:
    """Its client sends the first half, and the rest when it is told to."""

    def __init__(self, site: Running) -> None:
        self._go_on = threading.Event()
        self._half_sent = threading.Event()
        self._site = site
        self.status = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._half_sent.wait(SECONDS)

    def _pieces(self) -> Iterator[bytes]:
        yield CONTENT[: len(CONTENT) // 2]
        self._half_sent.set()
        self._go_on.wait(SECONDS)
        yield CONTENT[len(CONTENT) // 2 :]

    def _run(self) -> None:
        headers = {"Authorization": self._site.client.headers["Authorization"]}
        self.status = httpx.put(f"{self._site.address}{OBJECTS}/new", content=self._pieces(), headers=headers, timeout=SECONDS).status_code

    def finish(self) -> int:
        self._go_on.set()
        self._thread.join(SECONDS)
        return self.status


@contextlib.contextmanager
def open_page(site: Running) -> Iterator[ClientConnection]:
    """The WebSocket of a page that shows the bucket."""
    with httpx.Client(base_url=site.address, follow_redirects=True, timeout=30) as browser:
        browser.get("/login")
        form = {"username": "admin", "password": PASSWORD, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        assert browser.post("/login", data=form, headers={"Referer": site.address}).status_code == 200
        cookie = f"sessionid={browser.cookies['sessionid']}"
    url = site.address.replace("http", "ws") + "/ws/buckets/files"
    with connect(url, origin=Origin(site.address), additional_headers={"Cookie": cookie}) as page:
        yield page


def test_transfers_come_to_their_end_and_nothing_new_begins(tmp_path: Path) -> None:
    with running(tmp_path, SHUTDOWN_SECONDS=str(SECONDS)) as serve:
        site = Running(serve, serve.ready().address)
        assert site.client.put(f"{OBJECTS}/there", content=CONTENT).status_code == 201
        with open_page(site) as page:
            page.recv(SECONDS)  # it is served
            connection, answer, taken = half_taken_download(site)
            upload = HalfSentUpload(site)
            assert site.client.get("/readyz").status_code == 200
            serve.process.send_signal(signal.SIGTERM)
            until(lambda: site.client.get("/readyz").json() == {"status": "stopping"}, serve)
            assert code_of_close(page) == 1012  # no final one for the pages' scripts: they connect again
        for refused in (site.client.get(f"{OBJECTS}/there"), site.client.put(f"{OBJECTS}/other", content=b"x")):
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "stopping")
            assert int(refused.headers["Retry-After"]) > 0
        assert site.client.get("/healthz").status_code == 200

        assert upload.finish() == 201
        assert taken + answer.read() == CONTENT
        connection.close()
        site.client.close()
        assert serve.wait() == 0
        assert "Traceback" not in serve.output
    with running(tmp_path) as serve:
        assert content(serve, "new") == CONTENT


def code_of_close(page: ClientConnection) -> int:
    """Once it is closed, whatever it tells before that."""
    try:
        while True:
            page.recv(SECONDS)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 0


def test_what_does_not_end_in_time_is_cut_off_and_goes_on_elsewhere(tmp_path: Path) -> None:
    half = len(CONTENT) // 2
    with running(tmp_path, SHUTDOWN_SECONDS="0.5") as serve:
        site = Running(serve, serve.ready().address)
        assert site.client.put(f"{OBJECTS}/there", content=CONTENT).status_code == 201
        connection, _, _ = half_taken_download(site)
        metadata = ",".join(f"{key} {base64.b64encode(value).decode()}" for key, value in (("bucket", b"files"), ("name", b"new")))
        tus = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(CONTENT)), "Upload-Metadata": metadata}
        address = site.client.post("/api/v1/uploads", headers=tus).headers["Location"]
        with socket.create_connection(host(site), timeout=SECONDS) as client:
            head = f"PATCH {address} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(CONTENT)}\r\nUpload-Offset: 0\r\n"
            head += "Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\n"
            client.sendall(f"{head}Authorization: {site.client.headers['Authorization']}\r\n\r\n".encode() + CONTENT[:half])
            until(lambda: int(site.client.get("/api/v1/buckets/files").json()["stream"]["messages"]) > len(CONTENT) // MIB * 2 + 5, serve)
            began = time.monotonic()
            serve.process.send_signal(signal.SIGTERM)
            assert serve.wait() == 0
        assert time.monotonic() - began < 30, "its own time is 0.5 seconds, and a few for what is cut off to clean up"
        assert "have not come to their end and are cut off" in serve.output
        assert "Traceback" not in serve.output
        connection.close()
        site.client.close()
    with running(tmp_path) as serve, client_of(serve) as client_again:
        until(lambda: client_again.get("/readyz").status_code == 200, serve)
        tus = {"Tus-Resumable": "1.0.0"}
        offset = int(client_again.head(address, headers=tus).headers["Upload-Offset"])
        assert 0 < offset <= half
        piece = tus | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        assert client_again.patch(address, headers=piece, content=CONTENT[offset:]).status_code == 204
        assert client_again.get(f"{OBJECTS}/new").content == CONTENT


def client_of(serve: Serve) -> httpx.Client:
    address = serve.ready().address
    return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {manage(serve, 'create_token', 'admin')}"}, timeout=SECONDS)


def content(serve: Serve, name: str) -> bytes:
    with client_of(serve) as client:
        until(lambda: client.get("/readyz").status_code == 200, serve)
        return client.get(f"{OBJECTS}/{name}").content
