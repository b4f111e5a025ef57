"""What the pages' forms do: a new bucket, deletion, and the upload for browsers without scripts."""

from collections.abc import Callable

import httpx
import pytest
from pytest_django import Settings

from buckets.objectstore import ObjectStore, Storage

from .browsers import browser_of, submit
from .conftest import CSRF, Cast
from .helpers import listed
from .test_pages import fill

FIELDS = {
    "name": "",
    "description": "",
    "ttl": "",
    "limit": "",
    "replicas": "1",
    "storage": "file",
}


def bucket_fields(**changes: str) -> list[tuple[str, str]]:
    return list((FIELDS | changes).items())


@pytest.fixture
def admin_browser(cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    return browser_of(cast.admin, visit)


@pytest.fixture
def viewer_browser(cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    return browser_of(cast.colleague, visit)


async def test_a_new_bucket_is_what_the_form_says(site: ObjectStore, admin_browser: httpx.AsyncClient, bucket_name: str) -> None:
    fields = bucket_fields(
        name=bucket_name, description="Über ☃", ttl="2 weeks", limit="1,5 MiB", storage="memory", compression="on", unique_names="on"
    )
    fields += [("meta_name", "team"), ("meta_value", "two\r\nlines"), ("meta_name", ""), ("meta_value", "")]
    fields += [
        ("history", "on"),
        ("history_limit", "10 MB"),
        ("keep_versions", "7"),
        ("keep_for", "30 days"),
        ("history_compression", "on"),
    ]
    answer = await submit(admin_browser, "/buckets/new", fields)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/buckets/{bucket_name}/")
    config = (await site.bucket(bucket_name)).config
    assert (config.description, config.ttl, config.max_bytes) == ("Über ☃", 14 * 86400, 1_572_864)
    assert (config.storage, config.compression, config.unique_names) == (Storage.MEMORY, True, True)
    assert config.metadata == {"team": "two\nlines"}
    history = await site.history.status(bucket_name)
    assert history
    kept = history.config
    assert (history.enabled, kept.max_bytes, kept.keep_versions, kept.keep_days, kept.compression) == (True, 10_000_000, 7, 30, True)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "has space"}, "A bucket name has letters, digits"),
        ({"name": ""}, "This field is required"),
        ({"name": "fine", "ttl": "-1 d"}, "Write a time with its unit"),
        ({"name": "fine", "ttl": "many"}, "Write a time with its unit"),
        ({"name": "fine", "ttl": "20000 weeks"}, "292 years at most"),
        ({"name": "fine", "limit": "NaN"}, "Write a size with its unit"),
        ({"name": "fine", "limit": "1.024 GB"}, "can be read in two ways"),
        ({"name": "fine", "limit": "9000 PiB"}, "more than the server can count"),
        ({"name": "fine", "storage": "cloud"}, "Select a valid choice"),
        ({"name": "fine", "history": "on", "keep_for": "200 years"}, "100 years at most"),
        ({"name": "fine", "history": "on", "keep_versions": "-1"}, "greater than or equal to 0"),
        ({"name": "fine", "meta_value": "x"}, "A value has no name"),
    ],
)
async def test_what_is_wrong_with_a_new_bucket_stands_at_its_field(
    site: ObjectStore, admin_browser: httpx.AsyncClient, changes: dict[str, str], words: str
) -> None:
    fields = bucket_fields(**changes) + ([("meta_name", "")] if "meta_value" in changes else [])
    answer = await submit(admin_browser, "/buckets/new", fields)
    assert answer.status_code == 400
    assert words in answer.text
    assert 'role="alert"' in answer.text
    assert not [status for status in await site.buckets() if status.name == "fine"]


async def test_a_name_that_is_taken_is_refused_in_words(bucket: str, admin_browser: httpx.AsyncClient) -> None:
    answer = await submit(admin_browser, "/buckets/new", bucket_fields(name=bucket, description="kept"))
    assert answer.status_code == 400
    assert 'aria-invalid="true"' in answer.text
    assert "kept" in answer.text


async def test_the_servers_refusal_is_shown_in_words(site: ObjectStore, admin_browser: httpx.AsyncClient, bucket_name: str) -> None:
    answer = await submit(admin_browser, "/buckets/new", bucket_fields(name=bucket_name, replicas="5"))
    assert answer.status_code == 400
    assert "replica" in answer.text.partition("form-errors")[2][:400].lower()


