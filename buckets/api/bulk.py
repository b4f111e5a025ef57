"""/buckets/{bucket}/delete, /move, /copy, /undelete, /restore: one act on up to 1,000 objects, with a result for each."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse

from ..services import moves, objects, versions
from ..services.bulk import Result
from ..services.order import Transfer
from . import bodies, object_fields
from .fields import MAX_DESCRIPTION, flag, only, text
from .openapi.common import BULK_ERRORS, RESULTS, json_body
from .openapi.operation import operation
from .parameters import MAX_BULK_BYTES, json_object
from .shapes import results_json

Carry: TypeAlias = Callable[..., Awaitable[Sequence[Result]]]
TRANSFERS = json_body(bodies.Carry, '{"items": [{"name": "draft.pdf", "to": "final.pdf"}]}')


@operation(
    "Delete many",
    role="editor",
    text="One that is not there is no error. `for_good` takes the role admin.",
    body=json_body(bodies.Deletion, '{"names": ["a.txt", "b.txt"]}'),
    answers=RESULTS,
    errors=BULK_ERRORS,
)
async def delete(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    document = _document(request, bodies.Deletion)
    act = objects.erase if flag(document, "for_good") else objects.delete
    return _answer(await act(user, bucket, object_fields.names(document)))


@operation(
    "Move or rename many",
    role="editor in both",
    text="Links follow by `POST …/links/follow`.",
    body=TRANSFERS,
    answers=RESULTS,
    errors=BULK_ERRORS,
)
async def move(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    return await _carry(moves.move, request, user, bucket)


@operation("Copy many", role="viewer; editor in the target", body=TRANSFERS, answers=RESULTS, errors=BULK_ERRORS)
async def copy(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    return await _carry(moves.copy, request, user, bucket)


@operation(
    "Bring the last versions of deleted objects back",
    role="editor",
    body=json_body(bodies.Selected, '{"names": ["a.txt"]}'),
    answers=RESULTS,
    errors=(*BULK_ERRORS, "history_off"),
)
async def undelete(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    return _answer(await versions.undelete(user, bucket, object_fields.names(_document(request, bodies.Selected))))


@operation(
    "Make versions of many the current ones again",
    role="editor",
    body=json_body(bodies.Restoration, '{"items": [{"name": "a.txt", "version": "42"}]}'),
    answers=RESULTS,
    errors=(*BULK_ERRORS, "history_off"),
)
async def restore(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    return _answer(await versions.restore(user, bucket, object_fields.named_versions(_document(request, bodies.Restoration))))


async def _carry(act: Carry, request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    document = _document(request, bodies.Carry)
    items: Sequence[Transfer] = object_fields.transfers(document)
    target = text(document, "bucket", MAX_DESCRIPTION) or bucket
    return _answer(await act(user, bucket, items, target, overwrite=flag(document, "overwrite")))


def _document(request: HttpRequest, kind: type) -> Mapping[str, Any]:
    document = json_object(request, MAX_BULK_BYTES)
    only(document, bodies.fields_of(kind))
    return document


def _answer(results: Sequence[Result]) -> HttpResponse:
    return JsonResponse(results_json(results), headers={"Cache-Control": "no-store"})
