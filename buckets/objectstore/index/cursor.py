"""Where a listing goes on: the sort key of the last item given, so that changes in between move nothing."""

import base64
import binascii
import json
from dataclasses import dataclass

from .sorting import Sort, SortKey

MAX_CURSOR = 32 * 1024
STALE = "The cursor is not one that this listing gave. Start again without it."


@dataclass(frozen=True, slots=True)
class Cursor:
    """``name``: whole, of an object or (``folder``) a folder; ``value``: what it is sorted by before its name, None for the name alone."""

    sort: Sort
    folder: bool
    value: int | str | None
    name: str

    def __str__(self) -> str:
        text = json.dumps([str(self.sort), self.folder, self.value, self.name], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")

    @classmethod
    def parse(cls, text: str, sort: Sort, prefix: str) -> "Cursor":
        """The cursor in ``text``, which must be of a listing of ``prefix`` in the order ``sort``. Raises ValueError with a sentence."""
        match _fields(text):
            case [str(order), bool(folder), int() | str() | None as value, str(name)]:
                if order == str(sort) and name.startswith(prefix) and _fits(value, sort.key, folder):
                    return cls(sort, folder, value, name)
        raise ValueError(STALE)


def _fields(text: str) -> object:
    if len(text) > MAX_CURSOR:
        raise ValueError(f"The cursor is too long: {MAX_CURSOR:,} characters is the limit.")
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        fields: object = json.loads(raw.decode("utf-8", "surrogatepass"))
    except (binascii.Error, ValueError, RecursionError):
        raise ValueError(STALE) from None
    return fields


def _fits(value: object, key: SortKey, folder: bool) -> bool:
    if key is SortKey.NAME or (folder and key is SortKey.TYPE):
        return value is None
    return isinstance(value, str) if key is SortKey.TYPE else type(value) is int
