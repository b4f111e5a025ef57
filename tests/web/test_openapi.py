"""The API's own description (OpenAPI 3.1): valid, complete, and true to what the API answers."""

import asyncio
import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate

from buckets.api import description, health_answers
from buckets.api.endpoint import METHODS
from buckets.api.errors import STATUS
from buckets.api.openapi.document import document
from buckets.api.urls import urlpatterns
from buckets.objectstore import ObjectStore

from .conftest import CSRF, Visitors
from .helpers import listed

Document: TypeAlias = dict[str, Any]
ROOT = Path(__file__).parent.parent.parent
API = ROOT / "buckets" / "api"
DOCS = (ROOT / "docs" / "api.md").read_text()
STRICT = document(description.routes(), strict=True)
AT = "2199-01-01T00:00:00Z"
LINK = "application/vnd.nats-files.link+json"
UPLOADS = "application/vnd.nats-files.uploads"


def operations(found: Document = STRICT) -> Iterator[tuple[str, str, Document]]:
    for path, methods in found["paths"].items():
        yield from ((method.upper(), path, operation) for method, operation in methods.items())


def operation(method: str, path: str) -> Document:
    return next(each for a_method, a_path, each in operations() if (a_method, a_path) == (method, path))


def validator(schema: Document) -> Draft202012Validator:
    """``schema`` with what it refers to."""
    return Draft202012Validator({**schema, "components": STRICT["components"]}, format_checker=FormatChecker())


def check(response: httpx.Response, method: str, path: str) -> Any:
    """The answer is one that the description has: status, code of the error, headers, media type, and every field."""
    told = operation(method, path)["responses"][str(response.status_code)]
    if response.status_code >= 400 and method != "HEAD":
        code = response.json()["error"]["code"]
        assert f"`{code}`" in told["description"], f"{method} {path} answered {response.status_code} {code}"
    assert [name for name, _ in told.get("headers", {}).items() if name in ("Location", "ETag") and name not in response.headers] == []
    if not response.content:
        return None
    media_type = response.headers["Content-Type"].partition(";")[0]
    content = told["content"].get(media_type) or told["content"]["*/*"]
    if "json" not in media_type or "schema" not in content:
        return response.content
    lines = response.text.splitlines() if media_type.endswith("ndjson") else [response.text]
    for line in lines:
        validator(content["schema"]).validate(json.loads(line))
    return json.loads(lines[0])


class Client:
    """Asks as a user, and compares what it sends and gets with the description."""

    def __init__(self, client: httpx.AsyncClient, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    async def ask(self, method: str, path: str, query: str = "", status: int = 0, name: str = "there", **options: Any) -> Any:
        if "json" in options:
            body = operation(method, path)["requestBody"]["content"]
            media_type = options.get("headers", {}).get("Content-Type", "application/json")
            validator(body[media_type]["schema"]).validate(options["json"])
        filled = path.format(bucket=self._bucket, name=name, upload=name)
        response = await self._client.request(method, f"/api/v1{filled}{query}", **options)
        assert not status or response.status_code == status, response.text
        return check(response, method, path)


@pytest.fixture
def asks(admin: httpx.AsyncClient, bucket: str) -> Client:
    return Client(admin, bucket)


def test_the_document_is_valid() -> None:
    validate(description.description())
    validate(STRICT)


def test_it_has_every_route_and_method_and_no_other() -> None:
    routes = set()
    for pattern in urlpatterns[:-1]:
        path = re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern))
        routes |= {(method, f"/{path}") for method in getattr(pattern.callback, METHODS)}
    assert {(method, path) for method, path, _ in operations()} == routes


def test_every_call_stands_under_a_heading_that_says_something() -> None:
    assert [path for _, path, found in operations() if found["tags"] == [description.OTHER]] == ["/openapi.json"]


def test_it_agrees_with_the_documentation_about_routes_and_roles() -> None:
    rows = re.findall(r"^\| `([A-Z]+) (/[^`]*)` \| ([^|]*) \|", DOCS, re.MULTILINE)
    told = {(method, path): found["x-role"] for method, path, found in operations()}
    assert [(method, path, role) for method, path, role in rows if told[method, path] != role.strip()] == []


def test_every_parameter_is_in_the_documentation() -> None:
    names = {each["name"] for _, _, found in operations() for each in found.get("parameters", [])}
    headers = {"Tus-Resumable", "Upload-Length", "Upload-Defer-Length", "Upload-Checksum"}  # those of the tus protocol are told there
    assert sorted(name for name in names - headers if name not in DOCS) == []


