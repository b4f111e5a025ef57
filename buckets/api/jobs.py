"""/buckets/{bucket}/jobs: repairs that go on when nobody looks, and /buckets/{bucket}/effects: what a change would do."""

from collections.abc import Awaitable, Callable, Mapping

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse

from ..access import AnyUser
from ..services import effects, jobs, repair, repairjobs
from ..services.effects import Effects
from ..services.history import HistoryWish
from ..services.jobs import JobView, Kind
from . import answers, bodies
from .bucket_fields import MAX_TTL_SECONDS, bucket_change
from .errors import BadRequest
from .fields import number, only
from .history_fields import history_wish
from .openapi.common import DONE, json, json_body
from .openapi.operation import operation
from .parameters import json_object
from .shapes import error_json, rfc3339, rfc3339_or_none

NO_STORE = {"Cache-Control": "no-store"}
ORPHANS: Mapping[str, Callable[..., Awaitable[None]]] = {
    "find_orphans": repairjobs.find_orphans,
    "clear_orphans": repairjobs.clear_orphans,
}
OTHERS: Mapping[str, Callable[[AnyUser, str], Awaitable[None]]] = {
    "purge_markers": repairjobs.purge_markers,
    "verify": repairjobs.verify,
}


@operation("Its jobs, the newest of each kind", role="admin", answers={200: json("The jobs.", answers.JobList)}, errors=("forbidden",))
async def list_jobs(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    found = await jobs.jobs(user, bucket)
    return JsonResponse({"jobs": [job_json(found[kind]) for kind in Kind if kind in found]}, headers=NO_STORE)


@operation(
    "Begin a repair",
    role="admin",
    text="It goes on by itself; the list tells how far it is, and what came of it.",
    body=json_body(bodies.NewJob, '{"job": "find_orphans", "older_than_seconds": 7200}'),
    answers={202: json("It has begun.", answers.JobList)},
    errors=("forbidden", "job_running", "bucket_sealed", "bucket_restricted", "too_large"),
)
async def begin(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    document = json_object(request)
    only(document, bodies.fields_of(bodies.NewJob))
    wanted = str(document.get("job"))
    if wanted in ORPHANS:
        given = document.get("older_than_seconds") is not None
        older_than = number(document, "older_than_seconds", MAX_TTL_SECONDS) if given else repair.HOUR
        await ORPHANS[wanted](user, bucket, older_than=older_than)
    elif wanted in OTHERS:
        await OTHERS[wanted](user, bucket)
    else:
        raise BadRequest(f"“job” is one of {', '.join([*ORPHANS, *OTHERS])}.")
    found = await jobs.jobs(user, bucket)
    return JsonResponse({"jobs": [job_json(found[kind]) for kind in Kind if kind in found]}, status=202, headers=NO_STORE)


@operation(
    "Stop a job",
    role="admin",
    text="Within a second or two, in whichever process of the site it runs. One that has ended is no error.",
    answers={204: DONE},
    errors=("forbidden",),
)
async def cancel(request: HttpRequest, user: User, bucket: str, kind: str) -> HttpResponse:
    if kind not in list(Kind):
        raise BadRequest(f"A job is one of {', '.join(Kind)}.")
    await jobs.cancel(user, bucket, Kind(kind))
    return HttpResponse(status=204)


@operation(
    "What a change of a bucket would do",
    role="admin",
    text="The body is that of `PATCH`; nothing is changed. What the server itself may still refuse (replicas, placement, limits of the "
    "account) only a try can tell.",
    body=json_body(bodies.BucketChange, '{"ttl_seconds": 3600, "history": {"keep_versions": 5}}'),
    answers={200: json("Its effects.", answers.Effects)},
    errors=("forbidden", "too_large"),
)
async def preview(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    document = json_object(request)
    change, wish = bucket_change(document), history_wish(document, new=False)
    of_settings = await effects.of_settings(user, bucket, change)
    of_history = await effects.of_history(user, bucket, wish or HistoryWish())
    return JsonResponse(_effects_json(of_settings, of_history), headers=NO_STORE)


def _effects_json(settings: Effects, history: Effects) -> answers.Effects:
    refusal = settings.refusal or history.refusal
    expiring = settings.expiring
    return {
        "refusal": error_json(refusal) if refusal is not None else None,
        "expiring": {"objects": expiring.objects, "size_bytes": expiring.size} if expiring is not None else None,
        "history_keeps": settings.kept,
        "pruned_versions": history.pruned,
        "discarded_bytes": history.discarded,
        "uncounted": settings.uncounted or history.uncounted,
    }


def job_json(view: JobView) -> answers.Job:
    job = view.job
    outcome = {key: value for key, value in job.outcome.items() if key != "state"}
    return {
        "kind": job.kind,
        "action": job.action,
        "state": str(view.state),
        "user": job.user,
        "started": rfc3339(job.started),
        "ended": rfc3339_or_none(job.ended),
        "done": job.done,
        "total": job.total or None,
        "done_bytes": job.size,
        "total_bytes": job.total_size or None,
        "seconds_left": view.left,
        "outcome": outcome,
    }
