"""A bucket's history as requests describe it."""

from ..objectstore import HistoryChange, Storage
from ..services.history import HistoryWish
from . import bodies
from .errors import BadRequest
from .fields import MAX_NUMBER, Document, flag, number, only, record, whole

MAX_REPLICAS = 5
MAX_KEEP_VERSIONS = 1_000_000
MAX_KEEP_DAYS = 36_500
FIELDS = bodies.fields_of(bodies.HistorySettings)


def history_wish(document: Document, *, new: bool) -> HistoryWish | None:
    """What ``history`` in ``document`` asks for; None when it is not there, or a ``new`` bucket is to have none.

    true: on, with what is known of it, else with defaults; false or null: off. An object: on (``new``, unless ``enabled`` is false) or
    as it is, with these settings; null and 0 mean "no limit", replicas null "as the bucket has".
    """
    value = document.get("history")
    if "history" not in document or (new and not value and not isinstance(value, dict)):
        return None
    if value is None or isinstance(value, bool):
        return HistoryWish(enabled=bool(value))
    if not isinstance(value, dict):
        raise BadRequest("“history” is true, false, or an object with its settings.")
    wish = _wish(record(document, "history"), new)
    return None if new and not wish.enabled else wish


def _wish(fields: Document, new: bool) -> HistoryWish:
    only(fields, FIELDS)
    enabled = flag(fields, "enabled") if fields.get("enabled") is not None else (True if new else None)
    change = HistoryChange(
        replicas=whole(fields, "replicas", 1, MAX_REPLICAS) if fields.get("replicas") is not None else None,
        compression=flag(fields, "compression") if fields.get("compression") is not None else None,
        max_bytes=whole(fields, "max_bytes", 0, MAX_NUMBER) if "max_bytes" in fields else None,
        keep_versions=whole(fields, "keep_versions", 0, MAX_KEEP_VERSIONS) if "keep_versions" in fields else None,
        keep_days=number(fields, "keep_days", MAX_KEEP_DAYS) if "keep_days" in fields else None,
    )
    return HistoryWish(enabled, _storage(fields), change)


def _storage(fields: Document) -> Storage | None:
    value = fields.get("storage")
    if value not in (None, "file", "memory"):
        raise BadRequest("“storage” is “file” or “memory”.")
    return Storage(value) if value else None
