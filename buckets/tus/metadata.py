"""``Upload-Metadata`` ("Creation"): pairs of a key and a Base64 value, in their order."""

import base64
import re
from collections.abc import Mapping

from .actions import Code, Refused
from .parsing import strict_base64
from .refusals import bad_request
from .values import NAME_KEYS, Limits

# tus: no space, no comma, and it should be ASCII; a control character would be header smuggling when the value is sent back.
_KEY = re.compile(r"[!-+\--~]+\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def parse_metadata(text: str, limits: Limits) -> Mapping[str, str]:
    """The pairs in ``text``, in their order; none for an empty text, which tuspy sends for none.

    ``encode_metadata`` gives the same text back but for white space around the pairs. Raises ``Refused`` (400) for more than
    ``max_header`` characters, ``max_pairs`` pairs, ``max_key`` characters in a key or ``max_value`` bytes in a value; for a key that is
    empty, repeated or not visible ASCII; for a value that is not padded Base64 of UTF-8, or that has control characters and is not a name.
    """
    if len(text) > limits.max_header:
        raise _invalid(f"Upload-Metadata is longer than the {limits.max_header:,} characters allowed.")
    if not text.strip(" \t"):
        return {}
    elements = text.split(",")
    if len(elements) > limits.max_pairs:
        raise _invalid(f"Upload-Metadata has more than the {limits.max_pairs} pairs allowed.")
    pairs = [_pair(element.strip(" \t"), limits) for element in elements]
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _invalid("Upload-Metadata has the same key twice.")
    return found


def _pair(element: str, limits: Limits) -> tuple[str, str]:
    key, _, encoded = element.partition(" ")
    if len(key) > limits.max_key or not _KEY.match(key):
        raise _invalid(f"A key of Upload-Metadata must have 1 to {limits.max_key} visible ASCII characters.")
    return key, _value(key, encoded, limits)


def _value(key: str, encoded: str, limits: Limits) -> str:
    value = strict_base64(encoded)
    if value is None:
        raise _invalid(f"The value of '{key}' in Upload-Metadata is not Base64.")
    if len(value) > limits.max_value:
        raise _invalid(f"The value of '{key}' in Upload-Metadata has more than the {limits.max_value:,} bytes allowed.")
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise _invalid(f"The value of '{key}' in Upload-Metadata is not UTF-8 text.") from None
    if key not in NAME_KEYS and _CONTROL.search(text):
        raise _invalid(f"The value of '{key}' in Upload-Metadata has control characters.")
    return text


def _invalid(message: str) -> Refused:
    return Refused(bad_request(Code.INVALID_METADATA, message))


def encode_metadata(metadata: Mapping[str, str]) -> str:
    """The header for ``metadata``: a key without a value stands alone, as tus allows. It is always ASCII without line breaks.

    Raises ``ValueError`` for a key that the header cannot carry, and for a value that is not Unicode text.
    """
    if wrong := [key for key in metadata if not _KEY.match(key)]:
        raise ValueError(f"not a key of Upload-Metadata: {wrong[0]!r}")
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" if value else key for key, value in metadata.items())
