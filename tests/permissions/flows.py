"""Everything that the site asks of NATS, once: by its API, its pages and its upkeep."""

import base64
import json
from typing import Any

import httpx

from buckets.services import repair, upkeep
from tests.faults.helpers import content
from tests.web.conftest import CSRF
from tests.web.helpers import listed

API = "/api/v1/buckets"
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}
LINK = "application/vnd.nats-files.link+json"
# So many, with names so long, that the server asks for flow control when they are listed.
MANY, LONG = 1000, "-" + "x" * 1000


async def use_everything(api: httpx.AsyncClient, page: httpx.AsyncClient, bucket: str) -> None:
    """``bucket`` is made, used, and gone in the end, with its archive; ``page`` is a browser of who may do all in it."""
    await create_and_change(api, bucket)
    await write_and_read(api, bucket)
    await write_without_fast_ingest(api, bucket)
    await upload_in_pieces(api, bucket)
    await watch(api, page, bucket, "b", "finished", f"small/{MANY - 1}{LONG}")
    await bring_back(api, bucket)
    assert [found async for found in repair.verify(None, bucket) if found.problem] == []
    await repair.find_orphans(None, bucket)
    await repair.purge_deleted(None, bucket)
    await upkeep.tend_all()
    for path in ("/readyz", "/metrics", "/api/v1/health"):
        await done(api.get(path))
    await delete(api, bucket)


async def create_and_change(api: httpx.AsyncClient, bucket: str) -> None:
    await done(api.post(API, json={"name": bucket, "history": {"keep_versions": 2}}))
    await done(api.patch(f"{API}/{bucket}", json={"description": "of the test", "max_bytes": 10**9}))
    assert bucket in {each["name"] for each in (await done(api.get(API))).json()["buckets"]}


async def write_and_read(api: httpx.AsyncClient, bucket: str) -> None:
    data, objects = content(3_000_000), f"{API}/{bucket}/objects"
    for _ in range(2):
        await done(api.put(f"{objects}/a", content=data))
    assert (await done(api.get(f"{objects}/a"))).content == data
    assert (await done(api.get(f"{objects}/a", headers={"Range": "bytes=1500000-2700000"}))).content == data[1_500_000:2_700_001]
    await done(api.patch(f"{objects}/a", json={"description": "changed", "name": "b"}))
    await done(api.put(f"{objects}/link", json={"bucket": bucket, "name": "b"}, headers={"Content-Type": LINK}))
    assert (await done(api.get(f"{objects}/link"))).content == data
    await done(api.post(f"{API}/{bucket}/copy", json={"items": [{"name": "b", "to": "c"}]}))
    await done(api.post(f"{API}/{bucket}/move", json={"items": [{"name": "c", "to": "d"}]}))


async def write_without_fast_ingest(api: httpx.AsyncClient, bucket: str) -> None:
    await done(api.patch(f"{API}/{bucket}", json={"fast_ingest": False, "atomic": False}))
    await done(api.put(f"{API}/{bucket}/objects/windowed", content=content(2_000_000)))
    await done(api.patch(f"{API}/{bucket}/objects/windowed", json={"name": "renamed"}))
    await done(api.patch(f"{API}/{bucket}", json={"fast_ingest": True, "atomic": True}))


async def upload_in_pieces(api: httpx.AsyncClient, bucket: str) -> None:
    data = content(300_000)
    for name in ("finished", "taken-back"):
        metadata = ",".join(f"{key} {encoded(value)}" for key, value in (("bucket", bucket), ("name", name)))
        headers = {**TUS, "Upload-Length": str(len(data)), "Upload-Metadata": metadata}
        upload = (await done(api.post("/api/v1/uploads", headers=headers))).headers["Location"]
        await done(api.patch(upload, content=data[:200_000], headers=PIECE | {"Upload-Offset": "0"}))
        if name == "finished":
            await done(api.patch(upload, content=data[200_000:], headers=PIECE | {"Upload-Offset": "200000"}))
        else:
            await done(api.delete(upload, headers=TUS))
    small = b"".join(json.dumps({"name": f"small/{number}{LONG}", "size": 1}).encode() + b"\nx" for number in range(MANY))
    answer = await done(api.post(f"{API}/{bucket}/upload", content=small, headers={"Content-Type": "application/vnd.nats-files.uploads"}))
    assert {result["error"] for result in answer.json()["results"]} == {None}


async def watch(api: httpx.AsyncClient, page: httpx.AsyncClient, bucket: str, *names: str) -> None:
    """Listings are kept current by a watch, also of folders that have no file."""
    await listed(bucket, *names)
    await done(page.post(f"/buckets/{bucket}/folders/new", json={"folder": "empty/"}, headers={"X-CSRFToken": CSRF}))
    await done(page.get(f"/buckets/{bucket}/"))
    await done(api.get(f"{API}/{bucket}/archive"))


async def bring_back(api: httpx.AsyncClient, bucket: str) -> None:
    await done(api.delete(f"{API}/{bucket}/objects/b"))
    assert (await done(api.get(f"{API}/{bucket}/trash"))).json()["total"] >= 1
    await done(api.post(f"{API}/{bucket}/versions/b/restore"))
    versions = (await done(api.get(f"{API}/{bucket}/versions/b"))).json()["versions"]
    old = next(version for version in versions if not version["current"])
    await done(api.delete(f"{API}/{bucket}/versions/b", params={"version": old["version"]}))
    await done(api.post(f"{API}/{bucket}/rewind", json={"at": versions[0]["modified"], "prefix": "b"}))
    await done(api.post(f"{API}/{bucket}/history/prune"))
    await done(api.post(f"{API}/{bucket}/delete", json={"names": ["d"], "for_good": True}))


async def delete(api: httpx.AsyncClient, bucket: str) -> None:
    await done(api.post(f"{API}/{bucket}/seal", json={"confirm": bucket}))
    await done(api.delete(f"{API}/{bucket}"))
    await done(api.delete(f"/api/v1/archives/{bucket}"))


async def done(request: Any) -> httpx.Response:
    answer: httpx.Response = await request
    assert answer.is_success, f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text[:500]}"
    return answer


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