def test_every_field_is_in_the_documentation() -> None:
    schemas = STRICT["components"]["schemas"]
    fields = {(name, field) for name, schema in schemas.items() for field in schema.get("properties", {})}
    known = {"Stream", "Replica", *vars(health_answers)}  # as the server reports them, and what the reference alone tells
    assert sorted((name, field) for name, field in fields if name not in known and not re.search(rf'[`"]{field}[`"=:]', DOCS)) == []


def test_every_error_that_it_tells_is_one_of_the_table() -> None:
    told = {
        code for _, _, found in operations() for each in found["responses"].values() for code in re.findall(r"`(\w+)`", each["description"])
    }
    own = {code for code in told if code.startswith("tus_")}
    assert sorted(told - own - set(STATUS) - {"modified"}) == []


def test_every_operation_has_an_identifier_of_its_own_and_an_example_that_fits() -> None:
    identifiers = [found["operationId"] for _, _, found in operations()]
    assert len(identifiers) == len(set(identifiers))
    for route in description.routes():
        for method, handler in route.handlers.items():
            told = handler.operations.get(method) or handler.operations[""]  # type: ignore[attr-defined]
            if told.body is not None and told.body.example:
                schema = operation(method, route.path)["requestBody"]["content"]["application/json"]["schema"]
                validator(schema).validate(json.loads(told.body.example))


def test_every_parameter_that_is_read_is_told() -> None:
    told = {each["name"] for _, _, found in operations() for each in found.get("parameters", [])}
    asks = re.compile(r'(?:request\.GET\.get\(|(?<!getattr)\(request, )"(\w+)"')
    read = {name for path in API.glob("*.py") for name in asks.findall(path.read_text())}
    assert {"q", "limit", "at", "own", "before"} <= read
    assert read - told == set()


async def test_bodies_have_just_the_fields_that_are_taken(asks: Client, admin: httpx.AsyncClient, bucket: str, site: ObjectStore) -> None:
    """The API refuses others and says which there are."""
    await site.put(bucket, "there", b"data")
    for method, path, found in operations():
        schema = found.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            continue
        fields = STRICT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"]
        address = f"/api/v1{path.format(bucket=bucket, name='there')}"
        response = await admin.request(method, address, json={"nonsense": 1}, params={} if "{name}" in path else {"name": "there"})
        message = check(response, method, path)["error"]["message"]
        assert (method, path, set(message.rpartition("These can: ")[2].rstrip(".").split(", "))) == (method, path, set(fields))


async def test_buckets_answer_as_described(asks: Client, bucket: str) -> None:
    new = {"name": f"{bucket}-new", "ttl_seconds": 3600, "history": True, "placement": None}
    assert (await asks.ask("POST", "/buckets", status=201, json=new))["name"] == f"{bucket}-new"
    await asks.ask("POST", "/buckets", status=409, json=new)
    await asks.ask("GET", "/buckets", status=200)
    history = {"keep_days": 1.5, "keep_versions": 3, "max_bytes": 10**9}
    await asks.ask("PATCH", "/buckets/{bucket}", status=409, json={"history": history})
    await asks.ask("PATCH", "/buckets/{bucket}", status=200, json={"description": "x", "metadata": {"a": "b"}, "max_bytes": None})
    await asks.ask("PATCH", "/buckets/{bucket}", status=200, json={"history": {"enabled": True, **history}})
    await asks.ask("GET", "/buckets/{bucket}/history", status=200)
    await asks.ask("POST", "/buckets/{bucket}/history/prune", status=200)
    await asks.ask("POST", "/buckets/{bucket}/effects", status=200, json={"max_bytes": 1})
    await asks.ask("POST", "/buckets/{bucket}/jobs", status=202, json={"job": "find_orphans", "older_than_seconds": 60})
    async with asyncio.timeout(30):
        while (await asks.ask("GET", "/buckets/{bucket}/jobs", status=200))["jobs"][0]["state"] == "running":
            await asyncio.sleep(0.05)
    await asks.ask("POST", "/buckets/{bucket}/seal", status=400, json={"confirm": "another"})
    await asks.ask("DELETE", "/buckets/{bucket}/history", status=204)
    assert not (await asks.ask("GET", "/buckets/{bucket}/history", status=200))["enabled"]
    await asks.ask("POST", "/buckets/{bucket}/history/prune", status=409)
    await asks.ask("PATCH", "/buckets/{bucket}", status=200, json={"history": True})
    await asks.ask("DELETE", "/archives/{bucket}", status=409)
    await asks.ask("DELETE", "/buckets/{bucket}", status=204)
    await asks.ask("GET", "/buckets/{bucket}", status=404)
    assert [each["bucket"] for each in (await asks.ask("GET", "/archives", status=200))["archives"]] == [bucket]
    await asks.ask("DELETE", "/archives/{bucket}", status=204)
    await asks.ask("DELETE", "/archives/{bucket}", status=404)


