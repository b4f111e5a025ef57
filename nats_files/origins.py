"""Who may open a WebSocket: the site's own pages. Browsers send cookies along for anybody's."""

from typing import Any
from urllib.parse import SplitResult, urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import validate_host
from django.utils.http import is_same_domain

PORTS = {"http": 80, "https": 443}


class SameOrigin:
    """Refuses a handshake unless its Origin has the host and port of its Host header, or is one of ``CSRF_TRUSTED_ORIGINS``.

    Something in front of the site may end HTTPS, so the schemes are not compared; with ``HTTPS`` a page that came without it is refused.
    """

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        headers = dict(scope["headers"])
        allowed = is_allowed(headers.get(b"origin", b"").decode("latin-1"), headers.get(b"host", b"").decode("latin-1"))
        return await (self._application if allowed else WebsocketDenier())(scope, receive, send)


def is_allowed(origin: str, host: str) -> bool:
    try:
        theirs, ours = urlsplit(origin.lower()), urlsplit(f"//{host.lower()}")
        return theirs.scheme in PORTS and (_is_trusted(theirs) or _is_same(theirs, ours))
    except ValueError:
        return False


def _is_trusted(origin: SplitResult) -> bool:
    trusted = (urlsplit(address.lower()) for address in settings.CSRF_TRUSTED_ORIGINS)
    return any(it.scheme == origin.scheme and is_same_domain(origin.netloc, it.netloc.lstrip("*")) for it in trusted)


def _is_same(origin: SplitResult, host: SplitResult) -> bool:
    if not _has_our_name(host) or (settings.HTTPS and origin.scheme != "https"):
        return False
    usual = PORTS[origin.scheme]
    return (origin.hostname, origin.port or usual) == (host.hostname, host.port or usual)


def _has_our_name(host: SplitResult) -> bool:
    """Host is what the client says: a page elsewhere whose name leads here has its own."""
    name = host.hostname or ""
    return validate_host(f"[{name}]" if ":" in name else name, settings.ALLOWED_HOSTS)
