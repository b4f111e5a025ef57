"""curl against the real site: parts, and downloads that go on where they broke off."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.site import Site

SIZE = 5_000_000
DATA = random.Random(11).randbytes(SIZE)


@pytest.fixture(scope="module")
def film(live_site: Site) -> Iterator[tuple[str, str]]:
    """An object's address, and the header that lets curl read it."""
    header = f"Authorization: Bearer {live_site.manage('create_token', 'admin').strip()}"
    name, value = header.split(": ", 1)
    with httpx.Client(base_url=f"{live_site.url}/api/v1", headers={name: value}, timeout=60) as client:
        assert client.post("/buckets", json={"name": "curl"}).status_code == 201
        assert client.put("/buckets/curl/objects/film.mp4", content=DATA).status_code == 201
        yield f"{live_site.url}/api/v1/buckets/curl/objects/film.mp4", header
        client.delete("/buckets/curl")


def curl(film: tuple[str, str], *options: str) -> subprocess.CompletedProcess[bytes]:
    address, header = film
    return subprocess.run(["curl", "-sS", "-H", header, *options, address], capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("wanted", "data"),
    [("0-99", DATA[:100]), ("4000000-4000009", DATA[4_000_000:4_000_010]), ("4999990-", DATA[-10:]), ("-5", DATA[-5:])],
)
def test_curl_gets_a_part(film: tuple[str, str], wanted: str, data: bytes) -> None:
    done = curl(film, "-r", wanted, "-w", "%{stderr}%{http_code}")
    assert (done.stdout, done.stderr) == (data, b"206")


def test_curl_gets_several_parts(film: tuple[str, str]) -> None:
    got = curl(film, "-r", "0-4,3000000-3000004").stdout
    for first, last, data in ((0, 4, DATA[:5]), (3_000_000, 3_000_004, DATA[3_000_000:3_000_005])):
        assert f"Content-Range: bytes {first}-{last}/{SIZE}\r\n\r\n".encode() + data + b"\r\n--" in got


@pytest.mark.parametrize("had", [1, 524_288, 3_333_333, SIZE - 1])
def test_curl_goes_on_with_what_it_has(film: tuple[str, str], tmp_path: Path, had: int) -> None:
    file = tmp_path / "film.mp4"
    file.write_bytes(DATA[:had])
    done = curl(film, "-f", "-C", "-", "-o", str(file))
    assert (done.returncode, done.stderr) == (0, b"")
    assert file.read_bytes() == DATA


def test_curl_knows_that_it_has_everything(film: tuple[str, str], tmp_path: Path) -> None:
    file = tmp_path / "film.mp4"
    file.write_bytes(DATA)
    done = curl(film, "-C", "-", "-o", str(file), "-w", "%{http_code}")
    assert (done.returncode, done.stdout) == (0, b"416")
    assert file.read_bytes() == DATA


def test_curl_saves_a_new_one_only_if_there_is_one(film: tuple[str, str], tmp_path: Path) -> None:
    tag, file = tmp_path / "etag", tmp_path / "film.mp4"
    first = curl(film, "--etag-save", str(tag), "-o", str(file), "-w", "%{http_code}")
    again = curl(film, "--etag-compare", str(tag), "-o", str(tmp_path / "again"), "-w", "%{http_code}")
    assert (first.stdout, again.stdout) == (b"200", b"304")
