"""What the site does by itself from time to time: what was left of uploads goes, histories are mended and pruned, and it is told when one
falls short."""

import asyncio
import logging
import random

from ..objectstore import BucketNotFound, HistoryStatus, ObjectStoreError, Pruned
from . import history, repair, uploads

log = logging.getLogger("buckets.upkeep")

FIRST_SECONDS = 60.0
LOOK_SECONDS = 5.0


async def run(every: float) -> None:
    """Tend all buckets every ``every`` seconds (a tenth more or less, so that processes do not do it at the same moment), until
    cancelled; for the first time after a minute. Whatever goes wrong is logged, and ends nothing."""
    pause = min(FIRST_SECONDS, every)
    while True:
        await asyncio.sleep(pause * random.uniform(0.9, 1.1))  # noqa: S311 - no secret
        pause = every
        try:
            await tend_all()
        except ObjectStoreError as error:
            log.warning("the buckets could not be looked after: %s", error)
        except Exception:
            log.exception("the buckets could not be looked after")


async def tend_all() -> None:
    """Take back uploads that were left, and what was left by processes that died; mend histories, prune, and tell what falls short. One
    bucket that fails stops no other. Any number of processes may do it at once."""
    if expired := await uploads.expire():
        log.info("%d uploads have expired and were taken back", expired)
    for bucket in await repair.repairable():
        await _purge_orphans(bucket)
    for bucket, status in sorted((await history.histories()).items()):
        try:
            await _tend(bucket, status)
        except ObjectStoreError as error:
            log.warning("the history of %s could not be looked after: %s", bucket, error)
        except Exception:
            log.exception("the history of %s could not be looked after", bucket)


async def _purge_orphans(bucket: str) -> None:
    try:
        purged = await repair.purge_orphans_in_turn(bucket)
    except BucketNotFound:
        return
    except ObjectStoreError as error:
        log.warning("orphaned chunks in %s could not be looked for: %s", bucket, error)
        return
    except Exception:
        log.exception("orphaned chunks in %s could not be looked for", bucket)
        return
    if purged.nuids:
        log.info("%s: removed %d chunks of %d uploads whose writers had died", bucket, purged.chunks, purged.nuids)


# How many messages each history had missed when that was last told.
_told: dict[str, int] = {}


async def _tend(bucket: str, status: HistoryStatus) -> None:
    pruned = await history.prune(None, bucket)
    if pruned != Pruned():
        log.info("the history of %s: removed %d old versions, and the data of %d uploads", bucket, pruned.versions, pruned.data)
    if status.enabled and not await history.keeps_up(bucket, within=LOOK_SECONDS):
        told = f"; NATS says: {status.error}" if status.error else ""
        log.warning(
            "the history of %s is behind or stalled: what was written last is not in it after %g s%s. Overwrites wait for it; other "
            "clients do not, and their versions may get lost",
            bucket,
            LOOK_SECONDS,
            told,
        )
    if status.enabled:
        _tell_missed(bucket, await history.missed(bucket))


def _tell_missed(bucket: str, missed: int) -> None:
    if missed > _told.get(bucket, 0):
        log.warning(
            "the history of %s has missed %d messages since it was switched on: versions that other clients overwrote again before they "
            "were copied, or what was left of uploads that were broken off",
            bucket,
            missed,
        )
    _told[bucket] = missed
