"""What the files page's scripts do with what is chosen: move, copy, link, delete, and take it back. JSON, some at a time.

A request is about up to 1,000 objects by name, or about a folder, of which it does the next few: whoever asks goes on with ``after``
until that is null, so it can show how far it is, and stop. Every object has a result of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from buckets import access
from buckets.access import Role
from buckets.api import object_fields, parameters
from buckets.api.endpoint import endpoint
from buckets.api.errors import BadRequest
from buckets.api.fields import MAX_DESCRIPTION, MAX_NUMBER, flag, only, text, whole
from buckets.api.shapes import error_json
from buckets.errorwords import told
from buckets.objectstore import Index, ObjectExists, ObjectStoreError
from buckets.services import buckets as bucket_service
from buckets.services import carrying, objects, versions
from buckets.services import folders as folder_service
from buckets.services.buckets import BucketView
from buckets.services.bulk import MAX_NAMES, Result
from buckets.services.carrying import Act, Carried, Done, Taken
from buckets.services.order import Transfer
from buckets.services.scans import ScanQuery, piece

MAX_AT_ONCE = 500
MAX_FOLDERS = 1000
MAX_CURSOR = 32 * 1024
DELETE = "delete"
Document = Mapping[str, Any]
# Those without files that went, too, and what stopped them.
Folders = tuple[list[dict[str, str]], ObjectStoreError | None]
E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Batch:
    """What a request is about: ``items``, and of a folder how many there are in all, where to go on, and the names at which files of it
    still are (``never`` to be replaced)."""

    items: Sequence[Transfer]
    total: int
    after: str | None = None
    upto: int = 0
    never: frozenset[str] = frozenset()


async def _act(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    document = parameters.json_object(request, parameters.MAX_BULK_BYTES)
    only(document, ("act", "bucket", "taken", "items", "folder", "to", "fresh", "after", "upto", "limit"))
    if document.get("act") == DELETE:
        await access.require(user, bucket, Role.EDITOR)
        batch = await _batch(user, bucket, document, bucket)
        results = _deleted(await objects.delete(user, bucket, [item.name for item in batch.items]))
        return _answer(batch, results, *await _take_folder(user, bucket, document, batch, DELETE, bucket))
    act, target = _choice(document, "act", Act), _target(document, bucket)
    await carrying.allow(user, bucket, act, target)
    batch = await _batch(user, bucket, document, target)
    taken = _choice(document, "taken", Taken, Taken.ASK)
    results = [_carried_json(each) for each in await carrying.carry(user, bucket, act, batch.items, target, taken, batch.never)]
    return _answer(batch, results, *await _take_folder(user, bucket, document, batch, act, target))


async def _take_folder(user: User, bucket: str, document: Document, batch: Batch, act: str, target: str) -> Folders:
    """With the last file of a folder goes what is there without files: the folder itself, where somebody made it, and those below it.
    What stops that stops nothing else: the files have gone already."""
    folder, to = document.get("folder"), document.get("to") or ""
    if folder is None or batch.after is not None or act == Act.LINK:
        return [], None
    try:
        if act == DELETE:
            return [{"name": name, "to": name} for name in await folder_service.delete(user, bucket, [folder])], None
        taken = await folder_service.move(user, bucket, folder, target, to, copy=act == Act.COPY)
    except ObjectStoreError as error:
        return [], error
    return [{"name": each.name, "to": each.to} for each in taken], None


async def _batch(user: User, bucket: str, document: Document, target: str) -> Batch:
    if document.get("folder") is not None:
        return await _of_folder(user, bucket, document, target)
    items = object_fields.transfers(document) if document.get("act") != DELETE else _named(document)
    return Batch(items, len(items))


def _named(document: Document) -> Sequence[Transfer]:
    return [Transfer(name, name) for name in object_fields.names({"names": document.get("items")})]


async def _of_folder(user: User, bucket: str, document: Document, target: str) -> Batch:
    """The next objects of a folder. Where it moves among its own folders, what comes to be in it meanwhile (later than ``upto``) is not
    of it: it has moved there just now."""
    folder, to = object_fields.required_name(document, "folder"), text(document, "to", object_fields.MAX_NAME)
    limit = whole(document, "limit", 1, MAX_AT_ONCE) if document.get("limit") else MAX_AT_ONCE
    if not folder.endswith("/") or (to and not to.endswith("/")):
        raise BadRequest("“folder” and “to” are folders: their names end with “/”.")
    if document.get("act") != DELETE and bucket == target and to.startswith(folder):
        raise BadRequest("A folder cannot be put into itself.")
    live = await objects.ready(user, bucket)
    after = text(document, "after", MAX_CURSOR) or None
    upto = whole(document, "upto", 0, MAX_NUMBER) or live.revision
    if flag(document, "fresh") and after is None:
        await _check_fresh(user, target, to)
    try:
        found = piece(live.index, ScanQuery(prefix=folder, limit=limit, cursor=after))
    except ValueError as error:
        raise BadRequest(str(error)) from None
    within = bucket == target and folder.startswith(to)
    infos = [info for info in found.objects if not within or info.revision <= upto]
    items = [Transfer(info.name, to + info.name[len(folder) :]) for info in infos]
    never = frozenset(item.to for item in items if _is_of(live.index, folder, item.to, upto)) if within else frozenset[str]()
    return Batch(items, found.total, found.cursor, upto, never)


def _is_of(index: Index, folder: str, name: str, upto: int) -> bool:
    """Whether it is one of the files of the folder, which has its turn later, perhaps with another request."""
    found = index.get(name) if name.startswith(folder) else None
    return found is not None and found.revision <= upto


async def _check_fresh(user: User, bucket: str, folder: str) -> None:
    """Raises ``ObjectExists`` for a folder that is there."""
    if _exists((await objects.ready(user, bucket)).index, folder):
        raise ObjectExists("There is a folder of this name already. Move what is in this one there instead.")


def _exists(index: Index, folder: str) -> bool:
    return index.has_folder(folder)


async def _undo(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    document = parameters.json_object(request, parameters.MAX_BULK_BYTES)
    only(document, ("act", "bucket", "items", "folders"))
    folders = [_taken(item) for item in _objects(document, "folders")] if document.get("folders") else []
    if document.get("act") == DELETE:
        batch = Batch(_named(document), 0)
        if folders:
            await folder_service.restore(user, bucket, [each.name for each in folders])
        return _answer(batch, _deleted(await versions.undelete(user, bucket, [item.name for item in batch.items])))
    items = _list(document, _done)
    act, target = _choice(document, "act", Act), _target(document, bucket)
    if folders and act is not Act.LINK:
        await folder_service.take_back(user, bucket, folders, target, copy=act is Act.COPY)
    undone = await carrying.take_back(user, bucket, act, items, target)
    return _answer(Batch([], len(items)), [_carried_json(each) for each in undone])


def _taken(item: Document) -> folder_service.Taken:
    """What ``_take_folder`` told."""
    only(item, ("name", "to"))
    return folder_service.Taken(object_fields.required_name(item, "name"), text(item, "to", object_fields.MAX_NAME))


def _done(item: Document) -> Done:
    only(item, ("name", "to", "revision", "replaced"))
    name, to = (object_fields.required_name(item, key) for key in ("name", "to"))
    return Done(name, to, whole(item, "revision", 1, MAX_NUMBER), whole(item, "replaced", 0, MAX_NUMBER))


def _list(document: Document, read: Callable[[Document], Done]) -> list[Done]:
    return [read(value) for value in _objects(document, "items")]


def _objects(document: Document, field: str) -> list[Document]:
    values = document.get(field)
    if not isinstance(values, list) or len(values) > MAX_NAMES or not all(isinstance(value, dict) for value in values):
        raise BadRequest(f"“{field}” is a list of {MAX_NAMES:,} objects at most.")
    return values


async def _folders(request: HttpRequest, user: User, bucket: str) -> HttpResponse:
    """The folders in ``?prefix=`` whose names begin with ``?starts=`` in any case: 1,000 at most, else there are ``more``."""
    prefix, starts = request.GET.get("prefix", ""), request.GET.get("starts", "")
    parameters.check_unicode(request)
    if len(prefix) + len(starts) > object_fields.MAX_NAME or (prefix and not prefix.endswith("/")):
        raise BadRequest("“prefix” is a folder: its name ends with “/”.")
    found = (await objects.ready(user, bucket)).index.folders(prefix + starts, MAX_FOLDERS + 1)
    listed = [{"name": each.name, "prefix": each.prefix, "objects": each.objects} for each in found[:MAX_FOLDERS]]
    return _json({"folders": listed, "more": len(found) > MAX_FOLDERS})


async def _destinations(request: HttpRequest, user: User) -> HttpResponse:
    """The buckets into which the user may put something."""
    found = [each for each in await bucket_service.list_buckets(user) if each.role >= Role.EDITOR and not each.status.sealed]
    return _json({"buckets": [_destination_json(each) for each in found]})


def _destination_json(found: BucketView) -> dict[str, Any]:
    name = found.status.name
    return {"name": name, "url": reverse("files", args=[name]), "history": found.history is not None and found.history.enabled}


def _target(document: Document, bucket: str) -> str:
    return text(document, "bucket", MAX_DESCRIPTION) or bucket


def _choice(document: Document, key: str, kind: type[E], default: E | None = None) -> E:
    value = document.get(key)
    if value is None and default is not None:
        return default
    if value not in {str(each) for each in kind}:
        raise BadRequest(f"“{key}” is one of {', '.join(kind)}.")
    return kind(value)


def _deleted(results: Sequence[Result]) -> list[dict[str, Any]]:
    return [{"name": each.name, "error": _error_json(each.error) if each.error else None} for each in results]


def _carried_json(each: Carried) -> dict[str, Any]:
    return {
        "name": each.name,
        "to": each.to,
        "revision": each.info.revision if each.info else 0,
        "replaced": each.replaced,
        "skipped": each.skipped,
        "taken": each.taken,
        "error": _error_json(each.error) if each.error else None,
    }


def _error_json(error: Exception) -> dict[str, Any]:
    said = error_json(error)
    return {"code": said["code"], "message": told(said["message"], said["code"])}


def _answer(
    batch: Batch, results: list[dict[str, Any]], folders: Sequence[Mapping[str, str]] = (), error: ObjectStoreError | None = None
) -> HttpResponse:
    """``folders``: those without files that were taken, too, or the ``error`` that stopped them."""
    kept = {"folders": list(folders), "folders_error": _error_json(error) if error else None}
    place = {"total": batch.total, "after": batch.after, "upto": batch.upto, "more": batch.after is not None}
    return _json({"results": results} | kept | place)


def _json(document: Mapping[str, Any]) -> HttpResponse:
    return JsonResponse(document, headers={"Cache-Control": "no-store"})


act = endpoint(POST=_act)
undo = endpoint(POST=_undo)
folders = endpoint(GET=_folders)
destinations = endpoint(GET=_destinations)
