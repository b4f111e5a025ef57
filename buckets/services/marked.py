"""Listings with deletion markers. A live index does not keep those, so they are read from the server, and remembered for a while."""

from collections import OrderedDict
from datetime import datetime
from typing import TypeAlias

from ..objectstore import Index
from .runtime import store

REMEMBERED = 4
State: TypeAlias = tuple[datetime, int, int]

_known: OrderedDict[str, tuple[State, Index]] = OrderedDict()


async def with_markers(bucket: str) -> Index:
    """All objects and all deletion markers. Reads all metadata, but only when something has changed. Raises ``BucketNotFound``."""
    status = await (await store()).bucket(bucket)
    state = (status.created, status.stream.last_seq, status.stream.messages)
    known = _known.get(bucket)
    if known is None or known[0] != state:
        known = _known[bucket] = (state, await (await store()).marked(bucket))
    _known.move_to_end(bucket)
    while len(_known) > REMEMBERED:
        _known.popitem(last=False)
    return known[1]
