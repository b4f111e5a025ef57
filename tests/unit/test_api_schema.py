"""Types as JSON Schema."""

from enum import StrEnum
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import pytest

from buckets.api.openapi.schema import Bounds, Format, Schemas


class Kind(StrEnum):
    ONE = "one"
    TWO = "two"


class Leaf(TypedDict):
    """A leaf,
    of a tree."""

    size: Annotated[int, Bounds(0, 9), "in bytes"]
    kind: NotRequired[Kind | None]


class Tree(TypedDict, total=False):
    leaves: list[Leaf]
    trees: "list[Tree]"


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (str, {"type": "string"}),
        (int | None, {"type": ["integer", "null"]}),
        (bool | str, {"type": ["boolean", "string"]}),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (Literal["a"] | None, {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]}),
        (Kind, {"type": "string", "enum": ["one", "two"]}),
        (dict[str, list[str]], {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}),
        (Annotated[str, Format("date-time")] | None, {"type": ["string", "null"], "format": "date-time"}),
        (Annotated[str, Bounds(1, 5)], {"type": "string", "minLength": 1, "maxLength": 5}),
        (Annotated[list[int], Bounds(high=3)], {"type": "array", "items": {"type": "integer"}, "maxItems": 3}),
        (Annotated[float | None, Bounds(low=0)], {"type": ["number", "null"], "minimum": 0}),
        (Any, {}),
    ],
)
def test_types_have_a_schema(kind: Any, schema: dict[str, Any]) -> None:
    assert Schemas().of(kind) == schema


def test_records_are_described_once_and_referred_to() -> None:
    schemas = Schemas()
    assert schemas.of(list[Tree]) == {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}
    assert schemas.components == {
        "Tree": {
            "type": "object",
            "properties": {
                "leaves": {"type": "array", "items": {"$ref": "#/components/schemas/Leaf"}},
                "trees": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
            },
        },
        "Leaf": {
            "type": "object",
            "description": "A leaf, of a tree.",
            "required": ["size"],
            "properties": {
                "size": {"type": "integer", "minimum": 0, "maximum": 9, "description": "in bytes"},
                "kind": {"anyOf": [{"type": "string", "enum": ["one", "two"]}, {"type": "null"}]},
            },
        },
    }


def test_closed_records_have_no_other_fields() -> None:
    schemas = Schemas(closed=True)
    schemas.of(Leaf)
    assert schemas.components["Leaf"]["additionalProperties"] is False


@pytest.mark.parametrize("kind", [bytes, dict[int, str], Annotated[str, 5], object])
def test_what_json_does_not_know_is_refused(kind: Any) -> None:
    with pytest.raises(TypeError):
        Schemas().of(kind)
