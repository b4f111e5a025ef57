"""Where a message of a history came from: the header that a sourcing stream adds (ADR-59)."""

from dataclasses import dataclass

from ..transport.wire import RawMessage
from .messages import StoredMessage

SOURCE = b"Nats-Stream-Source"


@dataclass(frozen=True, slots=True)
class Source:
    """``sequence`` in the bucket's stream; ``incarnation`` tells one bucket of a name from the next, "" where the server does not say."""

    stream: str
    sequence: int
    incarnation: str

    @classmethod
    def of(cls, message: RawMessage) -> "Source | None":
        """``<stream> <sequence> <filter> <transform> <subject> [<incarnation>]``; None for a message that was not sourced."""
        parts = (message.header(SOURCE) or "").split(" ")
        if len(parts) < 5 or not parts[1].isascii() or not parts[1].isdigit():
            return None
        return cls(parts[0].partition(":")[0], int(parts[1]), parts[-1] if len(parts) > 5 else "")


def bucket_sequence(message: StoredMessage) -> int:
    """The message's sequence in the bucket, whether it comes from there or from the history."""
    source = Source.of(message.message)
    return source.sequence if source is not None else message.sequence
