"""Jobs, effects and archives in the API."""

import asyncio
from typing import Any

import httpx
import pytest
from nats.aio.client import Client

from buckets.objectstore import ObjectStore
from buckets.services import repairjobs

from .helpers import listed


async def ended(client: httpx.AsyncClient, bucket: str, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            jobs = (await client.get(f"/api/v1/buckets/{bucket}/jobs")).json()["jobs"]
            found: dict[str, Any] | None = next((job for job in jobs if job["kind"] == kind), None)
            if found is not None and found["state"] != "running":
                return found
            await asyncio.sleep(0.02)


async def test_a_repair_is_begun_watched_and_stopped(
    bucket: str, base: str, site: ObjectStore, owner: httpx.AsyncClient, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.put(bucket, "x", b"data")
    await foreign.jetstream().publish(f"$O.{bucket}.C.LOST", b"data")
    assert (await owner.post(f"{base}/jobs", json={"job": "find_orphans"})).status_code == 202
    assert (await ended(owner, bucket, "orphans"))["outcome"]["nuids"] == 0
    await owner.post(f"{base}/jobs", json={"job": "clear_orphans", "older_than_seconds": 0})
    assert (await ended(owner, bucket, "orphans"))["outcome"] == {"nuids": 0, "chunks": 0, "doubtful": 0, "older_than": 300}
    monkeypatch.setattr(repairjobs, "YOUNGEST", 0.0)  # what came just now may be an upload under way, or is one of this test's
    await owner.post(f"{base}/jobs", json={"job": "clear_orphans", "older_than_seconds": 0})
    job = await ended(owner, bucket, "orphans")
    assert (job["state"], job["action"], job["user"], job["outcome"]["chunks"]) == ("done", "clear", "owner", 1)
    await owner.post(f"{base}/jobs", json={"job": "verify"})
    job = await ended(owner, bucket, "verify")
    assert (job["done"], job["total"], job["done_bytes"], job["outcome"]["damaged"]) == (1, 1, 4, 0)
    assert (await owner.delete(f"{base}/jobs/verify")).status_code == 204
    for wrong in ({"job": "tidy"}, {}, {"job": ["verify"]}, {"job": "verify", "now": 1}, {"job": "find_orphans", "older_than_seconds": -1}):
        assert (await owner.post(f"{base}/jobs", json=wrong)).status_code == 400, wrong
    assert (await owner.delete(f"{base}/jobs/tidy")).status_code == 400
    await site.seal_bucket(bucket)
    refused = await owner.post(f"{base}/jobs", json={"job": "purge_markers"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "bucket_sealed")


async def test_the_effects_of_a_change_are_told_and_nothing_is_changed(
    bucket: str, base: str, site: ObjectStore, owner: httpx.AsyncClient
) -> None:
    await site.history.enable(bucket)
    for text in (b"1", b"2", b"3"):
        await site.put(bucket, "x", text * 1000)
    await listed(bucket, "x")
    await site.history.versions(bucket, "x")
    await asyncio.sleep(0.2)  # so old it has to be
    before = await site.bucket(bucket), await site.history.status(bucket)
    asked = {"ttl_seconds": 0.15, "history": {"keep_versions": 1, "max_bytes": 1000}}
    told = (await owner.post(f"{base}/effects", json=asked)).json()
    assert told["expiring"] == {"objects": 1, "size_bytes": 1000}
    assert (told["refusal"], told["history_keeps"], told["pruned_versions"], told["uncounted"]) == (None, True, 1, False)
    assert told["discarded_bytes"] > 2000
    told = (await owner.post(f"{base}/effects", json={"replicas": 3})).json()
    assert told["refusal"]["code"] == "invalid_bucket_config"
    assert (await site.bucket(bucket), await site.history.status(bucket)) == before


async def test_a_change_that_is_refused_in_part_changes_nothing(
    bucket: str, base: str, site: ObjectStore, owner: httpx.AsyncClient
) -> None:
    before = (await site.bucket(bucket)).config
    for asked in (
        {"description": "new", "ttl_seconds": 60, "history": {"enabled": True, "replicas": 3}},
        {"description": "new", "history": {"keep_days": 3}},
        {"description": "new", "replicas": 3, "history": True},
    ):
        assert (await owner.patch(base, json=asked)).status_code in (400, 409), asked
        assert (await site.bucket(bucket)).config == before
        assert await site.history.status(bucket) is None
    done = await owner.patch(base, json={"description": "new", "ttl_seconds": 60, "history": {"keep_days": 3, "enabled": True}})
    assert (done.json()["description"], done.json()["ttl_seconds"], done.json()["history"]["keep_days"]) == ("new", 60, 3)


async def test_an_archive_is_brought_back(bucket: str, base: str, site: ObjectStore, admin: httpx.AsyncClient) -> None:
    await site.history.enable(bucket)
    await site.put(bucket, "x", b"data")
    assert (await admin.delete(base)).status_code == 204
    taken = await admin.post(f"/api/v1/archives/{bucket}/restore", json={"bucket": "a b"})
    assert (taken.status_code, taken.json()["error"]["code"]) == (400, "invalid_bucket_name")
    assert (await admin.post(f"/api/v1/archives/{bucket}/restore", json={})).status_code == 202
    assert (await ended(admin, bucket, "restore"))["outcome"]["restored"] == 1
    assert (await admin.get(f"{base}/objects/x")).content == b"data"
    assert (await admin.post("/api/v1/archives/nowhere/restore", json={})).json()["error"]["code"] == "archive_not_found"
