"""Which buckets are written without fast ingest."""

import time

FORGOTTEN_AFTER = 60.0


class WindowedBuckets:
    """The buckets that have refused fast ingest, each for a minute: another client may switch it on at any time."""

    def __init__(self) -> None:
        self._refused: dict[str, float] = {}

    def add(self, bucket: str) -> None:
        self._refused[bucket] = time.monotonic()

    def discard(self, bucket: str) -> None:
        """To be asked again at once."""
        self._refused.pop(bucket, None)

    def __contains__(self, bucket: str) -> bool:
        since = self._refused.get(bucket)
        if since is not None and time.monotonic() - since > FORGOTTEN_AFTER:
            self.discard(bucket)
            return False
        return since is not None
