"""Every route of the API, for every role."""

import base64
import re
import time
from collections.abc import Iterator
from typing import Any, TypeAlias

import httpx
import pytest

from buckets.api import urls
from buckets.api.endpoint import METHODS
from buckets.objectstore import ObjectStore

from .conftest import Cast, Visitors

EVERYONE = ("owner", "editor", "colleague", "outsider", "admin", "anonymous")
LINK = "application/vnd.nats-files.link+json"
AT = "2199-01-01T00:00:00Z"
TUS = {"Tus-Resumable": "1.0.0"}
UPLOADS = "application/vnd.nats-files.uploads"
THERE = {"items": [{"name": "there", "to": "elsewhere"}]}

# route: what owner (admin of the bucket), editor, colleague (viewer), outsider, admin (superuser) and nobody get
VIEWERS = (200, 200, 200, 404, 200, 401)
EDITORS = (200, 200, 403, 404, 200, 401)
ADMINS = (200, 403, 403, 404, 200, 401)
MAKERS = (201, 201, 403, 404, 201, 401)
ENDERS = (204, 204, 403, 404, 204, 401)
OWNERS = (204, 403, 403, 404, 204, 401)
# an upload belongs to who began it: here the editor
BEGINNER = (404, 204, 404, 404, 404, 401)
SPEAKERS = (204, 204, 204, 204, 204, 401)
MATRIX: dict[tuple[str, str], tuple[int, int, int, int, int, int]] = {
    ("GET", ""): (200, 200, 200, 200, 200, 401),
    ("POST", ""): (403, 403, 403, 403, 201, 401),
    ("GET", "/{bucket}"): VIEWERS,
    ("PATCH", "/{bucket}"): ADMINS,
    ("PUT", "/{bucket}"): (405, 405, 405, 405, 405, 405),
    ("DELETE", "/{bucket}"): OWNERS,
    ("POST", "/{bucket}/seal"): ADMINS,
    ("GET", "/{bucket}/history"): VIEWERS,
    ("DELETE", "/{bucket}/history"): OWNERS,
    ("POST", "/{bucket}/history/prune"): ADMINS,
    ("GET", "/{bucket}/objects"): VIEWERS,
    ("GET", "/{bucket}/objects?deleted=true"): VIEWERS,
    ("GET", f"/{{bucket}}/objects?at={AT}"): VIEWERS,
    ("GET", "/{bucket}/objects/there"): VIEWERS,
    ("HEAD", "/{bucket}/objects/there"): VIEWERS,
    ("GET", "/{bucket}/objects/there?version={version}"): VIEWERS,
    ("HEAD", "/{bucket}/objects/there?version={version}"): VIEWERS,
    ("GET", f"/{{bucket}}/objects/there?at={AT}"): VIEWERS,
    ("PUT", "/{bucket}/objects/there"): MAKERS,
    ("PUT", "/{bucket}/objects/link"): MAKERS,
    ("PATCH", "/{bucket}/objects/there"): EDITORS,
    ("DELETE", "/{bucket}/objects/there"): ENDERS,
    ("GET", "/{bucket}/objects?name=there"): VIEWERS,
    ("HEAD", "/{bucket}/objects?name=there"): VIEWERS,
    ("PUT", "/{bucket}/objects?name=there"): MAKERS,
    ("PATCH", "/{bucket}/objects?name=there"): EDITORS,
    ("DELETE", "/{bucket}/objects?name=there"): ENDERS,
    ("GET", "/{bucket}/versions?name=there"): VIEWERS,
    ("POST", "/{bucket}/versions?name=there"): EDITORS,
    ("DELETE", "/{bucket}/versions?name=there&version={version}"): OWNERS,
    ("GET", "/{bucket}/versions/there"): VIEWERS,
    ("DELETE", "/{bucket}/versions/there?version={version}"): OWNERS,
    ("GET", "/{bucket}/versions/there/restore"): VIEWERS,
    ("POST", "/{bucket}/versions/there/restore"): EDITORS,
    ("DELETE", "/{bucket}/versions/there/restore?version=1"): (404, 403, 403, 404, 404, 401),
    ("POST", "/{bucket}/upload"): EDITORS,
    ("POST", "/{bucket}/delete"): EDITORS,
    ("POST", "/{bucket}/delete?for_good"): ADMINS,
    ("POST", "/{bucket}/move"): EDITORS,
    ("POST", "/{bucket}/copy"): EDITORS,
    ("POST", "/{bucket}/undelete"): EDITORS,
    ("POST", "/{bucket}/restore"): EDITORS,
    ("GET", "/{bucket}/trash"): VIEWERS,
    ("POST", "/{bucket}/rewind"): EDITORS,
    ("GET", "/{bucket}/archive"): VIEWERS,
    ("POST", "/{bucket}/archive"): VIEWERS,
    ("GET", "/{bucket}/links?name=there"): VIEWERS,
    ("POST", "/{bucket}/links/follow"): VIEWERS,
    ("POST", "/../uploads"): MAKERS,
    ("OPTIONS", "/../uploads"): SPEAKERS,
    ("HEAD", "/../uploads/{upload}"): (404, 200, 404, 404, 404, 401),
    ("PATCH", "/../uploads/{upload}"): BEGINNER,
    ("POST", "/../uploads/{upload}"): BEGINNER,
    ("DELETE", "/../uploads/{upload}"): BEGINNER,
    ("OPTIONS", "/../uploads/{upload}"): SPEAKERS,
    ("GET", "/../openapi.json"): (200, 200, 200, 200, 200, 401),
    ("GET", "/../archives"): (200, 200, 200, 200, 200, 401),
    ("GET", "/../health"): (403, 403, 403, 403, 200, 401),
    ("DELETE", "/../archives/{bucket}"): (409, 403, 403, 404, 409, 401),
    ("POST", "/../archives/{bucket}/restore"): (403, 403, 403, 403, 409, 401),
    ("POST", "/{bucket}/effects"): ADMINS,
    ("GET", "/{bucket}/jobs"): ADMINS,
    ("POST", "/{bucket}/jobs"): (202, 403, 403, 404, 202, 401),
    ("DELETE", "/{bucket}/jobs/{kind}"): OWNERS,
}
Wanted: TypeAlias = tuple[tuple[str, int], ...]