async def test_only_who_may_create_gets_the_form(bucket: str, browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/buckets/new")).status_code == 403
    assert (await submit(browser, "/buckets/new", bucket_fields(name="other"))).status_code == 403


async def test_deleting_asks_first_and_then_deletes_folders_whole(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await fill(site, bucket, "keep", "go\nne", "d/1", "d/e/2")
    chosen = [("object", "go%0Ane"), ("folder", "d%2F")]
    question = await submit(browser, f"/buckets/{bucket}/delete", chosen)
    assert "Delete 3 files?" in question.text
    assert "d/e/2" in question.text
    assert (await site.info(bucket, "d/1")).name
    answer = await submit(browser, f"/buckets/{bucket}/delete", [("confirm", "yes"), *chosen])
    assert answer.status_code == 302
    assert "3 files deleted." in (await browser.get(answer.headers["Location"])).text
    live = await site.live(bucket)
    with live.subscribe() as changes:
        while len(live.index) > 1:
            await changes.next()
    assert live.index.get("keep")


async def test_a_viewer_may_not_delete_or_upload(bucket: str, site: ObjectStore, viewer_browser: httpx.AsyncClient) -> None:
    await fill(site, bucket, "one")
    for page in ("delete", "upload"):
        assert (await submit(viewer_browser, f"/buckets/{bucket}/{page}", [("confirm", "yes"), ("object", "one")])).status_code == 403
    assert (await site.info(bucket, "one")).name


async def test_forms_need_their_token(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await fill(site, bucket, "one")
    answer = await browser.post(f"/buckets/{bucket}/delete", data={"confirm": "yes", "object": "one"})
    assert answer.status_code == 403
    assert "This page is too old" in answer.text
    assert (await site.info(bucket, "one")).name


async def test_the_upload_form_stores_each_file_in_the_folder(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    answer = await upload(browser, bucket, {"folder": "a%0Ab%2F"}, ("one.txt", b"1" * 3_000_000), ("two.bin", b""))
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/buckets/{bucket}/?prefix=a%0Ab%2F")
    stored = await site.info(bucket, "a\nb/one.txt")
    assert (stored.size, stored.content_type, stored.header("Original-Name")) == (3_000_000, "text/plain", "one.txt")
    await listed(bucket, "a\nb/two.bin")


async def test_the_upload_form_replaces_only_when_told_to(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await fill(site, bucket, "one.txt")
    refused = await upload(browser, bucket, {}, ("one.txt", b"new"))
    assert refused.status_code == 400
    assert "already" in refused.text
    assert (await upload(browser, bucket, {"replace": "on"}, ("one.txt", b"new"))).status_code == 302
    assert (await site.info(bucket, "one.txt")).size == 3


async def test_the_upload_form_keeps_the_limit(bucket: str, settings: Settings, browser: httpx.AsyncClient) -> None:
    settings.MAX_UPLOAD_BYTES = 10
    answer = await upload(browser, bucket, {}, ("large", b"x" * 11))
    assert answer.status_code == 400
    assert "10 bytes at most" in answer.text


async def test_login_leads_back_and_logout_ends_the_session(bucket: str, cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> None:
    cast.owner.set_password("correct horse")
    await cast.owner.asave()
    browser = visit(cookies={"csrftoken": CSRF})
    wrong = await submit(browser, "/login", [("username", "owner"), ("password", "wrong")])
    assert "Please enter a correct username" in wrong.text
    right = await submit(browser, f"/login?next=/buckets/{bucket}/", [("username", "owner"), ("password", "correct horse")])
    assert right.headers["Location"] == f"/buckets/{bucket}/"
    token = browser.cookies.get("csrftoken", domain="testserver.local") or ""
    browser.cookies.delete("csrftoken", domain="")
    out = await browser.post("/logout", data={"csrfmiddlewaretoken": token})
    assert out.headers["Location"] == "/login"
    assert (await browser.get("/")).status_code == 302


async def upload(browser: httpx.AsyncClient, bucket: str, fields: dict[str, str], *files: tuple[str, bytes]) -> httpx.Response:
    chosen = [("chosen", (name, content, "text/plain")) for name, content in files]
    return await browser.post(f"/buckets/{bucket}/upload", data={"csrfmiddlewaretoken": CSRF, **fields}, files=chosen)
