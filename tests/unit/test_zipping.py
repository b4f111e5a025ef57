"""Zips that are written piece by piece: what other programs make of them, and what they cost."""

import asyncio
import shutil
import struct
import subprocess
import tracemalloc
import zipfile
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buckets.services.zipping import ZipStream

MOMENT = datetime(2026, 11, 23, 14, 5, 10, tzinfo=UTC)
KIB, MIB, GIB = 1024, 1024**2, 1024**3


async def made(*members: tuple[str, bytes], moment: datetime = MOMENT, deflate: bool = False) -> bytes:
    out = bytearray()
    with closing(ZipStream()) as archive:
        for name, content in members:
            archive.begin(name, len(content), moment, deflate=deflate)
            await archive.write(content)
            archive.end()
            out += b"".join(archive.take())
        out += b"".join([piece async for piece in archive.finish()])
    return bytes(out)


def check(archive: bytes, folder: Path) -> None:
    """Read all of it as others do: with Info-ZIP's ``unzip -t`` too, which fails for the least irregularity, where it is installed."""
    path = folder / "archive.zip"
    path.write_bytes(archive)
    with zipfile.ZipFile(path) as read:
        assert read.testzip() is None
    if shutil.which("unzip"):
        subprocess.run(["unzip", "-tq", path], check=True, capture_output=True, timeout=60)


@given(st.dictionaries(st.text("abcé日", min_size=1), st.binary(max_size=300_000), max_size=5), st.booleans())
@settings(deadline=None, max_examples=30)
def test_what_is_written_is_read_back(members: dict[str, bytes], deflate: bool) -> None:
    with zipfile.ZipFile(BytesIO(asyncio.run(made(*members.items(), deflate=deflate)))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == members


@pytest.mark.parametrize("deflate", [False, True])
async def test_unzip_takes_it(tmp_path: Path, deflate: bool) -> None:
    archive = await made(("ünïcode/日本.txt", b"text" * 100_000), ("empty", b""), ("b", b"x"), deflate=deflate)
    check(archive, tmp_path)
    assert (len(archive) < 10_000) == deflate


async def test_an_archive_of_nothing_is_one() -> None:
    assert zipfile.ZipFile(BytesIO(await made())).namelist() == []


async def test_it_keeps_times_in_the_zip_s_own_way_and_with_their_zone() -> None:
    info = zipfile.ZipFile(BytesIO(await made(("a", b"")))).getinfo("a")
    assert info.date_time == (2026, 11, 23, 14, 5, 10)
    assert struct.unpack("<HHBl", info.extra) == (0x5455, 5, 1, MOMENT.timestamp())  # Info-ZIP's extra field "UT"


@pytest.mark.parametrize(
    ("moment", "stored"),
    [
        (datetime(1969, 1, 1, tzinfo=UTC), (1980, 1, 1, 0, 0, 0)),
        (datetime(2200, 1, 1, tzinfo=UTC), (2107, 12, 31, 23, 59, 58)),
        (datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))), (2025, 12, 31, 23, 30, 0)),
    ],
)
async def test_times_that_a_zip_cannot_say_are_the_nearest_it_can(moment: datetime, stored: tuple[int, ...]) -> None:
    content = await made(("a", b""), moment=moment)
    assert zipfile.ZipFile(BytesIO(content)).getinfo("a").date_time == stored


@pytest.mark.parametrize("deflate", [False, True])
async def test_a_member_that_is_taken_back_is_none(tmp_path: Path, deflate: bool) -> None:
    archive, out = ZipStream(), bytearray()
    for name, whole in (("before", True), ("broken", False), ("after", True)):
        archive.begin(name, 300_000, MOMENT, deflate=deflate)
        await archive.write(name.encode() * 50_000)
        archive.end() if whole else archive.drop()
        out += b"".join(archive.take(0))
    out += b"".join([piece async for piece in archive.finish()])
    archive.close()
    check(bytes(out), tmp_path)
    with zipfile.ZipFile(BytesIO(bytes(out))) as read:
        assert read.namelist() == ["before", "after"]
        assert read.read("after") == b"after" * 50_000
    begun = out.index(b"broken")
    assert b"PK\x07\x08" not in out[begun : out.index(b"after", begun)]  # nor does who reads from the front find its end


class Tail:
    """The last of a file of which only the end can be read, as ``zipfile`` does for the directory."""

    def __init__(self) -> None:
        self.size = 0
        self.kept = b""
        self._position = 0

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        self.kept = (self.kept + piece)[-64 * KIB :]

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = offset + (0, self._position, self.size)[whence]
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, count: int = -1) -> bytes:
        start = self._position - (self.size - len(self.kept))
        assert start >= 0, "only the end is kept"
        found = self.kept[start:] if count < 0 else self.kept[start : start + count]
        self._position += len(found)
        return found


async def test_members_of_more_than_4_gib_are_zip64_in_constant_memory() -> None:
    archive, tail, piece = ZipStream(), Tail(), bytes(MIB)
    tracemalloc.start()
    for name, size in (("large", 5 * GIB), ("small", MIB)):
        archive.begin(name, size, MOMENT)
        for _ in range(size // MIB):
            await archive.write(piece)
            for out in archive.take():
                tail.add(out)
        archive.end()
    async for out in archive.finish():
        tail.add(out)
    archive.close()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    with zipfile.ZipFile(tail) as read:
        assert {info.filename: info.file_size for info in read.infolist()} == {"large": 5 * GIB, "small": MIB}
        assert read.getinfo("small").header_offset > 5 * GIB
        assert (read.getinfo("large").extract_version, read.getinfo("small").compress_size) == (45, MIB)
    assert peak < 8 * MIB


async def test_memory_does_not_grow_with_the_number_of_members(tmp_path: Path) -> None:
    archive, path, count = ZipStream(), tmp_path / "many.zip", 66_000  # more than a zip without zip64 can count
    with path.open("wb") as file:
        for number in range(count):
            if number == count // 2:
                tracemalloc.start()
            archive.begin(f"folder/{number:060}", 1, MOMENT)
            await archive.write(b"x")
            archive.end()
            file.writelines(archive.take())
        async for piece in archive.finish():
            file.write(piece)
    archive.close()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * MIB
    with zipfile.ZipFile(path) as read:
        assert len(read.namelist()) == count


@pytest.mark.parametrize("deflate", [False, True])
async def test_a_large_piece_does_not_hold_up_the_loop(deflate: bool) -> None:
    archive, ticks = ZipStream(), 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    archive.begin("a", 16 * MIB, MOMENT, deflate=deflate)
    await archive.write(bytes(16 * MIB))
    ticking.cancel()
    archive.close()
    assert ticks > 1


async def test_closing_in_the_middle_leaves_nothing_behind() -> None:
    archive = ZipStream()
    archive.begin("a", 1000, MOMENT, deflate=True)
    await archive.write(b"x")
    archive.close()
    archive.close()
    assert archive.take(0) == []


async def test_a_cancelled_write_has_ended_when_it_returns() -> None:
    archive = ZipStream()
    archive.begin("a", 64 * MIB, MOMENT, deflate=True)
    writing = asyncio.create_task(archive.write(bytes(64 * MIB)))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    archive.end()
    archive.take(0)
    directory = b"".join([piece async for piece in archive.finish()])
    archive.close()
    assert (64 * MIB).to_bytes(4, "little") in directory