async def test_objects_answer_as_described(asks: Client, bucket: str) -> None:
    one = "/buckets/{bucket}/objects/{name}"
    assert await asks.ask("PUT", one, status=201, content=b"data", headers={"Content-Type": "text/plain"})
    await asks.ask("PUT", one, status=412, content=b"data", headers={"If-None-Match": "*"})
    await asks.ask("PUT", one, status=400, content=b"data", headers={"Content-Digest": "sha-256=:" + "A" * 43 + "=:"})
    await asks.ask("PUT", one, status=201, name="a%2Flink", json={"bucket": bucket, "name": "there"}, headers={"Content-Type": LINK})
    await asks.ask("PUT", one, status=422, name="bad", json={"bucket": bucket, "name": "a/link"}, headers={"Content-Type": LINK})
    for method in ("GET", "HEAD"):
        await asks.ask(method, one, status=200)
        await asks.ask(method, one, status=404, name="absent")
    await asks.ask("GET", one, status=206, headers={"Range": "bytes=1-2"})
    await asks.ask("GET", one, status=206, headers={"Range": "bytes=0-0,3-3"})
    await asks.ask("GET", one, status=416, headers={"Range": "bytes=9-"})
    await asks.ask("GET", one, status=409, query="?version=1")
    await asks.ask("PATCH", one, status=200, json={"description": "d", "headers": {"A": ["b"]}, "metadata": {"k": "v"}})
    await asks.ask("PATCH", one, status=409, json={"description": "e", "revision": 1})
    await listed(bucket, "there", "a/link")
    found = await asks.ask("GET", "/buckets/{bucket}/objects", status=200, query="?delimiter=/&sort=-size&limit=1")
    assert found["cursor"]
    await asks.ask("GET", "/buckets/{bucket}/objects", status=400, query="?sort=colour")
    await asks.ask("GET", "/buckets/{bucket}/objects", status=200, query="?name=there")
    await asks.ask("GET", "/buckets/{bucket}/links", status=200, query="?name=there")
    assert (await asks.ask("GET", "/buckets/{bucket}/links", status=200, query="?own=true"))["links"]
    await asks.ask("GET", "/buckets/{bucket}/archive", status=200, query="?prefix=a/")
    await asks.ask("POST", "/buckets/{bucket}/archive", status=200, json={"names": ["there"], "compress": True})
    await asks.ask("POST", "/buckets/{bucket}/archive", status=400, json={})
    await asks.ask("DELETE", one, status=204, name="a%2Flink")
    await asks.ask("POST", "/buckets/{bucket}/seal", status=200, json={"confirm": bucket})
    await asks.ask("PUT", one, status=409, content=b"data")


async def test_many_at_once_answer_as_described(asks: Client, bucket: str) -> None:
    body = b'{"name": "a", "size": 1}\n1{"name": "b", "size": 2}\n12'
    await asks.ask("POST", "/buckets/{bucket}/upload", status=200, content=body, headers={"Content-Type": UPLOADS})
    await asks.ask("POST", "/buckets/{bucket}/upload", status=400, content=body[:-1], headers={"Content-Type": UPLOADS})
    await asks.ask("POST", "/buckets/{bucket}/copy", status=200, json={"items": [{"name": "a", "to": "c"}, {"name": "absent", "to": "d"}]})
    await asks.ask("POST", "/buckets/{bucket}/move", status=200, json={"items": [{"name": "c", "to": "d"}], "overwrite": True})
    await asks.ask("POST", "/buckets/{bucket}/links/follow", status=200, json={"items": [{"name": "c", "to": "d"}]})
    await asks.ask("POST", "/buckets/{bucket}/delete", status=200, json={"names": ["a", "absent"], "for_good": True})
    await asks.ask("POST", "/buckets/{bucket}/undelete", status=200, json={"names": ["a"]})
    await asks.ask("POST", "/buckets/{bucket}/restore", status=200, json={"items": [{"name": "a", "version": "1"}]})


