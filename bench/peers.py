"""Other clients of the object store, directly against the server."""

import asyncio
import hashlib
import io
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nats
import natsrpy
from natsrpy.js import ObjectStoreConfig
from typing_extensions import Buffer

from .payload import Payload
from .transfers import Peer, Transfer

NODE_FILES = Path(__file__).with_name("node")
NAME = "object"
LIMIT_SECONDS = 300


class Source(io.RawIOBase):
    """A payload as a file to read."""

    def __init__(self, payload: Payload) -> None:
        self._blocks = payload.blocks()
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        if not self._rest:
            self._rest = next(self._blocks, self._rest)
        space = memoryview(buffer)
        piece, self._rest = self._rest[: len(space)], self._rest[len(space) :]
        space[: len(piece)] = piece
        return len(piece)


class Sink(io.RawIOBase):
    """A file to write that passes over what it is given. Keeping it would be timed with the rest: fresh memory is slow."""

    def writable(self) -> bool:
        return True

    def write(self, piece: Buffer) -> int:
        return memoryview(piece).nbytes


class HashingSink(Sink):
    """For a second time, off the clock: is what comes back what went in?"""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def write(self, piece: Buffer) -> int:
        self._hash.update(piece)
        return super().write(piece)

    def digest(self) -> str:
        return self._hash.hexdigest()


@dataclass(frozen=True)
class NatsPy:
    """Its own ``ObjectStore``, from and to files: its ``get`` into bytes copies all it has for each chunk."""

    url: str
    label: str = "nats-py ObjectStore"

    def run(self, bucket: str, payload: Payload) -> Transfer:
        return asyncio.run(asyncio.wait_for(self._run(bucket, payload), LIMIT_SECONDS))

    async def _run(self, bucket: str, payload: Payload) -> Transfer:
        client = await nats.connect(self.url)
        js = client.jetstream()
        store = await js.create_object_store(bucket)
        sink = HashingSink()  # which costs it little beside what it takes itself
        put = await _seconds(store.put(NAME, Source(payload)))  # type: ignore[arg-type]
        get = await _seconds(store.get(NAME, writeinto=sink))  # type: ignore[arg-type]
        await js.delete_object_store(bucket)
        await client.close()
        return Transfer(put, get, sink.digest())


@dataclass(frozen=True)
class NatsRpy:
    """async-nats (Rust) from Python."""

    url: str
    label: str = "natsrpy (async-nats, Rust)"

    def run(self, bucket: str, payload: Payload) -> Transfer:
        return asyncio.run(asyncio.wait_for(self._run(bucket, payload), LIMIT_SECONDS))

    async def _run(self, bucket: str, payload: Payload) -> Transfer:
        client = natsrpy.Nats(addrs=[self.url])
        await client.startup()
        js = await client.jetstream()
        store = await js.object_store.create(ObjectStoreConfig(bucket))
        sink = HashingSink()
        put = await _seconds(store.put(NAME, payload.whole))
        get = await _seconds(store.get(NAME, Sink()))
        await store.get(NAME, sink)
        await js.object_store.delete(bucket)
        await client.shutdown()
        return Transfer(put, get, sink.digest())


@dataclass(frozen=True)
class NodeObj:
    """``@nats-io/obj`` in a Node.js process of its own."""

    url: str
    label: str = "@nats-io/obj (Node.js)"

    @cached_property
    def _folder(self) -> Path:
        """Where the packages are installed: beside the script, or in a place of their own."""
        if not (NODE_FILES / "node_modules" / "@nats-io").exists():
            install = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
            subprocess.run(install, cwd=NODE_FILES, check=True, timeout=LIMIT_SECONDS, capture_output=True)
        return NODE_FILES

    def run(self, bucket: str, payload: Payload) -> Transfer:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "payload")
            payload.write(file)
            command = ["node", "transfer.mjs", self.url, bucket, str(file)]
            done = subprocess.run(command, cwd=self._folder, capture_output=True, timeout=LIMIT_SECONDS, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.decode().strip().splitlines()[-1] if done.stderr else f"exit status {done.returncode}")
        found: dict[str, Any] = json.loads(done.stdout)
        return Transfer(found["put"], found["get"], found["digest"])


def peers(url: str) -> list[Peer]:
    """All that this machine has what it takes for."""
    found: list[Peer] = [NatsPy(url), NatsRpy(url)]
    if shutil.which("node") and shutil.which("npm"):
        found.append(NodeObj(url))
    return found


async def _seconds(work: Awaitable[object]) -> float:
    start = time.perf_counter()
    await work
    return time.perf_counter() - start
