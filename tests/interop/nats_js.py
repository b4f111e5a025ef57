"""``@nats-io/obj`` in one Node.js process for all tests."""

import asyncio
import base64
import json
import subprocess
from pathlib import Path
from typing import Any

from .peers import PLAIN, Facts, Meta, Refused, Seen

SCRIPT = Path(__file__).parent.parent / "interop_node" / "objects.mjs"


class NatsJs:
    facts = Facts(keeps_metadata=False, keeps_description=False, latin_1=True)

    def __init__(self, url: str) -> None:
        self._process = subprocess.Popen(
            ["node", str(SCRIPT), url.removeprefix("nats://")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def close(self) -> None:
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(10)

    async def create(self, bucket: str) -> None:
        await self._do("create", bucket)

    async def put(self, bucket: str, name: str, data: bytes, meta: Meta = PLAIN) -> None:
        await self._do("put", bucket, name=name, data=base64.b64encode(data).decode(), **_meta(meta))

    async def get(self, bucket: str, name: str) -> bytes:
        return base64.b64decode(await self._do("get", bucket, name=name))

    async def info(self, bucket: str, name: str) -> Seen | None:
        try:
            found = await self._do("info", bucket, name=name)
        except Refused as refused:
            if "no message found" in str(refused):
                return None
            raise
        return None if found is None else _seen(found)

    async def list(self, bucket: str) -> list[Seen]:
        return [_seen(each) for each in await self._do("list", bucket)]

    async def delete(self, bucket: str, name: str) -> None:
        await self._do("delete", bucket, name=name)

    async def update(self, bucket: str, name: str, new_name: str, meta: Meta = PLAIN) -> None:
        await self._do("update", bucket, name=name, newName=new_name, **_meta(meta))

    async def link(self, bucket: str, name: str, to_bucket: str, to_name: str) -> None:
        await self._do("link", bucket, name=name, toBucket=to_bucket, toName=to_name)

    async def link_bucket(self, bucket: str, name: str, to_bucket: str) -> None:
        await self._do("linkBucket", bucket, name=name, toBucket=to_bucket)

    async def _do(self, action: str, bucket: str, **values: object) -> Any:
        line = json.dumps({"action": action, "bucket": bucket, **values})
        answer = json.loads(await asyncio.wait_for(asyncio.to_thread(self._ask, line), 60))
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["result"]

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


def _meta(meta: Meta) -> dict[str, object]:
    wanted: dict[str, object] = {}
    if meta.description is not None:
        wanted["description"] = meta.description
    if meta.headers is not None:
        wanted["headers"] = {key: list(values) for key, values in meta.headers.items()}
    if meta.metadata is not None:
        wanted["metadata"] = dict(meta.metadata)
    if meta.chunk_size is not None:
        wanted["chunkSize"] = meta.chunk_size
    return wanted


def _seen(found: dict[str, Any]) -> Seen:
    link = found.pop("link")
    return Seen(**found, link=(link[0], link[1]) if link else None)
