"""The names of what people upload: as they are, or, where the bucket asks for it, one for each upload."""

from datetime import UTC, datetime

from ..objectstore.uploads.naming import dated
from .runtime import store


async def wants_unique_names(bucket: str) -> bool:
    """Asked of the server each time: whatever process an upload comes to does the same. Raises ``BucketNotFound``."""
    return (await (await store()).bucket(bucket)).config.unique_names


def named_now(name: str) -> str:
    """``name`` with the moment before it. It may be taken nevertheless."""
    return dated(name, datetime.now(UTC))
