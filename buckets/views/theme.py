"""Light, dark, or as the reader's system has it: kept in a cookie, so that a page is right from its first moment."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.views.decorators.http import require_POST

from buckets.themes import COOKIE, SYSTEM, THEMES

from .shell import next_address

YEAR = 365 * 24 * 3600


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Set it to the form's ``theme`` and go back to ``next``. Scripts do the same by themselves, without a new page."""
    chosen = request.POST.get("theme", "")
    response = redirect(next_address(request, resolve_url("home")))
    if chosen in THEMES and chosen != SYSTEM:
        response.set_cookie(COOKIE, chosen, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    else:
        response.delete_cookie(COOKIE, samesite="Lax")
    return response
