"""/buckets/{bucket}/history, and /archives: the histories of buckets that are gone."""

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse

from ..services import history
from .shapes import archive_json, history_json

NO_STORE = {"Cache-Control": "no-store"}


async def describe(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    status, missed = await history.described(user, bucket)
    return JsonResponse({**history_json(status), "missed": missed}, headers=NO_STORE)


async def remove_history(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    await history.remove_history(user, bucket)
    return HttpResponse(status=204)


async def prune(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    pruned = await history.prune(user, bucket)
    return JsonResponse({"versions": pruned.versions, "data": pruned.data}, headers=NO_STORE)


async def list_archives(request: HttpRequest, user: User) -> HttpResponse:
    found = await history.archives(user)
    return JsonResponse({"archives": [archive_json(status) for status in found]}, headers=NO_STORE)


async def remove_archive(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    await history.remove_archive(user, bucket)
    return HttpResponse(status=204)
