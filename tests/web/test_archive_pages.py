"""Deleted buckets whose history was kept: brought back under the old name or another, or erased, and what is refused changes nothing."""

import asyncio
from collections.abc import Callable

import httpx
import pytest
from django.contrib.auth.models import User

from buckets.models import Grant, Job
from buckets.objectstore import BucketConfig, HistoryConfig, Link, ObjectStore
from buckets.roles import Role
from buckets.services.jobs import Kind

from .browsers import browser_of, submit
from .conftest import Cast

Visit = Callable[..., httpx.AsyncClient]


@pytest.fixture
def browsers(cast: Cast, visit: Visit) -> dict[str, httpx.AsyncClient]:
    return {name: browser_of(getattr(cast, name), visit) for name in ("owner", "editor", "outsider", "admin")}


@pytest.fixture
async def archive(bucket: str, site: ObjectStore) -> str:
    await site.history.enable(bucket, HistoryConfig(keep_days=90, compression=True))
    for name, content in (("a.txt", b"old"), ("a.txt", b"new"), ("d/b.bin", b"b" * 700_000), ("empty", b""), ("gone", b"x")):
        await site.put(bucket, name, content, headers={"Content-Type": ["text/x"]}, metadata={"k": name}, description="d")
    await site.add_link(bucket, "link", Link(bucket, "a.txt"))
    await site.delete(bucket, "gone")
    await site.delete_bucket(bucket)
    return bucket


async def brought(bucket: str) -> Job:
    async with asyncio.timeout(20):
        while True:
            job = await Job.objects.filter(bucket=bucket, kind=Kind.RESTORE).afirst()
            if job is not None and job.ended is not None:
                return job
            await asyncio.sleep(0.02)


async def read(site: ObjectStore, bucket: str, name: str) -> bytes:
    async with await site.get(bucket, name) as reader:
        return b"".join([piece async for piece in reader])


async def test_an_archive_comes_back_under_another_name(archive: str, site: ObjectStore, browsers: dict[str, httpx.AsyncClient]) -> None:
    admin, name = browsers["admin"], f"{archive}-2"
    assert archive in (await admin.get("/archives")).text
    before = await site.history.status(archive)
    answer = await submit(admin, f"/archives/{archive}/restore", [("name", name)])
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/buckets/{name}/settings#repair")
    job = await brought(name)
    assert (job.outcome["restored"], job.outcome["failed"], job.done, job.total) == (4, 0, 4, 4)
    assert "4 files brought back." in (await admin.get(f"/buckets/{name}/settings")).text
    assert [info.name for info in await site.list(name)] == ["a.txt", "d/b.bin", "empty", "link"]
    assert await read(site, name, "a.txt") == b"new"
    assert await read(site, name, "d/b.bin") == b"b" * 700_000
    info = await site.info(name, "empty")
    assert (info.content_type, dict(info.metadata), info.description) == ("text/x", {"k": "empty"}, "d")
    assert (await site.info(name, "link")).link == Link(name, "a.txt")  # as it led within the bucket before
    assert ((await site.bucket(name)).config.compression, await site.history.status(name)) == (True, None)
    assert await site.history.status(archive) == before


async def test_under_its_old_name_the_history_goes_on(archive: str, site: ObjectStore, browsers: dict[str, httpx.AsyncClient]) -> None:
    answer = await submit(browsers["admin"], f"/archives/{archive}/restore", [("name", archive)])
    assert answer.status_code == 302
    assert (await brought(archive)).outcome["restored"] == 4
    assert await read(site, archive, "a.txt") == b"new"
    contents = []
    for version in await site.history.versions(archive, "a.txt"):
        async with await site.history.open(archive, "a.txt", version.id) as reader:
            contents.append(b"".join([piece async for piece in reader]))
    assert contents == [b"new", b"new", b"old"]
    history = await site.history.status(archive)
    assert history
    assert (history.enabled, history.config.keep_days) == (True, 90)
    assert (await site.history.undelete(archive, "gone")).name == "gone"
    assert f'id="archive-{archive}"' not in (await browsers["admin"].get("/archives")).text


async def test_what_cannot_come_back_leaves_everything_as_it_is(
    archive: str, site: ObjectStore, browsers: dict[str, httpx.AsyncClient]
) -> None:
    await site.create_bucket(BucketConfig(f"{archive}-taken"))
    before = [status.name for status in await site.buckets()], await site.history.status(archive)
    for name, words in ((f"{archive}-taken", "exists already"), ("a b", "A bucket name has"), ("", "A bucket name has")):
        answer = await submit(browsers["admin"], f"/archives/{archive}/restore", [("name", name), ("history", "on")])
        assert answer.status_code == 400
        assert words in answer.text
        assert ([status.name for status in await site.buckets()], await site.history.status(archive)) == before
    assert not await Job.objects.aexists()
    assert not await Grant.objects.filter(bucket=f"{archive}-taken").aexists()


async def test_erasing_needs_the_name(archive: str, site: ObjectStore, browsers: dict[str, httpx.AsyncClient]) -> None:
    page = f"/archives/{archive}/erase"
    assert (await browsers["admin"].get(page)).status_code == 200
    answer = await submit(browsers["admin"], page, [("typed", "other")])
    assert answer.status_code == 400
    assert "Confirm this with the name of the bucket" in answer.text
    assert await site.history.status(archive)
    assert (await submit(browsers["admin"], page, [("typed", archive)])).headers["Location"] == "/archives"
    assert await site.history.status(archive) is None
    assert (await submit(browsers["admin"], page, [("typed", archive)])).status_code == 404


async def test_archives_are_for_admins_of_their_names(
    archive: str, site: ObjectStore, cast: Cast, browsers: dict[str, httpx.AsyncClient]
) -> None:
    for who, role, restore, erase in (("editor", Role.EDITOR, 403, 403), ("outsider", None, 403, 404), ("owner", Role.ADMIN, 403, 302)):
        user: User = getattr(cast, who)
        await Grant.objects.filter(user=user).adelete()
        if role:
            await Grant.objects.acreate(bucket=archive, user=user, role=role)
        client = browsers[who]
        assert (archive in (await client.get("/archives")).text) is (who == "owner")
        assert (await submit(client, f"/archives/{archive}/restore", [("name", f"{archive}-3")])).status_code == restore
        assert (await submit(client, f"/archives/{archive}/erase", [("typed", archive)])).status_code == erase
    assert not [status for status in await site.buckets() if status.name.startswith(archive)]


async def test_of_a_bucket_that_is_there_nothing_is_an_archive(
    bucket: str, site: ObjectStore, browsers: dict[str, httpx.AsyncClient]
) -> None:
    await site.history.enable(bucket)
    for page in ("restore", "erase"):
        assert (await submit(browsers["admin"], f"/archives/{bucket}/{page}", [("name", "x"), ("typed", bucket)])).status_code == 409
    assert await site.history.status(bucket)
    assert (await browsers["admin"].get("/archives/nowhere/erase")).status_code == 404