def cases() -> Iterator[tuple[str, str, Wanted]]:
    """Each route with those whom it refuses, who change nothing, together; and with each other one alone."""
    for (method, path), statuses in MATRIX.items():
        wanted = tuple(zip(EVERYONE, statuses, strict=True))
        yield method, path, tuple(one for one in wanted if one[1] >= 400)
        yield from ((method, path, (one,)) for one in wanted if one[1] < 400)


@pytest.fixture
async def version(bucket: str, site: ObjectStore) -> str:
    """An old version of the object "there", in a bucket with a history; its identifier."""
    await site.history.enable(bucket)
    for content in (b"old", b"data"):
        await site.put(bucket, "there", content)
    return (await site.history.versions(bucket, "there"))[1].id


@pytest.fixture
async def upload(bucket: str, site: ObjectStore, cast: Cast) -> str:
    """An upload of four bytes that the editor has begun; its identifier."""
    return (await site.uploads.create(bucket, "new", expires=time.time() + 60, length=4, owner=str(cast.editor.pk))).id


@pytest.mark.parametrize(("method", "path", "wanted"), list(cases()))
async def test_it_gives_each_role_what_it_may(
    bucket: str, version: str, upload: str, visitors: Visitors, method: str, path: str, wanted: Wanted
) -> None:
    begun = f"bucket {base64.b64encode(bucket.encode()).decode()},name eA=="
    piece = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    bodies: dict[tuple[str, str], dict[str, Any]] = {
        ("POST", ""): {"json": {"name": f"{bucket}-2"}},
        ("PATCH", "/{bucket}"): {"json": {"description": "changed", "history": {"keep_days": 1}}},
        ("POST", "/{bucket}/seal"): {"json": {"confirm": bucket}},
        ("POST", "/../archives/{bucket}/restore"): {"json": {"bucket": f"{bucket}-2"}},
        ("POST", "/{bucket}/effects"): {"json": {"ttl_seconds": 1, "history": {"keep_days": 1}}},
        ("POST", "/{bucket}/jobs"): {"json": {"job": "purge_markers"}},
        ("PUT", "/{bucket}/objects/link"): {"json": {"bucket": bucket, "name": "there"}, "headers": {"Content-Type": LINK}},
        ("POST", "/{bucket}/versions?name=there"): {"json": {"version": version}},
        ("POST", "/{bucket}/versions/there/restore"): {"json": {"version": version}},
        ("POST", "/{bucket}/upload"): {"headers": {"Content-Type": UPLOADS}, "content": b'{"name": "new", "size": 1}\n1'},
        ("POST", "/{bucket}/delete"): {"json": {"names": ["there"]}},
        ("POST", "/{bucket}/delete?for_good"): {"json": {"names": ["there"], "for_good": True}},
        ("POST", "/{bucket}/move"): {"json": THERE},
        ("POST", "/{bucket}/copy"): {"json": THERE},
        ("POST", "/{bucket}/undelete"): {"json": {"names": ["there"]}},
        ("POST", "/{bucket}/restore"): {"json": {"items": [{"name": "there", "version": version}]}},
        ("POST", "/{bucket}/rewind"): {"json": {"at": AT}},
        ("POST", "/{bucket}/archive"): {"json": {"names": ["there"]}},
        ("POST", "/{bucket}/links/follow"): {"json": {"items": [{"name": "was", "to": "there"}]}},
        ("POST", "/../uploads"): {"headers": TUS | {"Upload-Length": "4", "Upload-Metadata": begun}},
        ("HEAD", "/../uploads/{upload}"): {"headers": TUS},
        ("PATCH", "/../uploads/{upload}"): {"headers": piece, "content": b"data"},
        ("POST", "/../uploads/{upload}"): {"headers": piece | {"X-HTTP-Method-Override": "PATCH"}, "content": b"data"},
        ("DELETE", "/../uploads/{upload}"): {"headers": TUS},
    }
    plain: dict[str, dict[str, Any]] = {"PUT": {"content": b"new"}, "PATCH": {"json": {"description": "changed"}}}
    body = bodies.get((method, path), plain.get(method, {}))
    filled = path.format(bucket=bucket, version=version, upload=upload, kind="verify").replace("/../", "/@/")
    address = httpx.URL("http://testserver/api/v1/buckets" + filled)
    address = address.copy_with(raw_path=address.raw_path.replace(b"/buckets/@/", b"/"))
    for who, status in wanted:
        response = await visitors[who].request(method, address, **body)
        assert (who, response.status_code) == (who, status)
        if status >= 400 and method != "HEAD":
            assert set(response.json()["error"]) == {"code", "message", "request_id"}


