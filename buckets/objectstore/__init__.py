"""The NATS JetStream Object Store in pure asyncio: no Django, no HTTP.

``ObjectStore`` is the client; its methods' docstrings are the contract.
"""

from .errors import (
    BucketExists,
    BucketFull,
    BucketNotFound,
    BucketSealed,
    Conflict,
    DigestMismatch,
    ErrorCode,
    InvalidBucketConfig,
    InvalidBucketName,
    InvalidMetadata,
    InvalidObjectName,
    ObjectChanged,
    ObjectNotFound,
    ObjectStoreError,
    ObjectUnreadable,
    PermissionDenied,
    ServerError,
    Unavailable,
)
from .index import Folder, Index, Listing, Scan, Sort, SortKey
from .live import Changes, LiveBucket, LiveSubscription
from .model import BucketConfig, BucketStatus, Link, ObjectInfo, Replica, Storage, StreamState
from .options import ConnectionState, ConnectOptions
from .reader import ObjectReader
from .store import ObjectStore

__all__ = [
    "BucketConfig",
    "BucketExists",
    "BucketFull",
    "BucketNotFound",
    "BucketSealed",
    "BucketStatus",
    "Changes",
    "Conflict",
    "ConnectOptions",
    "ConnectionState",
    "DigestMismatch",
    "ErrorCode",
    "Folder",
    "Index",
    "InvalidBucketConfig",
    "InvalidBucketName",
    "InvalidMetadata",
    "InvalidObjectName",
    "Link",
    "Listing",
    "LiveBucket",
    "LiveSubscription",
    "ObjectChanged",
    "ObjectInfo",
    "ObjectNotFound",
    "ObjectReader",
    "ObjectStore",
    "ObjectStoreError",
    "ObjectUnreadable",
    "PermissionDenied",
    "Replica",
    "Scan",
    "ServerError",
    "Sort",
    "SortKey",
    "Storage",
    "StreamState",
    "Unavailable",
]
