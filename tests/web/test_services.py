"""What the services promise beyond what the API shows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from pytest_django import Settings

from buckets.access import AnyUser, NotAllowed, NotVisible
from buckets.objectstore import BucketConfig, InvalidObjectName, ObjectExists, ObjectStore
from buckets.services import buckets, bulk, moves, objects, runtime, scans
from buckets.services.errors import TooManyNames, UploadTooLarge
from buckets.services.order import Transfer

from .conftest import Cast


async def body(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def test_it_deletes_many_each_for_itself(bucket: str, cast: Cast) -> None:
    for name in ("a", "b"):
        await objects.upload(cast.editor, bucket, name, body(b"x"))
    results = await objects.delete(cast.editor, bucket, ["a", "", "absent", "b"])
    assert [result.name for result in results] == ["a", "", "absent", "b"]
    assert [type(result.error) for result in results] == [type(None), InvalidObjectName, type(None), type(None)]
    live = await objects.live(cast.editor, bucket)
    assert await live.wait_ready(10)
    assert len(live.index) == 0


async def test_a_piece_of_the_listing_ends_at_its_share_of_bytes(
    site: ObjectStore, bucket: str, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["a", "b", "c", "d", "e/f", "g"]
    for name in names:
        await site.put(bucket, name, b"", headers={"Original-Name": ["x" * 2000]})
    monkeypatch.setattr(scans, "MAX_SCAN_BYTES", 5000)
    pieces = await pieces_of_listing(cast.editor, bucket)
    assert [len(piece) for piece in pieces] == [2, 2, 2]
    assert [name for piece in pieces for name in piece] == names
    monkeypatch.setattr(scans, "MAX_SCAN_BYTES", 1)
    assert await pieces_of_listing(cast.editor, bucket) == [[name] for name in names]


async def pieces_of_listing(user: AnyUser, bucket: str) -> list[list[str]]:
    pieces: list[list[str]] = []
    cursor: str | None = None
    while True:
        found = await objects.scan(user, bucket, scans.ScanQuery(cursor=cursor))
        pieces.append([info.name for info in found.objects])
        if (cursor := found.cursor) is None:
            return pieces


async def test_it_bounds_how_many_are_deleted_at_a_time(bucket: str, cast: Cast) -> None:
    with pytest.raises(TooManyNames):
        await objects.delete(cast.editor, bucket, [str(number) for number in range(bulk.MAX_NAMES + 1)])


async def test_it_keeps_the_original_name_and_who_it_was(bucket: str, cast: Cast) -> None:
    info = await objects.upload(cast.editor, bucket, "2026/Résumé.pdf", body(b"x"))
    assert (info.header("Original-Name"), info.header("Uploaded-By")) == ("Résumé.pdf", "editor")


async def test_it_stops_reading_when_an_upload_gets_too_long(bucket: str, cast: Cast, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    taken: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            taken.append(300)
            yield b"x" * 300

    with pytest.raises(UploadTooLarge):
        await objects.upload(cast.editor, bucket, "x", endless())
    assert sum(taken) == 1200


async def test_it_authorises_before_anything_else(bucket: str, cast: Cast) -> None:
    outsider: AnyUser
    for outsider in (cast.outsider, AnonymousUser()):
        with pytest.raises(NotVisible):
            await objects.live(outsider, bucket)
        with pytest.raises(NotVisible):
            await objects.info(outsider, bucket, "x")
        with pytest.raises(NotAllowed):
            await buckets.create_bucket(outsider, BucketConfig("not a name"))
    with pytest.raises(NotAllowed):
        await objects.upload(cast.colleague, bucket, "x", Unread())
    with pytest.raises(NotAllowed):
        await objects.delete(cast.colleague, bucket, ["x"])


class Unread:
    def __aiter__(self) -> AsyncIterator[bytes]:
        raise AssertionError("a body was read before it was asked who sends it")


async def test_it_uses_one_store_for_a_loop(site: ObjectStore) -> None:
    assert await asyncio.gather(*(runtime.store() for _ in range(5))) == [site] * 5
    await runtime.close_store()
    assert await runtime.store() is not site


def test_it_does_not_use_the_store_of_another_loop(settings: object) -> None:
    async def made() -> ObjectStore:
        store = await runtime.store()
        assert await runtime.store() is store
        return store

    async def close() -> None:
        await runtime.close_store()

    first = asyncio.run(made())
    with asyncio.Runner() as runner:
        assert runner.run(made()) is not first
        runner.run(close())


@pytest.mark.parametrize("act", [moves.move, moves.copy])
async def test_replacing_never_takes_one_of_the_chosen_for_another(
    act: Callable[..., Awaitable[list[bulk.Result]]], site: ObjectStore, bucket: str, cast: Cast
) -> None:
    for name in ("a", "b", "x/same", "y/same", "z"):
        await site.put(bucket, name, name.encode())
    chain = [Transfer("a", "b"), Transfer("b", "c"), Transfer("x/same", "z"), Transfer("y/same", "z")]
    results = await act(cast.editor, bucket, chain, bucket, overwrite=True)
    assert [result.name for result in results] == ["a", "b", "x/same", "y/same"]
    left = {info.name: info.digest for info in await site.list(bucket)}
    assert len(set(left.values())) == 5
    assert all(result.error is None or isinstance(result.error, ObjectExists) for result in results)
