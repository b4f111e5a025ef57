"""nats-py's own ObjectStore."""

import contextlib
from collections.abc import Iterator

from nats.aio.client import Client
from nats.errors import Error
from nats.js.api import ObjectInfo, ObjectMeta, ObjectMetaOptions, ObjectStoreConfig
from nats.js.errors import NotFoundError
from nats.js.object_store import ObjectStore

from .peers import PLAIN, Facts, Meta, Refused, Seen, as_lists

CHUNK = 128 * 1024


class NatsPy:
    facts = Facts(metadata=False, keeps_metadata=False, keeps_description=False, renames=False, links=False, bucket_links=False)

    def __init__(self, client: Client) -> None:
        self._js = client.jetstream()

    async def create(self, bucket: str) -> None:
        await self._js.create_object_store(bucket, ObjectStoreConfig())

    async def put(self, bucket: str, name: str, data: bytes, meta: Meta = PLAIN) -> None:
        wanted = _meta(name, meta)
        wanted.options = ObjectMetaOptions(max_chunk_size=meta.chunk_size or CHUNK)
        with _refusals():
            await (await self._open(bucket)).put(name, data, wanted)

    async def get(self, bucket: str, name: str) -> bytes:
        with _refusals():
            return (await (await self._open(bucket)).get(name)).data or b""

    async def info(self, bucket: str, name: str) -> Seen | None:
        try:
            return _seen(await (await self._open(bucket)).get_info(name, show_deleted=True))
        except NotFoundError:
            return None

    async def list(self, bucket: str) -> list[Seen]:
        try:
            return [_seen(info) for info in await (await self._open(bucket)).list(ignore_deletes=True)]
        except NotFoundError:  # that is how it lists an empty bucket
            return []

    async def delete(self, bucket: str, name: str) -> None:
        with _refusals():
            await (await self._open(bucket)).delete(name)

    async def update(self, bucket: str, name: str, new_name: str, meta: Meta = PLAIN) -> None:
        with _refusals():
            await (await self._open(bucket)).update_meta(name, _meta(new_name, meta))

    async def link(self, bucket: str, name: str, to_bucket: str, to_name: str) -> None:
        raise Refused("nats-py has no verb for it")

    async def link_bucket(self, bucket: str, name: str, to_bucket: str) -> None:
        raise Refused("nats-py has no verb for it")

    async def _open(self, bucket: str) -> ObjectStore:
        return await self._js.object_store(bucket)


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except Error as error:
        raise Refused(repr(error)) from error


def _meta(name: str, meta: Meta) -> ObjectMeta:
    headers = {key: list(values) for key, values in meta.headers.items()} if meta.headers is not None else None
    return ObjectMeta(name=name, description=meta.description, headers=headers)


def _seen(info: ObjectInfo) -> Seen:
    link = info.options.link if info.options is not None else None
    return Seen(
        name=info.name,
        size=info.size or 0,
        chunks=info.chunks or 0,
        digest=info.digest or "",
        deleted=bool(info.deleted),
        description=info.description or "",
        headers=as_lists(info.headers),
        metadata={},
        link=(link.bucket, link.name or "") if link is not None else None,
    )
