"""docs/api.md has every route of the API and every field of its answers, and no route more."""

import re
from pathlib import Path

import pytest

from buckets.api import shapes, urls
from buckets.api.endpoint import METHODS
from buckets.api.history_fields import FIELDS
from buckets.objectstore import ObjectStore, VersionKind
from buckets.services import buckets, objects, scans, versions

from .conftest import Cast

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


@pytest.mark.parametrize("what", ["bucket", "history", "object", "version", "list"])
async def test_every_field_is_documented(site: ObjectStore, bucket: str, cast: Cast, what: str) -> None:
    user = cast.admin
    await site.history.enable(bucket)
    await site.put(bucket, "dir/x", b"data")
    view = await buckets.get_bucket(user, bucket)
    info = await objects.info(user, bucket, "dir/x")
    shown = {
        "bucket": shapes.bucket_json(view),
        "history": shapes.history_json(view.history),
        "object": shapes.object_json(info),
        "version": shapes.version_list_json(await versions.versions(user, bucket, "dir/x"))["versions"][0],
        "list": shapes.list_json(await objects.scan(user, bucket, scans.ScanQuery(delimiter="/"))),
    }[what]
    assert [field for field in shown if not re.search(rf'[`"]{field}[`"]', DOCS)] == []
