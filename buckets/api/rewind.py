"""/buckets/{bucket}/trash and /buckets/{bucket}/rewind."""

import json
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from ..objectstore import Restored
from ..services import rewinding, versions
from . import answers, bodies
from .errors import BadRequest
from .fields import flag, only, text
from .object_fields import MAX_NAME
from .openapi.common import JSON, LISTING, json_body
from .openapi.operation import Answer, operation
from .parameters import json_object, moment, scan_query
from .shapes import error_json, past_list_json

NO_STORE = {"Cache-Control": "no-store"}
NDJSON = "application/x-ndjson"


@operation(
    "What was deleted",
    role="viewer",
    parameters=LISTING,
    answers={200: Answer("`modified` is when it was deleted.", {JSON: answers.PastObjectList})},
    errors=("history_off", "listing_loading"),
)
async def list_trash(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    query = scan_query(request)
    try:
        found = await versions.scan_trash(user, bucket, query)
    except ValueError as error:
        raise BadRequest(str(error)) from error
    return JsonResponse(past_list_json(found, deleted=True), headers=NO_STORE)


@operation(
    "Take the bucket back to a time",
    role="editor",
    text="All that was there then is brought back. What has begun goes on when the client goes away. One at a time in a bucket.",
    body=json_body(bodies.Rewind, '{"at": "2026-01-31T12:00:00Z", "prefix": "reports/"}'),
    answers={
        200: Answer("JSON lines: one for each object as it is done, and one at the end.", {NDJSON: answers.Rewound | answers.RewindEnd})
    },
    errors=("forbidden", "history_off", "restore_running", "too_large"),
)
async def rewind(request: HttpRequest, user: User, bucket: str) -> HttpResponseBase:
    """JSON lines: one for each object as it is done, and at the end the counts. The first is waited for: what is wrong from the start has a
    status."""
    document = json_object(request)
    only(document, bodies.fields_of(bodies.Rewind))
    at = moment(text(document, "at", 64), "at")
    prefix = text(document, "prefix", MAX_NAME)
    results = rewinding.restore_moment(user, bucket, at, prefix=prefix, remove_newer=flag(document, "remove_newer"))
    try:
        first = await anext(results)
    except StopAsyncIteration:
        first = None
    return Lines(first, results)


class Lines(StreamingHttpResponse):
    """``first`` and the rest of ``results``, which are closed whatever happens."""

    def __init__(self, first: Restored | None, results: AsyncGenerator[Restored, None]) -> None:
        super().__init__(_lines(first, results), content_type=NDJSON, headers={**NO_STORE, "X-Content-Type-Options": "nosniff"})
        self._results = results

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in super().__aiter__():
                yield part
        finally:
            await self._results.aclose()


async def _lines(first: Restored | None, results: AsyncIterator[Restored]) -> AsyncIterator[bytes]:
    counts = Counter({"restored": 0, "unchanged": 0, "removed": 0, "failed": 0})
    try:
        if first is not None:
            yield _line(first, counts)
        async for restored in results:
            yield _line(restored, counts)
    except Exception as error:  # the status is sent: the end of the answer has to say it
        yield _dumped({"error": error_json(error), "done": False, **counts})
        return
    yield _dumped({"done": True, **counts})


def _line(restored: Restored, counts: Counter[str]) -> bytes:
    counts["failed" if restored.error else restored.action] += 1
    return _dumped({"name": restored.name, "action": restored.action, "error": error_json(restored.error) if restored.error else None})


def _dumped(document: object) -> bytes:
    return json.dumps(document).encode() + b"\n"
