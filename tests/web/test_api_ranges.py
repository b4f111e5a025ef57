"""Parts of objects over HTTP: RFC 9110, section 14."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from typing import Any

import httpx
import pytest

from buckets.models import Grant
from buckets.objectstore import BucketConfig, DigestMismatch, Link, ObjectStore
from buckets.roles import Role

from .asgi import Exchange
from .conftest import Cast

SIZE = 3_000_000
DATA = random.Random(5).randbytes(SIZE)


@pytest.fixture
async def film(bucket: str, base: str, site: ObjectStore) -> str:
    """The address of an object of 300 chunks."""
    await site.put(bucket, "film.mp4", DATA, chunk_size=10_000, headers={"Content-Type": ["video/mp4"]})
    return f"{base}/objects/film.mp4"


async def get(client: httpx.AsyncClient, address: str, wanted: str, **headers: str) -> httpx.Response:
    return await client.get(address, headers={"Range": wanted, **{key.replace("_", "-"): value for key, value in headers.items()}})


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=9999-10000", 9_999, 10_000),
        ("bytes=1234567-2345678", 1_234_567, 2_345_678),
        ("bytes=2999999-", SIZE - 1, SIZE - 1),
        ("bytes=-100", SIZE - 100, SIZE - 1),
        ("bytes=0-", 0, SIZE - 1),
        ("bytes=2000000-99999999", 2_000_000, SIZE - 1),
        ("bytes=0-9,10-19", 0, 19),
    ],
)
async def test_it_sends_one_part(film: str, owner: httpx.AsyncClient, wanted: str, first: int, last: int) -> None:
    whole = await owner.head(film)
    part = await get(owner, film, wanted)
    assert (part.status_code, part.content == DATA[first : last + 1]) == (206, True)
    assert part.headers["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert part.headers["Content-Length"] == str(last - first + 1)
    assert part.headers["Content-Type"] == "video/mp4"
    assert "Content-Digest" not in part.headers
    for header in ("ETag", "Last-Modified", "Cache-Control", "Repr-Digest", "Accept-Ranges", "Content-Security-Policy"):
        assert part.headers[header] == whole.headers[header]


def parts_of(response: httpx.Response) -> Sequence[Message]:
    """As any MIME parser reads them."""
    message = message_from_bytes(b"Content-Type: " + response.headers["Content-Type"].encode() + b"\r\n\r\n" + response.content)
    parts = message.get_payload()
    assert isinstance(parts, list)
    return [part for part in parts if isinstance(part, Message)]


async def test_it_sends_several_parts_in_the_order_of_the_request(film: str, owner: httpx.AsyncClient) -> None:
    response = await get(owner, film, "bytes=-3, 0-4, 1000000-1000009, 3-6")
    assert response.status_code == 206
    assert int(response.headers["Content-Length"]) == len(response.content)
    assert "Content-Range" not in response.headers
    parts = parts_of(response)
    assert [part["Content-Range"] for part in parts] == [
        f"bytes {SIZE - 3}-{SIZE - 1}/{SIZE}",
        f"bytes 0-6/{SIZE}",
        f"bytes 1000000-1000009/{SIZE}",
    ]
    assert [part["Content-Type"] for part in parts] == ["video/mp4"] * 3
    for expected in (DATA[-3:], DATA[:7], DATA[1_000_000:1_000_010]):
        assert b"\r\n\r\n" + expected + b"\r\n--" in response.content


async def test_sixteen_large_parts_are_never_more_than_the_object(film: str, owner: httpx.AsyncClient) -> None:
    wanted = ",".join(f"{number * 180_000}-{number * 180_000 + 170_000}" for number in range(16))
    response = await get(owner, film, f"bytes={wanted}")
    assert response.status_code == 206
    assert SIZE * 0.9 < len(response.content) < SIZE
    assert int(response.headers["Content-Length"]) == len(response.content)
    again = await get(owner, film, "bytes=" + ",".join(["0-"] * 100))
    assert (again.status_code, again.content) == (206, DATA)


@pytest.mark.parametrize("wanted", ["pages=1-2", "bytes=5-1", "bytes=x", "bytes=" + ",".join(f"{n * 2}-{n * 2}" for n in range(17))])
async def test_it_sends_the_whole_where_it_passes_over_the_range(film: str, owner: httpx.AsyncClient, wanted: str) -> None:
    response = await get(owner, film, wanted)
    assert (response.status_code, response.content == DATA, "Content-Range" in response.headers) == (200, True, False)


@pytest.mark.parametrize("wanted", [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 5},{SIZE * 2}-", "bytes=-0"])
async def test_it_tells_the_size_to_who_asks_for_what_is_not_there(film: str, owner: httpx.AsyncClient, wanted: str) -> None:
    response = await get(owner, film, wanted)
    assert (response.status_code, response.json()["error"]["code"]) == (416, "range_not_satisfiable")
    assert response.headers["Content-Range"] == f"bytes */{SIZE}"


async def test_an_empty_object_has_no_parts(base: str, owner: httpx.AsyncClient) -> None:
    await owner.put(f"{base}/objects/empty", content=b"")
    refused = await get(owner, f"{base}/objects/empty", "bytes=0-")
    assert (refused.status_code, refused.headers["Content-Range"]) == (416, "bytes */0")
    assert (await get(owner, f"{base}/objects/empty", "bytes=-5")).status_code == 200


async def test_head_knows_no_ranges(film: str, owner: httpx.AsyncClient) -> None:
    head = await owner.head(film, headers={"Range": "bytes=0-4"})
    assert (head.status_code, head.headers["Content-Length"], head.headers["Accept-Ranges"]) == (200, str(SIZE), "bytes")


async def test_if_range_gives_the_rest_of_the_same_and_the_whole_of_another(film: str, owner: httpx.AsyncClient) -> None:
    head = (await owner.head(film)).headers
    for same in (head["ETag"], head["Last-Modified"]):
        assert (await get(owner, film, "bytes=5-9", If_Range=same)).content == DATA[5:10]
    for other in ('"other"', f"W/{head['ETag']}", "Mon, 23 Nov 2020 00:00:00 GMT"):
        response = await get(owner, film, "bytes=5-9", If_Range=other)
        assert (response.status_code, len(response.content)) == (200, SIZE)
    beyond = await get(owner, film, f"bytes={SIZE}-", If_Range='"other"')
    assert beyond.status_code == 200


async def test_conditions_come_before_ranges(film: str, owner: httpx.AsyncClient) -> None:
    tag = (await owner.head(film)).headers["ETag"]
    assert (await get(owner, film, "bytes=5-9", If_None_Match=tag)).status_code == 304
    assert (await get(owner, film, "bytes=5-9", If_Match='"other"')).status_code == 412
    assert (await get(owner, film, f"bytes={SIZE}-", If_Match='"other"')).status_code == 412
    assert (await get(owner, film, "bytes=5-9", If_Match=tag)).status_code == 206


async def test_a_link_has_the_parts_of_its_target(
    bucket: str, film: str, base: str, cast: Cast, owner: httpx.AsyncClient, site: ObjectStore
) -> None:
    await site.create_bucket(BucketConfig(f"{bucket}-links"))
    await Grant.objects.acreate(bucket=f"{bucket}-links", user=cast.owner, role=Role.VIEWER)
    await site.add_link(f"{bucket}-links", "link", Link(bucket, "film.mp4"))
    part = await get(owner, f"/api/v1/buckets/{bucket}-links/objects/link", "bytes=1500000-1500009")
    assert (part.status_code, part.content) == (206, DATA[1_500_000:1_500_010])


async def test_a_version_has_parts(bucket: str, film: str, base: str, owner: httpx.AsyncClient, site: ObjectStore) -> None:
    await site.history.enable(bucket)
    moment = (await owner.get(f"{base}/versions/film.mp4")).json()["versions"][0]
    await owner.put(film, content=b"new")
    old = await get(owner, f"{film}?version={moment['version']}", "bytes=1500000-1500009,-5")
    assert [part["Content-Range"] for part in parts_of(old)] == [f"bytes 1500000-1500009/{SIZE}", f"bytes {SIZE - 5}-{SIZE - 1}/{SIZE}"]
    assert DATA[1_500_000:1_500_010] in old.content
    assert len((await owner.get(f"{base}/versions/film.mp4")).json()["versions"]) == 2  # it is in the history
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    then = await get(owner, f"{film}?at={now}", "bytes=1-2")
    assert (then.status_code, then.content, then.headers["Content-Range"]) == (206, b"ew", "bytes 1-2/3")


async def test_a_part_that_breaks_does_not_look_complete(
    bucket: str, film: str, owner: httpx.AsyncClient, site: ObjectStore, application: Any
) -> None:
    first = (await site.bucket(bucket)).stream.first_seq
    await site._messages.remove(f"OBJ_{bucket}", first + 200)
    exchange = Exchange("GET", film, headers={"Authorization": owner.headers["Authorization"], "Range": "bytes=1000-2999000"})
    with pytest.raises(DigestMismatch):  # which makes the server break the connection off
        await exchange.run(application)
    assert (exchange.answer.complete, exchange.answer.body) == (False, DATA[1000:2_000_000])
    behind = await get(owner, film, "bytes=2000005-2000010")
    assert (behind.status_code, behind.json()["error"]["code"]) == (502, "digest_mismatch")


async def test_who_may_not_see_the_object_gets_no_part(film: str, visitors: dict[str, httpx.AsyncClient]) -> None:
    assert (await get(visitors["outsider"], film, "bytes=0-4")).status_code == 404
    assert (await get(visitors["anonymous"], film, "bytes=0-4")).status_code == 401


async def test_a_client_that_leaves_closes_the_reader(
    bucket: str, film: str, owner: httpx.AsyncClient, site: ObjectStore, application: Any
) -> None:
    large = DATA * 10
    await site.put(bucket, "large", large)
    headers = {"Authorization": owner.headers["Authorization"], "Range": "bytes=5-20000000,21000000-"}
    address = film.replace("film.mp4", "large")
    answer = await Exchange("GET", address, headers=headers, leave_after=1_000_000).run(application)
    assert (answer.status, answer.complete, large[5:900_000] in answer.body) == (206, False, True)
    assert site._context.budget._used == 0
