"""Uploads in pieces (tus 1.0.0)."""

import base64
import hashlib
import os

import httpx
import pytest
from nats.aio.client import Client

from buckets.models import Grant
from buckets.objectstore import ObjectStore
from buckets.objectstore.names import chunk_subject

from .conftest import Cast, Visitors

TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = "application/offset+octet-stream"


def metadata(**facts: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in facts.items())


@pytest.fixture
def editor(visitors: Visitors) -> httpx.AsyncClient:
    return visitors["editor"]


async def begin(client: httpx.AsyncClient, bucket: str, name: str = "x", *, length: int | None = None, **headers: str) -> httpx.Response:
    size = {"Upload-Defer-Length": "1"} if length is None else {"Upload-Length": str(length)}
    return await client.post("/api/v1/uploads", headers={**TUS, **size, "Upload-Metadata": metadata(bucket=bucket, name=name), **headers})


async def piece(client: httpx.AsyncClient, where: str, offset: int, data: bytes, **headers: str) -> httpx.Response:
    return await client.patch(where, content=data, headers={**TUS, "Upload-Offset": str(offset), "Content-Type": CHUNK, **headers})


async def downloaded(client: httpx.AsyncClient, bucket: str, name: str = "x") -> bytes:
    return (await client.get(f"/api/v1/buckets/{bucket}/objects/{name}")).content


async def test_an_upload_in_pieces(editor: httpx.AsyncClient, bucket: str) -> None:
    data = os.urandom(1_500_000)
    begun = await begin(editor, bucket, "dir/ü.txt", length=len(data))
    assert (begun.status_code, begun.headers["Tus-Resumable"]) == (201, "1.0.0")
    assert "Upload-Expires" in begun.headers
    where = begun.headers["Location"]
    first = await piece(editor, where, 0, data[:700_001])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "700001")
    head = await editor.head(where, headers=TUS)
    assert (head.status_code, head.headers["Upload-Offset"], head.headers["Upload-Length"]) == (200, "700001", "1500000")
    assert head.headers["Upload-Metadata"] == metadata(bucket=bucket, name="dir/ü.txt")
    assert head.headers["Cache-Control"] == "no-store"
    last = await piece(editor, where, 700_001, data[700_001:])
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, "1500000")
    assert await downloaded(editor, bucket, "dir%2F%C3%BC.txt") == data
    assert (await editor.head(where, headers=TUS)).headers["Upload-Offset"] == "1500000"


async def test_creation_with_upload_and_a_type(editor: httpx.AsyncClient, bucket: str, site: ObjectStore) -> None:
    begun = await editor.post(
        "/api/v1/uploads",
        content=b"12345",
        headers={
            **TUS,
            "Upload-Length": "5",
            "Content-Type": CHUNK,
            "Upload-Metadata": metadata(bucket=bucket, filename="a.bin", filetype="image/png"),
        },
    )
    assert (begun.status_code, begun.headers["Upload-Offset"]) == (201, "5")
    info = await site.info(bucket, "a.bin")
    assert (info.size, info.content_type, info.header("Uploaded-By")) == (5, "image/png", "editor")


async def test_an_empty_file_is_there_at_once(editor: httpx.AsyncClient, bucket: str) -> None:
    assert (await begin(editor, bucket, length=0)).status_code == 201
    assert await downloaded(editor, bucket) == b""


async def test_the_length_may_come_later(editor: httpx.AsyncClient, bucket: str) -> None:
    where = (await begin(editor, bucket)).headers["Location"]
    assert (await piece(editor, where, 0, b"123")).status_code == 204
    head = await editor.head(where, headers=TUS)
    assert head.headers["Upload-Defer-Length"] == "1"
    assert (await piece(editor, where, 3, b"45", **{"Upload-Length": "5"})).status_code == 204
    assert await downloaded(editor, bucket) == b"12345"


async def test_a_post_may_stand_for_another_method(editor: httpx.AsyncClient, bucket: str) -> None:
    where = (await begin(editor, bucket, length=5)).headers["Location"]
    headers = {**TUS, "Upload-Offset": "0", "Content-Type": CHUNK, "X-HTTP-Method-Override": "PATCH"}
    assert (await editor.post(where, content=b"12345", headers=headers)).status_code == 204
    assert await downloaded(editor, bucket) == b"12345"


