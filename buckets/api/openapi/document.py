"""The OpenAPI document of a list of routes."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from .. import answers
from ..errors import STATUS
from .operation import Answer, Binary, Body, Operation, Parameter, operations_of
from .schema import Schema, Schemas

VERSION = "1.0.0"
JSON = "application/json"
NAMED = Parameter(
    "name", "The object's whole name, also one that cannot stand in a path, such as `..`.", required=True, example="2026/report.pdf"
)
SAFE = ("GET", "HEAD", "OPTIONS")
ALWAYS = ("not_authenticated", "internal_error", "database_unavailable", "nats_unavailable", "nats_error", "nats_permission_denied")
INTRODUCTION = (
    "Scripts send an API token: `Authorization: Bearer TOKEN`. A browser's session works too; then unsafe methods need the CSRF token in "
    '`X-CSRFToken`. Errors are `{"error": {"code", "message"}}`: the code is stable, the message one sentence for people.'
)
SECURITY = {
    "token": {"type": "http", "scheme": "bearer", "description": "An API token: manage.py create_token USER prints one."},
    "session": {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "A browser's session."},
    "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRFToken", "description": "With a session, for what changes something."},
}


@dataclass(frozen=True, slots=True)
class Route:
    """``path`` with its parts as ``{name}``, ``section``: under which heading it stands, ``handlers``: who answers which method."""

    name: str
    path: str
    section: str
    handlers: Mapping[str, Callable[..., Any]]


def document(routes: Iterable[Route], *, strict: bool = False) -> Schema:
    """OpenAPI 3.1. What does not describe itself is left out. strict: answers have no field but those that are described, which clients
    should not count on, since fields may be added."""
    bodies, shown = Schemas(closed=True), Schemas(closed=strict)
    paths: dict[str, Schema] = {}
    for route in routes:
        for method, handler in route.handlers.items():
            found = operations_of(handler, method)
            if found is not None:
                paths.setdefault(route.path, {})[method.lower()] = _Described(route, method, found, bodies, shown).schema()
    failure = shown.of(answers.Error)
    twice = set(bodies.components) & set(shown.components)
    if twice:
        raise TypeError(f"{twice} are both taken and answered")
    return {
        "openapi": "3.1.0",
        "info": {"title": "NATS Files", "version": VERSION, "description": INTRODUCTION},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted((bodies.components | shown.components).items())),
            "securitySchemes": SECURITY,
            "responses": {"Failure": {"description": "It failed.", "content": {JSON: {"schema": failure}}}},
        },
    }


@dataclass(frozen=True, slots=True)
class _Described:
    route: Route
    method: str
    operation: Operation
    bodies: Schemas
    shown: Schemas

    def schema(self) -> Schema:
        found = self.operation
        schema: Schema = {
            "operationId": f"{self.method.lower()}_{self.route.name.replace('-', '_')}",
            "summary": found.summary,
            "tags": [self.route.section],
            "x-role": found.role,
        }
        if found.text:
            schema["description"] = found.text
        if parameters := [self._parameter(each) for each in (*_path_parameters(self.route.path), *self._own_parameters())]:
            schema["parameters"] = parameters
        if found.body is not None:
            schema["requestBody"] = self._body(found.body)
        if self.method not in SAFE:
            schema["security"] = [{"token": []}, {"session": [], "csrf": []}]
        schema["responses"] = self._answers() | self._failures()
        return schema

    def _own_parameters(self) -> Iterable[Parameter]:
        if self.operation.named and "{name}" not in self.route.path:
            yield NAMED
        yield from self.operation.parameters

    def _parameter(self, parameter: Parameter) -> Schema:
        required = {"required": True} if parameter.required else {}
        what = {"description": parameter.what} if parameter.what else {}
        example = {"example": parameter.example} if parameter.example else {}
        return {"name": parameter.name, "in": parameter.where, **required, **what, **example, "schema": self.bodies.of(parameter.kind)}

    def _body(self, body: Body) -> Schema:
        content = _content(body.content, self.bodies)
        if body.example and JSON in content:
            content[JSON]["example"] = json.loads(body.example)
        return {"required": body.required, "content": content}

    def _answers(self) -> Schema:
        return {str(status): self._answer(answer) for status, answer in self.operation.answers.items()}

    def _answer(self, answer: Answer) -> Schema:
        schema: Schema = {"description": answer.what}
        if answer.headers:
            schema["headers"] = {each.name: {"description": each.what, "schema": {"type": "string"}} for each in answer.headers}
        if answer.content:
            schema["content"] = _content(answer.content, self.shown)
        return schema

    def _failures(self) -> Schema:
        """By status, each with the codes that it may come with."""
        codes: dict[int, list[str]] = {}
        for status, code in sorted({*map(_status_and_code, self._codes())}):
            codes.setdefault(status, []).append(code)
        return {str(status): self._failure(status, each) for status, each in codes.items() if status not in self.operation.answers}

    def _codes(self) -> Iterable[str | tuple[int, str]]:
        yield from ALWAYS
        yield from self.operation.errors
        if "{bucket}" in self.route.path:
            yield "bucket_not_found"
        if self.method not in SAFE:
            yield "csrf_failed"
        if self.operation.parameters or self.operation.named or self.operation.body is not None:
            yield "bad_request"

    def _failure(self, status: int, codes: Sequence[str]) -> Schema:
        what = f"{_phrase(status)}: {', '.join(f'`{code}`' for code in codes)}"
        if self.method == "HEAD":
            return {"description": what}
        return {"description": what, "content": {JSON: {"schema": self.shown.of(answers.Error)}}}


def _status_and_code(error: str | tuple[int, str]) -> tuple[int, str]:
    return (STATUS[error], str(error)) if isinstance(error, str) else error


def _content(content: Mapping[str, Any], schemas: Schemas) -> Schema:
    return {media_type: {"schema": _schema(kind, schemas)} for media_type, kind in content.items()}


def _schema(kind: Any, schemas: Schemas) -> Schema:
    if isinstance(kind, Binary):
        return {"description": kind.what} if kind.what else {}
    return schemas.of(kind)


def _path_parameters(path: str) -> Iterable[Parameter]:
    for name in re.findall(r"{(\w+)}", path):
        what, example = PARTS[name]
        yield Parameter(name, what, where="path", required=True, example=example)


PARTS = {
    "bucket": ("The bucket's name.", "reports"),
    "name": ("The object's whole name, percent-encoded (`/` is `%2F`; unencoded slashes work too).", "2026/report.pdf"),
    "kind": ("The kind of a job: `verify`, `orphans`, `markers` or `restore`.", "verify"),
    "upload": ("The identifier that is at the end of what `POST /uploads` gave as `Location`.", "a1b2c3"),
}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Checksum mismatch"
