"""What one of many processes does from time to time, and no other one in that time."""

import hashlib
import secrets

from ..errors import Conflict
from ..uploads.kv import KeyValues

# A little less than an hour: upkeep that comes every hour, a tenth of that more or less, finds it over.
TURN_SECONDS = 3000.0


class Turns:
    """``kv`` forgets its keys after ``TURN_SECONDS``: whoever can write one has the turn."""

    def __init__(self, kv: KeyValues) -> None:
        self._kv = kv

    async def take(self, what: str) -> bool:
        """Whether it is this process's turn. Nobody else gets it for ``TURN_SECONDS``, whatever becomes of this process."""
        try:
            await self._kv.put(hashlib.sha256(what.encode()).hexdigest(), secrets.token_bytes(16), 0)
        except Conflict:
            return False
        return True
