"""The site as compose.yaml runs it: two replicas behind Caddy, three NATS servers, PostgreSQL. Whichever answers, it is one site."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import Window, sign_in, watch
from tests.faults.helpers import content
from tests.faults.transfers import TUS, Transfers
from tests.site import PASSWORD

from .conftest import Clients, signed_in
from .deployment import Deployment
from .load import Load

KIB, MIB = 1024, 1024 * 1024
SECONDS = 60
# What the console says of connections that break, and of answers that Caddy gives for a replica that is away.
BROKEN = ("ERR_", "WebSocket", "423", "409", "502", "503", "504")
PEOPLE = """
from django.contrib.auth.models import User
from asgiref.sync import async_to_sync
from buckets.models import ApiToken, Grant
from buckets.services import tokens
ben = User.objects.create_user("ben", password={password!r})
grant = Grant.objects.create(bucket="shared", user=ben, role="editor")
token = async_to_sync(tokens.issue)(ben)
print(grant.pk, ApiToken.objects.get(user=ben).pk, token)
"""


@pytest.fixture
async def bucket(api: Clients) -> AsyncIterator[str]:
    """Called ``files``, with three replicas; it is gone after the test."""
    (await api.one.post("/api/v1/buckets", json={"name": "files", "replicas": 3})).raise_for_status()
    yield "files"
    (await api.any.delete("/api/v1/buckets/files")).raise_for_status()


async def test_sessions_forms_and_rights_hold_whichever_replica_answers(deployment: Deployment, api: Clients) -> None:
    one, other = (httpx.URL(site.url) for site in deployment.sites)
    grant, token_id, token = deployment.sites[0].manage("shell", "-v", "0", "-c", PEOPLE.format(password=PASSWORD)).split()
    (await api.one.post("/api/v1/buckets", json={"name": "shared", "replicas": 3})).raise_for_status()
    shared = f"{other}/api/v1/buckets/shared"
    async with httpx.AsyncClient(timeout=30) as admin, httpx.AsyncClient(timeout=30) as ben:
        await signed_in(admin, one, other)
        await signed_in(ben, other, one, name="ben")
        for url in (one, other, deployment.url):
            assert "shared" in (await ben.get(f"{url}/")).text
        script = {"Authorization": f"Bearer {token}"}
        assert (await ben.put(f"{shared}/objects/a", content=b"a", headers=script)).status_code == 201
        assert (await admin.post(f"{one}/admin/buckets/grant/{grant}/delete/", data=form(admin))).status_code == 302
        assert (await ben.get(f"{shared}/objects/a", headers=script)).status_code == 404
        assert (await ben.get(f"{other}/buckets/shared/")).status_code == 404
        assert (await ben.get(f"{other}/api/v1/buckets", headers=script)).json() == {"buckets": []}
        assert (await admin.post(f"{one}/admin/buckets/apitoken/{token_id}/delete/", data=form(admin))).status_code == 302
        assert (await ben.get(f"{other}/api/v1/buckets", headers=script)).status_code == 401
        assert (await ben.post(f"{one}/logout", data=form(ben))).status_code == 302
        assert (await ben.get(f"{other}/")).headers["Location"].startswith("/login")


def form(person: httpx.AsyncClient) -> dict[str, str]:
    return {"csrfmiddlewaretoken": person.cookies["csrftoken"], "post": "yes"}


async def test_what_an_admin_does_at_one_replica_is_known_at_the_other_at_once(api: Clients) -> None:
    wanted = [{"name": "made", "replicas": 3, "description": words, "history": {"keep_versions": 1}} for words in ("one", "other")]
    made = [client.post("/api/v1/buckets", json=settings) for client, settings in zip((api.one, api.other), wanted, strict=True)]
    answers = await asyncio.gather(*made)
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    for number in range(5):
        writer, reader = (api.one, api.other) if number % 2 else (api.other, api.one)
        assert (await writer.put("/api/v1/buckets/made/objects/x", content=f"{number}")).status_code == 201
        assert (await reader.get("/api/v1/buckets/made/objects/x")).content == f"{number}".encode()
    only_new = {"If-None-Match": "*"}
    answers = await asyncio.gather(
        *(client.put("/api/v1/buckets/made/objects/y", content=b"y", headers=only_new) for client in (api.one, api.other, api.any))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 412, 412]
    pruned = await asyncio.gather(*(client.post("/api/v1/buckets/made/history/prune") for client in (api.one, api.other)))
    assert [answer.status_code for answer in pruned] == [200, 200]
    for client in (api.one, api.other):
        versions = (await client.get("/api/v1/buckets/made/versions/x")).json()["versions"]
        assert [(version["size"], version["current"]) for version in versions] == [(1, True), (1, False)]
    (await api.other.patch("/api/v1/buckets/made", json={"description": "changed there"})).raise_for_status()
    assert (await api.one.get("/api/v1/buckets/made")).json()["description"] == "changed there"
    assert (await api.one.delete("/api/v1/buckets/made?history=remove")).status_code == 204
    assert (await api.other.get("/api/v1/buckets/made")).status_code == 404
    assert (await api.other.get("/api/v1/buckets/made/objects")).status_code == 404
    (await api.one.post("/api/v1/buckets", json={"name": "made", "replicas": 3})).raise_for_status()
    assert (await api.other.get("/api/v1/buckets/made/objects")).json()["total"] == 0


async def test_the_balancer_takes_them_in_turn_and_tells_them_who_asks(deployment: Deployment, api: Clients) -> None:
    for _ in range(6):
        assert (await api.any.get("/api/v1/buckets/in-turn", headers={"X-Forwarded-For": "203.0.113.9"})).status_code == 404
    asked: list[list[str]] = []
    async with asyncio.timeout(SECONDS):
        while sum(map(len, asked)) < 6:  # a line is written after its answer
            asked = [[line for line in site.log.splitlines() if "buckets/in-turn" in line] for site in deployment.sites]
            await asyncio.sleep(0.02)
    assert all(asked)
    assert [line for lines in asked for line in lines if "127.0.0.1" not in line or "203.0.113.9" in line] == []


async def test_uploads_go_on_at_another_replica(bucket: str, api: Clients) -> None:
    data = content(3 * MIB)
    one, other, both = (Transfers(client, random.Random(0)) for client in (api.one, api.other, api.any))
    upload = await one.begin("pieces", len(data))
    assert await other.piece(upload, 0, data[: 600 * KIB]) == 600 * KIB
    offset = await broken_off(one, upload, 600 * KIB, data[600 * KIB : 2 * MIB], seen_by=other)
    await both.go_on(upload, data, offset)
    assert (await api.other.get("/api/v1/buckets/files/objects/pieces")).content == data
    given_up = await both.begin("never", 1000)
    await one.piece(given_up, 0, b"x" * 500)
    assert (await api.other.delete(given_up, headers=TUS)).status_code == 204
    assert (await api.one.head(given_up, headers=TUS)).status_code in (404, 410)
    small = {f"small/{number}": content(number * 7, seed=number) for number in range(100)}
    lines = b"".join(json.dumps({"name": name, "size": len(body)}).encode() + b"\n" + body for name, body in small.items())
    kind = {"Content-Type": "application/vnd.nats-files.uploads"}
    answer = await api.any.post("/api/v1/buckets/files/upload", content=lines, headers=kind)
    assert [result["error"] for result in answer.json()["results"]] == [None] * 100
    for client in (api.one, api.other):
        await listed(client, sorted([*small, "pieces"]))
        assert [(await client.get(f"/api/v1/buckets/files/objects/{name}")).content for name in small][::9] == [*small.values()][::9]


async def broken_off(at: Transfers, upload: str, offset: int, piece: bytes, *, seen_by: Transfers) -> int:
    """Send a piece to one replica, and break it off in the middle; where the other one says that it stands."""
    sent = asyncio.Event()

    async def half() -> AsyncIterator[bytes]:
        yield piece[: len(piece) // 2]
        sent.set()
        await asyncio.Event().wait()

    headers = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    request = asyncio.create_task(at.client.patch(upload, content=half(), headers=headers))
    await sent.wait()
    request.cancel()
    await asyncio.gather(request, return_exceptions=True)
    return await seen_by.offset(upload)


async def listed(client: httpx.AsyncClient, names: list[str]) -> None:
    """Wait until the replica's index has exactly these: it hears of what the other one wrote a moment after the writer does."""
    found: list[str] = []
    async with asyncio.timeout(SECONDS):
        while found != names:
            found = [each["name"] for each in (await client.get("/api/v1/buckets/files/objects")).json()["objects"]]
            await asyncio.sleep(0.02)


