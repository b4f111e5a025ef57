"""How the site and NATS are doing, for admins of every bucket."""

from django.http import HttpRequest, HttpResponse

from buckets.access import AnyUser
from buckets.health.words import told
from buckets.services import health as health_service

from .shell import load_shell, page, render_page

SECONDS = 5
MOST = 50  # findings; the gravest come first


@page
async def health(request: HttpRequest, user: AnyUser) -> HttpResponse:
    """Answers also while NATS is away: that is what it is for."""
    found = await health_service.health(user)
    shown = [told(each) for each in found.findings[:MOST]]
    context = {"health": found, "findings": shown, "more": len(found.findings) - len(shown), "seconds": SECONDS, "section": "health"}
    return render_page(request, await load_shell(user), "health.html", context)
