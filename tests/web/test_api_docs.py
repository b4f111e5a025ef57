"""docs/api.md has every route of the API, and no route more; its fields are compared in test_openapi."""

import re
from pathlib import Path

from buckets.api import urls
from buckets.api.endpoint import METHODS
from buckets.api.history_fields import FIELDS
from buckets.objectstore import VersionKind

DOCS = (Path(__file__).parent.parent.parent / "docs" / "api.md").read_text()


def routes() -> set[str]:
    found = set()
    for pattern in urls.urlpatterns[:-1]:
        path = re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern))
        found |= {f"{method} /{path}" for method in getattr(pattern.callback, METHODS)}
    return found


def documented() -> set[str]:
    return set(re.findall(r"^\| `([A-Z]+ /[^`]*)`", DOCS, re.MULTILINE))


def test_every_route_is_documented_and_no_other() -> None:
    known_by_name = {f"{method} /buckets/{{bucket}}/objects" for method in ("PUT", "PATCH", "DELETE")}  # "?name=" is told once for all
    assert documented() == routes() - known_by_name


def test_every_parameter_of_a_history_is_documented() -> None:
    assert [name for name in (*FIELDS, *VersionKind) if f"`{name}`" not in DOCS] == []
