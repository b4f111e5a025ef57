"""Long work on a bucket: it goes on by itself, any process sees it and can have it stopped, and there is one of a kind."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone
from nats.aio.client import Client

from buckets.access import NotAllowed, NotVisible
from buckets.models import Job
from buckets.objectstore import BucketNotFound, BucketSealed, ObjectStore
from buckets.services import background, jobs, repairjobs
from buckets.services.errors import JobRunning
from buckets.services.jobs import JobView, Kind, Progress, State

from .browsers import submit
from .conftest import Cast


async def ended(cast: Cast, bucket: str, kind: Kind) -> JobView:
    """When its end is in the database, as another process would see it."""
    async with asyncio.timeout(20):
        while (view := (await jobs.jobs(cast.owner, bucket))[kind]).state is State.RUNNING:
            await asyncio.sleep(0.02)
    return view


class Held:
    """Work that waits until it is let go."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go = asyncio.Event()
        self.cancelled = False

    async def __call__(self, progress: Progress) -> Mapping[str, Any]:
        progress.done, progress.total, progress.size, progress.total_size = 1, 4, 1000, 4000
        self.begun.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return {"fine": True}


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "TELL_SECONDS", 0.02)
    monkeypatch.setattr(repairjobs, "YOUNGEST", 0.0)


async def test_it_tells_how_far_it_is_and_what_came_of_it(bucket: str, cast: Cast) -> None:
    work = Held()
    await jobs.start(cast.owner, bucket, Kind.VERIFY, "read", work)
    async with asyncio.timeout(20):
        while (view := (await jobs.jobs(cast.owner, bucket))[Kind.VERIFY]).job.size == 0:
            await asyncio.sleep(0.01)
    assert (view.state, view.part, view.job.user) == (State.RUNNING, 0.25, "owner")
    assert view.speed > 0
    assert view.left is not None
    work.go.set()
    view = await ended(cast, bucket, Kind.VERIFY)
    assert (view.state, view.job.outcome) == (State.DONE, {"state": "done", "fine": True})


async def test_of_many_who_ask_at_once_one_gets_it_and_later_the_next(bucket: str, cast: Cast) -> None:
    work = Held()

    async def ask() -> bool:
        try:
            await jobs.start(cast.owner, bucket, Kind.VERIFY, "read", work)
        except JobRunning:
            return False
        return True

    assert sum(await asyncio.gather(*(ask() for _ in range(8)))) == 1
    await jobs.start(cast.owner, bucket, Kind.MARKERS, "purge", work)  # of another kind
    work.go.set()
    for kind in (Kind.VERIFY, Kind.MARKERS):
        await ended(cast, bucket, kind)
    assert await ask()
    await ended(cast, bucket, Kind.VERIFY)


async def test_another_process_can_have_it_stopped(bucket: str, cast: Cast) -> None:
    """All that it does is to write into the database."""
    work = Held()
    await jobs.start(cast.owner, bucket, Kind.VERIFY, "read", work)
    await work.begun.wait()
    await jobs.cancel(cast.admin, bucket, Kind.VERIFY)
    assert (await ended(cast, bucket, Kind.VERIFY)).state is State.CANCELLED
    assert work.cancelled
    await jobs.cancel(cast.admin, bucket, Kind.VERIFY)  # there is none that runs


async def test_one_whose_process_died_is_told_so_and_makes_room(bucket: str, cast: Cast) -> None:
    long_ago = timezone.now() - timedelta(seconds=jobs.SILENCE + 1)
    await Job.objects.acreate(bucket=bucket, kind=Kind.VERIFY, action="read", run="dead", user="x", started=long_ago, updated=long_ago)
    assert (await jobs.jobs(cast.owner, bucket))[Kind.VERIFY].state is State.DIED
    work = Held()
    await jobs.start(cast.owner, bucket, Kind.VERIFY, "read", work)
    work.go.set()
    assert (await ended(cast, bucket, Kind.VERIFY)).state is State.DONE


async def test_one_that_was_taken_for_dead_ends_and_writes_nothing_any_more(bucket: str, cast: Cast) -> None:
    work = Held()
    await jobs.start(cast.owner, bucket, Kind.VERIFY, "read", work)
    await work.begun.wait()
    await Job.objects.aupdate(run="another's")
    async with asyncio.timeout(20):
        while not work.cancelled:
            await asyncio.sleep(0.01)
    job = await Job.objects.aget()
    assert (job.run, job.ended) == ("another's", None)


