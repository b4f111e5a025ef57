"""Uploads in pieces by those who do it every day: tus-js-client, tuspy and curl, against the real site."""

import asyncio
import base64
import hashlib
import json
import os
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed
from tusclient.storage.filestorage import FileStorage

from buckets.objectstore import ObjectStore
from tests.faults.proxy import Proxy
from tests.site import Site

MIB = 1024 * 1024
SCRIPT = Path(__file__).parent.parent / "interop_node" / "tus.mjs"
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = 2 * MIB


@pytest.fixture(scope="module")
def token(live_site: Site) -> str:
    return live_site.manage("create_token", "admin").strip()


@pytest.fixture(scope="module")
def client(live_site: Site, token: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live_site.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        yield client


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "film.bin"
    path.write_bytes(os.urandom(7 * MIB + 12_345))
    return path


@pytest.fixture
async def proxy(live_site: Site) -> AsyncIterator[Proxy]:
    async with Proxy(live_site.url) as proxy:
        yield proxy


@pytest.fixture
def download(client: httpx.Client, bucket: str) -> Callable[[str], bytes]:
    def get(name: str) -> bytes:
        answer = client.get(f"/api/v1/buckets/{bucket}/objects/{name}")
        assert answer.status_code == 200
        return answer.content

    return get


def endpoint(address: str) -> str:
    return address.replace("nats:", "http:") + "/api/v1/uploads"


# ---- tus-js-client


class TusJs:
    """tus-js-client under Node.js, with what all its tests tell it."""

    def __init__(self, site: Site, token: str, bucket: str) -> None:
        self._order = {"endpoint": endpoint(site.url), "token": token, "chunkSize": PIECE}
        self._bucket = bucket

    async def upload(self, *files: Path, **more: Any) -> list[Any]:
        uploads = [{"path": str(file), "metadata": {"bucket": self._bucket, "name": file.name}} for file in files]
        order = json.dumps({**self._order, "uploads": uploads, **more})
        process = await asyncio.create_subprocess_exec("node", str(SCRIPT), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        output, _ = await asyncio.wait_for(process.communicate(order.encode()), 60)
        assert process.returncode == 0
        return list(json.loads(output)["uploads"])


@pytest.fixture
def tus_js(live_site: Site, token: str, bucket: str) -> TusJs:
    return TusJs(live_site, token, bucket)


def offsets(done: Any) -> list[int]:
    return [offset for method, offset in done["requests"] if method == "PATCH"]


@pytest.mark.parametrize("way", [{}, {"deferred": True}, {"fromCreation": True}, {"override": True}, {"chunkSize": 100 * MIB}], ids=str)
async def test_tus_js_client_uploads_a_file(tus_js: TusJs, download: Callable[[str], bytes], file: Path, way: dict[str, Any]) -> None:
    (done,) = await tus_js.upload(file, **way)
    assert "error" not in done
    assert download(file.name) == file.read_bytes()


async def test_tus_js_client_uploads_files_in_parallel(tus_js: TusJs, download: Callable[[str], bytes], tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.bin" for number in range(8)]
    for number, file in enumerate(files):
        file.write_bytes(os.urandom(number * MIB))
    assert not [done for done in await tus_js.upload(*files) if "error" in done]
    for file in files:
        assert download(file.name) == file.read_bytes()


async def test_tus_js_client_goes_on_in_another_process(
    tus_js: TusJs, download: Callable[[str], bytes], file: Path, tmp_path: Path
) -> None:
    storage = str(tmp_path / "storage.json")
    (stopped,) = await tus_js.upload(file, storage=storage, stopAfter=2 * PIECE)
    (done,) = await tus_js.upload(file, storage=storage)
    assert (done["url"], done["requests"][0][0]) == (stopped["url"], "HEAD")
    assert offsets(done) == [2 * PIECE, 3 * PIECE]
    assert download(file.name) == file.read_bytes()


async def test_tus_js_client_goes_on_when_the_connection_breaks(
    tus_js: TusJs, proxy: Proxy, download: Callable[[str], bytes], file: Path
) -> None:
    proxy.cut_after(5 * MIB)
    (done,) = await tus_js.upload(file, endpoint=endpoint(proxy.url), chunkSize=100 * MIB)
    assert "error" not in done
    first, *later = offsets(done)
    assert (first, proxy.cuts) == (0, 1)
    assert any(4 * MIB < offset < 6 * MIB for offset in later)
    assert download(file.name) == file.read_bytes()


async def test_tus_js_client_goes_on_when_an_answer_is_lost(
    tus_js: TusJs, proxy: Proxy, download: Callable[[str], bytes], file: Path
) -> None:
    proxy.lose_the_answer_to(f"Upload-Offset: {3 * PIECE}\r".encode())
    (done,) = await tus_js.upload(file, endpoint=endpoint(proxy.url))
    assert ("error" in done, proxy.cuts) == (False, 1)
    assert download(file.name) == file.read_bytes()


async def test_tus_js_client_takes_an_upload_back(tus_js: TusJs, client: httpx.Client, store: ObjectStore, bucket: str, file: Path) -> None:
    (stopped,) = await tus_js.upload(file, stopAfter=PIECE, terminate=True)
    assert "error" not in stopped
    assert client.head(stopped["url"], headers=TUS).status_code == 404
    assert (await store.bucket(bucket)).stream.messages == 0


async def test_tus_js_client_is_told_what_is_wrong(tus_js: TusJs, file: Path) -> None:
    (refused,) = await tus_js.upload(file, token="wrong", endpoint=tus_js._order["endpoint"])
    assert "401" in refused["error"]


# ---- tuspy


@pytest.fixture
def tuspy(live_site: Site, token: str) -> TusClient:
    return TusClient(endpoint(live_site.url), headers={"Authorization": f"Bearer {token}"})


def told(bucket: str, file: Path) -> dict[str, str]:
    return {"bucket": bucket, "name": file.name}


class Kept(BytesIO):
    """tuspy leaves files open that it has opened itself, and closes others while it still needs them."""

    def close(self) -> None:
        pass


@pytest.fixture
def stream(file: Path) -> Kept:
    return Kept(file.read_bytes())


@pytest.mark.parametrize("checksum", [False, True])
def test_tuspy_uploads_a_file(
    tuspy: TusClient, bucket: str, download: Callable[[str], bytes], file: Path, stream: Kept, checksum: bool
) -> None:
    tuspy.uploader(file_stream=stream, chunk_size=PIECE, metadata=told(bucket, file), upload_checksum=checksum).upload()
    assert download(file.name) == file.read_bytes()


def test_tuspy_goes_on_where_it_stopped(
    tuspy: TusClient, bucket: str, download: Callable[[str], bytes], file: Path, stream: Kept, tmp_path: Path
) -> None:
    with closing(FileStorage(str(tmp_path / "storage.json"))) as storage:  # type: ignore[no-untyped-call]
        options = {"chunk_size": PIECE, "metadata": told(bucket, file), "store_url": True, "url_storage": storage}
        tuspy.uploader(file_stream=stream, **options).upload(stop_at=2 * PIECE)
        again = tuspy.uploader(file_stream=stream, **options)
        assert again.offset == 2 * PIECE
        again.upload()
    assert download(file.name) == file.read_bytes()


async def test_tuspy_goes_on_when_the_connection_breaks(
    token: str, proxy: Proxy, bucket: str, download: Callable[[str], bytes], file: Path, stream: Kept
) -> None:
    client = TusClient(endpoint(proxy.url), headers={"Authorization": f"Bearer {token}"})
    uploader = client.uploader(file_stream=stream, chunk_size=PIECE, metadata=told(bucket, file), retries=10, retry_delay=0.2)
    proxy.cut_after(5 * MIB)
    await asyncio.to_thread(uploader.upload)
    assert proxy.cuts == 1
    assert await asyncio.to_thread(download, file.name) == file.read_bytes()


def test_tuspy_is_told_of_a_wrong_offset(tuspy: TusClient, bucket: str, client: httpx.Client, file: Path, stream: Kept) -> None:
    uploader = tuspy.uploader(file_stream=stream, chunk_size=PIECE, metadata=told(bucket, file))
    uploader.upload_chunk()  # type: ignore[no-untyped-call]
    uploader.offset = PIECE + 1
    with pytest.raises(TusUploadFailed) as refused:
        uploader.upload_chunk()  # type: ignore[no-untyped-call]
    assert refused.value.status_code == 409
    assert client.head(str(uploader.url), headers=TUS).headers["Upload-Offset"] == str(PIECE)


def test_tuspy_is_told_when_it_may_not(live_site: Site, bucket: str, file: Path, stream: Kept) -> None:
    stranger = TusClient(endpoint(live_site.url), headers={"Authorization": "Bearer wrong"})
    with pytest.raises(TusCommunicationError) as refused:
        stranger.uploader(file_stream=stream, metadata=told(bucket, file)).upload()
    assert refused.value.status_code == 401


# ---- curl


class Curl:
    """``curl`` with the headers of the protocol; gives the status and the headers of the answer."""

    def __init__(self, site: Site, token: str) -> None:
        self.site = site
        self._headers = [f"Authorization: Bearer {token}", "Tus-Resumable: 1.0.0"]

    def __call__(self, *options: str, address: str = "", headers: dict[str, str], timeout: float = 60) -> tuple[int, dict[str, str]]:
        lines = [*self._headers, *(f"{name}: {value}" for name, value in headers.items())]
        command = ["curl", "-sS", "-o", os.devnull, "-D", "-", *options, *(part for line in lines for part in ("-H", line))]
        command.append(self.site.url + (address or "/api/v1/uploads"))
        output = subprocess.run(command, capture_output=True, text=True, timeout=timeout).stdout
        first, *rest = output.replace("HTTP/1.1 100 Continue\n\n", "").splitlines()
        return int(first.split()[1]), {key.lower(): value for key, _, value in (line.partition(": ") for line in rest) if value}

    def begin(self, bucket: str, file: Path) -> str:
        facts = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told(bucket, file).items())
        status, headers = self("-X", "POST", headers={"Upload-Length": str(file.stat().st_size), "Upload-Metadata": facts})
        assert status == 201
        return headers["location"]

    def patch(
        self, address: str, offset: int, file: Path, *options: str, checksum: str = "", timeout: float = 60
    ) -> tuple[int, dict[str, str]]:
        """Send ``file`` as the piece behind ``offset``."""
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        if checksum:
            headers["Upload-Checksum"] = checksum
        return self("-X", "PATCH", "-T", str(file), *options, address=address, headers=headers, timeout=timeout)

    def offset(self, address: str) -> int:
        status, headers = self("-I", address=address, headers={})
        assert status == 200
        return int(headers["upload-offset"])


@pytest.fixture
def curl(live_site: Site, token: str) -> Curl:
    return Curl(live_site, token)


def halves(file: Path) -> tuple[Path, Path]:
    """The file in two files: as a shell would cut it for curl."""
    data = file.read_bytes()
    first, second = file.with_suffix(".1"), file.with_suffix(".2")
    first.write_bytes(data[:PIECE])
    second.write_bytes(data[PIECE:])
    return first, second


def test_curl_uploads_a_file_in_pieces(curl: Curl, bucket: str, download: Callable[[str], bytes], file: Path) -> None:
    first, second = halves(file)
    upload = curl.begin(bucket, file)
    assert curl.patch(upload, 0, first)[0] == 204
    assert curl.offset(upload) == PIECE
    assert curl.patch(upload, PIECE, second)[1]["upload-offset"] == str(file.stat().st_size)
    assert download(file.name) == file.read_bytes()


def test_curl_sends_checksums_and_is_told_of_a_wrong_one(curl: Curl, bucket: str, download: Callable[[str], bytes], file: Path) -> None:
    first, second = halves(file)
    upload = curl.begin(bucket, file)
    assert curl.patch(upload, 0, first, checksum=sha256(first))[0] == 204
    assert curl.patch(upload, PIECE, second, checksum=sha256(first))[0] == 460
    assert curl.offset(upload) == PIECE
    assert curl.patch(upload, PIECE, second, checksum=sha256(second))[0] == 204
    assert download(file.name) == file.read_bytes()


def sha256(file: Path) -> str:
    return "sha256 " + base64.b64encode(hashlib.sha256(file.read_bytes()).digest()).decode()


def test_curl_goes_on_after_it_was_stopped_in_the_middle(curl: Curl, bucket: str, download: Callable[[str], bytes], file: Path) -> None:
    upload = curl.begin(bucket, file)
    with pytest.raises(subprocess.TimeoutExpired):
        curl.patch(upload, 0, file, "--limit-rate", "1M", timeout=2)
    while (offset := curl.offset(upload)) == 0:
        pass
    assert 0 < offset < file.stat().st_size
    rest = file.with_suffix(".rest")
    rest.write_bytes(file.read_bytes()[offset:])
    while (status := curl.patch(upload, offset, rest)[0]) == 423:
        pass
    assert status == 204
    assert download(file.name) == file.read_bytes()


def test_curl_takes_an_upload_back(curl: Curl, bucket: str, file: Path) -> None:
    upload = curl.begin(bucket, file)
    assert curl("-X", "DELETE", address=upload, headers={})[0] == 204
    assert curl("-I", address=upload, headers={})[0] == 404
