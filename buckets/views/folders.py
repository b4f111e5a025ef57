"""Making a folder, for the scripts of the files page: JSON in and out."""

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse

from buckets.api import object_fields, parameters
from buckets.api.endpoint import endpoint
from buckets.api.fields import only
from buckets.services import folders


async def _create(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    """``{"folder": "its whole name/"}``; 201."""
    document = parameters.json_object(request, parameters.MAX_BULK_BYTES)
    only(document, ("folder",))
    await folders.create(user, bucket, object_fields.required_name(document, "folder"))
    return JsonResponse({}, status=201, headers={"Cache-Control": "no-store"})


create = endpoint(POST=_create)
