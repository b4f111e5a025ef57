"""How large a message a bucket's stream takes, where another client has limited that (max_msg_size)."""

import time

from ..errors import PermissionDenied
from ..stream.streams import Streams

FORGOTTEN_AFTER = 60.0
# For the headers, which the server counts too: those of chunks, and those of metadata.
CHUNK_RESERVE = 256
METADATA_RESERVE = 512


class MessageLimits:
    """By bucket, each asked for again after a minute: another client may change it at any time."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._known: dict[str, tuple[float, int]] = {}

    async def of(self, bucket: str) -> int | None:
        """In bytes, headers included; None where there is none. Raises BucketNotFound."""
        since, limit = self._known.get(bucket, (0.0, 0))
        if not since or time.monotonic() - since > FORGOTTEN_AFTER:
            limit = await self._ask(bucket)
            self._known[bucket] = (time.monotonic(), limit)
        return limit or None

    async def _ask(self, bucket: str) -> int:
        try:
            return (await self._streams.status(bucket)).max_message
        except PermissionDenied:  # whoever may write need not be allowed to ask
            return 0

    def forget(self, bucket: str) -> None:
        """To be asked again at once."""
        self._known.pop(bucket, None)
