"""Every failure of the object store, each with a stable code.

The codes are part of the JSON API (``{"error": {"code", "message"}}``): add, never rename.
"""

from enum import StrEnum


class ErrorCode(StrEnum):
    INVALID_BUCKET_NAME = "invalid_bucket_name"
    INVALID_BUCKET_CONFIG = "invalid_bucket_config"
    INVALID_OBJECT_NAME = "invalid_object_name"
    INVALID_METADATA = "invalid_metadata"
    BUCKET_NOT_FOUND = "bucket_not_found"
    BUCKET_EXISTS = "bucket_exists"
    BUCKET_FULL = "bucket_full"
    BUCKET_SEALED = "bucket_sealed"
    BUCKET_RESTRICTED = "bucket_restricted"
    OBJECT_NOT_FOUND = "object_not_found"
    OBJECT_UNREADABLE = "object_unreadable"
    OBJECT_CHANGED = "object_changed"
    CONFLICT = "conflict"
    DIGEST_MISMATCH = "digest_mismatch"
    OBJECT_EXISTS = "object_exists"
    INVALID_LINK = "invalid_link"
    HISTORY_OFF = "history_off"
    HISTORY_UNSUPPORTED = "history_unsupported"
    HISTORY_BEHIND = "history_behind"
    VERSION_NOT_FOUND = "version_not_found"
    UPLOAD_NOT_FOUND = "upload_not_found"
    UPLOAD_LOCKED = "upload_locked"
    UPLOAD_OFFSET_MISMATCH = "upload_offset_mismatch"
    PERMISSION_DENIED = "nats_permission_denied"
    UNAVAILABLE = "nats_unavailable"
    SERVER_ERROR = "nats_error"


class ObjectStoreError(Exception):
    """Base of all errors that ``objectstore`` raises on purpose.

    ``str(error)`` is one sentence for the user: it names the thing, the limit and the way out.
    """

    code = ErrorCode.SERVER_ERROR


class InvalidBucketName(ObjectStoreError):
    code = ErrorCode.INVALID_BUCKET_NAME


class InvalidBucketConfig(ObjectStoreError):
    code = ErrorCode.INVALID_BUCKET_CONFIG


class InvalidObjectName(ObjectStoreError):
    code = ErrorCode.INVALID_OBJECT_NAME


class InvalidMetadata(ObjectStoreError):
    """The caller's description, headers or metadata cannot be stored."""

    code = ErrorCode.INVALID_METADATA


class BucketNotFound(ObjectStoreError):
    code = ErrorCode.BUCKET_NOT_FOUND


class BucketExists(ObjectStoreError):
    code = ErrorCode.BUCKET_EXISTS


class BucketFull(ObjectStoreError):
    """The bucket's ``max_bytes`` or the account's storage is used up; nothing was kept of the write."""

    code = ErrorCode.BUCKET_FULL


class BucketSealed(ObjectStoreError):
    code = ErrorCode.BUCKET_SEALED


class BucketRestricted(ObjectStoreError):
    """The bucket's stream was set by another client not to allow this (deny_purge, no allow_rollup_hdrs, max_msg_size)."""

    code = ErrorCode.BUCKET_RESTRICTED


class ObjectNotFound(ObjectStoreError):
    """No such object, or it is deleted."""

    code = ErrorCode.OBJECT_NOT_FOUND


class ObjectUnreadable(ObjectStoreError):
    """The object is there, but its metadata does not say how to read it (see ``ObjectInfo.problem``)."""

    code = ErrorCode.OBJECT_UNREADABLE


class ObjectChanged(ObjectStoreError):
    """The object was replaced or deleted while it was being read."""

    code = ErrorCode.OBJECT_CHANGED


class Conflict(ObjectStoreError):
    """The object's revision is not the one that the caller expected."""

    code = ErrorCode.CONFLICT


class DigestMismatch(ObjectStoreError):
    """The bytes read do not have the digest that their metadata states."""

    code = ErrorCode.DIGEST_MISMATCH


class ObjectExists(ObjectStoreError):
    """The name is taken, and was not to be replaced."""

    code = ErrorCode.OBJECT_EXISTS


class InvalidLink(ObjectStoreError):
    """ADR-20 does not allow this link: to a link, to what is not there, or in place of an object with data."""

    code = ErrorCode.INVALID_LINK


class HistoryOff(ObjectStoreError):
    """The bucket has no history (any more, or not yet)."""

    code = ErrorCode.HISTORY_OFF


class HistoryUnsupported(ObjectStoreError):
    """The server is too old to keep a history: that takes nats-server 2.14."""

    code = ErrorCode.HISTORY_UNSUPPORTED


class HistoryBehind(ObjectStoreError):
    """The history has not copied the object yet, so it was not overwritten; a later try may work."""

    code = ErrorCode.HISTORY_BEHIND


class VersionNotFound(ObjectStoreError):
    """No such version, or it has been pruned or removed."""

    code = ErrorCode.VERSION_NOT_FOUND


class UploadNotFound(ObjectStoreError):
    """No such upload, or it was finished, taken back, or has expired."""

    code = ErrorCode.UPLOAD_NOT_FOUND


class UploadLocked(ObjectStoreError):
    """Another request is writing to the upload; a later try may work."""

    code = ErrorCode.UPLOAD_LOCKED


class UploadOffsetMismatch(ObjectStoreError):
    """The upload does not stand where the caller thinks."""

    code = ErrorCode.UPLOAD_OFFSET_MISMATCH


class PermissionDenied(ObjectStoreError):
    """The NATS user may not do this."""

    code = ErrorCode.PERMISSION_DENIED


class Unavailable(ObjectStoreError):
    """NATS or JetStream cannot be reached; a later try may work."""

    code = ErrorCode.UNAVAILABLE


class ServerError(ObjectStoreError):
    """Any other error answered by the server.

    ``status`` is its HTTP-like code and ``err_code`` JetStream's own number, 0 when there is none.
    """

    code = ErrorCode.SERVER_ERROR

    def __init__(self, message: str, status: int = 0, err_code: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.err_code = err_code
