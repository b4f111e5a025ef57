"""The API's reference as its page shows it, of a small document."""

from typing import Any

from buckets.apireference import sections, shapes

THING = {
    "type": "object",
    "description": "One thing.",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "maxLength": 40},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
        "until": {"type": ["string", "null"], "format": "date-time", "description": "when it ends"},
        "kind": {"anyOf": [{"type": "string", "enum": ["a", "b"]}, {"type": "null"}]},
        "share": {"type": "number", "minimum": 0, "maximum": 1},
    },
}
NAMED = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}, "example": "it's/here"}
PAGE = {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1}, "example": "5", "description": "So many."}
OK = {"200": {"description": "It.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}}
JSON = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}, "example": {"name": "it's"}}}}


def operation(name: str, tag: str, **more: Any) -> dict[str, Any]:
    return {"operationId": name, "summary": f"Do {name}", "tags": [tag], "x-role": "viewer", "responses": OK, **more}


DOCUMENT = {
    "servers": [{"url": "/v1"}],
    "paths": {
        "/things": {"get": operation("list", "Things", parameters=[PAGE]), "post": operation("make", "Things", requestBody=JSON)},
        "/things/{name}": {
            "get": operation("one", "Things", parameters=[NAMED], responses=OK | {"404": {"description": "Not found: `gone`"}}),
            "put": operation("store", "Content", parameters=[NAMED], requestBody={"content": {"*/*": {"schema": {}}}}),
        },
    },
    "components": {"schemas": {"Thing": THING}},
}


def test_calls_stand_under_their_headings() -> None:
    found = sections(DOCUMENT, "https://x")
    assert [(part.name, [call.anchor for call in part.calls]) for part in found] == [
        ("Things", ["list", "make", "one"]),
        ("Content", ["store"]),
    ]


def test_each_call_has_a_command_that_can_be_pasted() -> None:
    commands = {call.anchor: call.command for part in sections(DOCUMENT, "https://x") for call in part.calls}
    assert commands == {
        "list": "curl -H \"Authorization: Bearer $TOKEN\" \\\n  'https://x/v1/things?limit=5'",
        "make": 'curl -X POST -H "Authorization: Bearer $TOKEN" \\\n  -H "Content-Type: application/json" \\\n'
        '  -d \'{"name": "it\'"\'"\'s"}\' \\\n  https://x/v1/things',
        "one": 'curl -H "Authorization: Bearer $TOKEN" \\\n  https://x/v1/things/it%27s%2Fhere',
        "store": 'curl -H "Authorization: Bearer $TOKEN" \\\n  -T report.pdf \\\n  https://x/v1/things/it%27s%2Fhere',
    }


def test_a_search_leaves_the_calls_that_have_all_its_words() -> None:
    found = sections(DOCUMENT, "https://x", "PUT do")
    assert [call.anchor for part in found for call in part.calls] == ["store"]


def test_successes_and_failures_are_told_apart() -> None:
    call = sections(DOCUMENT, "https://x")[0].calls[2]
    assert ([each.status for each in call.outcomes], [each.status for each in call.failures]) == (["200"], ["404"])


def test_types_are_told_in_words() -> None:
    (thing,) = shapes(DOCUMENT)
    assert [(field.name, field.kind, field.shape, field.required) for field in thing.fields] == [
        ("name", "text, 40 at most", "", True),
        ("parts", "list of Thing", "Thing", False),
        ("until", "time or null", "", False),
        ("kind", '"a" or "b" or null', "", False),
        ("share", "number, 0 to 1", "", False),
    ]
