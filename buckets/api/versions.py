"""/buckets/{bucket}/versions: the history of one object, by its name in the path or in ``?name=``."""

from dataclasses import replace

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse

from ..services import bulk, versions
from ..services.versions import NamedVersion
from . import answers, bodies, object_fields
from .errors import BadRequest
from .fields import only
from .headers import etag
from .openapi.common import DONE, ETAG, PAST_ERRORS, ROUND, STORING_ERRORS, VERSION, json, json_body
from .openapi.operation import Parameter, operation
from .parameters import json_object, object_name, version_parameter, whole_number
from .shapes import object_json, version_list_json

NO_STORE = {"Cache-Control": "no-store"}
LIST = {200: json("The versions.", answers.VersionList)}
PAGE = (
    Parameter("limit", "So many at most.", ROUND),
    Parameter("before", "Only those older than this version.", VERSION.kind),
)
ONE = (replace(VERSION, required=True, example="42"),)


@operation(
    "The versions of an object", role="viewer", parameters=PAGE, named=True, answers=LIST, errors=(*PAST_ERRORS, "invalid_object_name")
)
async def list_versions(request: HttpRequest, user: User, bucket: str, name: str | None = None, more: str = "") -> HttpResponse:
    """``more``: what belongs to the name as well."""
    limit = whole_number(request, "limit", versions.MAX_VERSIONS, 1, versions.MAX_VERSIONS)
    found = await versions.versions(
        user, bucket, object_name(request, name) + more, limit=limit, before=version_parameter(request, "before")
    )
    return JsonResponse(version_list_json(found), headers=NO_STORE)


@operation(
    "Make a version the current one again",
    role="editor",
    text="It becomes a new version. Without a body the last version of a deleted object comes back.",
    named=True,
    body=json_body(bodies.Restore, '{"version": "42"}', required=False),
    answers={200: json("The object as it is now.", answers.Object, ETAG)},
    errors=(*PAST_ERRORS, *STORING_ERRORS, "object_exists"),
)
async def restore(request: HttpRequest, user: User, bucket: str, name: str | None = None) -> HttpResponse:
    """Without a version: the last one of a deleted object."""
    name = object_name(request, name)
    document = json_object(request, optional=True)
    only(document, bodies.fields_of(bodies.Restore))
    expected = object_fields.revision(document)
    if document.get("version") is None:
        if expected is not None:
            raise BadRequest("“revision” goes with a “version”: a deleted object comes back only where there is none.")
        results = await versions.undelete(user, bucket, [name])
    else:
        item = NamedVersion(name, object_fields.version(document))
        results = await versions.restore(user, bucket, [item], expected_revision=expected)
    info = bulk.only(results)
    assert info is not None  # restoring leaves an object
    return JsonResponse(object_json(info), headers={"ETag": etag(info), **NO_STORE})


@operation(
    "Remove a version for good",
    role="admin",
    text="Not the current one.",
    parameters=ONE,
    named=True,
    answers={204: DONE},
    errors=(*PAST_ERRORS, "forbidden", "conflict", "invalid_object_name"),
)
async def remove(request: HttpRequest, user: User, bucket: str, name: str | None = None, more: str = "") -> HttpResponse:
    version = version_parameter(request)
    if version is None:
        raise BadRequest("Which version? “?version=” says it.")
    await versions.remove(user, bucket, object_name(request, name) + more, version)
    return HttpResponse(status=204)


@operation("The versions of an object whose name ends in `/restore`", role="viewer", parameters=PAGE, answers=LIST, errors=PAST_ERRORS)
async def list_of_longer(request: HttpRequest, user: User, bucket: str, name: str) -> HttpResponse:
    """The versions of an object whose name ends like the address of ``restore``."""
    return await list_versions(request, user, bucket, name, more="/restore")


@operation(
    "Remove a version of such an object for good",
    role="admin",
    parameters=ONE,
    answers={204: DONE},
    errors=(*PAST_ERRORS, "forbidden", "conflict"),
)
async def remove_of_longer(request: HttpRequest, user: User, bucket: str, name: str) -> HttpResponse:
    return await remove(request, user, bucket, name, more="/restore")
