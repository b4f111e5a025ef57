"""Through the site, with a client that is not the bottleneck: sockets and large blocks."""

import hashlib
import http.client
import time
from dataclasses import dataclass

from .payload import BLOCK, Payload
from .site import Site
from .transfers import Transfer

NAME = "object"
PAGE = 4096


@dataclass(frozen=True)
class OverHttp:
    site: Site
    label: str = "NATS Files over HTTP"

    def run(self, bucket: str, payload: Payload) -> Transfer:
        with self.site.api() as api:
            api.post("/buckets", json={"name": bucket}).raise_for_status()
            put = self.upload(bucket, payload)
            get, digest = self.download(bucket, payload.size)
            api.delete(f"/buckets/{bucket}").raise_for_status()
        return Transfer(put, get, digest)

    def upload(self, bucket: str, payload: Payload) -> float:
        """Seconds from connecting to the answer."""
        blocks = list(payload.blocks())
        start = time.perf_counter()
        connection = self.site.connection()
        connection.putrequest("PUT", _path(bucket))
        connection.putheader("Authorization", f"Bearer {self.site.token}")
        connection.putheader("Content-Type", "application/octet-stream")
        connection.putheader("Content-Length", str(payload.size))
        connection.endheaders()
        for block in blocks:
            connection.sock.sendall(block)
        answer = connection.getresponse()
        text = answer.read()
        took = time.perf_counter() - start
        connection.close()
        if answer.status != 201:
            raise RuntimeError(f"the upload was answered {answer.status}: {text[:300]!r}")
        return took

    def download(self, bucket: str, size: int) -> tuple[float, str]:
        """Seconds from connecting to the last byte, and the SHA-256, which is computed afterwards."""
        space = bytearray(size)
        space[::PAGE] = bytes(len(range(0, size, PAGE)))  # the memory is really there before the clock starts
        view = memoryview(space)
        start = time.perf_counter()
        answer = self.open(bucket)
        at = 0
        while got := answer.readinto(view[at : at + BLOCK]):
            at += got
        took = time.perf_counter() - start
        answer.close()
        return took, hashlib.sha256(view[:at]).hexdigest()

    def open(self, bucket: str) -> http.client.HTTPResponse:
        connection = self.site.connection()
        connection.request("GET", _path(bucket), headers={"Authorization": f"Bearer {self.site.token}"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"the download was answered {answer.status}: {answer.read(300)!r}")
        return answer


def _path(bucket: str) -> str:
    return f"/api/v1/buckets/{bucket}/objects/{NAME}"
