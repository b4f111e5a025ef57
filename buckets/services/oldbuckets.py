"""Deleted buckets whose history was kept: bringing one back, under its name or another: authorise, act, record."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from ..access import AnyUser, Role, require, require_create
from ..objectstore import BucketConfig, BucketExists, BucketNotFound, HistoryStatus, Index, Restored, Storage
from . import jobs, overview
from .audit import record
from .buckets import create_bucket
from .errors import ArchiveNotFound
from .history import HistoryWish
from .jobs import Kind, Progress
from .runtime import store

BRING_BACK = "bring back"
NAMED = 50


async def get_archive(user: AnyUser, bucket: str) -> HistoryStatus:
    """ADMIN for that name. Raises ``ArchiveNotFound``, and ``BucketExists`` when there is such a bucket (again)."""
    await require(user, bucket, Role.ADMIN)
    files = await store()
    status = await files.history.status(bucket)
    if status is None:
        raise ArchiveNotFound(bucket)
    try:
        await files.bucket(bucket)
    except BucketNotFound:
        return status
    raise BucketExists(f"The bucket “{bucket}” is there, so its history is no archive. Remove it in the bucket's settings.")


async def bring_back(user: AnyUser, archive: str, name: str, *, history: bool = True) -> None:
    """ADMIN for that name, who may create buckets. Make the bucket ``name`` and bring all into it that was in ``archive`` when that was
    deleted, as a job of the new bucket: its outcome has ``restored``, ``failed`` and ``problems``, as those of a verification.

    In a bucket of the old name the history goes on, with all versions; else the archive stays as it is, and ``history`` says whether
    the new bucket gets one. Storage, copies and compression are those of the history; what else the bucket was set to was
    deleted with it. Raises what ``get_archive`` and ``create_bucket`` raise; then nothing was made.
    """
    await require_create(user)
    status = await get_archive(user, archive)
    moment = datetime.now(UTC)
    wish = HistoryWish(enabled=True) if history or name == archive else None
    await create_bucket(user, _config(name, status), history=wish)
    record("archive.restore", user, name, archive=archive)
    await jobs.start(user, name, Kind.RESTORE, BRING_BACK, partial(_bring_back, user, archive, name, moment))


def _config(name: str, status: HistoryStatus) -> BucketConfig:
    config = status.config
    return BucketConfig(name, storage=config.storage or Storage.FILE, replicas=config.replicas or 1, compression=config.compression)


async def _bring_back(user: AnyUser, archive: str, name: str, moment: datetime, progress: Progress) -> Mapping[str, Any]:
    files = await store()
    then = await files.history.at(archive, moment)
    progress.total, progress.total_size = len(then), then.page(limit=0).size
    writer = user.get_username()
    if name == archive:
        results = files.history.restore_at(name, moment, writer=writer)
    else:
        results = files.history.copy_at(archive, moment, name, writer=writer)
    return await _watched(results, then, progress)


async def _watched(results: AsyncIterator[Restored], then: Index, progress: Progress) -> Mapping[str, Any]:
    counts: Counter[str] = Counter()
    problems: list[tuple[str, str]] = []
    async with aclosing(results) as each:  # type: ignore[type-var]  # they are generators
        async for restored in each:
            progress.done += 1
            entry = then.entry(restored.name)
            progress.size += entry.size if entry is not None else 0
            counts["failed" if restored.error else "restored"] += 1
            if restored.error is not None and len(problems) < NAMED:
                problems.append((quote(restored.name, safe="", errors="surrogatepass"), str(restored.error)))
    overview.forget()
    return {"restored": counts["restored"], "failed": counts["failed"], "problems": problems}
