"""The process that parses what strangers wrote: ``python -m buckets.previews.worker``, started and ended by ``asking``.

It is not told the site's secrets, can write no file, has little memory, and is killed when it takes too long. Over its pipes, both ways:
two lengths (4 bytes each), a JSON document, and bytes.
"""

import contextlib
import json
import resource
import sys
from typing import BinaryIO

from .model import HEAD, Answer, Asked, Failed, bytes_of, to_json
from .render import render

MEMORY = 768 * 1024 * 1024


def main() -> None:
    _limit()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while (head := source.read(HEAD.size)) and len(head) == HEAD.size:
        fields, payload = HEAD.unpack(head)
        asked = Asked(**json.loads(source.read(fields)))
        _send(sink, _answer(asked, source.read(payload)))


def _answer(asked: Asked, payload: bytes) -> Answer:
    try:
        return render(asked, payload)
    except Exception as error:  # whatever a parser makes of hostile bytes: the next file gets another chance
        return Failed(f"It could not be read ({type(error).__name__}).")


def _send(sink: BinaryIO, answer: Answer) -> None:
    fields, data = json.dumps(to_json(answer)).encode(), bytes_of(answer)
    sink.write(HEAD.pack(len(fields), len(data)) + fields + data)
    sink.flush()


def _limit() -> None:
    for limit, value in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):  # macOS has no limit on addresses
            resource.setrlimit(limit, (value, value))


if __name__ == "__main__":
    main()
