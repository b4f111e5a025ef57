"""natsrpy: Rust's async-nats in Python."""

import contextlib
import io
from collections.abc import Iterator
from typing import Any

from natsrpy import Nats
from natsrpy.exceptions import NatsrpyBaseError
from natsrpy.js import ObjectStoreConfig

from .peers import PLAIN, Facts, Meta, Refused, Seen, as_lists

CHUNK = 128 * 1024


class NatsRs:
    """It links within one bucket only: that is how its ``link_object`` looks for the target."""

    facts = Facts(keeps_description=False, changes_all=False, renames_to_deleted=False)

    def __init__(self, url: str) -> None:
        self._client = Nats(addrs=[url])
        self._js: Any = None

    async def start(self) -> None:
        await self._client.startup()
        self._js = await self._client.jetstream()

    async def close(self) -> None:
        await self._client.shutdown()

    async def create(self, bucket: str) -> None:
        await self._js.object_store.create(ObjectStoreConfig(bucket))

    async def put(self, bucket: str, name: str, data: bytes, meta: Meta = PLAIN) -> None:
        with _refusals():
            await (await self._open(bucket)).put(name, data, meta.chunk_size or CHUNK, **_meta(meta))

    async def get(self, bucket: str, name: str) -> bytes:
        sink = io.BytesIO()
        with _refusals():
            await (await self._open(bucket)).get(name, sink)
        return sink.getvalue()

    async def info(self, bucket: str, name: str) -> Seen | None:
        try:
            with _refusals():
                return _seen(await (await self._open(bucket)).get_info(name))
        except Refused as refused:
            if "not found" in str(refused):
                return None
            raise

    async def list(self, bucket: str) -> list[Seen]:
        with _refusals():
            return [_seen(info) async for info in await (await self._open(bucket)).list()]

    async def delete(self, bucket: str, name: str) -> None:
        with _refusals():
            await (await self._open(bucket)).delete(name)

    async def update(self, bucket: str, name: str, new_name: str, meta: Meta = PLAIN) -> None:
        with _refusals():
            await (await self._open(bucket)).update_metadata(name, new_name=new_name if new_name != name else None, **_meta(meta))

    async def link(self, bucket: str, name: str, to_bucket: str, to_name: str) -> None:
        if to_bucket != bucket:
            raise Refused("natsrpy links within one bucket")
        with _refusals():
            await (await self._open(bucket)).link_object(to_name, name)

    async def link_bucket(self, bucket: str, name: str, to_bucket: str) -> None:
        with _refusals():
            await (await self._open(bucket)).link_bucket(to_bucket, name)

    async def _open(self, bucket: str) -> Any:
        return await self._js.object_store.get(bucket)


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except NatsrpyBaseError as error:
        raise Refused(str(error)) from error


def _meta(meta: Meta) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    if meta.description is not None:
        wanted["description"] = meta.description
    if meta.headers is not None:
        wanted["headers"] = {key: list(values) for key, values in meta.headers.items()}
    if meta.metadata is not None:
        wanted["metadata"] = dict(meta.metadata)
    return wanted


def _seen(info: Any) -> Seen:
    return Seen(
        name=info.name,
        size=info.size,
        chunks=info.chunks,
        digest=info.digest or "",
        deleted=info.deleted,
        description=info.description or "",
        headers=as_lists(info.headers),
        metadata=dict(info.metadata),
        link=(info.link.bucket, info.link.name or "") if info.link is not None else None,
    )
