"""Backup and restore as docs/admin-guide.md tells: snapshots that the server makes of a bucket's stream and of its history's."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from nats.aio.client import Client

from buckets.objectstore import ObjectStore

from .helpers import contents, read

Snapshot = tuple[dict[str, Any], Sequence[bytes]]


async def back_up(client: Client, stream: str) -> Snapshot:
    """What `nats stream backup` asks of the server: the stream's configuration and state, and all of it as pieces."""
    pieces: asyncio.Queue[Any] = asyncio.Queue()
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox, cb=pieces.put)
    answer = await client.request(f"$JS.API.STREAM.SNAPSHOT.{stream}", json.dumps({"deliver_subject": inbox}).encode(), timeout=10)
    taken: list[bytes] = []
    while (piece := await asyncio.wait_for(pieces.get(), 20)).data:
        taken.append(piece.data)
        if piece.reply:
            await client.publish(piece.reply, b"")
    await subscription.unsubscribe()
    return json.loads(answer.data), taken


async def restore(client: Client, stream: str, snapshot: Snapshot) -> None:
    """What `nats stream restore` asks."""
    facts, pieces = snapshot
    wanted = json.dumps({"config": facts["config"], "state": facts["state"]}).encode()
    answer = json.loads((await client.request(f"$JS.API.STREAM.RESTORE.{stream}", wanted, timeout=10)).data)
    for piece in (*pieces, b""):
        done = await client.request(answer["deliver_subject"], piece, timeout=20)
    assert "error" not in json.loads(done.data)


@pytest.mark.servers(since="2.14")
async def test_a_bucket_and_its_history_come_back_from_the_servers_snapshots(store: ObjectStore, foreign: Client, bucket: str) -> None:
    await store.history.enable(bucket)
    for content in (b"one", b"two" * 300_000):
        await store.put(bucket, "doc", content)
    await store.put(bucket, "gone", b"old")
    await store.delete(bucket, "gone")
    streams = (f"OBJ_{bucket}", f"HISTORY_OBJ_{bucket}")
    taken = {stream: await back_up(foreign, stream) for stream in streams}
    await store.history.disable(bucket, remove=True)
    await store.delete_bucket(bucket)
    await restore(foreign, streams[1], taken[streams[1]])
    assert bucket in await store.history.statuses()
    assert await contents(store, bucket, "doc") == [b"two" * 300_000, b"one"]
    await restore(foreign, streams[0], taken[streams[0]])
    assert await read(store, bucket, "doc") == b"two" * 300_000
    assert await contents(store, bucket, "doc") == [b"two" * 300_000, b"one"]
    await store.put(bucket, "doc", b"three")
    async with asyncio.timeout(30):
        while len(await contents(store, bucket, "doc")) < 3:
            await asyncio.sleep(0.05)
    assert (await contents(store, bucket, "doc"))[0] == b"three"
