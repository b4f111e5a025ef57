"""What time it is on the server, whatever this computer's clock says."""

import time


class ServerClock:
    """Goes on from the server's time when it was last ``set``. Never ahead of it: an answer takes a moment to come."""

    def __init__(self, time_ns: int) -> None:
        self.set(time_ns)

    def set(self, time_ns: int) -> None:
        """``time_ns``: nanoseconds since 1970, of an answer that has just come."""
        self._ahead = time_ns - time.monotonic_ns()

    def now_ns(self) -> int:
        return self._ahead + time.monotonic_ns()
