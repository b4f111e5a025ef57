"""One line for every act, in the logger ``buckets.audit``: who did what, in which bucket, to what."""

import json
import logging

from ..access import AnyUser

log = logging.getLogger("buckets.audit")


def record(act: str, user: AnyUser, bucket: str, **facts: str | int) -> None:
    """Log what a user did in a bucket, as ``note`` does."""
    note(act, user=user.get_username(), bucket=bucket, **facts)


def note(act: str, **entry: str | int) -> None:
    """Log ``act``. Texts are quoted as JSON, so no name can break or forge a line; handlers find the same as ``record.audit``."""
    line = " ".join(f"{key}={json.dumps(value)}" for key, value in entry.items())
    log.info("%s %s", act, line, extra={"audit": {"act": act, **entry}})