async def test_when_the_site_stops_it_says_that_it_ended_early(bucket: str, cast: Cast) -> None:
    work = Held()
    await jobs.start(cast.owner, bucket, Kind.VERIFY, "read", work)
    await work.begun.wait()
    await background.close()
    assert work.cancelled
    assert (await jobs.jobs(cast.owner, bucket))[Kind.VERIFY].state is State.DIED


async def test_what_fails_is_told_and_what_nobody_expected_is_logged(bucket: str, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    async def refused(progress: Progress) -> Mapping[str, Any]:
        raise BucketSealed("It is sealed.")

    async def broken(progress: Progress) -> Mapping[str, Any]:
        raise KeyError("secret")

    for work, outcome in ((refused, ("bucket_sealed", "It is sealed.")), (broken, ("internal_error", ""))):
        await jobs.start(cast.owner, bucket, Kind.VERIFY, "read", work)
        view = await ended(cast, bucket, Kind.VERIFY)
        assert view.state is State.FAILED
        assert (view.job.outcome["code"], view.job.outcome["error"]) == outcome
    assert "secret" in caplog.text


async def test_only_admins_may_see_begin_and_cancel(bucket: str, cast: Cast) -> None:
    for user, error in ((cast.editor, NotAllowed), (cast.colleague, NotAllowed), (cast.outsider, NotVisible)):
        for act in (repairjobs.find_orphans, repairjobs.clear_orphans, repairjobs.purge_markers, repairjobs.verify, jobs.jobs):
            with pytest.raises(error):
                await act(user, bucket)
        with pytest.raises(error):
            await jobs.cancel(user, bucket, Kind.VERIFY)
    assert not await Job.objects.aexists()
    with pytest.raises(BucketNotFound):
        await repairjobs.verify(cast.admin, "nowhere")


async def test_the_repairs_find_what_is_wrong_and_mend_it(
    bucket: str, site: ObjectStore, cast: Cast, foreign: Client, browser: httpx.AsyncClient
) -> None:
    page = f"/buckets/{bucket}/settings/repair"
    js = foreign.jetstream()
    odd = "odd\x00\u202e/na<m>e"
    for name in ("a", odd, "gone"):
        await site.put(bucket, name, b"data" * 100)
    await site.delete(bucket, "gone")
    for _ in range(3):
        await js.publish(f"$O.{bucket}.C.LOST", b"x" * 1000)
    await js.purge_stream(f"OBJ_{bucket}", subject=f"$O.{bucket}.C.{(await site.info(bucket, odd)).nuid}")

    assert (await submit(browser, page, [("do", "read")])).headers["Location"].endswith("/settings#repair")
    outcome = (await ended(cast, bucket, Kind.VERIFY)).job.outcome
    assert (outcome["objects"], outcome["damaged"]) == (2, 1)
    shown = (await browser.get(page)).text
    assert "1 of 2 files is damaged." in shown
    assert "na&lt;m&gt;e" in shown
    assert "<m>" not in shown

    assert (await submit(browser, page, [("do", "find"), ("older_than", "soon")])).status_code == 302
    assert "Write a time with its unit" in (await browser.get("/")).text
    await submit(browser, page, [("do", "find"), ("older_than", "1 hour")])
    assert (await ended(cast, bucket, Kind.ORPHANS)).job.outcome["nuids"] == 0  # it may be an upload that goes on
    await submit(browser, page, [("do", "find"), ("older_than", "0 s")])
    outcome = (await ended(cast, bucket, Kind.ORPHANS)).job.outcome
    assert (outcome["nuids"], outcome["chunks"], outcome["size"]) == (1, 3, 3000)
    assert "1 unfinished upload, 3 chunks, about 2.93 KiB." in (await browser.get(page)).text
    await submit(browser, page, [("do", "clear"), ("older_than", "0 s")])
    assert (await ended(cast, bucket, Kind.ORPHANS)).job.outcome["chunks"] == 3
    assert "1 unfinished upload removed, 3 chunks." in (await browser.get(page)).text

    await submit(browser, page, [("do", "purge")])
    assert (await ended(cast, bucket, Kind.MARKERS)).job.outcome["markers"] == 1
    assert [info.name for info in await site.list(bucket, deleted=True)] == ["a", odd]
    await site.seal_bucket(bucket)
    await submit(browser, page, [("do", "purge")])
    assert "The bucket is sealed" in (await browser.get("/")).text.partition('id="toasts"')[2]
