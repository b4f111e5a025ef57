"""/buckets and /buckets/{bucket}."""

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from ..services import buckets
from .parameters import bucket_config, json_object
from .shapes import bucket_json

NO_STORE = {"Cache-Control": "no-store"}


async def list_buckets(request: HttpRequest, user: User) -> HttpResponse:
    views = await buckets.list_buckets(user)
    return JsonResponse({"buckets": [bucket_json(view) for view in views]}, headers=NO_STORE)


async def create_bucket(request: HttpRequest, user: User) -> HttpResponse:
    view = await buckets.create_bucket(user, bucket_config(json_object(request)))
    location = reverse("api:bucket", kwargs={"bucket": view.status.name})
    return JsonResponse(bucket_json(view), status=201, headers={"Location": location, **NO_STORE})


async def get_bucket(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    return JsonResponse(bucket_json(await buckets.get_bucket(user, bucket)), headers=NO_STORE)


async def delete_bucket(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    await buckets.delete_bucket(user, bucket)
    return HttpResponse(status=204)
