"""/buckets and /buckets/{bucket}."""

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from ..services import buckets
from .bucket_fields import bucket_change, bucket_config, confirmation
from .errors import BadRequest
from .history_fields import history_wish
from .parameters import json_object
from .shapes import bucket_json

NO_STORE = {"Cache-Control": "no-store"}


async def list_buckets(request: HttpRequest, user: User) -> HttpResponse:
    views = await buckets.list_buckets(user)
    return JsonResponse({"buckets": [bucket_json(view) for view in views]}, headers=NO_STORE)


async def create_bucket(request: HttpRequest, user: User) -> HttpResponse:
    document = json_object(request)
    view = await buckets.create_bucket(user, bucket_config(document), history=history_wish(document, new=True))
    location = reverse("api:bucket", kwargs={"bucket": view.status.name})
    return JsonResponse(bucket_json(view), status=201, headers={"Location": location, **NO_STORE})


async def get_bucket(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    return JsonResponse(bucket_json(await buckets.get_bucket(user, bucket)), headers=NO_STORE)


async def update_bucket(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    document = json_object(request)
    change, history = bucket_change(document), history_wish(document, new=False)
    return JsonResponse(bucket_json(await buckets.update_bucket(user, bucket, change, history=history)), headers=NO_STORE)


async def seal_bucket(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    confirm = confirmation(json_object(request))
    return JsonResponse(bucket_json(await buckets.seal_bucket(user, bucket, confirm=confirm)), headers=NO_STORE)


async def delete_bucket(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    history = request.GET.get("history", "keep")
    if history not in ("keep", "remove"):
        raise BadRequest("“history” is keep or remove.")
    await buckets.delete_bucket(user, bucket, remove_history=history == "remove")
    return HttpResponse(status=204)
