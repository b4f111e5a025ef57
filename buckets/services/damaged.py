"""Objects that turned out to be damaged when they were read: counted, logged, and remembered by this process.

Remembered by their nuid, under which the content never changes: whoever puts the object anew has another one.
"""

import logging
from collections import OrderedDict

from ..objectstore import DigestMismatch, ObjectInfo
from .counters import DAMAGED_READS, count

log = logging.getLogger("buckets.errors")

REMEMBERED = 10_000

_problems: OrderedDict[tuple[str, str], str] = OrderedDict()


def mark(info: ObjectInfo, error: DigestMismatch) -> None:
    """``info`` was read, and is not what its metadata states."""
    log.error("damaged: bucket %r, object %r, nuid %r: %s", info.bucket, info.name, info.nuid, error)
    count(DAMAGED_READS)
    _problems[info.bucket, info.nuid] = "its data is damaged: it is not what its metadata states"
    _problems.move_to_end((info.bucket, info.nuid))
    while len(_problems) > REMEMBERED:
        _problems.popitem(last=False)


def clear(info: ObjectInfo) -> None:
    """``info`` was read, and is as it should be: what was in the way (a replica's disk, say) is mended."""
    if _problems:
        _problems.pop((info.bucket, info.nuid), None)


def problem(info: ObjectInfo) -> str | None:
    """What is wrong with an object: with its metadata, or with what was last read of it; None when nothing is known to be."""
    return info.problem or (_problems.get((info.bucket, info.nuid)) if _problems else None)
