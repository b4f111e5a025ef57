"""The engine by itself, without HTTP, beside the other clients and beside a socket that only counts bytes."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson
import uvloop

from buckets.objectstore import BucketConfig, ConnectOptions, ObjectStore
from buckets.objectstore.names import chunk_subject, stream_name
from buckets.objectstore.reading.budget import ReadBudget

from .payload import BLOCK, Payload
from .peers import HashingSink, Sink
from .transfers import Peer, Transfer

NAME = "object"
LIMIT_SECONDS = 300
RECEIVE = 1024 * 1024


@dataclass(frozen=True)
class Engine:
    """``buckets.objectstore`` on the event loop that the site runs on."""

    url: str
    label: str = "the engine"

    def run(self, bucket: str, payload: Payload) -> Transfer:
        return uvloop.run(asyncio.wait_for(self._run(bucket, payload), LIMIT_SECONDS))

    async def _run(self, bucket: str, payload: Payload) -> Transfer:
        async with started(self.url) as store:
            put = await _put(store, bucket, payload)
            sink = HashingSink()
            get = await _get(store, bucket, Sink())
            await _get(store, bucket, sink)
            await store.delete_bucket(bucket)
        return Transfer(put, get, sink.digest())


@dataclass(frozen=True)
class CountingSocket:
    """Sends the requests that the engine sends for an object, and looks at nothing but the lengths of what comes: the ceiling of a get.

    The object is put by the engine.
    """

    url: str
    label: str = "a socket that only counts"

    def run(self, bucket: str, payload: Payload) -> Transfer:
        return uvloop.run(asyncio.wait_for(self._run(bucket, payload), LIMIT_SECONDS))

    async def _run(self, bucket: str, payload: Payload) -> Transfer:
        async with started(self.url) as store:
            put = await _put(store, bucket, payload)
            info = await store.info(bucket, NAME)
            assert info.chunk_size is not None
            counting = _Counting(self.url, bucket, info.nuid, info.chunk_size)
            start = time.perf_counter()
            count = counting.run(info.chunks)
            get = time.perf_counter() - start
            await store.delete_bucket(bucket)
        if count != payload.size:
            raise RuntimeError(f"{count:,} bytes were received instead of {payload.size:,}")
        return Transfer(put, get, payload.digest)


class _Counting:
    """A blocking client of the one request that it makes."""

    def __init__(self, url: str, bucket: str, nuid: str, chunk_size: int) -> None:
        address = urlsplit(url)
        assert address.hostname is not None
        assert address.port is not None
        self._socket = socket.create_connection((address.hostname, address.port), timeout=LIMIT_SECONDS)
        self._socket.recv(RECEIVE)  # INFO
        self._send(b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\nSUB _INBOX.counting 1\r\n')
        self._subject = f"$JS.API.DIRECT.GET.{stream_name(bucket)}"
        self._chunks = chunk_subject(bucket, nuid)
        self._query = _batch(chunk_size)
        self._buffer = bytearray(RECEIVE)
        self._start = self._end = 0

    def run(self, chunks: int) -> int:
        """Bytes of payload in all the chunks, which lie one behind the other from the stream's first message."""
        total = received = asked = 0
        with self._socket:
            while received < chunks:
                if asked < chunks and asked - received <= self._query["batch"] // 2:  # ahead, as the engine does
                    self._ask(asked + 1)
                    asked += self._query["batch"]
                if size := self._message():
                    total += size
                    received += 1
        return total

    def _ask(self, sequence: int) -> None:
        query = orjson.dumps({"seq": sequence, "next_by_subj": self._chunks, **self._query})
        self._send(b"PUB %b _INBOX.counting %d\r\n%b\r\n" % (self._subject.encode(), len(query), query))

    def _message(self) -> int:
        """The size of the next message's payload; 0 for the end of the batch."""
        while (line := self._line()).split(b" ", 1)[0] != b"HMSG":
            if line.startswith(b"PING"):
                self._send(b"PONG\r\n")
        head, whole = line.split()[-2:]
        self._pass_over(int(whole) + 2)
        return int(whole) - int(head)

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n", self._start, self._end)) < 0:
            rest = self._buffer[self._start : self._end]
            self._buffer[: len(rest)] = rest
            self._start, self._end = 0, len(rest)
            self._end += self._receive(self._end)
        line = bytes(self._buffer[self._start : end])
        self._start = end + 2
        return line

    def _pass_over(self, size: int) -> None:
        while size > self._end - self._start:
            size -= self._end - self._start
            self._start, self._end = 0, self._receive(0)
        self._start += size

    def _receive(self, at: int) -> int:
        count = self._socket.recv_into(memoryview(self._buffer)[at:])
        if not count:
            raise ConnectionError("the server closed the connection")
        return count

    def _send(self, data: bytes) -> None:
        self._socket.sendall(data)


def clients(url: str) -> list[Peer[Payload]]:
    return [Engine(url), CountingSocket(url)]


def _batch(chunk_size: int) -> dict[str, int]:
    """What a lone reader of the engine asks for at a time."""
    budget = ReadBudget()
    budget.enter()
    amount = max(chunk_size, budget.share // 2)
    return {"batch": amount // chunk_size, "max_bytes": amount}


@contextlib.asynccontextmanager
async def started(url: str) -> AsyncIterator[ObjectStore]:
    store = ObjectStore(ConnectOptions(servers=(url,)))
    await store.start()
    try:
        yield store
    finally:
        await store.close()


async def _put(store: ObjectStore, bucket: str, payload: Payload) -> float:
    """Seconds to put the payload into a new bucket."""
    await store.create_bucket(BucketConfig(bucket))
    start = time.perf_counter()
    await store.put(bucket, NAME, pieces(payload))
    return time.perf_counter() - start


async def pieces(payload: Payload) -> AsyncIterator[bytes]:
    unit = [payload.unit[start : start + BLOCK] for start in range(0, len(payload.unit), BLOCK)]
    for number in range(payload.mib):
        yield unit[number % len(unit)]


async def _get(store: ObjectStore, bucket: str, sink: Sink) -> float:
    start = time.perf_counter()
    async with await store.get(bucket, NAME) as reader:
        async for piece in reader:
            sink.write(piece)
    return time.perf_counter() - start
