"""The repairs of a bucket as jobs, which go on when nobody looks: authorise, begin. What they find is in their outcome."""

from collections.abc import Mapping
from contextlib import aclosing
from functools import partial
from typing import Any
from urllib.parse import quote

from ..access import AnyUser, Role, require
from ..objectstore import BucketRestricted, BucketSealed
from . import jobs, overview, repair
from .jobs import Kind, Progress
from .runtime import store

FIND, CLEAR, PURGE, READ = "find", "clear", "purge", "read"
# Of damaged objects so many are named.
NAMED = 50
LOADING_SECONDS = 5.0
# Seconds. What is younger may belong to an upload under way, and is never cleared.
YOUNGEST = 300.0


async def find_orphans(user: AnyUser, bucket: str, *, older_than: float = repair.HOUR) -> None:
    """ADMIN. Its outcome: ``nuids``, ``chunks``, ``size``, ``doubtful`` (which clearing would leave alone), ``older_than``.

    All of these raise ``BucketNotFound`` and ``JobRunning``, those that remove something also ``BucketSealed`` and ``BucketRestricted``.
    """
    await _check(user, bucket)
    await jobs.start(user, bucket, Kind.ORPHANS, FIND, partial(_find_orphans, user, bucket, older_than))


async def clear_orphans(user: AnyUser, bucket: str, *, older_than: float = repair.HOUR) -> None:
    """ADMIN. Its outcome: ``nuids``, ``chunks``, ``doubtful``, ``older_than``, which is ``YOUNGEST`` at least."""
    await _check(user, bucket, purging=True)
    older_than = max(older_than, YOUNGEST)
    await jobs.start(user, bucket, Kind.ORPHANS, CLEAR, partial(_clear_orphans, user, bucket, older_than))


async def purge_markers(user: AnyUser, bucket: str) -> None:
    """ADMIN. Its outcome: ``markers``."""
    await _check(user, bucket, purging=True)
    await jobs.start(user, bucket, Kind.MARKERS, PURGE, partial(_purge_markers, user, bucket))


async def verify(user: AnyUser, bucket: str) -> None:
    """ADMIN. Its outcome: ``objects``, ``damaged``, and ``problems``: names, percent-encoded (no database keeps every name as it is), each
    with what is wrong, ``NAMED`` at most."""
    await _check(user, bucket)
    await jobs.start(user, bucket, Kind.VERIFY, READ, partial(_verify, user, bucket))


async def _check(user: AnyUser, bucket: str, *, purging: bool = False) -> None:
    """``purging``: something is to be removed. Raises ``BucketSealed`` and ``BucketRestricted`` where nothing can be."""
    await require(user, bucket, Role.ADMIN)
    status = await (await store()).bucket(bucket)
    if purging and status.sealed:
        raise BucketSealed("The bucket is sealed: it can be read, but never changed again.")
    if purging and status.deny_purge:
        raise BucketRestricted("The bucket's stream refuses purges for ever (deny_purge): nothing can be removed from it.")


async def _find_orphans(user: AnyUser, bucket: str, older_than: float, progress: Progress) -> Mapping[str, Any]:
    found = await repair.find_orphans(user, bucket, older_than=older_than, on_progress=partial(_tell, progress))
    sure = [orphan for orphan in found if orphan.doubt is None]
    return {
        "nuids": len(sure),
        "chunks": sum(orphan.chunks for orphan in sure),
        "size": sum(orphan.size for orphan in sure),
        "doubtful": len(found) - len(sure),
        "older_than": older_than,
    }


async def _clear_orphans(user: AnyUser, bucket: str, older_than: float, progress: Progress) -> Mapping[str, Any]:
    purged = await repair.purge_orphans(user, bucket, older_than=older_than, on_progress=partial(_tell, progress))
    overview.forget()
    return {"nuids": purged.nuids, "chunks": purged.chunks, "doubtful": purged.doubtful, "older_than": older_than}


async def _purge_markers(user: AnyUser, bucket: str, progress: Progress) -> Mapping[str, Any]:
    markers = await repair.purge_deleted(user, bucket, on_progress=partial(_tell, progress))
    overview.forget()
    return {"markers": markers}


async def _verify(user: AnyUser, bucket: str, progress: Progress) -> Mapping[str, Any]:
    progress.total_size = await _stored(bucket)
    damaged = 0
    problems: list[tuple[str, str]] = []
    async with aclosing(repair.verify(user, bucket)) as results:
        async for result in results:
            progress.done += 1
            progress.total = result.total
            progress.size += result.size
            damaged += not result.ok
            if result.problem is not None and len(problems) < NAMED:
                problems.append((quote(result.name, safe="", errors="surrogatepass"), result.problem))
    return {"objects": progress.done, "damaged": damaged, "problems": problems}


async def _stored(bucket: str) -> int:
    """How many bytes there are to read, by the index; 0 where that takes long to be read itself."""
    live = await (await store()).live(bucket)
    return live.index.page(limit=0).size if await live.wait_ready(LOADING_SECONDS) else 0


def _tell(progress: Progress, done: int, total: int) -> None:
    progress.done, progress.total = done, total
