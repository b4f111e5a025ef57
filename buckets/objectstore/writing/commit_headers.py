"""Headers of our metadata messages beyond ADR-20's, which other clients pass over and a history keeps."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

WRITER = "Nats-Files-Writer"
# A name has 2,800 bytes at most, in base64 a third more; a bucket's name comes before it where it is another one.
MAX_VALUE = 3800


class Deed(StrEnum):
    """What was done, where the metadata alone does not tell; the value is the header's name."""

    RENAMED_FROM = "Nats-Files-Renamed-From"
    RENAMED_TO = "Nats-Files-Renamed-To"
    MOVED_FROM = "Nats-Files-Moved-From"
    MOVED_TO = "Nats-Files-Moved-To"
    COPIED_FROM = "Nats-Files-Copied-From"
    RESTORED = "Nats-Files-Restored"
    EDITED = "Nats-Files-Edited"


@dataclass(frozen=True, slots=True)
class Note:
    """``value``: a name for the renames; a bucket, "/" and a name for what goes from bucket to bucket and for copies; a version's id for
    what is restored."""

    deed: Deed
    value: str = ""

    @classmethod
    def about(cls, deed: Deed, bucket: str, name: str) -> Self:
        return cls(deed, f"{bucket}/{name}")

    @classmethod
    def read(cls, header: Callable[[bytes], str]) -> Self | None:
        """What a message's headers say; whoever writes to the bucket may have put anything there."""
        for deed in Deed:
            if text := header(deed.encode()):
                if len(text) > MAX_VALUE:
                    return None
                try:
                    return cls(deed, base64.b64decode(text, altchars=b"-_", validate=True).decode())
                except (binascii.Error, ValueError):
                    return None
        return None

    def headers(self) -> dict[str, str]:
        """None of its own where a value would be too long for it."""
        text = base64.urlsafe_b64encode(self.value.encode("utf-8", "replace")).decode()
        return {str(self.deed): text} if len(text) <= MAX_VALUE else {}
