"""Links in the API: made, read through, found from behind."""

from typing import Any

import httpx
import pytest

from buckets.models import Grant
from buckets.objectstore import BucketConfig, ObjectStore
from buckets.roles import Role

from .conftest import Cast, Visitors

LINK = {"Content-Type": "application/vnd.nats-files.link+json"}


@pytest.fixture
async def other(bucket: str, site: ObjectStore, cast: Cast) -> str:
    """Another bucket, with the object "target"; the editor is its viewer, the owner nobody there."""
    name = f"{bucket}-other"
    await site.create_bucket(BucketConfig(name))
    await site.put(name, "target", b"elsewhere")
    await Grant.objects.acreate(bucket=name, user=cast.editor, role=Role.VIEWER)
    return name


async def link(client: httpx.AsyncClient, base: str, name: str, /, **to: Any) -> httpx.Response:
    return await client.put(f"{base}/objects/{name}", json=to, headers=LINK)


def outcome(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


async def test_it_makes_a_link_that_reads_as_its_target(bucket: str, base: str, owner: httpx.AsyncClient) -> None:
    await owner.put(f"{base}/objects/x", content=b"data")
    response = await link(owner, base, "l", bucket=bucket, name="x", description="d", headers={"H": ["h"]}, metadata={"k": "v"})
    assert response.status_code == 201
    made = response.json()
    assert (made["name"], made["link"], made["size"]) == ("l", {"bucket": bucket, "name": "x"}, 0)
    assert (made["description"], made["headers"], made["metadata"]) == ("d", {"H": ["h"]}, {"k": "v"})
    assert (await owner.get(f"{base}/objects/l")).content == b"data"


async def test_it_makes_a_link_to_a_bucket(bucket: str, base: str, owner: httpx.AsyncClient) -> None:
    assert (await link(owner, base, "l", bucket=bucket, name=None)).json()["link"] == {"bucket": bucket, "name": None}
    assert outcome(await owner.get(f"{base}/objects/l")) == (422, "object_unreadable")


async def test_it_keeps_the_rules_of_links(bucket: str, base: str, owner: httpx.AsyncClient) -> None:
    await owner.put(f"{base}/objects/x", content=b"data")
    await link(owner, base, "l", bucket=bucket, name="x")
    assert outcome(await link(owner, base, "m", bucket=bucket, name="never")) == (422, "invalid_link")
    assert outcome(await link(owner, base, "m", bucket=bucket, name="l")) == (422, "invalid_link")
    assert outcome(await link(owner, base, "x", bucket=bucket, name="x")) == (409, "object_exists")
    assert (await link(owner, base, "l", bucket=bucket)).status_code == 201
    only_new = await owner.put(f"{base}/objects/l", json={"bucket": bucket}, headers={**LINK, "If-None-Match": "*"})
    assert outcome(only_new) == (412, "precondition_failed")


async def test_a_bucket_that_one_may_not_see_is_not_there_to_link_to(
    base: str, other: str, owner: httpx.AsyncClient, visitors: Visitors
) -> None:
    hidden = await link(owner, base, "l", bucket=other, name="target")
    missing = await link(owner, base, "l", bucket="absent", name="target")
    assert outcome(hidden) == outcome(missing) == (404, "bucket_not_found")
    without = [answer.text.replace(answer.headers["X-Request-ID"], "") for answer in (hidden, missing)]
    assert without[0].replace(other, "absent") == without[1]
    assert (await link(visitors["editor"], base, "l", bucket=other, name="target")).status_code == 201
    assert (await visitors["editor"].get(f"{base}/objects/l")).content == b"elsewhere"
    assert outcome(await owner.get(f"{base}/objects/l")) == (404, "object_not_found")


BODIES: list[tuple[bytes, int]] = [
    (b"", 400),
    (b"[]", 400),
    (b"{}", 400),
    (b'{"bucket": 3}', 400),
    (b'{"bucket": "x", "name": 3}', 400),
    (b'{"bucket": "x", "size": 3}', 400),
    (b'{"bucket": "not a name"}', 404),
    (b'{"bucket": "' + b"x" * 70_000 + b'"}', 413),
]


@pytest.mark.parametrize(("body", "status"), BODIES)
async def test_it_refuses_links_that_make_no_sense(base: str, owner: httpx.AsyncClient, body: bytes, status: int) -> None:
    assert (await owner.put(f"{base}/objects/l", content=body, headers=LINK)).status_code == status


async def test_it_tells_who_links_here_where_one_may_look(
    bucket: str, base: str, other: str, admin: httpx.AsyncClient, visitors: Visitors
) -> None:
    there = f"/api/v1/buckets/{other}"
    await admin.put(f"{base}/objects/x", content=b"data")
    await link(admin, base, "b", bucket=bucket, name="x")
    await link(admin, base, "a", bucket=bucket, name="x")
    await link(admin, there, "far", bucket=bucket, name="x")
    await link(admin, there, "whole", bucket=bucket)

    async def found(who: str, **query: str) -> list[tuple[str, str]]:
        answer = (await visitors[who].get(f"{base}/links", params=query)).json()
        assert answer["total"] == len(answer["links"])
        return [(item["bucket"], item["name"]) for item in answer["links"]]

    assert await found("editor", name="x") == [(bucket, "a"), (bucket, "b"), (other, "far")]
    assert await found("owner", name="x") == [(bucket, "a"), (bucket, "b")]
    assert await found("admin") == [(other, "whole")]
    assert await found("admin", name="never") == []
    await admin.delete(f"{base}/objects/a")
    assert await found("owner", name="x") == [(bucket, "b")]


async def test_a_link_is_copied_as_a_link(bucket: str, base: str, owner: httpx.AsyncClient) -> None:
    await owner.put(f"{base}/objects/x", content=b"data")
    await link(owner, base, "l", bucket=bucket, name="x")
    (result,) = (await owner.post(f"{base}/copy", json={"items": [{"name": "l", "to": "m"}]})).json()["results"]
    assert result["object"]["link"] == {"bucket": bucket, "name": "x"}


async def test_it_lists_the_links_of_a_bucket_and_which_lead_nowhere(
    bucket: str, base: str, other: str, admin: httpx.AsyncClient, visitors: Visitors
) -> None:
    await admin.put(f"{base}/objects/x", content=b"data")
    for name, to in (
        ("a", {"bucket": bucket, "name": "x"}),
        ("b", {"bucket": other, "name": "target"}),
        ("c", {"bucket": other, "name": None}),
    ):
        await link(admin, base, name, **to)
    await admin.delete(f"{base}/objects/x")

    async def found(who: str, **query: str) -> list[tuple[str, bool | None]]:
        answer = (await visitors[who].get(f"{base}/links", params={"own": "true"} | query)).json()
        return [(item["name"], item["dangling"]) for item in answer["links"]]

    assert await found("editor") == [("a", True), ("b", False), ("c", False)]
    assert await found("owner") == [("a", True), ("b", None), ("c", None)]
    assert await found("editor", dangling="true") == [("a", True)]
    assert await found("editor", after="a") == [("b", False), ("c", False)]
    assert (await admin.get(f"{base}/links", params={"name": "x"})).json()["dangling"] is True
    assert (await visitors["outsider"].get(f"{base}/links", params={"own": "true"})).status_code == 404


async def test_links_follow_what_was_moved_where_one_may_edit(
    bucket: str, base: str, other: str, admin: httpx.AsyncClient, site: ObjectStore, visitors: Visitors
) -> None:
    await admin.put(f"{base}/objects/x", content=b"data")
    await link(admin, base, "l", bucket=bucket, name="x")
    await link(admin, f"/api/v1/buckets/{other}", "far", bucket=bucket, name="x")
    await site.rename(bucket, "x", "y")
    moved = {"items": [{"name": "x", "to": "y"}]}
    assert (await visitors["colleague"].post(f"{base}/links/follow", json=moved)).json() == {"results": [], "left": 0}
    answer = (await visitors["editor"].post(f"{base}/links/follow", json=moved)).json()
    assert answer == {"results": [{"bucket": bucket, "name": "l", "error": None}], "left": 0}
    assert (await visitors["admin"].get(f"{base}/objects/l")).content == b"data"
    assert (await visitors["outsider"].post(f"{base}/links/follow", json=moved)).status_code == 404
    hidden = await visitors["owner"].post(f"{base}/links/follow", json=moved | {"bucket": other})
    assert hidden.status_code == 404
