"""The settings of a bucket: who may, what is shown before it is done, and that what is refused changes nothing."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from html import unescape

import httpx
import pytest
from nats.aio.client import Client
from pytest_django import Settings

from buckets.models import Grant, Job
from buckets.objectstore import BucketChange, BucketConfig, BucketStatus, ConnectOptions, HistoryChange, HistoryConfig, ObjectStore
from buckets.services import background, effects, runtime
from buckets.services import buckets as bucket_service
from buckets.services.history import HistoryWish
from tests.natsserver import NatsServer

from .browsers import browser_of, submit
from .conftest import Cast
from .helpers import listed

Visit = Callable[..., httpx.AsyncClient]
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
FIELDS = {
    "description": "",
    "ttl": "",
    "limit": "",
    "replicas": "1",
    "cluster": "",
    "tags": "",
    "fast_ingest": "on",
    "atomic": "on",
    "direct": "on",
}


def fields(**changes: str) -> list[tuple[str, str]]:
    """What a browser sends of the form; an empty checkbox is not sent."""
    return [(name, value) for name, value in (FIELDS | changes).items() if value != "off"]


def said(answer: httpx.Response) -> str:
    """The page's text."""
    text = re.sub(r"<[^>]+>", " ", answer.text.partition("<main")[2].partition("</main")[0])
    return re.sub(r"\s+", " ", unescape(text))


async def confirm(browser: httpx.AsyncClient, question: httpx.Response) -> httpx.Response:
    """Press the button of the page that says what the change does."""
    form = question.text.partition('<form class="form card-form narrow"')[2].partition("</form>")[0]
    address = re.search(r'action="([^"]+)"', form)
    assert address, question.text[:2000]
    sent = [(name, unescape(value)) for name, value in HIDDEN.findall(form) if name != "csrfmiddlewaretoken"]
    return await submit(browser, address[1], [*sent, ("confirm", "yes")])


@pytest.fixture
def browsers(cast: Cast, visit: Visit) -> dict[str, httpx.AsyncClient]:
    return {name: browser_of(getattr(cast, name), visit) for name in ("owner", "editor", "colleague", "outsider", "admin")}


def as_it_is(status: BucketStatus) -> tuple[object, ...]:
    """What nothing but a change changes."""
    return status.config, status.stream.messages, status.sealed, status.fast_ingest, status.atomic, status.direct


async def test_a_change_is_shown_with_its_effect_and_then_done(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    page = f"/buckets/{bucket}/settings"
    assert (await browser.get(page)).status_code == 200
    before = await site.bucket(bucket)
    wanted = fields(description="Üa\r\nb", ttl="1,5 Tage", limit="36 GB", compression="on", unique_names="on", direct="off")
    wanted += [("meta_name", "team"), ("meta_value", "ops")]
    question = await submit(browser, page, wanted)
    assert question.status_code == 200
    for words in (
        "Keep files for",
        "for ever",
        "36 hours",
        "36 GB",
        "Nothing goes.",
        "By its last change no file is that old yet",
        "team = ops",
        "Fast reading",
    ):
        assert words in said(question), words
    assert as_it_is(await site.bucket(bucket)) == as_it_is(before)
    answer = await confirm(browser, question)
    assert (answer.status_code, answer.headers["Location"]) == (302, page)
    config = (await site.bucket(bucket)).config
    assert (config.description, config.ttl, config.max_bytes) == ("Üa\nb", 1.5 * 86400, 36_000_000_000)
    assert (config.compression, config.unique_names, config.metadata) == (True, True, {"team": "ops"})
    assert not (await site.bucket(bucket)).direct
    again = await submit(browser, page, wanted)
    assert again.status_code == 302
    assert "Nothing was changed" in (await browser.get(page)).text


async def test_a_shorter_ttl_tells_what_would_go(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    for name in ("a", "b"):
        await site.put(bucket, name, b"x" * 2000)
    await listed(bucket, "a", "b")
    await asyncio.sleep(0.3)  # so old they have to be
    page = f"/buckets/{bucket}/settings"
    lost = said(await submit(browser, page, fields(ttl="250 ms")))
    assert "2 files of 3.91 KiB are older than that and go at once. Nothing brings them back." in lost
    await site.history.enable(bucket)
    question = await submit(browser, page, fields(ttl="250 ms"))
    assert "The history keeps them" in said(question)
    assert (await confirm(browser, question)).status_code == 302
    async with asyncio.timeout(10):
        while await site.list(bucket):
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"limit": "1 kB"}, "below the"),
        ({"replicas": "3"}, "this one stands alone"),
        ({"cluster": "east"}, "A placement needs NATS servers in a cluster"),
        ({"tags": "ssd, fast"}, "A placement needs NATS servers in a cluster"),
        ({"ttl": "5 ms"}, "seconds at least"),
        ({"ttl": "soon"}, "Write a time with its unit"),
        ({"replicas": "9"}, "Select a valid choice"),
        ({"meta_name": "_nats.x", "meta_value": "1"}, "the server&#x27;s own"),
        ({"meta_name": "", "meta_value": "1"}, "A value has no name"),
        ({"description": "x" * 4001}, "at most 4000 characters"),
        ({"tags": ",".join("abcdefghijklmnopqrstuvw")}, "There may be 20 at most"),
    ],
)
async def test_what_the_server_would_refuse_is_refused_in_words_and_changes_nothing(
    bucket: str, site: ObjectStore, browser: httpx.AsyncClient, changes: dict[str, str], words: str
) -> None:
    await site.put(bucket, "x", b"a" * 5000)
    before = await site.bucket(bucket)
    wanted = fields(**({"description": "changed"} | changes))
    for sent in (wanted, [*wanted, ("confirm", "yes")]):
        answer = await submit(browser, f"/buckets/{bucket}/settings", sent)
        assert answer.status_code == 400
        assert words in answer.text
        assert 'role="alert"' in answer.text
        assert as_it_is(await site.bucket(bucket)) == as_it_is(before)


