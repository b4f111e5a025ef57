"""/metrics, for Prometheus. Who may read it is the setting ``METRICS``; it tells the names of all buckets."""

import ipaddress
import secrets

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ..access import Role, require_everywhere
from ..api.auth import authenticate
from ..api.errors import answer
from ..services import metering

FORWARDED = ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP")


@require_safe
async def metrics(request: HttpRequest) -> HttpResponse:
    """For who knows ``METRICS_TOKEN``, for admins of every bucket (session or API token), and with ``METRICS=local`` for this machine."""
    if settings.METRICS == "off":
        raise Http404
    try:
        if not (_knows_the_token(request) or (settings.METRICS == "local" and _is_local(request))):
            await require_everywhere(await authenticate(request), Role.ADMIN)
        text, media_type = await metering.exposition(request.headers.get("Accept", ""))
    except Exception as error:
        return answer(error)
    return HttpResponse(text, headers={"Content-Type": media_type, "Cache-Control": "no-store"})


def _knows_the_token(request: HttpRequest) -> bool:
    wanted, given = settings.METRICS_TOKEN, request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(wanted) and secrets.compare_digest(wanted.encode(), given.encode())


def _is_local(request: HttpRequest) -> bool:
    """It comes from this machine itself, and not through a proxy on it. A page elsewhere whose name leads here is refused by its Host."""
    try:
        client = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return client.is_loopback and not any(name in request.headers for name in FORWARDED)
