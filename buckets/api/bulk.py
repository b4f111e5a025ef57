"""/buckets/{bucket}/delete, /move, /copy, /undelete, /restore: one act on up to 1,000 objects, with a result for each."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse

from ..services import moves, objects, versions
from ..services.bulk import Result
from ..services.order import Transfer
from . import object_fields
from .fields import MAX_DESCRIPTION, flag, only, text
from .parameters import MAX_BULK_BYTES, json_object
from .shapes import results_json

Carry: TypeAlias = Callable[..., Awaitable[Sequence[Result]]]


async def delete(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    document = _document(request, "names", "for_good")
    act = objects.erase if flag(document, "for_good") else objects.delete
    return _answer(await act(user, bucket, object_fields.names(document)))


async def move(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    return await _carry(moves.move, request, user, bucket)


async def copy(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    return await _carry(moves.copy, request, user, bucket)


async def undelete(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    return _answer(await versions.undelete(user, bucket, object_fields.names(_document(request, "names"))))


async def restore(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    return _answer(await versions.restore(user, bucket, object_fields.named_versions(_document(request, "items"))))


async def _carry(act: Carry, request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    document = _document(request, "items", "bucket", "overwrite")
    items: Sequence[Transfer] = object_fields.transfers(document)
    target = text(document, "bucket", MAX_DESCRIPTION) or bucket
    return _answer(await act(user, bucket, items, target, overwrite=flag(document, "overwrite")))


def _document(request: HttpRequest, *keys: str) -> Mapping[str, Any]:
    document = json_object(request, MAX_BULK_BYTES)
    only(document, keys)
    return document


def _answer(results: Sequence[Result]) -> HttpResponse:
    return JsonResponse(results_json(results), headers={"Cache-Control": "no-store"})
