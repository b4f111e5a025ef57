"""The API's OpenAPI document as a page shows it: sections, operations with a command to try, and the shapes of what is sent and answered.

Pure: the document comes in, texts go out. What is shown is the document's own, and so are the words: English.
"""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

Json: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a shape. ``kind``: its type in words; ``shape``: the shape that it is, or is made of, perhaps ""."""

    name: str
    kind: str
    shape: str
    what: str
    required: bool
    where: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """One form of a body or an answer: ``kind`` and ``shape`` as of a field."""

    media_type: str
    kind: str
    shape: str
    what: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer; ``headers``: the names of those that it has."""

    status: str
    what: str
    contents: Sequence[Content]
    headers: Sequence[str]


@dataclass(frozen=True, slots=True)
class Call:
    anchor: str
    method: str
    path: str
    role: str
    summary: str
    text: str
    parameters: Sequence[Field]
    bodies: Sequence[Content]
    outcomes: Sequence[Outcome]
    failures: Sequence[Outcome]
    command: str

    @property
    def heading(self) -> str:
        """What it is found by."""
        return f"{self.method} {self.path} {self.summary}"


@dataclass(frozen=True, slots=True)
class Section:
    anchor: str
    name: str
    calls: Sequence[Call]


@dataclass(frozen=True, slots=True)
class Shape:
    name: str
    what: str
    fields: Sequence[Field]


def sections(document: Json, origin: str, query: str = "") -> Sequence[Section]:
    """The operations under their headings; ``origin``: where the commands find the site, ``https://files.example.org``; ``query``: only
    those that have each of these words in what ``Call.heading`` says."""
    found: dict[str, list[Call]] = {}
    base = origin + document["servers"][0]["url"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            call = _call(path, method.upper(), operation, base)
            if all(word in call.heading.lower() for word in query.lower().split()):
                found.setdefault(operation["tags"][0], []).append(call)
    return [Section(_anchor(name), name, calls) for name, calls in found.items()]


def shapes(document: Json) -> Sequence[Shape]:
    """What is sent and answered, by name."""
    schemas = document["components"]["schemas"]
    return [Shape(name, schema.get("description", ""), _fields(schema)) for name, schema in schemas.items()]


def _call(path: str, method: str, operation: Json, base: str) -> Call:
    parameters = [_parameter(each) for each in operation.get("parameters", [])]
    told = [_outcome(status, each) for status, each in operation["responses"].items()]
    return Call(
        anchor=operation["operationId"],
        method=method,
        path=path,
        role=operation["x-role"],
        summary=operation["summary"],
        text=operation.get("description", ""),
        parameters=parameters,
        bodies=_contents(operation.get("requestBody", {})),
        outcomes=[each for each in told if each.status < "400"],
        failures=[each for each in told if each.status >= "400"],
        command=_command(path, method, operation, base),
    )


def _parameter(parameter: Json) -> Field:
    schema = parameter["schema"]
    return Field(
        parameter["name"],
        _kind(schema),
        _shape(schema),
        parameter.get("description", ""),
        parameter.get("required", False),
        parameter["in"],
    )


def _outcome(status: str, answer: Json) -> Outcome:
    return Outcome(status, answer["description"], _contents(answer), list(answer.get("headers", {})))


def _contents(holder: Json) -> Sequence[Content]:
    return [_content(media_type, each["schema"]) for media_type, each in holder.get("content", {}).items()]


def _content(media_type: str, schema: Json) -> Content:
    return Content(media_type, _kind(schema), _shape(schema), schema.get("description", ""))


def _fields(schema: Json) -> Sequence[Field]:
    required = schema.get("required", [])
    return [
        Field(name, _kind(each), _shape(each), each.get("description", ""), name in required)
        for name, each in schema.get("properties", {}).items()
    ]


def _kind(schema: Json) -> str:
    """The type in words, such as "integer or null, 1 to 1000"."""
    if "$ref" in schema:
        return _name(schema["$ref"])
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(json.dumps(value) for value in schema["enum"])
    kinds = schema.get("type", "anything")
    words = [_word(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    return " or ".join(words) + _limits(schema)


def _word(kind: str, schema: Json) -> str:
    if kind == "array":
        return f"list of {_kind(schema['items'])}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_kind(schema['additionalProperties'])}"
    return {"string": "time" if schema.get("format") == "date-time" else "text", "boolean": "true or false"}.get(kind, kind)


def _limits(schema: Json) -> str:
    low = next((schema[key] for key in ("minimum", "minLength", "minItems") if key in schema), None)
    high = next((schema[key] for key in ("maximum", "maxLength", "maxItems", "maxProperties") if key in schema), None)
    if low is None and high is None:
        return ""
    if high is None:
        return f", {low:,} or more"
    return f", {high:,} at most" if low is None else f", {low:,} to {high:,}"


def _shape(schema: Json) -> str:
    """The first shape that is in it."""
    found = re.search(r'"#/components/schemas/(\w+)"', json.dumps(schema))
    return found[1] if found else ""


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")


def _command(path: str, method: str, operation: Json, base: str) -> str:
    """A curl command to try it with, one option a line."""
    options = ['-H "Authorization: Bearer $TOKEN"']
    parameters = operation.get("parameters", [])
    options += [f"-H {shlex.quote(each['name'] + ': ' + each['example'])}" for each in parameters if _shown(each, "header")]
    options += _payload(method, operation.get("requestBody", {}).get("content", {}))
    filled = re.sub(r"{(\w+)}", lambda part: quote(_example(parameters, part[1]), safe=""), path)
    query = urlencode([(each["name"], each["example"]) for each in parameters if _shown(each, "query")], quote_via=quote, safe="")
    verb = {"GET": "curl", "HEAD": "curl -I", "PUT": "curl" if "-T report.pdf" in options else "curl -X PUT"}.get(
        method, f"curl -X {method}"
    )
    address = shlex.quote(f"{base}{filled}{'?' if query else ''}{query}")
    return " \\\n  ".join([f"{verb} {options[0]}", *options[1:], address])


def _payload(method: str, content: Json) -> Sequence[str]:
    if "application/json" in content:
        return [
            '-H "Content-Type: application/json"',
            f"-d {shlex.quote(json.dumps(content['application/json'].get('example', {}), ensure_ascii=False))}",
        ]
    if not content:
        return []
    if method == "PUT":
        return ["-T report.pdf"]
    return [f'-H "Content-Type: {next(iter(content))}"', "--data-binary @piece.bin"]


def _shown(parameter: Json, where: str) -> bool:
    return parameter["in"] == where and bool(parameter.get("example"))


def _example(parameters: Sequence[Json], name: str) -> str:
    return str(next(each["example"] for each in parameters if each["name"] == name))
