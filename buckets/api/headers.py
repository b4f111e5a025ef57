"""The headers of a download, as pure functions of an object's info. What comes from metadata is foreign: checked before it is sent."""

import re
from collections.abc import Mapping
from urllib.parse import quote

from django.utils.http import http_date

from ..objectstore import ObjectInfo
from ..services.media_types import BINARY, is_media_type
from .conditions import Validators
from .digests import digest_field

DIGEST = re.compile(r"SHA-256=([A-Za-z0-9_-]{43}=?)\Z")
PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
UNQUOTABLE = re.compile(r'[^\x20-\x7e]|["\\%/]')
# RFC 8187's attr-char, without the letters and digits that quote() always leaves alone
ATTR_CHARS = "!#$&+-.^_`|~"
SANDBOX = "sandbox; default-src 'none'"


def etag(info: ObjectInfo) -> str:
    """A strong entity tag (RFC 9110, section 8.8.3): the content's SHA-256, else the nuid, which also stands for one content."""
    digest = DIGEST.match(info.digest or "")
    if digest:
        return f'"{digest[1]}"'
    return f'"{info.nuid}"' if PLAIN.match(info.nuid) else f'"r{info.revision}"'


def validators(info: ObjectInfo) -> Validators:
    return Validators(etag(info), info.modified)


def content_type(info: ObjectInfo) -> str:
    """The stated media type if it is one, else ``application/octet-stream``."""
    return info.content_type if is_media_type(info.content_type) else BINARY


def file_name(name: str) -> str:
    """The name to save under: what follows the last "/", or before it when nothing does; never empty, "." or ".."."""
    base = name.rstrip("/").rpartition("/")[2]
    return base if base.strip(" .") else "download"


def attachment(name: str) -> str:
    """``Content-Disposition: attachment`` for any name: RFC 6266, with RFC 8187's ``filename*`` where the plain form cannot say it.

    The plain form has neither escapes nor "%", which browsers read differently.
    """
    base = file_name(name)
    plain = UNQUOTABLE.sub("_", base)
    header = f'attachment; filename="{plain}"'
    if plain == base.strip():  # spaces at the ends get lost in the plain form
        return header
    return f"{header}; filename*=UTF-8''{quote(base, safe=ATTR_CHARS)}"


def download_headers(name: str, info: ObjectInfo) -> Mapping[str, str]:
    """All headers of a download of ``info`` that was asked for as ``name``. They keep the file from acting as a page of this site.

    ``Repr-Digest`` (RFC 9530) is of the whole object, whatever part of it is sent.
    """
    digest = digest_field(info.digest)
    return {
        "ETag": etag(info),
        "Last-Modified": http_date(info.modified.timestamp()),
        "Content-Type": content_type(info),
        "Content-Length": str(info.size),
        "Content-Disposition": attachment(name),
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Security-Policy": SANDBOX,
        "X-Content-Type-Options": "nosniff",
        **({"Repr-Digest": digest} if digest else {}),
    }
