"""Failures of the use cases themselves. Those of the object store and of access pass through the services as they are.

``code`` is stable and part of the JSON API; ``str(error)`` is one sentence for the user.
"""

from django.utils.translation import override

from ..words import duration


class ServiceError(Exception):
    code = "bad_request"


class UploadTooLarge(ServiceError):
    """The body is longer than the site accepts (``MAX_UPLOAD_BYTES``)."""

    code = "too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"An upload may have {limit:,} bytes at most on this site.")
        self.limit = limit


class LengthMismatch(ServiceError):
    """The body is shorter or longer than it was announced to be."""

    code = "length_mismatch"

    def __init__(self, announced: int, received: int) -> None:
        super().__init__(f"The upload was announced with {announced:,} bytes, but {received:,} came. Nothing was stored.")


class UploadDigestMismatch(ServiceError):
    """The body is not what its digest says (RFC 9530)."""

    code = "upload_digest_mismatch"

    def __init__(self, algorithm: str) -> None:
        super().__init__(f"The upload does not have the {algorithm} digest that was stated for it. Nothing was stored.")


class AlreadyThere(ServiceError):
    """The upload was only wanted if there is no object of that name (RFC 9110, section 13.1.2)."""

    code = "precondition_failed"

    def __init__(self, bucket: str, name: str) -> None:
        super().__init__(f"“{name}” is already in the bucket “{bucket}”. It was left as it is.")


class TooManyNames(ServiceError):
    def __init__(self, limit: int) -> None:
        super().__init__(f"Name {limit:,} objects at most at a time.")


class Busy(ServiceError):
    """All slots for transfers are taken, and none came free in time; a later try works."""

    code = "busy"

    def __init__(self) -> None:
        super().__init__("Too many uploads and downloads are running at the moment. Try again in a moment.")


class Stopping(ServiceError):
    """The process is about to stop and begins no transfers; another one, or this one started again, takes them."""

    code = "stopping"

    def __init__(self) -> None:
        super().__init__("This server is being stopped and begins nothing new. Try again in a moment.")


class NotConfirmed(ServiceError):
    """What cannot be undone was not confirmed with the bucket's name."""

    code = "not_confirmed"

    def __init__(self, bucket: str) -> None:
        super().__init__(f"Confirm this with the name of the bucket, “{bucket}”: it cannot be undone. Nothing was changed.")


class ArchiveNotFound(ServiceError):
    """No bucket of that name has left a history behind."""

    code = "archive_not_found"

    def __init__(self, bucket: str) -> None:
        super().__init__(f"There is no archive of a bucket “{bucket}”.")


class RestoreRunning(ServiceError):
    """A moment is being restored in this bucket already."""

    code = "restore_running"

    def __init__(self, bucket: str) -> None:
        super().__init__(f"The bucket “{bucket}” is being taken back to a moment already. Wait until that is done.")


class JobRunning(ServiceError):
    """The same work runs in this bucket already, perhaps in another process."""

    code = "job_running"

    def __init__(self, bucket: str) -> None:
        super().__init__(f"This is being done in the bucket “{bucket}” already. Wait until it has ended, or cancel it.")


class TooManyAttempts(ServiceError):
    """Too many log-ins have failed; after ``seconds`` there may be another one."""

    code = "too_many_attempts"

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        with override("en"):
            time = duration(self.minutes * 60)
        super().__init__(f"Too many failed attempts to sign in. Try again in {time}.")

    @property
    def minutes(self) -> int:
        return -(-self.seconds // 60)


class StillLoading(ServiceError):
    """The bucket's listing is not complete yet; a later try works."""

    code = "listing_loading"

    def __init__(self, bucket: str, loaded: int, expected: int) -> None:
        super().__init__(f"The listing of “{bucket}” is still loading: {loaded:,} of {expected:,} objects. Try again in a moment.")
