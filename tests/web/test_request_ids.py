"""One identifier for each request: in its answer, in errors, and at each line that is logged for it; and the access log."""

import asyncio
import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from channels.testing import WebsocketCommunicator
from django.test import Client

from buckets import requestid
from buckets.objectstore import ObjectStore
from nats_files import logs

from .conftest import Cast

Visit = Callable[..., httpx.AsyncClient]
HEADER = "X-Request-ID"


class Written:
    """What the site writes to its log, in one of its formats."""

    def __init__(self, formatter: logging.Formatter) -> None:
        self._stream = io.StringIO()
        self.handler = logging.StreamHandler(self._stream)
        self.handler.setFormatter(formatter)
        self.handler.addFilter(logs.RequestId())

    def lines(self, logger: str) -> list[str]:
        return [line for line in self._stream.getvalue().splitlines() if logger in line]

    def entries(self, logger: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines(logger)]

    async def some(self, logger: str, count: int = 1) -> list[dict[str, Any]]:
        """The access log writes a moment after the answer is out."""
        async with asyncio.timeout(20):
            while len(self.lines(logger)) < count:
                await asyncio.sleep(0.01)
        return self.entries(logger)


@pytest.fixture(params=[logs.JsonFormatter])
def written(request: pytest.FixtureRequest) -> Iterator[Written]:
    written, root, access = Written(request.param()), logging.getLogger(), logging.getLogger("nats_files.access")
    level = access.level
    access.setLevel(logging.INFO)
    root.addHandler(written.handler)
    yield written
    root.removeHandler(written.handler)
    access.setLevel(level)


async def test_it_is_at_every_line_and_in_the_answer(base: str, owner: httpx.AsyncClient, written: Written) -> None:
    answer = await owner.put(f"{base}/objects/x", content=b"12345", headers={HEADER: "from-the.proxy/1"})
    assert answer.headers[HEADER] == "from-the.proxy/1"
    (audit,) = await written.some("buckets.audit")
    (access,) = await written.some("nats_files.access")
    assert {audit["request_id"], access["request_id"]} == {"from-the.proxy/1"}
    told = access["access"]
    assert (told["method"], told["status"], told["route"], told["user"]) == ("PUT", 201, "api:object", "owner")
    assert (told["received"], told["path"]) == (5, f"{base}/objects/x")
    assert told["sent"] == len(answer.content)
    assert 0 < told["seconds"] < 60


@pytest.mark.parametrize("given", ["", "a" * 65, "a b", "ä", "x\t", 'x"y', "<b>", "%0a"])
async def test_what_could_not_be_one_is_not_taken(site: ObjectStore, visit: Visit, given: str) -> None:
    chosen = (await visit().get("/healthz", headers={HEADER.encode(): given.encode()})).headers[HEADER]
    assert re.fullmatch(r"[0-9a-f]{16}", chosen)


async def test_requests_at_once_do_not_share_theirs(base: str, owner: httpx.AsyncClient, written: Written) -> None:
    names = [f"r{number}" for number in range(8)]
    await asyncio.gather(*(owner.put(f"{base}/objects/{name}", content=b"x", headers={HEADER: name}) for name in names))
    audited = {entry["request_id"]: entry["audit"]["name"] for entry in written.entries("buckets.audit")}
    assert audited == {name: name for name in names}


async def test_what_a_request_leaves_behind_does_not_go_by_its_name(written: Written) -> None:
    over = asyncio.Event()

    async def work() -> None:
        logging.getLogger("left.behind").warning("while")
        await over.wait()
        logging.getLogger("left.behind").warning("afterwards")

    with requestid.handling(requestid.Handled("one")):
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
    over.set()
    await task
    assert [entry.get("request_id") for entry in written.entries("left.behind")] == ["one", None]


async def test_errors_say_it_in_json_and_on_pages(
    base: str, owner: httpx.AsyncClient, browser: httpx.AsyncClient, visit: Visit, written: Written
) -> None:
    answer = await owner.get(f"{base}/objects/nothing", headers={HEADER: "seek"})
    assert answer.json()["error"]["request_id"] == answer.headers[HEADER] == "seek"
    tus = await owner.patch("/api/v1/uploads/x", headers={HEADER: "tus"})
    assert tus.json()["error"]["request_id"] == "tus"
    large = await visit().post("/login", content=b"x" * 70_000, headers={HEADER: "large"})
    assert (large.status_code, large.headers[HEADER]) == (413, "large")
    page = await browser.get("/buckets/new", headers={HEADER: "page"})
    assert page.status_code == 403
    assert '<code class="mono">page</code>' in page.text
    forged = await browser.post("/theme", headers={HEADER: "csrf"})
    assert (forged.status_code, '<code class="mono">csrf</code>' in forged.text) == (403, True)
    assert {entry["request_id"] for entry in await written.some("nats_files.access", 5)} >= {"seek", "tus", "large", "page", "csrf"}


@pytest.mark.parametrize("written", [logs.TextFormatter, logs.JsonFormatter], indirect=True)
async def test_no_path_and_no_user_forges_a_line(site: ObjectStore, application: Any, written: Written) -> None:
    """What no client library would send."""
    path = '/nowhere" status=200 user="admin"\r\n2026-01-01T00:00:00Z INFO buckets.audit bucket.delete\u2028x'
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode() + b"?secret=1", "query_string": b"secret=1",
        "headers": [(b"host", b"testserver"), (b"x-request-id", b"a\nb")], "client": ("127.0.0.1", 1), "http_version": "1.1",
        "scheme": "http", "server": ("testserver", 80), "root_path": "",
    }  # fmt: skip
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    coming = [{"type": "http.request"}]

    async def receive() -> Any:
        return coming.pop() if coming else await asyncio.Event().wait()

    await application(scope, receive, send)
    assert sent[0]["status"] == 404
    (line,) = written.lines("nats_files.access")
    assert line.isprintable()
    assert written.lines("bucket.delete") == [line]
    assert 'status=200 user="admin"' not in line
    assert "secret" not in line


async def test_a_websocket_has_one_too(bucket: str, application: Any, cast: Cast, written: Written) -> None:
    session = await asyncio.to_thread(session_of, cast)
    headers = [
        (b"cookie", f"sessionid={session}".encode()),
        (b"origin", b"http://testserver"),
        (b"host", b"testserver"),
        (b"x-request-id", b"ws-1"),
    ]
    socket = WebsocketCommunicator(application, f"/ws/buckets/{bucket}", headers=headers)
    await socket.send_input({"type": "websocket.connect"})
    accepted = await socket.receive_output(30)
    assert (accepted["type"], dict(accepted["headers"])[b"x-request-id"]) == ("websocket.accept", b"ws-1")
    await socket.disconnect(1001, timeout=30)
    (access,) = await written.some("nats_files.access")
    assert (access["request_id"], access["access"]["method"], access["access"]["status"]) == ("ws-1", "WEBSOCKET", 1001)
    assert access["access"]["path"] == f"/ws/buckets/{bucket}"


def session_of(cast: Cast) -> str:
    client = Client()
    client.force_login(cast.owner)
    return client.cookies["sessionid"].value
