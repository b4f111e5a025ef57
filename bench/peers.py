"""Other clients of the object store, directly against the server."""

import asyncio
import functools
import hashlib
import io
import itertools
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nats
import natsrpy
from natsrpy.js import ObjectStoreConfig
from typing_extensions import Buffer

from .payload import Files, Payload
from .transfers import Peer, Transfer

NODE_FILES = Path(__file__).with_name("node")
NAME = "object"
READ_AT_MOST = 500
LIMIT_SECONDS = 300
AT_ONCE = 4


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
class NatsPyFiles:
    """Small files by nats-py, so many at once."""

    url: str
    label: str = f"nats-py ObjectStore, {AT_ONCE} at once"

    def run(self, bucket: str, files: Files) -> Transfer:
        return asyncio.run(asyncio.wait_for(self._run(bucket, files), LIMIT_SECONDS))

    async def _run(self, bucket: str, files: Files) -> Transfer:
        client = await nats.connect(self.url)
        js = client.jetstream()
        store = await js.create_object_store(bucket)
        found: dict[str, bytes] = {}

        async def get(name: str, content: bytes) -> None:
            found[name] = (await store.get(name)).data or b""

        times = await _each(files.contents, store.put), await _each(_some(files), get) * _share(files)
        await js.delete_object_store(bucket)
        await client.close()
        return Transfer(*times, files.digest_of({**files.contents, **found}))


@dataclass(frozen=True)
class NatsRpyFiles:
    """Small files by async-nats (Rust) from Python, so many at once."""

    url: str
    label: str = f"natsrpy (async-nats, Rust), {AT_ONCE} at once"

    def run(self, bucket: str, files: Files) -> Transfer:
        return asyncio.run(asyncio.wait_for(self._run(bucket, files), LIMIT_SECONDS))

    async def _run(self, bucket: str, files: Files) -> Transfer:
        client = natsrpy.Nats(addrs=[self.url])
        await client.startup()
        js = await client.jetstream()
        store = await js.object_store.create(ObjectStoreConfig(bucket))
        found: dict[str, io.BytesIO] = {name: io.BytesIO() for name in _some(files)}
        put = await _each(files.contents, store.put)
        get = await _each(_some(files), lambda name, _: store.get(name, found[name])) * _share(files)
        await js.object_store.delete(bucket)
        await client.shutdown()
        return Transfer(put, get, files.digest_of({**files.contents, **{name: file.getvalue() for name, file in found.items()}}))


def _some(files: Files) -> dict[str, bytes]:
    """Those that are read: each reading leaves a consumer behind for a while, and a server takes only so many."""
    return dict(itertools.islice(files.contents.items(), READ_AT_MOST))


def _share(files: Files) -> float:
    return len(files.contents) / min(len(files.contents), READ_AT_MOST)


async def _each(contents: Mapping[str, bytes], act: Callable[[str, bytes], Awaitable[object]]) -> float:
    """Seconds for all of them, ``AT_ONCE`` at a time."""
    left = iter(contents.items())

    async def run() -> None:
        for name, content in left:
            await act(name, content)

    return await _seconds(asyncio.gather(*(run() for _ in range(AT_ONCE))))


class _Node:
    """A script in a Node.js process of its own, which says in JSON what it has found."""

    @functools.cached_property
    def _folder(self) -> Path:
        if not (NODE_FILES / "node_modules" / "@nats-io").exists():
            install = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
            subprocess.run(install, cwd=NODE_FILES, check=True, timeout=LIMIT_SECONDS, capture_output=True)
        return NODE_FILES

    def run(self, script: str, *arguments: str) -> Transfer:
        done = subprocess.run(["node", script, *arguments], cwd=self._folder, capture_output=True, timeout=LIMIT_SECONDS, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.decode().strip().splitlines()[-1] if done.stderr else f"exit status {done.returncode}")
        found: dict[str, Any] = json.loads(done.stdout)
        return Transfer(found["put"], found["get"], found["digest"])


_node = _Node()


@dataclass(frozen=True)
class NodeObj:
    """``@nats-io/obj``."""

    url: str
    label: str = "@nats-io/obj (Node.js)"

    def run(self, bucket: str, payload: Payload) -> Transfer:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "payload")
            payload.write(file)
            return _node.run("transfer.mjs", self.url, bucket, str(file))


@dataclass(frozen=True)
class NodeObjFiles:
    """Small files by ``@nats-io/obj``, so many at once."""

    url: str
    label: str = f"@nats-io/obj (Node.js), {AT_ONCE} at once"

    def run(self, bucket: str, files: Files) -> Transfer:
        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.contents.items():
                Path(folder, name).write_bytes(content)
            return _node.run("files.mjs", self.url, bucket, folder, str(AT_ONCE))


def peers(url: str) -> list[Peer[Payload]]:
    """All that this machine has what it takes for."""
    found: list[Peer[Payload]] = [NatsPy(url), NatsRpy(url)]
    return [*found, NodeObj(url)] if _has_node() else found


def peers_of_files(url: str) -> list[Peer[Files]]:
    found: list[Peer[Files]] = [NatsPyFiles(url), NatsRpyFiles(url)]
    return [*found, NodeObjFiles(url)] if _has_node() else found


def _has_node() -> bool:
    return bool(shutil.which("node") and shutil.which("npm"))


async def _seconds(work: Awaitable[object]) -> float:
    start = time.perf_counter()
    await work
    return time.perf_counter() - start
