"""/openapi.json: this API in words that machines read, made of its routes, handlers and types."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse

from .endpoint import METHODS
from .openapi.document import Route, document
from .openapi.operation import Answer, Binary, operation
from .openapi.schema import Schema

TYPE = "application/vnd.oai.openapi+json"
SECTIONS: Mapping[str, str] = {  # by the module that answers
    "buckets": "Buckets",
    "histories": "Buckets",
    "jobs": "Buckets",
    "objects": "Objects",
    "links": "Objects",
    "archives": "Objects",
    "bulk": "Many at once",
    "together": "Many at once",
    "uploads": "Uploads in pieces",
    "versions": "History",
    "rewind": "History",
    "health": "Health",
}
OTHER = "This description"


def routes() -> Sequence[Route]:
    """All routes of the API, in the order of their headings."""
    from .urls import urlpatterns  # which lead here

    found = [_route(pattern) for pattern in urlpatterns if pattern.name]
    order = [*dict.fromkeys(SECTIONS.values()), OTHER]
    return sorted(found, key=lambda route: order.index(route.section))


@cache
def description() -> Schema:
    """The OpenAPI document."""
    return document(routes())


@operation(
    "The API as OpenAPI 3.1",
    role="any user",
    answers={200: Answer("This document.", {TYPE: Binary("an OpenAPI document")})},
)
async def openapi(request: HttpRequest, user: User) -> HttpResponse:
    return JsonResponse(description(), content_type=TYPE, headers={"Cache-Control": "private, no-cache"})


def _route(pattern: Any) -> Route:
    handlers = getattr(pattern.callback, METHODS)
    module = next(iter(handlers.values())).__module__.rpartition(".")[2]
    path = re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern))
    return Route(pattern.name, f"/{path}", SECTIONS.get(module, OTHER), handlers)