@pytest.mark.parametrize(
    ("offset", "data", "headers", "status"),
    [
        (1, b"x", {}, 409),
        (0, b"x", {"Content-Type": "text/plain"}, 415),
        (0, b"x", {"Tus-Resumable": "0.9"}, 412),
        (0, b"123456", {}, 413),
        (0, b"x", {"Upload-Offset": "x"}, 400),
        (0, b"123", {"Upload-Checksum": "sha256 " + base64.b64encode(hashlib.sha256(b"456").digest()).decode()}, 460),
        (0, b"123", {"Upload-Checksum": "md5 eA=="}, 400),
    ],
)
async def test_what_is_refused_changes_nothing(
    editor: httpx.AsyncClient, bucket: str, offset: int, data: bytes, headers: dict[str, str], status: int
) -> None:
    where = (await begin(editor, bucket, length=5)).headers["Location"]
    refused = await piece(editor, where, offset, data, **headers)
    assert (refused.status_code, refused.headers["Tus-Resumable"]) == (status, "1.0.0")
    assert refused.json()["error"]["code"].startswith("tus_")
    assert (await editor.head(where, headers=TUS)).headers["Upload-Offset"] == "0"
    checksum = "sha256 " + base64.b64encode(hashlib.sha256(b"12345").digest()).decode()
    assert (await piece(editor, where, 0, b"12345", **{"Upload-Checksum": checksum})).status_code == 204


async def test_an_upload_is_taken_back(editor: httpx.AsyncClient, bucket: str, foreign: Client) -> None:
    where = (await begin(editor, bucket, length=10)).headers["Location"]
    await piece(editor, where, 0, b"12345")
    assert (await editor.delete(where, headers=TUS)).status_code == 204
    assert (await editor.head(where, headers=TUS)).status_code == 404
    assert (await foreign.jetstream().stream_info(f"OBJ_{bucket}")).state.messages == 0


async def test_only_if_there_is_no_such_object(editor: httpx.AsyncClient, bucket: str, site: ObjectStore) -> None:
    where = (await begin(editor, bucket, length=5, **{"If-None-Match": "*"})).headers["Location"]
    await site.put(bucket, "x", b"faster")
    assert (await piece(editor, where, 0, b"12345")).status_code == 412
    assert (await begin(editor, bucket, length=5, **{"If-None-Match": "*"})).status_code == 412
    assert await downloaded(editor, bucket) == b"faster"


async def test_an_upload_is_its_beginners_alone(visitors: Visitors, bucket: str, cast: Cast) -> None:
    where = (await begin(visitors["editor"], bucket, length=5)).headers["Location"]
    for other in ("owner", "colleague", "outsider"):
        assert (await visitors[other].head(where, headers=TUS)).status_code == 404
        assert (await piece(visitors[other], where, 0, b"12345")).status_code == 404
        assert (await visitors[other].delete(where, headers=TUS)).status_code == 404
    await Grant.objects.filter(user=cast.editor).aupdate(role="viewer")
    assert (await piece(visitors["editor"], where, 0, b"12345")).status_code == 403


async def test_a_viewer_may_not_begin_one(visitors: Visitors, bucket: str) -> None:
    assert (await begin(visitors["colleague"], bucket, length=5)).status_code == 403
    assert (await begin(visitors["outsider"], bucket, length=5)).status_code == 404


async def test_what_a_dying_process_had_stored_whole_is_an_object_once_somebody_asks(
    editor: httpx.AsyncClient, bucket: str, site: ObjectStore, foreign: Client
) -> None:
    where = (await begin(editor, bucket, length=5)).headers["Location"]
    state = await site.uploads.get(where.rsplit("/", 1)[1])
    await foreign.jetstream().publish(chunk_subject(bucket, state.nuid), b"12345")
    assert (await editor.head(where, headers=TUS)).headers["Upload-Offset"] == "5"
    assert await downloaded(editor, bucket) == b"12345"


async def test_it_says_what_it_can(editor: httpx.AsyncClient) -> None:
    answer = await editor.options("/api/v1/uploads")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,creation-with-upload,creation-defer-length,expiration,termination,checksum"
    assert "sha256" in answer.headers["Tus-Checksum-Algorithm"].split(",")


async def test_where_to_is_needed(editor: httpx.AsyncClient, bucket: str) -> None:
    for facts in ({}, {"bucket": bucket}, {"name": "x"}):
        headers = {**TUS, "Upload-Length": "5"} | ({"Upload-Metadata": metadata(**facts)} if facts else {})
        refused = await editor.post("/api/v1/uploads", headers=headers)
        assert (refused.status_code, refused.headers["Tus-Resumable"]) == (400, "1.0.0")
