"""What is stored of an object that is being written: asked of the stream's leader, after its writing was interrupted."""

import logging
from collections import deque

from ..errors import ServerError
from ..names import stream_name
from ..stream.messages import Messages
from ..stream.streams import Streams

logger = logging.getLogger(__name__)


class StoredChunks:
    """The chunks on one subject. Every method may raise BucketNotFound and Unavailable."""

    def __init__(self, streams: Streams, messages: Messages, bucket: str, subject: str) -> None:
        self._streams = streams
        self._messages = messages
        self._bucket = bucket
        self._stream = stream_name(bucket)
        self._subject = subject

    async def leader_answers(self) -> None:
        """Return when the stream's leader has said anything; the servers are silent while there is none."""
        await self._streams.status(self._bucket)

    async def last(self) -> int:
        """The stream sequence of the last one; 0 when there is none."""
        message = await self._messages.stored(self._stream, last_by_subj=self._subject)
        return 0 if message is None else message.sequence

    async def count(self) -> int:
        return await self._streams.messages(self._bucket, self._subject)

    async def keep_what_continues(self, sequence: int, sent: deque[bytes]) -> int:
        """After the chunk at ``sequence``, leave only what is an unbroken beginning of ``sent``; how many chunks that is.

        Chunks behind a missing one are removed: they were stored after a leader was lost that had not stored those before them.
        """
        kept = 0
        while (message := await self._messages.stored(self._stream, next_by_subj=self._subject, seq=sequence + 1)) is not None:
            sequence = message.sequence
            if kept < len(sent) and message.data == sent[kept]:
                kept += 1
            else:
                await self._messages.remove(self._stream, sequence)
        return kept


def check_count(count: int, stored: int, waiting: int) -> None:
    """Raises ServerError unless ``count`` is one that can be: at least what was acknowledged, at most what was sent."""
    if not stored <= count <= stored + waiting:
        raise ServerError(
            f"The bucket has {count:,} chunks of what was being written, where NATS had acknowledged {stored:,} and was sent "
            f"{stored + waiting:,}: somebody removed or added some. Please try again."
        )
