"""Through a web server, with a client that is not the bottleneck: sockets and large blocks."""

import contextlib
import hashlib
import http.client
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

from .payload import BLOCK, Buffer, Files, Payload
from .transfers import Transfer

NAME = "object"
PAGE = 4096
FAILED = 400
TOGETHER = 50
T = TypeVar("T")


class Reachable(Protocol):
    """A web server that objects are put to and got from."""

    @property
    def headers(self) -> Mapping[str, str]: ...

    def path(self, bucket: str, name: str) -> str: ...

    def connection(self) -> http.client.HTTPConnection: ...


class WebServer(Reachable, Protocol):
    @property
    def label(self) -> str: ...

    def create(self, bucket: str) -> None: ...

    def remove(self, bucket: str) -> None: ...


def upload(server: Reachable, bucket: str, name: str, blocks: Iterable[Buffer], size: int) -> None:
    with contextlib.closing(server.connection()) as connection:
        connection.putrequest("PUT", server.path(bucket, name))
        for header, value in {**server.headers, "Content-Type": "application/octet-stream", "Content-Length": str(size)}.items():
            connection.putheader(header, value)
        connection.endheaders()
        for block in blocks:
            connection.sock.sendall(block)
        _done(connection.getresponse(), "upload")


def opened(server: Reachable, bucket: str, name: str, **headers: str) -> http.client.HTTPResponse:
    """The answer to a GET, on a connection of its own."""
    connection = server.connection()
    connection.request("GET", server.path(bucket, name), headers={**server.headers, **headers})
    answer = connection.getresponse()
    if answer.status >= FAILED:
        raise RuntimeError(f"the download was answered {answer.status}: {answer.read(300)!r}")
    return answer


def download(server: Reachable, bucket: str, name: str, space: memoryview) -> None:
    """Fill ``space``."""
    answer = opened(server, bucket, name)
    at = 0
    while got := answer.readinto(space[at : at + BLOCK]):
        at += got
    answer.close()
    if at != len(space):
        raise RuntimeError(f"{at:,} of {len(space):,} bytes came")


def at_once(works: Iterable[Callable[[], object]]) -> float:
    """Seconds from their common start until the last one is done. Raises what one of them raises."""
    works = list(works)
    line = threading.Barrier(len(works) + 1)

    def run(work: Callable[[], object]) -> None:
        line.wait()
        work()

    with ThreadPoolExecutor(len(works)) as pool:
        running = [pool.submit(run, work) for work in works]
        line.wait()
        start = time.perf_counter()
        for each in running:
            each.result()
        return time.perf_counter() - start


@dataclass(frozen=True)
class OverHttp:
    """The payload as one object, or as so many of equal size at once."""

    server: WebServer
    streams: int = 1

    @property
    def label(self) -> str:
        return self.server.label + (f", {self.streams} at once" if self.streams > 1 else "")

    def run(self, bucket: str, payload: Payload) -> Transfer:
        self.server.create(bucket)
        blocks = list(payload.blocks())
        share = -(-len(blocks) // self.streams)
        parts = {f"{NAME}-{number}": blocks[number * share : (number + 1) * share] for number in range(self.streams)}
        put = at_once(
            lambda name=name, part=part: upload(self.server, bucket, name, part, len(part) * BLOCK)  # type: ignore[misc]
            for name, part in parts.items()
        )
        space = memoryview(bytearray(payload.size))
        space[::PAGE] = bytes(len(range(0, payload.size, PAGE)))  # the memory is really there before the clock starts
        ends = [0, *itertools.accumulate(len(part) * BLOCK for part in parts.values())]
        get = at_once(
            lambda name=name, start=start, end=end: download(self.server, bucket, name, space[start:end])  # type: ignore[misc]
            for name, (start, end) in zip(parts, itertools.pairwise(ends), strict=True)
        )
        self.server.remove(bucket)
        return Transfer(put, get, hashlib.sha256(space).hexdigest())


@dataclass(frozen=True)
class FilesOverHttp:
    """Many small files, each a request, a few at a time over connections that are kept. ``headers`` are sent with each upload."""

    server: WebServer
    label: str
    connections: int
    headers: Mapping[str, str]

    def run(self, bucket: str, files: Files) -> Transfer:
        self.server.create(bucket)
        put = self.put_all(bucket, files)
        found: dict[str, bytes] = {}
        get = self.each(files.contents, lambda connection, name: found.update({name: self._get(connection, bucket, name)}))
        self.server.remove(bucket)
        return Transfer(put, get, files.digest_of(found))

    def put_all(self, bucket: str, files: Files) -> float:
        """Seconds."""
        return self.each(files.contents.items(), lambda connection, item: self._put(connection, bucket, *item))

    def each(self, items: Iterable[T], act: Callable[[http.client.HTTPConnection, T], object]) -> float:
        left = iter(items)
        lock = threading.Lock()

        def run() -> None:
            with contextlib.closing(self.server.connection()) as connection:
                while True:
                    with lock:
                        item = next(left, None)
                    if item is None:
                        return
                    act(connection, item)

        return at_once([run] * self.connections)

    def _put(self, connection: http.client.HTTPConnection, bucket: str, name: str, content: bytes) -> None:
        connection.request("PUT", self.server.path(bucket, name), body=content, headers=dict(self.headers))
        _done(connection.getresponse(), "upload")

    def _get(self, connection: http.client.HTTPConnection, bucket: str, name: str) -> bytes:
        connection.request("GET", self.server.path(bucket, name), headers=dict(self.server.headers))
        return _done(connection.getresponse(), "download")


@dataclass(frozen=True)
class FilesTogether(FilesOverHttp):
    """As the site's page sends them: many in one request (static/js/uploads/together.js), a few requests at a time."""

    def put_all(self, bucket: str, files: Files) -> float:
        contents = list(files.contents.items())
        groups = [dict(contents[start : start + TOGETHER]) for start in range(0, len(contents), TOGETHER)]
        return self.each(groups, lambda connection, group: self._put_group(connection, bucket, group))

    def _put_group(self, connection: http.client.HTTPConnection, bucket: str, group: Mapping[str, bytes]) -> None:
        kind = "application/octet-stream"
        lines = [
            json.dumps({"name": name, "size": len(content), "type": kind, "if_absent": True}) + "\n" for name, content in group.items()
        ]
        body = b"".join(line.encode() + content for line, content in zip(lines, group.values(), strict=True))
        headers = {**self.headers, "Content-Type": "application/vnd.nats-files.uploads"}
        connection.request("POST", f"/api/v1/buckets/{bucket}/upload", body=body, headers=headers)
        results = json.loads(_done(connection.getresponse(), "upload"))["results"]
        if len(results) != len(group) or any(result["error"] for result in results):
            raise RuntimeError(f"the upload was answered {results}"[:300])


def _done(answer: http.client.HTTPResponse, what: str) -> bytes:
    text = answer.read()
    if answer.status >= FAILED:
        raise RuntimeError(f"the {what} was answered {answer.status}: {text[:300]!r}")
    return text
