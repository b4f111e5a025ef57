"""A stream's messages as they are stored, read by another client; and requests that no client library makes for us."""

import base64
from dataclasses import dataclass
from typing import Any

import orjson
from nats.aio.client import Client
from nats.js.errors import NotFoundError


@dataclass(frozen=True)
class Stored:
    sequence: int
    subject: str
    headers: dict[str, str]
    data: bytes

    @property
    def is_chunk(self) -> bool:
        return self.subject.split(".")[2] == "C"

    @property
    def document(self) -> dict[str, Any]:
        found = orjson.loads(self.data)
        assert isinstance(found, dict)
        return found

    @property
    def name(self) -> str:
        return base64.urlsafe_b64decode(self.subject.rpartition(".")[2]).decode()


async def stored(foreign: Client, stream: str) -> list[Stored]:
    """All of a (small) stream."""
    js = foreign.jetstream()
    state = (await js.stream_info(stream)).state
    found = []
    for sequence in range(max(1, state.first_seq), state.last_seq + 1):
        try:
            message = await js.get_msg(stream, sequence)
        except NotFoundError:
            continue
        assert message.subject is not None
        found.append(Stored(sequence, message.subject, dict(message.headers or {}), message.data or b""))
    return found


async def metadata(foreign: Client, bucket: str) -> list[Stored]:
    return [message for message in await stored(foreign, f"OBJ_{bucket}") if not message.is_chunk]


async def only_metadata(foreign: Client, bucket: str) -> Stored:
    [message] = await metadata(foreign, bucket)
    return message


async def chunks(foreign: Client, bucket: str) -> list[Stored]:
    return [message for message in await stored(foreign, f"OBJ_{bucket}") if message.is_chunk]


async def api(foreign: Client, subject: str, body: object = None) -> dict[str, Any]:
    """A JetStream API request, as it is: errors are in the answer."""
    answer = await foreign.request(f"$JS.API.{subject}", b"" if body is None else orjson.dumps(body), timeout=10)
    found = orjson.loads(answer.data)
    assert isinstance(found, dict)
    return found


async def stream_config(foreign: Client, stream: str) -> dict[str, Any]:
    config = (await api(foreign, f"STREAM.INFO.{stream}"))["config"]
    assert isinstance(config, dict)
    return config
