"""Pieces of listings: bounded by their number of objects, and by their bytes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, chain, takewhile

from ..objectstore import Index, ObjectInfo, Scan, Sort

MAX_SCAN_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ScanQuery:
    """Which piece of which listing: see ``Index.scan``."""

    prefix: str = ""
    delimiter: str = ""
    query: str = ""
    sort: Sort = field(default_factory=Sort)
    limit: int = 1000
    cursor: str | None = None


def piece(index: Index, query: ScanQuery) -> Scan:
    """One piece, of 8 MiB of metadata at most or of one object. Raises ``ValueError`` for a bad cursor."""
    found = _scan(index, query)
    fits = fitting(found.objects)
    return found if fits == len(found.objects) else _scan(index, replace(query, limit=max(fits, 1)))


def fitting(objects: Sequence[ObjectInfo]) -> int:
    """How many of ``objects``, from the first on, have ``MAX_SCAN_BYTES`` of metadata together."""
    sizes = accumulate(_weight(info) for info in objects)
    return sum(1 for _ in takewhile(lambda size: size <= MAX_SCAN_BYTES, sizes))


def _scan(index: Index, query: ScanQuery) -> Scan:
    return index.scan(
        prefix=query.prefix, delimiter=query.delimiter, query=query.query, sort=query.sort, limit=query.limit, cursor=query.cursor
    )


def _weight(info: ObjectInfo) -> int:
    headers = (text for key, values in info.headers.items() for text in (key, *values))
    texts = chain((info.name, info.description), headers, *info.metadata.items())
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