async def test_nothing_is_lost_when_replicas_and_a_nats_server_are_killed(
    deployment: Deployment, bucket: str, api: Clients, chromium: Browser, tmp_path: Path
) -> None:
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(SECONDS * 1000)
    expect.set_options(timeout=SECONDS * 1000)
    window = Window(await context.new_page(), deployment.url, expected=BROKEN)
    watch(window.page, window.errors)
    await sign_in(window)
    await window.open_bucket(bucket)
    await window.page.evaluate("window.neverReloaded = true")
    large = tmp_path / "large.bin"
    large.write_bytes(content(32 * MIB))
    for name, client in (("at-one", api.one), ("at-the-other", api.other)):
        await seen(window.page, client, name)
    load = Load(api.any)
    await load.prepare()
    async with load:
        async with window.page.expect_request("**/api/v1/uploads/*"):
            await window.drag(large)
        for number, site in enumerate(deployment.sites):
            await asyncio.to_thread(site.kill)
            await load.goes_on(20)
            await seen(window.page, api.any, f"without-replica-{number}")
            await asyncio.to_thread(site.start)
            if number == 0:
                leader = await deployment.nats.leader("OBJ_files")
                await asyncio.to_thread(leader.kill)
                await load.goes_on(20)
                await seen(window.page, api.any, "without-nats-server")
                await asyncio.to_thread(leader.start)
                await deployment.nats.current("OBJ_files")
        await load.goes_on(20)
    print(f"\n{load.transfers.outcomes}")
    await expect(window.page.get_by_role("link", name="large.bin", exact=True)).to_be_visible()
    assert (await api.any.get("/api/v1/buckets/files/objects/large.bin")).content == large.read_bytes()
    await load.all_is_right(api.any)
    assert await window.page.evaluate("window.neverReloaded")
    await expect(window.page.locator("#live-state")).to_have_text("Live")
    assert not window.unexpected()
    await context.close()


async def seen(page: Page, client: httpx.AsyncClient, name: str) -> None:
    """A file that somebody uploads now appears on the page by itself."""
    async with asyncio.timeout(SECONDS):
        while (await client.put(f"/api/v1/buckets/files/objects/{name}", content=b"new")).status_code != 201:
            await asyncio.sleep(0.1)
    await expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
