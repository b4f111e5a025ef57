"""Uses the site on this port as scripts and browsers do: run in the image by ``prove_image``, with an API token as its argument."""

import http.client
import json
import os
import re
import sys
import time

DATA = os.urandom(5_000_000)
TOKEN = {"Authorization": f"Bearer {sys.argv[1]}"}
site = http.client.HTTPConnection("127.0.0.1", int(os.environ["PORT"]), timeout=30)


def ask(
    method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes, http.client.HTTPResponse]:
    site.request(method, path, body=body, headers=headers or {})
    answer = site.getresponse()
    return answer.status, answer.read(), answer


deadline = time.monotonic() + 30
while ask("GET", "/readyz")[0] != 200 and time.monotonic() < deadline:
    time.sleep(0.1)
made = ask("POST", "/api/v1/buckets", json.dumps({"name": "proof"}).encode(), TOKEN | {"Content-Type": "application/json"})[0]
assert made in (201, 409), made
assert ask("PUT", "/api/v1/buckets/proof/objects/x", DATA, TOKEN)[0] == 201
assert ask("GET", "/api/v1/buckets/proof/objects/x", headers=TOKEN)[1] == DATA
page = ask("GET", "/login")[1]
styles = re.findall(rb'href="(/static/[^"]+\.css)"', page)
assert styles
status, _, answer = ask("GET", styles[0].decode(), headers={"Accept-Encoding": "gzip"})
assert (status, answer.headers["Content-Encoding"]) == (200, "gzip"), (status, answer.headers)
