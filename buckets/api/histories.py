"""/buckets/{bucket}/history, and /archives: the histories of buckets that are gone."""

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse

from ..services import history, jobs, oldbuckets
from . import answers, bodies
from .fields import MAX_DESCRIPTION, flag, only, text
from .jobs import job_json
from .openapi.common import DONE, json, json_body
from .openapi.operation import operation
from .parameters import json_object
from .shapes import archive_json, history_json

NO_STORE = {"Cache-Control": "no-store"}


@operation("Its history", role="viewer", answers={200: json("The history.", answers.DescribedHistory)})
async def describe(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    status, missed = await history.described(user, bucket)
    return JsonResponse({**history_json(status), "missed": missed}, headers=NO_STORE)


@operation(
    "Switch its history off, and remove all versions for good", role="admin", answers={204: DONE}, errors=("forbidden", "history_off")
)
async def remove_history(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    await history.remove_history(user, bucket)
    return HttpResponse(status=204)


@operation(
    "Apply the history's keep rules now",
    role="admin",
    answers={200: json("How many versions, and contents, were removed.", answers.Pruned)},
    errors=("forbidden", "history_off"),
)
async def prune(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    pruned = await history.prune(user, bucket)
    return JsonResponse({"versions": pruned.versions, "data": pruned.data}, headers=NO_STORE)


@operation(
    "The histories of buckets that are gone",
    role="admin of that name",
    answers={200: json("Those that you may see.", answers.ArchiveList)},
)
async def list_archives(request: HttpRequest, user: User) -> HttpResponse:
    found = await history.archives(user)
    return JsonResponse({"archives": [archive_json(status) for status in found]}, headers=NO_STORE)


@operation(
    "Remove such a history for good",
    role="admin of that name",
    answers={204: DONE},
    errors=("forbidden", "archive_not_found", "bucket_exists"),
)
async def remove_archive(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    await history.remove_archive(user, bucket)
    return HttpResponse(status=204)


@operation(
    "Bring a deleted bucket back",
    role="admin everywhere",
    text="A new bucket gets all that was in it, as a job of kind `restore`. Under the old name the history goes on, else the archive "
    "stays.",
    body=json_body(bodies.BringBack, '{"bucket": "reports-again", "history": true}'),
    answers={202: json("The bucket is there, and what was in it is coming back.", answers.JobList)},
    errors=("forbidden", "archive_not_found", "bucket_exists", "invalid_bucket_name", "invalid_bucket_config", "bucket_full", "too_large"),
)
async def bring_back(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    document = json_object(request)
    only(document, bodies.fields_of(bodies.BringBack))
    name = text(document, "bucket", MAX_DESCRIPTION) or bucket
    await oldbuckets.bring_back(user, bucket, name, history=flag(document, "history"))
    return JsonResponse({"jobs": [job_json(view) for view in (await jobs.jobs(user, name)).values()]}, status=202, headers=NO_STORE)