async def test_what_others_have_changed_meanwhile_is_not_undone(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    page = f"/buckets/{bucket}/settings"
    question = await submit(browser, page, fields(limit="36 GB"))
    await site.update_bucket(bucket, BucketChange(description="theirs"))
    answer = await confirm(browser, question)
    assert answer.status_code == 400
    assert "Somebody else has changed these settings meanwhile" in answer.text
    assert "36 GB" in answer.text
    assert ((await site.bucket(bucket)).config.description, (await site.bucket(bucket)).config.max_bytes) == ("theirs", 0)


async def test_of_a_history_neither(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await site.history.enable(bucket, HistoryConfig(keep_days=30))
    page = f"/buckets/{bucket}/settings/history"
    question = await submit(browser, page, [("keep_versions", "5"), ("keep_for", "30 days"), ("history_replicas", "1")])
    await site.history.update(bucket, HistoryChange(keep_days=365))
    answer = await confirm(browser, question)
    assert answer.status_code == 400
    assert "Somebody else has changed these settings meanwhile" in answer.text
    status = await site.history.status(bucket)
    assert status
    assert (status.config.keep_days, status.config.keep_versions) == (365, 0)


async def test_what_takes_long_to_count_is_told_without_a_number(
    bucket: str, site: ObjectStore, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.put(bucket, "x", b"data")
    await listed(bucket, "x")
    await site.history.enable(bucket)
    monkeypatch.setattr(effects, "COUNTING_SECONDS", 0.0)
    question = await submit(browser, f"/buckets/{bucket}/settings", fields(ttl="1 day"))
    assert "There is too much to count it first." in said(question)
    question = await submit(browser, f"/buckets/{bucket}/settings/history", [("keep_versions", "1"), ("history_replicas", "1")])
    assert "There are too many to count them first." in said(question)


async def test_the_form_comes_back_with_what_was_typed(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    answer = await submit(browser, f"/buckets/{bucket}/settings", [*fields(limit="36 GB"), ("back", "yes")])
    assert answer.status_code == 200
    assert 'value="36 GB"' in answer.text
    assert (await site.bucket(bucket)).config.max_bytes == 0


async def test_metadata_and_text_that_nobody_touched_stay_as_they_are(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    odd = {" a ": "one\r\ntwo", "b": "x\ny", "c": '<b> & "q"', "nats": ""}
    await site.update_bucket(bucket, BucketChange(description="  two\r\nlines ", metadata=odd))
    page = (await browser.get(f"/buckets/{bucket}/settings")).text
    names = [unescape(name) for name in re.findall(r'name="meta_name" value="([^"]*)"', page)]
    values = [unescape(value) for value in re.findall(r'name="meta_value"[^>]*>\n([^<]*)</textarea>', page)]
    pairs = [
        pair
        for name, value in zip(names, values, strict=True)
        for pair in (("meta_name", name), ("meta_value", value.replace("\n", "\r\n")))
    ]
    sent = [*fields(description="two\r\nlines", limit="1 GB"), *pairs]
    assert (await confirm(browser, await submit(browser, f"/buckets/{bucket}/settings", sent))).status_code == 302
    config = (await site.bucket(bucket)).config
    assert (config.metadata, config.description, config.max_bytes) == (odd, "  two\r\nlines ", 10**9)


async def test_a_sealed_bucket_shows_what_is_fixed_and_takes_the_rest(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await site.seal_bucket(bucket)
    page = f"/buckets/{bucket}/settings"
    assert "Fixed: the bucket is sealed, so nothing in it expires." in said(await browser.get(page))
    question = await submit(browser, page, fields(description="closed", ttl="1 day", limit="1 GB"))
    assert "Keep files for" not in said(question)
    assert (await confirm(browser, question)).status_code == 302
    config = (await site.bucket(bucket)).config
    assert (config.description, config.ttl, config.max_bytes) == ("closed", 0, 0)
    assert (await browser.get(f"{page}/seal")).status_code == 302


async def test_the_history_is_switched_and_set_with_its_effects(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    page = f"/buckets/{bucket}/settings/history"
    for text in (b"1", b"2", b"3"):
        await site.put(bucket, "x", text * 1000)
    question = await submit(browser, page, [("switch", "on"), ("keep_versions", "5"), ("history_replicas", "0")])
    assert "The history gets a copy of what is here now" in said(question)
    assert await site.history.status(bucket) is None
    assert (await confirm(browser, question)).headers["Location"] == f"/buckets/{bucket}/settings#history"
    for text in (b"4", b"5", b"6"):
        await site.put(bucket, "x", text * 1000)
    await site.history.versions(bucket, "x")
    pruning = await submit(browser, page, [("keep_versions", "1"), ("history_replicas", "1"), ("history_limit", "2 kB")])
    assert "2 old versions go, soon and for good." in said(pruning)
    assert re.search(r"The oldest [\d.]+ KiB go at once and for good", said(pruning))
    assert (await confirm(browser, await submit(browser, page, [("keep_versions", "1"), ("history_replicas", "1")]))).status_code == 302
    status = await site.history.status(bucket)
    assert status
    assert (status.enabled, status.config.keep_versions, status.config.max_bytes) == (True, 1, 0)
    off = await submit(browser, page, [("switch", "off"), ("keep_versions", "9"), ("history_replicas", "1")])
    assert "cannot be brought back. The versions that were kept stay." in said(off)
    assert (await confirm(browser, off)).status_code == 302
    status = await site.history.status(bucket)
    assert status
    assert (status.enabled, status.config.keep_versions) == (False, 1)
    assert "It was switched off" in said(await browser.get(f"/buckets/{bucket}/settings"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"history_replicas": "3"}, "This server stands alone: a history has one replica here."),
        ({"keep_for": "101 years"}, "100 years at most"),
        ({"history_limit": "x"}, "Write a size with its unit"),
        ({"keep_versions": "2000000"}, "less than or equal to"),
    ],
)
async def test_what_a_history_cannot_be_changes_nothing(
    bucket: str, site: ObjectStore, browser: httpx.AsyncClient, changes: dict[str, str], words: str
) -> None:
    for enabled in (False, True):
        if enabled:
            await site.history.enable(bucket, HistoryConfig(keep_days=7))
        before = await site.history.status(bucket)
        sent = {"switch": "on", "history_replicas": "1"} | changes
        for step in ({}, {"confirm": "yes"}):
            answer = await submit(browser, f"/buckets/{bucket}/settings/history", list((sent | step).items()))
            assert answer.status_code == 400
            assert words in answer.text
            after = await site.history.status(bucket)
            assert (after and after.config) == (before and before.config)


async def test_sealing_deleting_and_removing_need_the_name(bucket: str, site: ObjectStore, cast: Cast, browser: httpx.AsyncClient) -> None:
    page = f"/buckets/{bucket}/settings"
    await site.put(bucket, "x", b"data")
    await site.history.enable(bucket)
    before = await site.bucket(bucket)
    for end in ("seal", "delete", "history/remove"):
        assert (await browser.get(f"{page}/{end}")).status_code == 200
        for typed in ("", "other", bucket.upper()):
            answer = await submit(browser, f"{page}/{end}", [("typed", typed), ("history", "remove")])
            assert answer.status_code == 400
            assert "Confirm this with the name of the bucket" in answer.text
    assert as_it_is(await site.bucket(bucket)) == as_it_is(before)
    assert await site.history.status(bucket)
    assert (await submit(browser, f"{page}/seal", [("typed", f" {bucket} ")])).status_code == 302
    assert (await site.bucket(bucket)).sealed
    await Job.objects.acreate(
        bucket=bucket, kind="verify", action="read", run="1", user="x", started=before.created, updated=before.created
    )
    answer = await submit(browser, f"{page}/delete", [("typed", bucket), ("history", "keep")])
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert not [status for status in await site.buckets() if status.name == bucket]
    assert await site.history.status(bucket)
    assert not await Grant.objects.filter(bucket=bucket).aexists()
    assert not await Job.objects.filter(bucket=bucket).aexists()


async def test_the_history_goes_with_the_bucket_or_alone(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await site.history.enable(bucket)
    page = f"/buckets/{bucket}/settings"
    assert (await submit(browser, f"{page}/history/remove", [("typed", bucket)])).status_code == 302
    assert await site.history.status(bucket) is None
    assert (await browser.get(f"{page}/history/remove")).status_code == 302
    await site.history.enable(bucket)
    assert (await submit(browser, f"{page}/delete", [("typed", bucket), ("history", "remove")])).status_code == 302
    assert await site.history.status(bucket) is None


async def test_only_admins_of_the_bucket_see_and_change_anything(
    bucket: str, site: ObjectStore, browsers: dict[str, httpx.AsyncClient]
) -> None:
    page = f"/buckets/{bucket}/settings"
    before = await site.bucket(bucket)
    posts = {
        page: [*fields(description="x"), ("confirm", "yes")],
        f"{page}/history": [("switch", "on"), ("confirm", "yes")],
        f"{page}/seal": [("typed", bucket)],
        f"{page}/delete": [("typed", bucket)],
        f"{page}/history/remove": [("typed", bucket)],
        f"{page}/repair": [("do", "read")],
    }
    for who, status in (("editor", 403), ("colleague", 403), ("outsider", 404)):
        client = browsers[who]
        assert (await client.get(page)).status_code == status
        for address, sent in posts.items():
            assert (await submit(client, address, sent)).status_code == status, address
        assert "/settings" not in (await client.get("/sidebar", params={"active": bucket})).text
    assert as_it_is(await site.bucket(bucket)) == as_it_is(before)
    assert await site.history.status(bucket) is None
    assert not await Job.objects.aexists()
    assert f"/buckets/{bucket}/settings" in (await browsers["owner"].get("/sidebar", params={"active": bucket})).text
    assert (await browsers["owner"].get("/buckets/nowhere/settings")).status_code == 404


async def test_bucket_and_history_change_together_or_not_at_all(
    bucket: str, site: ObjectStore, cast: Cast, foreign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the API asks for it. The history's part is refused by the server, which nothing could tell before."""
    await site.put(bucket, "x", b"a" * 5000)
    before = await site.bucket(bucket)

    async def refuse(*_: object, **__: object) -> None:
        from buckets.objectstore import BucketFull

        raise BucketFull("no room")

    monkeypatch.setattr(site.history, "enable", refuse)
    change = BucketChange(
        description="new", max_bytes=10**6, ttl=0.2, metadata={"a": "b"}, compression=True, unique_names=True, direct=False
    )
    with pytest.raises(Exception, match="no room"):
        await bucket_service.update_bucket(cast.owner, bucket, change, history=HistoryWish(enabled=True))
    assert as_it_is(await site.bucket(bucket)) == as_it_is(before)
    assert await site.history.status(bucket) is None
    assert [info.name for info in await site.list(bucket)] == ["x"]


LIMITED = "accounts { A: { jetstream: {max_streams: 6, max_file: 10M, max_mem: 1M}, users: [{user: a, password: a}] } }"


@pytest.fixture
async def limited(settings: Settings, transactional_db: None) -> AsyncIterator[ObjectStore]:
    """The site with an account that may have six streams and ten megabytes."""
    server = NatsServer(LIMITED)
    server.start()
    settings.NATS = ConnectOptions(servers=(server.url,), user="a", password="a", reconnect_wait=0.1)
    yield await runtime.store()
    await background.close()
    await runtime.close_store()
    server.remove()


async def test_the_accounts_limits_are_told_in_words_and_leave_nothing(
    limited: ObjectStore, browsers: dict[str, httpx.AsyncClient]
) -> None:
    admin = browsers["admin"]
    new = {"name": "one", "description": "", "ttl": "", "limit": "20 MB", "replicas": "1", "storage": "file"}
    answer = await submit(admin, "/buckets/new", list(new.items()))
    assert answer.status_code == 400
    assert "NATS has no room left for that: insufficient storage resources available." in answer.text
    assert await limited.buckets() == []
    await limited.create_bucket(BucketConfig("one"))
    before = await limited.bucket("one")
    answer = await submit(admin, "/buckets/one/settings", [*fields(limit="20 MB", description="x"), ("confirm", "yes")])
    assert answer.status_code == 400
    assert "NATS has no room left for that" in answer.text
    assert as_it_is(await limited.bucket("one")) == as_it_is(before)
    refused = []
    for name in ("more-1", "more-2", "more-3"):  # each two streams; beside "one" there is room for five
        answer = await submit(admin, "/buckets/new", list((new | {"name": name, "limit": "", "history": "on"}).items()))
        refused += [name] if answer.status_code == 400 else []
    assert refused == ["more-3"]
    assert "has as many streams as it may have" in answer.text
    assert [status.name for status in await limited.buckets()] == ["more-1", "more-2", "one"]  # what could not have its history is not made
    assert not await Grant.objects.filter(bucket="more-3").aexists()
