"""Types as JSON Schema (2020-12): what answers and bodies are typed with is what they are described by.

Known are str, int, float, bool, None, Any, unions, Literal, StrEnum, lists, dictionaries with texts as keys, TypedDict, and
``Annotated`` with a text (a description), a ``Format`` or ``Bounds``. Anything else is a ``TypeError``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NotRequired, Required, TypeAlias, Union, get_args, get_origin, get_type_hints, is_typeddict

Schema: TypeAlias = dict[str, Any]
PLAIN: Mapping[object, str] = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}
PREFIX = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Format:
    """What kind of text it is, as JSON Schema names it: ``date-time``."""

    name: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most: of a number, of a text's characters, of a list's items."""

    low: int | None = None
    high: int | None = None


class Schemas:
    """Schemas of types. Each TypedDict is described once, in ``components`` under its name, and referred to from elsewhere."""

    def __init__(self, *, closed: bool = False) -> None:
        """closed: objects have no field but those that are described."""
        self.components: dict[str, Schema] = {}
        self._closed = closed

    def of(self, kind: Any) -> Schema:
        """The schema of ``kind``. Raises ``TypeError`` for what JSON does not know."""
        origin, parts = get_origin(kind), get_args(kind)
        if origin is Annotated:
            return _annotated(self.of(parts[0]), parts[1:])
        if origin in (Union, UnionType):
            return self._union(parts)
        if origin is Literal:
            return {"type": _type_of(parts), "enum": list(parts)}
        if origin in (list, Sequence):
            return {"type": "array", "items": self.of(parts[0])}
        if origin in (dict, Mapping) and parts[0] is str:
            return {"type": "object", "additionalProperties": self.of(parts[1])}
        if is_typeddict(kind):
            return self._named(kind)
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            return {"type": "string", "enum": [str(member) for member in kind]}
        if kind is Any:
            return {}
        if kind in PLAIN:
            return {"type": PLAIN[kind]}
        raise TypeError(f"{kind!r} is nothing that JSON knows")

    def _named(self, kind: Any) -> Schema:
        name = kind.__name__
        if name not in self.components:
            self.components[name] = {}  # found by what refers to itself
            self.components[name] = self._record(kind)
        return {"$ref": PREFIX + name}

    def _record(self, kind: Any) -> Schema:
        hints = get_type_hints(kind, include_extras=True)
        properties = {name: self.of(_bare(hint)) for name, hint in hints.items()}
        schema: Schema = {"type": "object", "properties": properties}
        if self._closed:
            schema["additionalProperties"] = False
        if required := [name for name in hints if name in kind.__required_keys__]:
            schema["required"] = required
        if text := " ".join((kind.__doc__ or "").split()):
            schema["description"] = text
        return schema

    def _union(self, parts: Sequence[Any]) -> Schema:
        schemas = [self.of(part) for part in parts]
        if all(set(schema) == {"type"} for schema in schemas):
            return {"type": [schema["type"] for schema in schemas]}
        if len(schemas) == 2 and schemas[1] == {"type": "null"} and isinstance(schemas[0].get("type"), str) and "enum" not in schemas[0]:
            return {**schemas[0], "type": [schemas[0]["type"], "null"]}
        return {"anyOf": schemas}


def _annotated(schema: Schema, notes: Sequence[Any]) -> Schema:
    for note in notes:
        match note:
            case str():
                schema = {**schema, "description": note}
            case Format():
                schema = {**schema, "format": note.name}
            case Bounds():
                schema = {**schema, **_bounds(schema, note)}
            case _:
                raise TypeError(f"{note!r} says nothing of a schema")
    return schema


def _bounds(schema: Schema, bounds: Bounds) -> Schema:
    kind = schema.get("type")
    first = kind[0] if isinstance(kind, list) else kind
    ends = {"string": ("minLength", "maxLength"), "array": ("minItems", "maxItems"), "object": ("minProperties", "maxProperties")}
    low, high = ends.get(str(first), ("minimum", "maximum"))
    return {key: value for key, value in ((low, bounds.low), (high, bounds.high)) if value is not None}


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) in (Required, NotRequired) else hint


def _type_of(values: Sequence[object]) -> str:
    (name,) = {PLAIN[type(value)] for value in values}
    return name
