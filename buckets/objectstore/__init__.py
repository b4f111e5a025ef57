"""The NATS JetStream Object Store in pure asyncio: no Django, no HTTP.

``ObjectStore`` is the client; its methods' docstrings are the contract.
"""

from .account import Account, Tier
from .bulk import Outcome, each
from .errors import (
    BucketExists,
    BucketFull,
    BucketNotFound,
    BucketRestricted,
    BucketSealed,
    Conflict,
    DigestMismatch,
    ErrorCode,
    HistoryBehind,
    HistoryOff,
    HistoryUnsupported,
    InvalidBucketConfig,
    InvalidBucketName,
    InvalidLink,
    InvalidMetadata,
    InvalidObjectName,
    ObjectChanged,
    ObjectExists,
    ObjectNotFound,
    ObjectStoreError,
    ObjectUnreadable,
    PermissionDenied,
    ServerError,
    Unavailable,
    UploadLocked,
    UploadNotFound,
    UploadOffsetMismatch,
    VersionNotFound,
)
from .history import HistoryChange, HistoryConfig, HistoryStatus, Origin, Pruned, Restored, Version, VersionKind
from .index import Folder, Index, Listing, Scan, Sort, SortKey
from .model import BucketChange, BucketConfig, BucketStatus, Link, ObjectInfo, Placement, Replica, Storage, StreamState
from .options import ConnectionFacts, ConnectionState, ConnectOptions
from .reading.reader import ObjectReader
from .repair.repair import Orphan, Purged, Repair
from .repair.verify import Verified
from .store import ObjectStore
from .uploads.state import UploadState
from .watching.activity import KINDS, Activity, Change, ChangeKind, newest_number
from .watching.events import WatchEvent
from .watching.live import LiveBucket
from .watching.subscriptions import Changes, LiveSubscription
from .writing.commit_headers import Deed, Note
from .writing.source import Source

__all__ = [
    "KINDS",
    "Account",
    "Activity",
    "BucketChange",
    "BucketConfig",
    "BucketExists",
    "BucketFull",
    "BucketNotFound",
    "BucketRestricted",
    "BucketSealed",
    "BucketStatus",
    "Change",
    "ChangeKind",
    "Changes",
    "Conflict",
    "ConnectOptions",
    "ConnectionFacts",
    "ConnectionState",
    "Deed",
    "DigestMismatch",
    "ErrorCode",
    "Folder",
    "HistoryBehind",
    "HistoryChange",
    "HistoryConfig",
    "HistoryOff",
    "HistoryStatus",
    "HistoryUnsupported",
    "Index",
    "InvalidBucketConfig",
    "InvalidBucketName",
    "InvalidLink",
    "InvalidMetadata",
    "InvalidObjectName",
    "Link",
    "Listing",
    "LiveBucket",
    "LiveSubscription",
    "Note",
    "ObjectChanged",
    "ObjectExists",
    "ObjectInfo",
    "ObjectNotFound",
    "ObjectReader",
    "ObjectStore",
    "ObjectStoreError",
    "ObjectUnreadable",
    "Origin",
    "Orphan",
    "Outcome",
    "PermissionDenied",
    "Placement",
    "Pruned",
    "Purged",
    "Repair",
    "Replica",
    "Restored",
    "Scan",
    "ServerError",
    "Sort",
    "SortKey",
    "Source",
    "Storage",
    "StreamState",
    "Tier",
    "Unavailable",
    "UploadLocked",
    "UploadNotFound",
    "UploadOffsetMismatch",
    "UploadState",
    "Verified",
    "Version",
    "VersionKind",
    "VersionNotFound",
    "WatchEvent",
    "each",
    "newest_number",
]
