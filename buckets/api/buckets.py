"""/buckets and /buckets/{bucket}."""

from typing import Literal

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from ..services import buckets
from . import answers, bodies
from .bucket_fields import bucket_change, bucket_config, confirmation
from .errors import BadRequest
from .history_fields import history_wish
from .openapi.common import DONE, json, json_body
from .openapi.operation import Header, Parameter, operation
from .parameters import json_object
from .shapes import bucket_json

NO_STORE = {"Cache-Control": "no-store"}
BUCKET = {200: json("The bucket.", answers.Bucket)}
REFUSALS = ("forbidden", "invalid_bucket_config", "too_large", "history_unsupported")


@operation("The buckets that you may see", role="", answers={200: json("All of them, by name.", answers.BucketList)})
async def list_buckets(request: HttpRequest, user: User) -> HttpResponse:
    views = await buckets.list_buckets(user)
    return JsonResponse({"buckets": [bucket_json(view) for view in views]}, headers=NO_STORE)


@operation(
    "Create a bucket",
    role="admin everywhere",
    body=json_body(bodies.NewBucket, '{"name": "reports", "ttl_seconds": 2592000, "history": true}'),
    answers={201: json("The new bucket.", answers.Bucket, Header("Location", "where it is"))},
    errors=(*REFUSALS, "invalid_bucket_name", "bucket_exists"),
)
async def create_bucket(request: HttpRequest, user: User) -> HttpResponse:
    document = json_object(request)
    view = await buckets.create_bucket(user, bucket_config(document), history=history_wish(document, new=True))
    location = reverse("api:bucket", kwargs={"bucket": view.status.name})
    return JsonResponse(bucket_json(view), status=201, headers={"Location": location, **NO_STORE})


@operation("One bucket", role="viewer", answers=BUCKET)
async def get_bucket(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    return JsonResponse(bucket_json(await buckets.get_bucket(user, bucket)), headers=NO_STORE)


@operation(
    "Change a bucket",
    role="admin",
    text="What is left out stays. The name and the storage are for ever.",
    body=json_body(bodies.BucketChange, '{"max_bytes": 1073741824, "history": {"keep_days": 30}}'),
    answers=BUCKET,
    errors=(*REFUSALS, "bucket_sealed", "history_off"),
)
async def update_bucket(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    document = json_object(request)
    change, history = bucket_change(document), history_wish(document, new=False)
    return JsonResponse(bucket_json(await buckets.update_bucket(user, bucket, change, history=history)), headers=NO_STORE)


@operation(
    "Make a bucket read-only, for ever",
    role="admin",
    body=json_body(bodies.Confirmation, '{"confirm": "reports"}'),
    answers=BUCKET,
    errors=("forbidden", "not_confirmed", "too_large", "bucket_sealed"),
)
async def seal_bucket(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    confirm = confirmation(json_object(request))
    return JsonResponse(bucket_json(await buckets.seal_bucket(user, bucket, confirm=confirm)), headers=NO_STORE)


@operation(
    "Delete a bucket with all its objects",
    role="admin",
    parameters=(Parameter("history", "`keep` (the default) leaves its history as an archive.", Literal["keep", "remove"]),),
    answers={204: DONE},
    errors=("forbidden",),
)
async def delete_bucket(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    history = request.GET.get("history", "keep")
    if history not in ("keep", "remove"):
        raise BadRequest("“history” is keep or remove.")
    await buckets.delete_bucket(user, bucket, remove_history=history == "remove")
    return HttpResponse(status=204)
