"""/buckets/{bucket}/links: who links here."""

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse

from ..services import links
from .parameters import check_unicode

MAX_LINKS = 1000


async def backlinks(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    """To the object ``?name=``; without it, to the bucket as a whole."""
    check_unicode(request)
    found = await links.backlinks(user, bucket, request.GET.get("name"))
    listed = [{"bucket": link.bucket, "name": link.name} for link in found[:MAX_LINKS]]
    return JsonResponse({"links": listed, "total": len(found)}, headers={"Cache-Control": "no-store"})
