"""A bucket that gives every upload a name of its own."""

import base64
from datetime import UTC, datetime
from urllib.parse import unquote

import httpx
import pytest

from buckets.objectstore import InvalidBucketConfig, ObjectStore
from buckets.objectstore.uploads.naming import candidates, dated, numbered
from buckets.services import naming

TUS = {"Tus-Resumable": "1.0.0"}
MOMENT = datetime(2026, 11, 23, 14, 5, 9, tzinfo=UTC)


@pytest.fixture
async def unique(bucket: str, base: str, owner: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket with unique names, at a moment that does not pass."""
    assert (await owner.patch(base, json={"unique_names": True})).status_code == 200
    monkeypatch.setattr(naming, "named_now", lambda name: dated(name, MOMENT))
    for module in ("together", "uploads"):
        monkeypatch.setattr(f"buckets.services.{module}.named_now", lambda name: dated(name, MOMENT))
    return bucket


async def begin(client: httpx.AsyncClient, bucket: str, name: str) -> httpx.Response:
    facts = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in {"bucket": bucket, "name": name}.items())
    return await client.post("/api/v1/uploads", headers={**TUS, "Upload-Length": "3", "Upload-Metadata": facts})


async def end(client: httpx.AsyncClient, upload: str) -> httpx.Response:
    headers = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    return await client.patch(upload, headers=headers, content=b"abc")


def named(answer: httpx.Response) -> str:
    return unquote(answer.headers["Object-Name"])


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("report.pdf", "20261123-140509-report.pdf"),
        ("a/b/report.pdf", "a/b/20261123-140509-report.pdf"),
        ("a/", "a/20261123-140509-"),
    ],
)
def test_the_moment_stands_before_the_last_part_of_a_name(name: str, wanted: str) -> None:
    assert dated(name, MOMENT) == wanted


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a.txt", "a (2).txt"),
        ("no-ending", "no-ending (2)"),
        (".hidden", ".hidden (2)"),
        ("d.d/file", "d.d/file (2)"),
        ("a.b.c", "a.b (2).c"),
    ],
)
def test_numbers_stand_before_the_ending(name: str, wanted: str) -> None:
    assert numbered(name, 2) == wanted
    assert next(each for each in candidates(name) if each != name) == wanted


async def test_uploads_in_pieces_are_told_the_name_that_they_get(unique: str, owner: httpx.AsyncClient, site: ObjectStore) -> None:
    first = await begin(owner, unique, "d/ö.pdf")
    assert named(first) == "d/20261123-140509-ö.pdf"
    assert named(await end(owner, first.headers["Location"])) == "d/20261123-140509-ö.pdf"
    second = await begin(owner, unique, "d/ö.pdf")
    assert named(second) == "d/20261123-140509-ö (2).pdf"
    await end(owner, second.headers["Location"])
    assert [info.name for info in await site.list(unique)] == ["d/20261123-140509-ö (2).pdf", "d/20261123-140509-ö.pdf"]


async def test_of_two_that_began_with_the_same_name_the_later_gets_another(
    unique: str, owner: httpx.AsyncClient, site: ObjectStore
) -> None:
    one, other = [(await begin(owner, unique, "x.bin")).headers["Location"] for _ in range(2)]
    assert named(await end(owner, one)) == "20261123-140509-x.bin"
    assert named(await end(owner, other)) == "20261123-140509-x (2).bin"
    assert named(await owner.head(other, headers=TUS)) == "20261123-140509-x (2).bin"
    assert len(await site.list(unique)) == 2


async def test_the_form_of_pages_without_scripts_does_the_same(unique: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    for _ in range(2):
        answer = await browser.post(
            f"/buckets/{unique}/upload", data={"folder": "d%2F", "csrfmiddlewaretoken": "c" * 32}, files={"chosen": ("x.txt", b"1")}
        )
        assert answer.status_code == 302
    assert [info.name for info in await site.list(unique)] == ["d/20261123-140509-x (2).txt", "d/20261123-140509-x.txt"]


async def test_a_put_names_what_it_says(unique: str, owner: httpx.AsyncClient, base: str) -> None:
    assert (await owner.put(f"{base}/objects/x.txt", content=b"1")).json()["name"] == "x.txt"


async def test_the_setting_is_no_part_of_the_metadata_and_stays_when_that_changes(unique: str, owner: httpx.AsyncClient, base: str) -> None:
    changed = (await owner.patch(base, json={"metadata": {"team": "a"}})).json()
    assert (changed["metadata"], changed["unique_names"]) == ({"team": "a"}, True)
    changed = (await owner.patch(base, json={"unique_names": False})).json()
    assert (changed["metadata"], changed["unique_names"]) == ({"team": "a"}, False)


async def test_the_setting_cannot_be_forged_in_the_metadata(bucket: str, owner: httpx.AsyncClient, base: str) -> None:
    answer = await owner.patch(base, json={"metadata": {"nats-files.unique-names": "true"}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, InvalidBucketConfig.code)


async def test_a_bucket_can_be_made_with_it(admin: httpx.AsyncClient, site: ObjectStore, bucket_name: str) -> None:
    made = await admin.post("/api/v1/buckets", json={"name": bucket_name, "unique_names": True})
    assert made.json()["unique_names"] is True
    assert (await site.bucket(bucket_name)).config.unique_names