async def test_the_past_answers_as_described(asks: Client, bucket: str, site: ObjectStore) -> None:
    await site.history.enable(bucket)
    for content in (b"old", b"data"):
        await site.put(bucket, "there", content)
    await site.put(bucket, "gone", b"x")
    await site.delete(bucket, "gone")
    versions = "/buckets/{bucket}/versions/{name}"
    found = (await asks.ask("GET", versions, status=200))["versions"]
    old = found[-1]["version"]
    await asks.ask("GET", "/buckets/{bucket}/versions", status=200, query="?name=gone&limit=1")
    await asks.ask("GET", f"{versions}/restore", status=200)
    await asks.ask("GET", "/buckets/{bucket}/objects/{name}", status=200, query=f"?version={old}")
    await asks.ask("GET", "/buckets/{bucket}/objects/{name}", status=404, query="?version=99999")
    await asks.ask("GET", "/buckets/{bucket}/objects", status=200, query=f"?at={AT}")
    await listed(bucket, "there")
    assert (await asks.ask("GET", "/buckets/{bucket}/trash", status=200))["objects"]
    await asks.ask("POST", "/buckets/{bucket}/rewind", status=200, json={"at": AT, "prefix": "", "remove_newer": False})
    await asks.ask("POST", "/buckets/{bucket}/rewind", status=400, content=b"[]", headers={"Content-Type": "application/json"})
    await asks.ask("POST", f"{versions}/restore", status=200, json={"version": old})
    await asks.ask("POST", f"{versions}/restore", status=200, name="gone")
    await asks.ask("DELETE", versions, status=400)
    await asks.ask("DELETE", versions, status=204, query=f"?version={old}")


async def test_uploads_in_pieces_answer_as_described(asks: Client, admin: httpx.AsyncClient, bucket: str) -> None:
    speaking = {"Tus-Resumable": "1.0.0"}
    await asks.ask("OPTIONS", "/uploads", status=204)
    await asks.ask("POST", "/uploads", status=412)
    begun = speaking | {"Upload-Length": "4", "Upload-Metadata": f"bucket {_base64(bucket)},name {_base64('new')}"}
    location = (await admin.post("/api/v1/uploads", headers=begun)).headers["Location"]
    one, name = "/uploads/{upload}", location.rpartition("/")[2]
    piece = speaking | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    await asks.ask("HEAD", one, status=200, name=name, headers=speaking)
    await asks.ask("PATCH", one, status=409, name=name, headers=piece | {"Upload-Offset": "3"}, content=b"d")
    await asks.ask("PATCH", one, status=204, name=name, headers=piece, content=b"da")
    override = piece | {"Upload-Offset": "2", "X-HTTP-Method-Override": "PATCH"}
    await asks.ask("POST", one, status=204, name=name, headers=override, content=b"t")
    await asks.ask("DELETE", one, status=204, name=name, headers=speaking)
    await asks.ask("HEAD", one, name=name, headers=speaking)


async def test_refusals_answer_as_described(visitors: Visitors, browser: httpx.AsyncClient, bucket: str, site: ObjectStore) -> None:
    for who, method, path, options in (
        ("anonymous", "GET", "/buckets", {}),
        ("outsider", "GET", "/buckets/{bucket}", {}),
        ("colleague", "PATCH", "/buckets/{bucket}", {"json": {}}),
        ("colleague", "PUT", "/buckets/{bucket}/objects/{name}", {"content": b""}),
        ("owner", "POST", "/buckets", {"json": {"name": "x"}}),
        ("outsider", "POST", "/buckets/{bucket}/upload", {"content": b"", "headers": {"Content-Type": UPLOADS}}),
        ("colleague", "POST", "/buckets/{bucket}/move", {"json": {"items": []}}),
    ):
        await Client(visitors[who], bucket).ask(method, path, **options)
    await Client(browser, bucket).ask("DELETE", "/buckets/{bucket}/objects/{name}", status=403)
    await Client(browser, bucket).ask("DELETE", "/buckets/{bucket}/objects/{name}", status=204, headers={"X-CSRFToken": CSRF})


async def test_it_is_served_to_users(visitors: Visitors) -> None:
    answer = await visitors["outsider"].get("/api/v1/openapi.json")
    assert answer.json() == json.loads(json.dumps(description.description()))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def test_its_page_shows_every_call_and_finds_some(browser: httpx.AsyncClient, visitors: Visitors, site: ObjectStore) -> None:
    whole = (await browser.get("/api/")).text
    assert [name for _, _, found in operations() if f'id="{(name := found["operationId"])}"' not in whole] == []
    assert [name for name in STRICT["components"]["schemas"] if f'id="shape-{name}"' not in whole] == []
    assert [each for each in re.findall(r'href="#([^"]+)"', whole) if f'id="{each}"' not in whole] == []
    some = (await browser.get("/api/?q=seal")).text
    assert ('id="post_seal"' in some, 'id="get_buckets"' in some) == (True, False)
    assert "No call is called so" in (await browser.get("/api/?q=<nothing>")).text
    assert (await visitors["anonymous"].get("/api/")).status_code == 302