def test_every_route_is_in_the_matrix() -> None:
    tried = {(method, re.sub(r"\?.*", "", path)) for method, path in MATRIX}
    for pattern in urls.urlpatterns[:-1]:
        route = str(pattern.pattern).removeprefix("buckets")
        path = re.sub(r"<anyname:name>", "there", re.sub(r"<str:(bucket|upload|kind)>", r"{\1}", route))
        path = path if not path or path.startswith("/") else f"/../{path}"
        for method in getattr(pattern.callback, METHODS):
            assert (method, path) in tried, f"{method} {pattern.pattern}"


async def test_it_lists_only_the_buckets_that_one_may_see(bucket: str, visitors: Visitors) -> None:
    async def names(who: str) -> list[str]:
        return [item["name"] for item in (await visitors[who].get("/api/v1/buckets")).json()["buckets"]]

    assert await names("colleague") == [bucket]
    assert await names("outsider") == []
    assert bucket in await names("admin")


async def test_it_answers_an_outsider_alike_whether_the_bucket_exists_or_not(bucket: str, visitors: Visitors) -> None:
    there = await visitors["outsider"].get(f"/api/v1/buckets/{bucket}")
    absent = await visitors["outsider"].get("/api/v1/buckets/absent")
    assert (there.status_code, there.json()["error"]["code"]) == (absent.status_code, absent.json()["error"]["code"])
    assert there.json()["error"]["message"].replace(bucket, "absent") == absent.json()["error"]["message"]


async def test_it_leaves_the_object_alone_when_one_may_not_write(
    bucket: str, base: str, owner: httpx.AsyncClient, visitors: Visitors
) -> None:
    await owner.put(f"{base}/objects/there", content=b"data")
    await visitors["colleague"].put(f"{base}/objects/there", content=b"other")
    await visitors["colleague"].delete(f"{base}/objects/there")
    assert (await owner.get(f"{base}/objects/there")).content == b"data"


async def test_it_answers_unknown_addresses_with_404_as_json(visitors: Visitors) -> None:
    for path in ("/api/v1/", "/api/v1/nope", "/api/v1/buckets/", "/api/v1/buckets/x/", "/api/v1/buckets/x/objects/"):
        response = await visitors["anonymous"].get(path)
        assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found"), path
