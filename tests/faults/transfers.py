"""Transfers over HTTP that may break off anywhere: each one ends exact, or says that it did not."""

import asyncio
import base64
import hashlib
import io
import random
import zipfile
from collections import Counter
from dataclasses import dataclass, field

import httpx

from tests.faults.helpers import content

KIB = 1024
BUCKET = "/api/v1/buckets/files"
TUS = {"Tus-Resumable": "1.0.0"}
FIXED = 6
TRIES = 60
# What a request may be answered with when NATS or the connection breaks; never 500.
PASSING = {400, 408, 409, 423, 502, 503}


class Failed(Exception):
    """It ended with a clear error."""


def expected(answer: httpx.Response, *statuses: int) -> None:
    """Anything else is to be a problem, told in the one form that the API has."""
    if answer.status_code in statuses:
        return
    assert answer.status_code in PASSING, (answer.status_code, answer.text)
    if answer.request.method != "HEAD":
        problem = answer.json()["error"]
        assert problem["code"]
        assert problem["message"]
    raise Failed(f"{answer.status_code} {answer.request.method}")


@dataclass
class Transfers:
    """``possible``: of each name, what may be there in the end; None for nothing. ``fixed`` objects are only read."""

    client: httpx.AsyncClient
    random: random.Random
    fixed: dict[str, bytes] = field(default_factory=dict)
    possible: dict[str, set[bytes | None]] = field(default_factory=dict)
    uploads: set[str] = field(default_factory=set)
    outcomes: Counter[str] = field(default_factory=Counter)

    async def prepare(self, direct: httpx.AsyncClient) -> None:
        for number in range(FIXED):
            self.fixed[f"fixed/{number}"] = content(self.random.randrange(2000 * KIB), seed=number)
        for name, data in self.fixed.items():
            (await direct.put(f"{BUCKET}/objects/{name}", content=data)).raise_for_status()

    async def run(self, count: int, at_once: int) -> None:
        """``count`` of all kinds, so many at a time."""
        kinds = [self.put, self.put, self.overwrite, self.tus, self.tus, self.get, self.get, self.part, self.parts, self.zip]
        jobs = [(kinds[number % len(kinds)], number) for number in range(count)]
        self.random.shuffle(jobs)

        async def worker() -> None:
            while jobs:
                kind, number = jobs.pop()
                try:
                    await kind(number)
                    self.outcomes[f"{kind.__name__} done"] += 1
                except (Failed, httpx.TransportError):
                    self.outcomes[f"{kind.__name__} failed"] += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(worker())

    def new(self, number: int) -> bytes:
        return content(self.random.choice((0, self.random.randrange(3 * KIB), self.random.randrange(1500 * KIB))), seed=1000 + number)

    async def put(self, number: int) -> None:
        await self._put(f"put/{number}", self.new(number))

    async def overwrite(self, number: int) -> None:
        """Several write the same few names."""
        await self._put(f"over/{number % 3}", self.new(number))

    async def _put(self, name: str, data: bytes) -> None:
        possible = self.possible.setdefault(name, {None})
        possible.add(data)
        expected(await self.client.put(f"{BUCKET}/objects/{name}", content=data), 201)
        possible.discard(None)

    async def tus(self, number: int) -> None:
        """In pieces, going on from where the server says after each that failed; every fifth is given up in the middle."""
        name, data = f"tus/{number}", self.new(number)
        self.possible[name] = {None, data}
        upload = await self.begin(name, len(data))
        self.uploads.add(upload)
        await self.go_on(upload, data, until=len(data) // 2 if number % 5 == 0 else None)
        if number % 5 == 0:
            raise Failed
        self.possible[name] = {data}

    async def go_on(self, upload: str, data: bytes, offset: int = 0, until: int | None = None) -> None:
        """Send ``data`` from ``offset`` on (perhaps only ``until`` about there), and after each failure from where the server stands."""
        failures = 0
        while offset < (len(data) if until is None else until):
            try:
                offset = await self.piece(upload, offset, data[offset : offset + 200 * KIB])
            except (Failed, httpx.TransportError):
                failures += 1
                assert failures < TRIES
                await asyncio.sleep(min(0.5, 0.02 * failures))
                stands_at = await self.offset(upload)
                assert offset <= stands_at <= len(data)  # what was acknowledged once is there
                offset = stands_at
        assert until is not None or await self.offset(upload) == len(data)

    async def begin(self, name: str, length: int) -> str:
        metadata = {"bucket": "files", "name": name}
        encoded = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in metadata.items())
        answer = await self.client.post("/api/v1/uploads", headers={**TUS, "Upload-Length": str(length), "Upload-Metadata": encoded})
        expected(answer, 201)
        return answer.headers["Location"]

    async def piece(self, upload: str, offset: int, piece: bytes) -> int:
        headers = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        answer = await self.client.patch(upload, headers=headers, content=piece)
        expected(answer, 204)
        assert int(answer.headers["Upload-Offset"]) == offset + len(piece), (offset, len(piece), dict(answer.headers))
        return offset + len(piece)

    async def offset(self, upload: str) -> int:
        for attempt in range(TRIES):
            try:
                answer = await self.client.head(upload, headers=TUS)
                expected(answer, 200)
                return int(answer.headers["Upload-Offset"])
            except (Failed, httpx.TransportError):
                await asyncio.sleep(min(1.0, 0.05 * attempt))
        raise AssertionError(f"{upload} does not tell where it stands")

    async def get(self, number: int) -> None:
        name = f"fixed/{number % FIXED}"
        answer = await self.client.get(f"{BUCKET}/objects/{name}")
        expected(answer, 200)
        assert answer.content == self.fixed[name]

    async def part(self, number: int) -> None:
        name = f"fixed/{number % FIXED}"
        size = len(self.fixed[name])
        start = self.random.randrange(size)
        end = self.random.randrange(start, size)
        answer = await self.client.get(f"{BUCKET}/objects/{name}", headers={"Range": f"bytes={start}-{end}"})
        expected(answer, 206)
        assert answer.content == self.fixed[name][start : end + 1]
        assert answer.headers["Content-Range"] == f"bytes {start}-{end}/{size}"

    async def parts(self, number: int) -> None:
        name = f"fixed/{number % FIXED}"
        answer = await self.client.get(f"{BUCKET}/objects/{name}", headers={"Range": "bytes=0-9,100-1099"})
        expected(answer, 206)
        assert self.fixed[name][:10] in answer.content
        assert self.fixed[name][100:1100] in answer.content
        assert answer.content.endswith(b"--\r\n")

    async def zip(self, number: int) -> None:
        answer = await self.client.get(f"{BUCKET}/archive", params={"prefix": "fixed/"})
        expected(answer, 200)
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            found = {name.rpartition("/")[2]: archive.read(name) for name in archive.namelist()}
        missing = found.pop("_missing.txt", b"").decode()
        for name, data in self.fixed.items():
            short = name.rpartition("/")[2]
            if short in found:
                assert found[short] == data
            else:
                assert short in missing, (sorted(found), missing)
        if missing:
            raise Failed(missing)

    async def all_is_right(self, direct: httpx.AsyncClient) -> None:
        """Whatever was written is there as a whole, or as it was before."""
        fixed: dict[str, set[bytes | None]] = {name: {data} for name, data in self.fixed.items()}
        for name, possible in (fixed | self.possible).items():
            answer = await direct.get(f"{BUCKET}/objects/{name}")
            found = None if answer.status_code == 404 else answer.content
            assert found in possible, f"{name}: {answer.status_code}, {_short(found)} is not one of {[_short(one) for one in possible]}"

    async def give_up(self, direct: httpx.AsyncClient) -> None:
        """End all uploads that were begun, as far as they are known."""
        for upload in self.uploads:
            answer = await direct.delete(upload, headers=TUS)
            assert answer.status_code in (204, 404, 410), answer.text


def _short(data: bytes | None) -> str:
    return "nothing" if data is None else f"{len(data)} bytes {hashlib.sha256(data).hexdigest()[:8]}"
