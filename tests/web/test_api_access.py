"""Every route of the API, for every role."""

from typing import Any

import httpx
import pytest

from .conftest import Visitors

EVERYONE = ("owner", "editor", "colleague", "outsider", "admin", "anonymous")

# route: what owner (admin of the bucket), editor, colleague (viewer), outsider, admin (superuser) and nobody get
MATRIX: dict[tuple[str, str], tuple[int, int, int, int, int, int]] = {
    ("GET", ""): (200, 200, 200, 200, 200, 401),
    ("POST", ""): (403, 403, 403, 403, 201, 401),
    ("GET", "/{bucket}"): (200, 200, 200, 404, 200, 401),
    ("PATCH", "/{bucket}"): (405, 405, 405, 405, 405, 405),
    ("DELETE", "/{bucket}"): (204, 403, 403, 404, 204, 401),
    ("GET", "/{bucket}/objects"): (200, 200, 200, 404, 200, 401),
    ("GET", "/{bucket}/objects/there"): (200, 200, 200, 404, 200, 401),
    ("HEAD", "/{bucket}/objects/there"): (200, 200, 200, 404, 200, 401),
    ("PUT", "/{bucket}/objects/there"): (201, 201, 403, 404, 201, 401),
    ("DELETE", "/{bucket}/objects/there"): (204, 204, 403, 404, 204, 401),
    ("GET", "/{bucket}/objects?name=there"): (200, 200, 200, 404, 200, 401),
    ("HEAD", "/{bucket}/objects?name=there"): (200, 200, 200, 404, 200, 401),
    ("PUT", "/{bucket}/objects?name=there"): (201, 201, 403, 404, 201, 401),
    ("DELETE", "/{bucket}/objects?name=there"): (204, 204, 403, 404, 204, 401),
}
CASES = [(method, path, who, statuses[i]) for (method, path), statuses in MATRIX.items() for i, who in enumerate(EVERYONE)]


@pytest.mark.parametrize(("method", "path", "who", "status"), CASES)
async def test_it_gives_each_role_what_it_may(bucket: str, visitors: Visitors, method: str, path: str, who: str, status: int) -> None:
    stored = await visitors["owner"].put(f"/api/v1/buckets/{bucket}/objects/there", content=b"data")
    assert stored.status_code == 201
    bodies: dict[str, dict[str, Any]] = {"PUT": {"content": b"new"}, "POST": {"json": {"name": f"{bucket}-2"}}}
    response = await visitors[who].request(method, "/api/v1/buckets" + path.format(bucket=bucket), **bodies.get(method, {}))
    assert response.status_code == status
    if status >= 400 and method != "HEAD":
        assert set(response.json()["error"]) == {"code", "message"}


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
